package lists

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"hash/maphash"
	"iter"
	"slices"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/table"
)

// daysMax is greater than the number of days between any two dates of a ledger.
const daysMax = 366 * (events.YearMax - events.YearMin + 1)

var duplicatesList = &List{
	Name: "duplicates",
	Short: text.Say("疑似重复支付：数日内向同一收款单位支付同一金额的凭证，或一张凭证内相同的行",
		"vouchers that may be paid twice: the same payee and amount within days, or equal lines of one voucher"),
	Params: []Param{
		{Name: "days", Words: text.Say("相邻两张凭证相隔不超过 `N` 天", "each within `N` days of the one before"),
			Sort: Count, Default: "7"},
		{Name: "center", Words: text.Say("中心编号 `ID`（默认全部）", "`ID` of a center (default all)"),
			Sort: CenterID},
		{Name: "across", Words: text.Say("不同中心的凭证也相互比较", "compare vouchers of different centers too"),
			Sort: Flag},
		regionParam, sortParam(nil, text.Text{}), unitParam,
	},
	history: true,
	later:   true,
	columns: duplicateColumns,
	answer:  duplicates,
}

// brief is a voucher in as few bytes as possible, because there may be a million vouchers. Vouchers that may be paid
// twice have the same hash: the same payee, the same amount, and the same center unless centers are compared. Other
// vouchers rarely have the same hash.
type brief struct {
	hash     uint64
	position uint64
	on       events.Date
}

// seen is the part of one event that a pass over the history keeps: a voucher, or the reversal of a voucher.
type seen struct {
	brief
	twins    bool // two lines of the voucher have the same grant and amount
	reversed *voucherKey
	err      error // the error of reading the event
}

// alike is a voucher that was read a second time, with its body.
type alike struct {
	s     events.Stored
	b     events.Body
	payee []byte // folded
	fen   events.Fen
}

// group holds vouchers of one payee and amount, each within the given days of the voucher before it. A group may also
// hold one voucher repeated, once for each of its lines with the same grant and amount, and then with the amount of
// the line.
type group []alike

// isOfOne reports whether the group is of lines of one voucher.
func (g group) isOfOne() bool { return g[0].s.Position == g[1].s.Position }

// repeatedFen returns the amount of all vouchers, or lines, of the group except the first.
func (g group) repeatedFen() events.Fen { return g[0].fen * events.Fen(len(g)-1) }

// comparison holds the parameters by which vouchers are compared.
type comparison struct {
	d        *Books
	voided   voidings
	on       events.Date
	days     events.Date
	across   bool // compare vouchers of different centers too
	seed     maphash.Seed
	reversed map[voucherKey]bool
}

// duplicates lists the groups of vouchers that may be paid twice. It ignores voided and reversed vouchers.
func duplicates(ctx context.Context, d *Books, q *asked, t *table.Table) error {
	if q.given("across") && q.given("center") {
		return text.Errorf(text.Invalid, "不能与 %s 同时给出", "cannot be given with %s",
			q.written("center")).Of("across")
	}
	c := &comparison{d: d, voided: d.voidings(q), on: q.On, days: events.Date(min(q.number("days"), daysMax)),
		across: q.given("across"), seed: maphash.MakeSeed(), reversed: map[voucherKey]bool{}}
	briefs := make([][]brief, 256) // the index is the first byte of the hash
	var twins []uint64             // positions
	err := ledger.Search(ctx, d.Ledger, d.span(q.center("center"), q.position), c.see, func(x seen) error {
		if x.reversed != nil {
			c.reversed[*x.reversed] = true
		} else {
			briefs[x.hash>>56] = append(briefs[x.hash>>56], x.brief)
		}
		if x.twins {
			twins = append(twins, x.position)
		}
		return x.err
	})
	if err != nil {
		return err
	}
	runs, err := parallel(ctx, briefs, c.runs)
	if err != nil {
		return err
	}
	var found []group
	for _, run := range slices.Concat(runs...) {
		groups, err := c.groups(ctx, run)
		if err != nil {
			return err
		}
		found = append(found, groups...)
	}
	for _, position := range twins {
		groups, err := c.twins(ctx, position)
		if err != nil {
			return err
		}
		found = append(found, groups...)
	}
	slices.SortFunc(found, func(a, b group) int {
		return cmp.Or(-cmp.Compare(a.repeatedFen(), b.repeatedFen()), cmp.Compare(a[0].b.On, b[0].b.On),
			cmp.Compare(a[0].s.Position, b[0].s.Position))
	})
	d.fillDuplicates(t, q, found)
	return nil
}

