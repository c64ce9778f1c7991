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
	"github.com/taizhang/taizhang/services/table"
)

// Config says over what a Local answers, and for whom.
type Config struct {
	Ledger  *ledger.Ledger
	Root    func(ctx context.Context, position uint64, see func(*events.Stored)) ([sha256.Size]byte, error) // see lists.Source
	Account ledger.Account                                                                                  // who writes
	Sees    func(events.CenterID) bool                                                                      // the centers that the answers are about; nil for all. See projections.Register.Within
	Now     func() time.Time
	Prefix  string // what the front writes before the name of a parameter; see lists.Source
	Version string // of the program, for reports
	Spool   string // a directory on the disk of the ledger, for what an import has judged; see ledger.ImportConfig
}

// LocalPrefix is how the name begins under which the owner of the directory writes. No account has such a name.
const LocalPrefix = "local:"

// Local answers over a ledger of this process. It may be used by several goroutines.
type Local struct{ Config }

var _ Desk = (*Local)(nil)

// register returns the read models of now, within what the account sees.
func (l *Local) register() *projections.Register { return l.Ledger.Register().Within(l.Sees) }

// asked is what one question is asked of.
type asked struct {
	*lists.Source
	on    events.Date
	point ledger.Point
}

// account returns who writes. He may bring the records that Account.Check lets pass, of the centers that he sees.
func (l *Local) account() ledger.Account {
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
		return []Reason{{Field: "center", Reason: text.Say("中心 %s 不在账号 %s 的范围内", "%s is not within the scope of the account %s", rec.Center, account.Name)}}
	}
	return account
}

// ask finds the read models that a question is about: of one center or (for "") of all. Of a center that is not seen, or that
// there is not, nothing is read.
func (l *Local) ask(ctx context.Context, w When, center events.CenterID) (a asked, err error) {
	if a.on, a.point, err = w.resolve(l.Now()); err != nil {
		return a, err
	}
	if last := l.Ledger.Register().Position(); a.point.Position > last {
		return a, text.Errorf(text.Invalid, "台账止于位置 %d", "the ledger ends at position %d", last).Of("known-at")
	}
	register := l.Ledger.Register()
	switch {
	case center != "" && !l.register().Knows(center):
		return a, lists.UnknownCenter(center)
	case a.point.IsNow():
	case center != "":
		register, err = l.Ledger.KnownAtOf(ctx, a.point, center)
	default:
		register, err = l.Ledger.KnownAt(ctx, a.point)
	}
	if err != nil {
		return a, err
	}
	a.Source = &lists.Source{Ledger: l.Ledger, Register: register.Within(l.Sees), Prefix: l.Prefix, Root: l.Root}
	return a, nil
}

// askCenter is ask about a center that must be in the register.
func (l *Local) askCenter(ctx context.Context, w When, id string) (asked, events.CenterID, error) {
	center := events.ParseCenter(id)
	a, err := l.ask(ctx, w, center)
	if err == nil && !a.Register.Knows(center) {
		err = lists.UnknownCenter(center)
	}
	return a, center, err
}

// askList is ask for a list. It sets the date of the question.
func (l *Local) askList(ctx context.Context, when When, q *lists.Question) (asked, error) {
	if err := CheckQuestion(*q, l.Now()); err != nil {
		return asked{}, err
	}
	a, err := l.ask(ctx, when, q.Center())
	q.On = a.on
	return a, err
}

// List implements Reader.
func (l *Local) List(ctx context.Context, when When, q lists.Question) (*table.Table, error) {
	a, err := l.askList(ctx, when, &q)
	if err != nil {
		return nil, err
	}
	t, err := a.Ask(ctx, q)
	if err == nil {
		t.Title = Known(t.Title, when.KnownAt, t.Position)
	}
	return t, err
}

// Known returns a title that says as known at which point the answer is, and at which position that is. Without such a
// point it returns the title as it is.
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

// CheckQuestion returns what is wrong with a question, whatever the ledger holds.
func CheckQuestion(q lists.Question, now time.Time) error {
	list, err := q.Check()
	if err != nil {
		return err
	}
	for _, p := range list.Params {
		if p.Sort != lists.Point || q.Params[p.Name] == "" {
			continue
		}
		point, _ := ledger.ParsePoint(q.Params[p.Name]) // checked
		if err := notToCome(p.Name, q.Params[p.Name], point, now); err != nil {
			return err
		}
	}
	return nil
}

// Export implements Reader.
func (l *Local) Export(ctx context.Context, to io.Writer, progress Progress) (count int, err error) {
	settled := *l // a center that moves meanwhile is exported whole or not at all
	settled.Sees = l.register().Settled().Scope()
	return l.Ledger.Export(ctx, to, settled.seesStream(), progress)
}
