package reports

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Limits on a workbook that is read: a few bytes of it can stand for very many. A workbook full of rows is some twenty
// times as long as its file.
const (
	partsMax          = 1000
	partBytesFree     = 64 << 20 // of any part
	partExpansionMax  = 100      // beyond that, times the bytes in the file
	stringsBytesMax   = 512 << 20
	partBytesMax      = 4 << 30
	smallPartBytesMax = 1 << 20 // the lists of sheets
)

// xlsxFile is a workbook that is being read. The library's own reader gives a streamed cell as text alone; whether it
// is a text, a number or a formula is what has to be told here.
type xlsxFile struct {
	zip     *zip.ReadCloser
	sheets  []xlsxSheet
	strings []string // shared by cells
}

type xlsxSheet struct{ name, part string }

func openXLSX(name string) (f *xlsxFile, err error) {
	z, err := zip.OpenReader(name)
	if errors.Is(err, zip.ErrFormat) || errors.Is(err, io.EOF) {
		return nil, notOurs("它不是 XLSX 文件", "it is no XLSX file")
	}
	if err != nil {
		return nil, err
	}
	f = &xlsxFile{zip: z}
	if len(z.File) > partsMax {
		err = notOurs("部件太多", "it has too many parts")
	}
	if err == nil {
		err = f.readSheets()
	}
	if err == nil {
		err = f.readStrings()
	}
	if err != nil {
		return nil, errors.Join(err, z.Close())
	}
	return f, nil
}

func (f *xlsxFile) close() error { return f.zip.Close() }

func (f *xlsxFile) names() (list []string) {
	for _, s := range f.sheets {
		list = append(list, s.name)
	}
	return list
}

// part opens a part of the workbook, or returns nil if there is none. What is longer than it may be fails.
func (f *xlsxFile) part(name string, bytesMax uint64) (io.ReadCloser, error) {
	i := slices.IndexFunc(f.zip.File, func(p *zip.File) bool { return strings.EqualFold(p.Name, name) })
	if i < 0 {
		return nil, nil
	}
	p := f.zip.File[i]
	if p.UncompressedSize64 > min(bytesMax, partBytesFree+partExpansionMax*min(p.CompressedSize64, partBytesMax)) {
		return nil, notOurs(fmt.Sprintf("部件 %s 展开后有 %d 字节，太大", name, p.UncompressedSize64), fmt.Sprintf("its part %s is too large, %d bytes unpacked", name, p.UncompressedSize64))
	}
	return p.Open() // reads no more than the size said
}

// decode reads a small part into a value.
func (f *xlsxFile) decode(name string, v any) error {
	p, err := f.part(name, smallPartBytesMax)
	if p == nil && err == nil {
		err = notOurs("它不是 XLSX 文件", "it is no XLSX file")
	}
	if err != nil {
		return err
	}
	defer p.Close()
	if err := xml.NewDecoder(p).Decode(v); err != nil {
		return unreadable(name, err)
	}
	return nil
}

func unreadable(part string, err error) error {
	return notOurs(fmt.Sprintf("部件 %s 读不出来：%v", part, err), fmt.Sprintf("its part %s cannot be read: %v", part, err))
}

func (f *xlsxFile) readSheets() error {
	var book struct {
		Props struct {
			Date1904 string `xml:"date1904,attr"`
		} `xml:"workbookPr"`
		Sheets []struct {
			Name string `xml:"name,attr"`
			ID   string `xml:"http://schemas.openxmlformats.org/officeDocument/2006/relationships id,attr"`
		} `xml:"sheets>sheet"`
	}
	var relations struct {
		List []struct {
			ID     string `xml:"Id,attr"`
			Target string `xml:"Target,attr"`
		} `xml:"Relationship"`
	}
	if err := errors.Join(f.decode("xl/workbook.xml", &book), f.decode("xl/_rels/workbook.xml.rels", &relations)); err != nil {
		return err
	}
	if book.Props.Date1904 == "1" || book.Props.Date1904 == "true" {
		return notOurs("它的日期从 1904 年算起", "its dates count from 1904")
	}
	for _, s := range book.Sheets {
		for _, r := range relations.List {
			if r.ID == s.ID {
				part := path.Join("xl", r.Target)
				if strings.HasPrefix(r.Target, "/") {
					part = r.Target[1:]
				}
				f.sheets = append(f.sheets, xlsxSheet{s.Name, part})
			}
		}
	}
	return nil
}

// xlsxText is the text of a cell: one, or several runs. What is only said of it, such as how to pronounce it, is not it.
type xlsxText struct {
	Text *string  `xml:"t"`
	Runs []string `xml:"r>t"`
}

func (t *xlsxText) String() string {
	var b strings.Builder
	if t.Text != nil {
		b.WriteString(unescaped(*t.Text))
	}
	for _, run := range t.Runs {
		b.WriteString(unescaped(run))
	}
	return b.String()
}

