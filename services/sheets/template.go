package sheets

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/services/spreadsheet"
	"github.com/taizhang/taizhang/services/workbook"
)

// templateRows is the number of rows of a template that offer lists to choose from.
const templateRows = 10_000

// WriteTemplate writes an empty sheet of a kind as XLSX: headings with notes, columns with formats, and lists to
// choose from in the words of a policy. Examples stand only in the notes, so that nobody can import an example.
func WriteTemplate(to io.Writer, k *SheetKind, p *policy.Policy) error {
	return WriteFilled(to, k, p, nil)
}

// WriteFilled writes a template with rows filled in. A row holds its cells by heading.
func WriteFilled(to io.Writer, k *SheetKind, p *policy.Policy, rows []map[string]any) error {
	f := excelize.NewFile()
	defer f.Close()
	sheet := k.Title.Zh
	err := f.SetSheetName(f.GetSheetName(0), sheet)
	columns := k.Under(p)
	for i := 0; err == nil && i < len(columns); i++ {
		var look int
		if look, err = dress(f, sheet, i, 1, k, &columns[i]); err == nil {
			at := spreadsheet.Letters(i) + "1"
			err = cmp.Or(f.SetCellStr(sheet, at, columns[i].Heading), f.SetCellStyle(sheet, at, at, look))
		}
		for j := 0; err == nil && j < len(rows); j++ {
			if value, ok := rows[j][columns[i].Heading]; ok {
				err = f.SetCellValue(sheet, fmt.Sprint(spreadsheet.Letters(i), j+2), value)
			}
		}
	}
	if err == nil {
		err = workbook.PrintWide(f, sheet)
	}
	if err == nil {
		err = freeze(f, sheet, 1)
	}
	if err == nil {
		err = f.Write(to)
	}
	if err != nil {
		return fmt.Errorf("sheets: write template: %w", err)
	}
	return nil
}

// freeze keeps the rows down to the headings visible when the sheet is scrolled.
func freeze(f *excelize.File, sheet string, headings int) error {
	return f.SetPanes(sheet, &excelize.Panes{
		Freeze: true, YSplit: headings, TopLeftCell: fmt.Sprintf("A%d", headings+1), ActivePane: "bottomLeft"})
}

// cellFormat returns the number format of the cells of a column.
func (c *SheetColumn) cellFormat() string {
	switch c.Form {
	case Amount:
		return spreadsheet.MoneyFormat
	case Day:
		return spreadsheet.DateFormat
	case Whole:
		return "0"
	}
	return spreadsheet.TextFormat
}

// dress formats column i of a worksheet for a column of the kind: the number format and width, the note on the
// heading in the given row (from 1), and the list of words in the rows below. It returns the style of the heading.
func dress(f *excelize.File, sheet string, i, row int, k *SheetKind, c *SheetColumn) (heading int, err error) {
	name := spreadsheet.Letters(i)
	text, format, fill := spreadsheet.TextFormat, c.cellFormat(), headingFill
	if c.Optional {
		fill = optionalFill
	}
	column, err := f.NewStyle(&excelize.Style{CustomNumFmt: &format})
	if err != nil {
		return 0, err
	}
	heading, err = f.NewStyle(&excelize.Style{
		CustomNumFmt: &text, Fill: fill, Font: &excelize.Font{Bold: k.Mark == "" || c.Heading == k.Mark},
		Alignment: &excelize.Alignment{Horizontal: "center", WrapText: true}})
	if err != nil {
		return 0, err
	}
	for _, step := range []func() error{
		func() error { return f.SetColStyle(sheet, name, column) },
		func() error { return f.SetColWidth(sheet, name, name, c.width()) },
		func() error { return f.AddComment(sheet, noteAt(fmt.Sprint(name, row), k.Help(c))) },
		func() error { return offer(f, sheet, name, row, c) },
	} {
		if err := step(); err != nil {
			return 0, err
		}
	}
	return heading, nil
}

// width returns the width of a column in characters, so that its heading is in one line.
func (c *SheetColumn) width() float64 { return float64(max(12, 2*len([]rune(c.Heading))+4)) }

func noteAt(at, help string) excelize.Comment {
	return excelize.Comment{Cell: at, Author: "taizhang", Text: help, Width: 280, Height: 110}
}

// These are the maximum lengths, in a spreadsheet program, of a list within a validation rule and of the message
// about other values.
const (
	dropListMax = 255
	messageMax  = 255
)

// offer adds a list of the words of a column to the rows below the headings. A list that is too long for the
// validation rule goes to a hidden sheet.
func offer(f *excelize.File, sheet, name string, headings int, c *SheetColumn) error {
	if c.Form != Choice && c.Form != YesNo {
		return nil
	}
	v := excelize.NewDataValidation(true)
	v.Sqref = fmt.Sprintf("%[1]s%[2]d:%[1]s%[3]d", name, headings+1, min(headings+templateRows, spreadsheet.RowsMax))
	words := c.words()
	if joined := strings.Join(words, ","); len(utf16.Encode([]rune(joined))) > dropListMax ||
		strings.Count(joined, ",") >= len(words) {
		at, err := hiddenList(f, name, words)
		if err != nil {
			return err
		}
		v.SetSqrefDropList(fmt.Sprintf("%s!$%s$1:$%[2]s$%d", hiddenSheet, at, len(words)))
	} else if err := v.SetDropList(words); err != nil {
		return err
	}
	message := []rune("应为：" + strings.Join(words, "、"))
	v.SetError(excelize.DataValidationErrorStyleStop, c.Heading, string(message[:min(len(message), messageMax)]))
	return f.AddDataValidation(sheet, v)
}

// hiddenSheet is the sheet with the words of long lists. Reading skips hidden sheets.
const hiddenSheet = "选项"

// hiddenList writes words to the hidden sheet, in the column from or, if that is taken, in the next free one. It
// returns the letters of the column.
func hiddenList(f *excelize.File, from string, words []string) (letters string, err error) {
	if i, err := f.GetSheetIndex(hiddenSheet); err != nil {
		return "", err
	} else if i < 0 {
		if _, err := f.NewSheet(hiddenSheet); err != nil {
			return "", err
		}
		if err := f.SetSheetVisible(hiddenSheet, false); err != nil {
			return "", err
		}
	}
	column, err := excelize.ColumnNameToNumber(from)
	if err != nil {
		return "", err
	}
	for ; ; column++ {
		letters = spreadsheet.Letters(column - 1)
		if taken, err := f.GetCellValue(hiddenSheet, letters+"1"); err != nil {
			return "", err
		} else if taken == "" {
			break
		}
	}
	for i, word := range words {
		if err := f.SetCellStr(hiddenSheet, fmt.Sprint(letters, i+1), word); err != nil {
			return "", err
		}
	}
	return letters, nil
}
