//go:build e2e

// Package sidebyside measures the embedded store against PostgreSQL in one run, on the same simulated events and the
// same disk, and checks that both hold the same data and count the same money:
//
//	go test -tags e2e ./services/ledger/sidebyside -run TestSideBySide -v -args -events=100000
//
// It prints a Markdown table and asserts nothing about time. It is a package of its own because it needs a foreign
// program, and a driver that nothing else needs.
package sidebyside

import (
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/ledger/sidebyside/postgrestest"
	"github.com/taizhang/taizhang/services/logstore"
)

var size = flag.Int("events", 10_000, "so many events on each side")

const (
	writers = 64   // that write one record each at a time
	bulk    = 1000 // records of one writer at a time
	asked   = 5    // how often a question is put; its median counts
)

// The schemas of the server, each with its own table of events.
const (
	asJSON  = "as_json"  // written one by one
	inBulk  = "in_bulk"  // written a thousand at a time
	asJSONB = "as_jsonb" // a copy of the first, parsed
)

// bench is one run: the directory of both sides, and the table of results.
type bench struct {
	*testing.T
	dir   string
	pg    *postgres
	table strings.Builder
}

func TestSideBySide(t *testing.T) {
	b := &bench{T: t, dir: postgrestest.SharedDir(t)}
	b.pg = &postgres{postgrestest.Start(t, filepath.Join(b.dir, "postgres"))}
	fmt.Fprintf(&b.table, "| %d events, fdatasync %s | taizhang | PostgreSQL %s | |\n|---|--:|--:|--:|\n", *size,
		show(syncLatency(t, b.dir)), b.pg.Version(t))
	h := b.record(simulate(t, *size))
	b.append(h)
	b.appendBulk(h)
	b.read(h)
	b.execution(h)
	t.Log("\n" + b.table.String())
}

// rates adds a line with events per second. theirs may be missing.
func (b *bench) rates(what string, n int, ours, theirs time.Duration) {
	rate := func(d time.Duration) string { return fmt.Sprintf("%.0f", float64(n)/d.Seconds()) }
	b.line(what+", events/s", rate, ours, theirs)
}

// times adds a line with durations. theirs may be missing.
func (b *bench) times(what string, ours, theirs time.Duration) { b.line(what, show, ours, theirs) }

func (b *bench) line(what string, show func(time.Duration) string, ours, theirs time.Duration) {
	if theirs == 0 {
		fmt.Fprintf(&b.table, "| %s | %s | – | |\n", what, show(ours))
		return
	}
	fmt.Fprintf(&b.table, "| %s | %s | %s | %.1f× |\n", what, show(ours), show(theirs),
		theirs.Seconds()/ours.Seconds())
}

func show(d time.Duration) string { return fmt.Sprintf("%.2f ms", d.Seconds()*1e3) }

// record writes the simulated records through the ledger, with writers on different centers: each record is decoded,
// judged and appended before its writer takes the next. The resulting events are the history with which the two
// stores are measured.
func (b *bench) record(centers [][]string) *history {
	store, err := logstore.Open(filepath.Join(b.dir, "ledger"), logstore.Options{})
	check(b, err)
	l, err := ledger.Open(b.Context(), store, ledger.Config{})
	check(b, err)
	took := share(b, centers, func(_ int, lines []string) error {
		for _, line := range lines {
			rec, problems := events.DecodeRecord([]byte(line))
			if len(problems) > 0 {
				return problems
			}
			if _, err := l.Record(b.Context(), rec, ledger.Writer{Name: "importer", MayRecord: true}); err != nil {
				return err
			}
		}
		return nil
	})
	h := historyOf(b, store.ReadAll(b.Context(), 0))
	check(b, store.Close())
	b.rates(fmt.Sprintf("the whole path (decode, judge, append), %d writers of 1", writers),
		h.count-len(h.policies.events), took, 0)
	return h
}

// append writes every stream of the history, one event at a time: the policies first, as in any ledger, then the
// writers on different centers.
func (b *bench) append(h *history) {
	store, err := logstore.Open(b.log(), logstore.Options{})
	check(b, err)
	toStore := func(_ int, s stream) error {
		for i := range s.events {
			if _, err := store.Append(b.Context(), s.id, uint64(i), s.events[i:i+1]); err != nil {
				return err
			}
		}
		return nil
	}
	b.pg.CreateEvents(b, asJSON, "json")
	tables := b.pg.appenders(b, asJSON, writers)
	toTable := func(writer int, s stream) error {
		for i := range s.events {
			if _, err := tables[writer].append(b.Context(), s.id, uint64(i), &s.events[i]); err != nil {
				return err
			}
		}
		return nil
	}
	check(b, toStore(0, h.policies))
	check(b, toTable(0, h.policies))
	ours, theirs := share(b, h.centers, toStore), share(b, h.centers, toTable)
	check(b, store.Close())
	b.rates(fmt.Sprintf("durable append, %d writers of 1 (INSERT)", writers), h.count-len(h.policies.events),
		ours, theirs)
	b.pg.Analyze(b, asJSON)
	fmt.Fprintf(&b.table, "| bytes an event on disk (table with indexes) | %d | %d | |\n", bytesIn(b, b.log())/h.count,
		b.pg.bytes(b, asJSON)/h.count)
}