var escape = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_`)

// unescaped replaces what XLSX writes for characters that XML cannot hold: _x000D_ is a carriage return, _x005F_ an
// underscore that begins no escape.
func unescaped(s string) string {
	if !strings.Contains(s, "_x") {
		return s
	}
	return escape.ReplaceAllStringFunc(s, func(e string) string {
		code, err := strconv.ParseUint(e[2:6], 16, 16)
		if err != nil || utf16.IsSurrogate(rune(code)) {
			return e
		}
		return string(rune(code))
	})
}

func (f *xlsxFile) readStrings() error {
	const name = "xl/sharedStrings.xml"
	p, err := f.part(name, stringsBytesMax)
	if p == nil || err != nil {
		return err
	}
	defer p.Close()
	d := xml.NewDecoder(p)
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return unreadable(name, err)
		}
		if start, ok := t.(xml.StartElement); ok && start.Name.Local == "si" {
			var text xlsxText
			if err := d.DecodeElement(&text, &start); err != nil {
				return unreadable(name, err)
			}
			f.strings = append(f.strings, text.String())
		}
	}
}

// xlsxCell is a cell as it is written.
type xlsxCell struct {
	At      string   `xml:"r,attr"`
	Type    string   `xml:"t,attr"`
	Value   string   `xml:"v"`
	Inline  xlsxText `xml:"is"`
	Formula *string  `xml:"f"`
}

func (f *xlsxFile) rows(sheet string) iter.Seq2[[]found, error] {
	return func(yield func([]found, error) bool) {
		i := slices.IndexFunc(f.sheets, func(s xlsxSheet) bool { return s.name == sheet })
		if i < 0 {
			yield(nil, notOurs("没有工作表“"+sheet+"”", "it has no sheet "+strconv.Quote(sheet)))
			return
		}
		name := f.sheets[i].part
		p, err := f.part(name, partBytesMax)
		if p == nil && err == nil {
			err = notOurs("没有部件 "+name, "it has no part "+name)
		}
		if err != nil {
			yield(nil, err)
			return
		}
		defer p.Close()
		if err := f.readRows(xml.NewDecoder(p), yield); err != nil {
			yield(nil, unreadable(name, err))
		}
	}
}

// readRows yields the rows of a sheet, and empty ones for those that are left out.
func (f *xlsxFile) readRows(d *xml.Decoder, yield func([]found, error) bool) error {
	at, yielded := 0, 0
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		start, ok := t.(xml.StartElement)
		if !ok || start.Name.Local != "row" {
			continue
		}
		number := at + 1
		for _, a := range start.Attr {
			if a.Name.Local == "r" {
				if number, err = strconv.Atoi(a.Value); err != nil || number <= at || number > rowsMax {
					return fmt.Errorf("row %q after row %d", a.Value, at)
				}
			}
		}
		at = number
		row, err := f.readRow(d)
		if err != nil {
			return err
		}
		if row = trimmed(row); len(row) == 0 {
			continue // it may be one of many that a program left at the end
		}
		for yielded++; yielded < at; yielded++ {
			if !yield(nil, nil) {
				return nil
			}
		}
		if !yield(row, nil) {
			return nil
		}
	}
}

func (f *xlsxFile) readRow(d *xml.Decoder) (row []found, err error) {
	for {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		switch e := t.(type) {
		case xml.EndElement:
			return row, nil
		case xml.StartElement:
			var c xlsxCell
			if err := d.DecodeElement(&c, &e); err != nil {
				return nil, err
			}
			column := len(row)
			if c.At != "" {
				if column, err = columnOf(c.At); err != nil || column < len(row) {
					return nil, fmt.Errorf("cell %q after column %d", c.At, len(row))
				}
			}
			row = append(row, make([]found, column-len(row))...)
			value, err := f.cell(&c)
			if err != nil {
				return nil, err
			}
			row = append(row, value)
		}
	}
}

func (f *xlsxFile) cell(c *xlsxCell) (v found, err error) {
	if c.Formula != nil {
		v.formula = "=" + *c.Formula
	}
	switch c.Type {
	case "s":
		i, err := strconv.Atoi(c.Value)
		if err != nil || i < 0 || i >= len(f.strings) {
			return v, fmt.Errorf("cell %s: there is no shared text %q", c.At, c.Value)
		}
		v.sort, v.text = foundText, f.strings[i]
	case "inlineStr":
		v.sort, v.text = foundText, c.Inline.String()
	case "str":
		v.sort, v.text = foundText, unescaped(c.Value)
	case "", "n":
		v.sort, v.text = foundNumber, c.Value
	default:
		v.sort, v.text = foundOther, c.Value
	}
	if v.text == "" && v.formula == "" {
		v.sort = foundBlank
	}
	if v.sort == foundBlank && v.formula != "" {
		v.sort = foundOther
	}
	return v, nil
}

// columnOf returns the column of a cell, 0 for A1.
func columnOf(at string) (int, error) {
	n := 0
	for i, c := range []byte(at) {
		if c < 'A' || c > 'Z' {
			if i == 0 {
				break
			}
			return n - 1, nil
		}
		if n = n*26 + int(c-'A') + 1; n > columnsMax {
			break
		}
	}
	return 0, fmt.Errorf("there is no cell %q", at)
}

// is compares numbers as spreadsheet programs keep them: two that are written with other digits may be one.
func (f *xlsxFile) is(c found, v value) bool {
	if c.formula != "" {
		return false
	}
	as, num := v.inXLSX()
	switch as.sort {
	case blank:
		return c.sort == foundBlank
	case text:
		return c.sort == foundText && c.text == as.text
	}
	got, err := strconv.ParseFloat(c.text, 64)
	return c.sort == foundNumber && err == nil && got == num
}
