package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/api/client"
	"github.com/taizhang/taizhang/services/desk"
)

// acts returns writes to a ledger, valid and invalid, in order.
func acts() (all []asking) {
	record := func(name string, d desk.Draft) {
		all = append(all, asking{"record " + name, func(t testing.TB, w desk.Desk) string {
			r, err := w.Record(t.Context(), d)
			return shown(t, r, err)
		}})
	}
	batch := func(name string, revision uint64, dry bool, drafts ...desk.Draft) {
		all = append(all, asking{"batch " + name, func(t testing.TB, w desk.Desk) string {
			b := desk.Batch{Drafts: drafts, DryRun: dry}
			if revision > 0 {
				b.IfRevision = &revision
			}
			r, err := w.Batch(t.Context(), b)
			return shown(t, r, err)
		}})
	}
	one := "ZJ-0001"
	record("before the center is registered", draft(one, granted))
	record("the first", draft(one, registered))
	record("again", draft(one, registered))
	changed := draft(one, registered)
	changed.On = "2025-01-11"
	record("with other content", changed)
	record("of record mode", draft(one, granted))
	record("that the Measures refuse", draft(one, overspent))
	for name, change := range map[string]func(*desk.Draft){
		"without an id": func(d *desk.Draft) { d.ID = "" }, "of no kind": func(d *desk.Draft) { d.Kind = "no.kind" },
		"of no day":       func(d *desk.Draft) { d.On = "2025-02-30" },
		"of another role": func(d *desk.Draft) { d.By.Role = "auditor" }, "of no role": func(d *desk.Draft) {
			d.By.Role = "king"
		}, "with bad JSON": func(d *desk.Draft) { d.Data = []byte(`{"a":`) },
		"with a member twice":          func(d *desk.Draft) { d.Data = []byte(`{"grant":"G1","grant":"G2"}`) },
		"with an unknown member":       func(d *desk.Draft) { d.Data = []byte(`{"x":1}`) },
		"with a text that is no UTF-8": func(d *desk.Draft) { d.Note = "a\xff" },
		"with a hostile text":          func(d *desk.Draft) { d.Kind = "\x1b[31m\"" },
		"of a bad center":              func(d *desk.Draft) { d.Center = "../x" },
		"of no center":                 func(d *desk.Draft) { d.Center = "" },
	} {
		d := draft(one, received)
		change(&d)
		record(name, d)
	}
	unread := draft(one, fined)
	unread.Kind = "no.kind"
	batch("of two", 2, false, draft(one, received), draft(one, spent))
	batch("again, at another revision", 2, false, draft(one, received), draft(one, spent))
	batch("at a wrong revision", 2, false, draft(one, fined))
	batch("with a refused one", 0, false, draft(one, fined), draft(one, overspent))
	batch("with one that cannot be read", 0, false, draft(one, fined), unread)
	batch("with an id of other content", 0, false, changed)
	batch("dry", 0, true, draft(one, fined))
	batch("dry and refused", 0, true, draft(one, fined), draft(one, overspent))
	policy, err := desk.BuiltinPolicy().Adoption()
	if err != nil {
		panic(err) // it is built in
	}
	record("the policy again", policy)
	asked := draft(one, reversed)
	asked.Moves = true
	record("with what it moves", asked)
	record("again, with what it moves", asked)

	for name, r := range map[string]desk.ImportRequest{
		"of nothing": {Files: []desk.Upload{upload("empty.jsonl", "")}},
		"of good lines": {
			Files: []desk.Upload{
				upload("dir/甲 \"1\".jsonl", line("ZJ-0002", registered)+"\n"+line("ZJ-0003", registered)),
				upload("b", line(one, fined))}},
		"of bad lines": {
			Files: []desk.Upload{
				upload("../bad.jsonl", line("ZJ-0004", registered)+"\nnonsense\n"+line("ZJ-0009", spent)+"\n")}},
		"of what is good": {
			Files: []desk.Upload{
				upload("../bad.jsonl", line("ZJ-0004", registered)+"\nnonsense\n"+line("ZJ-0009", spent)+"\n")},
			AcceptGood: true},
		"of many bad lines": {Files: []desk.Upload{upload("many.jsonl", strings.Repeat("nonsense\n", 2500))}},
		"of a sheet": {Files: []desk.Upload{upload("a.csv", "a,b\n1,2\n")},
			Sheets: desk.SheetTerms{Actor: "c-1"}},
		"of a sheet unsigned": {Files: []desk.Upload{upload("a.csv", "中心编号,凭证号\nZJ-0001,V9\n")}},
		"with useless terms": {Files: []desk.Upload{upload("b", line(one, fined))},
			Sheets: desk.SheetTerms{Actor: "c-1"}},
		"of rows, tried": {Files: []desk.Upload{
			upload("v.csv", vouchers("V-9,2025-07-02,ZJ-0001,G1,罚款,1.00,丙,样机,,,",
				"V-8,2025-07-02,ZJ-0001,G1,中试,much,丙,样机,,,"))},
			Sheets: desk.SheetTerms{Actor: "c-1"}, DryRun: true},
		"of rows": {Files: []desk.Upload{
			upload("v.csv", vouchers("V-7,2025-07-02,ZJ-0001,G1,罚款,1.00,丙,样机,,,"))},
			Sheets: desk.SheetTerms{Actor: "c-1"}, Again: true},
		"of no rows": {Files: []desk.Upload{upload("b", line(one, fined))}, Again: true},
		"of a bad mode": {Files: []desk.Upload{upload("a.csv", "a,b\n1,2\n")},
			Sheets: desk.SheetTerms{Actor: "c-1", Mode: "moon"}},
	} {
		all = append(all, asking{"import " + name, func(t testing.TB, w desk.Desk) string {
			var told, judged []string
			r.Bad = func(b desk.BadLine) { told = append(told, shown(t, b, nil)) }
			r.Judged = func(j desk.JudgedRecord) { judged = append(judged, shown(t, j, nil)) }
			marked := "not marked"
			if len(r.Sheets.Actor) > 0 {
				r.Marked = &desk.MarkedTo{Lang: "zh", Create: func(write func(io.Writer) error) error {
					var file strings.Builder
					err := write(&file)
					marked = parts(t, []byte(file.String()))
					return err
				}}
			}
			done, err := w.Import(t.Context(), r)
			return strings.Join(append(append(told, judged...), marked, shown(t, done, err), fmt.Sprint(done)), "\n")
		}})
	}
	return all
}

