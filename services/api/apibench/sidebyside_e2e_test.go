//go:build e2e

package apibench

import (
	"bytes"
	"encoding/csv"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/ledger/sidebyside/postgrestest"
	"github.com/taizhang/taizhang/services/logstore"
)

var requests = flag.Int("requests", 400,
	"how many requests of the fast kinds TestServicesSideBySide sends to each server")

const serviceSchema = "service"

// besides is one run of the servers side by side, and the table that grows.
type besides struct {
	*testing.T
	dir            string
	token          string
	ours, pg, bare *server
	postgres       *postgrestest.Server
	history        uint64
	sent           map[uuid.UUID][]byte
	serial         int
	table          strings.Builder
}

// TestServicesSideBySide sends the same records and questions to `taizhang serve`, to a service over PostgreSQL, and
// to a bare server, each a process of its own, and looks whether both hold exactly what was sent and answer the same
// money. It prints a Markdown table and asserts nothing about time:
//
//	go test -tags e2e ./services/api/apibench -run TestServicesSideBySide -v -args -records=100000 -requests=30000
func TestServicesSideBySide(t *testing.T) {
	program := build(t)
	b := &besides{T: t, sent: map[uuid.UUID][]byte{}}
	b.dir, b.token = newLedger(t, program)
	b.postgres = postgrestest.Start(t, filepath.Join(postgrestest.SharedDir(t), "postgres"))
	b.copyHistory()
	b.ours, b.pg, b.bare = startServe(t, program, b.dir, certificate{}), b.startService(), startBare(t, certificate{})
	fmt.Fprintf(&b.table,
		"| %d records, TLS off | taizhang serve | service over PostgreSQL %s | bare net/http |\n|---|--:|--:|--:|\n",
		b.history, b.postgres.Version(t))
	b.records(fmt.Sprintf("durable record, %d connections", writers), writers, *requests, 1)
	b.records(fmt.Sprintf("batches of %d, %d connections", batchRecords, batchers), batchers,
		max(*requests/50, batchers), batchRecords)
	b.page()
	b.execution()
	b.holdWhatWasSent()
	t.Log("\n" + b.table.String())
}

func (b *besides) check(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// copyHistory gives PostgreSQL what the ledger holds, and a table of its centers.
func (b *besides) copyHistory() {
	b.postgres.CreateEvents(b, serviceSchema, "json")
	store, err := logstore.Open(b.dir, logstore.Options{ReadOnly: true})
	b.check(err)
	var rows [][]any
	for s, err := range store.ReadAll(b.Context(), 0) {
		b.check(err)
		rows = append(rows, []any{string(s.Stream), int64(s.Revision), [16]byte(s.ID), string(s.Kind), string(s.Body)})
		b.history = s.Position
	}
	b.check(store.Close())
	_, err = b.postgres.Conn.CopyFrom(b.Context(), pgx.Identifier{serviceSchema, "events"},
		[]string{"stream", "version", "id", "kind", "body"}, pgx.CopyFromRows(rows))
	b.check(err)
	b.postgres.Exec(b, `set search_path = `+serviceSchema+`; create table centers as
		select substr(stream, length('center-') + 1) as center, stream, body #>> '{data,name}' as name, body #>> '{data,region}' as region, body #>> '{data,type}' as type
		from events where kind = 'center.registered'; alter table centers add primary key (center)`)
	b.postgres.Analyze(b, serviceSchema)
}

// startService starts the service. The processor time of PostgreSQL is that of the service too.
func (b *besides) startService() *server {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), postgresService+"="+b.postgres.DSN+"\n"+b.token)
	x := start(b, cmd, certificate{})
	x.others = b.postgres.ProcessorTime
	return x
}

func (b *besides) get(path string) []byte { return (&pair{token: b.token}).get(path) }

func (b *besides) post(path string, body []byte) []byte {
	return (&pair{token: b.token}).post(path, body)
}

// records sends the same records to both, each request to the next center, and as many bytes to the bare server.
func (b *besides) records(what string, clients, total, batch int) {
	bodies := make([][]byte, total)
	for n := range bodies {
		list := make([][]byte, batch)
		for i := range list {
			list[i] = b.record(n % ownCenters)
		}
		if bodies[n] = list[0]; batch > 1 {
			bodies[n] = slices.Concat([]byte("["), bytes.Join(list, []byte(",")), []byte("]"))
		}
	}
	send := func(_, n int) []byte { return b.post("/v1/records", bodies[n]) }
	stored := bytes.Repeat([]byte("x"), storedBytes*batch)
	b.lines(what, batch, load(b, b.ours, clients, total, send), load(b, b.pg, clients, total, send),
		load(b, b.bare, clients, total, func(int, int) []byte { return b.post("/", stored) }))
}

// record makes the next record, and remembers it.
func (b *besides) record(center int) []byte {
	line := record(center, b.serial)
	b.sent[idOf(fmt.Sprint("voucher ", b.serial))] = line
	b.serial++
	return line
}

func (b *besides) page() {
	raw := b.get("/v1/centers?limit=50")
	size := len(ask(b, b.ours, raw).body)
	same := func(raw []byte) func(int, int) []byte { return func(int, int) []byte { return raw } }
	b.lines(fmt.Sprintf("page of 50 centers, %d connections", readers), 1,
		load(b, b.ours, readers, *requests, same(raw)), load(b, b.pg, readers, *requests, same(raw)),
		load(b, b.bare, readers, *requests, same(b.get(fmt.Sprintf("/?bytes=%d", size)))))
}

