package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/services/desk"
)

// listCommand is the verb of a list of the desk: a flag for each of its parameters.
func (a *app) listCommand(l *desk.List) *cobra.Command {
	use, args := l.Name, 0
	if l.Argument != "" {
		use, args = l.Name+" "+strings.ToUpper(l.Argument), 1
	}
	texts, flags := map[string]*string{}, map[string]*bool{}
	cmd := &cobra.Command{
		Use: use, Args: exactly(args), Short: l.Short.In(a.lang),
		RunE: func(cmd *cobra.Command, args []string) error {
			q := desk.Question{List: l.Name, Params: map[string]string{}}
			q.On, _ = a.on() // checked by prepare
			for name, v := range texts {
				if *v != "" {
					q.Params[name] = *v
				}
			}
			for name, v := range flags {
				if *v {
					q.Params[name] = "true"
				}
			}
			if l.Argument != "" {
				q.Params[l.Argument] = args[0]
			}
			if _, err := q.Check(); err != nil {
				return badParam(cmd, err)
			}
			return a.read(cmd.Context(), func(s *session) error {
				t, err := s.desk().Ask(cmd.Context(), q)
				if err != nil {
					return badParam(cmd, err)
				}
				return a.write(t)
			})
		},
	}
	for _, p := range l.Params {
		switch {
		case p.Name == l.Argument:
		case p.Sort == desk.Flag:
			flags[p.Name] = cmd.Flags().Bool(p.Name, false, p.Words.In(a.lang))
		default:
			texts[p.Name] = cmd.Flags().String(p.Name, p.Default, p.Words.In(a.lang))
		}
	}
	return cmd
}

// badParam makes a parameter that cannot be so an error of usage.
func badParam(cmd *cobra.Command, err error) error {
	var bad *desk.ParamError
	if errors.As(err, &bad) {
		return &usageError{cmd.CommandPath(), said{bad.Text()}}
	}
	return err
}

// listCommands are the verbs of all lists.
func (a *app) listCommands() (all []*cobra.Command) {
	for _, l := range desk.Lists {
		cmd := a.listCommand(l)
		if l.Name == "alerts" {
			cmd.AddCommand(a.explainCommand())
		}
		all = append(all, cmd)
	}
	return all
}
