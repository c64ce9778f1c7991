package reports

import (
	"path/filepath"
	"strings"
	"unicode/utf16"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/spreadsheet"
)

// cellCharsMax is the maximum length of the text of a cell, in UTF-16 code units.
const cellCharsMax = 32_767

// bad returns an error for an invalid file or report.
func bad(zh, en string, args ...any) error { return text.Errorf(text.Invalid, zh, en, args...) }

// FormOf returns the format of a file by the extension of its name.
func FormOf(path string, forExcel bool) (FileFormat, error) {
	switch ext := strings.ToLower(filepath.Ext(path)); {
	case ext == ".xlsx": // workbooks have no variant for Excel
		return XLSX, nil
	case ext == ".csv" && forExcel:
		return ForExcel, nil
	case ext == ".csv":
		return CSV, nil
	}
	return "", bad("%s：报表文件名应以 .xlsx 或 .csv 结尾", "%s: the name of a report ends in .xlsx or .csv", path)
}

// Check returns an error if the report is too large for a spreadsheet, because a report must not be truncated. A
// CSV file without ForExcel has no limits.
func (r *Report) Check() error {
	if r.Form == CSV {
		return nil
	}
	for _, s := range r.Sheets() {
		rows := 0
		for l := range s.Lines {
			rows++
			if rows > spreadsheet.RowsMax {
				return bad("报表超过 %d 行，电子表格放不下；请缩小查询范围，或写成普通的 CSV",
					"the report has more than the %d rows of a spreadsheet; ask for less, or write plain CSV",
					spreadsheet.RowsMax)
			}
			if len(l.Cells) > spreadsheet.ColumnsMax {
				return bad("报表有 %d 列，超过电子表格的 %d 列", "the report has %d columns, a spreadsheet at most %d",
					len(l.Cells), spreadsheet.ColumnsMax)
			}
			for i, c := range l.Cells {
				if len(c.Text) > cellCharsMax && CharsOf(c.Text) > cellCharsMax {
					return bad("第 %d 行第 %d 列超过 %d 个字符，电子表格放不下；请写成普通的 CSV",
						"row %d, column %d is longer than the %d characters of a cell; write plain CSV", rows, i+1,
						cellCharsMax)
				}
			}
		}
	}
	return nil
}

// CharsOf returns the length of a text as spreadsheet programs count it, in UTF-16 code units.
func CharsOf(s string) (n int) {
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}
