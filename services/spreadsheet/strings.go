package spreadsheet

import (
	"encoding/xml"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
)

// readStrings reads the shared strings, without their phonetic guides.
func (w *Workbook) readStrings(part string) error {
	if w.parts[part] == nil {
		return nil
	}
	s, err := w.scan(part)
	if err != nil {
		return err
	}
	defer s.Close()
	var text strings.Builder
	var fonts runs
	total := 0
	for {
		t, err := s.next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
		switch e := t.(type) {
		case xml.StartElement:
			switch e.Name.Local {
			case "si":
				text.Reset()
				fonts = runs{}
			case "rPr", "strike", "color":
				fonts.begin(e)
			}
		case xml.CharData:
			if s.inText() {
				text.WriteString(unescape(string(e)))
				fonts.add(string(e))
			}
		case xml.EndElement:
			if e.Name.Local == "r" {
				fonts.end()
			}
			if e.Name.Local != "si" {
				continue
			}
			if total += text.Len(); len(w.strings) == stringsMax || total > stringsBytesMax {
				return say("文字超过 %d 条或 %d 字节的上限",
					"the workbook has more than the limit of %d texts or %d bytes of them", stringsMax,
					stringsBytesMax)
			}
			if fonts.hasOwn {
				w.runs[len(w.strings)] = fonts
			}
			w.strings = append(w.strings, text.String())
		}
	}
}

// inText reports whether the scanner is in the text of a cell.
func (s *scanner) inText() bool { return s.within("t") && !s.within("rPh") }

// unescape replaces the escapes with which XLSX writes characters that XML cannot contain: _x000D_ is a carriage
// return, _x005F_ an underscore that begins no escape.
func unescape(s string) string {
	if !strings.Contains(s, "_x") {
		return s
	}
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, "_x")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		s = after
		if len(after) > 4 && after[4] == '_' {
			if code, err := strconv.ParseUint(after[:4], 16, 16); err == nil && !utf16.IsSurrogate(rune(code)) {
				b.WriteRune(rune(code))
				s = after[5:]
				continue
			}
		}
		b.WriteString("_x")
	}
}
