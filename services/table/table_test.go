package table

import (
	"strings"
	"testing"

	"github.com/taizhang/taizhang/events/text"
)

func TestTablesAreAlignedForTheWidthOfChinese(t *testing.T) {
	sh := &Table{
		Columns: []Column{{Name: "a", Title: text.Say("名称", "name")},
			{Name: "b", Title: text.Say("金额", "amount"), Type: Money}, {Title: text.Say("注", "note")}},
		Rows: [][]Cell{{Text("杭州市"), Fen(123456789), Text("“甲”—乙…")}, {Text("ab"), Fen(5), Text("x")}},
	}
	var b strings.Builder
	if err := sh.WriteText(&b, "zh"); err != nil {
		t.Fatal(err)
	}
	want := "名称            金额  注\n杭州市  1,234,567.89  “甲”—乙…\nab              0.05  x\n"
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}
