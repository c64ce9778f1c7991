package spreadsheet

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"io"
	"iter"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Decode detects the encoding of a text and returns it in UTF-8 without a byte order mark. A text that is valid UTF-8
// is read as UTF-8, for only a very short GB18030 text can be valid UTF-8 by chance. UTF-16 needs its byte order mark.
func Decode(b []byte) ([]byte, error) {
	switch {
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")):
		b = b[3:]
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
		return decode16(b[2:], binary.LittleEndian)
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		return decode16(b[2:], binary.BigEndian)
	}
	if utf8.Valid(b) {
		return b, nil
	}
	text, ok := decodeGB18030(b)
	if !ok {
		return nil, errEncoding()
	}
	return text, nil
}

func decode16(b []byte, order binary.ByteOrder) ([]byte, error) {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = order.Uint16(b[2*i:])
	}
	text := []byte(string(utf16.Decode(units)))
	if len(b)%2 != 0 || bytes.ContainsRune(text, utf8.RuneError) {
		return nil, errEncoding()
	}
	return text, nil
}

func errEncoding() error {
	return say("既不是 UTF-8 也不是 GB18030 文本：请另存为 CSV UTF-8 或 XLSX",
		"the text is neither UTF-8 nor GB18030: save it as CSV UTF-8 or XLSX")
}

// CSV streams the rows of a text. It yields rows in which all cells are blank, but no empty lines. Rows have the
// numbers that a spreadsheet program gives them: a cell of several lines is in one row. In a text without line feeds,
// carriage returns end the lines. The cells of a row are valid until the next row. An error is yielded last.
func CSV(text []byte, comma rune) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		if bytes.IndexByte(text, '\n') < 0 {
			text = bytes.ReplaceAll(text, []byte("\r"), []byte("\n"))
		}
		text = unwrap(text, byte(comma))
		within := 0 // the number of line ends within cells
		r := csv.NewReader(bytes.NewReader(text))
		r.Comma, r.FieldsPerRecord, r.ReuseRecord = comma, -1, true
		var cells []Cell
		for {
			begin := r.InputOffset()
			fields, err := r.Read()
			var malformed *csv.ParseError
			if errors.As(err, &malformed) {
				err = errQuotes(text, int(begin), byte(comma), malformed.StartLine-within)
			}
			if err != nil {
				if err != io.EOF {
					yield(Row{}, err)
				}
				return
			}
			line, _ := r.FieldPos(0)
			row := Row{Number: line - within, Line: line}
			for _, f := range fields {
				within += strings.Count(f, "\n")
			}
			for len(fields) > 0 && fields[len(fields)-1] == "" {
				fields = fields[:len(fields)-1]
			}
			cells = cells[:0]
			for _, f := range fields {
				c := Cell{}
				if f != "" {
					c = Cell{Sort: Text, Text: f}
				}
				cells = append(cells, c)
			}
			row.Cells = cells
			if !yield(row, nil) {
				return
			}
		}
	}
}

// unwrap removes the = of cells such as ="00123", with which programs keep a code as text.
func unwrap(text []byte, comma byte) []byte {
	if !bytes.Contains(text, []byte(`="`)) {
		return text
	}
	var kept []byte
	from := 0
	walk(text, comma, func(at int) {
		inner, isWrapped := bytes.CutPrefix(text[at:], []byte(`="`))
		end := bytes.IndexByte(inner, '"')
		if !isWrapped || end < 0 || bytes.ContainsAny(inner[:end], string(comma)+"\r\n") {
			return
		}
		if next := inner[end+1:]; len(next) == 0 || next[0] == comma || next[0] == '\r' || next[0] == '\n' {
			kept, from = append(kept, text[from:at]...), at+1
		}
	})
	return append(kept, text[from:]...)
}

// walk calls begin with the offset of each cell that does not begin with a quote, and reports whether a quote is open
// at the end of the text.
func walk(text []byte, comma byte, begin func(at int)) (isOpen bool) {
	isFirst := true
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case isOpen && c == '"' && i+1 < len(text) && text[i+1] == '"':
			i++
		case isOpen:
			isOpen = c != '"'
		case isFirst && c == '"':
			isOpen, isFirst = true, false
		case c == comma || c == '\n':
			isFirst = true
		case isFirst:
			begin(i)
			isFirst = false
		}
	}
	return isOpen
}

// errQuotes returns the error that the quotes of a row do not match. The row begins at an offset of the text or in the
// empty lines behind it.
func errQuotes(text []byte, at int, comma byte, row int) error {
	if walk(text[at:], comma, func(int) {}) {
		return say("第 %[1]d 行的引号不成对：其中一个打开后，到文件末尾（文本的第 %[2]d 行）仍未闭合，"+
			"请在文本编辑器中补上或删去引号",
			"the quotes in row %[1]d do not match: one that opens there is still open where the file ends, in line "+
				"%[2]d of the text. Add the missing quote or delete the one too many",
			row, 1+bytes.Count(bytes.TrimRight(text, "\r\n"), []byte("\n")))
	}
	return say("第 %d 行的引号不成对：请在文本编辑器中补上或删去引号",
		"the quotes in row %d do not match: add the missing quote or delete the one too many", row)
}

// ISODay returns a date written as 2025-05-06, 2025/5/6 or 2025年5月6日 in the first form. It does not check that the
// day exists.
func ISODay(s string) (iso string, ok bool) {
	for _, between := range [][3]string{{"-", "-", ""}, {"/", "/", ""}, {"年", "月", "日"}} {
		y, rest, ok1 := strings.Cut(s, between[0])
		m, d, ok2 := strings.Cut(rest, between[1])
		d, ok3 := strings.CutSuffix(d, between[2])
		if ok1 && ok2 && ok3 && len(y) == 4 && onlyDigits(y) && len(m) <= 2 && onlyDigits(m) && len(d) <= 2 &&
			onlyDigits(d) {
			return y + "-" + "00"[len(m):] + m + "-" + "00"[len(d):] + d, true
		}
	}
	return "", false
}

func onlyDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
