package desk_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"iter"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/seal"
	"github.com/taizhang/taizhang/services/simulator"
)

// partly is a store with some of the streams of another, at the same positions.
type partly struct {
	events.Store
	has func(events.StreamID) bool
}

func (p *partly) only(all iter.Seq2[events.Stored, error]) iter.Seq2[events.Stored, error] {
	return func(yield func(events.Stored, error) bool) {
		for s, err := range all {
			if (err != nil || p.has(s.Stream)) && !yield(s, err) {
				return
			}
		}
	}
}

func (p *partly) ReadAll(ctx context.Context, after uint64) iter.Seq2[events.Stored, error] {
	return p.only(p.Store.ReadAll(ctx, after))
}

func (p *partly) ReadStream(ctx context.Context, s events.StreamID, after uint64) iter.Seq2[events.Stored, error] {
	return p.only(p.Store.ReadStream(ctx, s, after))
}

// counting is a store that counts the reads.
type counting struct {
	events.Store
	reads atomic.Int64
}

func (c *counting) ReadAll(ctx context.Context, after uint64) iter.Seq2[events.Stored, error] {
	c.reads.Add(1)
	return c.Store.ReadAll(ctx, after)
}

func (c *counting) ReadStream(ctx context.Context, s events.StreamID, after uint64) iter.Seq2[events.Stored, error] {
	c.reads.Add(1)
	return c.Store.ReadStream(ctx, s, after)
}

