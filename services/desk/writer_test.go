package desk_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
)

func TestARecordIsAnsweredTheSameWayTwice(t *testing.T) {
	d := small(t)
	first := record(t, d, reversed)
	if first.Answer != desk.Accepted || first.Position != 7 || first.Revision != 6 ||
		first.Policy != "zj-2024-draft@2" || first.Center != "ZJ-0001" || first.Kind != "spending.reversed" {
		t.Errorf("got %+v", first)
	}
	form(t, first)
	again := record(t, d, reversed)
	if again.Answer != desk.Repeated {
		t.Errorf("got %+v", again)
	}
	again.Answer = desk.Accepted
	if a, b := form(t, first), form(t, again); a != b {
		t.Errorf("first\n%s\nthen\n%s", a, b)
	}
	policy := desk.BuiltinPolicy()
	if r := adopt(t, d, policy); r.Answer != desk.Repeated || r.Position != 1 {
		t.Errorf("adopting the first policy again: %+v", r)
	}
}

func TestARecordThatIsRefusedWritesNothing(t *testing.T) {
	change := func(tail string, edit func(*desk.Draft)) desk.Draft {
		d := draft(t, tail)
		edit(&d)
		return d
	}
	for name, c := range map[string]struct {
		draft desk.Draft
		why   string
	}{
		"by a rule": {draft(t, overspent), "overdrawn"},
		"for its content": {change(spent, func(d *desk.Draft) { d.Data = []byte(`{"voucher":"V9"}`) }),
			"data.payee"},
		"for a field twice": {
			change(received, func(d *desk.Draft) { d.Data = []byte(`{"grant":"G1","grant":"G2","amountFen":1}`) }),
			"data.grant"},
		"for a field unknown": {
			change(received, func(d *desk.Draft) { d.Data = []byte(`{"grant":"G1","amountFen":1,"x":2}`) }), "data.x"},
		"for its kind":     {change(received, func(d *desk.Draft) { d.Kind = "nothing.done" }), "kind"},
		"for its id":       {change(received, func(d *desk.Draft) { d.ID = "1" }), "id"},
		"for its date":     {change(received, func(d *desk.Draft) { d.On = "2025-02-30" }), "on"},
		"for its mode":     {change(received, func(d *desk.Draft) { d.Mode = "perhaps" }), "mode"},
		"for its role":     {change(received, func(d *desk.Draft) { d.By.Role = "king" }), "by.role"},
		"without an actor": {change(received, func(d *desk.Draft) { d.By.Actor = "" }), "by.actor"},
		"for its center":   {change(received, func(d *desk.Draft) { d.Center = "../policy" }), "center"},
		"for an id there":  {change(spent, func(d *desk.Draft) { d.Note = "another" }), "id"},
	} {
		t.Run(name, func(t *testing.T) {
			d := small(t)
			_, err := d.Record(t.Context(), c.draft)
			reasons := refusal(t, err)
			if !slices.ContainsFunc(reasons, func(r string) bool { return strings.HasPrefix(r, c.why) }) {
				t.Errorf("expected a reason about %s, got %q", c.why, reasons)
			}
			no := desk.RefusedBy(err, "1")
			if form(t, no); no.Answer != desk.Refused || len(no.Table("zh").Rows) != 1 {
				t.Errorf("got %+v", no)
			}
			want := text.Refused
			if name == "for an id there" {
				want = text.Conflict
			}
			if text.CodeOf(err) != want {
				t.Errorf("the code is %s", text.CodeOf(err))
			}
			if p := d.Ledger.Register().Position(); p != 6 {
				t.Errorf("the ledger is at position %d", p)
			}
		})
	}
	d := small(t)
	for _, data := range []string{"", "{", "{\"a\":\"\xff\"}"} {
		_, err := d.Record(t.Context(), change(received, func(d *desk.Draft) { d.Data = []byte(data) }))
		fails(t, err, text.Invalid, "data")
	}
	_, err := d.Record(t.Context(), change(received, func(d *desk.Draft) { d.Note = "\xff" }))
	fails(t, err, text.Invalid, "")
	if desk.RefusedBy(err, "") != nil {
		t.Errorf("%v is no refusal", err)
	}
}

