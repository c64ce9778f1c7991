package main

import (
	"encoding/csv"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/table"
)

// write writes the table in the form asked for. A note on what the rows leave out stands under the table. For
// programs, which read only rows, it goes to standard error.
func (a *app) write(t *table.Table) error {
	if a.output == tableOutput {
		return a.writePeople(t)
	}
	for _, m := range t.Missing {
		fmt.Fprintln(a.errOut, text.Printable(m.In(a.lang)))
	}
	if a.output == csvOutput {
		return t.WriteCSV(a.out)
	}
	return t.WriteJSON(a.out)
}

// writePeople writes the table for people, fitted to the terminal if they have one.
func (a *app) writePeople(t *table.Table) error {
	return t.WriteFitted(a.out, a.lang, table.Screen{Columns: a.screenWidth(), All: flagPrefix + wideFlag})
}

// answer writes an answer in the form asked for: as one JSON value, as rows, or for people.
func (a *app) answer(v any, rows func() *table.Table, people func()) error {
	switch a.output {
	case jsonOutput:
		return a.writeObject(v)
	case csvOutput:
		return a.write(rows())
	}
	people()
	return nil
}

// writeObject writes one JSON value, indented.
func (a *app) writeObject(v any) error {
	out, err := json.Marshal(v, jsontext.WithIndent("  "))
	if err != nil {
		return err
	}
	_, err = a.out.Write(append(text.SeenJSON(out), '\n'))
	return err
}

// seenJSON writes JSON with escapes for format characters; see text.SeenJSON. Each write must have whole characters.
type seenJSON struct{ to io.Writer }

func (w seenJSON) Write(raw []byte) (int, error) {
	if _, err := w.to.Write(text.SeenJSON(raw)); err != nil {
		return 0, err
	}
	return len(raw), nil
}

// stream writes answers one by one: each is an element of a JSON list, a row, or lines for people. It writes nothing
// before the first answer or the end, so that an earlier error leaves no part of an answer.
type stream struct {
	a       *app
	columns []table.Column
	csv     *csv.Writer
	json    *jsontext.Encoder
	count   int
}

// stream returns a stream of rows with some columns.
func (a *app) stream(columns []table.Column) *stream { return &stream{a: a, columns: columns} }

func (w *stream) begin() error {
	switch {
	case w.csv != nil || w.json != nil:
	case w.a.output == csvOutput:
		w.csv = csv.NewWriter(w.a.out)
		return w.csv.Write((&table.Table{Columns: w.columns}).Names())
	case w.a.output == jsonOutput:
		w.json = jsontext.NewEncoder(seenJSON{w.a.out}, jsontext.WithIndent("  "))
		return w.json.WriteToken(jsontext.BeginArray)
	}
	return nil
}

// add writes one answer.
func (w *stream) add(v any, row func() []table.Cell, people func()) error {
	w.count++
	if err := w.begin(); err != nil {
		return err
	}
	switch {
	case w.json != nil:
		return json.MarshalEncode(w.json, v)
	case w.csv != nil:
		return w.csv.Write(table.Fields(row()))
	}
	people()
	return nil
}

// end ends the stream. In a table, people writes the lines after it.
func (w *stream) end(people func()) error {
	if err := w.begin(); err != nil {
		return err
	}
	switch {
	case w.json != nil:
		return w.json.WriteToken(jsontext.EndArray)
	case w.csv != nil:
		w.csv.Flush()
		return w.csv.Error()
	}
	people()
	return nil
}
