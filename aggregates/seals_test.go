package aggregates_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// sealAt returns a seal as it is stored at a place of the stream of the ledger.
func sealAt(revision, position uint64, p *events.LedgerSealed) *events.Recorded {
	return &events.Recorded{Record: events.Record{
		ID:   uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, revision, position)),
		Kind: events.KindLedgerSealed, By: events.By{Role: events.Program, Actor: "taizhang"}, Data: p},
		Revision: revision, Position: position}
}

func sealUnder(origin string, size uint64, after string) *events.LedgerSealed {
	p := &events.LedgerSealed{Origin: origin, Key: origin + "+key", Size: size}
	if after != "" {
		p.After = &events.SealedAfter{Origin: after}
	}
	return p
}

func TestSealsFollowOneAnother(t *testing.T) {
	s := aggregates.NewSeals()
	if s.First() != nil || s.Last() != nil || s.Revision() != 0 {
		t.Error("a ledger that was never sealed has a seal")
	}
	for i, c := range []struct {
		seal      *events.Recorded
		broken    bool
		firstSeal uint64 // the position of the first seal under the present origin
	}{
		{sealAt(2, 4, sealUnder("a", 0, "")), true, 0},   // not the next revision
		{sealAt(1, 4, sealUnder("a", 4, "")), true, 0},   // the checkpoint would have itself
		{sealAt(1, 4, sealUnder("a", 1, "")), true, 0},   // the first one after a checkpoint
		{sealAt(1, 4, sealUnder("a", 0, "x")), false, 4}, // what it continues was lost with the rest
		{sealAt(2, 6, sealUnder("a", 0, "")), false, 4},  // no checkpoint was signed after the first
		{sealAt(3, 9, sealUnder("a", 6, "")), false, 4},
		{sealAt(4, 12, sealUnder("a", 5, "")), true, 4},  // less than before
		{sealAt(4, 12, sealUnder("a", 9, "a")), true, 4}, // continues itself
		{sealAt(4, 12, sealUnder("b", 0, "")), true, 4},  // continues nothing
		{sealAt(4, 12, sealUnder("b", 0, "x")), true, 4}, // continues another
		{sealAt(4, 12, sealUnder("b", 0, "a")), false, 12},
		{sealAt(5, 15, sealUnder("b", 12, "")), false, 12},
	} {
		before := s.Revision()
		err := s.Apply(c.seal)
		if (err != nil) != c.broken {
			t.Errorf("case %d: %v", i, err)
		}
		if err != nil && (s.Revision() != before || text.Of(err).Zh == "" || s.Has(c.seal.ID) != 0) {
			t.Errorf("case %d: revision %d, %v", i, s.Revision(), err)
		}
		if err == nil && (s.Last().Position != c.seal.Position || s.Has(c.seal.ID) != c.seal.Revision) {
			t.Errorf("case %d: the last is %+v", i, s.Last())
		}
		if first := s.First(); c.firstSeal > 0 && first.Position != c.firstSeal {
			t.Errorf("case %d: the first is %+v", i, first)
		}
	}
}

func TestASealOfAnotherRoleBreaksTheLedger(t *testing.T) {
	r := sealAt(1, 4, sealUnder("a", 0, ""))
	r.By.Role = events.Admin
	if err := aggregates.NewSeals().Apply(r); err == nil || !strings.Contains(err.Error(), "ledger itself") {
		t.Errorf("got %v", err)
	}
}

func TestASealIsTakenFromNobody(t *testing.T) {
	for _, role := range append(allRoles, events.Program) {
		r := sealAt(1, 4, sealUnder("a", 0, "")).Record
		r.By.Role = role
		v := aggregates.NewSeals().Judge(&r, draft)
		if !v.Refused(events.Enforce) || !v.Refused(events.Recording) || policyRule(v.Nonsense[0].Rule) == "" {
			t.Errorf("%s: %+v", role, v)
		}
	}
	if why := aggregates.TakenFromNobody(&events.Record{Kind: events.KindFundsSpent}); why != nil {
		t.Errorf("a voucher: %+v", why)
	}
}
