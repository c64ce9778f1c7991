package sheets

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/taizhang/taizhang/services/spreadsheet"
)

// formatted returns the cells of a workbook with values, each in its format.
func formatted(t *testing.T, list ...[2]any) (cells []spreadsheet.Cell) {
	t.Helper()
	b := makeXLSX(t, func(f *excelize.File, sheet string) (err error) {
		for i, c := range list {
			at := fmt.Sprintf("A%d", i+2)
			err = errors.Join(err, f.SetCellValue(sheet, at, c[1]), setFormat(f, sheet, at, c[0].(string)))
		}
		return err
	})
	w, err := spreadsheet.NewWorkbook(bytes.NewReader(b), int64(len(b)), expandedBytesMax)
	if err != nil {
		t.Fatal(err)
	}
	for r, err := range w.Rows(w.Sheets[0]) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Number > 1 {
			cells = append(cells, tidy(r.Cells[0]))
		}
	}
	return cells
}

func TestDaysAreReadWithTheirTimesAndFormats(t *testing.T) {
	column := &vouchers.Columns[vouchers.column("on")]
	for typed, want := range map[string]string{"2026-09-01 14:33:05": "2026-09-01", "2026/9/1 0:00": "2026-09-01",
		"2026-09-01T14:33:05.123": "2026-09-01", "2026-08-31T16:00:00+08:00": "2026-08-31", "20260901": "2026-09-01",
		"20260901143305":   "2026-09-01",
		"2026年9月1日 14时33分": "2026-09-01", "2026年9月1日14:33": "2026-09-01",
		"2026年9月1日 下午2:33": "2026-09-01", "2026年9月1日 星期二": "2026-09-01", "2026-09-01（周二）": "2026-09-01",
		"2026-09-01 星期二 14:33": "2026-09-01", "２０２６－０９－０１　": "2026-09-01",
		"2026/9/6 星期日": "2026-09-06", " 2026 年 9 月 1 日": "2026-09-01", "2026年9月1号 星期二": "2026-09-01",
		"2026—09—01":           "2026-09-01",
		"2026-08-31T16:00:00Z": "not in the time of Beijing", "2026-08-31T16:00:00.000Z": "not in the time of Beijing",
		"2026-09-01T00:00:00-0500": "not in the time of Beijing", "20260931": "no day", "2026-09-31 10:00": "no day",
		"20261301":         "no day",
		"2026-09-01 25:00": "is no date", "2026-09": "is no date", "9月1日": "is no date", "9/1": "is no date",
		"2026年9月": "is no date", "二〇二六年九月一日": "is no date", "2026-09-01 补": "is no date",
		"20260901-2": "is no date"} {
		v, why, _ := column.read(tidy(spreadsheet.Cell{Sort: spreadsheet.Text, Text: typed}))
		if got := v.on.String() + why.En; !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %s", typed, got, want)
		}
	}
	for _, c := range []struct {
		code  string
		value any
		want  string
	}{
		{"yyyy/m/d", 46265.9999999999, "2026-09-01"}, {"yyyy/m/d", 46022.9999999999, "2026-01-01"},
		{"yyyy/m/d h:mm:ss", 46266.99998842592, "2026-09-01"}, {"General", 20260901, "2026-09-01"},
		{"0", 20260901, "2026-09-01"}, {`m"月"d"日"`, 46266, "2026-09-01"}, {"m/d", 46266, "2026-09-01"},
		{"d-mmm", 46266, "2026-09-01"},
		{`[DBNum1][$-804]yyyy"年"m"月"d"日"`, 46266, "2026-09-01"}, {"yyyy/m/d;@", 46266, "2026-09-01"},
		{"[$-F800]dddd, mmmm dd, yyyy", 46266, "2026-09-01"},
		{`yyyy"年"m"月"`, 46266, "shows no day"}, {"mmm-yy", 46266, "shows no day"}, {"yyyy", 46266, "shows no day"},
		{"aaaa", 46266, "shows no day"}, {`d"日"`, 46266, "shows no day"},
		{`"2025年"m"月"d"日"`, 46266, "holds 2026-09-01 and shows “2025年9月1日”"},
		{"General", 46266, "no date"}, {"h:mm", 46266.75, "shows “18:00”"}, {";;;", 46266, "shows nothing"},
		{"#,##0", 20260901, "shows “20,260,901”"}, {"General", 20260931, "no day"}, {"yyyy-mm-dd", -5, "shows “####”"},
		{"yyyy-mm-dd", 20260901, "shows “####”"}, {`"记-"@`, "2026-09-01", "shows “记-2026-09-01”"},
	} {
		x := formatted(t, [2]any{c.code, c.value})[0]
		v, why, _ := column.read(x)
		if got := v.on.String() + " " + why.En; !strings.Contains(got, c.want) {
			t.Errorf("%v in %s: got %s, want %s", c.value, c.code, got, c.want)
		}
		if without := c.code == `m"月"d"日"` || c.code == "m/d" || c.code == "d-mmm"; without != showsNoYear(x) &&
			why.En == "" {
			t.Errorf("%s shows no year: %t", c.code, !without)
		}
	}
}

func TestDatesOfAColumnWrittenInUTCAreToldFromTimes(t *testing.T) {
	const day, clock = "yyyy/m/d", "yyyy/m/d h:mm"
	at := func(days, second float64) float64 { return days + second/secondsPerDay }
	for name, c := range map[string]struct {
		cells [][2]any
		want  bool
	}{
		"a program in UTC": {[][2]any{{day, at(46265, 57600)}}, true},
		"beside whole days and texts": {
			[][2]any{{day, 46266}, {day, at(46265, 57600.4)}, {day, "2026-09-01"}, {"General", 20260901}}, true},
		"43 seconds off":              {[][2]any{{day, at(46265, 57643)}, {day, at(46266, 57557)}}, true},
		"summer time":                 {[][2]any{{day, at(32690, 54000)}}, true}, // 1989-07-01
		"that hour in another year":   {[][2]any{{day, at(46265, 54000)}}, false},
		"a bank's times":              {[][2]any{{day, at(46265, 57600)}, {day, at(46265, 32400)}}, false},
		"times that are shown":        {[][2]any{{clock, at(46265, 57600)}}, false},
		"days alone":                  {[][2]any{{day, 46266}, {day, 46265.9999999999}}, false},
		"20 seconds from it":          {[][2]any{{day, at(46265, 57620)}}, false},
		"a time that is shown beside": {[][2]any{{day, at(46265, 57600)}, {clock, at(46265, 57600)}}, false},
		"the hour before, in no year": {[][2]any{{day, at(33850, 54000)}}, false}, // 1992
	} {
		if got := utcDays(formatted(t, c.cells...)); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
	if got := inUTC(formatted(t, [2]any{day, at(46265, 57600)})[0]).En; !strings.Contains(got, "2026-08-31 16:00") ||
		!strings.Contains(got, "2026-09-01") {
		t.Errorf("got %q", got)
	}
}
