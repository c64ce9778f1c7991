package reports_test

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/xuri/excelize/v2"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/files"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/ledger/ledgertest"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/reports"
	"github.com/taizhang/taizhang/services/seal"
	"github.com/taizhang/taizhang/services/spreadsheet/xlsxtest"
	"github.com/taizhang/taizhang/services/workbook"
)

var clerk = ledger.Writer{Name: "clerk", MayRecord: true}

// newDesk returns a desk over a new ledger with the records of a file.
func newDesk(t testing.TB, history string) *lists.Books {
	t.Helper()
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	return newDeskAt(t, history, func() time.Time { now = now.Add(time.Millisecond); return now })
}

// newDeskAt does the same as newDesk with a clock.
func newDeskAt(t testing.TB, history string, now func() time.Time) *lists.Books {
	t.Helper()
	store := memstore.New(now)
	l, err := ledger.Open(t.Context(), store, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if history != "" {
		if _, err := l.Import(t.Context(),
			ledger.ImportConfig{Files: ledgertest.Files(t, history), Account: clerk}); err != nil {
			t.Fatal(err)
		}
	}
	root := func(ctx context.Context, position uint64, see func(*events.Stored)) ([sha256.Size]byte, error) {
		return seal.Root(ctx, store, position, see)
	}
	return &lists.Books{Ledger: l, Register: l.Register(), Root: root}
}

// historyOf returns the path of a history of the repository, unpacked if needed.
func historyOf(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join("..", "..", "aggregates", "testdata", name, "history.jsonl")
	packed, err := os.Open(path + ".gz")
	if os.IsNotExist(err) {
		return path
	}
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	z, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "history.jsonl")
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// small returns a ledger of one center with a grant and a few vouchers. payees are further payees of vouchers.
func small(t testing.TB, payees ...string) *lists.Books {
	t.Helper()
	d := newDesk(t, "")
	record(t, d,
		`"kind":"center.registered","on":"2025-01-10","by":{"role":"center","actor":"c-1"},"data":{"name":"甲中心","uscc":"91330106MAC1K2L32C","leadUnit":"甲","type":"pilot-base","services":["pilot"],"leadingIndustries":["生物医药"],"industryCode":"C2710","region":"330106","foundedOn":"2015-01-01","legalEntity":true,"newUnit":false,"usableAreaM2":9000,"equipmentFen":9000000000,"relaxationRequested":false,"pilotFunction":true,"pilotDevicesSeparate":true,"fields":["other"],"ethicsSensitive":false,"ethicsCommittee":false,"documents":[]}`)
	record(t, d,
		`"kind":"subsidy.granted","on":"2025-02-01","by":{"role":"finance","actor":"f-1"},"mode":"record","doc":"浙财科教〔2025〕1号","data":{"grant":"00123","category":"other","source":"province-other","fiscalYear":2025,"amountFen":10000000000000}`)
	record(t, d,
		`"kind":"subsidy.received","on":"2025-03-01","by":{"role":"finance","actor":"f-1"},"data":{"grant":"00123","amountFen":9999999999999}`)
	for i, payee := range payees {
		encoded, err := json.Marshal(payee)
		if err != nil {
			t.Fatal(err)
		}
		record(t, d,
			fmt.Sprintf(
				`"kind":"funds.spent","on":"2025-06-%02d","by":{"role":"center","actor":"c-1"},"data":{"voucher":"V%d","payee":%s,"use":"pilot","lines":[{"grant":"00123","amountFen":%d}],"summary":"中试"}`, i+1, i+1, encoded, 4000001+i))
	}
	return d
}

// record writes one record of ZJ-0001. Its id is computed from tail.
func record(t testing.TB, d *lists.Books, tail string) {
	t.Helper()
	text := fmt.Sprintf(`{"id":"%s","center":"ZJ-0001",%s}`, uuid.NewSHA1(uuid.NameSpaceOID, []byte(tail)), tail)
	rec, problems := events.DecodeRecord([]byte(text))
	if len(problems) > 0 {
		t.Fatalf("%s: %v", text, problems)
	}
	if _, err := d.Ledger.Record(t.Context(), rec, clerk); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// write writes the answer to a question to a new file of a form.
func write(t testing.TB, d *lists.Books, r reports.Request) string {
	t.Helper()
	report, err := reports.Make(t.Context(), d, r)
	if err != nil {
		t.Fatalf("%+v: %v", r.Question, err)
	}
	name := "report.csv"
	if r.Form == reports.XLSX {
		name = "report.xlsx"
	}
	path := filepath.Join(t.TempDir(), name)
	if err := files.Create(path, func(to io.Writer) error { return workbook.WriteReport(report, to) }); err != nil {
		t.Fatalf("%+v: %v", r.Question, err)
	}
	if r.Form == reports.XLSX {
		content, err := os.ReadFile(path)
		if n := xlsxtest.ColumnsInOrder(t, content); err != nil || n != 2 {
			t.Errorf("%+v: %d sheets tell their columns, %v", r.Question, n, err)
		}
	}
	return path
}

func reproduceFile(t testing.TB, d *lists.Books, path string) (*reports.Reproduction, error) {
	f, size, err := files.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return reports.Reproduce(t.Context(), d, path, f, size)
}

func reproduce(t testing.TB, d *lists.Books, path string) *reports.Reproduction {
	t.Helper()
	o, err := reproduceFile(t, d, path)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// request asks for a list in Chinese as of a date.
func request(form reports.FileFormat, list, on string, params ...string) reports.Request {
	q := lists.Question{List: list, On: events.MustDate(on), Params: map[string]string{}}
	for i := 0; i < len(params); i += 2 {
		q.Params[params[i]] = params[i+1]
	}
	return reports.Request{Question: q, Lang: "zh", Form: form, Version: "v1"}
}

var forms = []reports.FileFormat{reports.XLSX, reports.CSV, reports.ForExcel}

func importFile(t testing.TB, d *lists.Books, path string) {
	t.Helper()
	if _, err := d.Ledger.Import(t.Context(),
		ledger.ImportConfig{Files: ledgertest.Files(t, path), Account: clerk}); err != nil {
		t.Fatal(err)
	}
}

// pointBefore returns a point before the first record.
func pointBefore() ledger.Point { return ledger.Point{At: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)} }

func asParam(err error, to **text.Error) bool { return errors.As(err, to) }

func number(t testing.TB, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// cellOf finds the first cell of the table that holds a value.
func cellOf(t testing.TB, f *excelize.File, value string) string {
	t.Helper()
	rows, err := f.GetRows("报表", excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		for j, v := range row {
			if v == value {
				cell, _ := excelize.CoordinatesToCellName(j+1, i+1)
				return cell
			}
		}
	}
	t.Fatalf("there is no %q in %q", value, rows)
	return ""
}

func lastRow(t testing.TB, f *excelize.File) int {
	t.Helper()
	rows, err := f.GetRows("报表")
	if err != nil {
		t.Fatal(err)
	}
	return len(rows)
}
