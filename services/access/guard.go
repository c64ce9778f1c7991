package access

import (
	"context"
	"io"
	"strconv"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// guarded is a desk that checks the rights of a principal. What his role may not do is text.Forbidden. A center
// that he does not see is reported as unknown, before the ledger is asked. Reads of money and history, and
// denials, go to the access log.
type guarded struct {
	a     *Access
	p     Principal
	local desk.Local
}

var _ desk.Keeper = (*guarded)(nil)

// Guard returns a desk that checks the rights of a principal, with his scope at the time of each call.
func (a *Access) Guard(local desk.Local, p Principal) desk.Keeper {
	local.Account, local.Sees = p.ledgerAccount(), a.scope(&p)
	return &guarded{a: a, p: p, local: local}
}

// Scope returns a function that reports whether the principal sees a center; nil if he sees all. A call of it is
// not logged.
func (a *Access) Scope(p Principal) func(events.CenterID) bool { return a.scope(&p) }

// scope returns a function that reports whether the principal sees a center now; nil if he sees all.
func (a *Access) scope(p *Principal) func(events.CenterID) bool {
	today := func() events.Date { return events.DateAt(a.Now()) }
	switch {
	case p.Owner, p.Role == STOffice, p.Role == Finance, p.Role == Auditor:
		return nil
	case p.Role == Center:
		return projections.SeesOne(events.CenterID(p.Center))
	case p.Role == LocalGov && p.Region != "":
		return a.Ledger.Register().SeesRegion(p.Region, today)
	case p.Role == IndustryDept:
		var each []func(events.CenterID) bool
		for _, name := range p.Departments {
			each = append(each, a.Ledger.Register().SeesDepartment(name, today))
		}
		return func(id events.CenterID) bool {
			for _, sees := range each {
				if sees(id) {
					return true
				}
			}
			return false
		}
	}
	return func(events.CenterID) bool { return false }
}

// may returns an error if the principal lacks a right, and notes the denial. verb and object describe the request.
func (g *guarded) may(right Right, verb, object, center string) error {
	return g.denies(verb, object, center, g.p.Lacks(right))
}

// denies notes why in the access log unless it is nil, and returns it.
func (g *guarded) denies(verb, object, center string, why error) error {
	if why != nil {
		g.note(LogDenied, verb, object, center, outcomeOf(why))
	}
	return why
}

func (g *guarded) note(kind, verb, object, center, outcome string) {
	g.a.noteAsked(kind, &g.p, verb, object, events.ParseCenter(center), outcome)
}

// sees returns the error of an unknown center, and notes the denial, if the principal does not see the center.
func (g *guarded) sees(verb, object, center string) error {
	id := events.ParseCenter(center)
	if center == "" || g.local.Sees == nil || g.local.Sees(id) {
		return nil
	}
	g.note(LogDenied, verb, object, center, outcomeHidden)
	return lists.UnknownCenter(id)
}

// reads returns an error if the principal may not read of a center; of all that he sees for "".
func (g *guarded) reads(verb, object, center string) error {
	if err := g.may(ReadLedger, verb, object, center); err != nil {
		return err
	}
	return g.sees(verb, object, center)
}

// readsNoted does the same as reads for money or history. It writes the read to the access log before anything is
// handed out.
func (g *guarded) readsNoted(verb, object, center string) error {
	err := g.reads(verb, object, center)
	if err == nil {
		g.note(LogRead, verb, object, center, outcomeOK)
	}
	return err
}

// List implements desk.Reader.
func (g *guarded) List(ctx context.Context, when desk.When, q lists.Question) (*table.Table, error) {
	if err := g.readsList(q); err != nil {
		return nil, err
	}
	return g.local.List(ctx, when, q)
}

// Answer implements desk.Keeper.
func (g *guarded) Answer(ctx context.Context, when desk.When, q lists.Question, in lists.Encoding,
	before *lists.Answer) (*lists.Answer, error) {
	if err := g.readsList(q); err != nil {
		return nil, err
	}
	return g.local.Answer(ctx, when, q, in, before)
}

// readsList returns an error if the principal may not read the answer to a question.
func (g *guarded) readsList(q lists.Question) error {
	reads := g.reads
	if isMoney(q) {
		reads = g.readsNoted
	}
	return reads("list", q.List, string(q.Center()))
}

// readsReport returns an error if the principal may not read the answer to a question as a file.
func (g *guarded) readsReport(q lists.Question) error {
	return g.readsNoted("report", q.List, string(q.Center()))
}

// isMoney reports whether the answer to a question has money or history in it.
func isMoney(q lists.Question) bool {
	columns, err := q.Columns()
	if err != nil {
		return false // the list has no such column
	}
	for _, c := range columns {
		if c.Type == table.Money || c.Name == "position" { // the position of a record
			return true
		}
	}
	return false
}

// Center implements desk.Reader.
func (g *guarded) Center(ctx context.Context, when desk.When, id string) (*desk.Center, error) {
	if err := g.readsNoted("center", "", id); err != nil {
		return nil, err
	}
	return g.local.Center(ctx, when, id)
}

// Story implements desk.Reader.
func (g *guarded) Story(ctx context.Context, when desk.When, id string,
	each func(*desk.Chapter) error) (*desk.Chapter, error) {
	if err := g.readsNoted("story", "", id); err != nil {
		return nil, err
	}
	return g.local.Story(ctx, when, id, each)
}

// Explain implements desk.Reader.
func (g *guarded) Explain(ctx context.Context, when desk.When, alert desk.AlertName) ([]desk.Explanation, error) {
	if err := g.readsNoted("explain", alert.Code+" "+alert.Key, alert.Center); err != nil {
		return nil, err
	}
	return g.local.Explain(ctx, when, alert)
}

// Export implements desk.Reader. It ends early for the same reasons as Follow.
func (g *guarded) Export(ctx context.Context, to io.Writer, progress desk.Progress) (int, error) {
	if err := g.readsNoted("export", "", ""); err != nil {
		return 0, err
	}
	var count int
	err := g.a.whileValid(ctx, &g.p, func(ctx context.Context) (err error) {
		count, err = g.local.Export(ctx, to, progress)
		return err
	})
	return count, err
}

// Position implements desk.Reader. Every principal may know it.
func (g *guarded) Position() uint64 { return g.local.Position() }

// Reaches implements desk.Reader.
func (g *guarded) Reaches(ctx context.Context, position uint64) error {
	return g.local.Reaches(ctx, position)
}

// Events implements desk.Reader.
func (g *guarded) Events(ctx context.Context, after uint64, limit int, of string,
	each func(*events.Stored) error) error {
	if err := g.readsNoted("events", "", of); err != nil {
		return err
	}
	return g.local.Events(ctx, after, limit, of, each)
}

// Follow implements desk.Reader. It ends with text.Unauthenticated when what the principal was authenticated by is
// no longer good.
func (g *guarded) Follow(ctx context.Context, after uint64, each func(*events.Stored) error) error {
	if err := g.readsNoted("follow", "", ""); err != nil {
		return err
	}
	return g.a.whileValid(ctx, &g.p, func(ctx context.Context) error { return g.local.Follow(ctx, after, each) })
}

// Entry implements desk.Reader.
func (g *guarded) Entry(ctx context.Context, center, id string) (*desk.HistoryEntry, error) {
	if err := g.readsNoted("entry", id, center); err != nil {
		return nil, err
	}
	return g.local.Entry(ctx, center, id)
}

// Policies implements desk.Reader.
func (g *guarded) Policies(ctx context.Context, when desk.When) (*desk.Policies, error) {
	if err := g.may(ReadPolicies, "policies", "", ""); err != nil {
		return nil, err
	}
	return g.local.Policies(ctx, when)
}

// Adopting implements desk.Keeper. The administrator who adopts policies may not read the ledger: he gets the number
// of centers and of alerts, and nothing about a single center. An account that sees a part of the province has no
// answer, because a part says little of what a policy does.
func (g *guarded) Adopting(ctx context.Context, p desk.Policy) (*desk.Adopting, error) {
	reads := g.p.Can(ReadLedger)
	if !reads || g.local.Sees != nil {
		if err := g.may(AdoptPolicy, "adopting", p.Name(), ""); err != nil {
			return nil, err
		}
	}
	g.note(LogRead, "adopting", p.Name(), "", outcomeOK)
	all := g.local
	all.Sees = nil
	a, err := all.Adopting(ctx, p)
	if err == nil && !reads {
		for _, on := range a.Days {
			on.Figures, on.Alerts = nil, nil
		}
	}
	return a, err
}

// Report implements desk.Reader.
func (g *guarded) Report(ctx context.Context, when desk.When, r desk.ReportRequest,
	to io.Writer) (*desk.ReportMade, error) {
	if err := g.readsReport(r.Question); err != nil {
		return nil, err
	}
	return g.local.Report(ctx, when, r, to)
}

// ReportCSV implements desk.Keeper.
func (g *guarded) ReportCSV(ctx context.Context, when desk.When, q lists.Question, lang string,
	before *lists.Answer) (*desk.ReportPieces, error) {
	if err := g.readsReport(q); err != nil {
		return nil, err
	}
	return g.local.ReportCSV(ctx, when, q, lang, before)
}

// Yearly implements desk.Reader.
func (g *guarded) Yearly(ctx context.Context, when desk.When, r desk.YearlyRequest, to io.Writer) error {
	if err := g.readsNoted("yearly", strconv.Itoa(r.Year), r.Center); err != nil {
		return err
	}
	return g.local.Yearly(ctx, when, r, to)
}

// Reproduce implements desk.Reader.
func (g *guarded) Reproduce(ctx context.Context, file desk.Upload) (*desk.Reproduced, error) {
	if err := g.readsNoted("reproduce", file.Name, ""); err != nil {
		return nil, err
	}
	return g.local.Reproduce(ctx, file)
}

// Checkpoint implements desk.Reader. Every account may know it: it shows no record.
func (g *guarded) Checkpoint(ctx context.Context) (*desk.Checkpoint, error) {
	if err := g.may(ReadCheckpoint, "checkpoint", "", ""); err != nil {
		return nil, err
	}
	g.note(LogRead, "checkpoint", "", "", outcomeOK)
	return g.local.Checkpoint(ctx)
}

// Receipt implements desk.Reader. It has the record in it, so it is read like one.
func (g *guarded) Receipt(ctx context.Context, r desk.ReceiptRequest) (*desk.Receipt, error) {
	object := r.Record
	if r.Center == "" {
		object = strconv.FormatUint(r.Position, 10)
	}
	if err := g.readsNoted("receipt", object, r.Center); err != nil {
		return nil, err
	}
	return g.local.Receipt(ctx, r)
}

// Try implements desk.Reader.
func (g *guarded) Try(ctx context.Context, when desk.When, lines io.Reader, each func(*desk.Tried) error) error {
	if err := g.readsNoted("try", "", ""); err != nil {
		return err
	}
	return g.checking("try").Try(ctx, when, lines, each)
}
