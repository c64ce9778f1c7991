//go:build e2e

package sidebyside

import (
	"context"
	"iter"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/ledger/sidebyside/postgrestest"
)

// postgres is the PostgreSQL server to compare with.
type postgres struct{ *postgrestest.Server }

// parse copies the events of a schema into another one with parsed bodies.
func (p *postgres) parse(t testing.TB, from, to string) {
	t.Helper()
	p.CreateEvents(t, to, "jsonb")
	p.Exec(t, `insert into `+to+`.events select position, stream, version, id, kind, recorded_at, body::jsonb from `+
		from+`.events order by position`)
	p.Analyze(t, to)
}

// bytes returns the size of the table with its indexes.
func (p *postgres) bytes(t testing.TB, schema string) (n int) {
	t.Helper()
	check(t, p.Conn.QueryRow(t.Context(), `select pg_total_relation_size($1::text::regclass)`,
		schema+".events").Scan(&n))
	return n
}

// appender is one connection with the statement that appends one event.
type appender struct{ conn *pgx.Conn }

func (p *postgres) appenders(t testing.TB, schema string, n int) []appender {
	t.Helper()
	list := make([]appender, n)
	for i := range list {
		list[i] = appender{p.Connect(t)}
		_, err := list[i].conn.Prepare(t.Context(), "append", `insert into `+schema+
			`.events (stream, version, id, kind, body) values ($1, $2, $3, $4, $5) returning position, recorded_at`)
		check(t, err)
	}
	return list
}

// append commits one event, unless the stream is not at the expected revision. It returns the place of the event.
func (a *appender) append(ctx context.Context, name events.StreamID, expected uint64,
	e *events.Proposed) (events.Place, error) {
	at := events.Place{Revision: expected + 1}
	err := a.conn.QueryRow(ctx, "append", string(name), int64(at.Revision), [16]byte(e.ID), string(e.Kind),
		e.Body.String()).Scan(&at.Position, &at.RecordedAt)
	return at, err
}

// copy commits a batch with one COPY.
func (p *postgres) copy(ctx context.Context, schema string, name events.StreamID, expected uint64,
	batch []events.Proposed) error {
	_, err := p.Conn.CopyFrom(ctx, pgx.Identifier{schema, "events"},
		[]string{"stream", "version", "id", "kind", "body"},
		pgx.CopyFromSlice(len(batch), func(i int) ([]any, error) {
			e := &batch[i]
			return []any{string(name), int64(expected) + int64(i) + 1, [16]byte(e.ID), string(e.Kind),
				e.Body.String()}, nil
		}))
	return err
}

// readAll yields every event in the order of positions. As with a store, the body is valid until the loop's next step.
func (p *postgres) readAll(ctx context.Context, schema string) iter.Seq2[events.Stored, error] {
	return func(yield func(events.Stored, error) bool) {
		rows, err := p.Conn.Query(ctx, `select position, stream, version, id, kind, recorded_at, body from `+schema+
			`.events order by position`)
		if err != nil {
			yield(events.Stored{}, err)
			return
		}
		defer rows.Close()
		var s events.Stored
		columns := []any{&s.Position, (*string)(&s.Stream), &s.Revision, (*[16]byte)(&s.ID), (*string)(&s.Kind),
			&s.RecordedAt, (*pgtype.DriverBytes)(&s.Body)}
		for rows.Next() {
			err := rows.Scan(columns...)
			if s.RecordedAt = s.RecordedAt.UTC(); !yield(s, err) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(events.Stored{}, err)
		}
	}
}

// execution is a line of the table of execution from SQL.
type execution struct {
	center string
	year   int
	scope  aggregates.Scope
	money  aggregates.Money

	availableFen, executedFen events.Fen
	rate                      string
}

// materialize stores the answer as of a date in the schema, and returns the query that reads it. The view keeps its
// order.
func (p *postgres) materialize(t testing.TB, schema string, on events.Date) string {
	t.Helper()
	p.Exec(t, `set search_path = `+schema)
	p.Exec(t, `create materialized view execution as `+strings.ReplaceAll(postgrestest.ExecutionSQL, "$1",
		"date '"+on.String()+"'"))
	p.Exec(t, `analyze execution`)
	return `select * from execution`
}

// execution returns the execution of money from SQL.
func (p *postgres) execution(ctx context.Context, schema, query string, args ...any) ([]execution, error) {
	if _, err := p.Conn.Exec(ctx, `set search_path = `+schema); err != nil {
		return nil, err
	}
	rows, err := p.Conn.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (e execution, err error) {
		m := &e.money
		err = row.Scan(&e.center, &e.year, (*string)(&e.scope), (*int64)(&m.GrantedFen), (*int64)(&m.CarriedInFen),
			(*int64)(&m.ReceivedFen),
			(*int64)(&m.SpentAllFen), (*int64)(&m.IneligibleFen), (*int64)(&e.availableFen),
			(*int64)(&e.executedFen), &e.rate)
		return e, err
	})
}

// same checks that SQL and the register return the same lines in the same order.
func same(t testing.TB, what string, lines []projections.ExecutionLine, answer []execution) {
	t.Helper()
	for i := range min(len(lines), len(answer)) {
		l := lines[i]
		want := execution{l.Group, l.Year, l.Scope, l.Money, l.AvailableFen(), l.ExecutedFen(), l.RatePercent()}
		if answer[i] != want {
			t.Fatalf("%s: line %d is %+v, the register's is %+v", what, i+1, answer[i], want)
		}
	}
	if len(lines) == 0 || len(lines) != len(answer) {
		t.Fatalf("%s: %d lines, the register has %d", what, len(answer), len(lines))
	}
}
