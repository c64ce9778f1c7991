package desk_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
)

// twoCenters returns a desk over two centers, one for an account that sees the first, and a store that counts
// reads. The last record belongs to the second center and has the id of a record of the first.
func twoCenters(t testing.TB) (whole, one *desk.Local, store *counting) {
	t.Helper()
	store = &counting{Store: newStore()}
	whole = over(t, store)
	for _, tail := range life {
		record(t, whole, tail)
	}
	for _, tail := range life {
		recordOf(t, whole, "ZJ-0002", tail)
	}
	return whole, scoped(whole, projections.SeesOne("ZJ-0001")), store
}

// aboutCenter holds every question about one center.
var aboutCenter = map[string]func(d *desk.Local, ctx context.Context, center string) error{
	"center": func(d *desk.Local, ctx context.Context, center string) error {
		_, err := d.Center(ctx, desk.When{}, center)
		return err
	},
	"known at": func(d *desk.Local, ctx context.Context, center string) error {
		_, err := d.Center(ctx, desk.When{KnownAt: "5"}, center)
		return err
	},
	"story": func(d *desk.Local, ctx context.Context, center string) error {
		_, err := d.Story(ctx, desk.When{}, center, func(*desk.Chapter) error { return nil })
		return err
	},
	"explain": func(d *desk.Local, ctx context.Context, center string) error {
		_, err := d.Explain(ctx, desk.When{}, desk.AlertName{Center: center, Code: "AL-USE-01"})
		return err
	},
	"yearly": func(d *desk.Local, ctx context.Context, center string) error {
		return d.Yearly(ctx, desk.When{}, desk.YearlyRequest{Year: 2025, Center: center, Unit: "yuan", Lang: "zh"},
			io.Discard)
	},
	"report": func(d *desk.Local, ctx context.Context, center string) error {
		_, err := d.Report(ctx, desk.When{}, desk.ReportRequest{Question: find(center), Lang: "zh"}, io.Discard)
		return err
	},
	"events": func(d *desk.Local, ctx context.Context, center string) error {
		return d.Events(ctx, 0, 10, center, func(*events.Stored) error { return nil })
	},
	"entry": func(d *desk.Local, ctx context.Context, center string) error {
		_, err := d.Entry(ctx, center, "1ec1de77-f2dc-500c-bbdd-b2b45951f498")
		return err
	},
}

func find(center string) lists.Question {
	return lists.Question{List: "find", Params: map[string]string{"center": center}}
}

func TestACenterThatIsNotSeenIsLikeNone(t *testing.T) {
	_, one, store := twoCenters(t)
	asks := map[string]func(d *desk.Local, ctx context.Context, center string) error{}
	for name, ask := range aboutCenter {
		asks[name] = ask
	}
	for _, l := range lists.Lists {
		for _, p := range l.Params {
			if p.Sort != lists.CenterID {
				continue
			}
			asks["list "+l.Name] = func(d *desk.Local, ctx context.Context, center string) error {
				q := lists.Question{List: l.Name, Params: map[string]string{p.Name: center}}
				for _, p := range l.Params {
					if p.Must {
						q.Params[p.Name] = slices.Concat(p.Values.Codes(),
							[]string{map[lists.ParamSort]string{lists.Year: "2025", lists.Point: "2"}[p.Sort]})[0]
					}
				}
				_, err := d.List(ctx, desk.When{}, q)
				return err
			}
		}
	}
	for name, ask := range asks {
		if err := ask(one, t.Context(), "ZJ-0001"); err != nil {
			t.Errorf("%s about the center that is seen: %v", name, err)
		}
		before := store.reads.Load()
		hidden, none := ask(one, t.Context(), "ZJ-0002"), ask(one, t.Context(), "ZJ-0003")
		if n := store.reads.Load() - before; n != 0 {
			t.Errorf("%s reads the store %d times", name, n)
		}
		fails(t, hidden, text.NotFound, "")
		if a, b := fmt.Sprint(text.Of(hidden)),
			fmt.Sprint(text.Of(none)); strings.ReplaceAll(a, "ZJ-0002", "ZJ-0003") != b {
			t.Errorf("%s: %s, and of no center: %s", name, a, b)
		}
	}
}

