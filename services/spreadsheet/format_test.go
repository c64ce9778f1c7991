package spreadsheet

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// numberCell is a cell of a number in a format.
func numberCell(code string, v float64) (c Cell) {
	how := parseFormat(code)
	(&Workbook{}).number(&c, v, how)
	c.format = how
	return c
}

func TestACellShowsWhatProgramsShow(t *testing.T) {
	for _, c := range []struct {
		code string
		v    float64
		want string
	}{
		{"", 1234.5, "1234.5"}, {"General", 0.1 + 0.2, "0.3"}, {"@", 12, "12"}, {"[Red]General", -5, "-5"},
		{`G/通用格式"元"`, 12.3, "12.3元"},
		{"0", 12.5, "13"}, {"0", -12.5, "-13"}, {"0.00", 1234.5599999999999, "1234.56"}, {"0.00", 1.005, "1.01"},
		{"#,##0.00", 1234567.891, "1,234,567.89"},
		{"#,##0", 0, "0"}, {"#,###", 0, ""}, {"#.##", 0.5, ".5"}, {".00", 12.5, "12.50"}, {"0.0#", 12, "12.0"},
		{"0.??", 1.5, "1.5 "}, {"00000", 42, "00042"}, {"???0", 42, "  42"},
		{"0,000", 42, "0,042"}, {"000-0000", 5551234, "555-1234"}, {"0", 1e15, "1000000000000000"},
		{"0.00", 999.995, "1000.00"},
		{`0.00"万元"`, 12.3, "12.30万元"}, {"0.00万元", 12.3, "12.30万元"}, {"#,##0.0,", 1234500, "1,234.5"},
		{"0!.0,", 123456, "12.3"}, {`0\.0,"万"`, 123456, "12.3万"}, {"#,##0,.00", 1234567, "1,234.57"},
		{"0,,", 1500000, "2"}, {`#,"K"`, 12345, "12K"}, {"0%", 0.5, "50%"}, {"0.00%", 0.12345, "12.35%"},
		{"%0", 0.5, "%50"},
		{"0.00E+00", 12345, "1.23E+04"}, {"0.00E+00", 9.999e-5, "1.00E-04"}, {"0.0e-0", 12345, "1.2E4"},
		{"##0.0E+0", 12345, "12.3E+3"}, {"0E+0", 0, "0E+0"},
		{"# ?/?", 1.5, "1 1/2"}, {"# ?/?", 2, "2"}, {"# ??/??", 0.333333333, "1/3"}, {"?/?", 1.5, "3/2"},
		{"# ?/16", 0.3, "5/16"}, {`# ?/?"厘"`, -2.25, "-2 1/4厘"}, {"# ?/?", 0.99999, "1"},
		{"0.00;(0.00)", -5, "(5.00)"}, {"0.00;[Red]0.00", -5, "5.00"}, {"0;-0;\"零\"", 0, "零"}, {";;;", 5, ""},
		{"0;;", -5, ""}, {"0;;", 5, "5"}, {"0;@", -5, "-5"},
		{`[>=10000]0!.0,"万";0`, 12345, "1.2万"}, {`[>=10000]0!.0,"万";0`, 123, "123"}, {"[>=100]0.0", 5, "5"},
		{"[>100]0;[<50]0", 75, "####"}, {"[<0]0.0;0", -5, "5.0"}, {"[<=100]0.0;0", -5, "-5.0"},
		{"[=1]\"是\";[=0]\"否\"", 1, "是"},
		{`_ * #,##0.00_ ;_ * \-#,##0.00_ ;_ * "-"??_ ;_ @_ `, 12.3, " 12.30 "},
		{`_ * #,##0.00_ ;_ * \-#,##0.00_ ;_ * "-"??_ ;_ @_ `, -12.3, " -12.30 "},
		{`_ * #,##0.00_ ;_ * \-#,##0.00_ ;_ * "-"??_ ;_ @_ `, 0, " -   "},
		{"[$¥-804]#,##0.00", 12.3, "¥12.30"}, {"[$￥-zh-CN]0", 5, "￥5"}, {"[$¥-411]0", 5, "JP¥5"},
		{"[$€-2] 0.00", 5, "€ 5.00"}, {"[$-804]0", 5, "5"}, {"$0", 5, "$5"}, {"[$RMB] 0", 5, "RMB 5"},
		{"[DBNum1]0", 120, "一二〇"}, {"[DBNum2]G/通用格式", 12, "壹贰"}, {`"已付"`, 5, "已付"},
		{`"记-"0`, 12, "记-12"}, {`"BX-"@`, 12, "BX-12"}, {"*00", 5, "05"}, {"* 0", 5, "5"},
		{"yyyy/m/d", 46266, "2026/9/1"}, {"yyyy-mm-dd", 46265.9999999999, "2026-09-01"},
		{"yyyy-mm-dd", 46265.99999, "2026-08-31"}, {`[$-804]yyyy"年"m"月"d"日" aaaa`, 46266, "2026年9月1日 星期二"},
		{"yyyy/m/d;@", 46266, "2026/9/1"},
		{"d-mmm-yy", 46266, "1-Sep-26"}, {"dddd, mmmm dd, yyyy", 46266, "Tuesday, September 01, 2026"},
		{"e年m月d日", 46266, "2026年9月1日"}, {"[DBNum1]yyyy", 46266, "二〇二六"},
		{"yyyy/m/d h:mm:ss", 46266.99998842592, "2026/9/1 23:59:59"},
		{"h:mm AM/PM", 0.5, "12:00 PM"}, {`上午/下午h"时"mm"分"`, 0.25, "上午6时00分"}, {"[h]:mm", 1.5, "36:00"},
		{"mm:ss.0", 0.0005, "00:43.2"}, {"h:mm:ss", 46266.5, "12:00:00"}, {"yyyy-mm-dd", -5, "####"},
		{"mmm", 46266, "Sep"},
		{strings.Repeat("0", 2000), 5, "####"}, {"0;0;0;0;0", 5, "####"}, {`"unclosed`, 5, "unclosed"},
		{"0\\", 5, "5"}, {"[0", 5, "[5"},
	} {
		if got := numberCell(c.code, c.v).Shown(); got != c.want {
			t.Errorf("%s shows %v as %q, want %q", c.code, c.v, got, c.want)
		}
	}
	for code, want := range map[string]string{"": "甲", "@": "甲", `"记-"@`: "记-甲", ";;;": "", "0.00": "甲",
		"0;0;0": "甲", "_ @_ ": " 甲 ", `0;0;0;"文"`: "文", "0;@@": "甲甲"} {
		if got := (Cell{Sort: Text, Text: "甲", format: parseFormat(code)}).Shown(); got != want {
			t.Errorf("%s shows a text as %q, want %q", code, got, want)
		}
	}
}

