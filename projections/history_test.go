package projections_test

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/simulator"
)

// log is a ledger as a list of events: the adoption of the policy, then records.
type log struct {
	list      []*events.Recorded
	revisions map[events.StreamID]uint64
}

func newLog() *log {
	l := &log{revisions: map[events.StreamID]uint64{}}
	p := policy.Builtin()
	l.add(&events.Record{ID: uuid.NewSHA1(uuid.Nil, []byte(p.ID)), Kind: events.KindPolicyAdopted,
		On: events.MustDate("2024-01-01"),
		By: events.By{Role: events.Admin, Actor: "x"}, Mode: events.Recording, Data: &events.PolicyAdopted{
			ID: p.ID, Version: p.Version,
			EffectiveFrom: p.EffectiveFrom, Source: p.Source, Digest: p.Digest(), Text: string(p.Text())}})
	return l
}

func (l *log) add(r *events.Record) {
	l.revisions[r.Stream()]++
	l.list = append(l.list, &events.Recorded{
		Record: *r, Revision: l.revisions[r.Stream()], Position: uint64(len(l.list) + 1), RecordedAt: recordedAt})
}

// broken adds a record without a kind, which stands for an event that cannot be read.
func (l *log) broken(to events.CenterID, id string) {
	l.add(&events.Record{ID: uuid.NewSHA1(uuid.Nil, []byte(id)), Kind: "no.kind", Center: to,
		On: events.MustDate("2025-01-01"), Data: &events.EntryVoided{}})
}

// apply applies an event of a log to a register. A break is kept.
func apply(r *projections.Register, rec *events.Recorded) {
	switch {
	case rec.Kind != "no.kind":
		_ = r.Apply(rec)
	case rec.Center == "":
		r.ApplyBroken(events.Stored{
			Stream: "neverseen", ID: rec.ID,
			Place: events.Place{Position: rec.Position, Revision: r.Revision("neverseen") + 1,
				RecordedAt: rec.RecordedAt}}, errors.New("unknown kind"))
	default:
		r.ApplyBroken(events.Stored{
			Stream: rec.Stream(), ID: rec.ID, Place: events.Place{Position: rec.Position, Revision: rec.Revision,
				RecordedAt: rec.RecordedAt}}, errors.New("unknown kind"))
	}
}

// troubled returns the records of a log, with breaks of a center and of no center after some indexes, and with the
// adoption of another policy after another index.
func troubled(t testing.TB, l *log, adopted int, breaks ...int) *log {
	t.Helper()
	second, problems := policy.Parse(
		[]byte(strings.Replace(string(policy.Builtin().Text()), `"version": "2"`, `"version": "3"`, 1)))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	more := newLog()
	for i, rec := range l.list[1:] {
		more.add(&rec.Record)
		if slices.Contains(breaks, i) {
			more.broken(rec.Center, fmt.Sprint(i))
			more.broken("", fmt.Sprint("none ", i))
		}
		if i == adopted {
			adoption := l.list[0].Record
			adoption.ID, adoption.Data = rec.ID,
				&events.PolicyAdopted{ID: second.ID, Version: second.Version, EffectiveFrom: second.EffectiveFrom,
					Source: second.Source, Digest: second.Digest(), Text: string(second.Text())}
			more.add(&adoption)
		}
	}
	return more
}

// golden reads a history that has its expected answers beside it.
func golden(t testing.TB, file string) *log {
	t.Helper()
	f, err := os.Open("../aggregates/testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var from io.Reader = f
	if strings.HasSuffix(file, ".gz") {
		if from, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	l, lines := newLog(), bufio.NewScanner(from)
	lines.Buffer(nil, 2*events.RecordBytesMax)
	for lines.Scan() {
		r, problems := events.DecodeRecord(lines.Bytes())
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		l.add(r)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return l
}

// simulated returns the first records of a simulated province.
func simulated(t testing.TB, centers, records int) *log {
	t.Helper()
	l := newLog()
	for r, err := range simulator.Records(simulator.Scenario{
		Seed: 11, Centers: centers, From: events.MustDate("2024-06-01"), To: events.MustDate("2027-06-30")}) {
		if err != nil {
			t.Fatal(err)
		}
		if l.add(r); len(l.list) == records {
			break
		}
	}
	return l
}