func TestARecordOfACenterThatIsNotSeenIsRefusedUnread(t *testing.T) {
	whole, one, store := twoCenters(t)
	there := strings.Replace(line(spent), "ZJ-0001", "ZJ-0002", 1)
	none := strings.Replace(line(spent), "ZJ-0001", "ZJ-0003", 1)
	var tried []string
	before := store.reads.Load()
	err := one.Try(t.Context(), desk.When{}, strings.NewReader(there+"\n"+none), func(x *desk.Tried) error {
		tried = append(tried, form(t, x.Reasons))
		return nil
	})
	if err != nil || len(tried) != 2 || len(tried[0]) < 10 ||
		strings.ReplaceAll(tried[0], "ZJ-0002", "ZJ-0003") != tried[1] {
		t.Errorf("tried: %v, %v", tried, err)
	}
	for _, center := range []string{"ZJ-0002", "ZJ-0003"} {
		d := draft(t, spent)
		d.Center = center
		_, err := one.Record(t.Context(), d)
		if got := refusal(t, err); len(got) != 1 ||
			got[0] != "center: "+center+" is not within the scope of the account clerk" {
			t.Errorf("recorded: %v", got)
		}
		revision := uint64(1)
		for _, dry := range []bool{false, true} {
			_, err := one.Batch(t.Context(),
				desk.Batch{Drafts: []desk.Draft{d, d}, DryRun: dry, IfRevision: &revision})
			var no *desk.BatchRefusal
			if !errors.As(err, &no) || len(no.Refused) != 2 ||
				no.Refused[0].Reasons[0].Reason.En != center+" is not within the scope of the account clerk" {
				t.Errorf("a batch (dry run: %v): %v", dry, err)
			}
		}
	}
	done, err := one.Import(t.Context(), desk.ImportRequest{Files: []desk.Upload{upload("a.jsonl", there+"\n"+none)}})
	if err != nil || done.Refused != 2 || done.Accepted != 0 {
		t.Errorf("imported: %+v, %v", done, err)
	}
	if n := store.reads.Load() - before; n != 0 {
		t.Errorf("the store was read %d times", n)
	}
	if r := recordOf(t, one, "ZJ-0001", reversed); r.Answer != desk.Accepted {
		t.Errorf("of its own: %+v", r)
	}
	unborn := scoped(whole, projections.SeesOne("ZJ-0003")) // bound before its registration
	_, err = unborn.Center(t.Context(), desk.When{}, "ZJ-0003")
	fails(t, err, text.NotFound, "")
	recordOf(t, unborn, "ZJ-0003", registered)
	if _, err = unborn.Center(t.Context(), desk.When{}, "ZJ-0003"); err != nil {
		t.Error(err)
	}
}

