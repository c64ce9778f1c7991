package sealer_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/seal"
	"github.com/taizhang/taizhang/services/sealer"
	"github.com/taizhang/taizhang/services/sealing"
	"github.com/taizhang/taizhang/services/witness"
)

const registered = `"kind":"center.registered","on":"2025-01-10","by":{"role":"center","actor":"c-1"},"data":` +
	`{"name":"甲中心","uscc":"91330106MAC1K2L32C","leadUnit":"甲","type":"pilot-base","services":["pilot"],` +
	`"leadingIndustries":["生物医药"],"industryCode":"C2710","region":"330106","foundedOn":"2015-01-01",` +
	`"legalEntity":true,"newUnit":false,"usableAreaM2":9000,"equipmentFen":9000000000,"relaxationRequested":false,` +
	`"pilotFunction":true,"pilotDevicesSeparate":true,"fields":["other"],"ethicsSensitive":false,` +
	`"ethicsCommittee":false,"documents":[]}`

// kit is a ledger that is sealed, with a clock that a test sets.
type kit struct {
	t      testing.TB
	dir    string
	ledger *ledger.Ledger
	seals  *sealing.Keeper
	sealer *sealer.Sealer // of the last start
	asked  *witness.Witness

	mu        sync.Mutex
	at        time.Time
	looks     int      // how often the clock was read
	published []string // the sizes and numbers of lines of published checkpoints
	refuse    bool     // publishing fails

	stopAsking time.Duration
}

func (k *kit) now() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.looks++
	return k.at
}

func (k *kit) looked() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.looks
}

// set sets the clock to an hour of a day in November 2026, in Shanghai.
func (k *kit) set(day, hour int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.at = time.Date(2026, 11, day, hour, 0, 0, 0, events.Shanghai)
}

func newKit(t testing.TB) *kit {
	t.Helper()
	k := &kit{t: t, dir: t.TempDir()}
	k.set(2, 9)
	store := memstore.New(k.now)
	var err error
	if k.ledger, err = ledger.Open(t.Context(), store, ledger.Config{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.ledger.Close)
	k.seals = sealing.New(k.dir, k.ledger, store)
	k.record(registered)
	return k
}

func (k *kit) record(tail string) {
	k.t.Helper()
	line := fmt.Sprintf(`{"id":%q,"center":"ZJ-0001",%s}`, uuid.New(), tail)
	rec, problems := events.DecodeRecord([]byte(line))
	if len(problems) > 0 {
		k.t.Fatal(problems)
	}
	if _, err := k.ledger.Record(k.t.Context(), rec, ledger.Writer{Name: "clerk"}); err != nil {
		k.t.Fatal(err)
	}
}

// govern writes one more record.
func (k *kit) govern() {
	k.t.Helper()
	k.record(`"kind":"governance.recorded","on":"2025-03-01","by":{"role":"center","actor":"c-1"},` +
		`"data":{"item":"team"}`)
}

func (k *kit) begin() seal.Key {
	k.t.Helper()
	made, err := k.seals.Begin(k.t.Context(), sealing.Beginning{Origin: "taizhang.zj/2026"})
	if err != nil || !made.New {
		k.t.Fatal(made, err)
	}
	log, err := k.seals.Log()
	if err != nil {
		k.t.Fatal(err)
	}
	return log
}

// witness makes a witness that trusts the ledger and serves it over HTTP, and writes it to the policy.
func (k *kit) witness(log seal.Key) *httptest.Server {
	k.t.Helper()
	dir := filepath.Join(k.t.TempDir(), "w")
	key, err := witness.Create(dir, "audit.example/w1")
	if err != nil {
		k.t.Fatal(err)
	}
	w, err := witness.Open(dir, k.now)
	if err != nil {
		k.t.Fatal(err)
	}
	k.asked = w
	s := httptest.NewServer(w.Handler(zap.NewNop()))
	k.t.Cleanup(func() { s.Close(); _ = w.Close() })
	content, err := os.ReadFile(k.seals.PolicyPath())
	if err != nil {
		k.t.Fatal(err)
	}
	policy := string(content) + fmt.Sprintf("witness audit %s %s\nquorum audit\n", key, s.URL)
	if err := errors.Join(w.Trust(log), os.WriteFile(k.seals.PolicyPath(), []byte(policy), 0o600)); err != nil {
		k.t.Fatal(err)
	}
	return s
}

// start starts the sealer. The test closes it.
func (k *kit) start() *sealer.Sealer {
	k.sealer = sealer.StartFast(sealer.Config{Seals: k.seals, Ledger: k.ledger, Client: sealer.NewClient(),
		Now: k.now, Log: zap.NewNop(),
		Publish: func(_ context.Context, all []*seal.Signed) error {
			k.mu.Lock()
			defer k.mu.Unlock()
			if k.refuse {
				return text.Errorf(text.Unavailable, "不", "no")
			}
			newest := all[len(all)-1]
			k.published = append(k.published, fmt.Sprintf("%d+%d", newest.Size, len(newest.Lines)))
			return nil
		}}, k.stopAsking)
	return k.sealer
}

// wait waits until a condition holds.
func (k *kit) wait(what string, holds func() bool) {
	k.t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	late := time.After(20 * time.Second)
	for !holds() {
		select {
		case <-tick.C:
		case <-late:
			k.t.Fatal("not in time: " + what)
		}
	}
}

// newest returns the newest checkpoint as "size+lines", or "".
func (k *kit) newest() string {
	s, err := k.seals.Newest()
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%d+%d", s.Size, len(s.Lines))
}

func (k *kit) last() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.published) == 0 {
		return ""
	}
	return k.published[len(k.published)-1]
}

