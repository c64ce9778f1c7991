package events

import (
	"fmt"
	"regexp"
	"time"

	"github.com/taizhang/taizhang/events/text"
)

// Date is a calendar date in Asia/Shanghai, counted in days from 0000-03-01. The zero Date means no date. Dates
// compare with <, and the difference of two dates is a number of days.
type Date int32

// Shanghai is the zone of every date in the ledger. China has kept UTC+8 without summer time since 1991, so a fixed
// zone needs no time-zone database.
var Shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

// DateOf returns the date of year, month and day, which must exist.
func DateOf(year, month, day int) Date {
	y := year
	if month <= 2 {
		y--
	}
	era := y / 400
	yoe := y - era*400
	doy := (153*((month+9)%12)+2)/5 + day - 1
	return Date(era*146097 + yoe*365 + yoe/4 - yoe/100 + doy)
}

// FormatInstant returns an instant of the ledger in RFC 3339 for people, in Shanghai time and full precision.
func FormatInstant(t time.Time) string { return t.In(Shanghai).Format(time.RFC3339Nano) }

// DateAt returns the Shanghai date of an instant.
func DateAt(t time.Time) Date {
	y, m, d := t.In(Shanghai).Date()
	return DateOf(y, int(m), d)
}

// ParseDate reads YYYY-MM-DD, years 1000 to 9999. It is the inverse of Date.String.
func ParseDate(s string) (Date, error) { return parseDate(s) }

// typedDate matches the forms in which people type a date: 2026-10-31, 2026/10/31, 2026.10.31, 2026年10月31日 (also
// 号, or with neither) and 20261031. Months and days may have one digit.
var typedDate = regexp.MustCompile(
	`^(?:(\d{4})(?:-(\d\d?)-|/(\d\d?)/|\.(\d\d?)\.|年(\d\d?)月)(\d\d?)[日号]?|(\d{4})(\d\d)(\d\d))$`)

// typedCharsMax is the number of characters of a wrong date that its error repeats.
const typedCharsMax = 40

// ReadDate reads a date as people type it, in any of the forms of typedDate and in any width, with blanks anywhere. It
// also reads what Date.String and Date.Chinese return.
func ReadDate(typed string) (Date, error) {
	folded := text.FoldName(text.FoldCode(typed))
	m := typedDate.FindStringSubmatch(folded)
	if m == nil {
		return 0, &badDate{text.Say("“%s”不是日期，如 2026-10-31、2026/10/31 或 2026年10月31日",
			"%q is not a date, such as 2026-10-31 or 2026/10/31", text.Clip(typed, typedCharsMax))}
	}
	year, month, day := m[1]+m[7], m[2]+m[3]+m[4]+m[5]+m[8], m[6]+m[9]
	on, err := ParseDate(year + "-" + "00"[len(month):] + month + "-" + "00"[len(day):] + day)
	if err != nil {
		return 0, &badDate{text.Say("没有“%s”这一天", "there is no date %q", typed)}
	}
	return on, nil
}

func parseDate[T string | []byte](s T) (Date, error) {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return 0, &badDate{text.Say("“%s”不是 YYYY-MM-DD 形式的日期", "date %q is not of the form YYYY-MM-DD", s)}
	}
	number := func(t T) int {
		n := 0
		for i := range len(t) {
			if t[i] < '0' || t[i] > '9' {
				return -1
			}
			n = n*10 + int(t[i]-'0')
		}
		return n
	}
	y, m, d := number(s[:4]), number(s[5:7]), number(s[8:])
	if y < 1000 || m < 1 || m > 12 || d < 1 || d > daysIn(y, m) {
		return 0, &badDate{text.Say("没有“%s”这一天", "there is no date %q", s)}
	}
	return DateOf(y, m, d), nil
}

// badDate is the error that a text is not a date. It has the reason in both languages.
type badDate struct{ why text.Text }

// Error implements error.
func (e *badDate) Error() string { return e.why.En }

// Text returns the message for a user.
func (e *badDate) Text() text.Text { return e.why }

// MustDate is ParseDate for dates written in the program. It panics on a date that does not exist.
func MustDate(s string) Date {
	d, err := ParseDate(s)
	if err != nil {
		panic("events: " + err.Error())
	}
	return d
}

// Civil returns the date's year, month and day.
func (d Date) Civil() (year, month, day int) {
	z := int(d)
	era := z / 146097
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day = doy - (153*mp+2)/5 + 1
	month = mp + 3
	if month > 12 {
		month -= 12
	}
	year = yoe + era*400
	if month <= 2 {
		year++
	}
	return year, month, day
}

// Year returns the calendar year, which is also the fiscal year.
func (d Date) Year() int {
	y, _, _ := d.Civil()
	return y
}

// AddMonths returns the date moved by whole months. If that month does not have the day, it returns the last day of
// the month (29 February counts as 28 February, section 6).
func (d Date) AddMonths(n int) Date {
	y, m, day := d.Civil()
	months := y*12 + m - 1 + n
	y, m = months/12, months%12+1
	return DateOf(y, m, min(day, daysIn(y, m)))
}

// YearEnd returns 31 December of a year.
func YearEnd(year int) Date { return DateOf(year, 12, 31) }

// MonthEnd returns the last day of a month.
func MonthEnd(year, month int) Date { return DateOf(year, month, daysIn(year, month)) }

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// String returns YYYY-MM-DD, or "" for none.
func (d Date) String() string {
	b, _ := d.AppendText(make([]byte, 0, 10))
	return string(b)
}

// Chinese returns the date as 2025年5月6日, or "" for none.
func (d Date) Chinese() string {
	if d == 0 {
		return ""
	}
	y, m, day := d.Civil()
	return fmt.Sprintf("%d年%d月%d日", y, m, day)
}

// AppendText implements encoding.TextAppender.
func (d Date) AppendText(b []byte) ([]byte, error) {
	if d == 0 {
		return b, nil
	}
	y, m, day := d.Civil()
	return append(b, byte('0'+y/1000), byte('0'+y/100%10), byte('0'+y/10%10), byte('0'+y%10), '-',
		byte('0'+m/10), byte('0'+m%10), '-', byte('0'+day/10), byte('0'+day%10)), nil
}

// MarshalText implements encoding.TextMarshaler.
func (d Date) MarshalText() ([]byte, error) { return d.AppendText(nil) }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Date) UnmarshalText(b []byte) error {
	v, err := parseDate(b)
	if err != nil {
		return err
	}
	*d = v
	return nil
}
