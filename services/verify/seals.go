package verify

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/bundle"
	"github.com/taizhang/taizhang/services/seal"
)

// head is a signed checkpoint of the bundle.
type head struct {
	file string
	*seal.Signed
	cosigned []seal.Cosigned // by witnesses of the trust file
	met      bool            // it meets the quorum of the trust file
	wrong    bool            // its root is not that of the records
}

// who names the witnesses that cosigned.
func (h *head) who() (names []string) {
	for _, c := range h.cosigned {
		names = append(names, cosignedAt(c.Name, c.At))
	}
	return names
}

// heads holds the checkpoints of a bundle, from the smallest. The newest is the last one.
type heads struct{ list []*head }

func (h *heads) newest() *head {
	if len(h.list) == 0 {
		return nil
	}
	return h.list[len(h.list)-1]
}

// of returns the checkpoint of a size, or nil.
func (h *heads) of(size uint64) *head {
	i := slices.IndexFunc(h.list, func(h *head) bool { return h.Size == size })
	if i < 0 {
		return nil
	}
	return h.list[i]
}

// held returns the size of the last checkpoint before a size whose root is that of the records, or 0.
func (h *heads) held(before uint64) (size uint64) {
	for _, head := range h.list {
		if head.Size < before && !head.wrong {
			size = head.Size
		}
	}
	return size
}

// origins lists the origins of the ledger, the present one last.
func origins(list []seals) (names []string) {
	for _, s := range list {
		if s.After != nil && !slices.Contains(names, s.After.Origin) {
			names = append(names, s.After.Origin)
		}
		if !slices.Contains(names, s.Origin) {
			names = append(names, s.Origin)
		}
	}
	return names
}

// readHeads reads all checkpoints of a bundle. It returns no newest one if that cannot be read.
func (v *Verdict) readHeads(b *bundle.Bundle) (h heads) {
	read := func(file string) *head {
		content, err := b.Read(file)
		if err != nil {
			v.fails(Integrity, headKind, unreadableFile(file, text.Of(err)))
			return nil
		}
		signed, err := seal.ParseSigned(content)
		if err != nil {
			v.fails(Integrity, headKind, checkpointForm(file, text.Of(err)))
			return nil
		}
		return &head{file: file, Signed: signed}
	}
	newest := read(bundle.CheckpointName)
	for _, size := range b.EarlierSizes() {
		earlier := read(bundle.EarlierName(size))
		switch {
		case earlier == nil:
		case earlier.Size != size:
			v.fails(Integrity, headKind, checkpointNamed(earlier.file, earlier.Size))
		case newest != nil && size >= newest.Size:
			v.fails(Integrity, headKind, checkpointNotNewest(size, newest.Size))
		default:
			h.list = append(h.list, earlier)
		}
	}
	if newest == nil {
		return heads{}
	}
	h.list = append(h.list, newest)
	return h
}

// The kinds of contradictions of checkpoints.
const (
	headKind      kind = "checkpoint"
	signatureKind kind = "signature"
	lineKind      kind = "line"
	sealKind      kind = "seal"
	cosignerKind  kind = "cosigner"
	momentKind    kind = "moment"
)

// checkRoots compares the root of each checkpoint with that of the records.
func (v *Verdict) checkRoots(h *heads, s *scan) {
	records := s.tree.Leaves()
	var first *head
	more := 0
	for _, head := range h.list {
		root, ok := s.roots[head.Size]
		switch head.wrong = !ok || root != head.Root; {
		case !head.wrong:
		case first == nil:
			first = head
		default:
			more++
		}
	}
	switch newest := h.newest(); {
	case first == nil:
		v.holds(Integrity, rootsHold(len(h.list)))
		if records > newest.Size {
			v.notes(Integrity, "", recordsAfter(records-newest.Size, newest.Size))
		}
		return
	case first.Size > records:
		v.fails(Integrity, "", checkpointBeyond(first.Size, records))
	default:
		v.fails(Integrity, "", rootDiffers(first.Size, h.held(first.Size), first.who()))
	}
	if more > 0 {
		v.fails(Integrity, "", rootsDifferToo(more))
	}
}

