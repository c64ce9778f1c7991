package lists_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// The encodings of pages.
var (
	inJSON = lists.Encoding{Name: "json", Append: table.AppendJSON}
	inCSV  = lists.Encoding{Name: "csv", Append: table.AppendCSV}
)

// keptQuestions returns questions about all centers for the lists that are made center by center.
func keptQuestions() (list []lists.Question) {
	for _, on := range []string{"2025-08-31", "2026-10-31"} {
		for _, typed := range []string{"centers", "alerts", "alerts all=true", "alerts severity=red",
			"alerts code=AL-LED-01 all=true", "execution", "execution year=2025", "execution year=2027",
			"execution year=2026 scope=fiscal",
			"execution by=region", "execution by=industry scope=province", "execution by=total",
			"execution by=total year=2027",
			"execution sort=rate", "execution sort=balance year=2025 scope=province", "execution by=city sort=rate",
			"alerts sort=severity all=true", "alerts sort=oldest",
			"centers sort=alerts", "centers sort=name-desc status=registered", "alerts sort=key-desc all=true",
			"execution region=3301 sort=name", "alerts region=3302 office=center all=true"} {
			words := strings.Fields(typed)
			q := lists.Question{List: words[0], On: events.MustDate(on), Params: map[string]string{}}
			for _, p := range words[1:] {
				name, value, _ := strings.Cut(p, "=")
				q.Params[name] = value
			}
			list = append(list, q)
		}
	}
	return list
}

// whole returns all rows of an answer.
func whole(a *lists.Answer) string {
	var b bytes.Buffer
	fmt.Fprintln(&b, a.Title, a.Empty, a.Columns, a.Totals, a.Notes, a.Missing, a.Position, a.Policy, a.Rows.Len(),
		a.Rows.Bytes())
	for text := range a.Rows.Text() {
		b.Write(text)
	}
	return b.String()
}

// keptWorld is a ledger to which random events are added.
type keptWorld struct {
	*lists.Books
	t        *testing.T
	rnd      *rand.Rand
	centers  int
	serial   int
	vouchers map[string]int    // of a center, and one more
	last     map[string]string // voucher of a center that nothing was done to
	versions int
	today    events.Date // of those who see a region
}

func (w *keptWorld) center(i int) string { return fmt.Sprintf("ZJ-K%04d", i) }

func (w *keptWorld) register() {
	region := []string{"330106", "330203", "331002"}[w.centers%3]
	center := w.center(w.rnd.IntN(1000)) // not in order
	if w.vouchers[center] > 0 {
		return
	}
	w.centers++
	w.vouchers[center] = 1
	for i, line := range append(funded(center),
		historyLine("ahead"+center, center,
			`"kind":"subsidy.granted","on":"2026-10-20","by":{"role":"finance","actor":"f"},"mode":"record","doc":"浙财科教〔2026〕9号","data":{"grant":"G3","category":"other","source":"province-other","fiscalYear":2027,"amountFen":70000}`)) {
		if i < 3 || w.centers%4 == 0 {
			recordLine(w.t, w.Books, strings.Replace(line, `"region":"330106"`, `"region":"`+region+`"`, 1),
				ledger.Writer{Name: "importer", MayRecord: true})
		}
	}
}

// some returns a random center of the ledger.
func (w *keptWorld) some() string {
	n := w.rnd.IntN(len(w.vouchers))
	for i := range 1000 {
		if w.vouchers[w.center(i)] > 0 {
			if n--; n < 0 {
				return w.center(i)
			}
		}
	}
	panic("no center")
}

