package desk

import (
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/table"
)

// JudgedRecord is the answer to one record of a sheet in a dry run.
type JudgedRecord struct {
	File      string          `json:"file"`
	Worksheet string          `json:"worksheet,omitzero"` // of a workbook
	Row       int             `json:"row"`                // its first row, from 1
	Rows      []int           `json:"rows"`               // all its rows
	Answer    string          `json:"answer"`             // Accepted, Repeated or Refused
	ID        string          `json:"id"`                 // "" if its rows cannot be read
	Kind      events.Kind     `json:"kind"`
	Center    events.CenterID `json:"center"`
	On        Day             `json:"on"`
	Number    string          `json:"number"`    // of the voucher, the grant and so on; "" if it has none
	AmountFen events.Fen      `json:"amountFen"` // 0 if it has none
	Balances  []Balance       `json:"balances"`  // the balances that it would change, if it is accepted
	Reasons   []RowReason     `json:"reasons"`   // if it is refused
	Warnings  []text.Text     `json:"warnings"`
}

// Balance is the balance of a grant or match before and after a record: receipts minus recoveries and spending, as of
// today or of the date of the record if that is later, over the records before it in the ledger and in its sheets.
type Balance struct {
	Grant     string     `json:"grant"`
	BeforeFen events.Fen `json:"beforeFen"`
	AfterFen  events.Fen `json:"afterFen"`
}

func balancesOf(changed []ledger.Balance) (list []Balance) {
	for _, b := range changed {
		list = append(list, Balance{b.Grant, b.Before, b.After})
	}
	return list
}

// RowReason is a reason against a row of a sheet. Its field is the heading of the column.
type RowReason struct {
	Row int `json:"row"`
	Reason
}

// RowWarning is a warning about a record that an import accepts.
type RowWarning struct {
	File      string    `json:"file"`
	Worksheet string    `json:"worksheet,omitzero"` // of a workbook
	Line      int       `json:"line"`               // for a sheet, the first row of the record
	Warning   text.Text `json:"warning"`
}

// MovedAlert is an alert of a center that records opened or cleared.
type MovedAlert struct {
	Center events.CenterID `json:"center"`
	Alert
}

// JudgedColumns are the columns for JudgedRecords.
var JudgedColumns = []table.Column{{Name: "file"}, {Name: "worksheet"}, {Name: "row", Type: table.Count},
	{Name: "answer"}, {Name: "id"}, {Name: "kind"}, {Name: "center"},
	{Name: "on", Type: table.Day}, {Name: "number"}, {Name: "amountFen", Type: table.Money}, {Name: "rule"},
	{Name: "reason"}}

// JudgedTable returns the answers as a table, with the reasons in one language.
func JudgedTable(list []JudgedRecord, lang string) *table.Table {
	t := &table.Table{Columns: JudgedColumns}
	for _, x := range list {
		reasons := make([]Reason, len(x.Reasons))
		for i, why := range x.Reasons {
			reasons[i] = why.Reason
		}
		t.Rows = append(t.Rows, []table.Cell{table.Text(x.File), table.Text(x.Worksheet), table.Number(x.Row),
			table.Text(x.Answer), table.Text(x.ID), table.Text(x.Kind),
			table.Text(x.Center), table.Date(x.On.Date), table.Text(x.Number), table.Fen(x.AmountFen),
			table.Text(rulesOf(reasons)), table.Text(reasonOf(reasons, lang))})
	}
	return t
}

// Judged returns a bad line of JSON Lines in the form of a dry run's answer.
func (b *BadLine) Judged() JudgedRecord {
	x := JudgedRecord{File: b.File, Row: b.Line, Rows: []int{b.Line}, Answer: Refused, ID: b.ID}
	for _, why := range b.Reasons {
		x.Reasons = append(x.Reasons, RowReason{b.Line, why})
	}
	return x
}
