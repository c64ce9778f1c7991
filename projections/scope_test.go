package projections_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
)

func (b *book) assign(center events.CenterID, on, region, department string) {
	b.t.Helper()
	b.write("center.assigned", center, on, events.STOffice,
		&events.CenterAssigned{IndustryDept: department, LocalGov: region})
}

func onDay(day string) func() events.Date { return func() events.Date { return events.MustDate(day) } }

func TestARestrictedRegisterHasNoOtherCenter(t *testing.T) {
	b := threeCenters(t)
	b.register.ApplyBroken(events.Stored{
		Stream: "center-ZJ-0003", Place: events.Place{Position: 99, Revision: 5, RecordedAt: recordedAt}},
		text.Errorf(text.Internal, "坏", "bad"))
	b.register.ApplyBroken(events.Stored{
		Stream: "unknown", Place: events.Place{Position: 100, Revision: 1, RecordedAt: recordedAt}},
		text.Errorf(text.Internal, "坏", "bad"))
	on := events.MustDate("2026-12-31")
	r := b.register.Within(projections.SeesOne("ZJ-0002"))
	if got := r.IDs(); !slices.Equal(got, []events.CenterID{"ZJ-0002"}) {
		t.Errorf("the ids are %v", got)
	}
	if !r.Knows("ZJ-0002") || r.Knows("ZJ-0001") || r.Knows("ZJ-0009") {
		t.Error("it knows another center, or not its own")
	}
	if len(r.Marks("")) != 1 || len(r.Marks("ZJ-0001")) != 0 || len(r.Counts()) != 1 ||
		len(slices.Collect(r.Centers(on))) != 1 {
		t.Errorf("marks %v, counts %v, centers %v", r.Marks(""), r.Counts(), slices.Collect(r.Centers(on)))
	}
	if got := r.Streams(""); !slices.Equal(got, []events.StreamID{events.PolicyStream}) {
		t.Errorf("the streams of no center are %v", got)
	}
	for a := range r.Alerts(on, projections.AlertFilter{All: true}) {
		if a.Center != "ZJ-0002" {
			t.Errorf("an alert of %q: %+v", a.Center, a.Alert)
		}
	}
	if r.Evaluation("ZJ-0001", on) != nil || len(r.Breaks("center-ZJ-0003")) != 0 ||
		r.Revision("center-ZJ-0001") != 0 || r.Facts("ZJ-0001", on).Name != "" {
		t.Error("another center shows")
	}
	lines := slices.Collect(r.Executions(on, projections.ExecutionFilter{By: projections.ByTotal, Scope: "province"}))
	if len(lines) == 0 || lines[0].Centers != 1 || lines[0].GrantedFen != 50_000 {
		t.Errorf("the total is %+v", lines)
	}
	if r.Position() != b.register.Position() || len(r.Timeline().Adopted()) != 1 {
		t.Error("positions and policies are no secret")
	}
}

func TestARestrictedRegisterSharesItsState(t *testing.T) {
	b := threeCenters(t)
	r := b.register.Within(func(id events.CenterID) bool { return id != "ZJ-0001" })
	if b.register.Within(nil) != b.register || b.register.Scope() != nil || r.Scope() == nil {
		t.Error("nil restricts nothing")
	}
	b.enroll("ZJ-0004", "330106", "生物医药")
	if got := r.IDs(); !slices.Equal(got, []events.CenterID{"ZJ-0002", "ZJ-0003", "ZJ-0004"}) {
		t.Errorf("the ids are %v", got)
	}
	if got := r.Within(projections.SeesOne("ZJ-0001")).IDs(); len(got) != 0 {
		t.Errorf("restricted twice it has %v", got)
	}
	if got := r.Within(projections.SeesOne("ZJ-0003")).IDs(); !slices.Equal(got, []events.CenterID{"ZJ-0003"}) {
		t.Errorf("restricted twice it has %v", got)
	}
	settled := r.Settled()
	b.enroll("ZJ-0005", "330106", "生物医药")
	if len(settled.IDs()) != 3 || len(r.IDs()) != 4 {
		t.Errorf("settled it has %v", settled.IDs())
	}
}

func TestACenterIsSeenByTheOfficesThatAreResponsible(t *testing.T) {
	b := threeCenters(t) // in 330106, 330106 and 330203
	today := onDay("2026-01-01")
	b.assign("ZJ-0002", "2025-02-01", "330203", "省 经信厅（Ａ）")
	b.assign("ZJ-0003", "2026-01-02", "330106", "省经信厅(A)") // tomorrow
	seen := func(sees func(events.CenterID) bool) []events.CenterID { return b.register.Within(sees).IDs() }
	for _, c := range []struct {
		name string
		sees func(events.CenterID) bool
		want []events.CenterID
	}{
		{"a county", b.register.SeesRegion("330106", today), []events.CenterID{"ZJ-0001"}},
		{"a city", b.register.SeesRegion("3302", today), []events.CenterID{"ZJ-0002", "ZJ-0003"}},
		{"a province", b.register.SeesRegion("33", today), []events.CenterID{"ZJ-0001", "ZJ-0002", "ZJ-0003"}},
		{"another province", b.register.SeesRegion("32", today), nil},
		{"the next day", b.register.SeesRegion("330106", onDay("2026-01-02")),
			[]events.CenterID{"ZJ-0001", "ZJ-0003"}},
		{"a department, whatever the width", b.register.SeesDepartment("省经信厅(A)", today),
			[]events.CenterID{"ZJ-0002"}},
		{"the department of the next day", b.register.SeesDepartment("省经信厅 （a）", onDay("2026-01-02")), nil},
		{"its department of the next day", b.register.SeesDepartment("省经信厅 （A）", onDay("2026-01-02")),
			[]events.CenterID{"ZJ-0002", "ZJ-0003"}},
		{"no department", b.register.SeesDepartment("", today), nil},
		{"its own center before its registration", projections.SeesOne("ZJ-0008"), nil},
	} {
		if got := seen(c.sees); !slices.Equal(got, c.want) {
			t.Errorf("%s: expected %v, got %v", c.name, c.want, got)
		}
	}
	county := b.register.SeesRegion("330106", today)
	if !county("ZJ-0001") || county("ZJ-0008") {
		t.Error("before it moves")
	}
	b.assign("ZJ-0001", "2025-12-31", "330203", "省科技厅")
	moved := b.position
	if county("ZJ-0001") || !b.register.SeesRegion("330203", today)("ZJ-0001") {
		t.Error("after it moved")
	}
	b.write("entry.voided", "ZJ-0001", "2026-01-01", events.STOffice,
		&events.EntryVoided{Event: uuid.NewSHA1(uuid.Nil, fmt.Append(nil, moved)).String(), Reason: "误"})
	if !county("ZJ-0001") {
		t.Error("the move was voided")
	}
	if _, _, ok := b.register.Responsible("ZJ-0008", today()); ok {
		t.Error("nobody is responsible for a center that there is not")
	}
}