func TestTheShownPartsOfADateAreKnown(t *testing.T) {
	const day = Year | Month | Day
	for code, want := range map[string]Parts{"yyyy-mm-dd": day, "yy/m/d": day, "d-mmm-yy": day, "m/d": Month | Day,
		`m"月"d"日"`: Month | Day, `yyyy"年"m"月"`: Year | Month, "mmm-yy": Year | Month, "yyyy": Year,
		"yyyy/m/d h:mm": day | Time, "yyyy-mm-dd hh:mm:ss": day | Time, "[$-F800]dddd, mmmm dd, yyyy": day, "dddd": 0,
		"aaaa": 0, "[$-804]e年m月d日": day, "yyyy/m/d;@": day, "mm:ss yyyy": Year | Time,
		"yyyy-mm-dd AM/PM": day} {
		if c := numberCell(code, 46266.5); c.Parts() != want || c.Sort != Date {
			t.Errorf("%s shows %b of %+v, want %b", code, c.Parts(), c, want)
		}
	}
	for _, code := range []string{"h:mm", "[h]:mm", "mm:ss", "0", "", `0.00"day"`, "[Red]0", "00000", "# ?/?",
		"0.00E+00", ";;;", "AM/PM"} {
		if c := numberCell(code, 46266.5); c.Sort != Number || c.Parts() != 0 {
			t.Errorf("%s makes %+v", code, c)
		}
	}
	if c := (Cell{Sort: Date, Number: 46266}); c.Parts() != day {
		t.Errorf("a date without a format shows %b", c.Parts())
	}
}

