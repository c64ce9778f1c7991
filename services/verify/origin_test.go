package verify_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/seal"
	"github.com/taizhang/taizhang/services/verify"
)

// restored returns a ledger of the first records of another one, which goes on under a new origin that cites the last
// checkpoint of the old one.
func restored(t *testing.T, old *world, records int) *maker {
	t.Helper()
	m, err := newMaker(filepath.Join(t.TempDir(), "ledger"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.close)
	parser := events.NewLineParser()
	for _, line := range old.lines[:records] {
		s, bad := parser.Parse(line)
		if bad != "" {
			t.Fatal(bad)
		}
		body, err := events.ParseObject(s.Body)
		if err != nil {
			t.Fatal(err)
		}
		m.now = s.RecordedAt.Add(-time.Minute)
		if _, err := m.store.Append(t.Context(), s.Stream, s.Revision-1,
			[]events.Proposed{{ID: s.ID, Kind: s.Kind, Body: body}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.ledger.Reaches(t.Context(), uint64(records)); err != nil {
		t.Fatal(err)
	}
	m.now = start.Add(24 * time.Hour)
	key, err := seal.NewSigner("taizhang.zj/2027", seal.LogKey)
	if err != nil {
		t.Fatal(err)
	}
	m.trust = []byte(strings.Replace(string(m.trust), m.log.Key.String(), key.Key.String(), 1))
	m.log = key
	last := old.heads[len(old.heads)-1]
	m.after = &events.SealedAfter{Origin: origin, Key: old.log.Key.String(), Size: last.Size, Root: last.Root.String()}
	if err := m.seal(0, 1); err != nil {
		t.Fatal(err)
	}
	m.after = nil
	if err := m.record("ZJ-0001", trial); err != nil {
		t.Fatal(err)
	}
	if err := m.seal(0, 2); err != nil {
		t.Fatal(err)
	}
	if err := m.read(); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestANewOriginNamesBothAndThePositionsThatAreGone(t *testing.T) {
	old := newWorld(t)
	w := restored(t, old, 11).world // a backup without the last two records
	file := w.bundle(t)
	expect(t, w.judge(t, file), verify.Holds,
		"自位置 12 起换用封存标识“taizhang.zj/2027”；原标识“taizhang.zj/2026”的最后检查点为 13 条",
		`from position 12 on the origin is "taizhang.zj/2027"; the last checkpoint of the old one, `+
			`"taizhang.zj/2026", is of 13 records`,
		"原台账位置 12 至 13 的记录不在本台账中", "the records at positions 12 to 13 of the old ledger are not in "+
			"this one",
		"位置 6 至 11 的记录是否与原台账相同，没有检查点可以证明",
		"whether the records at positions 6 to 11 are those of the old ledger, no checkpoint proves")
	// Whoever kept the old checkpoint sees that its ledger was left.
	expect(t, w.judge(t, file, knowing(old.heads[2])), verify.Contradicted, "留存的检查点（13 条）与记录不符")
	expect(t, w.judge(t, file, knowing(old.heads[1])), verify.Holds, "留存的检查点（9 条）是本台账的开头部分")
	// A trust file of the old origin proves nothing here.
	expect(t, w.judge(t, file, func(cfg *verify.Config) { cfg.Trust = old.trust }), verify.Unwitnessed,
		"信任文件是台账“taizhang.zj/2026”的，证据包是台账“taizhang.zj/2027”的")
}

func TestANewOriginAfterALostKeyLosesNoRecord(t *testing.T) {
	old := newWorld(t)
	w := restored(t, old, 13).world
	expect(t, w.judge(t, w.bundle(t)), verify.Holds, "原台账的记录都在；该检查点的签名未核验",
		"no record of the old ledger is gone; the signatures of that checkpoint were not examined")
}

func TestANewOriginAfterABackupOfBeforeTheFirstSealingLosesWhatNobodyCanProve(t *testing.T) {
	old := newWorld(t)
	w := restored(t, old, 4).world // the first seal of the old ledger is at position 5
	expect(t, w.judge(t, w.bundle(t)), verify.Holds,
		"自位置 5 起换用封存标识“taizhang.zj/2027”；原标识“taizhang.zj/2026”的最后检查点为 13 条",
		"原台账位置 5 至 13 的记录不在本台账中",
		"the records at positions 5 to 13 of the old ledger are not in this one",
		"位置 1 至 4 的记录是否与原台账相同，没有检查点可以证明",
		"whether the records at positions 1 to 4 are those of the old ledger, no checkpoint proves")
}
