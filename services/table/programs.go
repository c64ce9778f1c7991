package table

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// CSV returns the cell as programs read it: money in fen, dates as YYYY-MM-DD, booleans as yes or blank.
func (c Cell) CSV() string {
	switch v := c.Data.(type) {
	case string:
		return v
	case rate:
		return string(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case events.Fen:
		return strconv.FormatInt(int64(v), 10)
	case events.Date:
		return v.String()
	case bool:
		if v {
			return "yes"
		}
	case jsontext.Value:
		return string(v)
	}
	return ""
}

// Names returns the names of the columns that have one. They are the first line of a CSV file.
func (t *Table) Names() (names []string) {
	for _, c := range t.Columns {
		if c.Name != "" {
			names = append(names, c.Name)
		}
	}
	return names
}

// Fields returns cells as programs read them: the fields of a line of CSV, without format characters, because the file
// may be shown to people.
func Fields(row []Cell) []string {
	fields := make([]string, len(row))
	for i, c := range row {
		fields[i] = c.field()
	}
	return fields
}

// field returns the cell as a field of a line of CSV. A JSON value means the same after it.
func (c Cell) field() string {
	if raw, isJSON := c.Data.(jsontext.Value); isJSON {
		return string(text.SeenJSON(raw))
	}
	return text.Seen(c.CSV())
}

// WriteCSV writes the columns that have names, for programs.
func (t *Table) WriteCSV(to io.Writer) error {
	w := csv.NewWriter(to)
	_ = w.Write(t.Names()) // the writer keeps its error for Flush
	var record []string
	for _, row := range t.Rows {
		record = record[:0]
		for i, c := range t.Columns {
			if c.Name != "" {
				record = append(record, row[i].field())
			}
		}
		_ = w.Write(record)
	}
	w.Flush()
	return w.Error()
}

// WriteJSON writes a list of objects, one object a line, with the columns that have names.
func (t *Table) WriteJSON(to io.Writer) error {
	w := bufio.NewWriter(to)
	_, _ = w.WriteString("[") // the writer keeps its error for Flush
	for i, row := range t.Rows {
		if i > 0 {
			_ = w.WriteByte(',')
		}
		object, err := MarshalRow(t.Columns, row)
		if err != nil {
			return err
		}
		_ = w.WriteByte('\n')
		_, _ = w.Write(object)
	}
	_, _ = w.WriteString("\n]\n")
	return w.Flush()
}

// MarshalRow returns one row as a JSON object: the columns that have names, in their order. An empty cell is null.
// Format characters are escapes; see text.SeenJSON.
func MarshalRow(columns []Column, row []Cell) ([]byte, error) {
	object := []byte{'{'}
	for i, c := range columns {
		if c.Name == "" {
			continue
		}
		value, err := json.Marshal(row[i].Data)
		if err != nil {
			return nil, err
		}
		if len(object) > 1 {
			object = append(object, ',')
		}
		object = append(append(strconv.AppendQuote(object, c.Name), ':'), value...)
	}
	return text.SeenJSON(append(object, '}')), nil
}

// AppendJSON appends a row as MarshalRow returns it, and a line feed.
func AppendJSON(to []byte, columns []Column, row []Cell) ([]byte, error) {
	object, err := MarshalRow(columns, row)
	return append(append(to, object...), '\n'), err
}

// AppendCSV appends a row as WriteCSV writes it.
func AppendCSV(to []byte, columns []Column, row []Cell) ([]byte, error) {
	l := csvLines.Get().(*csvLine)
	defer csvLines.Put(l)
	l.line.Reset()
	l.fields = l.fields[:0]
	for i, c := range columns {
		if c.Name != "" {
			l.fields = append(l.fields, row[i].field())
		}
	}
	_ = l.to.Write(l.fields) // writing to a buffer does not fail
	l.to.Flush()
	return append(to, l.line.Bytes()...), l.to.Error()
}

// csvLine writes one line of CSV after another, with the same memory.
type csvLine struct {
	line   bytes.Buffer
	to     *csv.Writer
	fields []string
}

var csvLines = sync.Pool{New: func() any {
	l := &csvLine{}
	l.to = csv.NewWriter(&l.line)
	return l
}}