func TestWhatNeedsNoCenter(t *testing.T) {
	for kind, want := range map[string]bool{"policy.adopted": true, "funds.spent": false, "nothing.done": false} {
		if got := desk.NeedsNoCenter(kind); got != want {
			t.Errorf("%s: got %v", kind, got)
		}
	}
}

// vouchers is a sheet with rows under its headings.
func vouchers(rows ...string) string {
	return "凭证号,日期,中心编号,经费下达编号,用途,金额(元),收款单位,摘要,经济分类,外拨,委托任务书编号\n" +
		strings.Join(rows, "\n") + "\n"
}

func row(voucher, amount string) string {
	return fmt.Sprintf("%s,2025-07-02,ZJ-0001,G1,中试,%s,丙,样机,,,", voucher, amount)
}

// counts returns the counts of an import alone.
func counts(i *desk.Imported) desk.Imported {
	return desk.Imported{Read: i.Read, Accepted: i.Accepted, Repeated: i.Repeated, Refused: i.Refused}
}

func TestLinesAndSheetsAreImportedTogether(t *testing.T) {
	d := small(t)
	request := desk.ImportRequest{Sheets: desk.SheetTerms{Actor: " c-1 "},
		Files: []desk.Upload{upload("a.jsonl", line(reversed)+"\n"+line(spent)),
			upload("b.csv", vouchers(row("V-1", "1.00"), row("V-2", "2.00")))}}
	var done, total int64
	request.Progress = func(d, of int64) { done, total = d, of }
	got, err := d.Import(t.Context(), request)
	if err != nil || !reflect.DeepEqual(counts(got), desk.Imported{Read: 4, Accepted: 3, Repeated: 1}) || total == 0 ||
		done > total {
		t.Fatalf("got %+v, %v, progress %d of %d", got, err, done, total)
	}
	if got, err = d.Import(t.Context(), request); err != nil ||
		!reflect.DeepEqual(counts(got), desk.Imported{Read: 4, Repeated: 4}) {
		t.Errorf("again: %+v, %v", got, err)
	}
}

func TestADryRunOfAnImportAnswersWhatWouldMove(t *testing.T) {
	d := small(t)
	elsewhere := strings.Replace(line(registered), "ZJ-0001", "ZJ-0002", 1)
	bad := 0
	request := desk.ImportRequest{DryRun: true, Sheets: desk.SheetTerms{Actor: "c-1"},
		Bad: func(desk.BadLine) { bad++ },
		Files: []desk.Upload{upload("a.jsonl", line(reversed)+"\n"+line(spent)+"\n"+line(overspent)+"\n"+elsewhere),
			upload("b.csv", vouchers(row("V-1", "1.00")))}}
	got, err := d.Import(t.Context(), request)
	if err != nil || !got.DryRun || got.Read != 5 || got.Accepted != 3 || got.Repeated != 1 || got.Refused != 1 ||
		bad != 1 || d.Ledger.Register().Position() != 6 {
		t.Fatalf("got %+v, %v, %d bad", got, err, bad)
	}
	form(t, got)
	if len(got.Centers) != 2 || got.Centers[0].Center != "ZJ-0001" || len(got.Centers[0].Cleared) == 0 ||
		len(got.Centers[0].Money) == 0 || got.Centers[0].AsOf.String() != "2026-11-01" ||
		got.Centers[1].Center != "ZJ-0002" || got.Centers[1].Status != "registered" {
		t.Errorf("got %+v", got.Centers)
	}
}

// marking returns a request for marked copies, and the workbook when one was written.
func marking(fail error) (*desk.MarkedTo, *bytes.Buffer) {
	var book bytes.Buffer
	return &desk.MarkedTo{Lang: "zh", Create: func(write func(io.Writer) error) error {
		if fail != nil {
			return fail
		}
		return write(&book)
	}}, &book
}