func TestFormatsNamedByNumberAreThoseOfChina(t *testing.T) {
	for id, want := range map[int]string{0: "46266.75", 1: "46267", 4: "46,266.75", 7: "¥46,266.75", 10: "4626675.00%",
		14: "2026/9/1", 22: "2026/9/1 18:00", 31: "2026年9月1日", 43: " 46,266.75 ", 49: "46266.75", 57: "2026年9月",
		58: "9月1日", 300: "46266.75"} {
		if got := numberCell(builtIn[id], 46266.75).Shown(); got != want {
			t.Errorf("%d shows %q, want %q", id, got, want)
		}
	}
}

func TestWhatIsShownIsTheNumberHeldOrNot(t *testing.T) {
	for _, c := range []struct {
		code string
		v    float64
		ok   bool
	}{
		{"", 1234.5, true}, {"0", 1234.56, true}, {"#,##0.00", 1234567.891, true}, {`#,##0.00"元"`, 12.3, true},
		{`"人民币"0.00"元整"`, 12.3, true}, {"[$CNY] 0.0", 12.34, true},
		{"_ ¥* #,##0.00_ ;_ ¥* \\-#,##0.00_ ", -12.3, true},
		{`_ * #,##0.00_ ;_ * \-#,##0.00_ ;_ * "-"??_ ;_ @_ `, 0, true}, {"0.00;(¥0.00)", -5, true},
		{"0.00_);[Red](0.00)", -5, true}, {"0;[Red]0", -5, true}, {"#!,####", 123456, true}, {"00000", 42, true},
		{"[DBNum2]0.00", 12, true}, {"# ?/?", 2, true},
		{`0.00"万元"`, 12.3, false}, {"#,##0.0,", 1234500, false}, {"0!.0,", 123456, false}, {"0%", 0.5, false},
		{"0.00E+00", 12345, false}, {"[$¥-411]0", 5, false}, {"$0", 5, false}, {"£0", 5, false}, {"h:mm", 0.5, false},
		{";;;", 5, false},
		{";;;", 0, false}, {"-0", 5, false}, {"(0)", 5, false}, {"0\"元\"00", 1230, false}, {"0!,00", 1230, false},
		{"0\"5\"", 12, false}, {"# ?/?", 0.5, false}, {"0.00;-", -5, false}, {`"K"0`, 5, false}, {`0"亿"`, 5, false},
		{"0\".\"", 5, false}, {`"1"0`, 5, false},
	} {
		x := numberCell(c.code, c.v)
		if _, ok := ShowsNumber(x.Shown(), x.Text); ok != c.ok {
			t.Errorf("%s shows %v as %q: %t", c.code, c.v, x.Shown(), ok)
		}
	}
	if n, ok := ShowsNumber("1,234.50", "1234.5"); n != 2 || !ok {
		t.Errorf("1,234.50 shows %d decimals", n)
	}
}

func FuzzFormat(f *testing.F) {
	for _, code := range []string{"", `_ * #,##0.00_ ;_ * \-#,##0.00_ ;_ * "-"??_ ;_ @_ `, "[>=1]0!.0,;##0.0E+0;# ?/?",
		"[DBNum1]yyyy/m/d h:mm:ss.000 AM/PM", "[h]:mm;@", "0.0e-#,%%", "General;G/通用格式"} {
		for _, v := range []float64{0, -1.5, 46266.75, 1e300, 1e-300} {
			f.Add(code, v)
		}
	}
	f.Fuzz(func(t *testing.T, code string, v float64) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return
		}
		c := numberCell(code, v)
		ShowsNumber(c.Shown(), c.Text)
		_ = Cell{Sort: Text, Text: "甲", format: c.format}.Shown()
		if plain := numberCell("General", v); plain.Shown() != digits(v) || plain.Text != digits(v) {
			t.Errorf("General shows %v as %q", v, plain.Shown())
		}
		if got := numberCell("0.00", v).Shown(); math.Abs(v) < 1e9 {
			if _, ok := ShowsNumber(got, digits(v)); !ok || fmt.Sprint(len(got)-strings.Index(got, ".")) != "3" {
				t.Errorf("0.00 shows %v as %q", v, got)
			}
		}
	})
}