func TestALedgerThatWasNeverSealedIsLeftAlone(t *testing.T) {
	k := newKit(t)
	s := k.start()
	k.set(3, 19)
	s.Close()
	if _, ok := s.Status(); ok || k.ledger.Register().Position() != 2 {
		t.Errorf("at %d", k.ledger.Register().Position())
	}
	if entries, err := os.ReadDir(k.dir); err != nil || len(entries) > 0 {
		t.Errorf("made %v, %v", entries, err)
	}
}

func TestALedgerIsSealedAtSixAndCosignedAndPublished(t *testing.T) {
	k := newKit(t)
	k.witness(k.begin()) // the checkpoint of the policy, the center and the sealing
	s := k.start()
	defer s.Close()
	k.wait("the first checkpoint is cosigned", func() bool { return k.newest() == "3+2" })
	k.wait("it is published with the cosignature", func() bool { return k.last() == "3+2" })
	k.govern()
	k.set(2, 17)
	looked := k.looked()
	k.wait("the clock was read", func() bool { return k.looked() > looked+1 })
	if got := k.newest(); got != "3+2" {
		t.Errorf("before six: %s", got)
	}
	k.set(2, 18)
	k.wait("it is sealed at six", func() bool { return k.newest() == "5+2" })
	k.wait("that is published", func() bool { return k.last() == "5+2" })
	k.set(3, 18) // nothing was written since
	looked = k.looked()
	k.wait("the clock was read", func() bool { return k.looked() > looked+1 })
	k.set(4, 9)
	k.govern()
	looked = k.looked()
	k.wait("the clock was read", func() bool { return k.looked() > looked+1 })
	if got := k.newest(); got != "5+2" {
		t.Errorf("in the morning: %s", got)
	}
	if st, ok := s.Status(); !ok || st.Size != 5 || st.Sealed != 1 || st.Failed != 0 || st.Cosigned != 1 || !st.Met {
		t.Errorf("the status is %+v", st)
	}
}

