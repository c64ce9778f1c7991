package lists

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"math/big"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/table"
)

// Methods of drawing a sample.
const (
	byRecord = "record"
	byAmount = "amount"
)

var sampleList = &List{
	Name:  "sample",
	Short: text.Say("审计抽样：抽取凭证，任何人可以复算", "draw a sample of vouchers that anybody can draw again"),
	Params: []Param{
		{Name: "center", Words: text.Say("中心编号 `ID`（默认全省）", "`ID` of a center (default the province)"),
			Sort: CenterID},
		{Name: "year", Words: text.Say("凭证日期所在年度 `YEAR`（必填）",
			"the `YEAR` of the vouchers' dates (must be given)"), Sort: Year, Must: true},
		{Name: "n", Words: text.Say("抽取 `N` 张", "draw `N`"), Sort: Count, Default: "30"},
		choice("by", methods, text.Say("抽样方法 `METHOD`", "`METHOD`"),
			text.Say("（按金额为货币单元抽样）",
				"; each record with the same chance, or by monetary units")).withDefault(byRecord),
		{Name: "position", Words: text.Say("以台账到 `POSITION` 为止的内容抽取（默认为最新）",
			"draw from the ledger up to `POSITION` (default the end)"), Sort: Count},
		sortParam(nil, text.Text{}), unitParam,
	},
	history: true,
	columns: sampleColumns,
	answer:  sample,
}

// methods holds the ways to draw a sample.
var methods = text.Vocabulary[string]{
	{Code: byRecord, Word: text.Say("等概率", "equal chance")},
	{Code: byAmount, Word: text.Say("按金额", "by amount")},
}

// drawing is a sample with the population and the seed that it was drawn from.
type drawing struct {
	*book
	position   uint64
	root, seed [sha256.Size]byte
	question   string
	list       []drawn
}

// sample draws vouchers of a year that are recorded up to the position and are not voided up to it. Reversed vouchers
// can be drawn and are marked: an auditor samples everything that was booked, and a reversal deserves a look.
func sample(ctx context.Context, d *Books, q *asked, t *table.Table) error {
	d.exactly(q, func() {}) // only fixes the position: a sample reads everything from the ledger
	g := &drawing{position: q.position, question: questionText(q.center("center"), q.number("year"), q.text("by"))}
	if asked := uint64(q.number("position")); asked > g.position {
		return text.Errorf(text.Invalid, "台账止于位置 %d", "the ledger ends at position %d",
			g.position).Of("position")
	} else if asked > 0 {
		g.position = asked
	}
	g.book = newBook(q.center("center"), q.number("year"), q.On)
	var err error
	note := g.note
	if d.Register.Scope() != nil {
		note = func(s *events.Stored) {
			if d.Register.SeesStream(s.Stream) {
				g.note(s)
			}
		}
	}
	if g.root, err = d.Root(ctx, g.position, note); err != nil {
		return err
	}
	if err := g.settle(); err != nil {
		return err
	}
	g.seed = seedOf(g.root, g.question)
	draw := drawRecords
	if q.text("by") == byAmount {
		draw = drawAmounts
	}
	g.list = draw(g.seed, g.vouchers, q.number("n"))
	return g.fill(ctx, d, q, t)
}

func sampleColumns(*asked) []table.Column {
	return []table.Column{
		{Name: "nr", Title: text.Say("序号", "nr"), Type: table.Count},
		{Name: "center", Title: text.Say("中心", "center")},
		{Name: "voucher", Title: text.Say("凭证号", "voucher")},
		{Name: "on", Title: text.Say("日期", "date"), Type: table.Day},
		{Name: "amountFen", Title: text.Say("金额", "amount"), Type: table.Money},
		{Name: "use", Title: text.Say("用途", "use")},
		{Name: "payee", Title: text.Say("收款单位", "payee")},
		{Name: "summary", Title: text.Say("摘要", "summary")},
		{Name: "reversed", Title: text.Say("已冲销", "reversed"), Type: table.Bool},
		{Name: "position", Title: text.Say("位置", "position"), Type: table.Count, Minor: minorPosition},
		{Name: "id", Title: text.Say("记录编号", "record id"), Minor: minorID},
		{Name: "hits", Title: text.Say("命中", "hits"), Type: table.Count},
		{Name: "method"}, {Name: "drawnFromPosition", Type: table.Count}, {Name: "rootHash"}, {Name: "seed"},
	}
}

