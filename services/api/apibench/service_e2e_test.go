//go:build e2e

package apibench

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/ledger/sidebyside/postgrestest"
)

// The service is what a developer would write in a day instead of a ledger: net/http over a table of events in
// PostgreSQL. It keeps the body of a record as it came, gives each event of a center the next version, and judges
// nothing.

// postgresService makes this binary the service: the connection, a space, and the token.
const postgresService = "TAIZHANG_POSTGRES_SERVICE"

func init() { otherServers[postgresService] = servePostgres }

const (
	poolSize  = 32 // connections to PostgreSQL, so that its commits are grouped
	bodyLimit = 4 << 20
)

type service struct {
	pool  *pgxpool.Pool
	token [sha256.Size]byte
}

func servePostgres() error {
	dsn, token, _ := strings.Cut(os.Getenv(postgresService), "\n")
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return err
	}
	cfg.MaxConns, cfg.MinConns = poolSize, poolSize
	cfg.ConnConfig.RuntimeParams["search_path"] = serviceSchema
	cfg.ConnConfig.RuntimeParams["enable_nestloop"] = "on" // off for the report alone
	pool, err := pgxpool.NewWithConfig(context.Background(), cfg)
	if err != nil {
		return err
	}
	s := &service{pool, sha256.Sum256([]byte(token))}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/records", s.known(s.record))
	mux.HandleFunc("GET /v1/centers", s.known(s.centers))
	mux.HandleFunc("GET /v1/execution", s.known(s.execution))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("http://%s\n", l.Addr())
	return http.Serve(l, mux)
}

// known asks for the token, and says what went wrong.
func (s *service) known(do func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		shown := sha256.Sum256([]byte(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")))
		if subtle.ConstantTimeCompare(shown[:], s.token[:]) != 1 {
			http.Error(w, "no such token", http.StatusUnauthorized)
			return
		}
		if err := do(w, r); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}
}

// incoming is what the service looks at in a record.
type incoming struct {
	ID     uuid.UUID       `json:"id"`
	Center string          `json:"center"`
	Kind   string          `json:"kind"`
	On     string          `json:"on"`
	Data   json.RawMessage `json:"data"`
}

func (i *incoming) check() error {
	if i.ID == uuid.Nil || i.Center == "" || i.Kind == "" || len(i.Data) == 0 {
		return errors.New("id, center, kind and data are required")
	}
	_, err := time.Parse(time.DateOnly, i.On)
	return err
}

const (
	insertOne = `insert into events (stream, version, id, kind, body)
		select $1, coalesce((select max(version) from events where stream = $1), 0) + 1, $2, $3, $4 returning position, version`
	insertMany = `insert into events (stream, version, id, kind, body)
		select $1, coalesce((select max(version) from events where stream = $1), 0) + n, id, kind, body::json
		from unnest($2::uuid[], $3::text[], $4::text[]) with ordinality as list (id, kind, body, n) order by n returning position, version`
)

// record takes one record, or a list of records of one center, and answers when they are committed.
func (s *service) record(w http.ResponseWriter, r *http.Request) error {
	var list []json.RawMessage
	var one json.RawMessage
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, bodyLimit)).Decode(&one); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return nil
	}
	if list = []json.RawMessage{one}; one[0] == '[' {
		if err := json.Unmarshal(one, &list); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return nil
		}
	}
	var center string
	ids, kinds, bodies := make([][16]byte, len(list)), make([]string, len(list)), make([]string, len(list))
	for i, body := range list {
		var in incoming
		err := json.Unmarshal(body, &in)
		if err == nil {
			err = in.check()
		}
		if err == nil && i > 0 && in.Center != center {
			err = errors.New("a list has records of one center")
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return nil
		}
		center, ids[i], kinds[i], bodies[i] = in.Center, in.ID, in.Kind, string(body)
	}
	stream := string(events.CenterID(center).Stream())
	for {
		var position, version int64
		var err error
		if len(list) == 1 {
			err = s.pool.QueryRow(r.Context(), insertOne, stream, ids[0], kinds[0],
				bodies[0]).Scan(&position, &version)
		} else {
			position, version, err = s.insertMany(r.Context(), stream, ids, kinds, bodies)
		}
		var conflict *pgconn.PgError
		if errors.As(err, &conflict) && conflict.Code == "23505" {
			// somebody else wrote this version of the center first
			continue
		}
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Ledger-Position", strconv.FormatInt(position, 10))
		return json.NewEncoder(w).Encode(map[string]int64{"position": position, "version": version})
	}
}

func (s *service) insertMany(ctx context.Context, stream string, ids [][16]byte, kinds, bodies []string) (position,
	version int64, err error) {
	rows, err := s.pool.Query(ctx, insertMany, stream, ids, kinds, bodies)
	if err != nil {
		return 0, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&position, &version); err != nil {
			return 0, 0, err
		}
	}
	return position, version, rows.Err()
}

type centerRow struct {
	Center     string    `json:"center"`
	Name       string    `json:"name"`
	Region     string    `json:"region"`
	Type       string    `json:"type"`
	Records    int64     `json:"records"`
	RecordedAt time.Time `json:"recordedAt"`
}

// centers answers a page of centers, with how many records each has and when the last came.
func (s *service) centers(w http.ResponseWriter, r *http.Request) error {
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil || limit < 1 || limit > 500 {
		limit = 50
	}
	rows, err := s.pool.Query(r.Context(), `select c.center, c.name, c.region, c.type, e.version, e.recorded_at from centers c
		cross join lateral (select version, recorded_at from events where stream = c.stream order by version desc limit 1) e
		where c.center > $1 order by c.center limit $2`, r.URL.Query().Get("after"), limit)
	if err != nil {
		return err
	}
	defer rows.Close()
	list := make([]centerRow, 0, limit)
	for rows.Next() {
		var c centerRow
		if err := rows.Scan(&c.Center, &c.Name, &c.Region, &c.Type, &c.Records, &c.RecordedAt); err != nil {
			return err
		}
		list = append(list, c)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(map[string]any{"items": list})
}

// execution answers the whole table of execution as of today, in yuan and with the columns of the ledger's own except
// the last.
func (s *service) execution(w http.ResponseWriter, r *http.Request) error {
	tx, err := s.pool.Begin(r.Context())
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	if _, err := tx.Exec(r.Context(), "set local enable_nestloop = off"); err != nil { // slower for this query
		return err
	}
	rows, err := tx.Query(r.Context(), postgrestest.ExecutionSQL, events.DateAt(time.Now()).String())
	if err != nil {
		return err
	}
	defer rows.Close()
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	to := csv.NewWriter(w)
	if err := to.Write(executionColumns); err != nil {
		return err
	}
	for rows.Next() {
		var center, scope, rate string
		var year, granted, carried, received, spent, ineligible, available, executed int64
		if err := rows.Scan(&center, &year, &scope, &granted, &carried, &received, &spent, &ineligible, &available,
			&executed, &rate); err != nil {
			return err
		}
		yuan := func(fen int64) string { return strings.ReplaceAll(events.FormatYuan(events.Fen(fen)), ",", "") }
		if err := to.Write([]string{center, strconv.FormatInt(year, 10), scope, yuan(granted), yuan(carried),
			yuan(received), yuan(available),
			yuan(spent), yuan(ineligible), yuan(executed), yuan(available - spent), rate}); err != nil {
			return err
		}
	}
	to.Flush()
	return errors.Join(rows.Err(), to.Error())
}

var executionColumns = []string{"center", "year", "scope", "granted", "carried in", "received", "available", "spent",
	"ineligible", "executed", "balance", "rate %"}
