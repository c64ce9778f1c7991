package events

import (
	"strconv"
	"strings"
)

// Facets is what a reader asks of a record of any kind: how much money, about what, and which name it takes.
type Facets struct {
	AmountFen Fen    // that it moves, of a voucher without the center's own money; 0 for none
	Subject   string // the grant, match, voucher, task book, alert and so on that it is about; "" for none
	Creates   Name   // which no other record of the center may create; the zero Name for none
	Field     string // of the record, that holds the name it creates
}

// Name is an id among those of one space, such as the vouchers of a center.
type Name struct{ Space, ID string }

// The spaces of names. Grants and matches share one, because a voucher names either.
const (
	grants     = "grant"
	vouchers   = "voucher"
	taskBooks  = "taskBook"
	projects   = "project"
	incidents  = "incident"
	listings   = "listing"
	trials     = "trial"
	findings   = "finding"
	gradeYears = "year"
)

// FacetsOf returns the facets of a payload. A kind that is not named here has none.
func FacetsOf(data Payload) Facets {
	switch p := data.(type) {
	case *SubsidyGranted:
		return Facets{p.AmountFen, p.Grant, Name{grants, p.Grant}, "data.grant"}
	case *SubsidyReversed:
		return Facets{AmountFen: p.AmountFen, Subject: p.Grant}
	case *SubsidyReceived:
		return Facets{AmountFen: p.AmountFen, Subject: p.Grant}
	case *FundsRecovered:
		return Facets{AmountFen: p.AmountFen, Subject: p.Grant}
	case *MatchingCommitted:
		return Facets{p.AmountFen, p.Match, Name{grants, p.Match}, "data.match"}
	case *MatchingReceived:
		return Facets{AmountFen: p.AmountFen, Subject: p.Match}
	case *FundsSpent:
		return Facets{p.linesFen(), p.Voucher, Name{vouchers, p.Voucher}, "data.voucher"}
	case *SpendingReversed:
		return Facets{0, p.Voucher, Name{vouchers, p.ReversalVoucher}, "data.reversalVoucher"}
	case *UseRuled:
		return Facets{Subject: p.Voucher}
	case *EntrustmentSigned:
		return Facets{p.AmountFen, p.TaskBook, Name{taskBooks, p.TaskBook}, "data.taskBook"}
	case *SeparateAccountConfirmed:
		return Facets{Subject: p.TaskBook}
	case *OutTransferSettled:
		return Facets{AmountFen: p.AmountFen, Subject: p.TaskBook}
	}
	return otherFacets(data)
}

// otherFacets returns the facets of payloads that move no money.
func otherFacets(data Payload) Facets {
	creates := func(space, id string) Facets { return Facets{0, id, Name{space, id}, "data." + space} }
	switch p := data.(type) {
	case *ProjectApproved:
		return creates(projects, p.Project)
	case *IncidentRecorded:
		return creates(incidents, p.Incident)
	case *IncidentClosed:
		return Facets{Subject: p.Incident}
	case *CreditListed:
		return creates(listings, p.Listing)
	case *CreditDelisted:
		return Facets{Subject: p.Listing}
	case *TrialRecorded:
		return creates(trials, p.Trial)
	case *AuditFindingOpened:
		return creates(findings, p.Finding)
	case *AuditFindingClosed:
		return Facets{Subject: p.Finding}
	case *GradeDecided:
		return Facets{Creates: Name{gradeYears, strconv.Itoa(p.Year)}, Field: "data.year"}
	case *AlertClosed:
		return Facets{Subject: strings.TrimSpace(p.Code + " " + p.Key)}
	case *PolicyAdopted:
		return Facets{Subject: p.ID + "@" + p.Version}
	case *EntryVoided:
		return Facets{Subject: p.Event}
	}
	return Facets{}
}

// linesFen returns what the voucher takes from grants and matches.
func (p *FundsSpent) linesFen() (sum Fen) {
	for _, l := range p.Lines {
		sum += l.AmountFen
	}
	return sum
}
