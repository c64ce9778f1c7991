package reports

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/spreadsheet"
	"github.com/taizhang/taizhang/services/table"
)

// Yearly is a request for a yearly report.
type Yearly struct {
	Year    int
	Center  events.CenterID // "" for the province
	On      events.Date     // the date of the figures
	Lang    string
	Unit    table.Unit
	Version string // the version of the program

	written int // the form of the page; 0 for yearlyForm
}

//go:embed yearly.html
var yearlyText string

var yearlyTemplate = sync.OnceValues(func() (*template.Template, error) {
	return template.New("yearly").Parse(yearlyText)
})

// WriteHTML writes the report as one HTML file that needs no other file. The printed file is the form that is filed,
// and Reproduce computes it again. WriteHTML returns an error with text.NotFound if the ledger does not have the
// center. It returns a *text.Error if the year has not begun, or if the center was not registered by the date or in
// the year.
func (y *Yearly) WriteHTML(ctx context.Context, d *lists.Books, to io.Writer) error {
	f, err := y.compute(ctx, d)
	if err != nil {
		return err
	}
	return f.write(to)
}

// compute returns the report as of the position of the ledger.
func (y *Yearly) compute(ctx context.Context, d *lists.Books) (*form, error) {
	if y.Year > y.On.Year() {
		return nil, bad("截至 %[1]s，%[2]d 年尚未开始", "as of %[1]s the year %[2]d has not begun", y.On, y.Year)
	}
	if y.Center == "" {
		if err := ledger.Evaluate(ctx, d.Register, y.On); err != nil {
			return nil, err
		}
	}
	var f *form
	var err error
	settled := *d
	d.Register.Exactly(func(position uint64) {
		settled.Register = d.Register.Settled()
		if f, err = y.form(&settled); err == nil {
			f.position, f.policy = position, settled.Register.Timeline().Reading(y.On)
		}
	})
	if err != nil {
		return nil, err
	}
	if y.Center == "" && settled.Register.Scope() != nil {
		f.scope = &scope{settled.Register.IDs()}
	}
	f.last, err = placeAt(ctx, &settled, f.position)
	return f, err
}

// write writes the page without format characters; see text.Seen.
func (f *form) write(to io.Writer) error {
	var page strings.Builder
	if err := f.writeAll(&page); err != nil {
		return err
	}
	_, err := io.WriteString(to, text.Seen(page.String()))
	return err
}

// writeAll writes the page with all characters of the ledger, as earlier versions of the program did.
func (f *form) writeAll(to io.Writer) error {
	t, err := yearlyTemplate()
	if err != nil {
		return fmt.Errorf("reports: read template: %w", err)
	}
	if f.Origin, err = f.origin(); err != nil {
		return fmt.Errorf("reports: write provenance: %w", err)
	}
	f.Provenance = f.provenance()
	return t.Execute(to, f)
}

// form is a yearly report as the template prints it: texts in one language.
type form struct {
	*Yearly
	Title, Of  string
	Head       []string
	Sections   []section
	Sign       []signature
	Provenance string
	Origin     string // the provenance for Reproduce

	last     lastRecord     // at the position
	scope    *scope         // of the account, if it has one and the report is of the province
	position uint64         // the position of the ledger at which the figures are computed
	policy   *policy.Policy // the policy in force, as known at that position, or nil
}

type section struct {
	Title   string
	Columns []formCell
	Rows    []formRow
	Empty   string
	Notes   []string
}

type formRow struct {
	Cells []formCell
	Total bool
}

type formCell struct {
	Text  string
	Class string // CSS class: n for a number, c for a text that stays on one line, "" for any other text
}

// signature is a place to sign. If it has a Text, the place is filled in with it.
type signature struct{ Label, Text string }

func (y *Yearly) say(zh, en string, args ...any) string {
	return visible(text.Say(zh, en, args...).In(y.Lang))
}

// inForm returns the number of the form of the page.
func (y *Yearly) inForm() int { return cmp.Or(y.written, yearlyForm) }

// now returns a text of form 2, or the former one in form 1.
func (y *Yearly) now(is, former text.Text) text.Text {
	if y.inForm() < 2 {
		return former
	}
	return is
}

// figureWord returns what the page calls a figure of the execution report.
func (y *Yearly) figureWord(f *lists.MoneyFigure) text.Text {
	return y.now(f.Word, lists.FormerWord(f.Word))
}

