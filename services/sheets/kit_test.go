package sheets

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
)

// clerk reads beside a ledger in which ZJ-0018 has the records of entries.
var clerk = ReadConfig{Actor: "c-0018", Records: func(center events.CenterID) ([]*events.Record, error) {
	if center != "ZJ-0018" {
		return nil, nil
	}
	return entries, nil
}}

const voucherHeadings = "凭证号,日期,中心编号,经费下达编号,用途,金额(元),收款单位,摘要,经济分类,外拨,委托任务书编号\n"

// readFile reads a file that is held in memory.
func readFile(b []byte, cfg ReadConfig) (*Book, error) {
	return read(bytes.NewReader(b), int64(len(b)), cfg)
}

// readBytes reads a file that is held in memory and returns its first sheet.
func readBytes(b []byte, cfg ReadConfig) (*Sheet, error) {
	book, err := readFile(b, cfg)
	if err != nil {
		return nil, err
	}
	return book.Sheets[0], nil
}

func mustRead(t testing.TB, text string) *Sheet {
	t.Helper()
	return mustReadAs(t, clerk, text)
}

func mustReadAs(t testing.TB, cfg ReadConfig, text string) *Sheet {
	t.Helper()
	s, err := readBytes([]byte(text), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// refusedWhole returns the reason why a whole file is refused. It fails the test for any other error.
func refusedWhole(t testing.TB, b []byte) string {
	t.Helper()
	_, err := readBytes(b, clerk)
	var e *text.Error
	if !errors.As(err, &e) || e.Text().Zh == "" {
		t.Fatalf("got %v, want a refusal", err)
	}
	return e.Text().En
}

// recordsOf returns the records of a sheet as lines of JSON, and fails the test if a row is bad.
func recordsOf(t testing.TB, s *Sheet) (lines []string) {
	t.Helper()
	for _, g := range s.Given() {
		if g.Record == nil {
			t.Fatalf("row %d: %v", g.Line, g.Problems)
		}
		line, err := events.EncodeRecord(g.Record)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(line))
	}
	return lines
}

// badOf returns the reasons against the rows of a sheet, as "row heading: reason".
func badOf(s *Sheet) (list []string) {
	for _, g := range s.Given() {
		if len(g.Problems) == 0 {
			continue
		}
		for _, f := range s.Findings(ledger.BadRecord{Origin: ledger.Origin{Line: g.Line}}) {
			list = append(list, fmt.Sprintf("%d %s: %s", f.Row, f.Field, f.Reason.En))
		}
	}
	return list
}

func expect(t testing.TB, got []string, want ...string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Errorf("got nothing, want %q", want[i])
		case i >= len(want):
			t.Errorf("got %q, want nothing", got[i])
		case !strings.Contains(got[i], want[i]):
			t.Errorf("got %q, want %q", got[i], want[i])
		}
	}
}

// theProvinces returns the voucher sheet of the province, in GB18030.
func theProvinces(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "zhejiang-2026", "vouchers-2026-09-10.csv"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// makeXLSX returns a workbook with one sheet that has the headings of vouchers and the rows of fill.
func makeXLSX(t testing.TB, fill func(f *excelize.File, sheet string) error) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	heads := strings.Split(strings.TrimSpace(voucherHeadings), ",")
	err := f.SetSheetRow("Sheet1", "A1", &heads)
	if err == nil {
		err = fill(f, "Sheet1")
	}
	var out bytes.Buffer
	if err == nil {
		err = f.Write(&out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
