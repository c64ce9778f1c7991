package imports

import (
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/sheets"
)

// GridRow is a row of a sheet with the answer to it in a dry run. The row of the headings comes first in each sheet.
type GridRow struct {
	Sheet     int      `json:"sheet"` // from 0, in the order of the workbook
	Worksheet string   `json:"worksheet,omitzero"`
	Kind      string   `json:"kind,omitzero"` // of the sheet, in the row of the headings
	Row       int      `json:"row"`           // from 1
	Cells     []string `json:"cells"`
	Names     []string `json:"names,omitzero"` // in the row of the headings: see sheets.Shown
	// Answer is "" for a row of no record, else desk.Accepted, desk.Repeated or desk.Refused.
	Answer  string           `json:"answer,omitzero"`
	Reasons []desk.RowReason `json:"reasons,omitzero"` // against this row
	// Record is the answer to the record whose first row this is, without the reasons.
	Record *desk.JudgedRecord `json:"record,omitzero"`
}

// IsHeadings reports whether the row has the headings of its sheet.
func (r *GridRow) IsHeadings() bool { return r.Kind != "" }

// place is a row of a file.
type place struct {
	worksheet string
	row       int
}

// answers are the answers of a dry run by the places of their rows; nil if they are not needed. They are in memory
// while the import runs, as its sheets are.
type answers map[place]*desk.JudgedRecord

// answersTo returns where the answers to a job are collected.
func answersTo(x *Job) answers {
	if !x.state.Kept || !x.state.DryRun {
		return nil
	}
	return answers{}
}

func (a answers) add(r desk.JudgedRecord) {
	if a == nil {
		return
	}
	for _, row := range r.Rows {
		a[place{r.Worksheet, row}] = &r
	}
}

// writeGrid writes the rows of the sheets of the first uploaded file, each with the answer to it.
func (x *Job) writeGrid(of answers) error {
	upload := &x.request.Files[0]
	shown, err := sheets.Show(upload.Content, upload.Bytes)
	if err != nil {
		return err
	}
	out, err := newLinesFile(x, GridRows)
	if err != nil {
		return err
	}
	for i, s := range shown {
		out.add(GridRow{Sheet: i, Worksheet: s.Worksheet, Kind: s.Kind.Name, Row: s.Row, Cells: s.Headings,
			Names: s.Names})
		for _, r := range s.Rows {
			line := GridRow{Sheet: i, Worksheet: s.Worksheet, Row: r.Row, Cells: r.Cells}
			if answer := of[place{s.Worksheet, r.Row}]; answer != nil {
				line.answered(answer)
			}
			out.add(line)
		}
	}
	return out.close()
}

// answered fills in the answer to the record of a row.
func (r *GridRow) answered(x *desk.JudgedRecord) {
	r.Answer = x.Answer
	for _, why := range x.Reasons {
		if why.Row == r.Row {
			r.Reasons = append(r.Reasons, why)
		}
	}
	if r.Row == x.Row {
		first := *x
		first.Reasons = nil
		r.Record = &first
	}
}

// EachRow calls each with the rows of GridRows, in their order.
func EachRow(grid io.Reader, each func(*GridRow) error) error {
	lines := jsontext.NewDecoder(grid, jsontext.AllowInvalidUTF8(true))
	for {
		r := &GridRow{}
		if err := json.UnmarshalDecode(lines, r); err == io.EOF {
			return nil
		} else if err != nil {
			return fmt.Errorf("imports: read the rows of a sheet: %w", err)
		}
		if err := each(r); err != nil {
			return err
		}
	}
}
