package events

import (
	"github.com/taizhang/taizhang/events/text"
)

// ProjectApproved approves a project for support (R17-2).
type ProjectApproved struct {
	Project                string `json:"project"`
	Name                   string `json:"name"`
	MajorPilotVerification bool   `json:"majorPilotVerification"`
	Eligible               bool   `json:"eligible"`
}

func (p *ProjectApproved) check(c *checker) { c.id("project", p.Project) }
func (p *ProjectApproved) facets() Facets   { return creates("project", p.Project) }

// SubsidyGranted issues an allocation (R17-1, R17-2).
type SubsidyGranted struct {
	Grant      string `json:"grant"`
	Category   string `json:"category"`
	Source     Source `json:"source"`
	FiscalYear int    `json:"fiscalYear"`
	ForYear    int    `json:"forYear,omitzero"`
	Project    string `json:"project,omitzero"`
	AmountFen  Fen    `json:"amountFen"`
}

func (p *SubsidyGranted) check(c *checker) {
	c.id("grant", p.Grant)
	c.oneOf("category", p.Category, Categories)
	c.oneOf("source", string(p.Source), grantSources)
	c.year("fiscalYear", p.FiscalYear)
	if y := c.on.Year(); p.FiscalYear != y && p.FiscalYear != y+1 {
		c.add("fiscalYear", text.Say("财政年度 %d 应为下达日 %v 的当年或次年",
			"%d must be the year of the date (%v) or the next year", p.FiscalYear, c.on))
	}
	if p.ForYear != 0 {
		c.year("forYear", p.ForYear)
	}
	c.amount("amountFen", p.AmountFen)
}

func (p *SubsidyGranted) facets() Facets { return creates("grant", p.Grant).of(p.AmountFen) }

// SubsidyReversed takes back a part or the whole of a grant; the net grant is what remains.
type SubsidyReversed struct {
	Grant     string `json:"grant"`
	AmountFen Fen    `json:"amountFen"`
	Reason    string `json:"reason"`
}

func (p *SubsidyReversed) check(c *checker) {
	c.id("grant", p.Grant)
	c.amount("amountFen", p.AmountFen)
}

func (p *SubsidyReversed) facets() Facets { return refers("grant", p.Grant).of(p.AmountFen) }

// SubsidyReceived is the receipt of money of a grant.
type SubsidyReceived struct {
	Grant     string `json:"grant"`
	AmountFen Fen    `json:"amountFen"`
}

func (p *SubsidyReceived) check(c *checker) {
	c.id("grant", p.Grant)
	c.amount("amountFen", p.AmountFen)
}

func (p *SubsidyReceived) facets() Facets { return refers("grant", p.Grant).of(p.AmountFen) }

// FundsRecovered is the recovery of money of a grant.
type FundsRecovered struct {
	Grant     string `json:"grant"`
	AmountFen Fen    `json:"amountFen"`
	Reason    string `json:"reason"`
}

func (p *FundsRecovered) check(c *checker) {
	c.id("grant", p.Grant)
	c.amount("amountFen", p.AmountFen)
}

func (p *FundsRecovered) facets() Facets { return refers("grant", p.Grant).of(p.AmountFen) }

// MatchingCommitted is matching money promised by local government (R17-1d, R17-2e).
type MatchingCommitted struct {
	Match      string `json:"match"`
	FiscalYear int    `json:"fiscalYear"`
	Level      string `json:"level"`
	AmountFen  Fen    `json:"amountFen"`
	DueOn      Date   `json:"dueOn,omitzero"`
}

func (p *MatchingCommitted) check(c *checker) {
	c.id("match", p.Match)
	c.year("fiscalYear", p.FiscalYear)
	c.oneOf("level", p.Level, matchLevels)
	c.amount("amountFen", p.AmountFen)
}

// facets puts the match into the name space of grants, because a voucher can name a grant or a match.
func (p *MatchingCommitted) facets() Facets {
	return Facets{AmountFen: p.AmountFen, Subject: p.Match, Creates: Name{"grant", p.Match}, Field: "data.match"}
}

// MatchingReceived is the receipt of matching money.
type MatchingReceived struct {
	Match     string `json:"match"`
	AmountFen Fen    `json:"amountFen"`
}

func (p *MatchingReceived) check(c *checker) {
	c.id("match", p.Match)
	c.amount("amountFen", p.AmountFen)
}

func (p *MatchingReceived) facets() Facets {
	return Facets{AmountFen: p.AmountFen, Subject: p.Match, Refers: Name{"grant", p.Match}}
}

