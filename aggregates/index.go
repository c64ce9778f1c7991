package aggregates

import (
	"github.com/taizhang/taizhang/events"
)

// index is the history of a center, sorted by kind of event. It has only entries that are not voided, and only grows.
// A voiding builds a new index from the log.
type index struct {
	registered dated[*events.CenterRegistered]
	facts      series[*events.FactsChanged]

	judgements  series[*events.ConditionJudged]
	waivers     series[*events.WaiverGranted]
	relaxations series[*events.RelaxationGranted]

	appraisals      series[*events.PlanAppraised]
	reviews         series[*events.PreliminaryReviewed]
	planRevisions   series[*events.PlanRevised]
	jointAppraisals series[*events.JointAppraisalHeld]
	meetings        series[*events.SpecialMeetingDecided]
	plaques         series[*events.PlaqueAwarded]
	taskBooks       series[*events.TaskBookFiled]
	governance      series[*events.GovernanceRecorded]

	incidents series[*events.IncidentRecorded]
	listings  series[*events.CreditListed]
	trials    series[*events.TrialRecorded]
	offices   series[*events.CenterAssigned]
	findings  series[*events.AuditFindingOpened]

	names     map[events.Name]place                  // names created by entries, except those of money, which funds and vouchers keep
	referring map[events.Name]series[events.Payload] // entries that refer to a name

	reportsFiled    series[*events.AnnualReportFiled]
	reportsReviewed series[*events.AnnualReportReviewed]
	finalReports    series[struct{}]

	gradings    map[int]series[string] // by year: the grades given, decided or revised
	decisions   series[*events.GradeDecided]
	orders      map[int]dated[*events.RectificationOrdered]
	acceptances map[int]series[struct{}]
	interviews  map[int]series[struct{}] // with the principal
	revocations series[*events.QualificationRevoked]

	words map[int]series[bool] // by fiscal year: true a deferral, false a release

	declared   *declarations // shared by every index of a center
	projects   map[string]dated[*events.ProjectApproved]
	funds      []*fund // by number; nil if the fund is not recorded or is voided
	fundOrder  series[*fund]
	allocation series[allocated]             // grants and their reversals
	flows      series[flow]                  // all movements that change a rate
	receipts   []received                    // receipts and recoveries, by number
	vouchers   pages[voucher]                // by number
	rulings    map[uint32]series[events.Use] // by number of the voucher
	reversals  map[string]bool               // names of reversal vouchers
	books      map[string]*book
	bookOrder  []*book // by first naming or signing, in recording order

	closings map[closingKey]series[struct{}]

	turnoverFen events.Fen
}

type closingKey struct {
	code Code
	key  string
}

// fund is a subsidy grant or a match. A match is money of local government.
type fund struct {
	place
	number     uint32
	id         string
	match      bool
	source     events.Source
	sourceAt   int // index in sources
	category   string
	fiscalYear int
	forYear    int
	project    string
	amountFen  events.Fen
	dueOn      events.Date

	receipts series[events.Fen]
	reversed series[events.Fen] // subsidy.reversed
	moves    []move             // movements of the balance, in the order of AL-FND-03
	totals   totals
}

// totals holds the sums of a fund over everything recorded.
type totals struct {
	reversedFen, receivedFen, recoveredFen, spentFen events.Fen
}

func (f *fund) netFen() events.Fen { return f.amountFen - f.totals.reversedFen }

func (f *fund) balanceFen() events.Fen {
	return f.totals.receivedFen - f.totals.recoveredFen - f.totals.spentFen
}

// move is one movement of a fund's balance. On one day receipts and recoveries come before spending.
type move struct {
	place
	spender  uint32 // the number of the voucher, or 0 for a movement that is not spending
	deltaFen events.Fen
}

func (m move) before(o move) bool {
	if m.on != o.on {
		return m.on < o.on
	}
	if (m.spender == 0) != (o.spender == 0) {
		return m.spender == 0
	}
	return m.rev < o.rev
}

// allocated is a grant, whose delta is its amount, or a reversal of a grant, whose delta is negative.
type allocated struct {
	fund     *fund
	deltaFen events.Fen
}

// flow is one movement of received or spent money, or a ruling, which changes whether spending is eligible.
type flow struct {
	what   flowKind
	number uint32 // the number of the voucher, or of the receipt or recovery in index.receipts
}

// received is a receipt of a fund, or a recovery, whose delta is negative.
type received struct {
	fund     *fund
	deltaFen events.Fen
}

type flowKind uint8

const (
	receiptFlow flowKind = iota
	recoveryFlow
	spendingFlow
	reversalFlow
	rulingFlow
)

// book is an entrustment task book. A voucher may name it before it is signed.
type book struct {
	id            string
	signed        dated[*events.EntrustmentSigned]
	vouchers      series[uint32] // their numbers
	confirmations series[struct{}]
}

