package console

import (
	"crypto/sha256"
	"encoding/hex"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/difference"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/lists"
)

// entryView is the page of a record of a center.
type entryView struct {
	*view
	Center, Name, CenterHref string
	Kind                     string
	Line                     string
	Chips                    []chip
	Details                  []labelled
	Facts                    []labelled
	Breaks                   []string
	Warnings                 []string
	Evidence                 []labelled // name, SHA-256, the records that carry it
	Stored                   string
	Hash                     string
	Path                     string
	Before, Next             *recordLink
	AtThen, AtBefore         string // the center as known after this record, and after the one before
	Moved                    []movedLine
	MovedOn                  string
	Money                    template.HTML
	IsBroken                 bool
	About                    *aboutLine // the record that it voids or reverses, or whose name it refers to
	VoidHref                 string     // "" if the user may not void it, or it is voided
}

// recordLink is a link to another record of the center.
type recordLink struct{ Href, Word string }

// movedLine is an alert that a record moved.
type movedLine struct {
	How      string
	Severity template.HTML
	Code     string
	Title    string
	About    string
	On       string
	Href     string
}

// aboutLine is a record that another one is about.
type aboutLine struct{ Title, Href, Which, Line string }

// foundRecord is a stored record of a center, with its neighbors in the history of the center.
type foundRecord struct {
	events.Stored
	before, next *recordPlace
	latest       events.Date // the latest date of the records up to it
	known        uint64      // the number of records of the center that are known at the point of the page
}

// centerRecord shows a record of a center: its words, how it came to be, and what it moved.
func (v *visit) centerRecord() error {
	center, typed := events.ParseCenter(v.PathValue("id")), v.PathValue("record")
	// it checks the rights of the user and notes the read; an unreadable record is internal, and is shown as it is
	_, err := v.desk.Entry(v.Context(), string(center), typed)
	if err != nil && text.CodeOf(err) != text.Internal {
		return err
	}
	id, unfit := uuid.Parse(typed)
	if unfit != nil {
		return err
	}
	found, err := v.findRecord(center, id)
	if err != nil {
		return err
	}
	page := v.newEntryView(center, found)
	rec, err := events.DecodeEvent(found.Stored)
	if page.IsBroken = err != nil; !page.IsBroken {
		if err := v.describe(page, &rec, found); err != nil {
			return err
		}
	}
	v.show(http.StatusOK, "centerrecord", page)
	return nil
}

// findRecord returns a record that is known at the point of the page.
func (v *visit) findRecord(center events.CenterID, id uuid.UUID) (*foundRecord, error) {
	point := ledger.Point{}
	if v.when.KnownAt != "" {
		var err error
		if point, err = ledger.ParsePoint(v.when.KnownAt); err != nil {
			return nil, err
		}
	}
	found, isThere := &foundRecord{}, false
	for s, err := range v.p.Answers.Desk.Ledger.ReadStream(v.Context(), center.Stream(), 0) {
		if err != nil {
			return nil, err
		}
		if !point.IsNow() && !point.Knows(s.Place) {
			break
		}
		found.known = s.Revision
		switch place := (recordPlace{s.Place, s.ID, s.Kind}); {
		case isThere && found.next == nil:
			found.next = &place
		case isThere:
		default:
			if on, ok := events.PeekDate(&s); ok {
				found.latest = max(found.latest, on)
			}
			if isThere = s.ID == id; !isThere {
				found.before = &place
				continue
			}
			found.Stored = s
			found.Body, found.Bytes = slices.Clone(s.Body), slices.Clone(s.Bytes)
		}
	}
	if !isThere {
		return nil, text.Errorf(text.NotFound, "中心 %s 在该时点尚无此编号的记录",
			"%s has no record of this id at that point", center)
	}
	return found, nil
}

// newEntryView returns the parts of the page that even an unreadable record has.
func (v *visit) newEntryView(center events.CenterID, found *foundRecord) *entryView {
	hash := sha256.Sum256(found.Bytes)
	page := &entryView{view: v.view(), Center: string(center), Name: string(center),
		CenterHref: v.centerPath(center), Kind: v.in(found.Kind.Title()), Stored: string(found.Bytes),
		Hash: hex.EncodeToString(hash[:]), Path: "/centers/" + string(center) + "/records/" + found.ID.String(),
		AtThen: v.centerPath(center, "knownAt", strconv.FormatUint(found.Position, 10))}
	if name := v.p.Answers.Desk.Ledger.Register().Facts(center, v.on).Name; name != "" {
		page.Name = name
	}
	if found.before != nil {
		page.AtBefore = v.centerPath(center, "knownAt", strconv.FormatUint(found.before.Position, 10))
		page.Before = v.recordLink(center, found.before)
	}
	if found.next != nil {
		page.Next = v.recordLink(center, found.next)
	}
	page.fact(v.say("记入", "Recorded"), found.RecordedAt.In(events.Shanghai).Format("2006-01-02 15:04:05"), "")
	page.fact(v.say("台账位置", "Position"), strconv.FormatUint(found.Position, 10), "")
	page.fact(v.say("本中心第几条", "Record of the center"), strconv.FormatUint(found.Revision, 10), "")
	page.fact(v.say("记录编号", "Record id"), found.ID.String(), "")
	return page
}

