package alertfeed

import (
	"maps"
	"slices"
)

// Reading is the rule by which a program that reads the feed decides what to act on. Messages may come twice, and of a subject
// some may be missing; those that come for the first time come in the order of the stream. A Reading has one owner.
//
//   - Of each subject it keeps the last At and state. A message that is not later is ignored.
//   - A message with the state that is kept is remembered, and not acted on.
//   - A message of an earlier generation than that of the last head is ignored: it is stated again, if it is right.
//   - The head that ends a generation withdraws every alert that the generation has not stated.
type Reading struct {
	kept       map[string]Kept
	generation uint64 // of the last head
}

// Kept is what a Reading knows of one subject.
type Kept struct {
	At    At
	State State
}

// Act is one thing to act on: an alert that was raised, cleared or withdrawn.
type Act struct {
	Subject string
	At      At
	State   State
	Alert   *Alert // as the message has it; nil for one that the head withdraws
}

// NewReading returns a Reading that goes on from what another one kept and the generation that it had reached, or from nothing.
func NewReading(kept map[string]Kept, generation uint64) *Reading {
	r := &Reading{maps.Clone(kept), generation}
	if r.kept == nil {
		r.kept = map[string]Kept{}
	}
	return r
}

// Take reads the next message and returns what to act on, in the order of subjects if the head withdraws several alerts.
func (r *Reading) Take(m *Message) []Act {
	if m.Head != nil {
		return r.takeHead(m.Head)
	}
	before, known := r.kept[m.Subject]
	if m.At().Generation < r.generation || known && !m.At().Later(before.At) {
		return nil
	}
	now := Kept{m.At(), m.State()}
	r.kept[m.Subject] = now
	if now.State == before.State || !known && now.State.Kind == Withdrawn {
		return nil
	}
	return []Act{{m.Subject, now.At, now.State, m.Alert}}
}

func (r *Reading) takeHead(h *Head) (acts []Act) {
	r.generation = max(r.generation, h.At.Generation)
	if h.Phase != End {
		return nil
	}
	for _, subject := range slices.Sorted(maps.Keys(r.kept)) {
		before := r.kept[subject]
		if before.At.Generation >= h.At.Generation || before.State.Kind == Withdrawn {
			continue
		}
		now := Kept{h.At, State{Kind: Withdrawn}}
		r.kept[subject] = now
		acts = append(acts, Act{Subject: subject, At: now.At, State: now.State})
	}
	return acts
}

// Last returns what the Reading knows of one subject. ok is false if that is nothing.
func (r *Reading) Last(subject string) (k Kept, ok bool) {
	k, ok = r.kept[subject]
	return k, ok
}

// Kept returns what the Reading knows of every subject.
func (r *Reading) Kept() map[string]Kept { return maps.Clone(r.kept) }

// Generation returns the generation of the last head.
func (r *Reading) Generation() uint64 { return r.generation }
