package ledger_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/logstore"
	"github.com/taizhang/taizhang/services/simulator/simulatortest"
)

// BenchmarkCheck opens a ledger and checks it, in a separate process like `taizhang check`. check-of-open is the time
// of both as a multiple of the time of opening alone. cpu-of-open is the same in processor time, which other programs
// disturb less.
func BenchmarkCheck(b *testing.B) {
	b.Run(fmt.Sprint(*largest), func(b *testing.B) {
		file, dir := filepath.Join(b.TempDir(), "history.jsonl"), filepath.Join(b.TempDir(), "ledger")
		simulatortest.History(b, file, simulatortest.Centers(*largest), *largest)
		measured(b, "import", dir, file)
		for b.Loop() {
			m := measured(b, "check", dir, file)
			b.ReportMetric(m.Seconds, "open-s")
			b.ReportMetric(m.CheckSeconds, "check-s")
			b.ReportMetric(m.CheckSeconds/m.Seconds, "check-of-open")
			b.ReportMetric(m.CheckProcessorSeconds/m.ProcessorSeconds, "cpu-of-open")
			b.ReportMetric(float64(m.Evaluations), "naive-evaluations")
			b.ReportMetric(float64(m.Comparisons), "comparisons")
			b.ReportMetric(m.PeakMB, "check-peak-MB")
		}
		b.ReportMetric(0, "ns/op")
	})
}

func measureCheck(m *measures, dir string) error {
	ctx, start := context.Background(), time.Now()
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
	report, err := l.Check(ctx,
		ledger.CheckConfig{On: events.MustDate("2026-10-31"), Found: func(f ledger.Finding) { panic(f.What.En) }})
	m.CheckSeconds, m.Comparisons, m.Evaluations, m.PeakMB = time.Since(start).Seconds(), report.Comparisons,
		report.Evaluations, peakMB()
	m.CheckProcessorSeconds = processorSeconds()
	return err
}

// processorSeconds returns the processor time that this process has used.
func processorSeconds() float64 {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
