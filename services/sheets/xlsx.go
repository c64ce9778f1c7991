package sheets

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

const workbookPart = "xl/workbook.xml"

// workbook is an open XLSX archive.
type workbook struct {
	parts     map[string]*zip.File
	left      int64 // bytes that may still be expanded
	strings   []string
	styles    []style // by index of cellXfs
	since1904 bool
}

// style is what a number format makes of a number.
type style uint8

const (
	plainly style = iota // shows its digits
	asDate
	otherwise
)

// worksheet is one sheet of a workbook.
type worksheet struct {
	name string
	part string
}

// openWorkbook reads an archive's workbook with its styles and strings, and returns its visible sheets.
func openWorkbook(r io.ReaderAt, size int64) (*workbook, []worksheet, error) {
	archive, err := zip.NewReader(r, size)
	if err != nil {
		return nil, nil, errDamaged(err)
	}
	if len(archive.File) > partsMax {
		return nil, nil, say("压缩包中的文件超过 %d 个的上限", "the archive holds more than the limit of %d files", partsMax)
	}
	w := &workbook{parts: map[string]*zip.File{}, left: expandedBytesMax}
	for _, f := range archive.File {
		name := strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(f.Name, `\`, "/"), "/"))
		if w.parts[name] != nil {
			return nil, nil, say("压缩包中有两个 %q", "the archive holds %q twice", clip(f.Name))
		}
		w.parts[name] = f
	}
	if w.parts[workbookPart] == nil {
		return nil, nil, say("是 ZIP 压缩包，但不是 XLSX 工作簿", "the file is a ZIP archive and no XLSX workbook")
	}
	targets, byType, err := w.relations()
	if err != nil {
		return nil, nil, err
	}
	if err := w.readStyles(byType["styles"]); err != nil {
		return nil, nil, err
	}
	if err := w.readStrings(byType["sharedStrings"]); err != nil {
		return nil, nil, err
	}
	sheets, err := w.sheets(targets)
	return w, sheets, err
}

func errDamaged(err error) error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return say("XLSX 文件已损坏或不完整：%v", "the XLSX file is damaged or not whole: %v", err)
}

// relations returns where the workbook's relations lead, by id and by the last part of their type; those that lead out of
// the archive lead nowhere.
func (w *workbook) relations() (byID, byType map[string]string, err error) {
	byID, byType = map[string]string{}, map[string]string{}
	err = w.read("xl/_rels/workbook.xml.rels", func(_ *scanner, e xml.StartElement) error {
		if e.Name.Local == "Relationship" && !strings.EqualFold(attribute(e, "TargetMode"), "External") {
			target := attribute(e, "Target")
			if !strings.HasPrefix(target, "/") {
				target = "xl/" + target
			}
			target = strings.ToLower(strings.TrimPrefix(path.Clean(target), "/"))
			byID[attribute(e, "Id")], byType[path.Base(attribute(e, "Type"))] = target, target
		}
		return nil
	})
	return byID, byType, err
}

// sheets lists the visible worksheets in order.
func (w *workbook) sheets(targets map[string]string) (list []worksheet, err error) {
	err = w.read(workbookPart, func(_ *scanner, e xml.StartElement) error {
		switch e.Name.Local {
		case "workbookPr":
			w.since1904 = isTrue(attribute(e, "date1904"))
		case "sheet":
			if state := attribute(e, "state"); state == "hidden" || state == "veryHidden" {
				return nil
			}
			s := worksheet{name: attribute(e, "name"), part: targets[attribute(e, "id")]}
			if len(list) == sheetsMax {
				return say("工作表超过 %d 个的上限", "the workbook has more than the limit of %d sheets", sheetsMax)
			}
			if w.parts[s.part] == nil {
				return say("工作表 %q 不在文件之内", "the sheet %q is not within the file", clip(s.name))
			}
			list = append(list, s)
		}
		return nil
	})
	return list, err
}

// readStyles reads what the number formats of cells make of numbers. A workbook without styles shows digits.
func (w *workbook) readStyles(part string) error {
	if w.parts[part] == nil {
		return nil
	}
	codes := map[int]string{}
	within := false
	return w.read(part, func(_ *scanner, e xml.StartElement) error {
		id, _ := strconv.Atoi(attribute(e, "numFmtId")) // 0, the general one, if it has none
		switch e.Name.Local {
		case "numFmt":
			codes[id] = attribute(e, "formatCode")
		case "cellXfs":
			within = true
		case "cellStyleXfs", "cellStyles", "dxfs":
			within = false
		case "xf":
			if within {
				w.styles = append(w.styles, styleOf(id, codes[id]))
			}
		}
		return nil
	})
}

// styleOf tells dates by the built-in formats, those for China among them, and by the letters of others.
func styleOf(id int, code string) style {
	switch {
	case code != "":
		return styleOfCode(code)
	case id <= 1 || id == 49:
		return plainly
	case 14 <= id && id <= 17 || id == 22 || 27 <= id && id <= 31 || id == 36 || 50 <= id && id <= 54 || id == 57 || id == 58:
		return asDate
	}
	return otherwise
}

// styleOfCode reads a format: y and d outside quotes and brackets make a date, what shows the digits as they are is plain.
func styleOfCode(code string) style {
	var bare strings.Builder
	for i := 0; i < len(code); i++ {
		switch c := code[i]; c {
		case '"', '[':
			end := strings.IndexByte(code[i+1:], map[byte]byte{'"': '"', '[': ']'}[c])
			if end < 0 {
				return otherwise
			}
			i += end + 1
		case '\\', '_', '*':
			i++
		default:
			bare.WriteByte(c)
		}
	}
	first, _, _ := strings.Cut(strings.ToLower(bare.String()), ";")
	switch {
	case strings.ContainsAny(first, "yd"):
		return asDate
	case slices.Contains([]string{"general", "0", "@"}, strings.TrimSpace(first)):
		return plainly
	}
	return otherwise
}

// readStrings reads the strings that cells refer to; how they are pronounced is no part of them.
func (w *workbook) readStrings(part string) error {
	if w.parts[part] == nil {
		return nil
	}
	s, err := w.scan(part)
	if err != nil {
		return err
	}
	defer s.Close()
	var text strings.Builder
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
			if e.Name.Local == "si" {
				text.Reset()
			}
		case xml.CharData:
			if s.within("t") && !s.within("rPh") {
				text.Write(e)
			}
		case xml.EndElement:
			if e.Name.Local != "si" {
				continue
			}
			if len(w.strings) == stringsMax {
				return say("文字超过 %d 条的上限", "the workbook has more than the limit of %d strings", stringsMax)
			}
			w.strings = append(w.strings, unescape(text.String()))
		}
	}
}

// unescape reads _x000D_ and the like, by which XLSX writes characters that XML does not have.
func unescape(s string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, "_x")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		s = after
		if code, err := strconv.ParseUint(after[:min(4, len(after))], 16, 16); err == nil && len(after) > 4 && after[4] == '_' {
			b.WriteRune(rune(code))
			s = after[5:]
			continue
		}
		b.WriteString("_x")
	}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func isTrue(s string) bool { return s == "1" || strings.EqualFold(s, "true") || s == "on" }

// plainText leaves out what no text of a cell holds.
func plainText(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
}