// log returns the directory of the store that is written one event at a time.
func (b *bench) log() string { return filepath.Join(b.dir, "log") }

// appendBulk writes the whole history to one stream, a thousand events at a time.
func (b *bench) appendBulk(h *history) {
	const name events.StreamID = "bulk"
	whole := slices.Clone(h.policies.events)
	for _, s := range h.centers {
		whole = append(whole, s.events...)
	}
	store, err := logstore.Open(filepath.Join(b.dir, "bulk"), logstore.Options{})
	check(b, err)
	b.pg.CreateEvents(b, inBulk, "json")
	write := func(do func(expected uint64, batch []events.Proposed) error) time.Duration {
		start, written := time.Now(), uint64(0)
		for batch := range slices.Chunk(whole, bulk) {
			check(b, do(written, batch))
			written += uint64(len(batch))
		}
		return time.Since(start)
	}
	ours := write(func(expected uint64, batch []events.Proposed) error {
		_, err := store.Append(b.Context(), name, expected, batch)
		return err
	})
	theirs := write(func(expected uint64, batch []events.Proposed) error {
		return b.pg.copy(b.Context(), inBulk, name, expected, batch)
	})
	b.rates(fmt.Sprintf("durable append, one writer of %d (COPY)", bulk), len(whole), ours, theirs)
	want := map[events.StreamID][]events.Proposed{name: whole}
	holds(b, "the bulk log", store.ReadAll(b.Context(), 0), want)
	holds(b, "the bulk table", b.pg.readAll(b.Context(), inBulk), want)
	check(b, store.Close())
}

// read reads everything back in the order of positions, and once more to compare it with what was written.
func (b *bench) read(h *history) {
	var opening, ours, theirs []time.Duration
	for i := range asked {
		var store *logstore.Store
		opening = append(opening, clock(b, func() (err error) {
			store, err = logstore.Open(b.log(), logstore.Options{ReadOnly: true})
			return err
		}))
		ours = append(ours, clock(b, func() error { return drain(store.ReadAll(b.Context(), 0), h.count) }))
		theirs = append(theirs, clock(b, func() error { return drain(b.pg.readAll(b.Context(), asJSON), h.count) }))
		if i == 0 {
			holds(b, "the log", store.ReadAll(b.Context(), 0), h.byStream())
			holds(b, "the table", b.pg.readAll(b.Context(), asJSON), h.byStream())
		}
		check(b, store.Close())
	}
	b.rates("read everything back in order (SELECT … ORDER BY position)", h.count, median(ours), median(theirs))
	b.rates("open the log, which reads and checks all of it", h.count, median(opening), 0)
}

// execution asks both sides for the execution of money as of one day. The answers must be equal to the fen.
func (b *bench) execution(h *history) {
	on := events.MustDate(lastDay)
	var opening, cold, unchanged []time.Duration
	var lines []projections.ExecutionLine
	for range asked {
		var l *ledger.Ledger
		var store *logstore.Store
		opening = append(opening, clock(b, func() (err error) {
			l, err = ledger.OpenFrom(b.Context(), func(replay func(events.Stored) error) (_ events.Store, err error) {
				store, err = logstore.Open(b.log(), logstore.Options{ReadOnly: true, Replay: replay})
				return store, err
			}, ledger.Config{ReadOnly: true})
			return err
		}))
		ask := func() error {
			lines = slices.Collect(l.Register().Executions(on, projections.ExecutionFilter{}))
			return nil
		}
		cold = append(cold, clock(b, ask))
		unchanged = append(unchanged, clock(b, ask))
		check(b, store.Close())
	}
	b.pg.parse(b, asJSON, asJSONB)
	b.rates("open the ledger: read, check, decode, rebuild every center", h.count, median(opening), 0)
	for _, q := range []struct {
		what, schema, query string
		args                []any
		ours                time.Duration
	}{
		{"execution of every center for the first time (SQL over json)", asJSON, postgrestest.ExecutionSQL,
			[]any{on.String()}, median(cold)},
		{"the same (SQL over jsonb)", asJSONB, postgrestest.ExecutionSQL, []any{on.String()}, median(cold)},
		{"the same when nothing changed (SELECT from a materialized view)", asJSONB, b.pg.materialize(b, asJSONB, on),
			nil, median(unchanged)},
	} {
		var theirs []time.Duration
		for range asked {
			var answer []execution
			theirs = append(theirs, clock(b, func() (err error) {
				answer, err = b.pg.execution(b.Context(), q.schema, q.query, q.args...)
				return err
			}))
			same(b, q.what, lines, answer)
		}
		b.times(q.what, q.ours, median(theirs))
	}
	b.Logf("%d lines of execution are equal on both sides", len(lines))
}
