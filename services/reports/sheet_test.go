package reports_test

import (
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/taizhang/taizhang/services/reports"
)

// filterOf returns the range of the filter of the table, as the workbook names it.
func filterOf(f *excelize.File) string {
	for _, n := range f.GetDefinedName() {
		if n.Name == "_xlnm._FilterDatabase" {
			return n.RefersTo
		}
	}
	return ""
}

func TestAWorkbookIsLaidOutForItsReaders(t *testing.T) {
	d := small(t, "乙", strings.Repeat("很长的收款单位名称", 7))
	path := write(t, d, request(reports.XLSX, "spending", "2025-12-31", "center", "ZJ-0001"))
	f, err := excelize.OpenFile(path)
	must(t, err)
	if got := filterOf(f); !strings.HasPrefix(got, "'报表'!$A$3:$") || !strings.HasSuffix(got, "$5") {
		// not the total in row 6
		t.Errorf("the filter is over %q", got)
	}
	props, err := f.GetSheetProps("报表")
	must(t, err)
	page, err := f.GetPageLayout("报表")
	must(t, err)
	if props.FitToPage == nil || !*props.FitToPage || *page.FitToWidth != 1 || *page.FitToHeight != 0 ||
		*page.Orientation != "landscape" || *page.Size != 9 {
		t.Errorf("the page: %+v, %+v", props, page)
	}
	rows, err := f.GetRows("报表")
	must(t, err)
	total := 0.0
	for i, heading := range rows[2] {
		cell, err := excelize.CoordinatesToCellName(i+1, 3)
		must(t, err)
		id, err := f.GetCellStyle("报表", cell)
		must(t, err)
		style, err := f.GetStyle(id)
		must(t, err)
		below, err := excelize.CoordinatesToCellName(i+1, 4)
		must(t, err)
		sort, err := f.GetCellType("报表", below)
		must(t, err)
		isNumber := sort != excelize.CellTypeInlineString && sort != excelize.CellTypeSharedString && rows[3][i] != ""
		if isRight := style.Alignment.Horizontal == "right"; isNumber && !isRight || isRight && heading == "摘要" {
			t.Errorf("the heading %s over a number: %v, at the right: %v", heading, isNumber, isRight)
		}
		name, err := excelize.ColumnNumberToName(i + 1)
		must(t, err)
		width, err := f.GetColWidth("报表", name)
		must(t, err)
		total += width
	}
	if total > 200 {
		t.Errorf("the columns take %v characters", total)
	}
	high, err := f.GetRowHeight("报表", 5)
	must(t, err)
	if low, _ := f.GetRowHeight("报表", 4); high <= low {
		t.Errorf("a row of a long text is %v high, one of a short %v", high, low)
	}
	must(t, f.SetRowVisible("报表", 4, false)) // as a filter does
	must(t, f.Save())
	if o := reproduce(t, d, path); o.Differs == nil || !strings.Contains(o.Differs.Why.En, "hidden") {
		t.Errorf("a row that a filter hides: %+v", o.Differs)
	}
}
