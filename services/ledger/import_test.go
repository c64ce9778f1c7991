package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/taizhang/taizhang/aggregates/difference"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/events/storetest"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/ledger/ledgertest"
)

func TestAGoodFileIsImportedWholeAndAgainChangesNothing(t *testing.T) {
	l, store := newLedger(t)
	path := file(t, line("a", registered), line("b", granted), "", line("c", received)+"\r", line("d", spent))
	report, bad := imports(t, l, ledger.ImportConfig{Files: ledgertest.Files(t, path)})
	if want := (ledger.ImportReport{Read: 4, Accepted: 4}); report != want || len(bad) != 0 {
		t.Errorf("got %+v, %+v", report, bad)
	}
	n := count(t, store)
	report, bad = imports(t, l, ledger.ImportConfig{Files: ledgertest.Files(t, path)})
	if want := (ledger.ImportReport{Read: 4, Repeated: 4}); report != want || len(bad) != 0 || count(t, store) != n {
		t.Errorf("again: got %+v, %+v", report, bad)
	}
}

func TestAByteOrderMarkBeginsAFileAndNoRecord(t *testing.T) {
	l, _ := newLedger(t)
	const mark = "\ufeff"
	path := file(t, mark+line("a", registered), line("b", granted), mark+line("c", received))
	report, bad := imports(t, l, ledger.ImportConfig{Files: ledgertest.Files(t, path, path), AcceptGood: true})
	if want := (ledger.ImportReport{Read: 6, Accepted: 2, Repeated: 2, Refused: 2}); report != want || len(bad) != 2 ||
		bad[0].Line != 3 {
		t.Errorf("got %+v, %+v", report, bad)
	}
}

func TestARecordTooLargeForItsOwnExportIsRefused(t *testing.T) {
	l, _ := newLedger(t)
	noted := func(bytes int) string {
		text := line("a", registered)
		start := strings.TrimSuffix(text, "}") + `,"note":"`
		return start + strings.Repeat("x", bytes-len(start)-len(`"}`)) + `"}`
	}
	report, bad := imports(t, l,
		ledger.ImportConfig{Files: ledgertest.Files(t, file(t, noted(events.RecordBytesMax)))})
	if report.Refused != 1 || !strings.Contains(bad[0].Breaches[0].Reason.En, "written out in full") {
		t.Errorf("got %+v, %+v", report, bad)
	}
	report, bad = imports(t, l, ledger.ImportConfig{
		Files: ledgertest.Files(t, file(t, noted(events.RecordBytesMax-len(`,"mode":"enforce"`))))})
	if report.Accepted != 1 {
		t.Fatalf("got %+v, %+v", report, bad)
	}
	var out bytes.Buffer
	if _, err := l.Export(t.Context(), &out, nil, nil); err != nil {
		t.Fatal(err)
	}
	again, _ := newLedger(t)
	if report, bad := imports(t, again,
		ledger.ImportConfig{
			Files: ledgertest.Files(t, file(t, strings.TrimSuffix(out.String(), "\n")))}); report.Accepted != 1 ||
		report.Repeated != 1 {
		t.Errorf("got %+v, %+v", report, bad)
	}
}

func TestEveryBadRecordIsListedAndNothingIsWritten(t *testing.T) {
	l, store := newLedger(t)
	path := file(t,
		line("a", registered),
		`{"id":1}`,
		line("b", granted),
		`not json`,
		line("c", strings.Replace(received, `"amountFen":100000`, `"amountFen":"x"`, 1)),
		line("d", overspent),
		strings.Repeat("x", events.RecordBytesMax+1),
		line("e", orphaned))
	report, bad := imports(t, l, ledger.ImportConfig{Files: ledgertest.Files(t, path)})
	if want := (ledger.ImportReport{Read: 8, Refused: 6}); report != want {
		t.Errorf("got %+v", report)
	}
	var lines []int
	for _, b := range bad {
		lines = append(lines, b.Line)
		if b.File != path || len(b.Breaches) == 0 || b.Breaches[0].Reason.Zh == "" {
			t.Errorf("got %+v", b)
		}
	}
	if !slices.Equal(lines, []int{2, 4, 5, 6, 7, 8}) {
		t.Fatalf("listed %v", lines)
	}
	if field := bad[2].Breaches[0].Field; field != "data.amountFen" || bad[3].Breaches[0].Rule != events.Overdrawn ||
		bad[3].ID != idOf("d") {
		t.Errorf("got %+v", bad)
	}
	if !strings.Contains(bad[4].Breaches[0].Reason.En, "1048576") {
		t.Errorf("a line over the limit is refused as %q", bad[4].Breaches[0].Reason.En)
	}
	if n := count(t, store); n != 0 {
		t.Errorf("the store has %d events", n)
	}
}

