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

// Margins of printed paper, in inches. The footer stands in the lower one.
const (
	sideInches   = 0.4
	upperInches  = 0.6
	footerInches = 0.3
)

// PrintWide sets a sheet to print on A4 in landscape, with all columns on the width of the paper.
func PrintWide(f *excelize.File, sheet string) error {
	a4, landscape, one, any, fit := 9, "landscape", 1, 0, true
	side, upper, footer := sideInches, upperInches, footerInches
	return cmp.Or(f.SetPageMargins(sheet, &excelize.PageLayoutMarginsOptions{
		Left: &side, Right: &side, Top: &upper, Bottom: &upper, Header: &footer, Footer: &footer}),
		f.SetSheetProps(sheet, &excelize.SheetPropsOptions{FitToPage: &fit}),
		f.SetPageLayout(sheet, &excelize.PageLayoutOptions{Size: &a4, Orientation: &landscape, FitToWidth: &one,
			FitToHeight: &any}))
}