// see reports whether an event matters to the comparison, and returns the parts that do. It is called on all
// processors at the same time.
func (c *comparison) see(s *events.Stored) (x seen, ok bool) {
	if s.Kind != events.KindFundsSpent && s.Kind != events.KindSpendingReversed {
		return x, false
	}
	b, err := events.CutBody(s)
	if err != nil {
		return seen{err: err}, true
	}
	if b.On > c.on {
		return x, false
	}
	if s.Kind == events.KindFundsSpent {
		x = seen{brief: brief{c.hash(s, &b), s.Position, b.On}}
		if bytes.Count(b.Data, []byte(`"grant"`)) > 1 { // few vouchers have several lines
			var lines [][]events.SpendingLine
			lines, x.err = twinLines(s)
			x.twins = len(lines) > 0
		}
		return x, true
	}
	_, voided := c.voided.by(s)
	return seen{reversed: &voucherKey{s.Stream, b.Text("voucher")}}, !voided
}

// hash returns the hash of the values that all vouchers of a group share: payee, amount and, unless centers are
// compared, the center.
func (c *comparison) hash(s *events.Stored, b *events.Body) uint64 {
	var space [256]byte
	key := fold(space[:0], []byte(b.Text("payee")))
	amountFen, _ := b.AmountFen()
	key = binary.LittleEndian.AppendUint64(key, uint64(amountFen))
	if !c.across {
		key = append(key, s.Stream...)
	}
	return maphash.Bytes(c.seed, key)
}

// runs returns the runs of two or more vouchers with the same hash. Each voucher of a run is within the given days of
// the voucher before it.
func (c *comparison) runs(briefs []brief) (runs [][]brief) {
	slices.SortFunc(briefs, func(a, b brief) int { return cmp.Compare(a.hash, b.hash) })
	for same := range chunks(briefs, func(a, b brief) bool { return a.hash == b.hash }) {
		slices.SortFunc(same, func(a, b brief) int {
			return cmp.Or(cmp.Compare(a.on, b.on), cmp.Compare(a.position, b.position))
		})
		for run := range chunks(same, func(a, b brief) bool { return b.on-a.on <= c.days }) {
			runs = append(runs, run)
		}
	}
	return runs
}

// groups reads the vouchers of a run again and returns the true groups among them: vouchers that only share a hash are
// separated, and reversed and voided vouchers are left out.
func (c *comparison) groups(ctx context.Context, run []brief) (groups []group, err error) {
	var list group
	for _, l := range run {
		s, b, err := c.d.eventAt(ctx, l.position)
		if err != nil {
			return nil, err
		}
		_, voided := c.voided.by(&s)
		if !voided && !c.reversed[voucherKey{s.Stream, b.Text("voucher")}] {
			amountFen, _ := b.AmountFen()
			list = append(list, alike{s, b, foldText(b.Text("payee")), amountFen})
		}
	}
	compare := func(a, b alike) int {
		order := cmp.Or(bytes.Compare(a.payee, b.payee), cmp.Compare(a.fen, b.fen))
		if order == 0 && !c.across {
			order = cmp.Compare(a.s.Stream, b.s.Stream)
		}
		return order
	}
	slices.SortStableFunc(list, compare) // the vouchers of one group stay in the order of their dates
	for g := range chunks(list, func(a, b alike) bool { return compare(a, b) == 0 && b.b.On-a.b.On <= c.days }) {
		groups = append(groups, g)
	}
	return groups, nil
}

// twinLines returns the lines of a voucher that have the same grant and amount as another line, grouped by grant and
// amount.
func twinLines(s *events.Stored) (twins [][]events.SpendingLine, err error) {
	rec, err := events.DecodeEvent(*s)
	if err != nil {
		return nil, err
	}
	p, ok := rec.Data.(*events.FundsSpent)
	if !ok {
		return nil, nil
	}
	lines := slices.Clone(p.Lines)
	slices.SortFunc(lines, func(a, b events.SpendingLine) int {
		return cmp.Or(cmp.Compare(a.Grant, b.Grant), cmp.Compare(a.AmountFen, b.AmountFen))
	})
	for same := range chunks(lines, func(a, b events.SpendingLine) bool { return a == b }) {
		twins = append(twins, same)
	}
	return twins, nil
}

