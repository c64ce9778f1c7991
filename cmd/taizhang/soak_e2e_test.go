//go:build e2e

package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

var soak = flag.Duration("soak", 9*time.Second,
	"how long the server is under load while it is killed and started again")

// soakLife is the time for which a server runs in a long soak before it is killed. In a short one it is a third of
// that.
const soakLife = 30 * time.Second

// The maximum additional consumption of a server, compared with the first server at the same age, while only a stream
// is open. A few more goroutines and descriptors may come from the scrape itself, a closing connection, or a new
// segment of the log. Memory is the live heap after a collection. It grows with the ledger, because every record is in
// memory: some 270 bytes a record. It also grows with the age of a server, because lists whose pages were read are
// kept for five minutes, up to 256 MiB.
const (
	soakRoutinesMore  = 20
	soakFilesMore     = 20
	soakHeapMore      = 64 << 20
	soakBytesARecord  = 512
	soakQuietDeadline = 15 * time.Second
)

// The test loads a server as an office does, while the server is killed and started again. In the end each
// acknowledged record must be there once, and no forbidden record. A record without an answer may be there once or
// not at all, until a repeat settles it. A stream that was resumed many times must have yielded each record once. The
// memory, goroutines and descriptors of the server must not have grown.
func TestSoak(t *testing.T) {
	dir := t.TempDir()
	l := newSoakLoad(t, dir)
	p := startServe(t, dir)
	l.url.Store(&p.url)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var clients, follower sync.WaitGroup
	for range soakWriters {
		clients.Go(func() { l.write(ctx) })
	}
	for range soakReaders {
		clients.Go(func() { l.read(ctx) })
	}
	clients.Go(func() { l.importFiles(ctx) })
	var last atomic.Uint64
	var followed []string
	follower.Go(func() { followed = l.follow(t.Context(), &last) })
	life := min(soakLife, *soak/3)
	var first [2]consumption // at each age
	lives := 0
	for end := time.Now().Add(*soak); time.Now().Before(end) && !t.Failed(); lives++ {
		born := time.Now()
		for age, share := range []time.Duration{4, 10} { // twelfths of its life
			<-time.After(time.Until(born.Add(life * share / 12)))
			used := l.measure(p, first[age])
			if lives == 0 {
				first[age] = used
			}
			t.Logf("life %d: %v", lives, used)
		}
		<-time.After(time.Until(born.Add(life)))
		if code := p.end(syscall.SIGKILL); code != -1 {
			t.Errorf("exit %d: %s", code, p.log)
		}
		begun := time.Now()
		p = startServe(t, dir)
		l.url.Store(&p.url)
		t.Logf("life %d: the next one serves after %v", lives, time.Since(begun))
	}
	cancel()
	clients.Wait()
	if t.Failed() {
		return
	}
	p = l.checkUnanswered(p)
	l.settleAll(p, &last)
	follower.Wait()
	if code := p.end(syscall.SIGTERM); code != 0 {
		t.Errorf("exit %d: %s", code, p.log)
	}
	l.checkSettled(dir, followed)
	t.Logf("%d lives, %d records, %v", lives, len(followed), l.count)
	for _, what := range []string{"a write", "a hasty write", "a batch with a bad record", "a bad token",
		"a record of another center", "a try", "a dry run", "a repeat", "an import", "a read"} {
		if l.count[what] == 0 {
			t.Errorf("the load had no %s", what)
		}
	}
}

// consumption is the memory, goroutines and descriptors of a server, with its number of records.
type consumption struct {
	routines, files       int
	heap, resident, count int64
}

func (u consumption) String() string {
	return fmt.Sprintf("%d records, %d goroutines, %d files, %d MiB live, %d MiB resident", u.count, u.routines,
		u.files, u.heap>>20, u.resident>>20)
}

// within reports whether a server uses no more than another did, apart from the memory of its records.
func (u consumption) within(first consumption) bool {
	return u.routines <= first.routines+soakRoutinesMore && u.files <= first.files+soakFilesMore &&
		u.heap <= first.heap+soakHeapMore+soakBytesARecord*(u.count-first.count)
}

// measure returns the consumption of a server while its clients pause. It waits for running work to end. The test
// fails if the consumption is larger than that of the first server, unless that is zero.
func (l *soakLoad) measure(p *process, first consumption) (u consumption) {
	l.gate.Lock()
	defer l.gate.Unlock()
	l.client.CloseIdleConnections()
	for deadline := time.Now().Add(soakQuietDeadline); ; time.Sleep(20 * time.Millisecond) {
		if status, _ := p.owner("/debug/pprof/heap?gc=1"); status != http.StatusOK { // collects
			l.t.Fatalf("the heap is answered with %d", status)
		}
		before := u
		u = p.consumes()
		if quiet := u.routines == before.routines && u.files == before.files; quiet &&
			(first.routines == 0 || u.within(first)) {
			return u
		}
		if time.Now().After(deadline) {
			_, stacks := p.owner("/debug/pprof/goroutine?debug=1")
			l.t.Errorf("a server grows: first %v, now %v\n%.5000s", first, u, stacks)
			return u
		}
	}
}