// newIndex returns an empty index for the declared vouchers, with the capacity of the index like.
func newIndex(declared *declarations, like *index) *index {
	var vouchers pages[voucher]
	for i := range like.vouchers.len() {
		vouchers.add(voucher{declaration: like.vouchers.at(i).declaration})
	}
	return &index{
		declared: declared, vouchers: vouchers, flows: make(series[flow], 0, len(like.flows)), rulings: map[uint32]series[events.Use]{},
		names: map[events.Name]place{}, referring: map[events.Name]series[events.Payload]{},
		gradings: map[int]series[string]{}, orders: map[int]dated[*events.RectificationOrdered]{},
		acceptances: map[int]series[struct{}]{}, interviews: map[int]series[struct{}]{},
		words: map[int]series[bool]{}, projects: map[string]dated[*events.ProjectApproved]{},
		reversals: map[string]bool{}, books: map[string]*book{}, closings: map[closingKey]series[struct{}]{},
	}
}

func addTo[K comparable, T any](m map[K]series[T], key K, at place, what T) {
	s := m[key]
	s.add(at, what)
	m[key] = s
}

// add files one entry that is not nonsense. An entry of a kind without a case here changes no answer; only its name is
// taken.
func (ix *index) add(at place, data events.Payload) {
	var nothing struct{}
	switch p := data.(type) {
	case *events.CenterRegistered:
		ix.registered = dated[*events.CenterRegistered]{at, p}
	case *events.FactsChanged:
		ix.facts.add(at, p)
	case *events.ConditionJudged:
		ix.judgements.add(at, p)
	case *events.WaiverGranted:
		ix.waivers.add(at, p)
	case *events.RelaxationGranted:
		ix.relaxations.add(at, p)
	case *events.PlanAppraised:
		ix.appraisals.add(at, p)
	case *events.PreliminaryReviewed:
		ix.reviews.add(at, p)
	case *events.PlanRevised:
		ix.planRevisions.add(at, p)
	case *events.JointAppraisalHeld:
		ix.jointAppraisals.add(at, p)
	case *events.SpecialMeetingDecided:
		ix.meetings.add(at, p)
	case *events.PlaqueAwarded:
		ix.plaques.add(at, p)
	case *events.TaskBookFiled:
		ix.taskBooks.add(at, p)
	case *events.GovernanceRecorded:
		ix.governance.add(at, p)
	case *events.IncidentRecorded:
		ix.incidents.add(at, p)
	case *events.CreditListed:
		ix.listings.add(at, p)
	case *events.TrialRecorded:
		ix.trials.add(at, p)
	case *events.CenterAssigned:
		ix.offices.add(at, p)
	case *events.AuditFindingOpened:
		ix.findings.add(at, p)
	case *events.ProjectApproved:
		ix.projects[p.Project] = dated[*events.ProjectApproved]{at, p}
	case *events.AnnualReportFiled:
		ix.reportsFiled.add(at, p)
	case *events.AnnualReportReviewed:
		ix.reportsReviewed.add(at, p)
	case *events.FinalReportFiled:
		ix.finalReports.add(at, nothing)
	case *events.GradeDecided:
		ix.decisions.add(at, p)
		addTo(ix.gradings, p.Year, at, p.Grade)
	case *events.GradeRevised:
		addTo(ix.gradings, p.Year, at, p.Grade)
	case *events.RectificationOrdered:
		ix.orders[p.Year] = dated[*events.RectificationOrdered]{at, p}
	case *events.RectificationAccepted:
		addTo(ix.acceptances, p.Year, at, nothing)
	case *events.InterviewHeld:
		if p.Principal {
			addTo(ix.interviews, p.Year, at, nothing)
		}
	case *events.QualificationRevoked:
		ix.revocations.add(at, p)
	case *events.AllocationDeferred:
		addTo(ix.words, p.FiscalYear, at, true)
	case *events.DeferralReleased:
		addTo(ix.words, p.FiscalYear, at, false)
	case *events.AlertClosed:
		addTo(ix.closings, closingKey{Code(p.Code), p.Key}, at, nothing)
	default:
		if ix.addMoney(at, data) {
			return
		}
	}
	ix.addNames(at, data)
}

// addNames files the name that an entry creates, and the entry under the name that it refers to.
func (ix *index) addNames(at place, data events.Payload) {
	f := events.FacetsOf(data)
	if f.Creates != (events.Name{}) {
		ix.names[f.Creates] = at
	}
	if f.Refers != (events.Name{}) {
		addTo(ix.referring, f.Refers, at, data)
	}
}

// firstOf returns the first entry with payload P that refers to a name and is not after a date, or nil.
func firstOf[P events.Payload](ix *index, space, id string, d events.Date) *dated[events.Payload] {
	return ix.referring[events.Name{Space: space, ID: id}].upTo(d).first(func(p events.Payload) bool {
		_, ok := p.(P)
		return ok
	})
}
