package spreadsheet

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// These are the codes of number formats with a meaning of their own.
const (
	TextFormat  = "@"
	MoneyFormat = "#,##0.00"
	DateFormat  = "yyyy-mm-dd"
)

// format is a parsed number format: up to three sections for numbers and one for texts. A nil format shows numbers by
// their digits, and texts as they are.
type format struct {
	code    string
	numbers []section // none: numbers are shown as texts are
	text    *section  // nil: texts are shown as they are
}

// section is one section of a format. op and limit are its condition, such as >= and 10000.
type section struct {
	op     string
	limit  float64
	sort   sectionSort
	pieces []piece
	parts  Parts  // the parts of a date that it shows
	isDay  bool   // it shows a day, month, year or day of the week, and not only a time
	color  string // the name of the color that the section sets, in lower case, or ""
	dbnum  byte   // '1', '2' or '3' for digits in Chinese, else 0

	// These are for numbers: the power of ten to multiply by, whether there are thousands separators, and the
	// digits before the point, after it and in the exponent.
	shift            int
	grouped          bool
	whole, decimals  int
	exponent         int
	pointed, isPower bool
}

// sectionSort is the sort of value that a section shows.
type sectionSort uint8

const (
	numeric sectionSort = iota
	general
	textual
	calendar
	fractional
)

// piece is a part of a section.
type piece struct {
	sort pieceSort
	text string
}

type pieceSort uint8

const (
	literal pieceSort = iota
	digit             // 0, # or ?
	point
	comma
	percent
	power // E+ or E-
	slash
	generalDigits
	place  // the place of a text
	moment // a part of a date or time, in lower case, such as yyyy, [h] or am/pm
	subsecond
)

// codeBytesMax is the length of the longest code that is read. Programs allow 255 characters.
const codeBytesMax = 1000

// overflow is shown by programs instead of a value that a format cannot show.
const overflow = "####"

// parseFormat parses the code of a number format. It never fails: for a code that programs reject, the format
// shows overflow. The result is nil for the general format and for the plain text format.
func parseFormat(code string) *format {
	if code == "" || code == TextFormat || strings.EqualFold(code, "general") {
		return nil
	}
	sections := tokenize(code)
	if len(code) > codeBytesMax || len(sections) > 4 {
		unreadable := section{pieces: []piece{{literal, overflow}}}
		return &format{code: code, numbers: []section{unreadable}, text: &unreadable}
	}
	f := &format{code: code, numbers: sections}
	last := &sections[len(sections)-1]
	isText := slices.ContainsFunc(last.pieces, func(p piece) bool { return p.sort == place })
	if len(sections) == 4 || isText {
		last.sort, f.text, f.numbers = textual, last, sections[:len(sections)-1]
	}
	for i := range f.numbers {
		f.numbers[i].settle()
	}
	return f
}

// amPM holds the ways of writing the half of a day, in lower case.
var amPM = []string{"am/pm", "a/p", "上午/下午"}

// tokenize cuts a code into sections and these into pieces.
func tokenize(code string) []section {
	list := []section{{}}
	r := []rune(code)
	for i := 0; i < len(r); i++ {
		s := &list[len(list)-1]
		add := func(sort pieceSort, text string) { s.pieces = append(s.pieces, piece{sort, text}) }
		next := func() string { // returns the next character
			if i++; i < len(r) {
				return string(r[i])
			}
			return ""
		}
		rest := strings.ToLower(string(r[i:min(len(r), i+len("G/通用格式"))]))
		half := slices.IndexFunc(amPM, func(s string) bool { return strings.HasPrefix(rest, s) })
		switch c := unicode.ToLower(r[i]); {
		case c == ';':
			list = append(list, section{})
		case c == '"':
			from := i + 1
			for i++; i < len(r) && r[i] != '"'; i++ {
			}
			add(literal, string(r[min(from, len(r)):i]))
		case c == '\\' || c == '!':
			add(literal, next())
		case c == '_':
			next()
			add(literal, " ")
		case c == '*':
			if filler := next(); strings.ContainsFunc(filler, func(r rune) bool {
				return unicode.IsLetter(r) ||
					unicode.IsDigit(r)
			}) {
				add(literal, filler)
			}
		case c == '[' && slices.Contains(r[i:], ']'):
			from := i + 1
			for i++; r[i] != ']'; i++ {
			}
			s.bracket(string(r[from:i]))
		case c == '0' || c == '#' || c == '?':
			add(digit, string(c))
		case c == '.':
			add(point, ".")
		case c == ',':
			add(comma, ",")
		case c == '%':
			add(percent, "%")
		case c == '/':
			add(slash, "/")
		case c == '@':
			add(place, "@")
		case strings.HasPrefix(rest, "general"):
			add(generalDigits, "")
			i += len("general") - 1
		case strings.HasPrefix(rest, "g/通用格式"):
			add(generalDigits, "")
			i += len([]rune("g/通用格式")) - 1
		case half >= 0:
			add(moment, amPM[half])
			i += len([]rune(amPM[half])) - 1
		case c == 'e' && i+1 < len(r) && (r[i+1] == '+' || r[i+1] == '-') && s.has(digit):
			add(power, "E"+next())
		case strings.ContainsRune("ymdhsegba", c):
			from := i
			for i+1 < len(r) && unicode.ToLower(r[i+1]) == c {
				i++
			}
			if c == 'a' && i-from < 2 { // aaa is a day of the week
				add(literal, string(r[from:i+1]))
			} else {
				add(moment, strings.Repeat(string(c), min(i-from+1, 5)))
			}
		default:
			add(literal, string(r[i]))
		}
	}
	return list
}

