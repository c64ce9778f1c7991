package lists_test

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/lists"
)

// exactQuestions returns questions for every list, some about one center.
func exactQuestions() []lists.Question {
	ask := func(list string, params ...string) lists.Question {
		q := lists.Question{List: list, On: historyEnd, Params: map[string]string{}}
		for i := 0; i < len(params); i += 2 {
			q.Params[params[i]] = params[i+1]
		}
		return q
	}
	const center = "ZJ-A001"
	return []lists.Question{
		ask("centers"), ask("alerts"), ask("alerts", "all", "true"), ask("alerts", "center", center), ask("execution"),
		ask("execution", "by", "region"), ask("execution", "by", "total"),
		ask("execution", "sort", "rate"), ask("execution", "center", center, "sort", "balance"),
		ask("alerts", "sort", "severity"), ask("centers", "sort", "alerts"),
		ask("alerts", "sort", "key-desc", "region", "3301"), ask("delayed", "region", "33", "sort", "name"),
		ask("find", "min", "1", "region", "33", "sort", "amountFen-desc"),
		ask("delayed"), ask("delayed", "center", center), ask("deferrals", "all", "true"), ask("ageing"),
		ask("ageing", "center", center), ask("ageing", "by", "center"),
		ask("spending", "center", center), ask("due", "within", "90d"), ask("due", "center", center),
		ask("due", "spend", "true"), ask("changes", "since", "2"), ask("changes", "since", "2", "center", center),
		ask("changes", "since", "2", "show", "alerts"),
		ask("trace", "center", center, "year", "2025", "scope", "province", "figure", "balance"),
		ask("changes", "since", "2", "from-as-of", "2025-05-31"),
		ask("changes", "since", "2", "from-as-of", "2025-05-31", "center", center, "show", "records"),
		ask("changes", "since", "2", "from-as-of", "2025-05-31", "show", "reported"),
		ask("find", "min", "1"), ask("find", "center", center, "voided", "true"),
		ask("sample", "year", "2025"), ask("sample", "year", "2025", "by", "amount", "center", center),
		ask("duplicates"), ask("duplicates", "across", "true"),
	}
}

// toldAt is the answer to a list that was asked while others wrote.
type toldAt struct {
	lists.Question
	position uint64
	said     string
}

func askExactly(t testing.TB, d *lists.Books, q lists.Question) toldAt {
	t.Helper()
	table, err := d.Ask(t.Context(), q)
	if err != nil {
		t.Errorf("%s %v: %v", q.List, q.Params, err)
		return toldAt{Question: q}
	}
	var b bytes.Buffer
	fmt.Fprintln(&b, table.Title, table.Notes, table.Missing, table.Totals, table.Policy)
	if err := table.WriteCSV(&b); err != nil {
		t.Error(err)
	}
	return toldAt{q, table.Position, b.String()}
}

// askFrom asks like askExactly, and makes the answer from the answer before to the same question.
func askFrom(t testing.TB, d *lists.Books, q lists.Question, before map[string]*lists.Answer) toldAt {
	t.Helper()
	key := fmt.Sprint(q)
	a, _, err := d.AnswerSeeing(t.Context(), q, inCSV, before[key])
	if err != nil {
		t.Errorf("%s %v: %v", q.List, q.Params, err)
		return toldAt{Question: q}
	}
	before[key] = a
	var b bytes.Buffer
	fmt.Fprintln(&b, a.Title, a.Notes, a.Missing, a.Totals, a.Policy)
	if err := a.WriteCSV(&b); err != nil { // its table has no rows
		t.Error(err)
	}
	for text := range a.Rows.Text() {
		b.Write(text)
	}
	return toldAt{q, a.Position, b.String()}
}

// again asks the same question as known at the position of the answer.
func (a toldAt) again(t testing.TB, d *lists.Books) {
	t.Helper()
	known, err := d.Ledger.KnownAt(t.Context(), ledger.Point{Position: a.position})
	if err != nil {
		t.Fatal(err)
	}
	is := askExactly(t, &lists.Books{Ledger: d.Ledger, Register: known, Root: d.Root}, a.Question)
	if is.position != a.position || is.said != a.said {
		t.Errorf("%s %v at position %d: asked while others wrote\n%s\nasked again (position %d)\n%s", a.List, a.Params,
			a.position, a.said, is.position, is.said)
	}
}