// execution asks for the whole table of execution after each record.
func (b *besides) execution() {
	total := max(*requests/1000, 3)
	var answers [2][]byte
	var results [2]*result
	before := b.serial
	for i, x := range []*server{b.ours, b.pg} {
		b.serial = before
		took, busy := make([]time.Duration, total), x.processorTime(b)
		for n := range took {
			written := ask(b, x, b.post("/v1/records", b.record(0)))
			began := time.Now()
			answers[i] = ask(b, x, b.get("/v1/execution?format=csv&atLeast="+written.position)).body
			took[n] = time.Since(began)
		}
		results[i] = &result{took: took, wall: sum(took), cpu: x.processorTime(b) - busy}
		slices.Sort(took)
	}
	bare := load(b, b.bare, 1, total,
		func(int, int) []byte { return b.get(fmt.Sprintf("/?bytes=%d", len(answers[0]))) })
	ours, theirs := b.linesOf(answers[0]), b.linesOf(answers[1])
	if len(ours) == 0 || len(ours) != len(theirs) {
		b.Errorf("the ledger has %d lines of execution, the service %d", len(ours), len(theirs))
	}
	for i := range min(len(ours), len(theirs)) {
		if !slices.Equal(ours[i], theirs[i]) {
			b.Fatalf("line %d of execution is %q, and %q of the service", i+1, ours[i], theirs[i])
		}
	}
	b.lines(fmt.Sprintf("whole execution as CSV (%.1f MB) after a record", float64(len(answers[0]))/1e6), 1,
		results[0], results[1], bare)
}

// linesOf reads the lines of centers of a CSV, and of them the columns that both have.
func (b *besides) linesOf(text []byte) [][]string {
	r := csv.NewReader(bytes.NewReader(text))
	r.Comment, r.FieldsPerRecord = '#', -1 // what follows # says where the figures come from
	lines, err := r.ReadAll()
	if err != nil {
		b.Fatalf("%v: %.500s", err, text)
	}
	// notes, and what SQL does not sum
	lines = slices.DeleteFunc(lines[1:], func(line []string) bool { return len(line) == 1 || line[0] == "total" })
	for i := range lines {
		lines[i] = lines[i][:min(len(lines[i]), len(executionColumns))]
	}
	return lines
}

// lines adds what three loads took.
func (b *besides) lines(what string, batch int, results ...*result) {
	unit := "requests/s"
	if batch > 1 {
		unit = "records/s"
	}
	row := func(name string, show func(*result) string) {
		fmt.Fprintf(&b.table, "| %s |", name)
		for _, r := range results {
			fmt.Fprintf(&b.table, " %s |", show(r))
		}
		fmt.Fprintln(&b.table)
	}
	row(what+", "+unit, func(r *result) string { return fmt.Sprintf("%.0f", r.perSecond()*float64(batch)) })
	row("— p50, p99 in ms", func(r *result) string {
		return fmt.Sprintf("%.2f, %.2f", r.percentile(50).Seconds()*1e3, r.percentile(99).Seconds()*1e3)
	})
	row("— µs of processor time "+map[bool]string{false: "a request", true: "a record"}[batch > 1],
		func(r *result) string {
			return fmt.Sprintf("%.1f", r.cpuEach()/float64(batch))
		})
}

// holdWhatWasSent compares what both sides hold besides the history with what was sent.
func (b *besides) holdWhatWasSent() {
	store, err := logstore.Open(b.dir, logstore.Options{ReadOnly: true})
	b.check(err)
	held := map[uuid.UUID]bool{}
	for s, err := range store.ReadAll(b.Context(), b.history) {
		b.check(err)
		rec, err := events.DecodeEvent(s)
		b.check(err)
		want, problems := events.DecodeRecord(b.sent[s.ID])
		if len(problems) > 0 || held[s.ID] {
			b.Fatalf("the ledger holds %s, which was not sent, or twice", s.Body)
		}
		if held[s.ID] = true; rec.Center != want.Center || rec.Kind != want.Kind || rec.On != want.On ||
			rec.By != want.By || !reflect.DeepEqual(rec.Data, want.Data) {
			b.Errorf("the ledger holds %s, and %s was sent", s.Body, b.sent[s.ID])
		}
	}
	b.check(store.Close())
	b.all("the ledger", held)
	held = map[uuid.UUID]bool{}
	rows, err := b.postgres.Conn.Query(b.Context(), `select id, stream, body::text from events where position > $1`,
		int64(b.history))
	b.check(err)
	for rows.Next() {
		var id [16]byte
		var stream, body string
		b.check(rows.Scan(&id, &stream, &body))
		want, _ := events.DecodeRecord(b.sent[id])
		if held[id] || want == nil || body != string(b.sent[id]) || stream != string(want.Center.Stream()) {
			b.Fatalf("the service holds %s, which was not sent, or twice", body)
		}
		held[id] = true
	}
	b.check(rows.Err())
	b.all("the service", held)
	var torn int
	b.check(b.postgres.Conn.QueryRow(b.Context(),
		`select count(*) from (select from events group by stream having count(*) <> max(version)) as t`).Scan(&torn))
	if torn > 0 {
		b.Errorf("%d streams of the service have a gap", torn)
	}
}

func (b *besides) all(who string, held map[uuid.UUID]bool) {
	if len(held) != len(b.sent) {
		b.Errorf("%s holds %d of the %d records that were sent", who, len(held), len(b.sent))
	}
}
