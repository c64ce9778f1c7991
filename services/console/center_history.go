package console

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
)

// centerHistory is the history of a center up to a position, in the order of the ledger. Most records are not decoded:
// a page shows few of them.
type centerHistory struct {
	center     events.CenterID
	all        []recordPlace
	plaque     *events.Recorded
	taskBook   *events.Recorded // the latest one
	grants     []grant          // and matches
	reversed   map[string]bool  // the numbers of vouchers with a reversal that is not voided
	gradedFrom int              // the first year that has a grade; 0 for none
}

// recordPlace is the place of a record in the history of its center.
type recordPlace struct {
	events.Place
	ID   uuid.UUID
	Kind events.Kind
}

// grant is a grant or match of a center, as its first record says.
type grant struct {
	id        string
	source    text.Text
	year      int
	amountFen events.Fen
}

// historyOf reads the history of a center up to a position as of the date of the page. The caller has checked that the
// user sees the center.
func (v *visit) historyOf(center events.CenterID, upTo uint64) (*centerHistory, error) {
	books := v.p.Answers.Desk.Ledger
	h := &centerHistory{center: center, reversed: map[string]bool{}}
	var noted []events.Recorded
	for s, err := range books.ReadStream(v.Context(), center.Stream(), 0) {
		if err != nil {
			return nil, err
		}
		if s.Position > upTo {
			break
		}
		h.all = append(h.all, recordPlace{s.Place, s.ID, s.Kind})
		switch s.Kind {
		case events.KindPlaqueAwarded, events.KindTaskBookFiled, events.KindSubsidyGranted,
			events.KindMatchingCommitted, events.KindSpendingReversed, events.KindGradeDecided:
			if rec, err := events.DecodeEvent(s); err == nil && rec.On <= v.on { // AL-LED-01 reports an unreadable one
				noted = append(noted, rec)
			}
		}
	}
	for i := range noted {
		if _, isVoided := books.Register().Voided(center, noted[i].ID, h.knows()); !isVoided {
			h.note(&noted[i])
		}
	}
	return h, nil
}

// note keeps what a record says about the center as a whole.
func (h *centerHistory) note(rec *events.Recorded) {
	switch p := rec.Data.(type) {
	case *events.PlaqueAwarded:
		h.plaque = rec
	case *events.TaskBookFiled:
		if h.taskBook == nil || rec.On >= h.taskBook.On {
			h.taskBook = rec
		}
	case *events.SubsidyGranted:
		h.grants = append(h.grants, grant{p.Grant, p.Source.Title(), p.FiscalYear, p.AmountFen})
	case *events.MatchingCommitted:
		h.grants = append(h.grants, grant{p.Match, text.Say("地方配套", "local matching"), p.FiscalYear, p.AmountFen})
	case *events.SpendingReversed:
		h.reversed[p.Voucher] = true
	case *events.GradeDecided:
		if h.gradedFrom == 0 || p.Year < h.gradedFrom {
			h.gradedFrom = p.Year
		}
	}
}

// knows returns how many records of the center the history has.
func (h *centerHistory) knows() uint64 {
	if len(h.all) == 0 {
		return 0
	}
	return h.all[len(h.all)-1].Revision
}

// historyRows is the number of records of its history that the page of a center shows: the newest ones. The others are
// on the next pages.
const historyRows = 30

// timeline is a page of the history of a center, the newest record first.
type timeline struct {
	Lines  []timelineLine
	Count  int
	First  int // the first of them on the page, from 1
	Last   int
	Kinds  []option
	Hidden []hidden
	Pages  []choice
	All    string // the address of all records on one page, for print; "" for too many, or if one page has them
	Before string // the address of the page as known after the record before the last one
	After  string // the address of the page as known after the next record; "" if there is none
}

// timelineLine is a record of a center in words.
type timelineLine struct {
	Position uint64
	On       string
	Recorded string
	Kind     string
	Line     string
	Doc      string
	By       string
	Chips    []chip
	Href     string
	Then     string // the address of the center as known then
}

// chip marks something about a record. Why says it in full.
type chip struct{ Word, Why, Href string }

// historyPart leads to the history on the page of a center.
const historyPart = "#history"

// timeline returns the page of the history that the address asks for.
func (v *visit) timeline(x *desk.Center, register *projections.Register, h *centerHistory) (timeline, error) {
	t := timeline{Hidden: v.hidden("kind", "page")}
	wanted := h.all
	kind, err := v.kindAsked(&t, h)
	if err != nil {
		return t, err
	}
	if kind != "" {
		wanted = nil
		for _, p := range h.all {
			if p.Kind == kind {
				wanted = append(wanted, p)
			}
		}
	}
	t.Count = len(wanted)
	pages := &listView{Rows: t.Count}
	from, to, err := v.pagedBy(pages, min(historyRows, pageRows))
	if err != nil {
		return t, err
	}
	t.First, t.Last, t.Pages = pages.First, pages.Last, pages.Pages
	for i := range t.Pages {
		t.Pages[i].Href += historyPart
	}
	if pages.All != "" {
		t.All = pages.All + historyPart
	}
	t.Lines, err = v.timelineLines(h, wanted[len(wanted)-to:len(wanted)-from], register.Timeline())
	v.aside(&t, x, h)
	return t, err
}