func TestOneBadRowWritesNothingUnlessTheGoodAreWanted(t *testing.T) {
	d := small(t)
	marked, book := marking(nil)
	var bad []string
	request := desk.ImportRequest{Sheets: desk.SheetTerms{Actor: "c-1"}, Marked: marked,
		Files: []desk.Upload{upload("s.csv", vouchers(row("V-1", "1.00"), row("V-2", "much"))),
			upload("s.csv", vouchers(row("V-3", "3.00"), row("", "4.00"), row("V-5", "5.00"))),
			upload("a.jsonl", "{}")},
		Bad: func(b desk.BadLine) {
			for _, why := range b.Each() {
				form(t, why)
			}
			bad = append(bad, fmt.Sprintf("%s %v %d %s", b.File, b.Sheet, b.Line, b.Each()[0].Field))
		}}
	got, err := d.Import(t.Context(), request)
	if err != nil || got.Accepted != 0 || got.Refused == 0 || !got.Marked || d.Ledger.Register().Position() != 6 {
		t.Fatalf("got %+v, %v", got, err)
	}
	want := []string{"s.csv true 3 金额(元)", "s.csv true 3 凭证号", "a.jsonl false 1 id"}
	for _, w := range want {
		if !slices.Contains(bad, w) {
			t.Errorf("expected %q among %q", w, bad)
		}
	}
	f, err := excelize.OpenReader(book)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if sheets := f.GetSheetList(); len(sheets) != 3 {
		// of two files with one name, and the hidden one that tells a marked copy
		t.Errorf("marked sheets: %q", sheets)
	}
	request.AcceptGood = true
	request.Marked, _ = marking(errors.New("no room"))
	got, err = d.Import(t.Context(), request)
	if err == nil || got == nil || got.Accepted == 0 || got.Marked || d.Ledger.Register().Position() == 6 {
		t.Errorf("with marked copies that cannot be written: %+v, %v", got, err)
	}
}

func TestTheTermsOfASheetAreChecked(t *testing.T) {
	d := small(t)
	sheet, lines := upload("s.csv", vouchers(row("V-1", "1.00"))), upload("a.jsonl", line(reversed))
	marked, _ := marking(nil)
	for _, c := range []struct {
		file   desk.Upload
		terms  desk.SheetTerms
		marked *desk.MarkedTo
		param  string
	}{
		{sheet, desk.SheetTerms{}, nil, "actor"},
		{sheet, desk.SheetTerms{Actor: " "}, nil, "actor"},
		{sheet, desk.SheetTerms{Actor: "c-1", Mode: "perhaps"}, nil, "mode"},
		{sheet, desk.SheetTerms{Actor: "c-1", Mode: "record"}, nil, "doc"},
		{sheet, desk.SheetTerms{Actor: "c-1", Doc: "1"}, nil, "doc"},
		{sheet, desk.SheetTerms{Actor: "c-1", Role: "king"}, nil, ""},
		{lines, desk.SheetTerms{Actor: "c-1"}, nil, "actor"},
		{lines, desk.SheetTerms{Role: "center"}, nil, "role"},
		{lines, desk.SheetTerms{Mode: "record"}, nil, "mode"},
		{lines, desk.SheetTerms{Doc: "1"}, nil, "doc"},
		{lines, desk.SheetTerms{}, marked, "report"},
		{lines, desk.SheetTerms{}, nil, "again"},
		{upload("empty", ""), desk.SheetTerms{Actor: "c-1"}, nil, "actor"},
	} {
		got, err := d.Import(t.Context(), desk.ImportRequest{
			Files: []desk.Upload{c.file}, Sheets: c.terms, Marked: c.marked, Again: c.param == "again"})
		if fails(t, err, text.Invalid, c.param); got != nil {
			t.Errorf("%+v: got %+v", c.terms, got)
		}
	}
	over := desk.ImportRequest{Files: []desk.Upload{upload("s.csv", vouchers(row("V-1", "900000.00")))},
		Sheets: desk.SheetTerms{Actor: "c-1", Mode: "record", Doc: "浙财〔2025〕2号"}}
	if got, err := d.Import(t.Context(), over); err != nil || got.Accepted != 1 {
		t.Errorf("in record mode: %+v, %v", got, err)
	}
}

