package lists

import (
	"cmp"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/table"
)

// MoneyFigure is an amount of the execution report (section 8). Its Name is the column name for programs without the
// unit.
type MoneyFigure struct {
	Name string
	Word text.Text
	Of   func(aggregates.Money) events.Fen
}

// Figures holds the amounts of the execution report, in the order of the report. Their names are defined only here.
var Figures = []MoneyFigure{
	{"granted", text.Say("下达", "granted"), func(m aggregates.Money) events.Fen { return m.GrantedFen }},
	{"carriedIn", text.Say("上年结转", "carried in"), func(m aggregates.Money) events.Fen { return m.CarriedInFen }},
	{"received", text.Say("到账", "received"), func(m aggregates.Money) events.Fen { return m.ReceivedFen }},
	{"available", text.Say("可用", "available"), aggregates.Money.AvailableFen},
	{"spentAll", text.Say("支出", "spent"), func(m aggregates.Money) events.Fen { return m.SpentAllFen }},
	{"ineligible", ineligibleWord, func(m aggregates.Money) events.Fen { return m.IneligibleFen }},
	{"executed", executedWord, aggregates.Money.ExecutedFen},
	{"balance", text.Say("结余", "balance"), aggregates.Money.BalanceFen},
}

// figureVocabulary returns the words for the figures.
func figureVocabulary() (all text.Vocabulary[string]) {
	for _, f := range Figures {
		all = append(all, text.Term[string]{Code: f.Name, Word: f.Word})
	}
	return all
}

// The Minor of columns: from a narrow terminal an id goes first, and last what other columns say nearly as well.
const (
	minorSaid = iota + 1
	minorDetail
	minorPosition
	minorID
)

// column returns the column of a figure.
func (f *MoneyFigure) column() table.Column {
	c := table.Column{Name: f.Name + "Fen", Title: f.Word, Type: table.Money}
	switch f.Name {
	case "granted", "carriedIn", "received", "spentAll", "ineligible":
		c.Minor = minorDetail
	case "available":
		c.Minor = minorSaid
	}
	return c
}

// executionColumns returns the columns of one line of the execution report.
func executionColumns() []table.Column {
	columns := []table.Column{{Name: "fiscalYear", Title: text.Say("年度", "year"), Type: table.Year},
		{Name: "scope", Title: text.Say("口径", "scope")}}
	for i := range Figures {
		columns = append(columns, Figures[i].column())
	}
	return append(columns, table.Column{Name: "ratePercent", Title: text.Text{Zh: "执行率%", En: "rate %"},
		Type: table.Percent},
		table.Column{Name: "low", Title: text.Say("偏低", "low"), Type: table.Bool})
}

// appendExecution appends the cells of executionColumns.
func appendExecution(row []table.Cell, x *aggregates.Execution) []table.Cell {
	row = append(row, table.Number(x.Year), table.Named(x.Scope, ScopeWord(x.Scope)))
	for _, f := range Figures {
		row = append(row, table.Fen(f.Of(x.Money)))
	}
	return append(row, table.Rate(x.RatePercent()), table.Yes(x.Low))
}

// Execution returns the lines of one center as a table.
func Execution(lines []ExecutionLine) *table.Table {
	t := &table.Table{
		Title:   text.Say("经费（金额单位：元）", "Money (amounts in yuan)"),
		Empty:   text.Say("没有经费。", "There is no money."),
		Columns: executionColumns(),
	}
	var odd odd
	for i := range lines {
		t.Rows = append(t.Rows, appendExecution(nil, &lines[i].Execution))
		odd |= oddOf(&lines[i].Execution)
	}
	t.Notes = odd.notes()
	return t
}

// ExecutionLine is one line of the execution report for programs. In JSON it is an object with the column names of the
// list execution.
type ExecutionLine struct{ aggregates.Execution }

// ExecutionLines returns the lines of one center for programs.
func ExecutionLines(list []aggregates.Execution) []ExecutionLine {
	lines := make([]ExecutionLine, len(list))
	for i, x := range list {
		lines[i] = ExecutionLine{x}
	}
	return lines
}

// MarshalJSON returns the line as the list execution writes it.
func (l ExecutionLine) MarshalJSON() ([]byte, error) {
	return table.MarshalRow(executionColumns(), appendExecution(nil, &l.Execution))
}

// UnmarshalJSON is the inverse of MarshalJSON. It returns an error if an amount or rate does not follow from the
// others.
func (l *ExecutionLine) UnmarshalJSON(raw []byte) error {
	var is struct {
		Year       int              `json:"fiscalYear"`
		Scope      aggregates.Scope `json:"scope"`
		Granted    events.Fen       `json:"grantedFen"`
		CarriedIn  events.Fen       `json:"carriedInFen"`
		Received   events.Fen       `json:"receivedFen"`
		Available  events.Fen       `json:"availableFen"`
		SpentAll   events.Fen       `json:"spentAllFen"`
		Ineligible events.Fen       `json:"ineligibleFen"`
		Executed   events.Fen       `json:"executedFen"`
		Balance    events.Fen       `json:"balanceFen"`
		Rate       jsontext.Value   `json:"ratePercent"`
		Low        bool             `json:"low"`
	}
	if err := json.Unmarshal(raw, &is); err != nil {
		return err
	}
	m := aggregates.Money{GrantedFen: is.Granted, CarriedInFen: is.CarriedIn, ReceivedFen: is.Received,
		SpentAllFen: is.SpentAll, IneligibleFen: is.Ineligible}
	switch {
	case is.Available != m.AvailableFen(), is.Executed != m.ExecutedFen(), is.Balance != m.BalanceFen(),
		string(is.Rate) != cmp.Or(m.RatePercent(), "null"):
		return fmt.Errorf("lists: read execution of %d: amounts that contradict one another", is.Year)
	}
	l.Execution = aggregates.Execution{Year: is.Year, Scope: is.Scope, Money: m, Low: is.Low}
	return nil
}

// FigureIn returns the function that computes the figure of a column, such as "grantedFen", or nil for another column.
func FigureIn(column string) func(aggregates.Money) events.Fen {
	for _, f := range Figures {
		if f.Name+"Fen" == column {
			return f.Of
		}
	}
	return nil
}
