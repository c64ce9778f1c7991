// Package workbook writes workbooks with a library that streams their rows: the reports, and how sheets are printed.
// Package spreadsheet reads them, without that library.
package workbook

import (
	"cmp"

	"github.com/xuri/excelize/v2"
)

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