// full is a store that accepts one record at a time, and two of each center.
type full struct{ events.Store }

var errFull = errors.New("no space")

func (f full) AppendBytesMax() int { return 1 }

func (f full) Append(ctx context.Context, s events.StreamID, expected uint64,
	batch []events.Proposed) ([]events.Place, error) {
	if expected == 2 {
		return nil, errFull
	}
	return f.Store.Append(ctx, s, expected, batch)
}

func TestAnImportThatFailsHalfwayCountsWhatIsWritten(t *testing.T) {
	store := newStore()
	d := over(t, full{store})
	request := desk.ImportRequest{
		AcceptGood: true, Files: []desk.Upload{
			upload("a.jsonl", strings.Join([]string{line(registered), line(granted), line(overspent), line(received),
				line(spent)}, "\n"))}}
	var bad []int
	request.Bad = func(b desk.BadLine) { bad = append(bad, b.Line) }
	got, err := d.Import(t.Context(), request)
	if !errors.Is(err, errFull) || got == nil ||
		!reflect.DeepEqual(counts(got), desk.Imported{Read: 5, Accepted: 2, Refused: 1}) ||
		!slices.Equal(bad, []int{3}) {
		t.Errorf("got %+v, %v, bad lines %v", got, err, bad)
	}
	if got, err = d.Import(t.Context(), request); !errors.Is(err, errFull) || got != nil {
		t.Errorf("nothing more was written: %+v, %v", got, err)
	}
	if got, err = over(t, store).Import(t.Context(), request); err != nil ||
		!reflect.DeepEqual(counts(got), desk.Imported{Read: 5, Accepted: 2, Repeated: 2, Refused: 1}) {
		t.Errorf("again: %+v, %v", got, err)
	}
}

// After a clock was ahead, records have times later than the clock.
func TestAClockThatWasAheadIsSaid(t *testing.T) {
	d := small(t)
	says := func(list []text.Text) bool {
		return slices.ContainsFunc(list, func(w text.Text) bool {
			return strings.Contains(w.En, "30 days 12h0m") && strings.Contains(w.Zh, "晚 30 天 12h0m") &&
				strings.Contains(w.En, "ask by position")
		})
	}
	for _, c := range []struct {
		clock time.Time
		want  bool
	}{{now, false}, {time.Date(2026, 8, 31, 12, 0, 0, 0, events.Shanghai), true}} {
		d.Now = func() time.Time { return c.clock }
		checked := &desk.Checked{}
		if err := d.Check(t.Context(), desk.When{AsOf: "2025-12-31"}, false, nil, checked); err != nil ||
			says(checked.Warnings) != c.want || len(checked.Findings) > 0 {
			t.Errorf("check at %v: %+v, %v", c.clock, checked, err)
		}
		voucher := strings.Replace(spent, `"V1"`, `"V-`+c.clock.Format("2006-01-02")+`"`, 1)
		voucher = strings.Replace(voucher, "40000", "100", 1)
		if r := record(t, d, voucher); says(r.Warnings) != c.want {
			t.Errorf("record at %v: %v", c.clock, r.Warnings)
		}
		imported, err := d.Import(t.Context(),
			desk.ImportRequest{Files: []desk.Upload{
				upload("a.jsonl", line(strings.Replace(voucher, `"V-`, `"W-`, 1))+"\n")},
				Bad: func(b desk.BadLine) { t.Errorf("%+v", b) }})
		if err != nil || imported.Accepted != 1 || (imported.Clock != nil) != c.want ||
			c.want && !says([]text.Text{*imported.Clock}) {
			t.Errorf("import at %v: %+v, %v", c.clock, imported, err)
		}
	}
}
