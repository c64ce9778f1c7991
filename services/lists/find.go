package lists

import (
	"bytes"
	"cmp"
	"context"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/table"
)

// Orders of find.
const (
	newestFirst = "newest"
	oldestFirst = "oldest"
)

var findOrders = text.Vocabulary[string]{
	{Code: newestFirst, Word: text.Say("新的在前", "newest first")},
	{Code: oldestFirst, Word: text.Say("旧的在前", "oldest first")},
}

var findList = &List{
	Name:  "find",
	Short: text.Say("在全部中心的历史中查找记录", "find records in the history of all centers"),
	Params: []Param{
		{Name: "text", Words: text.Say("任一文字内容包含 `TEXT`，或记录编号为此（不分大小写、全半角）",
			"a text of the record contains `TEXT`, or it is its id (without regard to case and width)")},
		{Name: "min", Words: text.Say("金额不少于 `YUAN` 元（凭证按各行合计）",
			"at least `YUAN` (of a voucher: all lines together)"), Sort: Yuan},
		{Name: "max", Words: text.Say("金额不超过 `YUAN` 元", "at most `YUAN`"), Sort: Yuan},
		{Name: "payee", Words: text.Say("收款单位包含 `NAME`", "the payee contains `NAME`")},
		{Name: "doc", Words: text.Say("发文字号包含 `NUMBER`（括号形状不限）",
			"the document number contains `NUMBER` (brackets of any shape)")},
		{Name: "actor", Words: text.Say("经办人或录入账号为 `NAME`", "recorded by the person or the account `NAME`")},
		{Name: "from", Words: text.Say("自 `DATE` 起", "on `DATE` or later"), Sort: Day},
		{Name: "to", Words: text.Say("至 `DATE` 止", "on `DATE` or earlier"), Sort: Day},
		{Name: "kind", Words: text.Say("事件种类 `KIND`，如 经费支出", "`KIND` of event, such as funds.spent"),
			Sort: Choice, Values: events.Kinds.Strings()},
		{Name: "center", Words: text.Say("中心编号 `ID`（默认全部）", "`ID` of a center (default all)"),
			Sort: CenterID},
		{Name: "voided", Words: text.Say("包括已作废的", "voided ones too"), Sort: Flag},
		{Name: "limit", Words: text.Say("最多列出 `N` 条", "list at most `N`"), Sort: Count, Default: "200"},
		choice("order", findOrders, text.Say("次序 `ORDER`", "`ORDER`"), text.Text{}).withDefault(newestFirst),
		regionParam, sortParam(nil, text.Text{}), unitParam,
	},
	history: true,
	columns: findColumns,
	answer:  find,
}

// wanted holds the conditions that find looks for. A condition that is not given is zero.
type wanted struct {
	upTo     events.Date
	from, to events.Date
	kind     events.Kind
	min, max events.Fen
	amounts  bool // whether a range of amounts is given
	text     likeness
	id       uuid.UUID
	payee    likeness
	doc      likeness
	actor    string
	voided   bool
	centers  bool // leave out the records of no center
}

func newWanted(q *asked) (*wanted, error) {
	w := &wanted{upTo: q.On, from: q.day("from"), to: q.day("to"), kind: events.Kind(q.text("kind")),
		min: q.yuan("min"), max: events.AmountFenMax * events.ListMax,
		amounts: q.given("min") || q.given("max"), text: foldText(q.text("text")), payee: foldText(q.text("payee")),
		doc:   foldText(q.text("doc")),
		actor: string(foldText(q.text("actor"))), voided: q.given("voided"), centers: q.wants != nil}
	if len(q.text("text")) == 36 {
		w.id, _ = uuid.Parse(q.text("text")) // a text that is no UUID is searched as text only
	}
	if q.given("max") {
		w.max = q.yuan("max")
	}
	if w.min > w.max {
		return nil, text.Errorf(text.Invalid, "小于 %s", "is less than %s", q.written("min")).Of("max")
	}
	if w.to != 0 && w.from > w.to {
		return nil, text.Errorf(text.Invalid, "早于 %s", "is before %s", q.written("from")).Of("to")
	}
	return w, nil
}

