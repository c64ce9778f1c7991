package aggregates

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// Seals is the history of the stream of the ledger itself: the records that it makes before it signs checkpoints. They
// change no answer. Several goroutines may call the reading methods at once; Apply must run alone.
type Seals struct {
	first, last *Seal
	ids         []uuid.UUID // the first is that of revision 1
}

// Seal is a record ledger.sealed with its place.
type Seal struct {
	events.Place
	*events.LedgerSealed
}

// NewSeals returns the seals of a ledger that was never sealed.
func NewSeals() *Seals { return &Seals{} }

// Revision returns the number of records applied.
func (s *Seals) Revision() uint64 { return uint64(len(s.ids)) }

// Has returns the revision of a record, or 0 if it is not recorded.
func (s *Seals) Has(id uuid.UUID) uint64 { return uint64(slices.Index(s.ids, id) + 1) }

// First returns the first record under the present origin, or nil.
func (s *Seals) First() *Seal { return s.first }

// Last returns the last record, or nil.
func (s *Seals) Last() *Seal { return s.last }

// Judge refuses every record, because they are not taken from anybody.
func (s *Seals) Judge(r *events.Record, _ policy.Timeline) Verdict {
	return Verdict{Nonsense: TakenFromNobody(r)}
}

// TakenFromNobody returns the reason against a record of a kind that the ledger itself writes, or nil for other kinds.
func TakenFromNobody(r *events.Record) []Breach {
	if kind := events.Lookup(r.Kind); kind == nil || !kind.ByProgram() {
		return nil
	}
	return []Breach{{Rule: "R04-2", Field: "kind",
		Reason: text.Say("“%s”只由台账自己写入，不接受任何人填报",
			"the ledger itself writes “%s”; it is taken from nobody", r.Kind.Title())}}
}

// Apply adds the next record. A record that does not follow from those before it breaks the integrity of the ledger
// (AL-LED-01): Apply returns an error and changes nothing. Apply cannot see whether the root of the record is that of
// the ledger; a check of the ledger compares it.
func (s *Seals) Apply(r *events.Recorded) error {
	if err := s.follows(r); err != nil {
		return fmt.Errorf("aggregates: apply position %d: %w", r.Position, err)
	}
	next := &Seal{events.Place{Position: r.Position, Revision: r.Revision, RecordedAt: r.RecordedAt},
		r.Data.(*events.LedgerSealed)}
	if s.last == nil || s.last.Origin != next.Origin {
		s.first = next
	}
	s.last, s.ids = next, append(s.ids, r.ID)
	return nil
}

// follows returns the reason why a record is not the next of the stream, or nil.
func (s *Seals) follows(r *events.Recorded) error {
	p, ok := r.Data.(*events.LedgerSealed)
	switch {
	case !ok || !events.Lookup(r.Kind).Allows(r.By.Role):
		return text.Errorf(text.Internal, "“%s”不是由台账自己写入的", "“%s” was not written by the ledger itself",
			r.Kind.Title())
	case r.Revision != s.Revision()+1:
		return text.Errorf(text.Internal, "台账封存的记录序号 %d 接在 %d 之后", "revision %d follows %d in the seals",
			r.Revision, s.Revision())
	}
	return FollowsSeal(s.last, p, r.Position)
}

// FollowsSeal returns the reason why a seal cannot follow the last one (nil for none) at a position, or nil.
func FollowsSeal(last *Seal, p *events.LedgerSealed, position uint64) error {
	switch {
	case p.Size >= position:
		return text.Errorf(text.Internal, "位置 %d 的封存记录称此前已封 %d 条",
			"the seal at position %d names a checkpoint of %d records", position, p.Size)
	case last == nil || last.Origin != p.Origin:
		if p.Size != 0 {
			return text.Errorf(text.Internal, "“%s”首次封存，不应有 %d 条已封记录",
				"the first seal under %q names a checkpoint of %d records", p.Origin, p.Size)
		}
		if last != nil && (p.After == nil || p.After.Origin != last.Origin) {
			return text.Errorf(text.Internal, "封存标识由“%s”换成“%s”，未注明所接检查点",
				"the origin changes from %q to %q without the checkpoint that it continues", last.Origin, p.Origin)
		}
	case p.After != nil || last.Key != p.Key:
		return text.Errorf(text.Internal, "封存标识“%s”未变，台账公钥或所接检查点却变了",
			"the key or the checkpoint continued changes under the same origin %q", p.Origin)
	case p.Size < last.Size:
		return text.Errorf(text.Internal, "所封记录数 %d 少于此前的 %d",
			"a checkpoint of %d records follows one of %d", p.Size, last.Size)
	}
	return nil
}
