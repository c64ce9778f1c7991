package events

import (
	"strings"
	"testing"
)

func TestASealMustBeOfAPossibleCheckpoint(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*LedgerSealed)
		field  string // "" for none
	}{
		"a good one": {
			func(*LedgerSealed) {},
			""},
		"none before it": {
			func(p *LedgerSealed) { p.Size, p.Root, p.Cosigners = 0, RootOfNothing, nil },
			""},
		"no origin": {
			func(p *LedgerSealed) { p.Origin, p.Key = "", "+key" },
			"data.origin"},
		"an origin with a plus": {
			func(p *LedgerSealed) { p.Origin, p.Key = "a+b", "a+b+key" },
			"data.origin"},
		"an origin with a space": {
			func(p *LedgerSealed) { p.Origin, p.Key = "a b", "a b+key" },
			"data.origin"},
		"the key of another": {
			func(p *LedgerSealed) { p.Key = "other+00000000+AQ==" },
			"data.key"},
		"a long key": {
			func(p *LedgerSealed) { p.Key += strings.Repeat("A", 1000) },
			"data.key"},
		"a root of nothing under some": {
			func(p *LedgerSealed) { p.Size = 0 },
			"data.root"},
		"a short root": {
			func(p *LedgerSealed) { p.Root = "AAAA" },
			"data.root"},
		"a root in another alphabet": {
			func(p *LedgerSealed) { p.Root = strings.Repeat("-", 43) + "=" },
			"data.root"},
		"a root with bits left over": {
			func(p *LedgerSealed) { p.Root = strings.Repeat("A", 42) + "B=" },
			"data.root"},
		"too large a size": {
			func(p *LedgerSealed) { p.Size = 1 << 63 },
			"data.size"},
		"a witness without a name": {
			func(p *LedgerSealed) { p.Cosigners[1].Name = "" },
			"data.cosigners[1].name"},
		"no instant": {
			func(p *LedgerSealed) { p.Cosigners[0].At = "2026-11-29" },
			"data.cosigners[0].at"},
		"an instant of another zone": {
			func(p *LedgerSealed) { p.Cosigners[0].At = "2026-11-29T10:00:03+08:00" },
			"data.cosigners[0].at"},
		"an instant with a fraction": {
			func(p *LedgerSealed) { p.Cosigners[0].At = "2026-11-29T10:00:03.5Z" },
			"data.cosigners[0].at"},
		"a wrong checkpoint that continues": {
			func(p *LedgerSealed) { p.After.Root = "" },
			"data.after.root"},
	} {
		r := sampleOf(KindLedgerSealed)
		p := r.Data.(*LedgerSealed)
		c.change(p)
		switch found := r.Check(); {
		case c.field == "" && len(found) > 0:
			t.Errorf("%s: %v", name, found)
		case c.field != "" && (len(found) != 1 || found[0].Field != c.field):
			t.Errorf("%s: expected one problem of %s, got %v", name, c.field, found)
		}
	}
}

func TestOnlyTheKindOfTheProgramHasItsRole(t *testing.T) {
	if Roles.Has(Program) {
		t.Error("the role of the program is offered")
	}
	for _, e := range Catalog {
		r := sampleOf(e.Kind)
		r.By.Role = Program
		found := r.Check()
		if refused := len(found) > 0 && found[0].Field == "by.role"; refused == e.ByProgram() {
			t.Errorf("%s by the program: %v", e.Kind, found)
		}
	}
}
