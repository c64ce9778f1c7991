package table

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// WholeType is the media type of a whole table: one JSON object with everything in a Table, for a program that shows
// the table to people in either language.
//
//	{"title":{"zh":"…","en":"…"},"empty":{…},"columns":[{"name":"center","title":{…},"type":"string"},…],
//	 "rows":[["ZJ-01",1250,[2026,"FY2026"],null],…],"totals":[…],"notes":[{…}],"missing":[],"rowsMax":0,
//	 "position":271,"policy":{"id":"…","version":"…","digest":"…"}}
//
// A cell is written as its data alone if it is shown in the usual way of its type. Otherwise it is an array: the data,
// and the shown text, once if it is the same in both languages, or else in Chinese and in English.
const WholeType = "application/vnd.taizhang.table+json"

// typeNames are the names of the types in a whole table.
var typeNames = [...]string{String: "string", Count: "count", Year: "year", Money: "money", Percent: "percent",
	Day: "day", Bool: "bool", JSON: "json", Time: "time"}

type wholeColumn struct {
	Name    string    `json:"name"`
	Title   text.Text `json:"title"`
	Type    string    `json:"type"`
	CharMax int       `json:"charMax,omitzero"`
	Unit    Unit      `json:"unit,omitzero"`
	Minor   int       `json:"minor,omitzero"`
}

// WriteWhole writes the whole table. ReadWhole is its inverse. A text that is not UTF-8 and data that its column does
// not allow are errors.
func (t *Table) WriteWhole(to io.Writer) error {
	w := bufio.NewWriter(to)
	columns := make([]wholeColumn, len(t.Columns))
	for i, c := range t.Columns {
		columns[i] = wholeColumn{c.Name, c.Title, typeNames[c.Type], c.CharMax, c.Unit, c.Minor}
	}
	begin := "{"
	member := func(name string, value any) error {
		raw, err := json.Marshal(value)
		_, _ = fmt.Fprintf(w, "%s%q:%s", begin, name, raw) // the writer keeps its error for Flush
		begin = ",\n"
		return err
	}
	rows := func(name string, list [][]Cell) error {
		_, _ = fmt.Fprintf(w, ",\n%q:[", name)
		var line []byte
		for i, row := range list {
			var err error
			if line, err = appendRow(line[:0], t.Columns, row); err != nil {
				return fmt.Errorf("table: write %s: row %d: %w", name, i+1, err)
			}
			if i > 0 {
				_ = w.WriteByte(',')
			}
			_ = w.WriteByte('\n')
			_, _ = w.Write(line)
		}
		_ = w.WriteByte(']')
		return nil
	}
	for _, write := range []func() error{
		func() error { return member("title", t.Title) },
		func() error { return member("empty", t.Empty) },
		func() error { return member("columns", columns) },
		func() error { return rows("rows", t.Rows) },
		func() error { return rows("totals", t.Totals) },
		func() error { return member("notes", t.Notes) },
		func() error { return member("missing", t.Missing) },
		func() error { return member("rowsMax", t.RowsMax) },
		func() error { return member("position", t.Position) },
		func() error { return member("policy", t.Policy) },
	} {
		if err := write(); err != nil {
			return err
		}
	}
	_, _ = w.WriteString("}\n")
	return w.Flush()
}

func appendRow(line []byte, columns []Column, row []Cell) ([]byte, error) {
	if len(row) != len(columns) {
		return nil, fmt.Errorf("%d cells in %d columns", len(row), len(columns))
	}
	line = append(line, '[')
	for i, c := range row {
		if i > 0 {
			line = append(line, ',')
		}
		var err error
		if line, err = appendCell(line, columns[i].Type, c); err != nil {
			return nil, fmt.Errorf("column %q: %w", columns[i].Name, err)
		}
	}
	return append(line, ']'), nil
}

