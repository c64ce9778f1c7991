package spreadsheet

import (
	"cmp"

	"github.com/mattn/go-runewidth"
	"github.com/xuri/excelize/v2"
)

// width follows no setting of the environment: a report is the same wherever it is written.
var width = &runewidth.Condition{}

// Width returns how wide a text of one line is, in columns of which a Chinese character takes two and an ambiguous one one.
func Width(s string) int { return width.StringWidth(s) }

// PrintWide makes a sheet print on A4, lying, all columns on the width of the paper.
func PrintWide(f *excelize.File, sheet string) error {
	a4, landscape, one, any, fit := 9, "landscape", 1, 0, true
	return cmp.Or(f.SetSheetProps(sheet, &excelize.SheetPropsOptions{FitToPage: &fit}),
		f.SetPageLayout(sheet, &excelize.PageLayoutOptions{Size: &a4, Orientation: &landscape, FitToWidth: &one, FitToHeight: &any}))
}