func TestGoodRecordsAreWrittenIfAskedAndWhatDependsOnABadOneIsBad(t *testing.T) {
	l, store := newLedger(t)
	badGrant := strings.Replace(granted, `"doc":"浙财科教〔2025〕1号",`, "", 1)
	path := file(t, line("a", registered), line("b", badGrant), line("c", received),
		line("e",
			`"kind":"interview.held","on":"2025-02-01","by":{"role":"st-office","actor":"s"},"mode":"record","doc":"浙试〔2025〕1号","data":{"year":2024,"principal":true}`))
	report, bad := imports(t, l, ledger.ImportConfig{Files: ledgertest.Files(t, path), AcceptGood: true})
	if want := (ledger.ImportReport{Read: 4, Accepted: 2, Refused: 2}); report != want {
		t.Errorf("got %+v, %+v", report, bad)
	}
	if n := count(t, store); n != 3 {
		t.Errorf("the store has %d events", n)
	}
	report, _ = imports(t, l, ledger.ImportConfig{Files: ledgertest.Files(t, path), AcceptGood: true})
	if want := (ledger.ImportReport{Read: 4, Repeated: 2, Refused: 2}); report != want {
		t.Errorf("again: got %+v", report)
	}
}

func TestARecordThatNoStoreWouldHoldIsBadAndNotAFailure(t *testing.T) {
	l, _ := newLedger(t)
	long := strings.Repeat("号", events.RecordBytesMax/3-200)
	path := file(t, line("a", registered), line("b", strings.Replace(granted, "浙财科教〔2025〕1号", long, 1)))
	_, bad := imports(t, l, ledger.ImportConfig{Files: ledgertest.Files(t, path)})
	if len(bad) != 1 || bad[0].Line != 2 {
		t.Errorf("%d bad records", len(bad))
	}
}

func TestARecordTwiceInAFileIsOneRecord(t *testing.T) {
	l, _ := newLedger(t)
	path := file(t, line("a", registered), line("b", granted), line("b", granted), line("a", registered))
	report, bad := imports(t, l, ledger.ImportConfig{Files: ledgertest.Files(t, path)})
	if want := (ledger.ImportReport{Read: 4, Accepted: 2, Repeated: 2}); report != want || len(bad) != 0 {
		t.Errorf("got %+v, %+v", report, bad)
	}
}

func TestAnIdTwiceInAFileWithOtherContentIsBad(t *testing.T) {
	l, _ := newLedger(t)
	path := file(t, line("a", registered), line("b", granted), line("b", strings.Replace(granted, "G1", "G2", 1)))
	_, bad := imports(t, l, ledger.ImportConfig{Files: ledgertest.Files(t, path)})
	if len(bad) != 1 || bad[0].Line != 3 || bad[0].Breaches[0].Field != "id" {
		t.Errorf("got %+v", bad)
	}
}

func TestFilesAreTakenTogether(t *testing.T) {
	l, _ := newLedger(t)
	files := []string{file(t, line("a", registered)), file(t, line("b", granted)),
		file(t, line("c", received), line("x", orphaned))}
	_, bad := imports(t, l, ledger.ImportConfig{Files: ledgertest.Files(t, files...)})
	if len(bad) != 1 || bad[0].File != files[2] || bad[0].Line != 2 {
		t.Errorf("got %+v", bad)
	}
	report, bad := imports(t, l, ledger.ImportConfig{Files: ledgertest.Files(t, files...)[:2]})
	if report.Accepted != 2 || len(bad) != 0 {
		t.Errorf("got %+v, %+v", report, bad)
	}
}

