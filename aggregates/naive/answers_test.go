package naive_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/naive"
	"github.com/taizhang/taizhang/events"
)

func TestEveryAlertIsExplainedOnceByEventsThatStand(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := tellAny(t)
		on := s.asOf(t)
		stands := map[uuid.UUID]bool{}
		for i := range s.log {
			_, voided := s.center.Voided(s.log[i].ID)
			stands[s.log[i].ID] = s.log[i].On <= on && !voided
		}
		alerts := s.center.Evaluate(s.timeline, on).Alerts
		all := s.center.Explain(s.timeline, on, "", "", 0)
		if !slices.EqualFunc(all, alerts, func(x aggregates.Explanation, a aggregates.Alert) bool {
			return x.Alert == a
		}) {
			t.Fatalf("as of %v: the alerts are\n%+v\nand all explanations are\n%+v\n%v", on, alerts, all, s)
		}
		for i, a := range alerts {
			found := slices.DeleteFunc(s.center.Explain(s.timeline, on, a.Code, a.Key, a.RaisedOn),
				// asking for no key is asking for every key
				func(x aggregates.Explanation) bool { return x.Key != a.Key })
			if len(found) != 1 || found[0].Alert != a {
				t.Fatalf("as of %v: %+v is explained by %+v\n%v", on, a, found, s)
			}
			x := found[0]
			if !slices.Equal(x.Because, all[i].Because) || !slices.Equal(x.Figures, all[i].Figures) {
				t.Fatalf("as of %v: %+v is explained alone by %+v and among all by %+v\n%v", on, a, x, all[i], s)
			}
			if x.Policy == nil || len(x.Rules) == 0 || x.Cleared.En == "" || x.Cleared.Zh == "" {
				t.Fatalf("as of %v: the explanation of %+v lacks a policy, a rule or what clears it\n%v", on, a, s)
			}
			for _, id := range x.Because {
				if !stands[id] {
					t.Fatalf("as of %v: %+v follows from %v, which is not there\n%v", on, a, id, s)
				}
			}
		}
	})
}

func TestBalancesAreWhatArrivedLessWhatWent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := tellAny(t)
		got, want := s.center.Balances(), s.plainBalances(events.YearEnd(events.YearMax))
		if !maps.Equal(got, want) {
			t.Fatalf("balances %v, want %v\n%v", got, want, s)
		}
		on := s.asOf(t)
		if got, want := s.center.BalancesOn(on), s.plainBalances(on); !maps.Equal(got, want) {
			t.Fatalf("balances as of %v: %v, want %v\n%v", on, got, want, s)
		}
	})
}

// plainBalances returns the sum of the movements of every grant and match up to a date, without voided ones.
func (s *story) plainBalances(on events.Date) map[string]events.Fen {
	sum, vouchers := map[string]events.Fen{}, map[string]*events.FundsSpent{}
	for i := range s.log {
		if _, voided := s.center.Voided(s.log[i].ID); voided || s.log[i].On > on {
			continue
		}
		switch p := s.log[i].Data.(type) {
		case *events.SubsidyGranted:
			sum[p.Grant] += 0
		case *events.MatchingCommitted:
			sum[p.Match] += 0
		case *events.SubsidyReceived:
			sum[p.Grant] += p.AmountFen
		case *events.MatchingReceived:
			sum[p.Match] += p.AmountFen
		case *events.FundsRecovered:
			sum[p.Grant] -= p.AmountFen
		case *events.FundsSpent:
			vouchers[p.Voucher] = p
			for _, l := range p.Lines {
				sum[l.Grant] -= l.AmountFen
			}
		case *events.SpendingReversed:
			for _, l := range vouchers[p.Voucher].Lines {
				sum[l.Grant] += l.AmountFen
			}
		}
	}
	return sum
}

func TestNoMoneyIsLostBetweenScopesAndYears(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := tellAny(t)
		on := s.asOf(t)
		type line struct {
			year  int
			scope aggregates.Scope
		}
		money, sources := map[line]aggregates.Money{}, map[int][]events.Source{}
		for _, x := range s.center.Evaluate(s.timeline, on).Executions {
			money[line{x.Year, x.Scope}] = x.Money
		}
		for year := s.log[0].On.Year(); year <= on.Year(); year++ {
			sources[year] = s.timeline.Reading(min(on, events.YearEnd(year))).Parameters.RateSources.Value
			province, central := money[line{year, aggregates.ProvinceScope}],
				money[line{year, aggregates.CentralScope}]
			if fiscal := money[line{year, aggregates.FiscalScope}]; !slices.Contains(sources[year],
				events.CentralGuidance) && province.Plus(central) != fiscal {
				t.Fatalf("as of %v: %d: province %+v and central %+v are not fiscal %+v\n%v", on, year, province,
					central, fiscal, s)
			}
			for _, scope := range aggregates.Scopes {
				now, before := money[line{year, scope}], money[line{year - 1, scope}]
				if slices.Equal(sources[year], sources[year-1]) && now.CarriedInFen != before.BalanceFen() {
					t.Fatalf("as of %v: %s: %d is left of %d and %d carried into %d\n%v", on, scope,
						before.BalanceFen(), year-1, now.CarriedInFen, year, s)
				}
			}
		}
	})
}

// executionFigures holds the figures of a line of the execution report.
var executionFigures = map[string]func(aggregates.Money) events.Fen{
	"granted":    func(m aggregates.Money) events.Fen { return m.GrantedFen },
	"carriedIn":  func(m aggregates.Money) events.Fen { return m.CarriedInFen },
	"received":   func(m aggregates.Money) events.Fen { return m.ReceivedFen },
	"spentAll":   func(m aggregates.Money) events.Fen { return m.SpentAllFen },
	"ineligible": func(m aggregates.Money) events.Fen { return m.IneligibleFen },
	"available":  aggregates.Money.AvailableFen,
	"executed":   aggregates.Money.ExecutedFen,
	"balance":    aggregates.Money.BalanceFen,
}

func TestTheRecordsBehindAFigureSumToIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := tellAny(t)
		on := s.asOf(t)
		executions := s.center.Evaluate(s.timeline, on).Executions
		for year := s.log[0].On.Year() - 1; year <= on.Year()+1; year++ {
			for _, scope := range aggregates.Scopes {
				var want aggregates.Money // zero without a line
				for _, x := range executions {
					if x.Year == year && x.Scope == scope {
						want = x.Money
					}
				}
				movements := s.center.Movements(s.timeline, on, year, scope)
				s.areOnceAndStand(t, movements, on)
				for name, figure := range executionFigures {
					var sum events.Fen
					for _, m := range movements {
						if m.Behind(figure) {
							sum += figure(m.Money)
						}
					}
					if sum != figure(want) {
						t.Fatalf("as of %v: %d %s %s is %d, and its records %+v sum to %d\n%v", on, year, scope, name,
							figure(want), movements, sum, s)
					}
				}
			}
		}
	})
}

// areOnceAndStand fails unless each movement belongs to a record that counts on a date, and the records are named
// once each, in the order of recording.
func (s *story) areOnceAndStand(t *rapid.T, movements []aggregates.Movement, on events.Date) {
	t.Helper()
	var last uint64
	for _, m := range movements {
		if m.From.Revision <= last || m.From.Revision > uint64(len(s.log)) {
			t.Fatalf("as of %v: revision %d is named after %d\n%v", on, m.From.Revision, last, s)
		}
		last = m.From.Revision
		r := &s.log[last-1]
		if _, voided := s.center.Voided(r.ID); r.ID != m.From.ID || r.On > on || voided {
			t.Fatalf("as of %v: %+v is no record that counts\n%v", on, m, s)
		}
	}
}

func TestLocalAndFiscalBalancesAreTheBalancesOfAllGrants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := tell(t, onlyTheDraft)
		on := events.MustDate("2030-12-31")
		var reported, kept events.Fen
		for _, x := range s.center.Evaluate(s.timeline, on).Executions {
			if x.Year == on.Year() && (x.Scope == aggregates.FiscalScope || x.Scope == aggregates.LocalScope) {
				reported += x.BalanceFen()
			}
		}
		for _, fen := range s.center.Balances() {
			kept += fen
		}
		if reported != kept {
			t.Fatalf("%d fen are reported to be left, %d are\n%v", reported, kept, s)
		}
	})
}

// raisedBy returns the kind of decision that raises an alert by breaking a rule which enforce mode checks. The caps
// on sums are left out: the alert counts grants and reversals in order, and the judgement counts all records.
func raisedBy(a aggregates.Alert) events.Kind {
	switch a.Code {
	case "AL-ADM-01", "AL-ADM-02":
		return events.KindPreliminaryReviewed
	case "AL-ADM-03":
		if a.Key == "relaxation" {
			return events.KindRelaxationGranted
		}
		return events.KindWaiverGranted
	case "AL-PRC-01":
		return events.Kind(a.Key)
	case "AL-PRC-03":
		return events.KindJointAppraisalHeld
	case "AL-EVL-02", "AL-EVL-03":
		return events.KindGradeDecided
	case "AL-PRJ-02", "AL-PRJ-04", "AL-EXE-03":
		return events.KindSubsidyGranted
	case "AL-FND-03":
		return events.KindFundsSpent
	}
	return ""
}

func TestADecisionAgainstWhichNothingIsSaidRaisesNoAlert(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, c := tellAny(t), aggregates.NewCenter(center)
		for i := range s.log {
			r := &s.log[i]
			before := c.Evaluate(s.timeline, r.On).Alerts
			mustApply(t, s, c, s.log[i:i+1])
			if len(r.Breaks) > 0 || !events.Lookup(r.Kind).Decision {
				continue
			}
			for _, a := range c.Evaluate(s.timeline, r.On).Alerts {
				was := slices.ContainsFunc(before, func(b aggregates.Alert) bool {
					return b.Code == a.Code && b.Key == a.Key && b.RaisedOn == a.RaisedOn
				})
				if !was && a.RaisedOn == r.On && raisedBy(a) == r.Kind {
					t.Fatalf("record %d, against which nothing is said, raises %+v\n%v", i+1, a, s)
				}
			}
		}
	})
}

func TestAnAlertIsClosedExactlyWhenItIsOpenAndMayBe(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := tellAny(t)
		on := max(s.asOf(t), s.log[0].On)
		alerts := naive.Evaluate(s.log, s.timeline, on).Alerts
		for i, a := range alerts {
			key := alerts[(i+rapid.IntRange(0, 1).Draw(t, "another's key"))%len(alerts)].Key
			r := events.Record{ID: uuid.Max, Kind: events.KindAlertClosed, Center: center, On: on,
				Mode: events.Enforce,
				By:   events.By{Role: events.Auditor, Actor: "x-01"},
				Data: &events.AlertClosed{Code: string(a.Code), Key: key, Reason: "已整改"}}
			verdict := s.center.Judge(&r, s.timeline)
			want := aggregates.LookupAlert(a.Code).Closable &&
				slices.ContainsFunc(alerts, func(b aggregates.Alert) bool {
					return b.Code == a.Code && b.Key == key && b.Open()
				})
			if got := !verdict.Refused(r.Mode); got != want {
				t.Fatalf("on %v: closing %s %q accepted %v, want %v\n%v", on, a.Code, key, got, want, s)
			}
		}
	})
}