func TestACosignatureThatIsCarriedIsInTheStatusAtOnce(t *testing.T) {
	k := newKit(t)
	log := k.begin()
	s := k.start()
	defer s.Close()
	if st, ok := s.Status(); !ok || st.Witnesses != 0 || st.Met {
		t.Errorf("without a witness the status is %+v", st)
	}
	k.witness(log).Close() // it is not on the network
	k.wait("the first checkpoint is published", func() bool { return k.last() == "3+1" })
	if st, _ := s.Status(); st.Witnesses != 1 || st.Cosigned != 0 || st.Met {
		t.Errorf("before it is carried the status is %+v", st)
	}
	request, err := k.seals.Request(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	line, err := k.asked.Cosign(request)
	if err != nil {
		t.Fatal(err)
	}
	answer := sealing.File{Name: "w1" + sealing.CosignatureEnd, Content: []byte(line.String() + "\n")}
	if _, err := k.seals.Add(t.Context(), []sealing.File{answer}); err != nil {
		t.Fatal(err)
	}
	if st, _ := s.Status(); st.Cosigned != 1 || !st.Met {
		t.Errorf("the status is %+v", st)
	}
}

func TestAServerThatWasOffAtSixSealsWhenItStarts(t *testing.T) {
	k := newKit(t)
	k.begin()
	k.govern()
	k.set(3, 9)
	s := k.start()
	defer s.Close()
	k.wait("it is sealed", func() bool { return k.newest() == "5+1" })
}

func TestAStopSealsAndDoesNotWaitForAWitness(t *testing.T) {
	k := newKit(t)
	w := k.witness(k.begin())
	k.stopAsking = time.Minute
	s := k.start()
	k.wait("the first checkpoint is cosigned", func() bool { return k.newest() == "3+2" })
	k.govern()
	s.Close()
	if got := k.newest(); got != "5+2" {
		t.Errorf("after the stop: %s", got)
	}
	// the witness does not answer
	hold := make(chan struct{})
	w.Config.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-hold:
		case <-r.Context().Done():
		}
	})
	defer close(hold)
	k.govern()
	k.stopAsking = 50 * time.Millisecond
	s = k.start()
	begun := time.Now()
	s.Close()
	if took := time.Since(begun); took > 20*time.Second || k.newest() != "7+1" {
		t.Errorf("it took %v to %s", took, k.newest())
	}
	if k.last() != "7+1" {
		t.Errorf("published %s", k.last())
	}
}

func TestWithoutTheKeyNothingIsSealed(t *testing.T) {
	k := newKit(t)
	k.begin()
	if err := os.Rename(k.seals.KeyPath(), k.seals.KeyPath()+".away"); err != nil {
		t.Fatal(err)
	}
	k.govern()
	k.set(3, 19)
	k.start().Close()
	if got := k.newest(); got != "3+1" {
		t.Errorf("sealed: %s", got)
	}
}

func TestWhatFailsIsCountedAndTriedAgain(t *testing.T) {
	k := newKit(t)
	k.begin()
	k.govern()
	k.mu.Lock()
	k.refuse = true
	k.mu.Unlock()
	if err := os.Chmod(k.seals.KeyPath(), 0o644); err != nil {
		t.Fatal(err)
	}
	k.set(2, 18)
	s := k.start()
	defer s.Close()
	k.wait("it failed", func() bool { st, _ := s.Status(); return st.Failed == 1 })
	if st, _ := s.Status(); !strings.Contains(st.Trouble, "chmod 600") {
		t.Errorf("the trouble is %q", st.Trouble)
	}
	if err := os.Chmod(k.seals.KeyPath(), 0o600); err != nil {
		t.Fatal(err)
	}
	k.set(2, 19)
	k.wait("it is sealed", func() bool { return k.newest() == "5+1" })
	k.mu.Lock()
	k.refuse = false
	k.mu.Unlock()
	k.set(2, 20)
	k.wait("it is published", func() bool { return k.last() == "5+1" })
	if st, _ := s.Status(); st.Trouble != "" || st.Failed != 1 || st.Sealed != 1 {
		t.Errorf("the status is %+v", st)
	}
}