// match is an event that was found, or an event that cannot be read.
type match struct {
	on       events.Date
	position uint64
	unread   bool
	later    bool // it is dated after the date of the question
}

// see reports whether an event is wanted. It is called on all processors at the same time.
func (w *wanted) see(voided voidings, s *events.Stored) (match, bool) {
	m := match{position: s.Position}
	if s.Stream == events.LedgerStream && w.kind != events.KindLedgerSealed { // in no list but by its kind
		return m, false
	}
	if w.kind != "" && w.kind != s.Kind || w.centers && centerOf(s) == "" {
		return m, false
	}
	if on, ok := events.PeekDate(s); ok && !(w.wantsOn(on) && w.mayWant(s)) { // most events end here, before CutBody
		return m, false
	}
	b, err := events.CutBody(s)
	if err != nil {
		m.unread = true
		return m, true
	}
	m.on, m.later = b.On, b.On > w.upTo
	if !w.wants(s, &b) {
		return m, false
	}
	if !w.voided {
		if _, voided := voided.by(s); voided {
			return m, false
		}
	}
	return m, true
}

// wantsOn reports whether an event of a date can be wanted. An event after the date of the question is counted.
func (w *wanted) wantsOn(on events.Date) bool {
	return on >= w.from && (w.to == 0 || on <= w.to)
}

// mayWant reports whether the bytes of the body contain the wanted texts anywhere. It is a quick check before wants.
func (w *wanted) mayWant(s *events.Stored) bool {
	if bytes.IndexByte(s.Body, '\\') >= 0 { // an escape may hide a wanted text
		return true
	}
	for _, l := range []likeness{w.doc, w.payee} {
		if len(l) > 0 && !l.in(s.Body) {
			return false
		}
	}
	return len(w.text) == 0 || w.text.in(s.Body) || w.id == s.ID && w.id != uuid.Nil
}

// wants reports whether an event meets all conditions. It checks the fastest conditions first.
func (w *wanted) wants(s *events.Stored, b *events.Body) bool {
	if !w.wantsOn(b.On) {
		return false
	}
	if w.amounts {
		if v, ok := b.AmountFen(); !ok || v < w.min || v > w.max {
			return false
		}
	}
	if w.actor != "" && string(foldText(b.Actor())) != w.actor && string(foldText(b.EnteredBy())) != w.actor {
		return false
	}
	if len(w.doc) > 0 && !w.doc.in([]byte(b.Doc())) {
		return false
	}
	if len(w.payee) > 0 && !w.payee.in([]byte(b.Text("payee"))) {
		return false
	}
	return len(w.text) == 0 || w.text.among(b.Data) || w.text.among(b.Frame) || w.id == s.ID && w.id != uuid.Nil
}

