package spreadsheet

import (
	"encoding/xml"
	"slices"
	"strconv"
	"strings"
)

// Format is the way in which a number format shows a number.
type Format uint8

// The formats.
const (
	Plainly   Format = iota // shows its digits
	AsAmount                // with separators, a fixed number of decimals, or a currency
	AsDate                  // as a date, if the number is a valid day
	Otherwise               // as a percentage, a time, a fraction, a power of ten
)

// readStyles reads the number formats of cells. A workbook without styles shows digits.
func (w *Workbook) readStyles(part string) error {
	if w.parts[part] == nil {
		return nil
	}
	codes := map[int]string{}
	within := false
	return w.read(part, func(e xml.StartElement) error {
		id, _ := strconv.Atoi(attribute(e, "numFmtId")) // 0, the general format, if it has none
		switch e.Name.Local {
		case "numFmt":
			codes[id] = attribute(e, "formatCode")
		case "cellXfs":
			within = true
		case "cellStyleXfs", "cellStyles", "dxfs":
			within = false
		case "xf":
			if within {
				w.styles = append(w.styles, formatOf(id, codes[id]))
			}
		}
		return nil
	})
}

// formatOf returns the Format of a number format. It knows the date formats among the built-in ones, including those
// for China, and reads the code of other formats.
func formatOf(id int, code string) Format {
	switch {
	case code != "":
		return formatOfCode(code)
	case id <= 1 || id == 49:
		return Plainly
	case id <= 8 || 37 <= id && id <= 44:
		return AsAmount
	case 14 <= id && id <= 17 || id == 22 || 27 <= id && id <= 31 || id == 36 || 50 <= id && id <= 54 || id == 57 || id == 58:
		return AsDate
	}
	return Otherwise
}

// formatOfCode returns the Format of a format code. A code with y or d outside quotes and brackets is a date. A code
// that shows the digits unchanged is plain.
func formatOfCode(code string) Format {
	var bare strings.Builder
	for i := 0; i < len(code); i++ {
		switch c := code[i]; c {
		case '"', '[':
			end := strings.IndexByte(code[i+1:], map[byte]byte{'"': '"', '[': ']'}[c])
			if end < 0 {
				return Otherwise
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
		return AsDate
	case slices.Contains([]string{"general", "g/通用格式", "0", "@"}, strings.TrimSpace(first)): // with the Chinese name of the general format
		return Plainly
	case strings.ContainsAny(first, "%:/hs") || strings.Contains(first, "e+") || strings.Contains(first, "e-") || !strings.ContainsAny(first, "0#"):
		return Otherwise
	}
	return AsAmount
}
