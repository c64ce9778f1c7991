package naive_test

import (
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

const center events.CenterID = "ZJ-0001"

// The numbers of candidates from which a random history is drawn.
const (
	candidatesMin = 80
	candidatesMax = 400
)

// TestMain draws fewer histories for each property than rapid does by default, unless -rapid.checks sets a number:
// each history has a hundred records, and there are many properties. For a long session: go test -run Agree
// -rapid.checks=20000.
func TestMain(m *testing.M) {
	flag.Parse()
	told := false
	flag.Visit(func(f *flag.Flag) { told = told || f.Name == "rapid.checks" })
	if !told {
		if err := flag.Set("rapid.checks", "40"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// story is a random history of one center with the records that the judge accepted.
type story struct {
	timeline policy.Timeline
	kinds    []events.Kind // that are drawn
	days     []events.Date // on which most of it happens
	log      []events.Recorded
	center   *aggregates.Center // after the whole log
	things   map[string][]thing // grants, vouchers and whatever else is named, by the letters of their names
}

// thing is an object that later records can name, such as a grant.
type thing struct {
	name string
	on   events.Date
}

// String lists the records, for messages of failures.
func (s *story) String() string {
	var b strings.Builder
	for _, p := range s.timeline.Adopted() {
		fmt.Fprintf(&b, "policy %s version %s from %v\n", p.ID, p.Version, p.EffectiveFrom)
	}
	for i := range s.log {
		line, err := events.EncodeRecord(&s.log[i].Record)
		fmt.Fprintf(&b, "%3d %s", s.log[i].Revision, line)
		if err != nil {
			fmt.Fprintf(&b, " (%v)", err)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// tell draws a history under a timeline. Its dates do not follow the order of recording. Nonsense is left out. A
// decision that breaks a rule is recorded in record mode.
func tell(t *rapid.T, timeline policy.Timeline) *story { return tellOf(t, timeline, kinds, calendar) }

// tellOf draws a history of some kinds on some days.
func tellOf(t *rapid.T, timeline policy.Timeline, of []events.Kind, on []events.Date) *story {
	s := &story{timeline: timeline, center: aggregates.NewCenter(center), things: map[string][]thing{}, kinds: of,
		days: rapid.SliceOfN(rapid.SampledFrom(on), 3, 12).Draw(t, "days")}
	s.record(candidate{on: rapid.SampledFrom(firstDays).Draw(t, "registered on"), data: &events.CenterRegistered{
		Facts: facts(t)}})
	for _, c := range rapid.SliceOfN(rapid.Custom(s.candidate), candidatesMin, candidatesMax).Draw(t, "records") {
		s.record(c)
	}
	return s
}

// candidate is a record before it is judged. Choice selects the values that depend on the records before it.
type candidate struct {
	kind   events.Kind
	on     events.Date
	role   int
	choice int
	data   events.Payload
}

func (s *story) candidate(t *rapid.T) candidate {
	c := candidate{kind: rapid.SampledFrom(s.kinds).Draw(t, "kind")}
	if c.kind == "" { // shrinks to nothing
		return c
	}
	c.on = s.day(t)
	c.role, c.choice = rapid.IntRange(0, 3).Draw(t, "role"), rapid.IntRange(0, 999).Draw(t, "choice")
	c.data = payload(t, c.kind, c.on, s.day)
	return c
}

// day draws a day of the story, or a day on which a term from it ends.
func (s *story) day(t *rapid.T) events.Date {
	return rapid.SampledFrom(s.days).Draw(t, "day") + rapid.SampledFrom(terms).Draw(t, "term")
}

// record judges a candidate, and applies it unless it is refused.
func (s *story) record(c candidate) {
	if c.data == nil || !s.settle(&c) {
		return
	}
	r := events.Record{ID: s.id(), Kind: kindOf(c.data), Center: center, On: c.on, Mode: events.Enforce, Data: c.data}
	roles := s.roles(&r)
	r.By = events.By{Role: roles[c.role%len(roles)], Actor: "x-01"}
	verdict := s.center.Judge(&r, s.timeline)
	if len(verdict.Nonsense) > 0 || !valid(&r) {
		return
	}
	if len(verdict.Breaches) > 0 {
		r.Mode, r.Doc = events.Recording, "浙试〔2024〕1号"
	}
	n := s.center.Revision() + 1
	recorded := events.Recorded{
		Record: r, Revision: n, Position: 3 * n, Entry: events.Entry{Policy: verdict.Policy, Breaks: verdict.Breaks()}}
	if err := s.center.Apply(&recorded); err != nil {
		panic(fmt.Sprintf("judged but not applied: %v", err))
	}
	s.log = append(s.log, recorded)
	if name := events.FacetsOf(c.data).Creates.ID; name != "" {
		s.things[letters(name)] = append(s.things[letters(name)], thing{name, c.on})
	}
}

// id numbers the records, so that a history has the same ids each time it is drawn.
func (s *story) id() uuid.UUID {
	id := uuid.UUID{6: 0x40, 8: 0x80}
	binary.BigEndian.PutUint32(id[12:], uint32(len(s.log)+1))
	return id
}

// settle fills in the values that depend on the records before: the names of existing things, the voided entry, the
// closed alert, and the grades and uses of the policy of the day.
func (s *story) settle(c *candidate) bool {
	for _, name := range references(c.data) {
		s.refer(c, name)
	}
	reading := s.timeline.Reading(c.on)
	switch p := c.data.(type) {
	case *events.EntryVoided:
		p.Event = s.log[len(s.log)-1-c.choice%len(s.log)].ID.String()
	case *events.AlertClosed:
		var open []aggregates.Alert
		for _, a := range s.center.Evaluate(s.timeline, c.on).Alerts {
			if a.Open() && aggregates.LookupAlert(a.Code).Closable {
				open = append(open, a)
			}
		}
		if len(open) == 0 {
			return false
		}
		a := open[c.choice%len(open)]
		p.Code, p.Key = string(a.Code), a.Key
	case *events.GradeDecided:
		p.Grade = reading.Grades[c.choice%len(reading.Grades)].Name
	case *events.GradeRevised:
		p.Year = s.graded(p.Year, c.choice)
		p.Grade = reading.Grades[c.choice%len(reading.Grades)].Name
	case *events.RectificationOrdered:
		p.Year = s.graded(p.Year, c.choice)
	case *events.RectificationAccepted:
		p.Year = s.graded(p.Year, c.choice)
	case *events.InterviewHeld:
		p.Year = s.graded(p.Year, c.choice)
	case *events.QualificationRevoked:
		return c.choice%3 == 0
	case *events.FundsSpent:
		p.Use = reading.Uses[c.choice%len(reading.Uses)].Use
	case *events.UseRuled:
		p.Use = reading.Uses[c.choice%len(reading.Uses)].Use
	case *events.SubsidyReceived:
		if c.choice%2 == 0 {
			p.AmountFen = s.outstanding(p.Grant)
		}
	case *events.MatchingReceived:
		if c.choice%2 == 0 {
			p.AmountFen = s.outstanding(p.Match)
		}
	}
	return true
}

// refer replaces a name that nothing has by the name of an existing thing. Half the time it also moves an earlier
// date to the date of that thing.
func (s *story) refer(c *candidate, name *string) {
	things := s.things[letters(*name)]
	if len(things) == 0 {
		return
	}
	named := things[c.choice%len(things)]
	for _, one := range things {
		if one.name == *name {
			named = one
		}
	}
	if *name = named.name; c.on < named.on && c.choice%4 < 2 {
		c.on = named.on
	}
}

// graded returns mostly a year with a grade, if there is one, otherwise the given year.
func (s *story) graded(year, choice int) int {
	var years []int
	for i := range s.log {
		if p, ok := s.log[i].Data.(*events.GradeDecided); ok {
			years = append(years, p.Year)
		}
	}
	if len(years) == 0 || choice%4 == 0 {
		return year
	}
	return years[choice%len(years)]
}

// outstanding returns approximately the amount of a grant or match that is not received yet.
func (s *story) outstanding(id string) events.Fen {
	var sum events.Fen
	for i := range s.log {
		switch p := s.log[i].Data.(type) {
		case *events.SubsidyGranted:
			if p.Grant == id {
				sum += p.AmountFen
			}
		case *events.MatchingCommitted:
			if p.Match == id {
				sum += p.AmountFen
			}
		case *events.SubsidyReversed:
			if p.Grant == id {
				sum -= p.AmountFen
			}
		case *events.SubsidyReceived:
			if p.Grant == id {
				sum -= p.AmountFen
			}
		case *events.MatchingReceived:
			if p.Match == id {
				sum -= p.AmountFen
			}
		}
	}
	return sum
}

// roles lists the roles that may write a record.
func (s *story) roles(r *events.Record) []events.Role {
	switch p := r.Data.(type) {
	case *events.WaiverGranted:
		return []events.Role{s.timeline.Reading(r.On).Parameters.WaiverGrantor.Value}
	case *events.EntryVoided:
		for i := range s.log {
			if s.log[i].ID.String() == p.Event && s.log[i].Kind != events.KindEntryVoided {
				return s.roles(&s.log[i].Record)
			}
		}
	}
	return events.Lookup(r.Kind).Roles
}

// valid reports whether the ledger can read a record.
func valid(r *events.Record) bool { return len(r.Check()) == 0 }

var kindsByType = func() map[string]events.Kind {
	m := map[string]events.Kind{}
	for i := range events.Catalog {
		m[fmt.Sprintf("%T", events.Catalog[i].Blank())] = events.Catalog[i].Kind
	}
	return m
}()

func kindOf(data events.Payload) events.Kind { return kindsByType[fmt.Sprintf("%T", data)] }

// known returns a prefix of the history: the records known at an instant.
func (s *story) known(n int) []events.Recorded { return s.log[:n] }

// replay applies records to a new center.
func replay(log []events.Recorded) (*aggregates.Center, error) {
	c := aggregates.NewCenter(center)
	for i := range log {
		if err := c.Apply(&log[i]); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// letters returns the letters before the number of a name.
func letters(name string) string { return strings.TrimRight(name, "0123456789") }

// references returns the names in a record that other records created.
func references(data events.Payload) []*string {
	switch p := data.(type) {
	case *events.SubsidyGranted:
		if p.Project != "" {
			return []*string{&p.Project}
		}
	case *events.FundsSpent:
		var names []*string
		for i := range p.Lines {
			names = append(names, &p.Lines[i].Grant)
		}
		if p.OutTransfer != nil && p.OutTransfer.TaskBook != "" {
			names = append(names, &p.OutTransfer.TaskBook)
		}
		return names
	}
	return reference(data)
}

// reference returns the member with the one name to which a record refers, by its facets.
func reference(data events.Payload) []*string {
	name := events.FacetsOf(data).Refers.ID
	v := reflect.ValueOf(data).Elem()
	for i := range v.NumField() {
		if s, ok := v.Field(i).Addr().Interface().(*string); ok && name != "" && *s == name {
			return []*string{s}
		}
	}
	return nil
}
