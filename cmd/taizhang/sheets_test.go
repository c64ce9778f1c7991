package main

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// The test imports the history and then the sheet of a clerk, in each supported form of file.
func TestTheProvinceWithItsVoucherSheetGivesTheRightAnswers(t *testing.T) {
	t.Parallel()
	folder := filepath.Join("..", "..", "services", "sheets", "testdata", "zhejiang-2026")
	original, err := os.ReadFile(filepath.Join(folder, "vouchers-2026-09-10.csv"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := simplifiedchinese.GB18030.NewDecoder().Bytes(original)
	if err != nil {
		t.Fatal(err)
	}
	records := history(t, "zhejiang-2026")
	var exported string
	forms := []struct {
		name string
		file []byte
	}{
		{"GB18030", original}, {"UTF-8", text}, {"UTF-8 with a mark", append([]byte("\ufeff"), text...)},
		{"XLSX", workbook(t, text)},
	}
	if underRace {
		forms = forms[:1] // what is read from them is the same
	}
	for _, form := range forms {
		t.Run(form.name, func(t *testing.T) {
			dir := t.TempDir()
			sheet := filepath.Join(t.TempDir(), "sheet")
			if err := os.WriteFile(sheet, form.file, 0o644); err != nil {
				t.Fatal(err)
			}
			mustRun(t, "--data", dir, "import", records)
			if out := mustRun(t, "--data", dir, "import", sheet, "--actor", "c-0018"); !strings.Contains(out,
				"Read 243 records: 243 written") {
				t.Fatal(out)
			}
			if out := mustRun(t, "--data", dir, "import", sheet, "--actor", "c-0018"); !strings.Contains(out,
				"243 there already") {
				t.Error(out)
			}
			for _, verb := range []string{"alerts --all", "execution", "centers"} {
				name := filepath.Join(folder, "expected", strings.Fields(verb)[0]+".csv")
				want, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				args := append([]string{"--data", dir, "--as-of", "2026-10-31", "--output", "csv"},
					strings.Fields(verb)...)
				compareLines(t, name, ownColumns(t, mustRun(t, args...), string(want)), string(want))
			}
			all := sortedLines(mustRun(t, "--data", dir, "export")) // centers are written side by side
			if exported == "" {
				exported = all
			}
			if all != exported {
				t.Error("the records are not those of the first form")
			}
		})
	}
}

func sortedLines(text string) string {
	return strings.Join(slices.Sorted(strings.Lines(text)), "")
}

// workbook makes an XLSX of a CSV, with typed amounts and dates as in a spreadsheet program.
func workbook(t *testing.T, text []byte) []byte {
	t.Helper()
	lines, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	f := excelize.NewFile()
	defer f.Close()
	for i, line := range lines {
		for j, field := range line {
			var v any = field
			if amount, err := strconv.ParseFloat(strings.ReplaceAll(field, ",", ""), 64); i > 0 && j == 5 &&
				err == nil {
				v = amount
			}
			at, err := excelize.CoordinatesToCellName(j+1, i+1)
			if err == nil {
				err = f.SetCellValue("Sheet1", at, v)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
