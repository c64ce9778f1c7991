package sheets

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/spreadsheet"
)

// These match what may stand in or after the text of a day: blanks, a time with the offset of its clock, a day of
// the week.
var (
	daytime = regexp.MustCompile(
		`^(.*[\d日)]|.*[星期周拜][一二三四五六日天])(?:T|\s+)(?:上午|下午)?\s*(?:[01]?\d|2[0-3])(?::[0-5]\d(?::[0-5]\d(?:\.\d+)?)?|[时點点](?:[0-5]?\d分(?:[0-5]?\d秒)?)?)\s*(?:[AaPp][Mm])?\s*(Z|z|UTC|GMT|[+-]\d\d:?\d\d)?$`)
	blanks  = regexp.MustCompile(`\s*([年月])\s*`)
	dayWord = regexp.MustCompile(`(\d)\s*[日号]`)
	weekday = regexp.MustCompile(`\s*\(?(?:星期|周|週|礼拜)[一二三四五六日天]\)?$`)
	compact = regexp.MustCompile(`^(\d{4})(\d\d)(\d\d)(?:(?:[01]\d|2[0-3])(?:[0-5]\d){2})?$`)
)

// dayIn returns the day in a text such as 2026-09-01, 2026/9/1, 2026年9月1日 or 20260901, with or without a time of
// day or a day of the week, in the form YYYY-MM-DD. It does not check that the day exists. offset is what the text
// says of its clock, such as Z or +08:00.
func dayIn(typed string) (iso, offset string, ok bool) {
	if iso, ok := spreadsheet.ISODay(typed); ok { // most texts have this form
		return iso, "", true
	}
	typed = blanks.ReplaceAllString(text.FoldCode(typed), "$1")
	typed = strings.TrimSpace(dayWord.ReplaceAllString(typed, "${1}日 "))
	typed = strings.TrimSpace(weekday.ReplaceAllString(typed, ""))
	if m := daytime.FindStringSubmatch(typed); m != nil {
		typed, offset = strings.TrimSpace(weekday.ReplaceAllString(m[1], "")), m[2]
	}
	if m := compact.FindStringSubmatch(typed); m != nil {
		return m[1] + "-" + m[2] + "-" + m[3], offset, true
	}
	iso, ok = spreadsheet.ISODay(typed)
	return iso, offset, ok
}

// readDay reads 2026-09-01, 2026/9/1, 2026年9月1日, 20260901 and date cells that show month and day. It ignores a time
// of day by the clock of Beijing.
func readDay(x spreadsheet.Cell) (events.Date, text.Text) {
	iso, offset, ok := dayIn(halfWidth(x.Text)) // for a date cell, its day
	on, err := events.ParseDate(iso)
	if x.Sort == spreadsheet.Date && ok && err == nil {
		return on, misshown(x, on)
	}
	switch {
	case ok && err != nil && (x.Sort != spreadsheet.Number || len(x.Text) == len("20260901")):
		return 0, text.Say("没有“%s”这一天", "there is no day “%s”", spreadsheet.Clip(x.Text))
	case ok && offset != "" && strings.ReplaceAll(offset, ":", "") != "+0800":
		return 0, text.Say("“%s”不是北京时间：请改填北京时间的日期",
			"“%s” is not in the time of Beijing: write the date there", spreadsheet.Clip(x.Text))
	case ok:
		return on, text.Text{}
	case x.Sort == spreadsheet.Number:
		return 0, text.Say("单元格存的是数值 %s，不是日期：请设为日期格式",
			"the cell holds the number %s and no date: make it a date", x.Text)
	}
	return 0, text.Say("“%s”不是日期，如 2026-09-01、2026/9/1 或 2026年9月1日",
		"“%s” is no date, such as 2026-09-01, 2026/9/1 or 2026年9月1日", spreadsheet.Clip(x.Text))
}

const monthAndDay = spreadsheet.Month | spreadsheet.Day

// misshown returns the reason that a date cell does not show the day that it holds, or a zero Text.
func misshown(x spreadsheet.Cell, on events.Date) text.Text {
	shown := strings.TrimSpace(x.Shown())
	if x.Parts()&monthAndDay != monthAndDay {
		return text.Say("单元格存的是 %[1]s，显示的“%[2]s”看不出是哪一天：请用带年月日的日期格式，并核对",
			"the cell holds %[1]s and shows no day (“%[2]s”): give it a format with year, month and day, and check it",
			on, spreadsheet.Clip(shown))
	}
	if iso, _, ok := dayIn(halfWidth(shown)); ok && iso != on.String() {
		return text.Say("单元格存的是 %[1]s，显示的却是“%[2]s”：请用普通的日期格式，并核对",
			"the cell holds %[1]s and shows “%[2]s”: give it a plain format of dates, and check it", on,
			spreadsheet.Clip(shown))
	}
	return text.Text{}
}