// kindAsked reads the kind of records that the address asks for, and fills in the kinds to choose from.
func (v *visit) kindAsked(t *timeline, h *centerHistory) (asked events.Kind, err error) {
	if typed := v.query.Get("kind"); typed != "" {
		code, ok := desk.KindWords().Read(typed)
		if !ok {
			return "", desk.KindWords().Reject(typed)
		}
		asked = events.Kind(code)
	}
	count := map[events.Kind]int{}
	for _, p := range h.all {
		count[p.Kind]++
	}
	t.Kinds = []option{{"", v.say("全部", "all"), asked == ""}}
	for _, term := range desk.KindWords() {
		if kind := events.Kind(term.Code); count[kind] > 0 || kind == asked {
			t.Kinds = append(t.Kinds, option{term.Code, fmt.Sprintf("%s (%d)", v.in(term.Word), count[kind]),
				kind == asked})
		}
	}
	return asked, nil
}

// aside fills in the addresses of the page as known one record earlier and one record later.
func (v *visit) aside(t *timeline, x *desk.Center, h *centerHistory) {
	n := len(h.all)
	if n > 1 {
		t.Before = v.centerPath(x.Center, "knownAt", strconv.FormatUint(h.all[n-2].Position, 10))
	}
	if v.when.KnownAt == "" {
		return
	}
	for s, err := range v.p.Answers.Desk.Ledger.ReadStream(v.Context(), x.Center.Stream(), h.knows()) {
		if err == nil {
			t.After = v.centerPath(x.Center, "knownAt", strconv.FormatUint(s.Position, 10))
		}
		return
	}
}

// timelineLines decodes some records of a center, and returns them in words, the newest first.
func (v *visit) timelineLines(h *centerHistory, wanted []recordPlace, policies policy.Timeline) (lines []timelineLine,
	err error) {
	if len(wanted) == 0 {
		return nil, nil
	}
	next, last := 0, wanted[len(wanted)-1].Revision
	books := v.p.Answers.Desk.Ledger
	for s, err := range books.ReadStream(v.Context(), h.center.Stream(), wanted[0].Revision-1) {
		if err != nil {
			return nil, err
		}
		if s.Revision > last || next == len(wanted) {
			break
		}
		if s.Position == wanted[next].Position {
			lines = append(lines, v.timelineLine(h, &s, policies))
			next++
		}
	}
	slices.Reverse(lines)
	return lines, nil
}

// timelineLine returns a record of a center in words.
func (v *visit) timelineLine(h *centerHistory, s *events.Stored, policies policy.Timeline) timelineLine {
	l := timelineLine{Position: s.Position, Recorded: events.DateAt(s.RecordedAt).String(), Kind: v.in(s.Kind.Title()),
		Href: v.recordPath(string(h.center), s.ID.String()),
		Then: v.centerPath(h.center, "knownAt", strconv.FormatUint(s.Position, 10))}
	rec, err := events.DecodeEvent(*s)
	if err != nil {
		l.Line = v.say("此记录无法读出（AL-LED-01）", "this record cannot be read (AL-LED-01)")
		return l
	}
	l.On, l.Doc = rec.On.String(), rec.Doc
	l.Line = v.in(lists.RecordLine(&rec.Record, policies))
	l.By = v.in(rec.By.Role.Title()) + " " + rec.By.Actor
	l.Chips = v.chips(h, &rec)
	return l
}

// lateDays is the number of days after its date from which a record counts as recorded afterwards. Offices enter the
// records of a month in the course of the next one.
const lateDays = 30

// chips returns what marks a record: that it was recorded of a decision taken elsewhere, voids or is voided, reverses
// or is reversed, was recorded long after its date, or is dated after the date of the page.
func (v *visit) chips(h *centerHistory, rec *events.Recorded) (all []chip) {
	add := func(zh, en, whyZh, whyEn, href string) {
		all = append(all, chip{v.say(zh, en), v.say(whyZh, whyEn), href})
	}
	if rec.Mode == events.Recording {
		add("补录", "record mode", "补录体系外已作的决定", "a decision that was taken outside the system", "")
	}
	if by, ok := v.p.Answers.Desk.Ledger.Register().Voided(h.center, rec.ID, h.knows()); ok {
		add("已作废", "voided", "已被作废，不计入任何数字", "voided: it counts in no figure",
			v.recordPath(string(h.center), by.String()))
	}
	switch p := rec.Data.(type) {
	case *events.EntryVoided:
		add("作废", "voids", "作废另一条记录", "voids another record", v.recordPath(string(h.center), p.Event))
	case *events.SpendingReversed:
		add("冲销", "reverses", "冲销一张凭证", "reverses a voucher", "")
	case *events.FundsSpent:
		if h.reversed[p.Voucher] {
			add("已冲销", "reversed", "该凭证已冲销", "the voucher is reversed", "")
		}
	}
	if late := int(events.DateAt(rec.RecordedAt) - rec.On); late > lateDays {
		all = append(all, chip{v.say("事后补记", "back-dated"), v.say("发生后 %d 天记入", "recorded after %d days", late),
			""})
	}
	if rec.On > v.on {
		add("晚于截至日", "later", "发生日期晚于截至日，未计入", "dated after the date of the page: not counted", "")
	}
	return all
}