func (page *entryView) fact(label, value, href string) {
	if value != "" {
		page.Facts = append(page.Facts, labelled{label, value, href})
	}
}

func (v *visit) recordLink(center events.CenterID, p *recordPlace) *recordLink {
	return &recordLink{v.recordPath(string(center), p.ID.String()),
		v.say("位置 %d %s", "position %d, %s", p.Position, v.in(p.Kind.Title()))}
}

// describe fills in what the record says, who wrote it, and what it moved.
func (v *visit) describe(page *entryView, rec *events.Recorded, found *foundRecord) error {
	policies := v.p.Answers.Desk.Ledger.Register().Timeline()
	page.Line = v.in(lists.RecordLine(&rec.Record, policies))
	for _, s := range lists.RecordWords(&rec.Record, policies) {
		if value := v.in(s.Value); value != "" {
			page.Details = append(page.Details, labelled{Label: v.in(s.Label), Value: value})
		}
	}
	h := &centerHistory{center: rec.Center, all: []recordPlace{{Place: events.Place{Revision: found.known}}}}
	page.Chips = v.chips(h, rec)
	void := events.Lookup(events.KindEntryVoided)
	_, isVoided := v.p.Answers.Desk.Ledger.Register().Voided(rec.Center, rec.ID, found.known)
	if rec.Kind != void.Kind && !isVoided && v.mayRecordKind(void) {
		page.VoidHref = v.link("/record/"+string(void.Kind), "center", string(rec.Center), "event", rec.ID.String())
	}
	page.fact(v.say("发生", "Date"), rec.On.String(), "")
	page.fact(v.say("经办", "Reported by"), v.in(rec.By.Role.Title())+" "+rec.By.Actor, "")
	page.fact(v.say("录入账号", "Entered by"), rec.EnteredBy, "")
	page.fact(v.say("方式", "Mode"), v.in(desk.ModeWords().Word(string(rec.Mode))), "")
	page.fact(v.say("发文字号", "Document"), rec.Doc, v.link("/find", "doc", rec.Doc))
	page.fact(v.say("备注", "Note"), rec.Note, "")
	page.fact(v.say("依据的办法参数", "Policy"), lists.PolicyName(rec.Policy), "")
	for _, e := range rec.Evidence {
		page.Evidence = append(page.Evidence, labelled{e.Name, e.SHA256, v.link("/find", "text", e.SHA256)})
	}
	for _, w := range rec.Warnings {
		page.Warnings = append(page.Warnings, v.in(w))
	}
	adopted, timeline, err := v.adoptedBy(found.Position)
	if err != nil {
		return err
	}
	for _, id := range rec.Breaks {
		page.Breaks = append(page.Breaks, v.in(lists.ShowRule(adopted[lists.PolicyName(rec.Policy)], id)))
	}
	v.moved(page, rec, found, timeline)
	return v.about(page, rec)
}

// about fills in the record that a record voids, or the earlier one that created the name it refers to, such as the
// voucher that it reverses.
func (v *visit) about(page *entryView, rec *events.Recorded) error {
	title, name, voids := v.say("相关的记录", "The record it is about"), events.FacetsOf(rec.Data).Refers, ""
	switch p := rec.Data.(type) {
	case *events.EntryVoided:
		title, voids = v.say("所作废的记录", "The record that it voids"), p.Event
	case *events.SpendingReversed:
		title = v.say("所冲销的凭证", "The voucher that it reverses")
	case *events.SubsidyReversed:
		title = v.say("所冲减的经费", "The grant that it reduces")
	}
	if voids == "" && name == (events.Name{}) {
		return nil
	}
	for s, err := range v.p.Answers.Desk.Ledger.ReadStream(v.Context(), rec.Center.Stream(), 0) {
		if err != nil {
			return err
		}
		if s.Position >= rec.Position {
			break
		}
		if voids != "" && s.ID.String() != voids {
			continue
		}
		it, err := events.DecodeEvent(s)
		if err != nil || voids == "" && events.FacetsOf(it.Data).Creates != name {
			continue
		}
		which := []string{it.On.String(), v.in(it.Kind.Title())}
		if subject := events.FacetsOf(it.Data).Subject; subject != "" {
			which = append(which, subject)
		}
		page.About = &aboutLine{title, v.recordPath(string(rec.Center), it.ID.String()), strings.Join(which, " "),
			v.in(lists.RecordLine(&it.Record, v.p.Answers.Desk.Ledger.Register().Timeline()))}
	}
	return nil
}

