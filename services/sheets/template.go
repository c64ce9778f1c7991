package sheets

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/services/spreadsheet"
)

// templateRows is the number of rows of a template that offer lists to choose from.
const templateRows = 10_000

// WriteTemplate writes an empty sheet of a kind as XLSX: headings with notes, columns with formats, and lists to
// choose from in the words of a policy. Examples stand only in the notes, so that nobody can import an example.
func WriteTemplate(to io.Writer, k *Kind, p *policy.Policy) error {
	f := excelize.NewFile()
	defer f.Close()
	sheet := k.Title.Zh
	err := f.SetSheetName(f.GetSheetName(0), sheet)
	columns := k.Under(p)
	for i := 0; err == nil && i < len(columns); i++ {
		err = templateColumn(f, sheet, i, k, &columns[i])
	}
	if err == nil {
		err = spreadsheet.PrintWide(f, sheet)
	}
	if err == nil {
		err = f.SetPanes(sheet, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"})
	}
	if err == nil {
		err = f.Write(to)
	}
	if err != nil {
		return fmt.Errorf("sheets: write template: %w", err)
	}
	return nil
}

func templateColumn(f *excelize.File, sheet string, i int, k *Kind, c *Column) error {
	name := spreadsheet.Letters(i)
	text, format, fill := spreadsheet.TextFormat, spreadsheet.TextFormat, headingFill
	switch c.Form {
	case Amount:
		format = spreadsheet.MoneyFormat
	case Day:
		format = spreadsheet.DateFormat
	case Whole:
		format = "0"
	}
	if c.Optional {
		fill = optionalFill
	}
	column, err := f.NewStyle(&excelize.Style{CustomNumFmt: &format})
	if err != nil {
		return err
	}
	heading, err := f.NewStyle(&excelize.Style{CustomNumFmt: &text, Fill: fill, Font: &excelize.Font{Bold: k.Mark == "" || c.Heading == k.Mark},
		Alignment: &excelize.Alignment{Horizontal: "center", WrapText: true}})
	if err != nil {
		return err
	}
	width := max(12, 2*len([]rune(c.Heading))+4)
	for _, step := range []func() error{
		func() error { return f.SetColStyle(sheet, name, column) },
		func() error { return f.SetColWidth(sheet, name, name, float64(width)) },
		func() error { return f.SetCellStr(sheet, name+"1", c.Heading) },
		func() error { return f.SetCellStyle(sheet, name+"1", name+"1", heading) },
		func() error { return f.AddComment(sheet, templateNote(name+"1", k.Help(c))) },
		func() error { return templateList(f, sheet, name, c) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func templateNote(at, help string) excelize.Comment {
	return excelize.Comment{Cell: at, Author: "taizhang", Text: help, Width: 280, Height: 110}
}

// The maximum lengths in a spreadsheet program of a list within a validation rule, and of its message about other
// values.
const (
	dropListMax = 255
	messageMax  = 255
)

// templateList offers the words of a column of one word as a list. A list that is too long for the validation rule
// stands on a hidden sheet, in the column with the same letters.
func templateList(f *excelize.File, sheet, name string, c *Column) error {
	if c.Form != Choice && c.Form != YesNo {
		return nil
	}
	v := excelize.NewDataValidation(true)
	v.Sqref = fmt.Sprintf("%s2:%s%d", name, name, templateRows+1)
	words := c.words()
	if joined := strings.Join(words, ","); len(utf16.Encode([]rune(joined))) > dropListMax || strings.Count(joined, ",") >= len(words) {
		if err := hiddenList(f, name, words); err != nil {
			return err
		}
		v.SetSqrefDropList(fmt.Sprintf("%s!$%s$1:$%[2]s$%d", hiddenSheet, name, len(words)))
	} else if err := v.SetDropList(words); err != nil {
		return err
	}
	message := []rune("应为：" + strings.Join(words, "、"))
	v.SetError(excelize.DataValidationErrorStyleStop, c.Heading, string(message[:min(len(message), messageMax)]))
	return f.AddDataValidation(sheet, v)
}

// hiddenSheet is the sheet with the words of long lists. Reading skips hidden sheets.
const hiddenSheet = "选项"

func hiddenList(f *excelize.File, column string, words []string) error {
	if i, err := f.GetSheetIndex(hiddenSheet); err != nil {
		return err
	} else if i < 0 {
		if _, err := f.NewSheet(hiddenSheet); err != nil {
			return err
		}
		if err := f.SetSheetVisible(hiddenSheet, false); err != nil {
			return err
		}
	}
	for i, word := range words {
		if err := f.SetCellStr(hiddenSheet, fmt.Sprint(column, i+1), word); err != nil {
			return err
		}
	}
	return nil
}