// twins reads a voucher again and returns the groups of its equal lines. It returns none if the voucher is voided or
// reversed.
func (c *comparison) twins(ctx context.Context, position uint64) (groups []group, err error) {
	s, b, err := c.d.eventAt(ctx, position)
	if err != nil {
		return nil, err
	}
	if _, voided := c.voided.by(&s); voided || c.reversed[voucherKey{s.Stream, b.Text("voucher")}] {
		return nil, nil
	}
	lines, err := twinLines(&s)
	for _, same := range lines {
		var g group
		for _, l := range same {
			g = append(g, alike{s, b, foldText(b.Text("payee")), l.AmountFen})
		}
		groups = append(groups, g)
	}
	return groups, err
}

// chunks yields the longest runs of a list in which each element belongs together with the element before it. It
// leaves out runs of one element.
func chunks[S ~[]E, E any](list S, together func(a, b E) bool) iter.Seq[S] {
	return func(yield func(S) bool) {
		for from := 0; from < len(list); {
			to := from + 1
			for to < len(list) && together(list[to-1], list[to]) {
				to++
			}
			if to-from > 1 && !yield(list[from:to]) {
				return
			}
			from = to
		}
	}
}

func duplicateColumns(*asked) []table.Column {
	return []table.Column{
		{Name: "group", Title: text.Say("组", "group"), Type: table.Count},
		{Name: "amountFen", Title: text.Say("金额", "amount"), Type: table.Money},
		{Name: "payee", Title: text.Say("收款单位", "payee")},
		{Name: "center", Title: text.Say("中心", "center")},
		{Name: "voucher", Title: text.Say("凭证号", "voucher")},
		{Name: "on", Title: text.Say("日期", "date"), Type: table.Day},
		{Name: "use", Title: text.Say("用途", "use")},
		{Name: "summary", Title: text.Say("摘要", "summary")},
		{Name: "position", Title: text.Say("位置", "position"), Type: table.Count, Minor: minorPosition},
		{Name: "id", Title: text.Say("记录编号", "record id"), Minor: minorID},
	}
}

func (d *Books) fillDuplicates(t *table.Table, q *asked, found []group) {
	t.Title = text.Say("截至 %s 疑似重复支付的凭证，相隔不超过 %d 天（金额单位：%s）",
		"Vouchers that may be paid twice as of %s, within %d days (amounts in %s)", q.On, q.number("days"),
		q.unit().Word())
	t.Empty = text.Say("没有疑似重复支付的凭证。", "No voucher looks as if it were paid twice.")
	var repeatedFen events.Fen
	vouchers, ofOne := map[uint64]bool{}, 0
	for i, g := range found {
		repeatedFen += g.repeatedFen()
		if g.isOfOne() {
			ofOne++
		}
		for _, v := range g {
			vouchers[v.s.Position] = true
			t.Rows = append(t.Rows, []table.Cell{table.Number(i + 1), table.Fen(v.fen), table.Text(v.b.Text("payee")),
				table.Text(centerOf(&v.s)),
				table.Text(v.b.Text("voucher")), table.Date(v.b.On), d.useCell(events.Use(v.b.Text("use")), v.b.On),
				table.Text(v.b.Text("summary")),
				table.Number(v.s.Position), table.Text(v.s.ID.String())})
		}
	}
	if len(found) > 0 {
		t.Notes = []text.Text{text.Say("共 %d 组 %d 张凭证；每组除首张外合计 %s 元。",
			"Groups: %d, of %d vouchers; beyond the first of each group %s yuan.",
			len(found), len(vouchers), events.FormatYuan(repeatedFen))}
	}
	if ofOne > 0 {
		t.Notes = append(t.Notes,
			text.Say("其中 %d 组各是一张凭证内经费和金额都相同的行，金额是一行的金额。", "Groups that are lines of "+
				"one voucher with the same grant and amount: %d; their amount is that of a line.", ofOne))
	}
}
