package sheets

import (
	"strings"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/spreadsheet"
)

func textCell(s string) spreadsheet.Cell { return spreadsheet.Cell{Sort: spreadsheet.Text, Text: s} }

func TestACodeIsReadAsItWasTypedOrRefused(t *testing.T) {
	voucher, center, payee := column(vouchers, "凭证号"), column(vouchers, "中心编号"), column(vouchers, "收款单位")
	const changed, mark = "is not the code that was typed", "is an error mark of the spreadsheet program"
	for _, c := range []struct {
		in          *SheetColumn
		typed, want string
		bad         string
	}{
		{voucher, "2026-90001", "2026-90001", ""},
		{voucher, "\u202d2026-90001\u202c", "2026-90001", ""},
		{voucher, "2026\u200b-\u00ad90001\ufe0f", "2026-90001", ""},
		{voucher, "2026–90001", "2026-90001", ""},
		{voucher, "‐‑‒–—―−﹘﹣－", "----------", ""},
		{voucher, `="00249"`, "00249", ""},
		{voucher, `="a""b"`, `a"b`, ""},
		{voucher, "'00249", "00249", ""},
		{voucher, "\u200b", "", "must not be empty"},
		{voucher, `=""`, "", "must not be empty"},
		{voucher, "记 字（12）", "记 字（12）", ""},
		{voucher, "ｖ－１", "v-1", ""},
		{voucher, "3E5", "3E5", ""},
		{voucher, "1/3", "1/3", ""},
		{voucher, "2026-09-12", "2026-09-12", ""},
		{voucher, "2026年9月记12号", "2026年9月记12号", ""},
		{voucher, "12-SEP", "12-SEP", ""},
		{voucher, "May-2026", "May-2026", ""},
		{voucher, "2.026E+17", "", changed},
		{voucher, "2E-05", "", changed},
		{voucher, "2026/9/12", "", changed},
		{voucher, `="2026/9/12"`, "", changed},
		{voucher, "9月12日", "", changed},
		{voucher, "12-Sep", "", changed},
		{voucher, "Sep-26", "", changed},
		{voucher, "########", "", mark},
		{voucher, "#", "#", ""},
		{voucher, "#12", "#12", ""},
		{payee, "#N/A", "", mark},
		{payee, "#SPILL!", "", mark},
		{payee, "##", "", mark},
		{payee, "C#公司", "C#公司", ""},
		{payee, "2.026E+17", "2.026E+17", ""},
		{payee, "'甲", "'甲", ""},
		{payee, "杭州\u200b某\u202e院", "杭州\u200b某\u202e院", ""},
		{center, "zj-0018", "ZJ-0018", ""},
		{center, "ｚＪ－００１８", "ZJ-0018", ""},
		{center, "zj", "zj", "“zj” is no id of a center"},
	} {
		v, why, ok := c.in.read(tidy(textCell(c.typed)))
		if ok != (c.bad == "") || !strings.Contains(why.En, c.bad) || c.bad == "" && v.text != c.want {
			t.Errorf("%s %q: got %q, %q; want %q, %q", c.in.Heading, c.typed, v.text, why.En, c.want, c.bad)
		}
	}
}

func column(k *SheetKind, heading string) *SheetColumn { return &k.Columns[k.headed(heading)] }

func TestAWholeNumberIsReadAsPeopleWriteIt(t *testing.T) {
	year, area := column(grants, "财政年度"), column(registrations, "使用面积(平方米)")
	for _, c := range []struct {
		in    *SheetColumn
		typed string
		want  int64
	}{
		{year, "2026", 2026}, {year, "2026年", 2026}, {year, "２０２６年度", 2026}, {year, "\u202d2026\u202c", 2026},
		{year, "二〇二六年", -1}, {year, "年度", -1},
		{area, "6,000", 6000}, {area, "1，234，567", 1234567}, {area, "'6000", 6000}, {area, `="6,000"`, 6000},
		{area, "0", 0}, {area, "6000年", -1},
		{area, "60,00", -1}, {area, "6,0000", -1}, {area, ",600", -1}, {area, "-5", -1}, {area, "6000.5", -1},
		{area, "9999999999999999", -1}, {area, "#VALUE!", -1},
	} {
		v, why, ok := c.in.read(tidy(textCell(c.typed)))
		if ok != (c.want >= 0) || ok && v.n != c.want {
			t.Errorf("%s %q: got %d, %q; want %d", c.in.Heading, c.typed, v.n, why.En, c.want)
		}
	}
}

// A row with a mistyped year would be missing in today's lists, and payments before its date would be refused.
func TestARowDatedAfterTodayIsRefused(t *testing.T) {
	cfg := clerk
	cfg.Today = events.DateOf(2026, 9, 1)
	rows := voucherHeadings
	for _, on := range []string{"2026-09-01", "2062-09-01", "2026-9-2", "2026年8月31日"} {
		rows += on + "," + on + ",ZJ-0018,G-1,中试,1,甲,乙,,,\n"
	}
	s, err := readBytes([]byte(rows), cfg)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, badOf(s), "3 日期: the date 2062-09-01 lies after today, 2026-09-01", "4 日期: the date 2026-09-02 lies")
	founded := "中心编号,评价年度,日期,评价等级,参加单位,专家评议份数,第三方机构评议份数\n" +
		"ZJ-0018,2025年,2026-09-02,优秀,省财政厅,5,1\n"
	if s, err = readBytes([]byte(founded), cfg); err != nil {
		t.Fatal(err)
	}
	expect(t, badOf(s), "2 日期: the date 2026-09-02 lies")
}

// The invisible characters of 2 and 3 come from a calculator and a web page.
func TestTheSameNumberWithWhatNobodySeesIsOneVoucher(t *testing.T) {
	row := ",2026-09-01,zj-0018,G-1,中试,\"\u202d1,234.50\u202c\",甲,检测费,,,\n"
	s := mustRead(t, voucherHeadings+"2026-90001"+row)
	want := recordsOf(t, s)
	for _, number := range []string{"\u202d2026-90001\u202c", "2026\u200b-90001", "2026－90001"} {
		expect(t, recordsOf(t, mustRead(t, voucherHeadings+number+row)), want...)
	}
}

func TestYearsAreReadInTheirFormats(t *testing.T) {
	column := &grants.Columns[grants.column("data.fiscalYear")]
	for i, x := range formatted(t, [2]any{`0"年"`, 2026}, [2]any{`0"年度"`, 2026}, [2]any{"@", "２０２６ 年"},
		[2]any{`0"月"`, 2026}, [2]any{`"1"0"年"`, 2026}) {
		if v, why, ok := column.read(x); ok != (i < 3) || ok && v.n != 2026 {
			t.Errorf("%s: %d, %s", x.Shown(), v.n, why.En)
		}
	}
}
