package aggregates_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// The tests of this package are tables of cases: given a history, when a record comes, then this; or given a history,
// as of a date, then these alerts. The names of cases are sentences.

const center events.CenterID = "ZJ-0007"

// draft is the timeline of a ledger with only the built-in policy.
var draft = policy.Timeline{}.With(policy.Builtin())

// fact is one event in shorthand. Without a role it is written by the first role that section 4 names for the kind.
type fact struct {
	day   events.Date
	role  events.Role
	label string // what a voiding names it by
	doc   string
	data  events.Payload
}

func on(day string, data events.Payload) fact { return fact{day: events.MustDate(day), data: data} }

func (f fact) by(role events.Role) fact  { f.role = role; return f }
func (f fact) called(label string) fact  { f.label = label; return f }
func (f fact) with(doc string) fact      { f.doc = doc; return f }
func idOf(label string) uuid.UUID        { return uuid.NewSHA1(uuid.NameSpaceOID, []byte(label)) }
func voided(label string) events.Payload { return &events.EntryVoided{Event: idOf(label).String()} }

// date parses a day; "" means none.
func date(day string) events.Date {
	if day == "" {
		return 0
	}
	return events.MustDate(day)
}

// history is a list of facts in the order of recording.
type history []fact

func (h history) and(more ...fact) history { return append(h[:len(h):len(h)], more...) }

// kinds holds the kind of each payload type.
var kinds = func() map[string]events.Kind {
	m := map[string]events.Kind{}
	for i := range events.Catalog {
		m[fmt.Sprintf("%T", events.Catalog[i].Blank())] = events.Catalog[i].Kind
	}
	return m
}()

func kindOf(data events.Payload) events.Kind { return kinds[fmt.Sprintf("%T", data)] }

// reporter is the part of a test that a story needs: a *testing.T or a *rapid.T.
type reporter interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// story is a center to which the facts of a history are added.
type story struct {
	tb       reporter
	center   *aggregates.Center
	policies policy.Timeline
	days     map[uuid.UUID]events.Date // of the records
}

// given returns a story with a history under policies (the draft if none were adopted). All facts are recorded in
// record mode, so that a history may break rules. Nonsense fails the test.
func given(tb reporter, policies policy.Timeline, h history) *story {
	tb.Helper()
	if len(policies.Adopted()) == 0 {
		policies = draft
	}
	s := &story{tb: tb, center: aggregates.NewCenter(center), policies: policies}
	for _, f := range h {
		s.add(f)
	}
	return s
}

// record encodes a fact as a record and decodes it like any other input.
func (s *story) record(f fact, mode events.Mode) (*events.Record, events.Problems) {
	s.tb.Helper()
	r := &events.Record{Center: center, On: f.day, Kind: kindOf(f.data), Mode: mode, Doc: f.doc, Data: f.data}
	r.ID = idOf(f.label)
	if f.label == "" {
		r.ID = idOf(fmt.Sprint("event ", s.center.Revision()))
	}
	r.By = events.By{Role: f.role, Actor: "tester"}
	if f.role == "" {
		r.By.Role = events.Lookup(r.Kind).Roles[0]
	}
	if f.doc == "" {
		r.Doc = "浙科办〔2025〕12号"
	}
	line, err := events.EncodeRecord(r)
	if err != nil {
		s.tb.Fatal(err)
	}
	return events.DecodeRecord(line)
}

// add records a fact in record mode.
func (s *story) add(f fact) {
	s.tb.Helper()
	r, problems := s.record(f, events.Recording)
	if len(problems) > 0 {
		s.tb.Fatalf("given %s on %v: %v", r.Kind, r.On, problems)
	}
	if v := s.center.Judge(r, s.policies); v.Refused(events.Recording) {
		s.tb.Fatalf("given %s on %v: %v", r.Kind, r.On, &aggregates.Refusal{Breaches: v.Nonsense})
	}
	s.apply(r)
}

func (s *story) apply(r *events.Record) {
	s.tb.Helper()
	next := s.center.Revision() + 1
	if s.days == nil {
		s.days = map[uuid.UUID]events.Date{}
	}
	s.days[r.ID] = r.On
	if err := s.center.Apply(&events.Recorded{Record: *r, Revision: next, Position: next}); err != nil {
		s.tb.Fatal(err)
	}
}

func (s *story) asOf(d events.Date) *aggregates.Evaluation { return s.center.Evaluate(s.policies, d) }

