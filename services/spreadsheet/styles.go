package spreadsheet

import (
	"encoding/xml"
	"slices"
	"strconv"
	"strings"
)

// style is what a number format makes of a number.
type style uint8

const (
	plainly style = iota // shows its digits
	asDate
	otherwise
)

// readStyles reads what the number formats of cells make of numbers. A workbook without styles shows digits.
func (w *Workbook) readStyles(part string) error {
	if w.parts[part] == nil {
		return nil
	}
	codes := map[int]string{}
	within := false
	return w.read(part, func(e xml.StartElement) error {
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
