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
//   - A message that precedes the last head is ignored, a head too: it is of an earlier generation, and is stated again if it is
//     right, or of a ledger from which another one was restored.
//   - The head that ends a generation withdraws every alert that the generation has not stated.
type Reading struct {
	kept map[string]Kept
	head At // of the first head of the last generation
}

// Kept is what a Reading knows of one subject.
type Kept struct {
	At    At
	State AlertState
}

// Act is one thing to act on: an alert that was raised, cleared or withdrawn.
type Act struct {
	Subject string
	At      At
	State   AlertState
	Alert   *AlertData // as the message has it; nil for one that the head withdraws
}

// NewReading returns a Reading that goes on from what another one kept and the head that it had reached, or from nothing.
func NewReading(kept map[string]Kept, head At) *Reading {
	r := &Reading{maps.Clone(kept), head}
	if r.kept == nil {
		r.kept = map[string]Kept{}
	}
	return r
}

// Take reads the next message and returns what to act on, in the order of subjects if the head withdraws several alerts.
func (r *Reading) Take(m *Message) []Act {
	if m.At().Precedes(r.head) {
		return nil
	}
	if m.Head != nil {
		return r.takeHead(m.Head)
	}
	before, known := r.kept[m.Subject]
	if known && !m.At().Later(before.At) {
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
	if r.head.Precedes(h.At) {
		r.head = h.At
	}
	if h.Phase != End {
		return nil
	}
	for _, subject := range slices.Sorted(maps.Keys(r.kept)) {
		before := r.kept[subject]
		if !before.At.Precedes(h.At) || before.State.Kind == Withdrawn {
			continue
		}
		now := Kept{h.At, AlertState{Kind: Withdrawn}}
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

// Head returns what the first head of the last generation knew; the zero At if none was read. No message that precedes it is heeded.
func (r *Reading) Head() At { return r.head }