// step adds a random event.
func (w *keptWorld) step() {
	account := ledger.Writer{Name: "importer", MayRecord: true}
	w.serial++
	center := w.some()
	switch n := w.rnd.IntN(20); {
	case n < 2:
		w.register()
	case n < 9:
		w.vouchers[center]++
		w.last[center] = fmt.Sprint("V", w.vouchers[center])
		recordLine(w.t, w.Books, spentLine(center, w.last[center], fmt.Sprintf("2025-%02d-01", 4+w.rnd.IntN(6)), "乙",
			100+w.rnd.IntN(50_000_000/w.vouchers[center]/2), "样机"), account)
	case n < 11 && w.last[center] != "":
		v := w.last[center]
		if w.last[center] = ""; w.rnd.IntN(2) == 0 {
			recordLine(w.t, w.Books, voidedLine(center, center+v), account)
			return
		}
		recordLine(w.t, w.Books, reversedLine(center, v, "2026-02-01"), account)
	case n < 13: // moves between offices, now or on a later day
		recordLine(w.t, w.Books,
			historyLine(fmt.Sprint("assigned", w.serial), center,
				fmt.Sprintf(
					`"kind":"center.assigned","on":"%s","by":{"role":"st-office","actor":"s-1"},"data":{"industryDept":"省经信厅","localGov":"%s"}`,
					[]string{"2025-02-01", "2026-11-02"}[w.rnd.IntN(2)], []string{"330106", "330203"}[w.rnd.IntN(2)])),
			account)
	case n == 13:
		w.today ^= 1 // midnight of a clock that goes back, too
	case n == 14 && w.versions < 4:
		w.adopt()
	case n == 15: // breaks of a center and of a stream that nobody knows
		for _, stream := range []events.StreamID{events.CenterID(fmt.Sprintf("ZJ-B%03d", w.rnd.IntN(5))).Stream(),
			"neverseen"} {
			at := events.Place{Position: w.Register.Position(), Revision: w.Register.Revision(stream) + 1,
				RecordedAt: time.Date(2025, 8, 1+w.rnd.IntN(60), 0, 0, 0, 0, time.UTC)}
			w.Register.ApplyBroken(events.Stored{
				Stream: stream, ID: uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, stream, w.serial)), Place: at},
				errors.New("unknown kind"))
		}
	default:
		recordLine(w.t, w.Books,
			historyLine(fmt.Sprint("item", w.serial), center,
				`"kind":"governance.recorded","on":"2026-09-01","by":{"role":"center","actor":"c-1"},"data":{"item":"other"}`), account)
	}
}

// adopt adopts a policy under which other centers are low.
func (w *keptWorld) adopt() {
	text := strings.Replace(string(policy.Builtin().Text()), `"version": "2"`,
		fmt.Sprintf(`"version": "k%d"`, w.versions), 1)
	i := strings.Index(text, `"lowRatePercent"`)
	text = text[:i] + strings.Replace(text[i:], `"value": 60`, fmt.Sprintf(`"value": %d`, 70+w.versions), 1)
	p, problems := policy.Parse([]byte(text))
	if len(problems) > 0 {
		w.t.Fatal(problems)
	}
	if _, err := w.Ledger.Record(w.t.Context(), ledger.Adoption(p),
		ledger.Writer{Name: "admin", MayRecord: true}); err != nil {
		w.t.Fatal(err)
	}
	w.versions++
}

// The test adds events of every kind that can change an answer, and makes each answer in three ways: from the last
// answer to the same question, from nothing, and as a table. It also checks the memory counted by Hold.
func TestAnAnswerMadeFromTheOneBeforeIsTheOneMadeFromNothing(t *testing.T) {
	w := &keptWorld{t: t, rnd: rand.New(rand.NewPCG(1, 2)), vouchers: map[string]int{}, last: map[string]string{},
		today: events.MustDate("2026-11-01") &^ 1,
		Books: deskOver(t, memstore.New(func() time.Time { return time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC) }))}
	for range 140 { // more than a block of centers
		w.register()
	}
	today := func() events.Date { return w.today }
	all := w.Register
	scopes := []*projections.Register{
		all, all.Within(all.SeesRegion("330106", today)), all.Within(all.SeesRegion("3302", today)),
		all.Within(all.SeesDepartment("省经信厅", today)), all.Within(func(events.CenterID) bool { return false })}
	type key struct {
		question, scope int
		in              string
	}
	before := map[key]*lists.Answer{}
	held, most, shared := int64(0), int64(0), 0
	questions := keptQuestions()
	for i := range 120 {
		w.step()
		for range 3 {
			k := key{question: w.rnd.IntN(len(questions)), scope: max(0, w.rnd.IntN(2*len(scopes))-len(scopes))}
			in := []lists.Encoding{inJSON, inCSV}[w.rnd.IntN(2)]
			k.in = in.Name
			d := *w.Books
			d.Register = scopes[k.scope]
			q := questions[k.question]
			ask := func(before *lists.Answer) *lists.Answer {
				a, _, err := d.AnswerSeeing(t.Context(), q, in, before)
				if err != nil {
					t.Fatal(err)
				}
				return a
			}
			a, fresh := ask(before[k]), ask(nil)
			if got, want := whole(a), whole(fresh); got != want {
				t.Fatalf("step %d: %s %v of scope %d: from the one before\n%s\nfrom nothing\n%s", i, q.List, q.Params,
					k.scope, got, want)
			}
			whole, err := d.Ask(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			sameAsTable(t, in, a, whole)
			alone := fresh.Rows.Hold()
			if before[k] == nil {
				held += a.Rows.Hold()
			} else {
				added := a.Rows.Hold()
				if added < alone/2 {
					shared++
				}
				held += added - before[k].Rows.Release()
			}
			most = max(most, alone)
			before[k] = a
		}
	}
	for _, a := range before {
		held -= a.Rows.Release()
	}
	if held != 0 || most == 0 || shared < 30 {
		t.Errorf("%d bytes are held at the end; %d answers share rows with those before", held, shared)
	}
}

