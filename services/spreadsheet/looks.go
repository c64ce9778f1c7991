package spreadsheet

import (
	"encoding/xml"
	"io"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Looks holds the features of a worksheet, beside its cells, that change what a reader sees: see Workbook.Looks.
type Looks struct {
	HiddenColumns      []Range
	Merged             []Range
	ConditionalFormats []ConditionalFormat
	Objects            []Range // the ranges covered by visible pictures, shapes, charts, controls and notes
	HidesZeros         bool    // cells with 0 are shown empty
	PrintAreas         []Range // nil: the whole sheet is printed
	*Styles
}

// Looks returns the looks of a sheet whose rows were read to the end. The limit on unpacked bytes starts again.
func (w *Workbook) Looks(sheet *Worksheet) (*Looks, error) {
	w.left = w.bytesMax
	l := &Looks{HiddenColumns: sheet.HiddenColumns, Merged: sheet.Merged, ConditionalFormats: sheet.ConditionalFormats,
		HidesZeros: sheet.hidesZeros}
	if err := w.readObjects(sheet.part, sheet.drawings, l); err != nil {
		return nil, err
	}
	if err := w.readPrintAreas(slices.Index(w.Sheets, sheet), l); err != nil {
		return nil, err
	}
	var err error
	l.Styles, err = w.Styles()
	w.left = w.bytesMax
	return l, err
}

// Covers reports whether an object covers a cell.
func (l *Looks) Covers(row, column int) bool { return anyHas(l.Objects, row, column) }

// Prints reports whether a cell is printed.
func (l *Looks) Prints(row, column int) bool {
	return l.PrintAreas == nil || anyHas(l.PrintAreas, row, column)
}

// IsMergedAway reports whether a cell is hidden under another one with which it is merged.
func (l *Looks) IsMergedAway(row, column int) bool {
	return slices.ContainsFunc(l.Merged, func(m Range) bool {
		return m.has(row, column) && (row != m.FirstRow || column != m.FirstColumn)
	})
}

func anyHas(list []Range, row, column int) bool {
	return slices.ContainsFunc(list, func(r Range) bool { return r.has(row, column) })
}

func (m Range) has(row, column int) bool {
	return m.FirstRow <= row && row <= m.LastRow && m.FirstColumn <= column && column <= m.LastColumn
}

// Has reports whether the range of the conditional format has a cell.
func (c ConditionalFormat) Has(row, column int) bool { return c.Range.has(row, column) }

// objectsMax is the maximum number of objects on a sheet.
const objectsMax = 10_000

// readObjects reads the positions of the objects in drawings.
func (w *Workbook) readObjects(sheet string, ids []string, l *Looks) error {
	rels := relationsOf(sheet)
	if len(ids) == 0 || w.parts[rels] == nil {
		return nil
	}
	byID, _, err := w.relations(rels, path.Dir(sheet))
	for _, id := range ids {
		if part := byID[id]; err == nil && w.parts[part] != nil {
			err = w.readDrawing(part, l)
		}
	}
	return err
}

// relationsOf returns the name of the part that has the relations of a part.
func relationsOf(part string) string {
	return path.Join(path.Dir(part), "_rels", path.Base(part)+".rels")
}

// These are the default sizes of cells, in the unit of drawings: 12,700 of them are a point.
const (
	columnSize = 609_600
	rowSize    = 190_500
)

// object is an object of a drawing that is being read.
type object struct {
	from, to, size [2]int // column and row from 0; width and height
	hasTo, hidden  bool
}

// readDrawing reads the objects of a drawing in DrawingML or VML.
func (w *Workbook) readDrawing(part string, l *Looks) error {
	s, err := w.scan(part)
	if err != nil {
		return err
	}
	defer s.Close()
	s.xml.Strict, s.xml.AutoClose, s.xml.Entity = false, []string{"br"}, xml.HTMLEntity // VML contains tags of HTML
	var o *object
	var text strings.Builder
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
			text.Reset()
			switch name := e.Name.Local; {
			case slices.Contains([]string{"twoCellAnchor", "oneCellAnchor", "absoluteAnchor"}, name):
				o = &object{}
			case strings.Contains(attribute(e, "style"), "position:"): // in VML
				o = &object{hidden: strings.Contains(strings.ReplaceAll(attribute(e, "style"), " ", ""),
					"visibility:hidden")}
			case o == nil:
			case name == "to":
				o.hasTo = true
			case name == "ext" && !s.within("spPr") && attribute(e, "cx") != "":
				o.size = [2]int{number(attribute(e, "cx")), number(attribute(e, "cy"))}
			case name == "pos":
				o.from = [2]int{number(attribute(e, "x")) / columnSize, number(attribute(e, "y")) / rowSize}
			case name == "cNvPr" && isTrue(attribute(e, "hidden")):
				o.hidden = true
			case name == "Visible":
				o.hidden = false
			}
		case xml.CharData:
			text.Write(e)
		case xml.EndElement:
			if o == nil {
				continue
			}
			at := &o.from
			if s.within("to") {
				at = &o.to
			}
			switch e.Name.Local {
			case "col":
				at[0] = number(text.String())
			case "row":
				at[1] = number(text.String())
			case "colOff", "rowOff": // an object that ends at the edge of a cell does not cover it
				i := map[string]int{"colOff": 0, "rowOff": 1}[e.Name.Local]
				if s.within("to") && number(text.String()) == 0 && o.to[i] > o.from[i] {
					o.to[i]--
				}
			case "Anchor": // the columns, the rows and the distances within them
				p := strings.Split(text.String(), ",")
				if len(p) == 8 {
					o.from, o.to, o.hasTo = [2]int{number(p[0]), number(p[2])},
						[2]int{number(p[4]), number(p[6])}, true
				}
			case "twoCellAnchor", "oneCellAnchor", "absoluteAnchor", "ClientData":
				if !o.hasTo {
					o.to = [2]int{o.from[0] + o.size[0]/columnSize, o.from[1] + o.size[1]/rowSize}
				}
				if len(l.Objects) == objectsMax {
					return say("一张工作表上的图形超过 %d 个的上限", "a sheet has more than the limit of %d objects",
						objectsMax)
				}
				if !o.hidden {
					l.Objects = append(l.Objects, Range{o.from[1] + 1, o.to[1] + 1, o.from[0], o.to[0]})
				}
				o = nil
			}
		}
	}
}