// adoptedBy returns the policies that were adopted by a position, by name and as a timeline.
func (v *visit) adoptedBy(position uint64) (byName map[string]*policy.Policy, t policy.Timeline, err error) {
	list, err := v.p.Answers.Desk.Ledger.Adoptions(v.Context(), ledger.Point{Position: position})
	byName = map[string]*policy.Policy{}
	for _, a := range list {
		byName[lists.PolicyName(a.Policy.Ref())], t = a.Policy, t.With(a.Policy)
	}
	return byName, t, err
}

// moved fills in the alerts and the money that the record moved, as a replay of the center shows it: as of the latest
// date of the records up to it, by the policies adopted by then.
func (v *visit) moved(page *entryView, rec *events.Recorded, found *foundRecord, policies policy.Timeline) {
	page.MovedOn = found.latest.String()
	center := v.p.Answers.Desk.Ledger.Register().Clone(rec.Center)
	if center.Has(rec.ID) != rec.Revision {
		return // it broke the integrity of the ledger, so it moved nothing
	}
	replay := center.Replay(rec.Revision - 1)
	before := replay.Evaluate(policies, found.latest)
	replay.Next()
	moved := difference.Of(before, replay.Evaluate(policies, found.latest))
	for _, m := range moved.Alerts {
		a := m.Either()
		how := v.say("产生", "opened")
		switch {
		case m.Withdrawn():
			how = v.say("撤回", "withdrawn")
		case m.Cleared():
			how = v.say("解除", "cleared")
		}
		page.Moved = append(page.Moved, movedLine{How: how, Code: string(a.Code), On: a.RaisedOn.String(),
			Severity: template.HTML(appendSeverity(nil, string(a.Severity), v.in(lists.SeverityWord(a.Severity)))),
			Title:    v.in(lists.AlertTitle(a.Code)), About: v.in(lists.KeyWord(a.Code, a.Key)),
			Href: v.link(alertPath(string(rec.Center), a.Code, a.Key, a.RaisedOn.String()), "asOf",
				found.latest.String(), "knownAt", strconv.FormatUint(knownWhen(m, found), 10))})
	}
	page.Money = v.movedMoney(rec.Center, moved.Money)
}

// knownWhen returns the position at which an alert that a record moved is known: before the record if it withdrew the
// alert.
func knownWhen(m difference.MovedAlert, found *foundRecord) uint64 {
	if m.Withdrawn() && found.before != nil {
		return found.before.Position
	}
	return found.Position
}

// movedMoney returns the figures that a record moved by year and scope, as a table of their changes. Sums of two
// scopes are left out, and so are the years that only carry the money on.
func (v *visit) movedMoney(center events.CenterID, lines []difference.MovedLine) template.HTML {
	var rows []byte
	x := &linking{v: v, state: v.state().Encode()}
	for _, l := range lines {
		by := l.After.Money.Minus(l.Before.Money)
		carried := by.CarriedInFen
		if by.CarriedInFen = 0; l.After.Scope == aggregates.FiscalScope || by == (aggregates.Money{}) {
			continue
		}
		by.CarriedInFen = carried
		rows = append(appendInt(append(rows, `<tr><th scope="row">`...), int64(l.After.Year)), "</th><td>"...)
		rows = append(appendText(rows, v.in(lists.ScopeWord(l.After.Scope))), "</td>"...)
		for i := range lists.Figures {
			f := &lists.Figures[i]
			rows = v.appendChange(rows, f.Of(by), x.trace(string(center), strconv.Itoa(l.After.Year),
				string(l.After.Scope), f.Name))
		}
		rows = append(rows, "</tr>\n"...)
	}
	if rows == nil {
		return ""
	}
	to := append(appendText([]byte(`<div class="table" tabindex="0" role="region" aria-label="`),
		v.say("资金变动", "Money moved")), `"><table><caption>`...)
	caption := v.say("资金变动（%s）", "Money moved (%s)", v.in(v.unit.Word()))
	to = append(appendText(to, caption),
		`</caption><thead><tr><th scope="col">`...)
	to = append(appendText(to, v.say("年度", "year")), `</th><th scope="col">`...)
	to = append(appendText(to, v.say("口径", "scope")), "</th>"...)
	for i := range lists.Figures {
		to = append(to, `<th scope="col" class="n">`...)
		to = append(appendText(to, v.in(lists.Figures[i].Word)), "</th>"...)
	}
	to = append(append(to, "</tr></thead>\n<tbody>\n"...), rows...)
	return template.HTML(append(to, "</tbody></table></div>\n"...))
}

// appendChange appends a cell with a change of an amount, which leads to the records that make the amount.
func (v *visit) appendChange(to []byte, fen events.Fen, href string) []byte {
	if fen == 0 {
		return append(to, `<td class="n"></td>`...)
	}
	class, sign := "n", "+"
	if fen < 0 {
		class, sign = "n neg", ""
	}
	to = append(append(append(to, `<td class="`...), class...), `"><a href="`...)
	to = append(appendText(to, href), `">`...)
	return append(appendText(append(to, sign...), v.amount(fen)), "</a></td>"...)
}
