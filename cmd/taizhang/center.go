package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/table"
)

func (a *app) centerCommand() *cobra.Command {
	return &cobra.Command{
		Use: "center ID", Args: exactly(1),
		Short: a.say("一个中心：登记事实、状态、经费、未解除的预警", "one center: facts, status, money, open alerts"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.read(cmd.Context(), func(d desk.Reader) error {
				c, err := d.Center(cmd.Context(), a.when(), args[0])
				if err != nil {
					return err
				}
				if a.output != tableOutput {
					return a.answer(c, c.FactsTable, nil)
				}
				for i, t := range []*table.Table{c.FactsTable(), c.MoneyTable(), c.AlertsTable()} {
					t.Title = desk.Known(t.Title, a.knownAt, c.Position)
					if i > 0 {
						fmt.Fprintln(a.out)
					}
					if err := a.write(t); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
}
