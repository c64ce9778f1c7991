package reports_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/ledger/ledgertest"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/logstore"
	"github.com/taizhang/taizhang/services/reports"
	"github.com/taizhang/taizhang/services/seal"
	"github.com/taizhang/taizhang/services/simulator/simulatortest"
)

var passRecords = flag.Int("pass-records", 20_000, "the records of the ledger in BenchmarkReproduceEach")

// BenchmarkReproduceEach reproduces ten reports that were written at ten positions of a simulated ledger.
func BenchmarkReproduceEach(b *testing.B) {
	file, dir := filepath.Join(b.TempDir(), "history.jsonl"), filepath.Join(b.TempDir(), "ledger")
	simulatortest.History(b, file, simulatortest.Centers(*passRecords), *passRecords)
	store, err := logstore.Open(dir, logstore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	l, err := ledger.Open(b.Context(), store, ledger.Config{})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	if _, err := l.Import(b.Context(),
		ledger.ImportConfig{Files: ledgertest.Files(b, file), Account: clerk, Dir: dir}); err != nil {
		b.Fatal(err)
	}
	d := &lists.Books{Ledger: l, Register: l.Register(),
		Root: func(ctx context.Context, position uint64, see func(*events.Stored)) ([sha256.Size]byte, error) {
			return seal.Root(ctx, store, position, see)
		}}
	var files []reports.File
	for i, list := range []string{"execution", "alerts", "centers", "deferrals", "delayed", "find", "sample", "ageing",
		"duplicates", "due"} {
		position := l.Register().Position() * uint64(i+1) / 10
		r := request(reports.CSV, list, "2026-10-31")
		if list == "sample" {
			r.Question.Params["year"] = "2025"
		}
		known, err := l.KnownAt(b.Context(), ledger.Point{Position: position})
		if err != nil {
			b.Fatal(err)
		}
		made, err := reports.Make(b.Context(), &lists.Books{Ledger: l, Register: known, Root: d.Root}, r)
		if err != nil {
			b.Fatal(err)
		}
		var content bytes.Buffer
		if err := made.WriteCSV(&content); err != nil {
			b.Fatal(err)
		}
		files = append(files, reports.File{Name: fmt.Sprintf("%s.csv", list),
			Content: bytes.NewReader(content.Bytes()), Bytes: int64(content.Len())})
	}
	for b.Loop() {
		err := reports.ReproduceEach(b.Context(), d, files, func(i int, r *reports.Reproduction, err error) error {
			if err != nil || r.Differs != nil {
				b.Errorf("%s: %+v, %v", files[i].Name, r, err)
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
