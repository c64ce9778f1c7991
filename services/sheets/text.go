package sheets

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"io"
	"math"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// decode finds out by looking how a text is encoded and returns it in UTF-8. A text that is valid UTF-8 is that: GB18030
// that is valid UTF-8 by chance must be very short.
func decode(b []byte) (string, error) {
	if rest, ok := bytes.CutPrefix(b, []byte("\xef\xbb\xbf")); ok {
		b = rest
	} else if bytes.HasPrefix(b, []byte("\xff\xfe")) {
		return decode16(b[2:], binary.LittleEndian)
	} else if bytes.HasPrefix(b, []byte("\xfe\xff")) {
		return decode16(b[2:], binary.BigEndian)
	}
	if utf8.Valid(b) {
		return string(b), nil
	}
	text, err := simplifiedchinese.GB18030.NewDecoder().Bytes(b)
	if err != nil || bytes.ContainsRune(text, utf8.RuneError) {
		return "", errEncoding()
	}
	return string(text), nil
}

func decode16(b []byte, order binary.ByteOrder) (string, error) {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = order.Uint16(b[2*i:])
	}
	text := string(utf16.Decode(units))
	if len(b)%2 != 0 || strings.ContainsRune(text, utf8.RuneError) {
		return "", errEncoding()
	}
	return text, nil
}

func errEncoding() error {
	return say("既不是 UTF-8 也不是 GB18030 文本：请另存为 CSV UTF-8 或 XLSX", "the text is neither UTF-8 nor GB18030: save it as CSV UTF-8 or XLSX")
}

// readCSV reads a text as a table, separated by that of , ; and tab under which it has the most headings of a kind.
func readCSV(b []byte) (*grid, error) {
	text, err := decode(b)
	if err != nil {
		return nil, err
	}
	if strings.ContainsRune(text, 0) {
		return nil, say("不是文本文件", "the file is no text")
	}
	best, most := ',', 0
	for _, comma := range []rune{',', ';', '\t'} {
		top := &grid{}
		_ = top.readCSV(text, comma, topRows) // what is wrong is told when it is read whole
		if h := findHeadings(top); h != nil && h.known > most {
			best, most = comma, h.known
		}
	}
	g := &grid{}
	if err := g.readCSV(text, best, math.MaxInt); err != nil {
		return nil, err
	}
	return g, nil
}

// readCSV reads at most so many rows, empty ones too.
func (g *grid) readCSV(text string, comma rune, rows int) error {
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.ReuseRecord = comma, -1, true
	for range rows {
		fields, err := r.Read()
		var malformed *csv.ParseError
		switch {
		case err == io.EOF:
			return nil
		case errors.As(err, &malformed):
			return say("第 %d 行的引号不成对", "the quotes on line %d do not match", malformed.StartLine)
		case err != nil:
			return err
		}
		line, _ := r.FieldPos(0)
		next := row{number: line, cells: make([]cell, len(fields))}
		for i, f := range fields {
			next.cells[i] = cell{text: trim(strings.Clone(f))}
		}
		if err := g.add(next); err != nil {
			return err
		}
	}
	return nil
}
