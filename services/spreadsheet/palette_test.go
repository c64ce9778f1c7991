package spreadsheet

import (
	"math"
	"strconv"
	"testing"

	"github.com/xuri/excelize/v2"
)

// The test compares with the library that writes workbooks.
func TestColorsAreThoseOfAnotherProgram(t *testing.T) {
	for i, want := range excelize.IndexedColorMapping[:len(palette)] {
		if palette[i] != want {
			t.Errorf("color %d is %s, want %s", i, palette[i], want)
		}
	}
	parts := func(hex string) (list [3]int64) {
		for i := range list {
			list[i], _ = strconv.ParseInt(hex[2*i:2*i+2], 16, 64)
		}
		return list
	}
	for _, hex := range append(palette[:], "4472C4", "70AD47", "010203", "FDFEFF") {
		for _, tint := range []float64{-1, -0.75, -0.4999, -0.1, 0.05, 0.3999, 0.8, 1} {
			got, want := parts(tinted(hex, tint)), parts(excelize.ThemeColor(hex, tint)[2:])
			for i := range got {
				if math.Abs(float64(got[i]-want[i])) > 1 {
					t.Errorf("%s with tint %v is %v, want %v", hex, tint, got, want)
				}
			}
		}
	}
	if got := tinted("none", 0.5); got != "none" {
		t.Errorf("a text that is no color becomes %q", got)
	}
}
