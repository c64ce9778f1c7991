package spreadsheet

import (
	"cmp"

	"github.com/mattn/go-runewidth"
	"github.com/xuri/excelize/v2"
)

// width ignores the settings of the environment, so that a report is the same on every machine.
var width = &runewidth.Condition{}

// Width returns the width of a text of one line. A Chinese character counts as two columns, an ambiguous one as one.
func Width(s string) int { return width.StringWidth(s) }

// PrintWide sets a sheet to print on A4 in landscape, with all columns on the width of the paper.
func PrintWide(f *excelize.File, sheet string) error {
	a4, landscape, one, any, fit := 9, "landscape", 1, 0, true
	return cmp.Or(f.SetSheetProps(sheet, &excelize.SheetPropsOptions{FitToPage: &fit}),
		f.SetPageLayout(sheet, &excelize.PageLayoutOptions{Size: &a4, Orientation: &landscape, FitToWidth: &one, FitToHeight: &any}))
}
