package spreadsheet

import (
	"cmp"

	"github.com/xuri/excelize/v2"
)

// PrintWide makes a sheet print on A4, lying, all columns on the width of the paper.
func PrintWide(f *excelize.File, sheet string) error {
	a4, landscape, one, any, fit := 9, "landscape", 1, 0, true
	return cmp.Or(f.SetSheetProps(sheet, &excelize.SheetPropsOptions{FitToPage: &fit}),
		f.SetPageLayout(sheet, &excelize.PageLayoutOptions{Size: &a4, Orientation: &landscape, FitToWidth: &one, FitToHeight: &any}))
}