// checkSignatures verifies the signatures of all checkpoints with the keys of the trust file, and finds out which
// checkpoints meet its quorum.
func (v *Verdict) checkSignatures(h *heads, p *seal.Policy) {
	v.holds(Security, witnessesAre(keyNames(p)))
	cosignatures, right := 0, true
	for _, head := range h.list {
		switch err := head.SignedBy(p.Log); {
		case errors.Is(err, seal.ErrBadSignature):
			v.fails(Authenticity, signatureKind, badLogSignature(head.file))
			right = false
		case err != nil:
			v.fails(Authenticity, signatureKind, noLogSignature(head.file, p.Log.Name))
			right = false
		}
		for _, w := range p.Witnesses {
			if _, err := head.CosignedBy(w.Key); errors.Is(err, seal.ErrBadSignature) {
				v.fails(Authenticity, signatureKind, badCosignature(head.file, w.Name))
				right = false
			}
		}
		head.met, head.cosigned = p.Quorum(head.Signed)
		cosignatures += len(head.cosigned)
	}
	v.unknownLines(h, p)
	if right {
		v.holds(Authenticity, signaturesHold(len(h.list), cosignatures))
	}
}

func keyNames(p *seal.Policy) []string {
	names := []string{p.Log.Name}
	for _, w := range p.Witnesses {
		names = append(names, w.Name)
	}
	return names
}

// unknownLines names the keys of signature lines that no key of the trust file can verify.
func (v *Verdict) unknownLines(h *heads, p *seal.Policy) {
	type key struct {
		name  string
		id    uint32
		isSM2 bool
	}
	var keys []key
	files := map[key][]string{}
	for _, head := range h.list {
		sm2 := head.SM2Lines()
		for _, l := range head.Lines {
			if l.Name == p.Log.Name && l.ID == p.Log.ID() || slices.ContainsFunc(p.Witnesses,
				func(w seal.Witness) bool { return l.Name == w.Key.Name && l.ID == w.Key.ID() }) {
				continue
			}
			of := key{l.Name, l.ID, containsLine(sm2, l)}
			if files[of] == nil {
				keys = append(keys, of)
			}
			files[of] = append(files[of], head.file)
		}
	}
	for _, of := range keys {
		if of.isSM2 {
			v.unexamined(sm2Line(files[of], of.name))
		} else {
			v.unexamined(unknownLine(files[of], of.name, of.id))
		}
	}
}

// trusted returns the newest checkpoint that meets the quorum and has the root of the records, or nil.
func (v *Verdict) trusted(h *heads, p *seal.Policy) (trusted *head) {
	for _, head := range h.list {
		if head.met && !head.wrong {
			trusted = head
		}
	}
	newest := h.newest()
	if trusted != newest && !newest.met {
		v.notes(Authenticity, "", quorumMissed(newest.Size, newest.who()))
	}
	switch {
	case trusted != nil:
		v.holds(Authenticity, quorumMet(trusted.Size, trusted.who()))
	case p.Log.Name != newest.Origin:
		v.lacks(otherLog(p.Log.Name, newest.Origin))
	default:
		v.lacks(noQuorum)
	}
	return trusted
}

// checkOwnKey verifies the signatures of the log, without a trust file, with the key that the seals name. That shows
// damage, but proves nobody.
func (v *Verdict) checkOwnKey(h *heads, list []seals) {
	lines := 0
	for _, head := range h.list {
		lines += len(head.Lines)
	}
	v.unexamined(signaturesUntrusted(lines))
	if len(list) == 0 {
		return
	}
	key, err := seal.ParseKey(list[len(list)-1].Key)
	if err != nil {
		return // the check of the ledger reports it
	}
	right := true
	for _, head := range h.list {
		if head.Origin != key.Name { // reported with the seals
			continue
		}
		if err := head.SignedBy(key); errors.Is(err, seal.ErrBadSignature) {
			v.fails(Authenticity, signatureKind, badLogSignature(head.file))
			right = false
		} else if err != nil {
			v.fails(Authenticity, signatureKind, noOwnSignature(head.file))
			right = false
		}
	}
	if right {
		v.notes(Authenticity, "", ownSignature)
	}
}

// checkKnown compares the checkpoint that the auditor kept with the records.
func (v *Verdict) checkKnown(known *seal.Signed, h *heads, s *scan, p *seal.Policy) {
	if known == nil {
		v.unexamined(knownNone)
		return
	}
	v.knownSignature(known, p)
	names, records := append(origins(s.seals), h.newest().Origin), s.tree.Leaves()
	root, ok := s.roots[known.Size]
	switch {
	case !slices.Contains(names, known.Origin):
		v.fails(Integrity, "", knownOfOther(known.Origin))
	case known.Size > records:
		v.fails(Integrity, "", knownBeyond(known.Size, records))
		return
	case !ok || root != known.Root:
		v.fails(Integrity, "", knownDiffers(known.Size, h.held(known.Size)))
	default:
		v.holds(Integrity, knownHolds(known.Size))
		return
	}
	v.bothSigned(known, h, p)
}

