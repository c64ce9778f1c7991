package alertfeed

import (
	"bufio"

	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
)

// edges returns the register of a history that raises nearly every alert, with a break in a center and one in the
// policies.
func edges(t *testing.T) *projections.Register {
	t.Helper()
	r, revisions, position := projections.NewRegister(), map[events.StreamID]uint64{}, uint64(0)
	place := func(s events.StreamID) events.Place {
		position++
		revisions[s]++
		return events.Place{Position: position, Revision: revisions[s]}
	}
	apply := func(rec *events.Record) {
		at := place(rec.Stream())
		if err := r.Apply(&events.Recorded{Record: *rec, Revision: at.Revision, Position: at.Position}); err != nil {
			t.Fatal(err)
		}
	}
	p := policy.Builtin()
	apply(&events.Record{ID: uuid.New(), Kind: events.KindPolicyAdopted, On: events.MustDate("2024-01-01"),
		By: events.By{Role: events.Admin, Actor: "x"}, Mode: events.Recording, Data: &events.PolicyAdopted{
			ID: p.ID, Version: p.Version,
			EffectiveFrom: p.EffectiveFrom, Source: p.Source, Digest: p.Digest(), Text: string(p.Text())}})
	f, err := os.Open("../../aggregates/testdata/edges/history.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var center events.CenterID
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 2*events.RecordBytesMax)
	for lines.Scan() {
		rec, problems := events.DecodeRecord(lines.Bytes())
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		center = rec.Center
		apply(rec)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	for _, s := range []events.StreamID{center.Stream(), "neverseen"} {
		r.ApplyBroken(events.Stored{Stream: s, ID: uuid.New(), Place: place(s)},
			text.Errorf(text.Internal, "无法解读", "cannot be read"))
	}
	return r
}

func TestAMessageHasTheWordsOfItsAlert(t *testing.T) {
	r, on, codes, breaks := edges(t), events.MustDate("2026-10-31"), map[aggregates.Code]bool{}, 0
	_, err := r.Watch().Look(t.Context(), on, func(c *projections.Seen) {
		localGov, industryDept := c.Responsible()
		list := described(c, c.Alerts)
		for i, e := range c.Explain() {
			a, m := c.Alerts[i], list[i].alert
			if alone := described(c, c.Alerts[i:i+1]); !reflect.DeepEqual(alone, list[i:i+1]) {
				t.Errorf("among all alerts described as %+v, alone as %+v", m, alone[0].alert)
			}
			if m.State != stateOf(a).Kind || m.ClearedOn.Date != a.ClearedOn || m.Center != c.Center ||
				m.Code != a.Code || m.Key != a.Key || m.Severity != a.Severity || m.RaisedOn != a.RaisedOn {
				t.Errorf("%+v is described as %+v", a, m)
			}
			if row := aggregates.LookupAlert(a.Code); m.Title != row.Title || m.Office != row.Office ||
				m.Cleared.Zh == "" || m.Cleared.En == "" || m.LocalGov != localGov || m.IndustryDept != industryDept {
				t.Errorf("%+v is described as %+v", a, m)
			}
			if len(m.Rules) != len(e.Rules) || len(m.Figures) < len(e.Figures) {
				t.Errorf("%+v is described as %+v", a, m)
			}
			for _, rule := range m.Rules {
				if rule.Rule == events.Overdrawn { // a rule of bookkeeping, of no policy
					continue
				}
				if rule.Article == "" || rule.Words == "" {
					t.Errorf("%s: rule %+v has no words", a.Code, rule)
				}
			}
			for _, f := range m.Figures {
				if f.Label.Zh == "" || f.Label.En == "" ||
					(f.Shown.Zh == "" || f.Shown.En == "") != (f.Name == "reason") {
					t.Errorf("%s: figure %+v has no words", a.Code, f)
				}
			}
			if a.Code == aggregates.LedgerBroken {
				breaks++
				if f := m.Figures[len(m.Figures)-1]; m.Policy != "" || f.Name != "reason" ||
					!strings.HasSuffix(f.Label.En, "cannot be read") || len(e.Figures) != len(m.Figures)-1 {
					t.Errorf("a break is described as %+v", m)
				}
			} else if codes[a.Code] = true; m.Policy != "zj-2024-draft@2" {
				t.Errorf("%s: policy %q", a.Code, m.Policy)
			}
			if _, err := (&Message{Subject: nameOf(c.Center, a).Subject(), Alert: m}).Encode("urn:x",
				time.Unix(0, 0)); err != nil {
				t.Error(err)
			}
		}
	})
	if err != nil || breaks != 2 || len(codes) < 38 {
		t.Errorf("%v; %d breaks and %d codes are described", err, breaks, len(codes))
	}
}

func TestAnAlertThatWentWhileItWasExplainedIsStillNamed(t *testing.T) {
	r, found := edges(t), 0
	_, err := r.Watch().Look(t.Context(), events.MustDate("2026-10-31"), func(c *projections.Seen) {
		for _, a := range c.Alerts {
			if m := describe(c.Center, a, nil); m.State != stateOf(a).Kind || m.Title.Zh == "" || m.Key != a.Key ||
				len(m.Figures) > 0 {
				t.Errorf("%+v is described as %+v", a, m)
			}
			found++
		}
	})
	if err != nil || found == 0 {
		t.Errorf("%d alerts, %v", found, err)
	}
}

func TestAWithdrawalHasATitleAndNoFigures(t *testing.T) {
	n := AlertName{"ZJ-0001", aggregates.Red, "AL-USE-01", "V1", events.MustDate("2025-06-02")}
	m := withdrawn(n)
	if m.State != Withdrawn || m.ClearedOn.Date != 0 ||
		(AlertName{m.Center, m.Severity, m.Code, m.Key, m.RaisedOn}) != n ||
		m.Title != aggregates.LookupAlert(n.Code).Title ||
		m.Office != events.CenterRole || m.Policy != "" || len(m.Rules)+len(m.Figures) > 0 ||
		m.Cleared != (text.Text{}) {
		t.Errorf("got %+v", m)
	}
	n.Code = "AL-XXX-99" // of a version of the program that is newer
	if m := withdrawn(n); m.Title != text.Say("AL-XXX-99", "AL-XXX-99") || m.Office != "" {
		t.Errorf("got %+v", m)
	}
}
