package answers

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
)

// Config holds the parameters of New.
type Config struct {
	Desk   desk.Local // answers from the ledger, without limits
	Access *access.Access
	Now    func() time.Time
}

// Kept keeps answers. Its methods may be called from several goroutines.
type Kept struct {
	Config
	snapshots *snapshots
	scopes    scopes
	turns     *turns
}

// New returns a Kept that has no answers yet.
func New(cfg Config) *Kept {
	k := &Kept{Config: cfg, turns: newTurns()}
	k.snapshots = newSnapshots(cfg.Now, k.Position)
	return k
}

// Position returns the position of the ledger that new answers include.
func (k *Kept) Position() uint64 { return k.Desk.Ledger.Register().Position() }

// Epoch returns the beginning of a hash of the epoch of the ledger.
func (k *Kept) Epoch() (e [8]byte) {
	sum := sha256.Sum256([]byte(k.Access.Epoch()))
	copy(e[:], sum[:])
	return e
}

// Request is a question of a principal, and the form of its answer.
type Request struct {
	Who      *access.Principal
	Desk     desk.Keeper // guarded by the rights of Who
	Prefix   string      // of Desk; see desk.LocalConfig
	When     desk.When   // as of a date that is given
	Question lists.Question
	Form     Form
}

// Form is a form of answers.
type Form struct {
	// names all that the content depends on beside the other fields of the request, for example the media type, the
	// language and the unit
	Name     string
	IsFile   bool // a report; the access log says so
	HasPoint bool // the content depends on When.KnownAt beside the rows, for example by its title
	IsLong   bool // takes long to make about all centers
	// makes the content by the desk of the request. It may use the rows of before, an earlier answer in this form,
	// unless that is nil. It must not ask a Kept, because it has a turn.
	Make func(ctx context.Context, r *Request, before *lists.Answer) (Content, error)
}

// Rows returns the form of rows in an encoding, with the answer's table without its rows.
func Rows(in lists.Encoding) Form {
	return Form{Name: in.Name, Make: func(ctx context.Context, r *Request, before *lists.Answer) (Content, error) {
		answer, err := r.Desk.Answer(ctx, r.When, r.Question, in, before)
		return ContentOf(answer), err
	}}
}

// Asked is a request with the hashes that identify it.
type Asked struct {
	Request
	Bare [8]byte // the beginning of a hash of the question without its date and the scope of the principal
	ID   ID
	kept *Kept
}

// ID is a hash of everything that an answer depends on beside the position: the list with its parameters, the date,
// the form, the scope of the principal, and the epoch.
type ID [sha256.Size]byte

// Ask returns a request with its hashes. It evaluates nothing.
func (k *Kept) Ask(r Request) Asked {
	a := Asked{Request: r, kept: k}
	a.identify()
	return a
}

// identify computes the hashes, and returns ID.
func (a *Asked) identify() ID {
	h := sha256.New()
	put := func(parts ...string) {
		for _, p := range parts {
			_, _ = fmt.Fprintf(h, "%d:%s,", len(p), p) // writing to a hash never fails
		}
	}
	office, sees := a.kept.scope(a.Who)
	put(a.Question.List, a.Form.Name, a.Prefix, office)
	for _, name := range slices.Sorted(maps.Keys(a.Question.Params)) {
		put(name, a.Question.Params[name])
	}
	copy(a.Bare[:], h.Sum(nil))
	epoch := a.kept.Epoch()
	put(a.When.AsOf, string(epoch[:]), sees)
	if a.Form.HasPoint {
		put(a.When.KnownAt)
	}
	h.Sum(a.ID[:0])
	return a.ID
}

// Answer returns the answer at the position of the ledger or, while the ledger keeps changing, at one of up to two
// seconds ago, but not before atLeast. Its errors are those of the desk, or of Turn.
func (a *Asked) Answer(ctx context.Context, atLeast uint64) (*Snapshot, error) {
	s, isMade, err := a.kept.snapshots.answer(ctx, asked{knownKey{a.ID, a.When.KnownAt}, atLeast, a.make})
	if err == nil && !isMade { // when this call made it, the desk has checked the right to read it
		err = a.readAgain()
	}
	return s, err
}

// Soon returns the answer like Answer if that takes no longer than wait. If it takes longer, Soon returns an answer of
// the last half minute, but not before atLeast, or nil if none is kept. The answer is made all the same, in at most
// two minutes: whoever asks again within ten seconds finds it. After that time nobody waits for it, and its making
// is ended.
func (a *Asked) Soon(ctx context.Context, atLeast uint64, wait time.Duration) (*Snapshot, error) {
	own := *a // its maker may outlive the call
	s, err := a.kept.snapshots.soon(ctx, asked{knownKey{a.ID, a.When.KnownAt}, atLeast, own.make}, wait)
	if s != nil {
		err = a.readAgain()
	}
	return s, err
}

// These are the reasons for which At has no answer.
var (
	ErrGone       = errors.New("answers: the answer is kept no more")
	ErrEarlier    = errors.New("answers: the answer is of an earlier position")
	ErrOtherPoint = errors.New("answers: the answer is as known at another point")
)

// At returns the answer of a position that was returned before, for the next page of it. If it is not kept, is before
// the position atLeast, or is of another point than When.KnownAt, At returns one of the errors above.
func (a *Asked) At(position, atLeast uint64) (*Snapshot, error) {
	s := a.kept.snapshots.find(snapshotID{a.ID, position})
	point := a.When.KnownAt
	switch {
	case s == nil:
		return nil, ErrGone
	case atLeast > position:
		return nil, ErrEarlier
	case point != "" && point != strconv.FormatUint(position, 10) && !a.kept.snapshots.isKnown(s, point):
		return nil, ErrOtherPoint
	}
	return s, a.readAgain()
}

// readAgain checks that the principal may read a kept answer, and notes it in the access log.
func (a *Asked) readAgain() error { return a.kept.Access.ReadAgain(*a.Who, a.Question, a.Form.IsFile) }

// make makes the answer. It uses the rows of before, unless that is nil.
func (a *Asked) make(ctx context.Context, before *Snapshot) (*Snapshot, error) {
	var last *lists.Answer
	if before != nil {
		last = before.Answer
	}
	if last == nil || !last.IsByCenter() { // making such a list takes very little time
		end, err := a.kept.Turn(ctx, a.When, a.Question.Center(), a.isLong())
		if err != nil {
			return nil, err
		}
		defer end()
	}
	for range scopeAttempts {
		made, err := a.Form.Make(ctx, &a.Request, last)
		if err != nil {
			return nil, err
		}
		s := &Snapshot{Content: made, AsOf: a.When.AsOf, id: snapshotID{a.ID, made.Position}}
		if a.identify() == s.id.question {
			return s, nil
		}
	}
	return nil, text.Errorf(text.Unavailable, "账号可见的范围正在变动，请稍后再试",
		"what the account sees is changing; try again later")
}

// scopeAttempts is how often an answer is made again because the scope of the principal changed meanwhile.
const scopeAttempts = 3

// isLong reports whether an answer takes long: it reads the history of all centers, or is about all centers as known
// at a point, or its form takes long about all centers.
func (a *Asked) isLong() bool {
	switch a.Question.List {
	case "find", "sample", "changes", "duplicates":
		return true
	}
	return a.Question.Center() == "" && (a.When.KnownAt != "" || a.Form.IsLong)
}