// knownSignature notes that the checkpoint that the auditor kept has no signature, or none by the log of his trust
// file.
func (v *Verdict) knownSignature(known *seal.Signed, p *seal.Policy) {
	switch {
	case len(known.Lines) == 0:
		v.notes(Authenticity, "", knownTyped)
	case p != nil && known.SignedBy(p.Log) != nil:
		v.notes(Authenticity, "", knownUnsigned(known.Origin))
	}
}

// bothSigned reports that the log signed two histories, if both are rightly signed: that of the checkpoint that the
// auditor kept, and that of a checkpoint which covers as much, has the root of the records, and so contradicts it.
func (v *Verdict) bothSigned(known *seal.Signed, h *heads, p *seal.Policy) {
	if p == nil || known.SignedBy(p.Log) != nil {
		return
	}
	for _, head := range h.list {
		if head.SignedBy(p.Log) == nil && !head.wrong && head.Size >= known.Size {
			v.fails(Authenticity, "", twoHistories(known.Origin))
			return
		}
	}
}

// checkSeals compares what the records ledger.sealed state with the checkpoints of the bundle, the records and the
// times. A bundle of one center has no roots of its own.
func (v *Verdict) checkSeals(ctx context.Context, h *heads, s *scan, p *seal.Policy) error {
	if len(s.seals) == 0 {
		return nil
	}
	last, newest := s.seals[len(s.seals)-1], h.newest()
	if newest.Origin != last.Origin {
		v.fails(Integrity, sealKind, otherOrigin(newest.Origin, last.Position))
	}
	if p != nil && p.Log.Name == last.Origin && p.Log.String() != last.Key {
		v.fails(Authenticity, sealKind, otherKey(last.Position))
	}
	if s.only == "" && v.ordered() {
		if err := s.findRoots(ctx); err != nil {
			return err
		}
	}
	failed := v.property(Integrity).failures()
	for i := range s.seals {
		v.checkSeal(&s.seals[i], newest.Origin, h, s)
	}
	if v.property(Integrity).failures() == failed {
		v.holds(Integrity, sealsHold(len(s.seals)))
	}
	return nil
}

// ordered reports whether every line is a record and no position is missing, so that the records have a tree.
func (v *Verdict) ordered() bool {
	counts := v.property(Integrity).counts
	return counts[formKind]+counts[orderKind] == 0
}

// findRoots computes the roots that seals cite and that no checkpoint of the bundle has.
func (s *scan) findRoots(ctx context.Context) error {
	var sizes []uint64
	want := func(size uint64) {
		if _, ok := s.roots[size]; !ok && size <= s.tree.Leaves() && !slices.Contains(sizes, size) {
			sizes = append(sizes, size)
		}
	}
	for _, of := range s.seals {
		want(of.Size)
		if of.After != nil {
			want(of.After.Size)
		}
	}
	if len(sizes) == 0 {
		return nil
	}
	slices.Sort(sizes)
	roots, _, err := seal.Roots(ctx, s.records, sizes, nil)
	for i, root := range roots {
		s.roots[sizes[i]] = root
	}
	return err
}

func (v *Verdict) checkSeal(of *seals, origin string, h *heads, s *scan) {
	root, ok := s.roots[of.Size]
	wrong := ok && root.String() != of.Root
	if of.Size > 0 && of.Origin == origin {
		if head := h.of(of.Size); head == nil {
			v.fails(Integrity, sealKind, sealLacksFile(of.Position, of.Size))
		} else if wrong = wrong && !head.wrong || head.Root.String() != of.Root; !wrong { // not reported yet
			v.checkCosigners(of, head)
		}
	}
	if wrong {
		v.fails(Integrity, sealKind, sealRoot(of.Position, of.Size))
	}
	if of.After != nil {
		v.changedOrigin(of, s)
	}
}

// checkCosigners looks for the signature line of each cosigner that a seal names. The names in seals are those of the
// ledger's side, so only the times are compared.
func (v *Verdict) checkCosigners(of *seals, h *head) {
	var times []string
	for _, l := range h.Lines {
		if at, ok := statedTime(l); ok {
			times = append(times, at.Format(time.RFC3339))
		}
	}
	for _, c := range of.Cosigners {
		i := slices.Index(times, c.At)
		if i < 0 {
			v.fails(Integrity, cosignerKind, sealLacksCosigner(of.Position, of.Size, c.Name, c.At))
			continue
		}
		times = slices.Delete(times, i, i+1)
	}
}

