package spreadsheet

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"strings"

	"github.com/taizhang/taizhang/events/text"
)

// These are the part that names the workbook part, and the usual name of the workbook part.
const (
	rootRelations = "_rels/.rels"
	workbookPart  = "xl/workbook.xml"
)

// Workbook is an XLSX archive that is being read.
type Workbook struct {
	Sheets []*Worksheet      // in the order of the workbook
	Names  map[string]string // the formulas, without =, of the defined names, by name in lower case

	parts       map[string]*zip.File
	bytesMax    int64 // the limit on unpacked bytes
	left        int64 // the number of bytes that may still be unpacked
	strings     []string
	runs        map[int]runs        // for strings with several fonts
	styles      []style             // by index of cellXfs
	differences []ConditionalFormat // by index of dxfs, without ranges
	since1904   bool
}

// Worksheet is one worksheet. Its HiddenColumns are complete with its first row, its Merged and ConditionalFormats
// after its Rows were read to the end.
type Worksheet struct {
	Name               string
	Hidden             bool
	HiddenColumns      []Range // columns that are hidden or have width 0, in all rows
	Merged             []Range
	ConditionalFormats []ConditionalFormat

	part       string
	hidesZeros bool     // complete after its Rows were read to the end
	drawings   []string // ids of relations, complete then too
}

// ConditionalFormat is a range with rules that may show its values otherwise than the formats of the cells. The rules
// are not evaluated.
type ConditionalFormat struct {
	Range
	NumFmt    bool // a rule sets a number format, or a bar or an icon hides the value
	FontColor bool // a rule sets the color of the font
}

// NewWorkbook reads an archive of size bytes up to its worksheets. bytesMax is the limit on the bytes unpacked by all
// reading together. r must stay open while rows are read. NewWorkbook returns a *text.Error if the file is no workbook
// or exceeds a limit.
func NewWorkbook(r io.ReaderAt, size, bytesMax int64) (*Workbook, error) {
	archive, err := zip.NewReader(r, size)
	if err != nil {
		return nil, errDamaged(err)
	}
	if len(archive.File) > partsMax {
		return nil, say("压缩包中的文件超过 %d 个的上限",
			"the archive holds more than the limit of %d files", partsMax)
	}
	w := &Workbook{parts: map[string]*zip.File{}, bytesMax: bytesMax, left: bytesMax, runs: map[int]runs{}}
	for _, f := range archive.File {
		name := strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(f.Name, `\`, "/"), "/"))
		if w.parts[name] != nil {
			return nil, say("压缩包中有两个 %q", "the archive holds %q twice", Clip(f.Name))
		}
		w.parts[name] = f
	}
	part, err := w.workbookPart()
	if err != nil {
		return nil, err
	}
	targets, byType, err := w.relations(path.Join(path.Dir(part), "_rels", path.Base(part)+".rels"), path.Dir(part))
	if err != nil {
		return nil, err
	}
	if err := w.readStyles(byType["styles"]); err != nil {
		return nil, err
	}
	if err := w.readStrings(byType["sharedStrings"]); err != nil {
		return nil, err
	}
	if err := w.readSheets(part, targets); err != nil {
		return nil, err
	}
	return w, w.readNames(part)
}

func errDamaged(err error) error {
	var e *text.Error
	if errors.As(err, &e) {
		return e
	}
	if errors.Is(err, zip.ErrFormat) {
		return say("不是 XLSX 文件，或已损坏、不完整", "the file is no XLSX workbook, or is damaged or not whole")
	}
	return say("XLSX 文件已损坏或不完整：%v", "the XLSX file is damaged or not whole: %v", err)
}

// workbookPart returns the name of the part with the workbook.
func (w *Workbook) workbookPart() (string, error) {
	part := workbookPart
	if w.parts[rootRelations] != nil {
		_, byType, err := w.relations(rootRelations, "")
		if err != nil {
			return "", err
		}
		if target := byType["officeDocument"]; w.parts[target] != nil {
			part = target
		}
	}
	if w.parts[part] == nil || !strings.HasSuffix(part, ".xml") || strings.HasPrefix(part, "word/") ||
		strings.HasPrefix(part, "ppt/") {
		return "", w.errNoWorkbook()
	}
	return part, nil
}

// relations returns the targets of the relations in a part, by id and by the last part of their type. Targets are
// relative to a directory. It leaves out targets outside the archive.
func (w *Workbook) relations(part, directory string) (byID, byType map[string]string, err error) {
	byID, byType = map[string]string{}, map[string]string{}
	err = w.read(part, func(e xml.StartElement) error {
		if e.Name.Local == "Relationship" && !strings.EqualFold(attribute(e, "TargetMode"), "External") {
			target := strings.ReplaceAll(attribute(e, "Target"), `\`, "/")
			if !strings.HasPrefix(target, "/") {
				target = directory + "/" + target
			}
			target = strings.ToLower(strings.TrimPrefix(path.Clean(target), "/"))
			byID[attribute(e, "Id")], byType[path.Base(attribute(e, "Type"))] = target, target
		}
		return nil
	})
	return byID, byType, err
}

func (w *Workbook) readSheets(part string, targets map[string]string) error {
	return w.read(part, func(e xml.StartElement) error {
		switch e.Name.Local {
		case "workbookPr":
			w.since1904 = isTrue(attribute(e, "date1904"))
		case "sheet":
			state := attribute(e, "state")
			s := &Worksheet{Name: attribute(e, "name"), Hidden: state == "hidden" ||
				state == "veryHidden", part: targets[attribute(e, "id")]}
			if len(w.Sheets) == sheetsMax {
				return say("工作表超过 %d 个的上限", "the workbook has more than the limit of %d sheets", sheetsMax)
			}
			if w.parts[s.part] == nil {
				return say("工作表 %q 不在文件之内", "the sheet %q is not within the file", Clip(s.Name))
			}
			w.Sheets = append(w.Sheets, s)
		}
		return nil
	})
}

// readNames reads the defined names.
func (w *Workbook) readNames(part string) error {
	w.Names = map[string]string{}
	return w.definedNames(part, func(name, _, formula string) { w.Names[strings.ToLower(name)] = formula })
}

// definedNames calls see for each defined name of the workbook, with the index of the sheet that it is of, or "".
func (w *Workbook) definedNames(part string, see func(name, sheet, formula string)) error {
	s, err := w.scan(part)
	if err != nil {
		return err
	}
	defer s.Close()
	var name, sheet string
	var formula strings.Builder
	for {
		t, err := s.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		switch e := t.(type) {
		case xml.StartElement:
			name = ""
			if e.Name.Local == "definedName" {
				name, sheet = attribute(e, "name"), attribute(e, "localSheetId")
				formula.Reset()
			}
		case xml.CharData:
			if name != "" {
				formula.Write(e)
			}
		case xml.EndElement:
			if name != "" {
				see(name, sheet, formula.String())
			}
			name = ""
		}
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