// fill makes a row for each voucher drawn. The values that are needed to repeat the draw stand under the table for
// people and in every row for programs.
func (g *drawing) fill(ctx context.Context, d *Books, q *asked, t *table.Table) error {
	t.Title = text.Say("%d 年凭证审计抽样，凭证日期截至 %s，台账位置 %d（金额单位：%s）",
		"Sample of the vouchers of %d up to %s, ledger position %d (amounts in %s)", q.number("year"), q.On,
		g.position, q.unit().Word())
	t.Empty = text.Say("没有可抽取的凭证。", "There is no voucher to draw.")
	root, seed := hex.EncodeToString(g.root[:]), hex.EncodeToString(g.seed[:])
	var sumFen events.Fen
	for i, x := range g.list {
		v := &g.vouchers[x.index]
		s, b, err := d.eventAt(ctx, v.position)
		if err != nil {
			return err
		}
		name := b.Text("voucher")
		t.Rows = append(t.Rows, []table.Cell{table.Number(i + 1), table.Text(centerOf(&s)), table.Text(name),
			table.Date(b.On), table.Fen(v.amountFen), d.useCell(events.Use(b.Text("use")), b.On),
			table.Text(b.Text("payee")), table.Text(b.Text("summary")),
			table.Yes(g.reversed[voucherKey{v.key.stream, name}]),
			table.Number(v.position), table.Text(v.key.id.String()), table.Number(x.hits), table.Text(q.text("by")),
			table.Number(g.position), table.Text(root), table.Text(seed)})
		sumFen += v.amountFen
	}
	if len(t.Rows) > 0 {
		t.Total(map[string]events.Fen{"amountFen": sumFen})
	}
	t.Notes = g.notes(q, sumFen)
	return nil
}

// notes returns the population, the method, the root hash and the seed, so that anybody can repeat the draw.
func (g *drawing) notes(q *asked, sumFen events.Fen) []text.Text {
	var totalFen events.Fen
	for i := range g.vouchers {
		totalFen += g.vouchers[i].amountFen
	}
	notes := []text.Text{
		text.Say("总体：%d 张凭证，%s 元；抽中 %d 张，%s 元，金额覆盖率 %s%%。",
			"Population: %d vouchers, %s yuan; drawn: %d vouchers, %s yuan, which is %s%% of the amount.",
			len(g.vouchers), events.FormatYuan(totalFen), len(g.list), events.FormatYuan(sumFen),
			percentOf(sumFen, totalFen)),
		q.say(text.Say("方法：逐张等概率抽样，按 SHA-256(种子‖十进制位置) 由小到大取前 %d 张。",
			"Method: each voucher with the same chance; the first %d in the order of SHA-256(seed‖position in "+
				"decimal).", q.number("n")),
			text.Say("方法：record，按 SHA-256(种子‖十进制位置) 由小到大取前 %d 张。",
				"Method: record, the first %d in the order of SHA-256(seed‖position in decimal).", q.number("n"))),
		text.Say("台账根散列（位置 %d）：%x", "Root hash of the ledger at position %d: %x", g.position, g.root),
		text.Say("种子 = SHA-256(根散列‖%q)：%x", "Seed = SHA-256(root hash‖%q): %x", g.question, g.seed),
	}
	if q.text("by") == byAmount {
		notes[1] = q.say(text.Say("方法：货币单元抽样（按金额）。凭证按位置首尾相接，各长“金额（分）×%d”；"+
			"自“种子除以 T 的余数”起每隔 T 命中一次，T 为总金额（分）。",
			"Method: by monetary units. Vouchers lie end to end by position, each as long as %d times its fen; hits "+
				"are at seed mod T and every T from there, T being the total in fen.",
			q.number("n")), text.Say("方法：amount，货币单元抽样。凭证按位置首尾相接，各长“金额（分）×%d”；自“种子 "+
			"mod T”起每隔 T 命中一次，T 为总金额（分）。",
			"Method: amount, by monetary units. Vouchers lie end to end by position, each as long as %d times its "+
				"fen; hits are at seed mod T and every T from there, T being the total in fen.", q.number("n")))
	}
	return notes
}

// percentOf returns the part as a percentage of the whole, with two decimals, or 0.00 if the whole is zero.
func percentOf(part, whole events.Fen) string {
	if whole == 0 {
		return "0.00"
	}
	return new(big.Rat).Mul(big.NewRat(int64(part), int64(whole)), big.NewRat(100, 1)).FloatString(2)
}