// consumes returns the consumption of the server from its metrics.
func (p *process) consumes() consumption {
	p.t.Helper()
	_, metrics := p.owner("/metrics")
	value := func(name string) int64 {
		found := regexp.MustCompile(`(?m)^` + name + ` (.+)$`).FindStringSubmatch(metrics)
		if found == nil {
			p.t.Fatalf("no metric %s", name)
		}
		f, err := strconv.ParseFloat(found[1], 64)
		if err != nil {
			p.t.Fatal(err)
		}
		return int64(f)
	}
	return consumption{int(value("go_goroutines")), int(value("process_open_fds")),
		value("go_memstats_heap_alloc_bytes"), value("process_resident_memory_bytes"),
		value("taizhang_applied_position")}
}

// there returns the number of times that each record is in an export, and the spending of the load's vouchers.
func there(export string) (times map[string]int, spent int64) {
	times = map[string]int{}
	for line := range strings.Lines(export) {
		if id := recordID(line); id != "" {
			times[id]++
		}
		if strings.Contains(line, `"kind":"funds.spent"`) {
			spent += spentFen
		}
	}
	return times, spent
}

// checkUnanswered kills the server, compares the stored records with the answers, and returns the next server.
func (l *soakLoad) checkUnanswered(p *process) *process {
	l.t.Helper()
	p.end(syscall.SIGKILL)
	times, _ := there(runs(l.t, p.dir, "export"))
	for id, f := range l.fates {
		if n := times[id]; f == acked && n != 1 || f == sent && n > 1 || f == forbidden && n != 0 {
			l.t.Errorf("the record %s is there %d times, and its answer was %d", id, n, f)
		}
	}
	for id := range times {
		if _, made := l.fates[id]; !made {
			l.t.Errorf("the record %s is there and was never sent", id)
		}
	}
	p = startServe(l.t, p.dir)
	l.url.Store(&p.url)
	return p
}

// settleAll sends the records without an answer again, and one more record, whose position it stores before that
// record is sent.
func (l *soakLoad) settleAll(p *process, last *atomic.Uint64) {
	l.t.Helper()
	l.t.Logf("%d records were sent and not answered", len(l.lines))
	for id, line := range l.lines {
		var center int
		_, rest, _ := strings.Cut(line, `"center":"ZJ-`)
		if _, err := fmt.Sscanf(rest, "%04d", &center); err != nil {
			l.t.Fatal(err)
		}
		status, said, err := l.ask(l.t.Context(), http.MethodPost, "/v1/records", l.centers[center-1],
			linesMedia, line)
		if err != nil || status != http.StatusCreated && status != http.StatusOK {
			l.t.Fatalf("a repeat of %s is answered with %d %.500s, %v", line, status, said, err)
		}
		l.fates[id] = acked
	}
	ids, body := l.records(0, 1, sent)
	last.Store(uint64(p.consumes().count) + 1)
	if !l.bring(l.t.Context(), "the last record", "/v1/records", l.centers[0], body) {
		l.t.Error("the last record is not acknowledged")
	}
	l.settle(ids)
}

// checkSettled compares the ledger with the acknowledged records and with the records that a stream yielded.
func (l *soakLoad) checkSettled(dir string, followed []string) {
	l.t.Helper()
	export := runs(l.t, dir, "export")
	times, spent := there(export)
	expected := 0
	for id, f := range l.fates {
		if f == acked {
			if expected++; times[id] != 1 {
				l.t.Errorf("the record %s was acknowledged and is there %d times", id, times[id])
			}
		}
	}
	if len(times) != expected {
		l.t.Errorf("%d records are there, %d were acknowledged", len(times), expected)
	}
	seen := map[string]int{}
	for _, id := range followed {
		seen[id]++
	}
	for id := range times {
		if seen[id] != 1 {
			l.t.Errorf("the stream gave the record %s %d times", id, seen[id])
		}
	}
	if len(seen) != len(times) {
		l.t.Errorf("the stream gave %d records, the ledger has %d", len(seen), len(times))
	}
	told := int64(0)
	for line := range strings.Lines(runs(l.t, dir, "execution", "--output", "csv")) {
		// center,fiscalYear,scope,grantedFen,…
		if fields := strings.Split(line, ","); fields[1] == "2025" && fields[2] == "province" {
			fen, err := strconv.ParseInt(fields[7], 10, 64)
			if err != nil {
				l.t.Fatal(err)
			}
			told += fen
		}
	}
	if told != spent {
		l.t.Errorf("the vouchers spent %d fen, the table of execution says %d", spent, told)
	}
	begun := time.Now()
	if said := runs(l.t, dir, "check"); !strings.Contains(said, "The ledger is sound.") {
		l.t.Errorf("check says %s", said)
	}
	l.t.Logf("checked in %v; %d fen are spent", time.Since(begun), spent)
}