// find lists the records that are wanted, in the order of their dates.
func find(ctx context.Context, d *Books, q *asked, t *table.Table) error {
	w, err := newWanted(q)
	if err != nil {
		return err
	}
	newest := q.text("order") == newestFirst
	first := newLeading(q.number("limit"), func(a, b match) int {
		c := cmp.Or(cmp.Compare(a.on, b.on), cmp.Compare(a.position, b.position))
		if newest {
			c = -c
		}
		return c
	})
	found, unread, later := 0, 0, 0
	voided := d.voidings(q)
	err = ledger.Search(ctx, d.Ledger, d.span(q.center("center"), q.position),
		func(s *events.Stored) (match, bool) { return w.see(voided, s) },
		func(m match) error {
			if m.unread {
				unread++
				return nil
			}
			if m.later {
				later++
				return nil
			}
			found++
			first.add(m)
			return nil
		})
	if err != nil {
		return err
	}
	t.Title = text.Say("截至 %s 的记录查找结果（金额单位：%s）", "Records found as of %s (amounts in %s)", q.On,
		q.unit().Word())
	t.Empty = text.Say("没有符合条件的记录。", "There is no such record.")
	for _, m := range first.sorted() {
		row, err := d.foundRow(ctx, q, voided, m)
		if err != nil {
			return err
		}
		t.Rows = append(t.Rows, row)
	}
	if t.CutRows = found - len(t.Rows); t.CutRows > 0 {
		t.Missing = append(t.Missing,
			text.Say("共 %d 条符合，另有 %d 条未列出（%s）。", "Records that match: %d; not listed: %d (%s).", found,
				t.CutRows, q.written("limit")))
	} else if found > 0 {
		t.Notes = append(t.Notes, text.Say("共 %d 条符合。", "Records that match: %d.", found))
	}
	if later > 0 && q.since(2) {
		t.Missing = append(t.Missing,
			text.Say("另有 %d 条符合的记录日期晚于 %v，未列出。",
				"Records that match and are dated after %[2]v, which are not listed: %[1]d.", later, q.On))
	}
	if unread > 0 {
		check := text.Say("（见 taizhang check）", " (see check)")
		if q.prefix == Labels {
			check = text.Text{}
		}
		t.Missing = append(t.Missing, text.Say("有 %[1]d 条记录无法读出，未查找%[2]s。",
			"Records that cannot be read and were not searched%[2]s: %[1]d.", unread, check))
	}
	return nil
}

func findColumns(*asked) []table.Column {
	return []table.Column{
		{Name: "on", Title: text.Say("日期", "date"), Type: table.Day},
		{Name: "center", Title: text.Say("中心", "center")},
		{Name: "kind", Title: text.Say("种类", "kind")},
		{Name: "amountFen", Title: text.Say("金额", "amount"), Type: table.Money},
		{Name: "content", Title: text.Say("内容", "content"), CharMax: 80},
		{Name: "payee"},
		{Name: "doc", Title: text.Say("文号", "document"), Minor: minorDetail},
		{Name: "actor", Title: text.Say("经办", "by")},
		{Name: "position", Title: text.Say("位置", "position"), Type: table.Count, Minor: minorPosition},
		{Name: "revision", Type: table.Count},
		{Name: "id", Title: text.Say("记录编号", "record id"), Minor: minorID},
		{Name: "voidedBy", Title: text.Say("作废记录", "voided by")},
		{Name: "record", Type: table.JSON},
	}
}

func (d *Books) foundRow(ctx context.Context, q *asked, voided voidings, m match) ([]table.Cell, error) {
	s, b, err := d.eventAt(ctx, m.position)
	if err != nil {
		return nil, err
	}
	amount := table.Cell{}
	if v, ok := b.AmountFen(); ok {
		amount = table.Fen(v)
	} else if v, ok := voided.register.ReversedFen(centerOf(&s), s.ID); ok && q.since(2) {
		amount = table.Fen(-v)
	}
	voidedBy := table.Cell{}
	if by, ok := voided.by(&s); ok {
		voidedBy = table.Text(by.String())
	}
	whole, content := table.Cell{}, describe(&b, d.policies)
	// otherwise the column stays empty, because only the bytes of the event are known
	if rec, err := events.DecodeEvent(s); err == nil {
		line, err := events.EncodeRecord(&rec.Record)
		if err != nil {
			return nil, err
		}
		whole.Data = jsontext.Value(line)
		if q.since(3) {
			content.Shown = restOf(&rec.Record, d.policies, func(Said) {}) // the amount has a column of its own
		}
	}
	return []table.Cell{table.Date(b.On), table.Optional(string(centerOf(&s))), table.Named(s.Kind, s.Kind.Title()),
		amount, content, table.Optional(b.Text("payee")),
		table.Optional(b.Doc()), table.Text(b.Actor()), table.Number(s.Position), table.Number(s.Revision),
		table.Text(s.ID.String()), voidedBy, whole}, nil
}
