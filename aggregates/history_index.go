package aggregates

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/taizhang/taizhang/events"
)

// index is the history of a center, sorted by kind of event. It has only entries that are not voided. Entries are
// only added; voided vouchers are removed. Any other voiding builds a new index from the log.
type index struct {
	owner      *owner
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

	// names created by entries, except those of money, which funds and vouchers keep
	names     lookup[events.Name, place]
	referring tree[reference, unsummed]

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
	projects   lookup[string, dated[*events.ProjectApproved]]
	funds      pages[*fund]      // by number; nil if the fund is not recorded or is voided
	fundOrder  series[uint32]    // their numbers
	allocation series[allocated] // grants and their reversals
	flows      sequence[flow]    // all movements that change a rate
	receipts   []received        // receipts and recoveries, by number
	vouchers   pages[voucher]    // by number
	rulings    tree[ruling, unsummed]
	reversals  numbering[string]     // names of reversal vouchers
	books      lookup[string, *book] // by first naming or signing, in recording order

	closings tree[closing, unsummed]

	turnoverFen events.Fen
}

// reference is an entry that refers to a name.
type reference struct {
	name events.Name
	place
	data events.Payload
}

func (r reference) less(o reference) bool {
	if c := cmp.Or(strings.Compare(r.name.Space, o.name.Space), strings.Compare(r.name.ID, o.name.ID)); c != 0 {
		return c < 0
	}
	return r.place.before(o.place)
}

func (reference) sum([]reference) unsummed { return unsummed{} }

// ruling is a ruling on the use of a voucher.
type ruling struct {
	voucher uint32 // its number
	place
	use events.Use
}

func (r ruling) less(o ruling) bool {
	if r.voucher != o.voucher {
		return r.voucher < o.voucher
	}
	return r.place.before(o.place)
}

func (ruling) sum([]ruling) unsummed { return unsummed{} }

// closing is the closing out of an alert.
type closing struct {
	code Code
	key  string
	place
}

func (c closing) less(o closing) bool {
	if c := cmp.Or(strings.Compare(string(c.code), string(o.code)), strings.Compare(c.key, o.key)); c != 0 {
		return c < 0
	}
	return c.place.before(o.place)
}

func (closing) sum([]closing) unsummed { return unsummed{} }

// fund is a subsidy grant or a match. A match is money of local government.
type fund struct {
	owner *owner
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
	moves    tree[move, reach]  // movements of the balance, in the order of AL-FND-03
	totals   totals
}

// totals holds the sums of a fund over all records.
type totals struct {
	reversedFen, receivedFen, recoveredFen, spentFen events.Fen
}

func (f *fund) netFen() events.Fen { return f.amountFen - f.totals.reversedFen }

func (f *fund) balanceFen() events.Fen {
	return f.totals.receivedFen - f.totals.recoveredFen - f.totals.spentFen
}

// move is the change that one entry makes in the balance of a fund. On one day receipts and recoveries come before
// spending.
type move struct {
	place
	spender  uint32 // the number of the voucher, or 0 for a movement that is not spending
	deltaFen events.Fen
}

func (m move) less(o move) bool {
	if m.on != o.on {
		return m.on < o.on
	}
	if (m.spender == 0) != (o.spender == 0) {
		return m.spender == 0
	}
	return m.rev < o.rev
}

func (move) sum(list []move) (r reach) {
	for i := range list {
		if r.sumFen += list[i].deltaFen; list[i].spender == 0 {
			continue
		}
		if !r.spends {
			r.spends, r.lowestFen, r.highestFen = true, r.sumFen, r.sumFen
		}
		r.lowestFen, r.highestFen = min(r.lowestFen, r.sumFen), max(r.highestFen, r.sumFen)
	}
	return r
}

// reach summarizes consecutive moves of a fund: their sum, and how far the balance after a voucher goes below and
// above the balance before all of them.
type reach struct {
	sumFen                events.Fen
	spends                bool // whether there is a voucher; if not, the next fields are zero
	lowestFen, highestFen events.Fen
}

func (r reach) plus(later reach) reach {
	if later.spends {
		low, high := r.sumFen+later.lowestFen, r.sumFen+later.highestFen
		if r.spends {
			low, high = min(r.lowestFen, low), max(r.highestFen, high)
		}
		r.spends, r.lowestFen, r.highestFen = true, low, high
	}
	r.sumFen += later.sumFen
	return r
}