// showsNoYear reports whether a cell holds a date and shows no year.
func showsNoYear(x spreadsheet.Cell) bool {
	return x.Sort == spreadsheet.Date && x.Parts()&spreadsheet.Year == 0
}

// secondsPerDay is the number of seconds of a day.
const secondsPerDay = 86400

// secondOf returns the second of the day of a date cell, 0 for a time less than a tenth of a second before midnight.
func secondOf(x spreadsheet.Cell) float64 {
	_, part := math.Modf(x.Number)
	if second := part * secondsPerDay; second < secondsPerDay-0.1 {
		return second
	}
	return 0
}

// isMidnightInUTC reports whether a date cell has the time that results when a program stores a midnight of China
// in UTC. Some programs use the local time of before 1901, which differs by 43 seconds. From 1986 to 1991 China
// had summer time.
func isMidnightInUTC(x spreadsheet.Cell) bool {
	second := secondOf(x)
	for _, off := range []float64{-43, 0, 43} {
		if math.Abs(second-16*3600-off) <= 1 {
			return true
		}
	}
	year := (spreadsheet.Epoch + events.Date(x.Number)).Year()
	return 1986 <= year && year <= 1991 && math.Abs(second-15*3600) <= 1
}

// utcDays reports whether a program wrote the dates of a column in UTC, so that each is a day early: no cell shows a
// time of day, and all cells that have one have that of a midnight of China.
func utcDays(column []spreadsheet.Cell) bool {
	found := false
	for _, x := range column {
		switch {
		case x.Sort != spreadsheet.Date || secondOf(x) < 0.1:
		case x.Parts()&spreadsheet.Time != 0 || !isMidnightInUTC(x):
			return false
		default:
			found = true
		}
	}
	return found
}

// inUTC returns the reason against a date cell of a column of utcDays, or a zero Text if the cell has no time of day.
func inUTC(x spreadsheet.Cell) text.Text {
	if x.Sort != spreadsheet.Date || secondOf(x) < 0.1 {
		return text.Text{}
	}
	on := spreadsheet.Epoch + events.Date(x.Number)
	minute := int(math.Round(secondOf(x) / 60))
	at := fmt.Sprintf("%02d:%02d", minute/60, minute%60)
	return text.Say("单元格存的是 %[1]s %[3]s，像是程序按世界时写出的 %[2]s：请核对并改填北京时间的日期",
		"the cell holds %[1]s %[3]s, which a program seems to have written in UTC for %[2]s: check it and write the "+
			"date in Beijing", on, on+1, at)
}

// lookAtDays finds the columns whose days a program wrote in UTC, and names the years of days whose format shows none.
func (s *Sheet) lookAtDays(sorts []rowSort) {
	s.utc = map[int]bool{}
	for j, i := range s.heads.column {
		if i < 0 || s.Kind.Columns[i].Form != Day {
			continue
		}
		var column []spreadsheet.Cell
		var years, rows []string
		for k, r := range s.grid.rows {
			if k <= s.heads.row || sorts[k] != aRow {
				continue
			}
			x := r.At(j)
			column = append(column, x)
			if !showsNoYear(x) || x.Parts()&monthAndDay != monthAndDay {
				continue
			}
			if year := x.Text[:len("2026")]; !slices.Contains(years, year) {
				years = append(years, year)
			}
			rows = append(rows, strconv.Itoa(r.Number))
		}
		s.utc[j] = utcDays(column)
		if len(rows) == 0 {
			continue
		}
		if slices.Sort(years); len(rows) > rowsNamedMax {
			rows = append(rows[:rowsNamedMax], "…")
		}
		s.toCheck(0, s.Kind.Columns[i].Heading,
			text.Say("日期的格式不显示年份，按所存的 %[1]s 年读取（第 %[2]s 行）：请核对",
				"the format of the dates shows no year; they are read as of %[3]s (rows %[4]s): check them",
				strings.Join(years, "、"), strings.Join(rows, "、"), strings.Join(years, ", "),
				strings.Join(rows, ", ")))
	}
}

// rowsNamedMax is the number of rows that are named in one line.
const rowsNamedMax = 5
