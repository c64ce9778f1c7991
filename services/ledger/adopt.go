package ledger

import (
	"context"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// program is the writer of the records that the program makes by itself.
var program = Writer{Name: "taizhang"}

// first returns the record that must precede the first record of an empty ledger: the adoption of the built-in
// policy. It returns nil if the ledger has records.
func (l *Ledger) first() *events.Record {
	if l.register.Revision(events.PolicyStream) > 0 {
		return nil
	}
	return Adoption(policy.Builtin())
}

// isFirst reports whether a record has the id of first, the adoption that must precede the first record; nil if the
// ledger has records. It returns an error if the record has that id and other content.
func isFirst(first, rec *events.Record) (is bool, err error) {
	if first == nil || rec.Kind != first.Kind || rec.ID != first.ID {
		return false, nil
	}
	if !sameContent(first, rec, false) {
		err = otherContent(first, rec, false, text.Say("台账首条", "the beginning of the ledger"))
	}
	return true, err
}

// begin appends the adoption that must precede the first record. The caller has locked the stream holds. It does
// nothing if another writer appended the adoption meanwhile.
func (l *Ledger) begin(ctx context.Context, holds events.StreamID) error {
	if l.first() == nil {
		return nil
	}
	if holds != events.PolicyStream {
		unlock, err := l.lock(ctx, events.PolicyStream)
		if err != nil {
			return err
		}
		defer unlock()
	}
	rec := l.first()
	if rec == nil { // another writer of this ledger appended it
		return nil
	}
	entry, body, err := draft(rec, &aggregates.Verdict{}, program)
	if err == nil {
		_, err = l.append(ctx, events.PolicyStream, 0, []events.Proposed{{ID: rec.ID, Kind: rec.Kind, Body: body}},
			[]events.Recorded{{Record: *rec, Entry: entry}})
	}
	return err
}

// adoptions is the name space of the ids of adoptions.
var adoptions = uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://github.com/taizhang/taizhang/policy"))

// Adoption returns the record that adopts a policy. Its id follows from the text, so that adopting the same text
// twice is a repeat.
func Adoption(p *policy.Policy) *events.Record {
	return &events.Record{
		ID: uuid.NewSHA1(adoptions, []byte(p.Digest())), Kind: events.KindPolicyAdopted, On: p.EffectiveFrom,
		By: events.By{Role: events.Admin, Actor: program.Name}, Mode: events.Enforce,
		Data: &events.PolicyAdopted{ID: p.ID, Version: p.Version, EffectiveFrom: p.EffectiveFrom, Source: p.Source,
			Digest: p.Digest(), Text: string(p.Text())},
	}
}
