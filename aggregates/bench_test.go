package aggregates_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
)

// busy returns a history of n events over three years: a grant and a match each quarter, reports and grades each
// year, and otherwise vouchers. One voucher in twenty is reversed, one in fifty has a ruling, one in ten is an
// out-transfer, and one in thirty has a use that raises an alert.
func busy(n int) history {
	h := active()
	for year := 2025; year <= 2027; year++ {
		h = h.and(on(fmt.Sprintf("%d-02-20", year), reviewOf(year-1)),
			on(fmt.Sprintf("%d-03-01", year), filed(year-1)),
			on(fmt.Sprintf("%d-06-01", year),
				grading(year-1, []string{"excellent", "qualified", "unqualified"}[year-2025])))
		for quarter := range 4 {
			day := fmt.Sprintf("%d-%02d-01", year, quarter*3+1)
			grant, match, book := fmt.Sprintf("G%d-%d", year, quarter), fmt.Sprintf("M%d-%d", year, quarter),
				fmt.Sprintf("B%d-%d", year, quarter)
			h = h.and(on(day, other(grant, year, 1000*wan)), on(day, receive(grant, 1000*wan)),
				on(day, commit(match, year, 1000*wan, day)), on(day, receiveMatch(match, 1000*wan)),
				on(day, sign(book, day, 500*wan, true)), on(day, &events.GovernanceRecorded{Item: "other"}))
		}
	}
	start, uses := date("2025-01-01"), []events.Use{"pilot", "equipment", "talent", "operation"}
	for i := 0; len(h) < n; i++ {
		day := start + events.Date(i*1080/n)
		year, month, _ := day.Civil()
		quarter := (month - 1) / 3
		v := spend(fmt.Sprint("V", i), uses[i%4], fmt.Sprintf("G%d-%d", year, quarter), 500*yuan)
		switch {
		case i%40 == 7:
			v.Use = "other"
		case i%200 == 9:
			v.Use = "fine"
		}
		if i%10 == 3 {
			v.OutTransfer = &events.OutTransfer{TaskBook: fmt.Sprintf("B%d-%d", year, quarter)}
		}
		if i%7 == 0 {
			v.Lines = append(v.Lines,
				events.SpendingLine{Grant: fmt.Sprintf("M%d-%d", year, quarter), AmountFen: 100 * yuan})
		}
		h = append(h, fact{day: day, data: v})
		switch {
		case i%20 == 11:
			h = append(h, fact{day: day + 40, data: unspend(v.Voucher)})
		case i%50 == 12:
			h = append(h, fact{day: day + 90, data: rule(v.Voucher, "pilot")})
		}
	}
	return h
}

// recorded returns the records of a history, ready to be applied.
func recorded(b testing.TB, h history) []*events.Recorded {
	s := given(b, draft, nil)
	out := make([]*events.Recorded, len(h))
	for i, f := range h {
		f.label = fmt.Sprint("event ", i)
		r, problems := s.record(f, events.Recording)
		if len(problems) > 0 {
			b.Fatal(problems)
		}
		out[i] = &events.Recorded{Record: *r, Revision: uint64(i + 1), Position: uint64(i + 1)}
	}
	return out
}

func fold(b testing.TB, log []*events.Recorded) *aggregates.Center {
	c := aggregates.NewCenter(center)
	for _, r := range log {
		if err := c.Apply(r); err != nil {
			b.Fatal(err)
		}
	}
	return c
}

func BenchmarkEvaluate5000(b *testing.B) {
	c := fold(b, recorded(b, busy(5000)))
	end := date("2027-12-31")
	if e := c.Evaluate(draft, end); e.Events != int(c.Revision()) || len(e.Alerts) == 0 {
		b.Fatalf("%d events, %d alerts", e.Events, len(e.Alerts))
	}
	for b.Loop() {
		c.Evaluate(draft, end)
	}
}

// BenchmarkExplainAll measures explaining all alerts of a center, and for comparison evaluating it.
func BenchmarkExplainAll(b *testing.B) {
	end := date("2027-12-31")
	for _, n := range []int{1000, 5000} {
		c := fold(b, recorded(b, busy(n)))
		alerts := len(c.Evaluate(draft, end).Alerts)
		b.Run(fmt.Sprint("Evaluate", n), func(b *testing.B) {
			for b.Loop() {
				c.Evaluate(draft, end)
			}
		})
		b.Run(fmt.Sprint("Explain", n), func(b *testing.B) {
			for b.Loop() {
				if got := c.Explain(draft, end, "", "", 0); len(got) != alerts {
					b.Fatalf("%d alerts, %d explanations", alerts, len(got))
				}
			}
			b.ReportMetric(float64(alerts), "alerts")
		})
	}
}

// BenchmarkEvaluateAgain applies the last vouchers of a center of 5000 events, and evaluates the center after each.
func BenchmarkEvaluateAgain(b *testing.B) {
	log := recorded(b, busy(5000))
	const last = 200
	end := date("2027-12-31")
	var c *aggregates.Center
	for b.Loop() {
		if c == nil || c.Revision() == uint64(len(log)) {
			b.StopTimer()
			c = fold(b, log[:len(log)-last])
			c.EvaluateAgain(draft, end)
			b.StartTimer()
		}
		if err := c.Apply(log[c.Revision()]); err != nil {
			b.Fatal(err)
		}
		c.EvaluateAgain(draft, end)
	}
}

func BenchmarkJudgeVoucher(b *testing.B) {
	s := given(b, draft, nil)
	s.center = fold(b, recorded(b, busy(5000)))
	for _, c := range []struct{ name, day string }{{"latest", "2027-12-31"}, {"back-dated", "2027-07-20"}} {
		r, problems := s.record(on(c.day, spend("new", "pilot", "G2027-2", wan)), events.Enforce)
		if len(problems) > 0 {
			b.Fatal(problems)
		}
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if v := s.center.Judge(r, draft); v.Refused(events.Enforce) {
					b.Fatal(v.Against(events.Enforce))
				}
			}
		})
	}
}

// BenchmarkApply measures applying one event to a center of 5000 events.
func BenchmarkApply(b *testing.B) {
	log := recorded(b, busy(5000))
	for b.Loop() {
		fold(b, log)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(log)), "ns/event")
}

// BenchmarkJudgeVoiding voids, in a center of 5000 events, the first voucher, which stands alone, and the first
// ruling, after which the whole index is built again.
func BenchmarkJudgeVoiding(b *testing.B) {
	s := given(b, draft, nil)
	log := recorded(b, busy(5000))
	s.center = fold(b, log)
	for _, kind := range []events.Kind{events.KindFundsSpent, events.KindUseRuled} {
		first := log[slices.IndexFunc(log, func(r *events.Recorded) bool { return r.Kind == kind })]
		r, problems := s.record(on("2027-12-31", &events.EntryVoided{Event: first.ID.String(), Reason: "误录"}).by(
			first.By.Role), events.Enforce)
		if len(problems) > 0 {
			b.Fatal(problems)
		}
		b.Run(string(kind), func(b *testing.B) {
			for b.Loop() {
				if v := s.center.Judge(r, draft); v.Refused(events.Enforce) {
					b.Fatal(v.Against(events.Enforce))
				}
			}
		})
	}
}

// BenchmarkClone copies a center of 5000 events.
func BenchmarkClone(b *testing.B) {
	c := fold(b, recorded(b, busy(5000)))
	for b.Loop() {
		c.Clone()
	}
}