// number returns the whole number in a text, or 0.
func number(s string) int {
	n, _ := strconv.Atoi(strings.TrimSpace(s))
	return n
}

// readPrintAreas reads the print areas of the sheet with an index.
func (w *Workbook) readPrintAreas(index int, l *Looks) error {
	book, err := w.workbookPart()
	if err != nil {
		return err
	}
	return w.definedNames(book, func(name, sheet, formula string) {
		// programs ignore such a name
		if strings.EqualFold(name, "_xlnm.Print_Area") && sheet == strconv.Itoa(index) &&
			!strings.Contains(formula, "#REF!") {
			l.PrintAreas = areasOf(formula)
		}
	})
}

// areasOf reads areas such as '8月'!$A$1:$C$9,'8月'!$E:$F. It skips the areas that it cannot read.
func areasOf(text string) []Range {
	areas := []Range{}
	for _, ref := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' }) {
		ref = strings.ReplaceAll(ref[strings.LastIndexByte(ref, '!')+1:], "$", "")
		if m, ok := parseRange(ref); ok {
			areas = append(areas, m)
			continue
		}
		from, to, _ := strings.Cut(ref, ":")
		if m, ok := parseRange(from + "1:" + to + strconv.Itoa(RowsMax)); ok { // columns
			areas = append(areas, m)
		} else if m, ok := parseRange("A" + from + ":" + Letters(ColumnsMax-1) + to); ok { // rows
			areas = append(areas, m)
		}
	}
	return areas
}

// Styles holds the colors and alignments of the styles of a workbook.
type Styles struct {
	fonts  []string   // as colorOf writes them
	fills  [][]string // the colors of a fill; none for no fill
	styles [][2]int   // font and fill, by index of cellXfs
	filled []bool     // by index of cellXfs: whether the content is repeated to fill the cell
	theme  []string   // RRGGBB
	own    []string   // the palette of the workbook, RRGGBB
}

// colorOf returns the attributes of a color as one text.
func colorOf(e xml.StartElement) string {
	if isTrue(attribute(e, "auto")) {
		return "auto"
	}
	return attribute(e, "rgb") + "|" + attribute(e, "theme") + "|" + attribute(e, "indexed") + "|" +
		attribute(e, "tint")
}

