package desk

import (
	"bytes"
	"context"
	"io"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/reports"
	"github.com/taizhang/taizhang/services/table"
	"github.com/taizhang/taizhang/services/workbook"
)

// ReportRequest asks for the answer to a list as a file.
type ReportRequest struct {
	Question lists.Question // it gets its date from When
	Name     string         // of the file; its ending, .xlsx or .csv, chooses the format; "" for CSV
	ForExcel bool           // a CSV file that spreadsheet programs show correctly
	Lang     string         // zh or en
}

// Check returns an error for a request that no ledger could answer.
func (r *ReportRequest) Check() error {
	_, err := r.form()
	return err
}

func (r *ReportRequest) form() (reports.FileFormat, error) {
	if err := checkLang(r.Lang); err != nil {
		return "", err
	}
	switch {
	case r.Name == "" && r.ForExcel:
		return reports.ForExcel, nil
	case r.Name == "":
		return reports.CSV, nil
	}
	return reports.FormOf(r.Name, r.ForExcel)
}

// ReportMade describes a report that was written.
type ReportMade struct {
	Rows     int
	Position uint64
}

// Report implements Reader.
func (l *Local) Report(ctx context.Context, when When, r ReportRequest, to io.Writer) (*ReportMade, error) {
	form, err := r.form()
	if err != nil {
		return nil, err
	}
	var made *reports.Report
	err = l.askingList(ctx, when, &r.Question, func(a asked) (err error) {
		made, err = reports.Make(ctx, a.Books,
			reports.Request{Question: r.Question, Lang: r.Lang, Form: form, Version: l.Version})
		return err
	})
	if err != nil {
		return nil, err
	}
	return &ReportMade{len(made.Table.Rows), made.Position}, workbook.WriteReport(made, to)
}

// YearlyRequest asks for the yearly report.
type YearlyRequest struct {
	Year   int
	Center string // "" for the province
	Unit   string // of amounts: "yuan", or "wan" for 10 000 yuan
	Lang   string // zh or en
}

// Check returns an error for a request that no ledger could answer.
func (r *YearlyRequest) Check() error {
	switch {
	case r.Year < events.YearMin || r.Year > events.YearMax:
		return text.Errorf(text.Invalid, "须给出，为 %d 至 %d 之间的年份", "must be given, a year from %d to %d",
			events.YearMin, events.YearMax).Of("year")
	case !table.Unit(r.Unit).Valid():
		return text.Errorf(text.Invalid, "应为元或万元，不能是“%s”", "must be yuan or wan, not %q", r.Unit).Of("unit")
	}
	return checkLang(r.Lang)
}

// checkLang returns an error for an unknown language of a file. The file states its language, in which it is read
// again.
func checkLang(lang string) error {
	if lang != "zh" && lang != "en" {
		return text.Errorf(text.Invalid, "应为中文（zh）或英文（en），不能是“%s”", "must be zh or en, not %q",
			lang).Of("lang")
	}
	return nil
}

// Yearly implements Reader.
func (l *Local) Yearly(ctx context.Context, when When, r YearlyRequest, to io.Writer) error {
	if err := r.Check(); err != nil {
		return err
	}
	center := events.ParseCenter(r.Center)
	var page bytes.Buffer
	err := l.asking(ctx, when, center, func(a asked) error {
		page.Reset()
		y := reports.Yearly{Year: r.Year, Center: center, On: a.on, Lang: r.Lang, Unit: table.Unit(r.Unit),
			Version: l.Version}
		return y.WriteHTML(ctx, a.Books, &page)
	})
	if err != nil {
		return err
	}
	_, err = page.WriteTo(to)
	return err
}

// Reproduced is the result of comparing a report with the ledger, with the first difference.
type Reproduced struct {
	File     string            `json:"file"`
	Equal    bool              `json:"equal"`
	Rows     int               `json:"rows"`
	Position uint64            `json:"position"`
	Question lists.Question    `json:"question"`
	Version  string            `json:"version"` // of the program that wrote the report
	Differs  *reports.Mismatch `json:"difference,omitempty"`
	Exact    bool              `json:"-"` // nothing differs, and the file is as the program writes it, byte for byte
	Within   []events.CenterID `json:"-"` // the centers that the account of the report saw; nil for all, or for one center
}

// IsYearly reports whether the report is a yearly one, which is compared byte for byte.
func (r *Reproduced) IsYearly() bool { return r.Question.List == reports.YearlyName }

// Center returns the one center that the report is about, or "" for several.
func (r *Reproduced) Center() events.CenterID { return reports.CenterOf(r.Question) }

// Reproduce implements Reader.
func (l *Local) Reproduce(ctx context.Context, file Upload) (*Reproduced, error) {
	a, err := l.ask(ctx, When{}, "")
	if err != nil {
		return nil, err
	}
	o, err := reports.Reproduce(ctx, a.Books, file.Name, file.Content, file.Bytes)
	if err != nil {
		return nil, err
	}
	return &Reproduced{file.Name, o.Differs == nil, o.Rows, o.Position, o.Question, o.Version, o.Differs, o.Exact,
		o.Within}, nil
}

// ReproducedColumns are the columns for a Reproduced.
var ReproducedColumns = []table.Column{{Name: "file"}, {Name: "equal", Type: table.Bool}, {Name: "list"},
	{Name: "asOf", Type: table.Day}, {Name: "position", Type: table.Count}, {Name: "sheet"},
	{Name: "row", Type: table.Count}, {Name: "cell"}, {Name: "column"}, {Name: "inFile"}, {Name: "inLedger"},
	{Name: "why"}, {Name: "center"}, {Name: "id"}}

// Table returns the answer as a row, with the texts in one language.
func (r *Reproduced) Table(lang string) *table.Table {
	d, row, record := r.Differs, table.Cell{}, ""
	if d == nil {
		d = &reports.Mismatch{}
	}
	if d.Row > 0 {
		row = table.Number(d.Row)
	}
	if n := len(d.Records); n > 0 {
		record = d.Records[n-1].ID.String()
	}
	return &table.Table{Columns: ReproducedColumns,
		Rows: [][]table.Cell{{table.Text(r.File), {Data: r.Equal}, table.Text(r.Question.List),
			table.Date(r.Question.On), table.Number(r.Position),
			table.Text(d.Sheet), row, table.Text(d.Cell), table.Text(d.Column), table.Text(d.InFile),
			table.Text(d.InLedger), table.Text(d.Why.In(lang)), table.Text(d.Center), table.Text(record)}}}
}