// busyCenter returns the records of a center with everything that changes a list: reversals, voidings, back-dating.
func busyCenter(center string) []string {
	lines := funded(center)
	for i := range 4 {
		v := fmt.Sprintf("V%d", i)
		lines = append(lines, spentLine(center, v, fmt.Sprintf("2025-06-0%d", 9-i), "乙", 100+i%2, "样机"))
	}
	return append(lines, reversedLine(center, "V1", "2025-07-01"), voidedLine(center, center+"V2"),
		spentLine(center, "V9", "2025-05-01", "乙", 100, "样机"))
}

// The test asks every list repeatedly while 64 writers record and an import runs.
func TestAListIsWhatTheLedgerKnewAtThePositionThatItNames(t *testing.T) {
	d := historyDesk(t)
	account := ledger.Writer{Name: "importer", MayRecord: true}
	const writers = 64
	histories := make([][]string, writers+1)
	for n := range histories {
		histories[n] = busyCenter(fmt.Sprintf("ZJ-A%03d", n))
	}
	for _, lines := range histories { // every center is there, so that each can be asked about
		recordLine(t, d, lines[0], account)
	}
	var writing, asking sync.WaitGroup
	// each lets one record be written, so that there is writing while lists are asked
	turns := make(chan struct{}, 1<<10)
	for _, lines := range histories[:writers] {
		writing.Go(func() {
			for _, line := range lines[1:] {
				<-turns
				recordLine(t, d, line, account)
			}
		})
	}
	writing.Go(func() {
		<-turns
		importInto(t, d, historyFile(t, histories[writers]...))
	})
	questions := exactQuestions()
	answers := make([][]toldAt, 3)
	for i := range answers {
		before := map[string]*lists.Answer{}
		asking.Go(func() {
			for n := range 2 * len(questions) {
				for range 5 {
					turns <- struct{}{}
				}
				if i == 2 { // the third makes answers from those before
					answers[i] = append(answers[i], askFrom(t, d, questions[n%7], before))
					continue
				}
				answers[i] = append(answers[i], askExactly(t, d, questions[(n+i*len(questions)/2)%len(questions)]))
			}
		})
	}
	asking.Wait()
	close(turns)
	writing.Wait()
	all := slices.Concat(answers...)
	positions := map[uint64]bool{}
	for _, a := range all {
		positions[a.position] = true
	}
	t.Logf("%d answers at %d positions of %d", len(all), len(positions), d.Register.Position())
	for _, a := range all {
		a.again(t, d)
	}
}

// The test asks every question about one center of a register with only that center, at positions and instants.
func TestWhatWasKnownOfOneCenterFollowsFromItsOwnStream(t *testing.T) {
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	d := deskOver(t, memstore.New(func() time.Time { now = now.Add(time.Minute); return now }))
	importInto(t, d, historyFile(t, busyCenter("ZJ-A001")...))
	importInto(t, d, historyFile(t, busyCenter("ZJ-A002")...))
	const center = "ZJ-A001"
	instant := now.Add(-time.Second)
	recordLine(t, d, spentLine(center, "V10", "2026-01-01", "乙", 100, "样机"), ledger.Writer{Name: "clerk"})
	points := []ledger.Point{{Position: 5}, {Position: 9}, {Position: 12}, {Position: d.Register.Position()},
		{At: instant}, {At: now}}
	for _, p := range points {
		whole, err := d.Ledger.KnownAt(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		one, err := d.Ledger.KnownAtOf(t.Context(), p, center)
		if err != nil {
			t.Fatal(err)
		}
		asked := 0
		for _, q := range exactQuestions() {
			if q.Center() == "" {
				continue
			}
			asked++
			want := askExactly(t, &lists.Books{Ledger: d.Ledger, Register: whole, Root: d.Root}, q)
			got := askExactly(t, &lists.Books{Ledger: d.Ledger, Register: one, Root: d.Root}, q)
			if got.position != want.position || got.said != want.said {
				t.Errorf("%s %v at %+v: got\n%d %s\nwant\n%d %s", q.List, q.Params, p, got.position, got.said,
					want.position, want.said)
			}
		}
		if ids := one.IDs(); asked < 7 || len(ids) != 1 {
			t.Errorf("at %+v: asked %d questions of %v", p, asked, ids)
		}
	}
}

func recordLine(t testing.TB, d *lists.Books, line string, account ledger.Writer) {
	t.Helper()
	rec, problems := events.DecodeRecord([]byte(line))
	if len(problems) > 0 {
		t.Errorf("%v", problems)
		return
	}
	if _, err := d.Ledger.Record(t.Context(), rec, account); err != nil {
		t.Errorf("%s: %v", line, err)
	}
}
