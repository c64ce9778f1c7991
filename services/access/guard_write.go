package access

import (
	"context"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
)

// Record implements desk.Writer. If the draft has no authority, it gets that of the account.
func (g *guarded) Record(ctx context.Context, d desk.Draft) (*desk.RecordAnswer, error) {
	if err := g.brings("record", &d); err != nil {
		return nil, err
	}
	return g.local.Record(ctx, d)
}

// Batch implements desk.Writer.
func (g *guarded) Batch(ctx context.Context, b desk.Batch) (*desk.BatchAnswer, error) {
	own := b
	own.Drafts = append([]desk.Draft(nil), b.Drafts...) // the drafts of the caller stay as they are
	for i := range own.Drafts {
		if err := g.brings("batch", &own.Drafts[i]); err != nil {
			return nil, err
		}
	}
	if len(own.Drafts) == 0 {
		if err := g.writes("batch", "", ""); err != nil {
			return nil, err
		}
	}
	return g.local.Batch(ctx, own)
}

// brings returns an error if the principal may not bring a draft, and fills in the authority of the draft.
func (g *guarded) brings(verb string, d *desk.Draft) error {
	if err := g.writes(verb, d.Kind, d.Center); err != nil {
		return err
	}
	if !g.p.Owner { // the owner states the authority himself
		d.By.Role, d.By.Actor = or(d.By.Role, string(g.p.Role.Ledger())), or(d.By.Actor, g.p.Account)
	}
	now := *g
	now.p = g.a.AsNow(g.p)
	if why := now.against(events.Kind(d.Kind), events.Mode(d.Mode),
		events.By{Role: events.Role(d.By.Role), Actor: d.By.Actor}); why != nil {
		return g.denies(verb, d.Kind, d.Center, why.why)
	}
	return g.sees(verb, d.Kind, d.Center)
}

func or(given, own string) string {
	if given == "" {
		return own
	}
	return given
}

// writes returns an error if the principal may not write at all.
func (g *guarded) writes(verb, object, center string) error {
	if !g.a.stands(&g.p) {
		return errUnauthenticated
	}
	return g.may(Bring, verb, object, center)
}

// denial is the reason why a principal may not bring a record.
type denial struct {
	field string
	why   error
}

// against returns the reason why a principal may not bring a record, or nil. Which role may write which kind is
// checked by the ledger (R04-2).
func (g *guarded) against(kind events.Kind, mode events.Mode, by events.By) *denial {
	own := events.By{Role: g.p.Role.Ledger(), Actor: g.p.Account}
	no := func(field, act, zh, en string, args ...any) *denial {
		// act is the act of Mays that needs a code in the session or a token made for it
		if why := g.p.lacksProof(act); why != nil {
			return &denial{field, why}
		}
		return &denial{field, text.Errorf(text.Forbidden, zh, en, args...)}
	}
	recorder := g.p.MayRecord && g.p.may(MayRecord)
	switch {
	case g.p.Owner:
		return nil
	case by != own && !recorder:
		return no("by", MayRecord,
			"填报人应为本账号的角色“%s”和名称“%s”（可省略）；为其他部门补录须有补录权限，并用可补录的令牌",
			"the authority must be the role %s and the name %s of this account, or be left out; "+
				"to record for another office takes the right to record, and a token made for record",
			own.Role.Title(), own.Actor)
	case by != own && (by.Role == events.Admin || by.Actor == own.Actor):
		return no("by", "", "代其他部门补录须写明该部门及其经办人，不能以管理员的名义",
			"to record for another office, the authority must name it and who there answers for it, and no "+
				"administrator")
	case mode == events.Recording && !recorder:
		return no("mode", MayRecord, "补录须有补录权限，并用可补录的令牌",
			"record mode takes the right to record, and a token made for record")
	case kind == events.KindPolicyAdopted && by.Role == events.Admin && !g.p.may(MayPolicy):
		return no("kind", MayPolicy, "采用办法参数须用可采用办法参数的令牌",
			"adopting a policy takes a token made for policy")
	case kind == events.KindQualificationRevoked && by.Role == events.STOffice && !g.p.may(MayRevoke):
		return no("kind", MayRevoke, "记录取消资格须用可取消资格的令牌",
			"recording a revocation takes a token made for revoke")
	}
	return nil
}

// Import implements desk.Writer. A line that the principal may not bring is a bad line. The import ends between
// two writes with text.Unauthenticated when what the principal was authenticated by is no longer good.
func (g *guarded) Import(ctx context.Context, r desk.ImportRequest) (*desk.Imported, error) {
	if err := g.writes("import", "", ""); err != nil {
		return nil, err
	}
	if g.p.Owner {
		return g.local.Import(ctx, r)
	}
	sheets, err := r.HasSheets()
	if err != nil {
		return nil, err
	}
	if sheets {
		own := string(g.p.Role.Ledger())
		r.Sheets.Actor, r.Sheets.Role = or(r.Sheets.Actor, g.p.Account), or(r.Sheets.Role, own)
		by := events.By{Role: events.Role(r.Sheets.Role), Actor: r.Sheets.Actor}
		if why := g.against("", events.Mode(r.Sheets.Mode), by); why != nil {
			return nil, g.denies("import", "", "", why.why)
		}
	}
	var imported *desk.Imported
	err = g.a.whileValid(ctx, &g.p, func(ctx context.Context) (err error) {
		imported, err = g.checking("import").Import(ctx, r)
		return err
	})
	return imported, err
}

// checking returns a desk for files of records. It refuses each record that the principal may not bring and notes
// the denial under the verb.
func (g *guarded) checking(verb string) *desk.Local {
	local := g.local
	local.Account.Check = func(rec *events.Record) []aggregates.Breach {
		if err := g.sees(verb, string(rec.Kind), string(rec.Center)); err != nil {
			return []aggregates.Breach{{Field: "center", Reason: text.Of(err)}}
		}
		if why := g.against(rec.Kind, rec.Mode, rec.By); why != nil {
			g.note(LogDenied, verb, string(rec.Kind), string(rec.Center), outcomeOf(why.why))
			return []aggregates.Breach{{Field: why.field, Reason: text.Of(why.why)}}
		}
		return nil
	}
	return &local
}

// Seal implements desk.Writer. The record of a sealing is the program's, so the access log has who asked for it.
func (g *guarded) Seal(ctx context.Context) (*desk.Sealed, error) {
	if !g.a.stands(&g.p) {
		return nil, errUnauthenticated
	}
	if err := g.may(SealLedger, "seal", "", ""); err != nil {
		return nil, err
	}
	g.note(LogAct, "seal", "", "", outcomeOK)
	return g.local.Seal(ctx)
}
