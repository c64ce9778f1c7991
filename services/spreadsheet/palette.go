package spreadsheet

import (
	"fmt"
	"math"
	"strconv"
)

// palette holds the colors that a workbook names by their index, unless it has a palette of its own.
var palette = [64]string{
	"000000", "FFFFFF", "FF0000", "00FF00", "0000FF", "FFFF00", "FF00FF", "00FFFF",
	"000000", "FFFFFF", "FF0000", "00FF00", "0000FF", "FFFF00", "FF00FF", "00FFFF",
	"800000", "008000", "000080", "808000", "800080", "008080", "C0C0C0", "808080",
	"9999FF", "993366", "FFFFCC", "CCFFFF", "660066", "FF8080", "0066CC", "CCCCFF",
	"000080", "FF00FF", "FFFF00", "00FFFF", "800080", "800000", "008080", "0000FF",
	"00CCFF", "CCFFFF", "CCFFCC", "FFFF99", "99CCFF", "FF99CC", "CC99FF", "FFCC99",
	"3366FF", "33CCCC", "99CC00", "FFCC00", "FF9900", "FF6600", "666699", "969696",
	"003366", "339966", "003300", "333300", "993300", "993366", "333399", "333333",
}

// tinted returns a color of six hexadecimal digits made darker by a tint from -1 to 0, or lighter by one from 0 to 1.
// The tint moves the lightness of the color towards black or white, and keeps its hue and saturation. A text that is
// no color stays as it is.
func tinted(hex string, tint float64) string {
	n, err := strconv.ParseUint(hex, 16, 32)
	if err != nil {
		return hex
	}
	rgb := [3]float64{float64(n>>16&255) / 255, float64(n>>8&255) / 255, float64(n&255) / 255}
	light := (max(rgb[0], rgb[1], rgb[2]) + min(rgb[0], rgb[1], rgb[2])) / 2
	lightTo := light * (1 + tint)
	if tint > 0 {
		lightTo = light*(1-tint) + tint
	}
	// chromaMax returns the largest difference between the parts of a color of a lightness.
	chromaMax := func(l float64) float64 { return 1 - math.Abs(2*l-1) }
	for i, part := range rgb {
		scale := 0.0 // black and white have no hue
		if widest := chromaMax(light); widest > 0 {
			scale = chromaMax(lightTo) / widest
		}
		rgb[i] = math.Round(255 * max(0, min(1, lightTo+(part-light)*scale)))
	}
	return fmt.Sprintf("%02X%02X%02X", int(rgb[0]), int(rgb[1]), int(rgb[2]))
}
