package aggregates

import (
	"github.com/taizhang/taizhang/events"
)

// index is the history of a center, sorted by what happened. It holds only what is not voided and only ever grows;
// a voiding builds another from the log.
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

	incidents     series[*events.IncidentRecorded]
	incidentsDone map[string]series[struct{}]
	incidentNames map[string]place
	listings      series[*events.CreditListed]
	listingsDone  map[string]series[struct{}]
	listingNames  map[string]place
	trials        series[*events.TrialRecorded]
	trialNames    map[string]place
	findings      series[*events.AuditFindingOpened]
	findingsDone  map[string]series[struct{}]
	findingNames  map[string]place

	reportsFiled    series[*events.AnnualReportFiled]
	reportsReviewed series[*events.AnnualReportReviewed]
	finalReports    series[struct{}]

	gradings    map[int]series[string] // by year: the grades given, decided or revised
	decisions   series[*events.GradeDecided]
	decidedIn   map[int]place
	orders      map[int]dated[*events.RectificationOrdered]
	acceptances map[int]series[struct{}]
	interviews  map[int]series[struct{}] // with the principal
	revocations series[*events.QualificationRevoked]

	words map[int]series[bool] // by fiscal year: true a deferral, false a release

	declared   *declarations // shared by every index of a center
	projects   map[string]dated[*events.ProjectApproved]
	funds      []*fund // by number; nil when it is not there
	fundOrder  series[*fund]
	allocation series[allocated]             // grants and their reversals
	flows      series[flow]                  // everything that moves a rate
	receipts   []received                    // and recoveries, by number
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

// fund is a subsidy grant, or a match: money of local government.
type fund struct {
	place
	number     uint32
	id         string
	match      bool
	source     events.Source
	sourceAt   int // in sources
	category   string
	fiscalYear int
	forYear    int
	project    string
	amountFen  events.Fen
	dueOn      events.Date

	receipts series[events.Fen]
	reversed series[events.Fen] // subsidy.reversed
	moves    []move             // of the balance, in the order of AL-FND-03
	totals   totals
}

// totals is a fund over everything recorded.
type totals struct {
	reversedFen, receivedFen, recoveredFen, spentFen events.Fen
}

func (f *fund) netFen() events.Fen { return f.amountFen - f.totals.reversedFen }

func (f *fund) balanceFen() events.Fen {
	return f.totals.receivedFen - f.totals.recoveredFen - f.totals.spentFen
}

// move is one movement of a fund's balance. On one day money in and out by others comes before spending.
type move struct {
	place
	spender  uint32 // the number of the voucher, 0 unless it is spending
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

// allocated is a grant (delta its amount) or a reversal of one (delta negative).
type allocated struct {
	fund     *fund
	deltaFen events.Fen
}

// flow is one movement of received or spent money, or a ruling, which moves what of it is eligible.
type flow struct {
	what   flowKind
	number uint32 // of the voucher, or of the receipt or recovery in index.receipts
}

// received is money that came to a fund, or went back (delta negative).
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

// book is an entrustment task book; it may be named by a voucher before it is signed.
type book struct {
	id            string
	signed        dated[*events.EntrustmentSigned]
	vouchers      series[uint32] // their numbers
	confirmations series[struct{}]
}

// newIndex returns an empty index of the vouchers declared, with room for as much as another holds.
func newIndex(declared *declarations, like *index) *index {
	var vouchers pages[voucher]
	for i := range like.vouchers.len() {
		vouchers.add(voucher{declaration: like.vouchers.at(i).declaration})
	}
	return &index{
		declared: declared, vouchers: vouchers, flows: make(series[flow], 0, len(like.flows)), rulings: map[uint32]series[events.Use]{},
		incidentsDone: map[string]series[struct{}]{}, incidentNames: map[string]place{},
		listingsDone: map[string]series[struct{}]{}, listingNames: map[string]place{},
		trialNames: map[string]place{}, findingsDone: map[string]series[struct{}]{}, findingNames: map[string]place{},
		gradings: map[int]series[string]{}, decidedIn: map[int]place{}, orders: map[int]dated[*events.RectificationOrdered]{},
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

// add files one entry that is not nonsense. Kinds without a case here change no answer; they are history alone.
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
		ix.incidentNames[p.Incident] = at
	case *events.IncidentClosed:
		addTo(ix.incidentsDone, p.Incident, at, nothing)
	case *events.CreditListed:
		ix.listings.add(at, p)
		ix.listingNames[p.Listing] = at
	case *events.CreditDelisted:
		addTo(ix.listingsDone, p.Listing, at, nothing)
	case *events.TrialRecorded:
		ix.trials.add(at, p)
		ix.trialNames[p.Trial] = at
	case *events.AuditFindingOpened:
		ix.findings.add(at, p)
		ix.findingNames[p.Finding] = at
	case *events.AuditFindingClosed:
		addTo(ix.findingsDone, p.Finding, at, nothing)
	case *events.AnnualReportFiled:
		ix.reportsFiled.add(at, p)
	case *events.AnnualReportReviewed:
		ix.reportsReviewed.add(at, p)
	case *events.FinalReportFiled:
		ix.finalReports.add(at, nothing)
	case *events.GradeDecided:
		ix.decisions.add(at, p)
		ix.decidedIn[p.Year] = at
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
		ix.addMoney(at, data)
	}
}