func appendCell(line []byte, t Type, c Cell) ([]byte, error) {
	if !t.Holds(c) {
		return nil, fmt.Errorf("%T in a cell of type %s", c.Data, typeNames[t])
	}
	alone := (t != JSON || c.Data == nil) && c.Shown == shownAlone(c.Data)
	if !alone {
		line = append(line, '[')
	}
	line, err := appendData(line, c.Data)
	if err != nil || alone {
		return line, err
	}
	shown := []string{c.Shown.Zh, c.Shown.En}
	if c.Shown.Zh == c.Shown.En {
		shown = shown[:1]
	}
	for _, s := range shown {
		if line, err = jsontext.AppendQuote(append(line, ','), s); err != nil {
			return nil, err
		}
	}
	return append(line, ']'), nil
}

func appendData(line []byte, data any) ([]byte, error) {
	switch v := data.(type) {
	case string:
		return jsontext.AppendQuote(line, v)
	case int64:
		return strconv.AppendInt(line, v, 10), nil
	case events.Fen:
		return strconv.AppendInt(line, int64(v), 10), nil
	case jsontext.Value: // as it is: it may be a part of a record
		if !v.IsValid() {
			return nil, fmt.Errorf("data that is no JSON")
		}
		return append(line, v...), nil
	}
	raw, err := json.Marshal(data)
	return append(line, raw...), err
}

// shownAlone returns the text of a cell that is written as its data alone. It is the text that the constructors make.
func shownAlone(data any) text.Text {
	switch v := data.(type) {
	case string:
		return Plain(v)
	case int64:
		return Plain(strconv.FormatInt(v, 10))
	case events.Fen:
		return Plain(events.FormatYuan(v))
	case events.Date:
		return Plain(v.String())
	case rate:
		return Plain(string(v))
	case bool:
		return Yes(v).Shown
	}
	return text.Text{}
}

// ReadWhole reads the output of WriteWhole. It skips unknown members, because a later version may add some. A repeated
// or missing member, a row that does not fit the columns, data that its column does not allow and a table that was cut
// off are errors.
func ReadWhole(from io.Reader) (*Table, error) {
	r := wholeReader{dec: jsontext.NewDecoder(bufio.NewReader(from))}
	if err := r.read(); err != nil {
		return nil, fmt.Errorf("table: read whole table: %w", err)
	}
	return &r.Table, nil
}

var errUnknown = errors.New("unknown member")

type wholeReader struct {
	Table
	dec *jsontext.Decoder
}

func (r *wholeReader) read() error {
	if err := r.token('{'); err != nil {
		return err
	}
	var seen []string
	for r.dec.PeekKind() == '"' {
		name, err := r.dec.ReadToken()
		if err != nil {
			return err
		}
		member := name.String() // the token is valid until the next one
		switch err := r.member(member, slices.Contains(seen, "columns")); {
		case err == errUnknown:
			if err := r.dec.SkipValue(); err != nil {
				return err
			}
		case err != nil:
			return fmt.Errorf("%q: %w", member, err)
		default:
			seen = append(seen, member)
		}
	}
	if err := r.token('}'); err != nil {
		return err
	}
	if len(seen) != 10 {
		return fmt.Errorf("members are missing: there are only %s", strings.Join(seen, ", "))
	}
	if _, err := r.dec.ReadToken(); err != io.EOF {
		return fmt.Errorf("more follows the table")
	}
	return nil
}

// member reads the value of one member.
func (r *wholeReader) member(name string, hasColumns bool) (err error) {
	switch name {
	case "title":
		return json.UnmarshalDecode(r.dec, &r.Title)
	case "empty":
		return json.UnmarshalDecode(r.dec, &r.Empty)
	case "notes":
		return json.UnmarshalDecode(r.dec, &r.Notes)
	case "missing":
		return json.UnmarshalDecode(r.dec, &r.Missing)
	case "rowsMax":
		return json.UnmarshalDecode(r.dec, &r.RowsMax)
	case "position":
		return json.UnmarshalDecode(r.dec, &r.Position)
	case "policy":
		return json.UnmarshalDecode(r.dec, &r.Policy)
	case "columns":
		return r.columns()
	case "rows", "totals":
		if !hasColumns {
			return fmt.Errorf("stand before the columns")
		}
		rows, err := r.rows()
		if name == "rows" {
			r.Rows = rows
		} else {
			r.Totals = rows
		}
		return err
	}
	return errUnknown
}