// statedTime returns the time that a cosignature states.
func statedTime(l seal.Line) (time.Time, bool) {
	if len(l.Signature) != 8+64 {
		return time.Time{}, false
	}
	seconds := binary.BigEndian.Uint64(l.Signature)
	return time.Unix(int64(seconds&(1<<40-1)), 0).UTC(), seconds < 1<<40
}

// changedOrigin names both origins, and which positions of the old one are gone.
func (v *Verdict) changedOrigin(of *seals, s *scan) {
	old := of.After
	v.notes(Integrity, "", originChanged(old.Origin, of.Origin, of.Position, old.Size))
	if root, ok := s.roots[old.Size]; ok && old.Size < of.Position && root.String() == old.Root {
		v.notes(Integrity, "", originWhole)
		return
	}
	held := uint64(0) // up to here the old ledger is the same, as its own seals state
	for _, earlier := range s.seals {
		if root, ok := s.roots[earlier.Size]; ok && earlier.Origin == old.Origin && root.String() == earlier.Root {
			held = max(held, earlier.Size)
		}
	}
	if from, to := held+1, min(old.Size, of.Position-1); from <= to {
		v.notes(Integrity, "", originUnsure(from, to))
	}
	if old.Size >= of.Position {
		v.notes(Integrity, "", originGone(of.Position, old.Size))
	}
}

// moment is a time at which somebody else had a checkpoint.
type moment struct {
	size uint64
	at   time.Time
	who  string // a witness, or a token
}

// checkTimes compares the times of the records with those of the witnesses and tokens, and with what seals state. They
// bound a false time of recording to the interval between two sealings.
func (v *Verdict) checkTimes(h *heads, tokens []moment, s *scan) {
	compared, failed := 0, v.property(Authenticity).failures()
	reported := map[uint64]bool{} // positions
	after := func(size uint64, at time.Time) *place {
		compared++
		p := s.recordedAfter(at, size)
		if p == nil || reported[p.position] {
			return nil
		}
		reported[p.position] = true
		return p
	}
	for _, head := range h.list {
		for _, c := range head.cosigned {
			if p := after(head.Size, c.At); p != nil {
				v.fails(Authenticity, momentKind,
					recordedAfterCosigning(p.position, p.time(), head.Size, c.Name, c.At))
			}
		}
	}
	for _, t := range tokens {
		if p := after(t.size, t.at); p != nil {
			v.fails(Authenticity, momentKind, recordedAfterToken(p.position, p.time(), t.who, t.at))
		}
	}
	for i := range s.seals {
		compared += v.checkSealTimes(&s.seals[i], s)
	}
	if compared > 0 && v.property(Authenticity).failures() == failed {
		v.holds(Authenticity, timesHold(compared, seal.ClockSkewMax))
	}
}

// checkSealTimes compares the times of the cosigners that a seal names with the time of the seal itself, and with the
// time of the last record that they saw. It returns how many it compared.
func (v *Verdict) checkSealTimes(of *seals, s *scan) (compared int) {
	for _, c := range of.Cosigners {
		at, err := time.Parse(time.RFC3339, c.At)
		if err != nil {
			continue // the check of the ledger reports it
		}
		compared++
		if at.After(of.RecordedAt.Add(seal.ClockSkewMax)) {
			v.fails(Authenticity, momentKind, sealedBeforeCosigning(of.Position, of.RecordedAt, of.Size, c.Name, c.At))
		} else if p := s.recordedAfter(at, of.Size); p != nil {
			v.fails(Authenticity, momentKind, cosignedBeforeRecorded(of.Position, p.time(), of.Size, c.Name, c.At))
		}
	}
	return compared
}

// recordedAfter returns the first record up to a position that claims to be recorded after a time, or nil.
func (s *scan) recordedAfter(at time.Time, upTo uint64) *place {
	limit := at.Add(seal.ClockSkewMax).UnixMicro()
	p := s.at(func(p *place) bool { return p.recordedAt > limit })
	if p == nil || p.position > upTo {
		return nil
	}
	return p
}

// listAdoptions lists all policies, and flags those that were adopted late.
func (v *Verdict) listAdoptions(s *scan) {
	for _, a := range s.adoptions {
		name := a.ID + " " + a.Version
		if a.before > 0 {
			v.notes(Authenticity, "", adoptedLate(name, a.Position, a.RecordedAt, a.EffectiveFrom, a.before))
		} else {
			v.notes(Authenticity, "", adopted(name, a.Position, a.RecordedAt, a.EffectiveFrom))
		}
	}
}

// streamRevision returns the last revision of a stream.
func (s *scan) streamRevision(name events.StreamID) uint64 {
	if of := s.streams[name]; of != nil {
		return of.revision
	}
	return 0
}
