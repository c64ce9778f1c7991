package desk

import (
	"context"
	"crypto/sha256"
	"io"
	"strconv"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/sealing"
	"github.com/taizhang/taizhang/services/table"
)

// LocalConfig holds the ledger of a Local and the account that it answers for.
type LocalConfig struct {
	Ledger *ledger.Ledger
	// see lists.Books
	Root  func(ctx context.Context, position uint64, see func(*events.Stored)) ([sha256.Size]byte, error)
	Seals *sealing.Keeper // nil for a ledger that is never sealed
	// the sizes of the checkpoints from before the ledger was opened; see sealing.Keeper.Check
	Sealed []uint64
	// the account that writes
	Account ledger.Writer
	// reports whether the account sees a center; nil for all. See projections.Register.Within
	Sees    func(events.CenterID) bool
	Now     func() time.Time
	Prefix  string // written before the name of a parameter in messages; see lists.Books
	Version string // the version of the program, for reports
	Spool   string // a directory on the disk of the ledger for temporary files of imports; see ledger.ImportConfig
}

// LocalPrefix begins the name under which the owner of the directory writes. No account may have such a name.
const LocalPrefix = "local:"

// Local answers from a ledger in this process. Its methods may be called from several goroutines.
type Local struct{ LocalConfig }

var _ Desk = (*Local)(nil)

// register returns the read models as they are now, with the centers that the account sees.
func (l *Local) register() *projections.Register { return l.Ledger.Register().Within(l.Sees) }

// asked holds the read models, date and point of the ledger for one question.
type asked struct {
	*lists.Books
	on    events.Date
	point ledger.Point
}

// account returns the account that writes. It may write records that Account.Check accepts, of centers that it
// sees.
func (l *Local) account() ledger.Writer {
	account := l.Account
	if l.Sees == nil {
		return account
	}
	account.Check = func(rec *events.Record) []Reason {
		var why []Reason
		if l.Account.Check != nil {
			why = l.Account.Check(rec)
		}
		if len(why) > 0 || rec.Center == "" || l.Sees(rec.Center) {
			return why
		}
		return []Reason{
			{Field: "center", Reason: text.Say("中心 %s 不在账号 %s 的范围内",
				"%s is not within the scope of the account %s", rec.Center, account.Name)}}
	}
	return account
}

// ask returns the read models for a question about one center or, for "", about all centers as known now. It reads
// nothing of a center that the account does not see or the ledger does not have.
func (l *Local) ask(ctx context.Context, w When, center events.CenterID) (a asked, err error) {
	if a, err = l.asked(w); err != nil {
		return a, err
	}
	register := l.Ledger.Register()
	switch {
	case center != "" && !l.register().Knows(center):
		return a, lists.UnknownCenter(center)
	case !a.point.IsNow():
		if register, err = l.Ledger.KnownAtOf(ctx, a.point, center); err != nil {
			return a, err
		}
	}
	a.Books = l.source(register)
	return a, nil
}

// asked returns the date and point of a question, without read models.
func (l *Local) asked(w When) (a asked, err error) {
	a.on, a.point, err = w.resolve(l.Now())
	if last := l.Ledger.Register().Position(); err == nil && a.point.Position > last {
		err = text.Errorf(text.Invalid, "台账止于位置 %d", "the ledger ends at position %d", last).Of("known-at")
	}
	return a, err
}

func (l *Local) source(r *projections.Register) *lists.Books {
	return &lists.Books{Ledger: l.Ledger, Register: r.Within(l.Sees), Prefix: l.Prefix, Root: l.Root}
}

// asking calls answer with the result of ask, also for questions about all centers as known at a point. It may
// call answer twice; the last call counts, and its error is returned.
func (l *Local) asking(ctx context.Context, w When, center events.CenterID, answer func(asked) error) error {
	a, err := l.asked(w)
	switch {
	case err != nil:
		return err
	case center == "" && !a.point.IsNow():
		return l.Ledger.Known(ctx, a.point, func(r *projections.Register) error {
			a.Books = l.source(r)
			return answer(a)
		})
	}
	if a, err = l.ask(ctx, w, center); err != nil {
		return err
	}
	return answer(a)
}

// askCenter does the same as ask for a center that must be in the register.
func (l *Local) askCenter(ctx context.Context, w When, id string) (asked, events.CenterID, error) {
	center := events.ParseCenter(id)
	a, err := l.ask(ctx, w, center)
	if err == nil && !a.Register.Knows(center) {
		err = lists.UnknownCenter(center)
	}
	return a, center, err
}

// askingList is asking for a list. It reads the question and sets its date.
func (l *Local) askingList(ctx context.Context, when When, q *lists.Question, answer func(asked) error) error {
	read, err := ReadQuestion(*q, l.Now())
	if err != nil {
		return err
	}
	return l.asking(ctx, when, read.Center(), func(a asked) error {
		read.On = a.on
		if *q, _, err = a.Read(read); err != nil {
			return err
		}
		return answer(a)
	})
}

// Ready waits until the read models for a question about all centers as known at a point are built, so that the
// next questions find them. If too many questions wait, the error is text.Unavailable.
func (l *Local) Ready(ctx context.Context, w When) error {
	a, err := l.asked(w)
	if err != nil || a.point.IsNow() {
		return err
	}
	return l.Ledger.Ready(ctx, a.point)
}

// List implements Reader.
func (l *Local) List(ctx context.Context, when When, q lists.Question) (t *table.Table, err error) {
	err = l.askingList(ctx, when, &q, func(a asked) (err error) {
		t, err = a.Ask(ctx, q)
		return err
	})
	if err != nil {
		return nil, err
	}
	t.Title = Known(t.Title, when.KnownAt, t.Position)
	return t, nil
}

// Known adds to a title the point as known at which the answer is, and its position. Without such a point it
// returns the title unchanged.
func Known(title text.Text, knownAt string, position uint64) text.Text {
	known := text.Say("按 %s 已知（台账位置 %d）", "as known at %s (position %d of the ledger)", knownAt, position)
	switch knownAt {
	case "":
		return title
	case strconv.FormatUint(position, 10):
		known = text.Say("按台账位置 %s 已知", "as known at position %s of the ledger", knownAt)
	}
	return text.Text{Zh: title.Zh + "，" + known.Zh, En: title.En + ", " + known.En}
}

// ReadQuestion returns a question with codes in place of words that people typed; see lists.Question.Read. It returns
// what is wrong with the question, whatever the ledger holds. A question without a date is about today.
func ReadQuestion(q lists.Question, now time.Time) (lists.Question, error) {
	if q.On == 0 {
		q.On = events.DateAt(now)
	}
	q, list, err := q.Read()
	if err != nil {
		return q, err
	}
	for _, p := range list.Params {
		if p.Sort != lists.Point || q.Params[p.Name] == "" {
			continue
		}
		point, _ := ledger.ParsePoint(q.Params[p.Name]) // cannot fail: checked before
		if err := notToCome(p.Name, q.Params[p.Name], point, now); err != nil {
			return q, err
		}
	}
	return q, nil
}

// Export implements Reader.
func (l *Local) Export(ctx context.Context, to io.Writer, progress Progress) (count int, err error) {
	settled := *l // fixed, so that a center whose visibility changes meanwhile is exported completely or not at all
	settled.Sees = l.register().Settled().Scope()
	return l.Ledger.Export(ctx, to, settled.seesStream(), progress)
}