func (y *Yearly) form(d *lists.Books) (*form, error) {
	f := &form{Yearly: y, Title: y.say("省技术转移转化中心年度经费执行与合规情况表",
		"Yearly report of provincial technology-transfer centers: execution of money and compliance")}
	f.Head = []string{y.say("财政年度：%d", "fiscal year: %d", y.Year),
		y.say("数据截至：%s", "figures as of: %s", y.On), y.say("金额单位：%s", "amounts in %s", y.Unit.Word())}
	if y.On < events.YearEnd(y.Year) {
		f.Head = append(f.Head, y.say("（年内数据，年度尚未结束）", "(the year is not over)"))
	}
	if y.Unit == table.TenThousands {
		f.Head = append(f.Head, y.say("（四舍五入，合计与分项之间可能有尾差）",
			"(rounded: a sum may differ from its parts)"))
	}
	unit := ""
	if y.Center != "" {
		name, err := f.center(d)
		if err != nil {
			return nil, err
		}
		unit = name
	} else {
		f.province(d)
	}
	f.Sign = []signature{{y.say("填报单位（公章）：", "reporting unit (seal): "), visible(unit)},
		{y.say("单位负责人：", "head of unit: "), ""},
		{y.say("填表人：", "filled in by: "), ""},
		{y.say("填报日期：", "date: "), y.say("　　　　年　　月　　日", "")}}
	return f, nil
}

// provenance returns the last line, which names the date, the position and the policy of the figures.
func (f *form) provenance() string {
	s := f.say("出处：数据截至 %s；台账位置 %d", "Provenance: figures as of %s; position %d of the ledger", f.On,
		f.position)
	switch last := f.last; {
	case last.ID != "":
		s += f.say("（记录 %s，写入于 %s）", " (record %s, written %s)", last.ID,
			events.FormatInstant(last.RecordedAt))
	case last.Position > 0:
		s += f.say("（写入于 %s）", " (written %s)", events.FormatInstant(last.RecordedAt))
	}
	if p := f.policy; p != nil {
		s += visible(f.now(text.Say("；办法参数 %s，校验值 %s", "; policy %s, digest %s", lists.PolicyName(p.Ref()),
			p.Digest()),
			text.Say("；政策 %s，摘要 %s", "; policy %s, digest %s", lists.PolicyName(p.Ref()),
				p.Digest())).In(f.Lang))
	}
	return s + f.say("；程序版本 %s。核对：taizhang reproduce 本文件",
		"; program %s. To check: taizhang reproduce this file", f.Version)
}

// fen returns a cell with an amount in the unit of the report.
func (y *Yearly) fen(v events.Fen) formCell { return formCell{y.Unit.Format(v), "n"} }

func (y *Yearly) number(n int) formCell { return formCell{strconv.Itoa(n), "n"} }

// unbrokenMax is the maximum width of a text that stays on one line, such as a code, a date or a word. A Chinese
// character counts as two columns.
const unbrokenMax = 10

func plainCell(s string) formCell {
	c := formCell{Text: visible(s)}
	if spreadsheet.Width(s) <= unbrokenMax {
		c.Class = "c"
	}
	return c
}

func (y *Yearly) word(t text.Text) formCell { return plainCell(t.In(y.Lang)) }

func dateCell(d events.Date) formCell {
	if d == 0 {
		return formCell{}
	}
	return plainCell(d.String())
}

func (y *Yearly) rate(m aggregates.Money) formCell { return formCell{m.RatePercent(), "n"} }

func (y *Yearly) yes(b bool) formCell {
	if !b {
		return formCell{}
	}
	return plainCell(y.say("是", "yes"))
}

// section adds a section with a title, the text shown if it is empty, and the titles of its columns.
func (f *form) section(title, empty string, columns ...text.Text) *section {
	s := section{Title: title, Empty: empty}
	for _, c := range columns {
		s.Columns = append(s.Columns, plainCell(c.In(f.Lang)))
	}
	f.Sections = append(f.Sections, s)
	return &f.Sections[len(f.Sections)-1]
}

func (s *section) add(cells ...formCell) { s.Rows = append(s.Rows, formRow{Cells: cells}) }

// total adds the row of totals: the word for it, some blank cells and the sums.
func (f *form) total(s *section, blank int, sums ...formCell) {
	cells := append([]formCell{plainCell(f.say("合计", "total"))}, make([]formCell, blank)...)
	s.Rows = append(s.Rows, formRow{Cells: append(cells, sums...), Total: true})
}
