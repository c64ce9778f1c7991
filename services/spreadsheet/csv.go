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
	return say("既不是 UTF-8 也不是 GB18030 文本：请另存为 CSV UTF-8 或 XLSX", "the text is neither UTF-8 nor GB18030: save it as CSV UTF-8 or XLSX")
}

// CSV streams the rows of a text. It yields rows in which all cells are blank, but no empty lines. Rows have the
// numbers that a spreadsheet program gives them: a cell of several lines is in one row. In a text without line feeds,
// carriage returns end the lines. The cells of a row are valid until the next row. An error is yielded last.
func CSV(text []byte, comma rune) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		if bytes.IndexByte(text, '\n') < 0 {
			text = bytes.ReplaceAll(text, []byte("\r"), []byte("\n"))
		}
		within := 0 // the number of line ends within cells
		r := csv.NewReader(bytes.NewReader(text))
		r.Comma, r.FieldsPerRecord, r.ReuseRecord = comma, -1, true
		var cells []Cell
		for {
			fields, err := r.Read()
			var malformed *csv.ParseError
			if errors.As(err, &malformed) {
				err = say("第 %d 行的引号不成对", "the quotes in row %d do not match", malformed.StartLine-within)
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

// ISODay returns a date written as 2025-05-06, 2025/5/6 or 2025年5月6日 in the first form. It does not check that the day
// exists.
func ISODay(s string) (iso string, ok bool) {
	for _, between := range [][3]string{{"-", "-", ""}, {"/", "/", ""}, {"年", "月", "日"}} {
		y, rest, ok1 := strings.Cut(s, between[0])
		m, d, ok2 := strings.Cut(rest, between[1])
		d, ok3 := strings.CutSuffix(d, between[2])
		if ok1 && ok2 && ok3 && len(y) == 4 && onlyDigits(y) && len(m) <= 2 && onlyDigits(m) && len(d) <= 2 && onlyDigits(d) {
			return y + "-" + "00"[len(m):] + m + "-" + "00"[len(d):] + d, true
		}
	}
	return "", false
}

func onlyDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