func (r *wholeReader) columns() error {
	var columns []wholeColumn
	if err := json.UnmarshalDecode(r.dec, &columns); err != nil {
		return err
	}
	for _, c := range columns {
		t := slices.Index(typeNames[:], c.Type)
		if t < 0 {
			return fmt.Errorf("column %q: unknown type %q", c.Name, c.Type)
		}
		if c.Unit != "" && !c.Unit.Valid() {
			return fmt.Errorf("column %q: unknown unit %q", c.Name, c.Unit)
		}
		r.Columns = append(r.Columns,
			Column{Name: c.Name, Title: c.Title, Type: Type(t), CharMax: c.CharMax, Unit: c.Unit, Minor: c.Minor})
	}
	return nil
}

func (r *wholeReader) rows() (list [][]Cell, err error) {
	if err := r.token('['); err != nil {
		return nil, err
	}
	for r.dec.PeekKind() == '[' {
		row, err := r.row()
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", len(list)+1, err)
		}
		list = append(list, row)
	}
	return list, r.token(']')
}

func (r *wholeReader) row() ([]Cell, error) {
	if err := r.token('['); err != nil {
		return nil, err
	}
	row := make([]Cell, len(r.Columns))
	for i := range row {
		if err := r.cell(&row[i], r.Columns[i].Type); err != nil {
			return nil, fmt.Errorf("column %q: %w", r.Columns[i].Name, err)
		}
	}
	return row, r.token(']')
}

// cell reads one cell of a column.
func (r *wholeReader) cell(c *Cell, t Type) (err error) {
	if r.dec.PeekKind() != '[' {
		if t == JSON && r.dec.PeekKind() != 'n' {
			return fmt.Errorf("JSON without what is shown")
		}
		if c.Data, err = r.data(t); err != nil {
			return err
		}
		c.Shown = shownAlone(c.Data)
		return nil
	}
	if err := r.token('['); err != nil {
		return err
	}
	if c.Data, err = r.data(t); err != nil {
		return err
	}
	if c.Shown.Zh, err = r.text(); err != nil {
		return err
	}
	c.Shown.En = c.Shown.Zh
	if r.dec.PeekKind() != ']' {
		if c.Shown.En, err = r.text(); err != nil {
			return err
		}
	}
	return r.token(']')
}

// data reads the data of a cell of a column of a type.
func (r *wholeReader) data(t Type) (any, error) {
	raw, err := r.dec.ReadValue()
	if err != nil {
		return nil, err
	}
	switch kind := raw.Kind(); {
	case kind == 'n':
		return nil, nil
	case t == JSON:
		return raw.Clone(), nil
	case (t == String || t == Time) && kind == '"':
		s, err := jsontext.AppendUnquote(nil, raw)
		return string(s), err
	case t == Day && kind == '"':
		s, _ := jsontext.AppendUnquote(nil, raw) // it is checked as a date
		return events.ParseDate(string(s))
	case (t == Count || t == Year) && kind == '0':
		return strconv.ParseInt(string(raw), 10, 64)
	case t == Money && kind == '0':
		fen, err := strconv.ParseInt(string(raw), 10, 64)
		return events.Fen(fen), err
	case t == Percent && kind == '0':
		return rate(raw), nil
	case t == Bool && (kind == 't' || kind == 'f'):
		return kind == 't', nil
	default:
		return nil, fmt.Errorf("JSON of kind %v in a cell of type %s", kind, typeNames[t])
	}
}

func (r *wholeReader) text() (string, error) {
	token, err := r.dec.ReadToken()
	if err == nil && token.Kind() != '"' {
		err = fmt.Errorf("what is shown is %v", token.Kind())
	}
	if err != nil {
		return "", err
	}
	return token.String(), nil
}

// token reads a bracket or a brace.
func (r *wholeReader) token(want jsontext.Kind) error {
	token, err := r.dec.ReadToken()
	if err == nil && token.Kind() != want {
		err = fmt.Errorf("expected %v, got %v", want, token.Kind())
	}
	return err
}