// alerts lists the alerts with a code as of a date.
func (s *story) alerts(code aggregates.Code, d events.Date) []aggregates.Alert {
	var found []aggregates.Alert
	for _, a := range s.asOf(d).Alerts {
		if a.Code == code {
			found = append(found, a)
		}
	}
	return found
}

// decisionCase is one record to judge, with the rules that it breaks; no rules if it is accepted.
type decisionCase struct {
	name     string
	given    history
	when     fact
	rules    []events.RuleID
	policies policy.Timeline
}

func accepted() []events.RuleID                        { return nil }
func refusedBy(rules ...events.RuleID) []events.RuleID { return rules }

func runDecisions(t *testing.T, cases []decisionCase) {
	t.Helper()
	runAll(t, cases, func(c *decisionCase) string { return c.name }, (*decisionCase).run)
}
func runAlerts(t *testing.T, cases []alertCase) {
	t.Helper()
	runAll(t, cases, func(c *alertCase) string { return c.name }, (*alertCase).run)
}
func runNonsense(t *testing.T, cases []nonsenseCase) {
	t.Helper()
	runAll(t, cases, func(c *nonsenseCase) string { return c.name }, (*nonsenseCase).run)
}

func sentence(name string) string { return strings.ReplaceAll(name, "/", " per ") }

func sorted(rules []events.RuleID) []events.RuleID { return slices.Sorted(slices.Values(rules)) }

// runAll runs each case under its name. It replaces slashes in names, because a slash separates subtests.
func runAll[C any](t *testing.T, cases []C, name func(*C) string, run func(*C, *testing.T)) {
	t.Helper()
	for i := range cases {
		t.Run(sentence(name(&cases[i])), func(t *testing.T) { run(&cases[i], t) })
	}
}

// run judges the record in both modes: enforce mode must refuse it exactly if it breaks a rule, and record mode must
// carry the same rules.
func (c *decisionCase) run(t *testing.T) {
	s := given(t, c.policies, c.given)
	for _, mode := range []events.Mode{events.Enforce, events.Recording} {
		r, problems := s.record(c.when, mode)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		v := s.center.Judge(r, s.policies)
		if len(v.Nonsense) > 0 {
			t.Fatalf("nonsense: %v", &aggregates.Refusal{Breaches: v.Nonsense})
		}
		if got := sorted(v.Breaks()); !slices.Equal(got, sorted(c.rules)) {
			t.Fatalf("%s mode: breaks %v, want %v: %v", mode, got, c.rules, &aggregates.Refusal{Breaches: v.Breaches})
		}
		if want := mode == events.Enforce && len(c.rules) > 0; v.Refused(mode) != want {
			t.Errorf("%s mode: refused is %v", mode, v.Refused(mode))
		}
		for _, b := range v.Breaches {
			words := s.policies.At(r.On).Rule(b.Rule)
			if words == nil || b.Reason.Zh == "" || b.Reason.En == "" {
				t.Errorf("%s: no article words, or no reason in both languages: %+v", b.Rule, b)
			}
		}
	}
	s.add(c.when) // what is accepted, or recorded, can be applied
}

// nonsenseCase is one record that is refused in either mode because of a field, or accepted if field is empty.
type nonsenseCase struct {
	name   string
	clause clause
	given  history
	when   fact
	field  string
}

func (c *nonsenseCase) run(t *testing.T) {
	s := given(t, policy.Timeline{}, c.given)
	for _, mode := range []events.Mode{events.Enforce, events.Recording} {
		r, problems := s.record(c.when, mode)
		fields := fieldsOf(problems)
		if len(problems) == 0 {
			v := s.center.Judge(r, s.policies)
			for _, b := range v.Nonsense {
				fields = append(fields, b.Field)
				if b.Reason.Zh == "" || b.Reason.En == "" {
					t.Errorf("no reason in both languages: %+v", b)
				}
			}
		}
		if c.field == "" && len(fields) > 0 || c.field != "" && !slices.Contains(fields, c.field) {
			t.Errorf("%s mode: refused at %q, want %q", mode, fields, c.field)
		}
	}
}

func fieldsOf(problems events.Problems) (fields []string) {
	for _, p := range problems {
		fields = append(fields, p.Field)
	}
	return fields
}

func contains(text text.Text, part string) bool {
	return strings.Contains(text.Zh, part) && strings.Contains(text.En, part)
}