// vouchers is a sheet with rows under its headings.
func vouchers(rows ...string) string {
	return "凭证号,日期,中心编号,经费下达编号,用途,金额(元),收款单位,摘要,经济分类,外拨,委托任务书编号\n" +
		strings.Join(rows, "\n") + "\n"
}

// unsent matches the part of a breach that is not sent, because only sheets in the same process use it.
var unsent = regexp.MustCompile(` There:("[^"]*")?`)

func TestAClientWritesAsTheDeskItself(t *testing.T) {
	here, there := serve(t), serve(t)
	c := ask(t, client.ClientOptions{URL: there.URL, Patience: -1})
	for _, act := range acts() {
		want, got := unsent.ReplaceAllString(act.ask(t, here.desk), ""), unsent.ReplaceAllString(act.ask(t, c), "")
		if want != got {
			t.Errorf("%s: expected\n%.1200s\ngot\n%.1200s", act.name, want, got)
		}
	}
	for _, drafts := range [][]desk.Draft{nil, {draft("ZJ-0001", fined), draft("ZJ-0002", registered)}} {
		// the API has words of its own for what is no batch
		_, err := c.Batch(t.Context(), desk.Batch{Drafts: drafts})
		fails(t, err, text.Invalid, "")
	}
	if want, got := here.desk.Position(), there.desk.Position(); want != got {
		t.Errorf("the ledgers are at %d and %d", want, got)
	}
}

// full is a store that accepts one record at a time, and two of each center.
type full struct{ events.Store }

func (full) AppendBytesMax() int { return 1 }

func (f full) Append(ctx context.Context, s events.StreamID, expected uint64,
	batch []events.Proposed) ([]events.Place, error) {
	if expected == 2 {
		return nil, errors.New("no space")
	}
	return f.Store.Append(ctx, s, expected, batch)
}

func TestAnImportThatFailsHalfwayCountsWhatIsWritten(t *testing.T) {
	c := ask(t, client.ClientOptions{URL: serveOver(t, full{openStore(t, time.Now)}).URL, Patience: -1})
	request := desk.ImportRequest{
		Files: []desk.Upload{upload("a.jsonl", line("ZJ-0001", registered)+"\n"+line("ZJ-0001", granted)+"\n"+
			line("ZJ-0001", received))}}
	got, err := c.Import(t.Context(), request)
	if text.CodeOf(err) != text.Internal || got == nil || got.Read != 3 || got.Accepted != 2 {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err = c.Import(t.Context(), request); text.CodeOf(err) != text.Internal || got != nil {
		t.Errorf("nothing more was written: %+v, %v", got, err)
	}
}
