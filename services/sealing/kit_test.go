package sealing_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/seal"
	"github.com/taizhang/taizhang/services/sealing"
)

const (
	origin     = "taizhang.zj/2026"
	registered = `"kind":"center.registered","on":"2025-01-10","by":{"role":"center","actor":"c-1"},"data":{"name":"甲中心","uscc":"91330106MAC1K2L32C","leadUnit":"甲","type":"pilot-base","services":["pilot"],"leadingIndustries":["生物医药"],"industryCode":"C2710","region":"330106","foundedOn":"2015-01-01","legalEntity":true,"newUnit":false,"usableAreaM2":9000,"equipmentFen":9000000000,"relaxationRequested":false,"pilotFunction":true,"pilotDevicesSeparate":true,"fields":["other"],"ethicsSensitive":false,"ethicsCommittee":false,"documents":[]}`
	governance = `"kind":"governance.recorded","on":"2025-03-01","by":{"role":"center","actor":"c-1"},"note":"NOTE","data":{"item":"team"}`
)

// kit is a ledger with its seals.
type kit struct {
	*sealing.Keeper
	t       testing.TB
	dir     string
	store   events.Store
	ledger  *ledger.Ledger
	brought int
}

// start is when the first record is written.
var start = time.Date(2025, 11, 1, 0, 0, 0, 0, time.UTC)

// ticking returns a clock that advances a second at each call.
func ticking() func() time.Time {
	now := start
	return func() time.Time { now = now.Add(time.Second); return now }
}

// newKit returns a ledger of some records beside a directory, which may have seals.
func newKit(t testing.TB, dir string, records int) *kit {
	t.Helper()
	k := open(t, dir, memstore.New(ticking()))
	k.bring(records)
	return k
}

func open(t testing.TB, dir string, store events.Store) *kit {
	t.Helper()
	l, err := ledger.Open(t.Context(), store, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return &kit{Keeper: sealing.New(dir, l, store), t: t, dir: dir, store: store, ledger: l}
}

// bring writes records: the first one is the registration of a center, which the policy precedes.
func (k *kit) bring(records int) {
	k.t.Helper()
	for range records {
		tail := registered
		if k.ledger.Register().Position() > 0 {
			tail = strings.Replace(governance, "NOTE", fmt.Sprint(k.brought), 1)
		}
		line := fmt.Sprintf(`{"id":"%s","center":"ZJ-0001",%s}`, uuid.NewSHA1(uuid.NameSpaceOID, []byte(tail)), tail)
		rec, problems := events.DecodeRecord([]byte(line))
		if len(problems) > 0 {
			k.t.Fatal(problems)
		}
		if _, err := k.ledger.Record(k.t.Context(), rec, ledger.Writer{Name: "clerk"}); err != nil {
			k.t.Fatal(err)
		}
		k.brought++
	}
}

func (k *kit) begin() seal.Key {
	k.t.Helper()
	if _, err := k.Begin(k.t.Context(), sealing.Beginning{Origin: origin}); err != nil {
		k.t.Fatal(err)
	}
	log, err := k.Log()
	if err != nil {
		k.t.Fatal(err)
	}
	return log
}

// seal seals, and returns the checkpoint.
func (k *kit) seal() *seal.Signed {
	k.t.Helper()
	made, err := k.Seal(k.t.Context())
	if err != nil {
		k.t.Fatal(err)
	}
	if !made.New {
		k.t.Fatal("there was nothing to seal")
	}
	return made.Signed
}

func (k *kit) path(names ...string) string {
	return filepath.Join(append([]string{k.dir, sealing.Name}, names...)...)
}

// add adds one file.
func (k *kit) add(name string, content []byte) (sealing.Added, error) {
	added, err := k.Add(k.t.Context(), []sealing.File{{Name: name, Content: content}})
	if err != nil {
		return sealing.Added{}, err
	}
	return added[0], nil
}

// policy writes a policy that names some witnesses, of which half must cosign, and returns their keys.
func (k *kit) policy(names ...string) (signers []seal.Signer) {
	k.t.Helper()
	content, err := os.ReadFile(k.PolicyPath())
	if err != nil {
		k.t.Fatal(err)
	}
	lines := string(content)
	for _, name := range names {
		s, err := seal.NewSigner("witness."+name+"/1", seal.WitnessKey)
		if err != nil {
			k.t.Fatal(err)
		}
		signers = append(signers, s)
		lines += fmt.Sprintf("witness %s %s file:///by-hand\n", name, s.Key.String())
	}
	lines += fmt.Sprintf("group enough %d %s\nquorum enough\n", (len(names)+1)/2, strings.Join(names, " "))
	if err := os.WriteFile(k.PolicyPath(), []byte(lines), 0o600); err != nil {
		k.t.Fatal(err)
	}
	return signers
}

// refused reports a failure unless an error has a code and contains some words.
func refused(t testing.TB, err error, code text.ErrorCode, words string) {
	t.Helper()
	if err == nil || text.CodeOf(err) != code || !strings.Contains(text.Of(err).En, words) {
		t.Errorf("expected %s with %q, got %v (%s)", code, words, err, text.CodeOf(err))
	}
}

// files returns the content of every file under the directory of seals by its path.
func (k *kit) files() map[string]string {
	k.t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(k.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		all[path] = string(content)
		return err
	})
	if err != nil {
		k.t.Fatal(err)
	}
	return all
}

// checked checks the checkpoints that are there now.
func checked(t testing.TB, k *sealing.Keeper) (count int, found []sealing.Finding, err error) {
	t.Helper()
	sizes, err := sealing.Sizes(filepath.Dir(filepath.Dir(k.PolicyPath())))
	if err != nil {
		t.Fatal(err)
	}
	return k.Check(t.Context(), sizes)
}