// Styles reads the colors and alignments of the styles of cells.
func (w *Workbook) Styles() (*Styles, error) {
	c := &Styles{}
	book, err := w.workbookPart()
	if err != nil {
		return nil, err
	}
	_, byType, err := w.relations(relationsOf(book), path.Dir(book))
	if err != nil {
		return nil, err
	}
	if part := byType["theme"]; w.parts[part] != nil {
		within := false
		err := w.read(part, func(e xml.StartElement) error {
			switch e.Name.Local {
			case "clrScheme":
				within = true
			case "fontScheme":
				within = false
			case "srgbClr", "sysClr":
				if within {
					value := attribute(e, "lastClr")
					if value == "" {
						value = attribute(e, "val")
					}
					c.theme = append(c.theme, value)
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if len(c.theme) >= 4 { // cells number light before dark
			c.theme[0], c.theme[1], c.theme[2], c.theme[3] = c.theme[1], c.theme[0], c.theme[3], c.theme[2]
		}
	}
	if w.parts[byType["styles"]] == nil {
		return c, nil
	}
	list, part := "", ""
	return c, w.read(byType["styles"], func(e xml.StartElement) error {
		tag := e.Name.Local
		switch tag {
		case "numFmts", "fonts", "fills", "borders", "cellXfs", "cellStyleXfs", "cellStyles", "dxfs",
			"tableStyles", "colors":
			list = tag
		}
		last := len(c.fills) - 1
		switch {
		case list == "fonts" && tag == "font":
			c.fonts = append(c.fonts, "auto")
		case list == "fonts" && tag == "color" && len(c.fonts) > 0:
			c.fonts[len(c.fonts)-1] = colorOf(e)
		case list == "fills" && tag == "fill":
			c.fills = append(c.fills, nil)
		case list == "fills" && tag == "patternFill":
			part = attribute(e, "patternType")
		case list == "fills" && last >= 0 && (tag == "fgColor" && part != "none" && part != "" ||
			tag == "bgColor" && part != "none" && part != "" && part != "solid" || tag == "color"):
			c.fills[last] = append(c.fills[last], colorOf(e))
		case list == "cellXfs" && tag == "xf":
			c.styles = append(c.styles, [2]int{number(attribute(e, "fontId")), number(attribute(e, "fillId"))})
			c.filled = append(c.filled, false)
		case list == "cellXfs" && tag == "alignment" && len(c.filled) > 0:
			c.filled[len(c.filled)-1] = attribute(e, "horizontal") == "fill"
		case list == "colors" && tag == "rgbColor":
			c.own = append(c.own, attribute(e, "rgb"))
		}
		return nil
	})
}

// Repeats reports whether the cell repeats its content over its whole width.
func (k *Styles) Repeats(c Cell) bool {
	return 0 <= c.style && c.style < len(k.filled) && k.filled[c.style]
}

// IsInvisible reports whether a part of the text or number of the cell has the color of its background.
func (k *Styles) IsInvisible(c Cell) bool {
	var font, fill = "auto", []string(nil)
	if 0 <= c.style && c.style < len(k.styles) {
		at := k.styles[c.style]
		if 0 <= at[0] && at[0] < len(k.fonts) {
			font = k.fonts[at[0]]
		}
		if 0 <= at[1] && at[1] < len(k.fills) {
			fill = k.fills[at[1]]
		}
	}
	fonts := append(strings.Fields(c.colors), font)
	if name := c.Color(); name != "" {
		if rgb, ok := namedColor(name); ok {
			fonts = []string{rgb + "|||"}
		}
	}
	return slices.ContainsFunc(fonts, func(font string) bool { return k.isGround(font, fill) })
}

// namedColors are the colors that a number format can name, in English and in Chinese.
var namedColors = map[string]string{"black": "000000", "white": "FFFFFF", "red": "FF0000", "green": "00FF00",
	"blue": "0000FF", "yellow": "FFFF00", "magenta": "FF00FF", "cyan": "00FFFF",
	"黑色": "000000", "白色": "FFFFFF", "红色": "FF0000", "绿色": "00FF00", "蓝色": "0000FF", "黄色": "FFFF00",
	"洋红": "FF00FF", "蓝绿色": "00FFFF"}

// namedColor returns the color that a number format names, such as red or color 10.
func namedColor(name string) (rgb string, ok bool) {
	if rgb, ok = namedColors[name]; ok {
		return rgb, true
	}
	for _, word := range []string{"color", "颜色"} {
		if rest, found := strings.CutPrefix(name, word); found {
			if n := number(rest); 1 <= n && n <= 56 {
				return palette[n+7], true
			}
		}
	}
	return "", false
}

// isGround reports whether the color of a font equals every color of a fill.
func (k *Styles) isGround(font string, fill []string) bool {
	ink, ok := k.rgb(font, "000000")
	if !ok {
		return false
	}
	if len(fill) == 0 {
		return isNear(ink, [3]float64{255, 255, 255})
	}
	for _, f := range fill {
		if ground, ok := k.rgb(f, "FFFFFF"); !ok || !isNear(ink, ground) {
			return false
		}
	}
	return true
}

// nearMax is the difference in red, green or blue, out of 255, that the eye cannot see.
const nearMax = 16

func isNear(a, b [3]float64) bool {
	for i := range a {
		if math.Abs(a[i]-b[i]) > nearMax {
			return false
		}
	}
	return true
}

// rgb returns the red, green and blue of a color, each from 0 to 255. An automatic color counts as the given one.
// ok is false for an unknown color.
func (k *Styles) rgb(color, automatic string) (rgb [3]float64, ok bool) {
	hex := automatic
	if color != "auto" {
		p := strings.Split(color, "|")
		if len(p) != 4 {
			return rgb, false
		}
		i := number(p[2])
		switch {
		case p[0] != "":
			hex = p[0]
		case p[1] != "":
			if n := number(p[1]); n < 0 || n >= len(k.theme) {
				return rgb, false
			}
			hex = k.theme[number(p[1])]
		case p[2] == "":
		case 0 <= i && i < len(k.own):
			hex = k.own[i]
		case 0 <= i && i < 64:
			hex = palette[i]
		case i == 64:
			hex = "000000"
		case i == 65:
			hex = "FFFFFF"
		}
		hex = hex[max(0, len(hex)-6):]
		if tint, err := strconv.ParseFloat(p[3], 64); err == nil && tint != 0 && len(hex) == 6 {
			hex = tinted(hex, tint)
		}
	}
	n, err := strconv.ParseUint(hex[max(0, len(hex)-6):], 16, 32)
	return [3]float64{float64(n >> 16), float64(n >> 8 & 255), float64(n & 255)}, err == nil
}
