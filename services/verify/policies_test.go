package verify_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/verify"
)

// adopt records a version of the built-in policy that is in force from a day.
func (m *maker) adopt(version int, from string) error {
	text := strings.NewReplacer(`"version": "2"`, fmt.Sprintf(`"version": "%d"`, version),
		`"effectiveFrom": "2024-01-01"`, fmt.Sprintf(`"effectiveFrom": %q`, from)).
		Replace(string(policy.Builtin().Text()))
	p, problems := policy.Parse([]byte(text))
	if len(problems) > 0 {
		return fmt.Errorf("%v", problems)
	}
	_, err := m.ledger.Record(context.Background(), ledger.Adoption(p),
		ledger.Writer{Name: "clerk", MayRecord: true})
	return err
}

// TestPoliciesThatAreAdoptedLateAreFlagged adopts policies before any record of their days, and two after some of
// them. The verdict lists all: five others do not hide one.
func TestPoliciesThatAreAdoptedLateAreFlagged(t *testing.T) {
	m, err := newMaker(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer m.close()
	for _, step := range []func() error{
		func() error { return m.record("ZJ-0001", registration("甲中心", "91330106MAC1K2L32C")) }, // of 2025-01-10
		func() error { return m.record("ZJ-0001", grant) },                                     // of 2025-02-01
		func() error { return m.adopt(3, "2027-01-01") },
		func() error { return m.record("ZJ-0001", receipt) }, // of 2025-03-01
		func() error { return m.adopt(4, "2025-02-01") },
		func() error { return m.adopt(5, "2028-01-01") },
		func() error { return m.adopt(6, "2028-01-02") },
		func() error { return m.adopt(7, "2028-01-03") },
		func() error { return m.adopt(8, "2028-01-04") },
		func() error { return m.adopt(9, "2025-03-01") },
		func() error { return m.seal(0, 1) },
		m.read,
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	v := m.judge(t, m.bundle(t))
	expect(t, v, verify.Holds,
		"办法参数 zj-2024-draft 3 于 2026-11-01 采用（位置 4），自 2027-01-01 起适用",
		"policy zj-2024-draft 3 was adopted on 2026-11-01 (position 4), in force from 2027-01-01",
		"办法参数 zj-2024-draft 4 采用得晚：自 2025-02-01 起适用，2026-11-01 才采用（位置 6），"+
			"其时该日及以后的记录已有 2 条",
		"policy zj-2024-draft 4 was adopted late: it is in force from 2025-02-01, but was adopted only on 2026-11-01 "+
			"(position 6), when the ledger already had records of that day or later: 2",
		"policy zj-2024-draft 9 was adopted late: it is in force from 2025-03-01", "or later: 1")
	all := page(t, v)
	for version := 2; version <= 9; version++ {
		name := fmt.Sprintf("policy zj-2024-draft %d ", version)
		if shown := strings.Count(all, name); shown != 1 {
			t.Errorf("the verdict names %q %d times:\n%s", name, shown, all)
		}
		if late := strings.Contains(all, name+"was adopted late"); late != (version == 4 || version == 9) {
			t.Errorf("the verdict flags %q as late: %t\n%s", name, late, all)
		}
	}
}