func TestAnExportImportsToTheSameAnswers(t *testing.T) {
	l, _ := newLedger(t)
	province := simulated(t, 1000, 2)
	for _, path := range []string{testdata(t, "edges"), province} {
		report, bad := imports(t, l, ledger.ImportConfig{Files: ledgertest.Files(t, path)})
		if len(bad) != 0 || report.Accepted != report.Read {
			t.Fatalf("%s: got %+v, %d bad", path, report, len(bad))
		}
	}
	var out bytes.Buffer
	n, err := l.Export(t.Context(), &out, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "export.jsonl")
	if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	other, store := newLedger(t)
	report, bad := imports(t, other, ledger.ImportConfig{Files: ledgertest.Files(t, path)})
	if len(bad) != 0 || report.Read != n || report.Repeated != 1 { // the built-in policy
		t.Errorf("got %+v, %+v", report, bad)
	}
	want := answers(l.Register())
	if answers(other.Register()) != want {
		t.Error("the copy answers otherwise")
	}
	if answers(open(t, store).Register()) != want {
		t.Error("the copy answers otherwise when it is rebuilt")
	}
}

// failsAt returns a store whose n-th and later appends fail and store nothing.
func failsAt(store events.Store, n int64) events.Store {
	return &storetest.Faulty{Store: store, Plan: func(i int64) storetest.Fault {
		if i >= n {
			return storetest.FailedNotStored
		}
		return storetest.Works
	}}
}

func TestAnInterruptedImportLeavesPrefixesAndIsFinishedByRunningItAgain(t *testing.T) {
	const total = 36_000
	path := simulated(t, total, 20)
	inFile := map[events.StreamID][]string{}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for l := range bytes.Lines(text) {
		rec, problems := events.DecodeRecord(l)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		inFile[rec.Stream()] = append(inFile[rec.Stream()], rec.ID.String())
	}
	whole, _ := newLedger(t)
	imports(t, whole, ledger.ImportConfig{Files: ledgertest.Files(t, path)})
	want := answers(whole.Register())
	for _, n := range []int64{6, 30} {
		store := memstore.New(ticking())
		_, err := open(t, failsAt(store, n)).Import(t.Context(),
			ledger.ImportConfig{Files: ledgertest.Files(t, path), Account: importer})
		if !errors.Is(err, ledger.ErrStopped) {
			t.Fatalf("interrupted at append %d: got %v", n, err)
		}
		for stream, ids := range inFile {
			i := 0
			for s, err := range store.ReadStream(t.Context(), stream, 0) {
				if err != nil || s.ID.String() != ids[i] {
					t.Fatalf("interrupted at append %d: %s is no prefix at %d: %v", n, stream, i, err)
				}
				i++
			}
		}
		there := count(t, store) - 1
		l := open(t, store)
		report, bad := imports(t, l, ledger.ImportConfig{Files: ledgertest.Files(t, path)})
		if len(bad) != 0 || report.Repeated != there || report.Accepted != total-there {
			t.Errorf("interrupted at append %d, run again: got %+v with %d there", n, report, there)
		}
		if answers(l.Register()) != want {
			t.Errorf("interrupted at append %d: other answers", n)
		}
	}
}

