package aggregates_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
)

// life is a center with the records applied to it, including those applied before it was copied.
type life struct {
	tb  testing.TB
	c   *aggregates.Center
	log []*events.Recorded
}

// begun returns a center with n events.
func begun(tb testing.TB, n int) *life {
	log := recorded(tb, busy(n))
	return &life{tb, fold(tb, log), log}
}

func (l *life) copied() *life { return &life{l.tb, l.c.Clone(), slices.Clone(l.log)} }

// anything returns a random fact about funds, vouchers and names of busy, on a random day.
func (l *life) anything(r *rand.Rand) fact {
	day := date("2025-01-01") + events.Date(r.IntN(1090))
	year, quarter, n := 2025+r.IntN(3), r.IntN(4), r.IntN(300)
	grant, match, voucher := fmt.Sprintf("G%d-%d", year, quarter), fmt.Sprintf("M%d-%d", year, quarter),
		fmt.Sprint("V", n)
	book, fresh := fmt.Sprintf("B%d-%d", year, quarter), fmt.Sprint("new ", l.c.Revision(), " ", r.IntN(1000))
	var data events.Payload
	switch r.IntN(20) {
	case 0:
		data = unspend(voucher)
	case 1:
		data = rule(voucher, events.Use([]string{"fine", "pilot", "other"}[n%3]))
	case 2, 3:
		e := l.log[r.IntN(len(l.log))]
		return fact{day: max(day, e.On), data: &events.EntryVoided{Event: e.ID.String(), Reason: "误录"},
			role: e.By.Role}
	case 4:
		data = []events.Payload{receive(grant, 100*yuan), receiveMatch(match, yuan), recoverFrom(grant, 10*yuan),
			reverse(grant, yuan)}[n%4]
	case 5:
		data = []events.Payload{other(fresh, day.Year(), wan), commit(fresh, day.Year(), wan, ""),
			sign(fresh, "2025-01-01", wan, true), confirm(book)}[n%4]
	case 6:
		data = []events.Payload{&events.TrialRecorded{Trial: fresh}, incident(fresh, "major", ""),
			listing(fresh, "blacklist", ""), project(fresh, true, true)}[n%4]
	case 7:
		data = []events.Payload{closing("AL-USE-01", voucher), regrading(year-1, "qualified"), filed(year),
			govern("other")}[n%4]
	default:
		v := spend(fmt.Sprint("V", n), []events.Use{"pilot", "equipment", "fine", "other"}[r.IntN(4)], grant,
			events.Fen(1+r.IntN(300))*wan/10)
		if n%3 == 0 {
			v.Lines = append(v.Lines, events.SpendingLine{Grant: match, AmountFen: wan},
				events.SpendingLine{Grant: grant, AmountFen: yuan})
		}
		if n%4 == 0 {
			v.OutTransfer = &events.OutTransfer{TaskBook: book}
		}
		data = v
	}
	return fact{day: day, data: data}
}

// goOn makes a random fact, and applies it unless it is nonsense.
func (l *life) goOn(r *rand.Rand) {
	f := l.anything(r)
	f.label = fmt.Sprint(r.Uint64())
	s := story{tb: l.tb, center: l.c}
	rec, problems := s.record(f, events.Recording)
	if len(problems) > 0 {
		l.tb.Fatal(problems)
	}
	if len(l.c.Judge(rec, draft).Nonsense) > 0 {
		return
	}
	next := &events.Recorded{Record: *rec, Revision: l.c.Revision() + 1, Position: l.c.Revision() + 1}
	if err := l.c.Apply(next); err != nil {
		l.tb.Fatal(err)
	}
	l.log = append(l.log, next)
}

// isWhatItsLogSays compares the center with a new center to which its log is applied.
func (l *life) isWhatItsLogSays(r *rand.Rand) {
	l.tb.Helper()
	want := fold(l.tb, l.log)
	day := date("2025-01-01") + events.Date(r.IntN(1200))
	same := func(what string, ask func(c *aggregates.Center) any) {
		l.tb.Helper()
		if got, want := ask(l.c), ask(want); !reflect.DeepEqual(got, want) {
			l.tb.Fatalf("%s as of %v at revision %d: got %+v, want %+v", what, day, l.c.Revision(), got, want)
		}
	}
	same("revision", func(c *aggregates.Center) any { return c.Revision() })
	same("evaluation", func(c *aggregates.Center) any { return c.Evaluate(draft, day) })
	same("explanations", func(c *aggregates.Center) any { return c.Explain(draft, day, "", "", 0) })
	same("balances", func(c *aggregates.Center) any { return c.Balances() })
	same("tally", func(c *aggregates.Center) any { return c.Tally(day) })
	same("facts", func(c *aggregates.Center) any { return c.Facts(day) })
	same("spending", func(c *aggregates.Center) any { return c.Spending(draft, day) })
	same("unspent money", func(c *aggregates.Center) any { return c.Unspent(draft, day, "") })
	same("annual", func(c *aggregates.Center) any { return c.Annual(draft, c.Evaluate(draft, day), day.Year()) })
	same("foreseen", func(c *aggregates.Center) any { return c.Foreseen(draft, day, day+100) })
	for range 20 {
		e := l.log[r.IntN(len(l.log))]
		same("revision of an event", func(c *aggregates.Center) any { return c.Has(e.ID) })
		same("voiding", func(c *aggregates.Center) any { by, _ := c.Voided(e.ID); return by })
	}
	for range 30 {
		s := story{tb: l.tb, center: l.c}
		rec, problems := s.record(l.anything(r), events.Enforce)
		if len(problems) > 0 {
			l.tb.Fatal(problems)
		}
		same("verdict", func(c *aggregates.Center) any { return c.Judge(rec, draft) })
	}
}

// The test applies random records to centers that are copies of one another.
func TestACopyAndItsOriginalGoTheirOwnWays(t *testing.T) {
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 2))
		lives := []*life{begun(t, 100+100*int(seed%3))}
		for step := range 200 {
			l := lives[r.IntN(len(lives))]
			l.goOn(r)
			switch n := r.IntN(100); {
			case n < 10 && len(lives) < 5:
				lives = append(lives, l.copied())
			case n < 5:
				lives[r.IntN(len(lives))] = l.copied()
			case n < 8: // results that are kept are of one center alone
				l.c.EvaluateAgain(draft, date("2027-06-30"))
			case n < 10:
				replay := l.c.Replay(l.c.Revision() / 2)
				l.goOn(r)
				replay.Next()
				then := fold(t, l.log[:replay.Revision()])
				if got, want := replay.Evaluate(draft, date("2027-06-30")),
					then.Evaluate(draft, date("2027-06-30")); !reflect.DeepEqual(got, want) {
					t.Fatalf("replay at revision %d: got %+v, want %+v", replay.Revision(), got, want)
				}
			}
			if step%50 == 49 {
				for _, l := range lives {
					l.isWhatItsLogSays(r)
				}
			}
		}
	}
}

// For the race detector: copies and their original are used in different goroutines.
func TestCopiesAreUsedAtTheSameTime(t *testing.T) {
	original := begun(t, 200)
	var wg sync.WaitGroup
	r := rand.New(rand.NewPCG(7, 7))
	for seed := range uint64(4) {
		l := original.copied()
		wg.Go(func() {
			r := rand.New(rand.NewPCG(seed, 3))
			for range 40 {
				l.goOn(r)
			}
			l.copied().isWhatItsLogSays(r)
			l.isWhatItsLogSays(r)
		})
		for range 40 {
			original.goOn(r)
		}
	}
	wg.Wait()
	original.isWhatItsLogSays(r)
}
