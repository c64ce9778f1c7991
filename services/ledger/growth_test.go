package ledger_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/ledger/ledgertest"
	"github.com/taizhang/taizhang/services/logstore"
	"github.com/taizhang/taizhang/services/logstore/baseline"
	"github.com/taizhang/taizhang/services/simulator/simulatortest"
)

var largest = flag.Int("records", 100_000, "the largest history that BenchmarkGrowth makes")

// BenchmarkGrowth imports a simulated province of 10^4, 10^5 … records, opens it again and records more, each in a
// separate process like `taizhang`. It compares the import with appending the same bytes, a thousand lines a sync,
// and opening with one read of the files with their CRC-32C and with decoding the events alone.
func BenchmarkGrowth(b *testing.B) {
	for size := 10_000; size <= *largest; size *= 10 {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			file, dir := filepath.Join(b.TempDir(), "history.jsonl"), filepath.Join(b.TempDir(), "ledger")
			simulatortest.History(b, file, simulatortest.Centers(size), size)
			for b.Loop() {
				if err := os.RemoveAll(dir); err != nil {
					b.Fatal(err)
				}
				imported, opened := measured(b, "import", dir, file), measured(b, "open", dir, file)
				lines, whole := linesOf(b, dir)
				bare, err := baseline.Append(b.TempDir(), 1, size/1000, lines)
				if err != nil {
					b.Fatal(err)
				}
				_, read, err := baseline.Read(segments(b, dir))
				if err != nil {
					b.Fatal(err)
				}
				n := float64(size)
				b.ReportMetric(n/imported.Seconds, "import-records/s")
				b.ReportMetric(bare.Seconds()/imported.Seconds, "import-of-raw")
				b.ReportMetric(imported.PeakMB, "import-peak-MB")
				b.ReportMetric(n/opened.Seconds, "open-records/s")
				b.ReportMetric(opened.Seconds, "open-s")
				b.ReportMetric(opened.ProcessorSeconds, "open-cpu-s")
				b.ReportMetric(read.Seconds()/opened.Seconds, "open-of-raw-read")
				b.ReportMetric(opened.DecodeSeconds/opened.Seconds, "open-of-decode-only")
				b.ReportMetric(opened.PeakMB, "open-peak-MB")
				b.ReportMetric(opened.HeapMB*1e6/n, "heap-B/record")
				b.ReportMetric(opened.DatesHeapMB*1e6/n, "4-dates-heap-B/record")
				b.ReportMetric(float64(whole)/n, "disk-B/record")
				b.ReportMetric(1e3*opened.FirstSeconds, "answers-first-ms")
				b.ReportMetric(1e3*opened.AgainSeconds, "answers-again-ms")
				b.ReportMetric(measured(b, "append", dir, file).AppendsPerSecond, "append-records/s")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// measures holds the results of one process.
type measures struct {
	Seconds                                 float64
	DecodeSeconds                           float64 // of all events on all processors, from memory
	PeakMB                                  float64 // resident
	HeapMB                                  float64 // live, with one date asked of
	DatesHeapMB                             float64 // live, with four dates asked of, which is as many as are kept
	AppendsPerSecond                        float64 // after the import, by writers on centers of their own
	FirstSeconds                            float64 // alerts and execution over all centers, after opening
	CheckSeconds                            float64 // of opening and checking
	ProcessorSeconds, CheckProcessorSeconds float64
	Comparisons                             int
	Evaluations                             int
	AgainSeconds                            float64 // the same, nothing having changed; the best of five
}

// The variables that make this binary run a measurement instead of the tests.
const (
	measureWhat = "TAIZHANG_MEASURE"
	measureDir  = "TAIZHANG_MEASURE_DIR"
	measureFile = "TAIZHANG_MEASURE_FILE"
)

// measured measures in another process, with the collector set as in cmd/taizhang.
func measured(b *testing.B, what, dir, file string) (m measures) {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), measureWhat+"="+what, measureDir+"="+dir, measureFile+"="+file, "GOGC=")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		b.Fatal(err)
	}
	if err := json.Unmarshal(out, &m); err != nil {
		b.Fatal(err)
	}
	return m
}