func (s *section) has(sort pieceSort) bool {
	return slices.ContainsFunc(s.pieces, func(p piece) bool { return p.sort == sort })
}

// yen holds the locales in which ¥ means the yen.
var yen = []string{"411", "ja-jp"}

// bracket reads the content of brackets: a condition, a currency, a time over 24 hours, the form of digits, or a
// color. Other content shows nothing.
func (s *section) bracket(in string) {
	low := strings.ToLower(in)
	switch {
	case strings.HasPrefix(in, "$"):
		sign, locale, _ := strings.Cut(in[1:], "-")
		if slices.Contains(yen, strings.ToLower(locale)) && strings.ContainsAny(sign, "¥￥") {
			sign = "JP" + sign
		}
		s.pieces = append(s.pieces, piece{literal, sign})
	case strings.HasPrefix(low, "dbnum") && len(low) == len("dbnum")+1:
		s.dbnum = low[len(low)-1]
	case low != "" && (strings.Trim(low, "h") == "" || strings.Trim(low, "m") == "" || strings.Trim(low, "s") == ""):
		s.pieces = append(s.pieces, piece{moment, "[" + low[:1] + "]"})
	case strings.HasPrefix(in, "<") || strings.HasPrefix(in, ">") || strings.HasPrefix(in, "="):
		op := in[:len(in)-len(strings.TrimLeft(in, "<>="))]
		if limit, err := strconv.ParseFloat(strings.TrimSpace(in[len(op):]), 64); err == nil {
			s.op, s.limit = op, limit
		}
	default:
		s.color = low
	}
}

// settle finds the sort of value that a section shows.
func (s *section) settle() {
	switch {
	case s.has(moment):
		s.settleDate()
	case s.has(generalDigits):
		s.sort = general
	case s.has(place):
		s.sort = textual
	default:
		s.settleNumber()
	}
}

// settleDate distinguishes months from minutes, and collects the parts of the date.
func (s *section) settleDate() {
	s.sort = calendar
	last := -1 // the last part of a date
	for i := range s.pieces {
		p := &s.pieces[i]
		switch {
		case p.sort == point && last >= 0 && strings.Contains(s.pieces[last].text, "s") && i+1 < len(s.pieces) &&
			s.pieces[i+1].text == "0":
			p.sort = subsecond
		case p.sort == digit && s.pieces[max(i-1, 0)].sort == subsecond:
			p.sort = subsecond
		case p.sort != moment:
			p.sort = literal
		default:
			before := ""
			if last >= 0 {
				before = s.pieces[last].text
			}
			switch {
			case p.text[0] == 'm' && len(p.text) <= 2 && strings.Contains(before, "h"):
				p.text = "min"[:len(p.text)+1]
			case p.text[0] == 's' && (before == "m" || before == "mm"):
				s.pieces[last].text = "min"[:len(before)+1]
			}
			last = i
		}
	}
	for _, p := range s.pieces {
		if p.sort == moment {
			s.parts |= partOf(p.text)
			s.isDay = s.isDay || partOf(p.text) != Time && !slices.Contains(amPM, p.text)
		}
	}
}