// FundsSpent is one voucher.
type FundsSpent struct {
	Voucher     string         `json:"voucher"`
	Payee       string         `json:"payee"`
	Use         Use            `json:"use"`
	Lines       []SpendingLine `json:"lines"`
	OwnFen      Fen            `json:"ownFen,omitzero"`
	EconCode    string         `json:"econCode,omitzero"`
	Summary     string         `json:"summary"`
	OutTransfer *OutTransfer   `json:"outTransfer,omitzero"`
}

func (p *FundsSpent) check(c *checker) {
	c.id("voucher", p.Voucher)
	c.id("payee", p.Payee)
	c.id("use", string(p.Use))
	if len(p.Lines) == 0 {
		c.add("lines", text.Say("至少要有一行", "must have at least one line"))
	}
	for i, l := range p.Lines {
		c.within("lines", i)
		c.id("grant", l.Grant)
		c.amount("amountFen", l.AmountFen)
	}
	c.within("", 0)
	c.amountOrZero("ownFen", p.OwnFen)
	if p.EconCode != "" {
		c.digits("econCode", p.EconCode, 3, 8)
	}
}

// facets sums the amounts paid from grants and matches, without the center's own money.
func (p *FundsSpent) facets() Facets {
	var sum Fen
	for _, l := range p.Lines {
		sum += l.AmountFen
	}
	return creates("voucher", p.Voucher).of(sum)
}

// SpendingLine is the part of a voucher paid from one grant or match.
type SpendingLine struct {
	Grant     string `json:"grant"`
	AmountFen Fen    `json:"amountFen"`
}

// OutTransfer is the mark of money paid to another unit, under the entrustment task book that it names (R20-8).
type OutTransfer struct {
	TaskBook string `json:"taskBook,omitzero"`
}

// SpendingReversed reverses a whole voucher.
type SpendingReversed struct {
	Voucher         string `json:"voucher"`
	ReversalVoucher string `json:"reversalVoucher"`
	Reason          string `json:"reason"`
}

func (p *SpendingReversed) check(c *checker) {
	c.id("voucher", p.Voucher)
	c.id("reversalVoucher", p.ReversalVoucher)
}

// facets puts the reversal into the name space of vouchers.
func (p *SpendingReversed) facets() Facets {
	return Facets{Subject: p.Voucher, Creates: Name{"voucher", p.ReversalVoucher}, Field: "data.reversalVoucher",
		Refers: Name{"voucher", p.Voucher}}
}

// UseRuled is a ruling on the use of a voucher. The latest ruling counts.
type UseRuled struct {
	Voucher string `json:"voucher"`
	Use     Use    `json:"use"`
}

func (p *UseRuled) check(c *checker) {
	c.id("voucher", p.Voucher)
	c.id("use", string(p.Use))
}

func (p *UseRuled) facets() Facets { return refers("voucher", p.Voucher) }

// EntrustmentSigned is an entrustment task book (R20-8).
type EntrustmentSigned struct {
	TaskBook              string `json:"taskBook"`
	Payee                 string `json:"payee"`
	SignedOn              Date   `json:"signedOn"`
	AmountFen             Fen    `json:"amountFen"`
	SeparateAccountClause bool   `json:"separateAccountClause"`
	Necessity             string `json:"necessity"`
}

func (p *EntrustmentSigned) check(c *checker) {
	c.id("taskBook", p.TaskBook)
	c.id("payee", p.Payee)
	c.amount("amountFen", p.AmountFen)
}

func (p *EntrustmentSigned) facets() Facets { return creates("taskBook", p.TaskBook).of(p.AmountFen) }

// SeparateAccountConfirmed is the payee's proof of separate bookkeeping (R20-9).
type SeparateAccountConfirmed struct {
	TaskBook string `json:"taskBook"`
}

func (p *SeparateAccountConfirmed) check(c *checker) { c.id("taskBook", p.TaskBook) }
func (p *SeparateAccountConfirmed) facets() Facets   { return refers("taskBook", p.TaskBook) }

// OutTransferSettled settles an out-transfer.
type OutTransferSettled struct {
	TaskBook  string `json:"taskBook"`
	AmountFen Fen    `json:"amountFen"`
}

func (p *OutTransferSettled) check(c *checker) {
	c.id("taskBook", p.TaskBook)
	c.amount("amountFen", p.AmountFen)
}

func (p *OutTransferSettled) facets() Facets { return refers("taskBook", p.TaskBook).of(p.AmountFen) }

// AllocationDeferred is the deferral of the allocations of a fiscal year (R20-7).
type AllocationDeferred struct {
	FiscalYear int `json:"fiscalYear"`
}

func (p *AllocationDeferred) check(c *checker) { c.year("fiscalYear", p.FiscalYear) }

// DeferralReleased ends a deferral.
type DeferralReleased struct {
	FiscalYear int    `json:"fiscalYear"`
	Reason     string `json:"reason"`
}

func (p *DeferralReleased) check(c *checker) { c.year("fiscalYear", p.FiscalYear) }