// allocated is a grant, whose delta is its amount, or a reversal of a grant, whose delta is negative.
type allocated struct {
	fund     uint32 // its number
	deltaFen events.Fen
}

// flow is one movement of received or spent money, or a ruling, which changes whether spending is eligible.
type flow struct {
	what   flowKind
	number uint32 // the number of the voucher, or of the receipt or recovery in index.receipts
}

// received is a receipt of a fund, or a recovery, whose delta is negative.
type received struct {
	fund     uint32 // its number
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
	owner         *owner
	id            string
	signed        dated[*events.EntrustmentSigned]
	vouchers      sequence[uint32] // their numbers
	confirmations series[struct{}]
}

// newIndex returns an empty index for the declared vouchers, with the capacity of the index like.
func newIndex(declared *declarations, like *index) *index {
	own := new(owner)
	var vouchers pages[voucher]
	for i := range like.vouchers.len() {
		vouchers.add(own, voucher{declaration: like.vouchers.at(i).declaration})
	}
	return &index{
		owner: own, declared: declared, vouchers: vouchers,
		gradings: map[int]series[string]{}, orders: map[int]dated[*events.RectificationOrdered]{},
		acceptances: map[int]series[struct{}]{}, interviews: map[int]series[struct{}]{}, words: map[int]series[bool]{},
	}
}

// clone returns a copy that shares the memory of the index. The copy has a new owner, and the index needs a new one
// too. The index may go on to append to its lists in place, because the lists of the copy are clipped.
func (ix *index) clone() *index {
	c := *ix
	c.owner, c.declared = new(owner), ix.declared.clone()
	clip(&c.facts)
	clip(&c.judgements)
	clip(&c.waivers)
	clip(&c.relaxations)
	clip(&c.appraisals)
	clip(&c.reviews)
	clip(&c.planRevisions)
	clip(&c.jointAppraisals)
	clip(&c.meetings)
	clip(&c.plaques)
	clip(&c.taskBooks)
	clip(&c.governance)
	clip(&c.incidents)
	clip(&c.listings)
	clip(&c.trials)
	clip(&c.offices)
	clip(&c.findings)
	clip(&c.reportsFiled)
	clip(&c.reportsReviewed)
	clip(&c.finalReports)
	clip(&c.decisions)
	clip(&c.revocations)
	clip(&c.fundOrder)
	clip(&c.allocation)
	c.receipts = slices.Clip(c.receipts)
	c.gradings, c.acceptances, c.interviews, c.words = clipped(c.gradings), clipped(c.acceptances),
		clipped(c.interviews), clipped(c.words)
	c.orders = maps.Clone(c.orders)
	return &c
}

func clip[T any](s *series[T]) { *s = slices.Clip(*s) }

func clipped[T any](m map[int]series[T]) map[int]series[T] {
	c := make(map[int]series[T], len(m))
	for year, s := range m {
		c[year] = slices.Clip(s)
	}
	return c
}

func addTo[K comparable, T any](m map[K]series[T], key K, at place, what T) {
	s := m[key]
	s.add(at, what)
	m[key] = s
}

// add files one entry that is not nonsense. An entry of a kind without a case here changes no answer; only its names
// are filed.
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
		ix.projects.put(ix.owner, p.Project, dated[*events.ProjectApproved]{at, p})
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
		ix.closings.put(ix.owner, closing{Code(p.Code), p.Key, at})
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
		ix.names.put(ix.owner, f.Creates, at)
	}
	if f.Refers != (events.Name{}) {
		ix.referring.put(ix.owner, reference{f.Refers, at, data})
	}
}

// firstOf returns the first entry with payload P that refers to a name and is not after a date, or nil.
func firstOf[P events.Payload](ix *index, space, id string, d events.Date) *dated[events.Payload] {
	name := events.Name{Space: space, ID: id}
	for part := range ix.referring.parts(reference{name: name}) {
		for _, r := range part {
			if r.name != name || r.on > d {
				return nil
			}
			if _, ok := r.data.(P); ok {
				return &dated[events.Payload]{r.place, r.data}
			}
		}
	}
	return nil
}