func measure(what, dir, file string) error {
	debug.SetGCPercent(40)
	var m measures
	var err error
	switch what {
	case "import":
		err = measureImport(&m, dir, file)
	case "open":
		err = measureOpen(&m, dir)
	case "check":
		err = measureCheck(&m, dir)
	case "append":
		err = measureAppend(&m, dir)
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(m)
}

func measureImport(m *measures, dir, file string) error {
	start := time.Now()
	store, err := logstore.Open(dir, logstore.Options{})
	if err != nil {
		return err
	}
	l, err := ledger.Open(context.Background(), store, ledger.Config{})
	if err != nil {
		return err
	}
	files, err := ledgertest.Open(file)
	if err != nil {
		return err
	}
	report, err := l.Import(context.Background(), ledger.ImportConfig{Files: files, Account: importer, Dir: dir})
	if err != nil || report.Refused > 0 {
		return fmt.Errorf("imported %+v: %w", report, err)
	}
	if err := store.Close(); err != nil {
		return err
	}
	m.Seconds, m.PeakMB = time.Since(start).Seconds(), peakMB()
	return nil
}

func measureAppend(m *measures, dir string) error {
	store, err := logstore.Open(dir, logstore.Options{})
	if err != nil {
		return err
	}
	l, err := ledger.Open(context.Background(), store, ledger.Config{})
	if err != nil {
		return err
	}
	if m.AppendsPerSecond, err = appends(l); err != nil {
		return err
	}
	return store.Close()
}

// appends records trials, one after another by each writer on a center of its own. It returns the number per second.
func appends(l *ledger.Ledger) (perSecond float64, err error) {
	const total = 20_000
	ids := l.Register().IDs()
	took, err := baseline.Share(min(64, len(ids)), total, func(writer, n int) error {
		name := fmt.Sprintf("%d-%d", writer, n)
		_, err := l.Record(context.Background(),
			&events.Record{ID: idOf(name), Kind: events.KindTrialRecorded, Center: ids[writer],
				On: events.MustDate("2026-10-31"), By: events.By{Role: events.CenterRole, Actor: "c"},
				Mode: events.Enforce,
				Data: &events.TrialRecorded{Trial: name}}, importer)
		return err
	})
	return total / took.Seconds(), err
}

func measureOpen(m *measures, dir string) error {
	ctx, on := context.Background(), events.MustDate("2026-10-31")
	start := time.Now()
	var store *logstore.Store
	l, err := ledger.OpenFrom(ctx, func(replay func(events.Stored) error) (_ events.Store, err error) {
		store, err = logstore.Open(dir, logstore.Options{ReadOnly: true, Replay: replay})
		return store, err
	}, ledger.Config{ReadOnly: true})
	if err != nil {
		return err
	}
	defer store.Close()
	m.Seconds, m.ProcessorSeconds = time.Since(start).Seconds(), processorSeconds()
	ask := func() float64 {
		start := time.Now()
		if err := ledger.Evaluate(ctx, l.Register(), on); err != nil {
			panic(err)
		}
		alerts, executions := 0, 0
		for range l.Register().Alerts(on, projections.AlertFilter{}) {
			alerts++
		}
		for range l.Register().Executions(on, projections.ExecutionFilter{}) {
			executions++
		}
		if alerts == 0 || executions == 0 {
			panic("no answers")
		}
		return time.Since(start).Seconds()
	}
	m.FirstSeconds = ask()
	m.AgainSeconds = ask()
	for range 4 {
		m.AgainSeconds = min(m.AgainSeconds, ask())
	}
	m.PeakMB = peakMB()
	m.HeapMB = heapMB()
	for year := range 3 {
		if err := ledger.Evaluate(ctx, l.Register(), events.MustDate(fmt.Sprintf("%d-12-31", 2023+year))); err != nil {
			return err
		}
	}
	m.DatesHeapMB = heapMB()
	runtime.KeepAlive(l)
	m.DecodeSeconds, err = decodeOnly(ctx, store)
	return err
}

// decodeOnly decodes every event on all processors, and returns the time of decoding.
func decodeOnly(ctx context.Context, store events.Store) (seconds float64, err error) {
	const batch = 4096
	var held []events.Stored
	decode := func() error {
		start := time.Now()
		_, err := baseline.Share(runtime.GOMAXPROCS(0), runtime.GOMAXPROCS(0), func(writer, _ int) error {
			for i := writer; i < len(held); i += runtime.GOMAXPROCS(0) {
				if _, err := events.DecodeEvent(held[i]); err != nil {
					return err
				}
			}
			return nil
		})
		seconds += time.Since(start).Seconds()
		held = held[:0]
		return err
	}
	for s, err := range store.ReadAll(ctx, 0) {
		if err != nil {
			return 0, err
		}
		s.Body = append([]byte(nil), s.Body...)
		if held = append(held, s); len(held) == batch {
			if err := decode(); err != nil {
				return 0, err
			}
		}
	}
	return seconds, decode()
}

// heapMB returns the live heap.
func heapMB() float64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return float64(stats.HeapAlloc) / 1e6
}

// peakMB returns the peak of the resident memory of this process.
func peakMB() float64 {
	status, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	var kB float64
	_, _ = fmt.Sscan(rest, &kB)
	return kB * 1024 / 1e6
}

func segments(b *testing.B, dir string) []string {
	b.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.log"))
	if err != nil || len(names) == 0 {
		b.Fatal("no segments", err)
	}
	return names
}

// linesOf returns about a thousand stored lines, and the size of all.
func linesOf(b *testing.B, dir string) (thousand []byte, whole int64) {
	b.Helper()
	names := segments(b, dir)
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			b.Fatal(err)
		}
		whole += info.Size()
	}
	text, err := os.ReadFile(names[len(names)-1])
	if err != nil {
		b.Fatal(err)
	}
	lines := strings.SplitAfterN(string(text), "\n", 1001)
	return []byte(strings.Join(lines[:len(lines)-1], "")), whole
}