// sameAsTable compares an answer with the table, row by row.
func sameAsTable(t *testing.T, in lists.Encoding, a *lists.Answer, want *table.Table) {
	t.Helper()
	if a.Rows.Len() != len(want.Rows) ||
		fmt.Sprint(a.Title, a.Totals, a.Notes, a.Missing, a.Empty) != fmt.Sprint(want.Title, want.Totals, want.Notes,
			want.Missing, want.Empty) {
		t.Fatalf("got %d rows, %v %v; the table has %d, %v %v", a.Rows.Len(), a.Title, a.Notes, len(want.Rows),
			want.Title, want.Notes)
	}
	var all []byte
	ends := []int{0}
	for _, row := range want.Rows {
		var err error
		if all, err = in.Append(all, want.Columns, row); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, len(all))
	}
	for first := 0; first <= len(want.Rows); first += 1 + len(want.Rows)/5 {
		var got []byte
		for row := range a.Rows.From(first) {
			got = append(got, row...)
		}
		if !bytes.Equal(got, all[ends[first]:]) {
			t.Fatalf("from row %d: got\n%s\nwant\n%s", first, got, all[ends[first]:])
		}
	}
}

// The test asks for the money of years that have not begun. Such an answer must not keep parts of the centers,
// because Hold would not count them.
func TestAnAnswerWithoutTheRowsOfCentersKeepsNothingOfThem(t *testing.T) {
	d := deskOver(t, memstore.New(time.Now))
	importInto(t, d, historyFile(t, funded("ZJ-0001")...))
	for year, keeps := range map[string]bool{"2025": true, "2030": false} {
		q := lists.Question{List: "execution", On: events.MustDate("2025-08-31"),
			Params: map[string]string{"year": year}}
		a, _, err := d.AnswerSeeing(t.Context(), q, inJSON, nil)
		if err != nil {
			t.Fatal(err)
		}
		if a.IsByCenter() != keeps || (a.Rows.Len() > 0) != keeps {
			t.Errorf("of %s: %d rows; whether something of the centers is kept: %v", year, a.Rows.Len(),
				a.IsByCenter())
		}
	}
}

// BenchmarkMadeAnew makes answers about five thousand centers again after one record: as a table whose rows are then
// encoded, and from the answer before.
func BenchmarkMadeAnew(b *testing.B) {
	d := deskOver(b, memstore.New(time.Now))
	var lines []string
	for c := range 5000 {
		center := fmt.Sprintf("ZJ-M%04d", c)
		lines = append(lines, funded(center)...)
		for v := range 4 {
			lines = append(lines, spentLine(center, fmt.Sprint("V", v), fmt.Sprintf("2025-%02d-01", 4+v), "乙",
				1000, "样机"))
		}
	}
	importInto(b, d, historyFile(b, lines...))
	serial := 0
	record := func() {
		center := fmt.Sprintf("ZJ-M%04d", serial*7919%5000)
		recordLine(b, d, spentLine(center, fmt.Sprint("W", serial), "2026-01-01", "乙", 100, "样机"),
			ledger.Writer{Name: "clerk"})
		serial++
	}
	for _, q := range []lists.Question{{List: "centers"}, {List: "alerts", Params: map[string]string{"all": "true"}},
		{List: "execution"}, {List: "execution", Params: map[string]string{"by": "region"}},
		{List: "execution", Params: map[string]string{"sort": "rate"}},
		{List: "alerts", Params: map[string]string{"all": "true", "sort": "severity"}}} {
		q.On = events.MustDate("2026-10-31")
		b.Run(fmt.Sprint(q.List, q.Params, " whole"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				record()
				b.StartTimer()
				t, err := d.Ask(b.Context(), q)
				if err != nil {
					b.Fatal(err)
				}
				var text []byte
				for _, row := range t.Rows {
					if text, err = table.AppendJSON(text, t.Columns, row); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
		b.Run(fmt.Sprint(q.List, q.Params, " from the one before"), func(b *testing.B) {
			b.ReportAllocs()
			before, _, err := d.AnswerSeeing(b.Context(), q, inJSON, nil)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				b.StopTimer()
				record()
				b.StartTimer()
				if before, _, err = d.AnswerSeeing(b.Context(), q, inJSON, before); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