// partOf returns the part of a date that a piece shows. A day of the week is none.
func partOf(moment string) Parts {
	switch moment {
	case "y", "yy", "yyy", "yyyy", "yyyyy", "e", "ee", "eee", "eeee", "eeeee":
		return Year
	case "m", "mm", "mmm", "mmmm", "mmmmm":
		return Month
	case "d", "dd":
		return Day
	}
	if strings.ContainsAny(moment, "hs[") || moment == "mi" || moment == "min" {
		return Time
	}
	return 0
}

// settleNumber counts the digits of a number. It distinguishes commas between digits, which are thousands
// separators, from commas after the digits, each of which divides by a thousand.
func (s *section) settleNumber() {
	first := slices.IndexFunc(s.pieces, func(p piece) bool { return p.sort == digit })
	for i := range s.pieces {
		p := &s.pieces[i]
		isDigit := func(p piece) bool { return p.sort == digit }
		switch p.sort {
		case digit:
			switch {
			case s.isPower:
				s.exponent++
			case s.pointed:
				s.decimals++
			default:
				s.whole++
			}
		case point:
			if s.pointed || s.isPower {
				p.sort = literal
			}
			s.pointed = true
		case comma:
			rest := s.pieces[i:]
			if end := slices.IndexFunc(rest, func(p piece) bool {
				return p.sort == point ||
					p.sort == power
			}); end >= 0 && !s.pointed {
				rest = rest[:end]
			}
			switch {
			case first < 0 || i < first || s.isPower:
				p.sort = literal
			case slices.ContainsFunc(rest, isDigit):
				s.grouped, p.text = s.grouped || !s.pointed, ""
			default:
				s.shift -= 3
				p.text = ""
			}
		case percent:
			s.shift += 2
		case power:
			if s.isPower {
				p.sort = literal
			}
			s.isPower = true
		case slash:
			isDenominator := func(p piece) bool { return isDigit(p) || strings.ContainsAny(p.text, "123456789") }
			if first >= 0 && first < i && slices.ContainsFunc(s.pieces[i:], isDenominator) {
				s.sort = fractional
			}
		}
	}
}

// builtIn holds the codes of the formats that files name by number only, in their Chinese form.
var builtIn = map[int]string{1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 5: `"¥"#,##0;"¥"\-#,##0`,
	6: `"¥"#,##0;[Red]"¥"\-#,##0`,
	7: `"¥"#,##0.00;"¥"\-#,##0.00`, 8: `"¥"#,##0.00;[Red]"¥"\-#,##0.00`, 9: "0%", 10: "0.00%", 11: "0.00E+00",
	12: "# ?/?", 13: "# ??/??",
	14: "yyyy/m/d", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm",
	21: "h:mm:ss", 22: "yyyy/m/d h:mm",
	27: yearMonth, 28: monthDay, 29: monthDay, 30: "m/d/yy", 31: `yyyy"年"m"月"d"日"`, 32: `h"时"mm"分"`,
	33: `h"时"mm"分"ss"秒"`, 34: `上午/下午h"时"mm"分"`,
	35: `上午/下午h"时"mm"分"ss"秒"`, 36: yearMonth, 37: `#,##0;\-#,##0`, 38: `#,##0;[Red]\-#,##0`,
	39: `#,##0.00;\-#,##0.00`, 40: `#,##0.00;[Red]\-#,##0.00`,
	41: `_ * #,##0_ ;_ * \-#,##0_ ;_ * "-"_ ;_ @_ `, 42: `_ "¥"* #,##0_ ;_ "¥"* \-#,##0_ ;_ "¥"* "-"_ ;_ @_ `,
	43: `_ * #,##0.00_ ;_ * \-#,##0.00_ ;_ * "-"??_ ;_ @_ `,
	44: `_ "¥"* #,##0.00_ ;_ "¥"* \-#,##0.00_ ;_ "¥"* "-"??_ ;_ @_ `, 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0",
	48: "##0.0E+0", 49: TextFormat,
	50: yearMonth, 51: monthDay, 52: yearMonth, 53: monthDay, 54: monthDay, 55: `上午/下午h"时"mm"分"`,
	56: `上午/下午h"时"mm"分"ss"秒"`, 57: yearMonth, 58: monthDay}

const yearMonth, monthDay = `yyyy"年"m"月"`, `m"月"d"日"`