func TestAnImportEndsWithItsContext(t *testing.T) {
	path := simulated(t, 1000, 2)
	l, _ := newLedger(t)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := l.Import(ctx, ledger.ImportConfig{Files: ledgertest.Files(t, path), Account: importer,
		Progress: func(done, total int64) {
			if done >= total/2 {
				cancel()
			}
		}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// endsAt is a store that accepts one event per append, and cancels a context at its n-th append.
type endsAt struct {
	events.Store
	n   atomic.Int64
	end func()
}

// AppendBytesMax implements events.Limited.
func (s *endsAt) AppendBytesMax() int { return 1 }

func (s *endsAt) Append(ctx context.Context, stream events.StreamID, expected uint64,
	batch []events.Proposed) ([]events.Place, error) {
	if s.n.Add(-1) == 0 {
		s.end()
	}
	return s.Store.Append(ctx, stream, expected, batch)
}

func TestAnImportThatEndsWhileItWritesLeavesALedgerThatAnswersWhatIsStored(t *testing.T) {
	const total = 1000
	path := simulated(t, total, 12)
	store := memstore.New(ticking())
	s := &endsAt{Store: store}
	l := open(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	s.end = cancel
	s.n.Store(6)
	_, err := l.Import(ctx, ledger.ImportConfig{Files: ledgertest.Files(t, path), Account: importer})
	if there := count(t, store); !errors.Is(err, context.Canceled) || there < 6 || there > 6+12 {
		// an append that has begun ends well
		t.Errorf("got %v and %d events", err, there)
	}
	if answers(l.Register()) != answers(open(t, store).Register()) {
		t.Error("the ledger does not answer what is stored")
	}
	if report, bad := imports(t, l, ledger.ImportConfig{Files: ledgertest.Files(t, path)}); report.Accepted+
		report.Repeated != total || len(bad) > 0 {
		t.Errorf("again, got %+v, %v", report, bad)
	}
}

func TestAPolicyInAFileLiesBetweenWhatIsBeforeAndAfterIt(t *testing.T) {
	l, store := newLedger(t)
	adoption, err := events.EncodeRecord(ledger.Adoption(secondPolicy(t)))
	if err != nil {
		t.Fatal(err)
	}
	path := file(t, line("a", registered), line("b", granted), string(adoption), line("c", received))
	if report, bad := imports(t, l, ledger.ImportConfig{Files: ledgertest.Files(t, path)}); report.Accepted != 4 {
		t.Fatalf("got %+v, %v", report, bad)
	}
	var got []string
	for s, err := range store.ReadAll(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		rec, err := events.DecodeEvent(s)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(rec.Kind)+" "+rec.Policy.Version)
	}
	if want := []string{"center.registered 2", "subsidy.granted 2", "policy.adopted ",
		"subsidy.received 3"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestProgressReachesItsTotal(t *testing.T) {
	path := simulated(t, 1000, 2)
	l, _ := newLedger(t)
	var last string
	imports(t, l, ledger.ImportConfig{Files: ledgertest.Files(t, path), Progress: func(done, total int64) {
		last = fmt.Sprint(done == total, total > 0)
	}})
	if last != "true true" {
		t.Errorf("got %s", last)
	}
}

// version returns the adoption of the built-in policy under another version.
func version(t testing.TB, number int) *events.Record {
	t.Helper()
	p, problems := policy.Parse(bytes.Replace(policy.Builtin().Text(), []byte(`"version": "2"`),
		fmt.Appendf(nil, `"version": "%d"`, number), 1))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return ledger.Adoption(p)
}

// overtaken returns an import of files that calls meanwhile between judging and writing, with the number of the run
// from 1.
func overtaken(files []ledger.ImportFile, meanwhile func(run int)) ledger.ImportConfig {
	started := &rewound{ReadSeeker: files[0].Content}
	files[0].Content = started
	called := 0
	return ledger.ImportConfig{Files: files, Progress: func(done, total int64) {
		if done >= total/2 && called < started.runs {
			called = started.runs
			meanwhile(started.runs)
		}
	}}
}

// rewound counts how often a file is read from its start.
type rewound struct {
	io.ReadSeeker
	runs int
}

func (r *rewound) Seek(offset int64, whence int) (int64, error) {
	r.runs++
	return r.ReadSeeker.Seek(offset, whence)
}

func TestWhoeverWritesDuringAnImportIsNotWrittenOver(t *testing.T) {
	adopts := func(t *testing.T, l *ledger.Ledger, rec *events.Record) {
		if _, err := l.Record(t.Context(), rec, importer); err != nil {
			t.Error(err)
		}
	}
	lines := []string{line("a", registered), line("b", granted), line("c", received), line("d", spent)}
	for name, c := range map[string]struct {
		meanwhile func(*testing.T, *ledger.Ledger)
		runs      int
		want      ledger.ImportReport
		bad       []int // the lines
		events    int   // of the store
	}{
		"nobody": {
			func(*testing.T, *ledger.Ledger) {}, 1, ledger.ImportReport{Read: 4, Accepted: 4}, nil, 5},
		"the same center": {func(t *testing.T, l *ledger.Ledger) { write(t, l, "x", registered) }, 2,
			ledger.ImportReport{Read: 4, Refused: 1}, []int{1}, 2},
		"the same record": {func(t *testing.T, l *ledger.Ledger) { write(t, l, "a", registered) }, 1,
			ledger.ImportReport{Read: 4, Accepted: 3, Repeated: 1}, nil, 5},
		"a record that goes with": {
			func(t *testing.T, l *ledger.Ledger) { write(t, l, "a", registered); write(t, l, "x", fined2) }, 1,
			ledger.ImportReport{Read: 4, Accepted: 3, Repeated: 1}, nil, 6},
		"a policy": {func(t *testing.T, l *ledger.Ledger) { adopts(t, l, version(t, 3)) }, 2,
			ledger.ImportReport{Read: 4, Accepted: 4}, nil, 6},
	} {
		t.Run(name, func(t *testing.T) {
			l, store := newLedger(t)
			runs := 0
			report, bad := imports(t, l, overtaken(ledgertest.Files(t, file(t, lines...)), func(run int) {
				if runs = run; run == 1 {
					c.meanwhile(t, l)
				}
			}))
			var at []int
			for _, b := range bad {
				at = append(at, b.Line)
			}
			if report != c.want || runs != c.runs || !slices.Equal(at, c.bad) || count(t, store) != c.events {
				t.Errorf("got %+v in %d runs, bad %+v, %d events", report, runs, bad, count(t, store))
			}
			if answers(l.Register()) != answers(open(t, store).Register()) || l.Announced() != 0 {
				t.Error("the ledger does not answer what is stored")
			}
		})
	}
}

// The copies of the centers do not have records that somebody else writes while the files are judged. A record of the
// files that the ledger has by then is judged on the same copy as the records after it, so that these are not refused
// for lack of it.
func TestARecordThatSomebodyElseWritesWhileAFileIsJudgedIsNotMissed(t *testing.T) {
	l, store := newLedger(t)
	write(t, l, "a", registered)
	lines := []string{line("a", registered)}
	for range 300 { // more than are judged before the first call of Progress
		lines = append(lines, line("x", fined2))
	}
	lines = append(lines, line("b", granted), line("c", received))
	once := false
	report, bad := imports(t, l,
		ledger.ImportConfig{Files: ledgertest.Files(t, file(t, lines...)), Progress: func(int64, int64) {
			if !once {
				once = true
				write(t, l, "b", granted)
			}
		}})
	if want := (ledger.ImportReport{Read: 303, Accepted: 2, Repeated: 301}); report != want || len(bad) != 0 ||
		count(t, store) != 5 {
		t.Errorf("got %+v, bad %+v, %d events", report, bad, count(t, store))
	}
}

// fined2 is a record that needs only a registration.
const fined2 = `"kind":"trial.recorded","on":"2025-02-01","by":{"role":"center","actor":"c-1"},"data":{"trial":"T1","onProductionLine":false}`

// Records that an overtaken run wrote count as written, and a bad line is reported once, as the last run judged it.
func TestAnImportThatRunsAgainCountsAllAndTellsOnce(t *testing.T) {
	inner := memstore.New(ticking())
	store := &hooked{Store: inner, bytes: 1} // each record an append
	l := open(t, store)
	write(t, l, "a", registered)
	once := false
	store.after = func(places []events.Place) {
		if places[0].Revision == 3 && !once { // two of the import are written
			once = true
			two := open(t, inner)
			write(t, two, "x", spent) // of another process: what follows is refused now
		}
	}
	runs := 0
	cfg := overtaken(ledgertest.Files(t, file(t,
		line("a", registered), line("b", granted), line("c", received), line("o", orphaned), line("d", spent),
		line("e", fined), line("p", overspent))), func(run int) { runs = run })
	cfg.AcceptGood = true
	report, bad := imports(t, l, cfg)
	var lines []int
	for _, b := range bad {
		lines = append(lines, b.Line)
	}
	if want := (ledger.ImportReport{Read: 7, Accepted: 3, Repeated: 1, Refused: 3}); report != want || runs != 2 ||
		!slices.Equal(lines, []int{4, 5, 7}) {
		t.Errorf("got %+v in %d runs, told %v", report, runs, lines)
	}
	if bad[1].ID != idOf("d") || len(bad[1].Breaches) == 0 || !strings.Contains(bad[1].Breaches[0].Reason.Zh, "V1") {
		t.Errorf("told %+v", bad[1])
	}
	if answers(l.Register()) != answers(open(t, inner).Register()) {
		t.Error("the ledger does not answer what is stored")
	}
}

func TestAnImportThatIsOvertakenAgainAndAgainSaysSo(t *testing.T) {
	l, store := newLedger(t)
	runs := 0
	var bad []ledger.BadRecord
	cfg := overtaken(ledgertest.Files(t, file(t, line("a", registered), line("o", orphaned))), func(run int) {
		runs = run
		if _, err := l.Record(t.Context(), version(t, 3+run), importer); err != nil {
			t.Error(err)
		}
	})
	cfg.Account, cfg.AcceptGood, cfg.Bad = importer, true, func(b ledger.BadRecord) { bad = append(bad, b) }
	_, err := l.Import(t.Context(), cfg)
	told := text.Of(err)
	if text.CodeOf(err) != text.Conflict || !strings.Contains(told.Zh, "再导入一次") ||
		!strings.Contains(told.En, "run the import again") || runs != 5 || len(bad) != 1 || count(t, store) != 6 {
		t.Errorf("got %v in %d runs, %d events, bad %+v", err, runs, count(t, store), bad)
	}
	if report, _ := imports(t, l,
		ledger.ImportConfig{AcceptGood: true,
			Files: ledgertest.Files(t, file(t, line("a", registered), line("o", orphaned)))}); report.Accepted != 1 {
		t.Errorf("again: %+v", report)
	}
}

func TestADryRunOfAnImportWritesNothing(t *testing.T) {
	l, store := newLedger(t)
	write(t, l, "a", registered)
	on := events.MustDate("2025-06-30")
	trial := func(l *ledger.Ledger, acceptGood bool) (ledger.ImportReport, []ledger.CenterMoves, int) {
		var list []ledger.CenterMoves
		bad := 0
		report, err := l.Import(t.Context(), ledger.ImportConfig{
			Account: importer, AcceptGood: acceptGood, DryRun: true, AsOf: on, Bad: func(ledger.BadRecord) { bad++ },
			Moves: func(m ledger.CenterMoves) { list = append(list, m) }, Files: ledgertest.Files(t, file(t,
				line("a", registered), line("b", granted), line("c", received), line("d", fined), line("o", orphaned),
				strings.Replace(line("z", registered), "ZJ-0001", "ZJ-0002", 1),
				strings.Replace(line("t", strings.Replace(fined2, "2025-02-01", "2025-09-01", 1)), "ZJ-0001",
					"ZJ-0002", 1)))})
		if err != nil {
			t.Fatal(err)
		}
		return report, list, bad
	}
	for _, acceptGood := range []bool{false, true} {
		report, list, bad := trial(l, acceptGood)
		if want := (ledger.ImportReport{Read: 7, Accepted: 5, Repeated: 1, Refused: 1, Warnings: 1}); report != want ||
			bad != 1 || count(t, store) != 2 {
			t.Errorf("got %+v, %d bad, %d events", report, bad, count(t, store))
		}
		if len(list) != 2 || list[0].Center != "ZJ-0001" || list[0].AsOf != on ||
			list[1].AsOf != events.MustDate("2025-09-01") || list[1].Moved.Status != "registered" {
			t.Fatalf("got %+v", list)
		}
		// It is what writing them does.
		before := l.Register().Evaluation("ZJ-0001", on)
		two, _ := newLedger(t)
		for _, tail := range []string{registered, granted, received, fined} {
			write(t, two, map[string]string{registered: "a", granted: "b", received: "c", fined: "d"}[tail], tail)
		}
		if want := difference.Of(before, two.Register().Evaluation("ZJ-0001", on)); len(want.Raised()) == 0 ||
			fmt.Sprint(want.Money, moves(want.Alerts)) != fmt.Sprint(list[0].Moved.Money, told(list[0])) {
			t.Errorf("got %+v, want %+v", list[0].Moved, want)
		}
	}
	readOnly, err := ledger.Open(t.Context(), store, ledger.Config{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if report, _, _ := trial(readOnly, false); report.Accepted != 5 {
		t.Errorf("reading only: %+v", report)
	}
}

func told(m ledger.CenterMoves) string { return moves(m.Moved.Alerts) }

func TestWhatIsLaidByLeavesNothingBehindAndFailsByName(t *testing.T) {
	l, store := newLedger(t)
	path := file(t, line("a", registered), line("b", granted))
	if _, err := l.Import(t.Context(),
		ledger.ImportConfig{Files: ledgertest.Files(t, path), Dir: filepath.Join(t.TempDir(), "none")}); !errors.Is(
		err, os.ErrNotExist) || count(t, store) != 0 {
		t.Errorf("got %v", err)
	}
	dir := t.TempDir()
	imports(t, l, ledger.ImportConfig{Files: ledgertest.Files(t, path), Dir: dir})
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
}

// narrow is a store that accepts few bytes in one append.
type narrow struct {
	events.Store
	appends atomic.Int64
}

func (*narrow) AppendBytesMax() int { return 100_000 }

func (s *narrow) Append(ctx context.Context, stream events.StreamID, expected uint64,
	batch []events.Proposed) ([]events.Place, error) {
	s.appends.Add(1)
	size := 0
	for _, p := range batch {
		size += len(p.Body.String()) + 2*len(p.Kind)
	}
	if size > s.AppendBytesMax() {
		return nil, fmt.Errorf("an append of %d bytes", size)
	}
	return s.Store.Append(ctx, stream, expected, batch)
}

func TestACenterOfMoreRecordsThanAnAppendTakesIsImported(t *testing.T) {
	lines := []string{line("a", registered)}
	for n := range events.BatchMax + 500 {
		lines = append(lines, line(fmt.Sprint("trial", n),
			fmt.Sprintf(
				`"kind":"trial.recorded","on":"2025-02-01","by":{"role":"center","actor":"c-1"},"data":{"trial":"%d","onProductionLine":false}`, n)))
	}
	path := file(t, lines...)
	for _, store := range []events.Store{memstore.New(ticking()), &narrow{Store: memstore.New(ticking())}} {
		l := open(t, store)
		if report, bad := imports(t, l, ledger.ImportConfig{Files: ledgertest.Files(t, path)}); report.Accepted != len(
			lines) || len(bad) > 0 {
			t.Errorf("got %+v, %+v", report, bad)
		}
		if got := l.Register().Revision("center-ZJ-0001"); got != uint64(len(lines)) {
			t.Errorf("the center is at revision %d of %d", got, len(lines))
		}
		if s, ok := store.(*narrow); ok && s.appends.Load() < 20 {
			t.Errorf("%d appends", s.appends.Load())
		}
	}
}

// A bad record that is held until the last run must be passed to Bad like one that is passed at once.
func TestABadRecordThatIsHeldIsTheSame(t *testing.T) {
	path := file(t, line("a", registered), line("b", granted), line("c", received), line("o", orphaned),
		line("p", overspent), "{", "\"\xff\"")
	var told [2][]ledger.BadRecord
	for i, acceptGood := range []bool{false, true} {
		l, _ := newLedger(t)
		_, told[i] = imports(t, l, ledger.ImportConfig{AcceptGood: acceptGood, Files: ledgertest.Files(t, path)})
	}
	if len(told[0]) != 4 || len(told[0][1].Breaches[0].Figures) == 0 || fmt.Sprint(told[0]) != fmt.Sprint(told[1]) {
		t.Errorf("as they are found:\n%+v\nheld:\n%+v", told[0], told[1])
	}
}
