package replica_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/kurrentstore"
	"github.com/taizhang/taizhang/services/kurrentstore/kurrenttest"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/ledger/ledgertest"
)

// clusterLedger opens a ledger that writes to a server through its own copy.
func clusterLedger(t *testing.T, server *kurrenttest.Cluster) opened {
	t.Helper()
	connection, err := kurrentstore.ParseConnection(server.ConnectionString())
	if err != nil {
		t.Fatal(err)
	}
	record, err := kurrentstore.Open(kurrentstore.Options{Connection: connection})
	if err != nil {
		t.Fatal(err)
	}
	return openLedger(t, record, t.TempDir())
}

// registrationOf returns the registration of another center.
func registrationOf(center string) string {
	id := uuid.NewSHA1(uuid.NameSpaceOID, []byte(center)).String()
	return strings.NewReplacer("ZJ-0001", center, "0b5c7d0e-0000-4000-8000-000000000001", id).Replace(registration)
}

func trialOf(center, name string) *events.Record {
	rec := trial(center + name)
	rec.Center = events.CenterID(center)
	return rec
}

// said returns the answers of a register about all centers.
func said(r *projections.Register) string {
	on := events.MustDate("2026-10-31")
	return fmt.Sprintf("%d %+v %+v", r.Position(), slices.Collect(r.Centers(on)),
		slices.Collect(r.Alerts(on, projections.AlertFilter{All: true})))
}

// Two ledgers over one cluster record and import at the same time, partly to the same center, while the test asks
// both.
func TestTwoReplicasThatWriteAnswerAsTheirPositionWasKnown(t *testing.T) {
	server := kurrenttest.Start(t, kurrenttest.ClusterConfig{})
	both := []opened{clusterLedger(t, server), clusterLedger(t, server)}
	account := ledger.Writer{Name: "importer", MayRecord: true}
	write := func(l opened, rec *events.Record) ledger.Result {
		for {
			result, err := l.Record(t.Context(), rec, account)
			if text.CodeOf(err) == text.Unavailable { // the other came first several times
				continue
			}
			if err != nil {
				t.Error(err)
			}
			return result
		}
	}
	registered := func(center string) *events.Record {
		rec, problems := events.DecodeRecord([]byte(registrationOf(center)))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		return rec
	}
	write(both[0], registered("ZJ-0001"))
	for range both[1].store.Subscribe(t.Context(), 1) {
		break // the copy of the other has the registration
	}
	write(both[1], trialOf("ZJ-0001", "first"))
	var writing, asking sync.WaitGroup
	asked := make([]map[uint64]string, len(both))
	done := make(chan struct{})
	for i, l := range both {
		for w := range 4 {
			writing.Go(func() {
				center := fmt.Sprintf("ZJ-%d%03d", i+1, w)
				write(l, registered(center))
				for n := range 4 {
					write(l, trialOf(center, fmt.Sprint(n)))
					write(l, trialOf("ZJ-0001", fmt.Sprint(center, n)))
				}
			})
		}
		imported := []string{registrationOf(fmt.Sprintf("ZJ-%d999", i+1)),
			registrationOf(fmt.Sprintf("ZJ-%d998", i+1))}
		path := filepath.Join(t.TempDir(), "history.jsonl")
		if err := os.WriteFile(path, []byte(strings.Join(imported, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
		writing.Go(func() {
			if report, err := l.Import(t.Context(), ledger.ImportConfig{
				Files: ledgertest.Files(t, path), Account: account}); err != nil || report.Accepted != 2 {
				t.Errorf("import: %+v, %v", report, err)
			}
		})
		asked[i] = map[uint64]string{}
		asking.Go(func() {
			for {
				l.Register().Exactly(func(position uint64) { asked[i][position] = said(l.Register()) })
				select {
				case <-done:
					return
				case <-time.After(time.Millisecond):
				}
			}
		})
	}
	writing.Wait()
	close(done)
	asking.Wait()
	last := write(both[1], trialOf("ZJ-0001", "last but one"))
	write(both[0], trialOf("ZJ-0001", "last"))
	for i, l := range both {
		if len(asked[i]) < 2 {
			t.Errorf("ledger %d was asked at %d positions", i, len(asked[i]))
		}
		for position, was := range asked[i] {
			if is := knownSaid(t, l.Ledger, position); is != was {
				t.Errorf("ledger %d at position %d: asked while others wrote\n%s\nknown\n%s", i, position, was, is)
			}
		}
	}
	if a, b := knownSaid(t, both[0].Ledger, last.Position), knownSaid(t, both[1].Ledger, last.Position); a != b {
		t.Errorf("at position %d one says\n%s\nthe other\n%s", last.Position, a, b)
	}
}

func knownSaid(t *testing.T, l *ledger.Ledger, position uint64) string {
	t.Helper()
	known, err := l.KnownAt(t.Context(), ledger.Point{Position: position})
	if err != nil {
		t.Fatal(err)
	}
	return said(known)
}
