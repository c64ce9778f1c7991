package main

import (
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/services/table"
)

// write writes the table in the form asked for. What its rows leave out stands under the table; for programs, which read
// rows alone, it goes to standard error.
func (a *app) write(t *table.Table) error {
	if a.output == tableOutput {
		return t.WriteText(a.out, a.lang)
	}
	for _, m := range t.Missing {
		fmt.Fprintln(a.errOut, m.In(a.lang))
	}
	if a.output == csvOutput {
		return t.WriteCSV(a.out)
	}
	return t.WriteJSON(a.out)
}

// writeObject writes one JSON value, indented.
func (a *app) writeObject(v any) error {
	out, err := json.Marshal(v, jsontext.WithIndent("  "))
	if err != nil {
		return err
	}
	_, err = a.out.Write(append(out, '\n'))
	return err
}
