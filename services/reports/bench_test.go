package reports_test

import (
	"io"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/reports"
	"github.com/taizhang/taizhang/services/table"
	"github.com/taizhang/taizhang/services/workbook"
)

// large returns a report with as many vouchers as a busy ledger has.
func large(form reports.FileFormat, rows int) *reports.Report {
	r := tableOf(form)
	r.Table.Columns = []table.Column{
		{Name: "on", Title: text.Say("日期", "date")}, {Name: "voucher", Title: text.Say("凭证号", "voucher")},
		{Name: "amountFen", Title: text.Say("金额", "amount")}, {Name: "payee", Title: text.Say("收款单位", "payee")},
		{Name: "ratePercent", Title: text.Say("占比", "share")}}
	for i := range rows {
		r.Table.Rows = append(r.Table.Rows,
			[]table.Cell{table.Date(events.MustDate("2025-01-01") + events.Date(i%365)), table.Text("2025-00001"),
				table.Fen(events.Fen(i)*101 + 7), table.Text("杭州仪器设备有限公司"), table.Rate("12.34")})
	}
	return r
}

func BenchmarkWrite100000(b *testing.B) {
	for _, form := range forms {
		b.Run(string(form), func(b *testing.B) {
			r := large(form, 100_000)
			for b.Loop() {
				if err := workbook.WriteReport(r, io.Discard); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRead100000(b *testing.B) {
	for _, form := range forms {
		b.Run(string(form), func(b *testing.B) {
			path := saved(b, b.TempDir(), large(form, 100_000))
			for b.Loop() {
				texts, err := reports.ReadTexts(path, form)
				if err != nil {
					b.Fatal(err, len(texts))
				}
			}
		})
	}
}