func TestAReportIsReproducedWithinTheScope(t *testing.T) {
	whole, one, store := twoCenters(t)
	made := func(d *desk.Local, name string, q lists.Question) desk.Upload {
		var b bytes.Buffer
		if _, err := d.Report(t.Context(), desk.When{}, desk.ReportRequest{Question: q, Name: name, Lang: "zh"},
			&b); err != nil {
			t.Fatal(err)
		}
		return upload(name, b.String())
	}
	// the id of the last record, which both centers have
	last := strings.Replace(line(fined), "ZJ-0001", "ZJ-0002", 1)[7:43]
	spending := lists.Question{List: "spending", Params: map[string]string{"center": "ZJ-0001"}}
	for _, name := range []string{"a.csv", "a.xlsx"} {
		for _, c := range []struct{ by, with *desk.Local }{{whole, one}, {one, whole}, {one, one}, {whole, whole}} {
			r, err := c.with.Reproduce(t.Context(), made(c.by, name, spending))
			if err != nil || !r.Equal {
				t.Errorf("%s: %+v, %v", name, r, err)
			}
		}
	}
	edited := made(whole, "a.csv", spending)
	content, err := io.ReadAll(io.NewSectionReader(edited.Content, 0, edited.Bytes))
	if err != nil {
		t.Fatal(err)
	}
	wrong := bytes.Replace(content, []byte("400.00"), []byte("500.00"), 1)
	r, err := one.Reproduce(t.Context(), upload("a.csv", string(wrong)))
	if err != nil || r.Equal {
		t.Fatalf("an edited figure: %+v, %v", r, err)
	}
	for _, b := range r.Differs.Records {
		if b.Position > 6 {
			t.Errorf("a record of another center: %+v", b)
		}
	}
	var b bytes.Buffer
	if _, err := one.Report(t.Context(), desk.When{}, desk.ReportRequest{Question: spending, Lang: "zh"},
		&b); err != nil {
		t.Fatal(err)
	}
	if head, _, _ := strings.Cut(b.String(), "\n日期"); strings.Contains(head, last) {
		t.Errorf("the provenance names a record that is not seen:\n%s", head)
	}
	before := store.reads.Load()
	_, hidden := one.Reproduce(t.Context(), made(whole, "a.csv", find("ZJ-0002")))
	fails(t, hidden, text.NotFound, "")
	before = store.reads.Load() - before
	_, err = one.Reproduce(t.Context(), made(whole, "a.csv", lists.Question{List: "execution"}))
	fails(t, err, text.Forbidden, "")
	if r, err := one.Reproduce(t.Context(), made(one, "a.csv", lists.Question{List: "execution"})); err != nil ||
		!r.Equal {
		t.Errorf("its own report of several centers: %+v, %v", r, err)
	}
	mark := store.reads.Load()
	made(whole, "a.csv", find("ZJ-0002"))
	if n := store.reads.Load() - mark; before != n {
		t.Errorf("reproducing reads the store %d times", before-n)
	}
}

// TestACenterThatMovesIsSeenByOneOffice asks two counties while a center moves to and fro between them.
func TestACenterThatMovesIsSeenByOneOffice(t *testing.T) {
	whole, _, _ := twoCenters(t)
	today := func() events.Date { return events.DateAt(now) }
	counties := map[string]*desk.Local{}
	for _, region := range []string{"330106", "330203"} {
		counties[region] = scoped(whole, whole.Ledger.Register().SeesRegion(region, today))
	}
	move := func(region string, n int) string {
		return fmt.Sprintf(
			`"kind":"center.assigned","on":"2025-03-01","note":"%d","by":{"role":"st-office","actor":"s-1"},"data":{"industryDept":"省经信厅","localGov":"%s"}`, n, region)
	}
	turns := make(chan struct{}, 1000) // each lets it move, so that it moves while others ask
	var writing, wg sync.WaitGroup
	writing.Go(func() {
		n := 0
		for range turns {
			recordOf(t, whole, "ZJ-0001", move([]string{"330203", "330106"}[n%2], n))
			n++
		}
	})
	type told struct {
		position uint64
		rows     int
	}
	answers := map[string][]told{}
	var mu sync.Mutex
	for region, d := range counties {
		wg.Go(func() {
			for range 60 {
				turns <- struct{}{}
				turns <- struct{}{}
				table, err := d.List(t.Context(), desk.When{},
					lists.Question{List: "execution", Params: map[string]string{"scope": "province", "year": "2025"}})
				if err != nil {
					t.Error(err)
					return
				}
				seen := 0
				for _, row := range table.Rows {
					if row[0].CSV() == "ZJ-0001" {
						seen++
					}
				}
				mu.Lock()
				answers[region] = append(answers[region], told{table.Position, seen})
				mu.Unlock()
				_, err = d.Center(t.Context(), desk.When{}, "ZJ-0001")
				if err != nil && text.CodeOf(err) != text.NotFound {
					t.Error(err)
				}
				_, err = d.Story(t.Context(), desk.When{}, "ZJ-0001", func(*desk.Chapter) error { return nil })
				if err != nil && text.CodeOf(err) != text.NotFound {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	close(turns)
	writing.Wait()
	for region, list := range answers {
		for _, a := range list {
			moves := a.position - 11 // the first of them is away from 330106
			if want := int(moves % 2); region == "330203" && a.rows != want || region == "330106" && a.rows != 1-want {
				t.Errorf("at position %d %s sees %d rows of it", a.position, region, a.rows)
			}
		}
	}
}
