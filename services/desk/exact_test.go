package desk_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
)

// knownAt is a When for a position.
func knownAt(position uint64) desk.When {
	return desk.When{AsOf: "2025-12-31", KnownAt: strconv.FormatUint(position, 10)}
}

// interrupted is a store that calls between before the stream of a center is read.
type interrupted struct {
	*memstore.Store
	between func()
}

func (s *interrupted) ReadStream(ctx context.Context, stream events.StreamID,
	after uint64) iter.Seq2[events.Stored, error] {
	if between := s.between; between != nil && stream != events.PolicyStream {
		s.between = nil
		between()
	}
	return s.Store.ReadStream(ctx, stream, after)
}

// TestAStoryIsOfOnePosition writes between reading the policies and reading the events of the center.
func TestAStoryIsOfOnePosition(t *testing.T) {
	store := &interrupted{Store: newStore()}
	d := over(t, store)
	for _, tail := range life {
		record(t, d, tail)
	}
	store.between = func() {
		adopt(t, d, newVersion(t, "3"))
		record(t, d, reversed)
	}
	got := chapters(t, d, asOf("2025-12-31"))
	if p := d.Ledger.Register().Position(); p != 8 {
		t.Fatalf("the ledger is at position %d", p)
	}
	if want := chapters(t, d, knownAt(6)); form(t, got) != form(t, want) {
		t.Errorf("while others wrote\n%s\nknown before\n%s", form(t, got), form(t, want))
	}
	if all := chapters(t, d, asOf("2025-12-31")); len(all) != 7 ||
		!slices.Equal(all[5].ByPolicy.Policies, []string{"zj-2024-draft@3"}) {
		t.Errorf("afterwards: %d chapters", len(all))
	}
}

// TestEveryAnswerIsOfOnePositionWhileOthersWrite asks about a center that gets vouchers and policies in turn, and
// then asks the same questions as known at each position of that time.
func TestEveryAnswerIsOfOnePositionWhileOthersWrite(t *testing.T) {
	d := small(t)
	type answer struct {
		ask      func(desk.When) string
		from, to uint64
		said     string
	}
	asks := []func(desk.When) string{
		func(w desk.When) string {
			c, err := d.Center(t.Context(), w, "ZJ-0001")
			if err != nil {
				t.Error(err)
				return ""
			}
			return form(t, c)
		},
		func(w desk.When) string {
			x, err := d.Explain(t.Context(), w, desk.AlertName{Center: "ZJ-0001", Code: "AL-EXE-02"})
			if err != nil {
				t.Error(err)
				return ""
			}
			return form(t, x)
		},
		func(w desk.When) string {
			table, err := d.List(t.Context(), w,
				lists.Question{List: "spending", Params: map[string]string{"center": "ZJ-0001"}})
			if err != nil {
				t.Error(err)
				return ""
			}
			return fmt.Sprint(table.Position, table.Policy, table.Rows, table.Totals)
		},
		func(w desk.When) string { return form(t, chapters(t, d, w)) },
	}
	var writing, asking sync.WaitGroup
	turns := make(chan struct{}, 4)
	writing.Go(func() {
		for n := 0; ; n++ {
			if _, open := <-turns; !open {
				return
			}
			if n%4 == 3 {
				adopt(t, d, newVersion(t, strconv.Itoa(n)))
				continue
			}
			record(t, d, strings.NewReplacer(`"V1"`, fmt.Sprintf(`"W%d"`, n), "40000", "100").Replace(spent))
		}
	})
	answers := make([][]answer, 2)
	for i := range answers {
		asking.Go(func() {
			for n := range 10 * len(asks) {
				turns <- struct{}{}
				a := answer{ask: asks[(n+i)%len(asks)], from: d.Ledger.Register().Position()}
				a.said = a.ask(asOf("2025-12-31"))
				a.to = d.Ledger.Register().Position()
				answers[i] = append(answers[i], a)
			}
		})
	}
	asking.Wait()
	close(turns)
	writing.Wait()
	for _, a := range slices.Concat(answers...) {
		right := false
		for p := a.from; p <= a.to && !right; p++ {
			right = a.ask(knownAt(p)) == a.said
		}
		if !right {
			t.Errorf("of no position from %d to %d: %s", a.from, a.to, a.said)
		}
	}
}

// TestManyAskAndWriteAtOnce is for the race detector: one desk serves all requests of a server.
func TestManyAskAndWriteAtOnce(t *testing.T) {
	d := small(t)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			if _, err := d.Record(t.Context(),
				draft(t, strings.ReplaceAll(spent, "V1", fmt.Sprintf("X%d", i)))); err != nil &&
				desk.RefusedBy(err, "") == nil {
				t.Error(err)
			}
			for name, ask := range questions {
				if err := ask(t, d, asOf("2025-12-31"), "ZJ-0001"); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			if err := d.Try(t.Context(), desk.When{}, strings.NewReader(line(reversed)),
				func(*desk.Tried) error { return nil }); err != nil {
				t.Error(err)
			}
			if _, err := d.Import(t.Context(),
				desk.ImportRequest{Files: []desk.Upload{upload("a.jsonl", line(spent))}}); err != nil &&
				text.CodeOf(err) != text.Conflict {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestACallThatIsCancelledEnds(t *testing.T) {
	d := small(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, record := d.Record(ctx, draft(t, reversed))
	_, imports := d.Import(ctx, desk.ImportRequest{Files: []desk.Upload{upload("a.jsonl", line(reversed))}})
	_, story := d.Story(ctx, desk.When{}, "ZJ-0001", func(*desk.Chapter) error { return nil })
	_, list := d.List(ctx, desk.When{KnownAt: "3"}, lists.Question{List: "centers"})
	for name, err := range map[string]error{"record": record, "import": imports, "story": story, "list": list} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if p := d.Ledger.Register().Position(); p != 6 {
		t.Errorf("the ledger is at position %d", p)
	}
}
