package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
)

// Story calls each with the chapters of a center in the order of the ledger, up to a date and as known at a point. It
// returns the end of the story: the changes by policies and time alone after the last event. It reads the store in
// pieces, and no read is open while each runs, so each may be slow.
func (l *Ledger) Story(ctx context.Context, id events.CenterID, on events.Date, knownAt Point,
	each func(*projections.Chapter) error) (end *projections.Chapter, err error) {
	adopted, err := l.Adoptions(ctx, knownAt)
	if err != nil {
		return nil, err
	}
	story := projections.NewStory(id, on)
	adoptUpTo := func(position uint64) {
		for len(adopted) > 0 && adopted[0].Position < position {
			story.Adopt(adopted[0].Policy)
			adopted = adopted[1:]
		}
	}
	span := Span{Stream: id.Stream(), UpTo: l.register.Position()}
	err = l.Walk(ctx, span, func(stored *events.Stored) error {
		if !knownAt.Knows(stored.Place) {
			return errEnough
		}
		adoptUpTo(stored.Position)
		var chapter *projections.Chapter
		if rec, err := events.DecodeEvent(*stored); err == nil {
			chapter = story.Next(&rec)
		} else {
			chapter = story.Unreadable(events.Recorded{Record: events.Record{ID: stored.ID, Kind: stored.Kind},
				Revision: stored.Revision,
				Position: stored.Position, RecordedAt: stored.RecordedAt}, err)
		}
		if chapter == nil {
			return nil
		}
		return each(chapter)
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	for _, a := range adopted {
		story.Adopt(a.Policy)
	}
	return story.End(), nil
}

// Adopted is a policy with the place of its adoption.
type Adopted struct {
	Position uint64
	ID       uuid.UUID // the id of the record that adopted the policy
	Policy   *policy.Policy
}

// Adoptions lists the policies known at a point. An adoption that cannot be right is left out: AL-LED-01 reports it.
func (l *Ledger) Adoptions(ctx context.Context, knownAt Point) (list []Adopted, err error) {
	policies := aggregates.NewPolicies()
	for stored, err := range l.store.ReadStream(ctx, events.PolicyStream, 0) {
		if err != nil {
			return nil, fmt.Errorf("ledger: read the policies: %w", err)
		}
		if !knownAt.Knows(stored.Place) {
			break
		}
		rec, err := events.DecodeEvent(stored)
		if err != nil || runAhead(policies, &rec.Record) != nil {
			continue
		}
		all := policies.Timeline().Adopted()
		list = append(list, Adopted{stored.Position, stored.ID, all[len(all)-1]})
	}
	return list, nil
}