// readOnly opens a desk over the content of a store.
func readOnly(t testing.TB, store events.Store, has func(events.StreamID) bool, root events.Store) *desk.Local {
	t.Helper()
	l, err := ledger.Open(t.Context(), store, ledger.Config{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	return &desk.Local{LocalConfig: desk.LocalConfig{Ledger: l, Account: ledger.Writer{Name: "clerk", MayRecord: true},
		Now: func() time.Time { return now }, Version: "v1",
		Root: func(ctx context.Context, position uint64, see func(*events.Stored)) ([sha256.Size]byte, error) {
			return seal.Root(ctx, root, position, func(s *events.Stored) {
				if has(s.Stream) {
					see(s)
				}
			})
		}}}
}

// smallProvince returns a store with some centers of a simulated province, written day by day. Two of its centers
// pay one payee the same amounts, and some events are invalid.
func smallProvince(t testing.TB, seed uint64) (store *memstore.Store, centers []events.CenterID) {
	t.Helper()
	store = newStore()
	l, err := ledger.Open(t.Context(), store, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	account := ledger.Writer{Name: "clerk", MayRecord: true}
	lastGrant := map[events.CenterID]string{}
	count := 0
	for rec, err := range simulator.Records(simulator.Scenario{
		Seed: seed, Centers: 5, From: events.MustDate("2024-01-01"), To: events.MustDate("2026-10-31"),
		VouchersPerYear: 12}) {
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Record(t.Context(), rec, account); err != nil {
			t.Fatal(err)
		}
		if p, ok := rec.Data.(*events.SubsidyReceived); ok {
			lastGrant[rec.Center] = p.Grant
		}
		if !slices.Contains(centers, rec.Center) {
			centers = append(centers, rec.Center)
		}
		if count++; count == 350 {
			break
		}
	}
	for i, c := range centers {
		if grant := lastGrant[c]; grant != "" {
			for n := range 2 {
				rec := &events.Record{ID: uuid.NewSHA1(uuid.Nil, fmt.Append(nil, seed, i, n)),
					Kind: events.KindFundsSpent, Center: c, On: events.MustDate("2026-10-30"),
					By:   events.By{Role: events.CenterRole, Actor: "c"},
					Mode: events.Enforce, Data: &events.FundsSpent{
						Voucher: fmt.Sprintf("DUP-%s-%d", c, n), Payee: "同一单位", Use: "pilot", Summary: "中试",
						Lines: []events.SpendingLine{{Grant: grant, AmountFen: 100}}}}
				if _, err := l.Record(t.Context(), rec, account); err != nil && text.CodeOf(err) != text.Refused {
					// it has no money left
					t.Fatal(err)
				}
			}
		}
	}
	broken := []events.Proposed{
		{ID: uuid.NewSHA1(uuid.Nil, []byte("broken")), Kind: "no.such",
			Body: events.MustObject(`{"on":"2026-10-30"}`)}}
	for _, s := range []events.StreamID{centers[0].Stream(), "zzz", centers[len(centers)-1].Stream()} {
		if _, err := store.Append(t.Context(), s, l.Register().Revision(s), broken); err != nil {
			t.Fatal(err)
		}
	}
	return store, centers
}

// scopeQuestions ask every list, about all centers and about one, up to the given position.
func scopeQuestions(center string, position uint64) (list []lists.Question) {
	ask := func(name string, params ...string) {
		q := lists.Question{List: name, Params: map[string]string{}}
		for i := 0; i < len(params); i += 2 {
			q.Params[params[i]] = params[i+1]
		}
		list = append(list, q)
	}
	since := fmt.Sprint(position)
	for _, l := range lists.Lists {
		switch l.Name {
		case "centers", "alerts", "delayed", "ageing", "due", "duplicates":
			ask(l.Name)
		}
	}
	ask("alerts", "all", "true")
	ask("alerts", "all", "true", "center", center)
	for _, by := range []string{"center", "region", "industry", "total"} {
		ask("execution", "by", by)
	}
	ask("delayed", "center", center)
	ask("deferrals", "all", "true")
	ask("deferrals", "year", "2026")
	ask("ageing", "by", "region")
	ask("ageing", "center", center)
	ask("spending", "center", center)
	ask("spending", "center", center, "by", "use")
	ask("due", "within", "365d")
	ask("due", "spend", "true")
	ask("due", "center", center)
	for _, show := range []string{"figures", "records", "alerts"} {
		ask("changes", "since", since, "show", show)
	}
	ask("changes", "since", since, "center", center)
	for _, show := range []string{"figures", "records", "reported"} {
		ask("changes", "since", since, "from-as-of", "2025-06-30", "show", show, "scope", "province")
	}
	ask("trace", "center", center, "year", "2026", "scope", "fiscal", "figure", "balance")
	ask("find", "min", "1", "limit", "20")
	ask("find", "text", "中", "order", "oldest")
	ask("find", "center", center, "voided", "true")
	ask("sample", "year", "2025")
	ask("sample", "year", "2025", "n", "3", "by", "amount")
	ask("sample", "year", "2025", "center", center, "position", since)
	ask("duplicates", "across", "true", "days", "400")
	ask("duplicates", "center", center)
	return list
}

// answersOf calls everything that a Reader has and returns each answer, or error, as a text.
func answersOf(t testing.TB, d *desk.Local, when desk.When, center string, position uint64) map[string]string {
	t.Helper()
	answers := map[string]string{}
	say := func(name string, err error, parts ...any) {
		answers[name] = fmt.Sprintln(parts...)
		if err != nil {
			answers[name] = fmt.Sprintf("%s: %v", text.CodeOf(err), text.Of(err))
		}
	}
	var alerts []desk.AlertName
	for i, q := range scopeQuestions(center, position) {
		name := fmt.Sprintf("%d %s %v", i, q.List, q.Params)
		table, err := d.List(t.Context(), when, q)
		var b bytes.Buffer
		if err == nil {
			fmt.Fprintln(&b, table.Title, table.Notes, table.Missing, table.Totals, table.Policy, table.Position,
				table.Rows)
			if err := table.WriteCSV(&b); err != nil {
				t.Error(err)
			}
			if q.List == "alerts" {
				for _, row := range table.Rows {
					alerts = append(alerts, desk.AlertName{
						Center: row[0].CSV(), Code: row[1].CSV(), Key: row[2].CSV()})
				}
			}
		}
		say(name, err, b.String())
		if q.Center() != "" {
			var b bytes.Buffer
			made, err := d.Report(t.Context(), when, desk.ReportRequest{Question: q, Name: "a.csv", Lang: "zh"}, &b)
			say("report "+name, err, made, b.String())
			if err == nil {
				same, err := d.Reproduce(t.Context(), upload("a.csv", b.String()))
				say("reproduce "+name, err, form(t, same))
				if err == nil && !same.Equal {
					t.Errorf("%s is not reproduced: %+v", name, same.Differs)
				}
			}
		}
	}
	for _, a := range alerts {
		list, err := d.Explain(t.Context(), when, a)
		say(fmt.Sprint("explain ", a), err, form(t, list))
	}
	c, err := d.Center(t.Context(), when, center)
	say("center", err, form(t, c))
	var story strings.Builder
	end, err := d.Story(t.Context(), when, center, func(c *desk.Chapter) error {
		story.WriteString(form(t, c))
		return nil
	})
	say("story", err, story.String(), form(t, end))
	for _, of := range []string{"", center} {
		var b bytes.Buffer
		err := d.Yearly(t.Context(), when, desk.YearlyRequest{Year: 2025, Center: of, Unit: "yuan", Lang: "zh"}, &b)
		say("yearly "+of, err, b.String())
		var list []string
		err = d.Events(t.Context(), 0, 1000, of, func(s *events.Stored) error {
			if list = append(list, fmt.Sprint(s.Position, s.Revision, string(s.Bytes))); len(list)%20 == 0 {
				id, _ := s.Stream.Center()
				entry, err := d.Entry(t.Context(), string(id), s.ID.String())
				say(fmt.Sprint("entry ", s.Position), err, form(t, entry))
			}
			return nil
		})
		say("events "+of, err, list)
	}
	p, err := d.Policies(t.Context(), when)
	say("policies", err, len(p.Adopted), p.InForce.Name())
	var exported bytes.Buffer
	n, err := d.Export(t.Context(), &exported, nil)
	say("export", err, n, exported.String())
	return answers
}

// ofCenters matches the scope in the provenance of a page.
var ofCenters = regexp.MustCompile(`&#34;centers&#34;:&#34;[A-Z0-9 -]*&#34;,`)

// unlabelled removes the words that say that an answer does not cover the whole province.
var unlabelled = strings.NewReplacer(
	" {仅含查询账号范围内的中心。 Only centers within the scope of the account that asked.}", "",
	"{仅含查询账号范围内的中心。 Only centers within the scope of the account that asked.}", "",
	"查询账号范围内各中心汇总", "全省汇总", "一、范围内经费执行情况", "一、全省经费执行情况")

// TestAScopeIsALedgerWithoutTheOtherCenters asks everything within random scopes, and compares with a ledger that
// has no other events.
func TestAScopeIsALedgerWithoutTheOtherCenters(t *testing.T) {
	for seed := range uint64(2) {
		random := rand.New(rand.NewPCG(seed, 1))
		store, centers := smallProvince(t, seed)
		whole := readOnly(t, store, func(events.StreamID) bool { return true }, store)
		last := centers[len(centers)-1] // of the last event: then both ledgers end at one position
		seen := map[events.CenterID]bool{last: true}
		for _, c := range centers {
			seen[c] = seen[c] || seed == 0 && random.IntN(2) == 0 // else a small part, which is read stream by stream
		}
		if seed == 0 {
			seen[centers[0]] = false // whose last event is broken
		}
		sees := func(id events.CenterID) bool { return seen[id] }
		has := func(s events.StreamID) bool {
			id, ok := s.Center()
			return ok && sees(id) || s == events.PolicyStream
		}
		within := scoped(whole, sees)
		alone := readOnly(t, &partly{store, has}, has, store)
		var positions []uint64 // of the last center
		for s, err := range store.ReadStream(t.Context(), last.Stream(), 0) {
			if err != nil {
				t.Fatal(err)
			}
			positions = append(positions, s.Position)
		}
		middle := positions[len(positions)/2]
		whens := []desk.When{{}, {AsOf: "2025-12-31"},
			{AsOf: "2026-03-01", KnownAt: fmt.Sprint(positions[len(positions)*3/4])}}
		asked := []string{string(last), string(centers[random.IntN(len(centers))])}
		for i, when := range whens {
			center := asked[i%2]
			want, got := answersOf(t, alone, when, center, middle), answersOf(t, within, when, center, middle)
			for name, answer := range got {
				if answer := ofCenters.ReplaceAllString(unlabelled.Replace(answer), ""); answer != want[name] {
					t.Errorf("%s %+v within %v:\n%.1500s\nand alone:\n%.1500s", name, when, seen, answer, want[name])
				}
				for _, c := range centers {
					if !seen[c] && string(c) != center && strings.Contains(answer, string(c)) {
						t.Errorf("%s %+v names %s, which is not seen", name, when, c)
					}
				}
			}
			if len(got) != len(want) {
				t.Errorf("%+v: %d answers within %v, %d alone", when, len(got), seen, len(want))
			}
		}
	}
}
