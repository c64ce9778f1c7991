package spreadsheet

import (
	"cmp"
	"encoding/xml"
	"strconv"
	"strings"
)

// style holds the parts of a cell's look that change the meaning of its value.
type style struct {
	format *format
	struck bool
}

// style returns the style with an index, or the plain style.
func (w *Workbook) style(i int) style {
	if 0 <= i && i < len(w.styles) {
		return w.styles[i]
	}
	return style{}
}

// readStyles reads the number formats and fonts of cells. A workbook without styles shows digits.
func (w *Workbook) readStyles(name string) error {
	if w.parts[name] == nil {
		return nil
	}
	codes := map[int]string{}
	formats := map[int]*format{}
	var struck []bool    // by font
	list, part := "", "" // the elements being read
	black := false       // the difference being read sets a black font, as LibreOffice does for every one
	return w.read(name, func(e xml.StartElement) error {
		id, _ := strconv.Atoi(attribute(e, "numFmtId")) // 0, the general format, if it has none
		tag := e.Name.Local
		switch tag {
		case "numFmts", "fonts", "cellXfs", "cellStyleXfs", "cellStyles", "dxfs", "tableStyles", "colors", "extLst":
			list = tag
		case "font", "fill", "border":
			part = tag
		}
		switch {
		case list == "numFmts" && tag == "numFmt":
			codes[id] = attribute(e, "formatCode")
		case list == "fonts" && tag == "font":
			struck = append(struck, false)
		case list == "fonts" && tag == "strike" && len(struck) > 0:
			struck[len(struck)-1] = isOn(e)
		case list == "cellXfs" && tag == "xf":
			if _, known := formats[id]; !known {
				formats[id] = parseFormat(cmp.Or(codes[id], builtIn[id]))
			}
			font, err := strconv.Atoi(attribute(e, "fontId"))
			w.styles = append(w.styles,
				style{formats[id], err == nil && 0 <= font && font < len(struck) && struck[font]})
		case list == "dxfs" && tag == "dxf":
			w.differences, black = append(w.differences, ConditionalFormat{}), false
		case list == "dxfs" && tag == "color" && part == "font" && isBlack(e):
			black = true
		case list == "dxfs" && len(w.differences) > 0 && part == "fill" && black && isBlack(e):
			w.differences[len(w.differences)-1].FontColor = true
		case list == "dxfs" && len(w.differences) > 0 &&
			(tag == "numFmt" || tag == "color" && part == "font" && !isTextColor(e)):
			last := &w.differences[len(w.differences)-1]
			last.NumFmt, last.FontColor = last.NumFmt || tag == "numFmt", last.FontColor || tag == "color"
		}
		return nil
	})
}

// isTextColor reports whether a color is the default color of texts, which some programs write for every font.
func isTextColor(e xml.StartElement) bool {
	tint := attribute(e, "tint")
	return len(e.Attr) == 0 || isTrue(attribute(e, "auto")) ||
		attribute(e, "theme") == "1" && (tint == "" || isZero(tint)) || attribute(e, "indexed") == "64"
}

func isBlack(e xml.StartElement) bool { return attribute(e, "rgb") == "FF000000" }

// isOn reports whether an element such as strike is on: without a value it is.
func isOn(e xml.StartElement) bool {
	val := attribute(e, "val")
	return val == "" || isTrue(val)
}

// runs collects the effects of the parts of a text that have fonts of their own.
type runs struct {
	hasStruck       bool // a part is struck through
	hasOwn, hasCell bool // a part has a font of its own, or the font of the cell
	isOwn, isStruck bool // for the part being read

	color  string // the color of the part being read, as colorOf returns it, or ""
	colors string // the colors of the parts, one a line
}

// begin reads the font of a part: an element rPr, strike or color.
func (r *runs) begin(e xml.StartElement) {
	switch e.Name.Local {
	case "rPr":
		r.isOwn = true
		return
	case "color":
		r.color = colorOf(e)
		return
	}
	r.isStruck = isOn(e)
}

// add adds text of a part.
func (r *runs) add(text string) {
	if strings.TrimSpace(text) == "" {
		return
	}
	if r.color != "" && !strings.Contains(r.colors, r.color) {
		r.colors += r.color + "\n"
	}
	r.hasStruck = r.hasStruck || r.isStruck
	r.hasOwn, r.hasCell = r.hasOwn || r.isOwn, r.hasCell || !r.isOwn
}

// end ends a part.
func (r *runs) end() { r.isOwn, r.isStruck, r.color = false, false, "" }

// struck reports whether a part of the text is struck through, in a cell with the given style.
func (r runs) struck(look style) bool { return r.hasStruck || look.struck && (r.hasCell || !r.hasOwn) }
