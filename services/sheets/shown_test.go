package sheets

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/aggregates/policy"
)

func TestSheetsOfOfficesShowWhatTheyHold(t *testing.T) {
	for _, c := range []struct {
		file    string
		records int
		want    []string // the reason to refuse the file, or what is against its rows and what is named
	}{
		{"04-wan.xlsx", 0, []string{"2 金额(元): the cell holds 12.3 and shows “12.30万元”"}},
		{"04-yuan-must-stay-good.xlsx", 3, nil},
		{"05-one.xlsx", 0, []string{"2 凭证号: the cell holds 12 and shows “记-12”"}},
		{"05-two-vouchers.xlsx", 0,
			[]string{"2 凭证号: the cell holds 12 and shows “记-12”",
				"3 凭证号: the cell holds 12 and shows “银-12”"}},
		{"09-sept.xlsx", 1, nil},
		{"12-workbook22.xlsx", 1, nil},
		{"13-iconv.csv", 3, nil},
		{"15-rtd.xlsx", 0, []string{"2 金额(元): its formula asks another workbook or program"}},
		{"15-table-column-2026.xlsx", 1, nil},
		{"16-us-ascii.xlsx", 1, nil},
		{"16-utf8-without-hyphen.xlsx", 1, nil},
		{"u1-exceljs-shanghai.xlsx", 0,
			[]string{
				"2 日期: the cell holds 2026-08-31 16:00, which a program seems to have " +
					"written in UTC for 2026-09-01"}},
		{"u2-month.xlsx", 0, []string{"2 日期: the cell holds 2026-09-01 and shows no day (“2026年9月”)"}},
		{"u4-row.xlsx", 1, []string{"3 凭证号: the whole row is struck through"}},
		{"u11-html.xls", 0, []string{"the file is a web page (HTML)"}},
		{"u11-xml2003.xls", 0, []string{"the file is an XML Spreadsheet 2003"}},
		{"more/scaled-by-comma.xlsx", 0, []string{"2 金额(元): the cell holds 1234500 and shows “1,234.5”"}},
		{"more/wan-trick.xlsx", 0, []string{"2 金额(元): the cell holds 123456 and shows “12.3”"}},
		{"good/bank-times.csv", 3, nil},
		{"good/bank-times.xlsx", 4, nil},
		{"good/month-and-day-shown.xlsx", 2,
			[]string{"9月 0 日期: the format of the dates shows no year; they are read as of 2026 (rows 2, 3)"}},
	} {
		b, err := os.ReadFile(filepath.Join("testdata", "cases", c.file))
		if err != nil {
			t.Fatal(err)
		}
		t.Run(c.file, func(t *testing.T) {
			named, bad, records, refused := answer(b)
			got := slices.Concat(bad, named)
			if refused != "" {
				got = []string{refused}
			}
			expect(t, got, c.want...)
			if records != c.records {
				t.Errorf("%d records, want %d", records, c.records)
			}
		})
	}
}

func TestGB18030IsReadAsTheSameInUTF8(t *testing.T) {
	var lines [2][]string
	for i, file := range []string{"13-iconv.csv", "13-the-same-in-utf8.csv"} {
		b, err := os.ReadFile(filepath.Join("testdata", "cases", file))
		if err != nil {
			t.Fatal(err)
		}
		lines[i] = recordsOf(t, mustRead(t, string(b)))
	}
	if !slices.Equal(lines[0], lines[1]) {
		t.Errorf("got %q", lines)
	}
}

func TestACellMustShowWhatItHolds(t *testing.T) {
	const accounting = `_ * #,##0.00_ ;_ * \-#,##0.00_ ;_ * "-"??_ ;_ @_ `
	list := []struct {
		column, code string
		value        any
		want         string
	}{
		{"F", "General", 12.3, ""}, {"F", "#,##0.00", 1234.5, ""}, {"F", accounting, 12.3, ""},
		{"F", `#,##0.00"元"`, 12.3, ""}, {"F", "0", 12.34, ""}, {"F", "[$RMB] 0.00", 5, ""}, {"F", "[Red]0.00", 5, ""},
		{"F", "@", 5, ""}, {"F", accounting, "12.30", ""}, {"F", "0.00_);(0.00)", 5, ""},
		{"F", `[>=10000]0.00,"千";0.00`, 5, ""}, {"F", "General", "¥1,234.50", ""},
		{"F", "General", "人民币 12.30 元整", ""}, {"F", "General", "￥１２．３０", ""},
		{"F", `[>=10000]0.00,"千";0.00`, 50000, "holds 50000 and shows “50.00千”"},
		{"F", `0.00"亿"`, 5, "shows “5.00亿”"}, {"F", `0.0,"K"`, 5000, "shows “5.0K”"},
		{"F", `#,##0,,"M"`, 5000000, "shows “5M”"}, {"F", "$#,##0", 5, "shows “$5”"},
		{"F", "[$€-2]0", 5, "shows “€5”"}, {"F", "[$¥-411]0", 5, "shows “JP¥5”"},
		{"F", "0%", 5, "shows “500%”"}, {"F", "0.00E+00", 5, "shows “5.00E+00”"}, {"F", "h:mm", 0.5, "shows “12:00”"},
		{"F", ";;;", 5, "shows nothing"}, {"F", `"1"0`, 5, "shows “15”"}, {"F", ";;;", "12.30", "shows nothing"},
		{"F", "yyyy-mm-dd", 46266, "holds the date 2026-09-01"},
		{"F", "General", "12.30万元", "is not an amount"}, {"F", "General", "1.2e3", "is not an amount"},
		{"F", "General", "12元30", "is not an amount"}, {"F", "General", "$12.30", "is not an amount"},
		{"F", "General", "5千元", "is not an amount"}, {"F", "General", "-5元", "is negative"},
		{"F", "0.00", -5, "is negative"},
		{"A", "0", 12, ""}, {"A", "_ * 0_ ", 12, ""}, {"A", "@", "记-12", ""}, {"A", "General", 202609001, ""},
		{"A", "0.00", "V-12", ""},
		{"A", "00000", 12, "shows “00012”"}, {"A", "#,##0", 1234, "shows “1,234”"},
		{"A", `"记-"@`, "12", "holds 12 and shows “记-12”"}, {"A", `"BX-"@`, 12, "shows “BX-12”"},
		{"A", ";;;", "V-12", "shows nothing"}, {"A", "0.00", 12, "shows “12.00”"},
		{"A", `0;0;0;"同上"`, "V-12", "holds V-12 and shows “同上”"}, {"A", "[DBNum1]0", 12, "shows “一二”"},
		{"G", ";;;", "甲", "shows nothing"}, {"G", `@"（代）"`, "甲", "shows “甲（代）”"},
		{"E", `"非"@`, "中试", "shows “非中试”"}, {"J", ";;;", true, "shows nothing"}, {"J", "General", true, ""},
	}
	values := make([][2]any, len(list))
	for i, c := range list {
		values[i] = [2]any{c.code, c.value}
	}
	columns := vouchers.byDate(policy.Timeline{})(0)
	for i, x := range formatted(t, values...) {
		c := list[i]
		_, why, ok := columns[c.column[0]-'A'].read(x)
		if ok != (c.want == "") || !strings.Contains(why.En, c.want) {
			t.Errorf("%v in %s: got %q, want %q", c.value, c.code, why.En, c.want)
		}
	}
}
