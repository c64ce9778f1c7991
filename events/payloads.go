package events

import (
	"github.com/go-json-experiment/json/jsontext"
)

// Payload is what happened: exactly one of the types of this package that are named in the catalog.
type Payload interface {
	// check reports values that are impossible whatever the history (section 4, "always refused").
	check(c *checker)
}

// PolicyAdopted puts a policy into the ledger with its whole text, so that an answer can be reproduced for ever.
type PolicyAdopted struct {
	ID            string `json:"id"`
	Version       string `json:"version"`
	EffectiveFrom Date   `json:"effectiveFrom"`
	Source        string `json:"source"`
	Digest        string `json:"digest"` // SHA-256 of text.Text, lower-case hexadecimal
	Text          string `json:"text"`
}

// Facts are the registered facts of a center that articles 3, 5, 6 and 12 ask about.
type Facts struct {
	Name                 string   `json:"name"`
	USCC                 string   `json:"uscc"`
	LeadUnit             string   `json:"leadUnit"`
	Type                 string   `json:"type"`
	Services             []string `json:"services"`
	LeadingIndustries    []string `json:"leadingIndustries"`
	IndustryCode         string   `json:"industryCode"` // GB/T 4754
	Region               string   `json:"region"`       // GB/T 2260
	FoundedOn            Date     `json:"foundedOn"`
	LegalEntity          bool     `json:"legalEntity"`
	NewUnit              bool     `json:"newUnit"`
	UsableAreaM2         int64    `json:"usableAreaM2"`
	EquipmentFen         Fen      `json:"equipmentFen"` // original value
	RelaxationRequested  bool     `json:"relaxationRequested"`
	PilotFunction        bool     `json:"pilotFunction"`
	PilotDevicesSeparate bool     `json:"pilotDevicesSeparate"`
	Fields               []string `json:"fields"`
	EthicsSensitive      bool     `json:"ethicsSensitive"`
	EthicsCommittee      bool     `json:"ethicsCommittee"`
	Documents            []string `json:"documents"`
}

// CenterRegistered opens a center's stream.
type CenterRegistered struct{ Facts }

// CenterAssigned names who is responsible for the center (R04-6, R04-8).
type CenterAssigned struct {
	IndustryDept string `json:"industryDept"`
	LocalGov     string `json:"localGov"` // GB/T 2260
}

// FactsChanged replaces the registered facts that it names; a nil member is unchanged.
type FactsChanged struct {
	Name                 *string  `json:"name,omitzero"`
	USCC                 *string  `json:"uscc,omitzero"`
	LeadUnit             *string  `json:"leadUnit,omitzero"`
	Type                 *string  `json:"type,omitzero"`
	Services             []string `json:"services,omitzero"`
	LeadingIndustries    []string `json:"leadingIndustries,omitzero"`
	IndustryCode         *string  `json:"industryCode,omitzero"`
	Region               *string  `json:"region,omitzero"`
	FoundedOn            Date     `json:"foundedOn,omitzero"`
	LegalEntity          *bool    `json:"legalEntity,omitzero"`
	NewUnit              *bool    `json:"newUnit,omitzero"`
	UsableAreaM2         *int64   `json:"usableAreaM2,omitzero"`
	EquipmentFen         *Fen     `json:"equipmentFen,omitzero"`
	RelaxationRequested  *bool    `json:"relaxationRequested,omitzero"`
	PilotFunction        *bool    `json:"pilotFunction,omitzero"`
	PilotDevicesSeparate *bool    `json:"pilotDevicesSeparate,omitzero"`
	Fields               []string `json:"fields,omitzero"`
	EthicsSensitive      *bool    `json:"ethicsSensitive,omitzero"`
	EthicsCommittee      *bool    `json:"ethicsCommittee,omitzero"`
	Documents            []string `json:"documents,omitzero"`
}

// ConditionJudged is a human conclusion on a rule of articles 3 to 8.
type ConditionJudged struct {
	Rule       RuleID `json:"rule"`
	Conclusion string `json:"conclusion"` // met, basically-met, not-met
}

// WaiverGranted excepts the center from an in-principle rule (OP-04).
type WaiverGranted struct {
	Rule   RuleID `json:"rule"`
	Reason string `json:"reason"`
}

// RelaxationGranted lowers the thresholds of R06-2 for an industry of OP-11 (R06-2d).
type RelaxationGranted struct {
	Reason string `json:"reason"`
}

// PlanAppraised is the appraisal that article 9 asks for before the preliminary review (R09-2).
type PlanAppraised struct {
	Passed  bool   `json:"passed"`
	Opinion string `json:"opinion"`
}

// PreliminaryReviewed is the review by the S&T office (R09-3).
type PreliminaryReviewed struct {
	Passed bool `json:"passed"`
}

// PlanRevised is the plan completed after the preliminary review (R09-4).
type PlanRevised struct {
	Version string `json:"version"`
}

// Conclusions are the four questions of R09-7.
type Conclusions struct {
	Feasibility    bool `json:"feasibility"`
	Soundness      bool `json:"soundness"`
	Necessity      bool `json:"necessity"`
	Reasonableness bool `json:"reasonableness"`
}

// JointAppraisalHeld is the appraisal by the departments together (R09-5 to R09-7).
type JointAppraisalHeld struct {
	Participants      []string    `json:"participants"`
	ExpertReviews     int         `json:"expertReviews"`
	ThirdPartyReviews int         `json:"thirdPartyReviews"`
	Conclusions       Conclusions `json:"conclusions"`
}

// SpecialMeetingDecided is the decision of the special meeting (R09-8).
type SpecialMeetingDecided struct {
	Approved bool `json:"approved"`
}

// PlaqueAwarded makes the center active (R09-9).
type PlaqueAwarded struct {
	PlaqueNo string `json:"plaqueNo"`
}

// Target is one measurable goal of a task book (R12-2); Value is any JSON number.
type Target struct {
	Name  string         `json:"name"`
	Year  int            `json:"year"`
	Value jsontext.Value `json:"value"`
	Unit  string         `json:"unit"`
}

// TaskBookFiled files the construction task book (R10-2).
type TaskBookFiled struct {
	Version      string   `json:"version"`
	PeriodStart  Date     `json:"periodStart"`
	PeriodEnd    Date     `json:"periodEnd"`
	SupportYears []int    `json:"supportYears"`
	Targets      []Target `json:"targets"`
}

// GovernanceRecorded says that an organ or a set of rules of articles 11 and 14 is in place.
type GovernanceRecorded struct {
	Item string `json:"item"`
}

// IncidentRecorded is a safety, quality or environmental incident (R06-5b); OccurredOn defaults to the record's On.
type IncidentRecorded struct {
	Incident   string `json:"incident"`
	Kind       string `json:"kind"`
	Severity   string `json:"severity"`
	OccurredOn Date   `json:"occurredOn,omitzero"`
}

// IncidentClosed ends an incident.
type IncidentClosed struct {
	Incident string `json:"incident"`
}

// CreditListed is an entry in a list of R06-5d or R06-5e, open-ended without Until.
type CreditListed struct {
	Listing string `json:"listing"`
	List    string `json:"list"`
	Until   Date   `json:"until,omitzero"`
}

// CreditDelisted ends a listing.
type CreditDelisted struct {
	Listing string `json:"listing"`
}

// TrialRecorded is a pilot trial (R06-4c).
type TrialRecorded struct {
	Trial            string `json:"trial"`
	OnProductionLine bool   `json:"onProductionLine"`
}

// AnnualReportSubmitted is the center's self-evaluation of a year (R16-1a).
type AnnualReportSubmitted struct {
	Year  int      `json:"year"`
	Parts []string `json:"parts"`
}

// AnnualReportReviewed is the review before filing (R16-1b).
type AnnualReportReviewed struct {
	Year   int  `json:"year"`
	Passed bool `json:"passed"`
}

// AnnualReportFiled files the annual report with the S&T office (R16-1b).
type AnnualReportFiled struct {
	Year int `json:"year"`
}

// FinalReportFiled files the report at the end of the construction period (R16-1c).
type FinalReportFiled struct{}

// GradeDecided is the grade of a year (R16-2).
type GradeDecided struct {
	Year              int      `json:"year"`
	Grade             string   `json:"grade"` // a grade of the policy
	Participants      []string `json:"participants"`
	ExpertReviews     int      `json:"expertReviews"`
	ThirdPartyReviews int      `json:"thirdPartyReviews"`
}

// GradeRevised replaces the grade of a year.
type GradeRevised struct {
	Year   int    `json:"year"`
	Grade  string `json:"grade"`
	Reason string `json:"reason"`
}

// RectificationOrdered orders rectification (R18-1); DueOn defaults to the policy's term.
type RectificationOrdered struct {
	Year  int  `json:"year"`
	DueOn Date `json:"dueOn,omitzero"`
}

// RectificationSubmitted is the center's answer to the order of a year.
type RectificationSubmitted struct {
	Year int `json:"year"`
}

// RectificationAccepted ends the rectification of a year.
type RectificationAccepted struct {
	Year int `json:"year"`
}

// InterviewHeld is the admonitory interview of R18-2; Principal says that the head came in person.
type InterviewHeld struct {
	Year      int  `json:"year"`
	Principal bool `json:"principal"`
}

// QualificationRevoked ends the center's qualification (R18-3).
type QualificationRevoked struct {
	Reason string `json:"reason"`
}

// ProjectApproved approves a project for support (R17-2).
type ProjectApproved struct {
	Project                string `json:"project"`
	Name                   string `json:"name"`
	MajorPilotVerification bool   `json:"majorPilotVerification"`
	Eligible               bool   `json:"eligible"`
}

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

// SubsidyReversed takes back a part or the whole of a grant; the net grant is what remains.
type SubsidyReversed struct {
	Grant     string `json:"grant"`
	AmountFen Fen    `json:"amountFen"`
	Reason    string `json:"reason"`
}

// SubsidyReceived is money of a grant arriving.
type SubsidyReceived struct {
	Grant     string `json:"grant"`
	AmountFen Fen    `json:"amountFen"`
}

// FundsRecovered is money of a grant going back.
type FundsRecovered struct {
	Grant     string `json:"grant"`
	AmountFen Fen    `json:"amountFen"`
	Reason    string `json:"reason"`
}

// MatchingCommitted is matching money promised by local government (R17-1d, R17-2e).
type MatchingCommitted struct {
	Match      string `json:"match"`
	FiscalYear int    `json:"fiscalYear"`
	Level      string `json:"level"`
	AmountFen  Fen    `json:"amountFen"`
	DueOn      Date   `json:"dueOn,omitzero"`
}

// MatchingReceived is matching money arriving.
type MatchingReceived struct {
	Match     string `json:"match"`
	AmountFen Fen    `json:"amountFen"`
}

// SpendingLine is the part of a voucher paid from one grant or match.
type SpendingLine struct {
	Grant     string `json:"grant"`
	AmountFen Fen    `json:"amountFen"`
}

// OutTransfer marks money handed to another unit, under the entrustment task book that it names (R20-8).
type OutTransfer struct {
	TaskBook string `json:"taskBook,omitzero"`
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

// SpendingReversed reverses a whole voucher.
type SpendingReversed struct {
	Voucher         string `json:"voucher"`
	ReversalVoucher string `json:"reversalVoucher"`
	Reason          string `json:"reason"`
}

// UseRuled decides what a voucher was for; the latest ruling stands.
type UseRuled struct {
	Voucher string `json:"voucher"`
	Use     Use    `json:"use"`
}

// EntrustmentSigned is an entrustment task book (R20-8).
type EntrustmentSigned struct {
	TaskBook              string `json:"taskBook"`
	Payee                 string `json:"payee"`
	SignedOn              Date   `json:"signedOn"`
	AmountFen             Fen    `json:"amountFen"`
	SeparateAccountClause bool   `json:"separateAccountClause"`
	Necessity             string `json:"necessity"`
}

// SeparateAccountConfirmed is the payee's proof of separate bookkeeping (R20-9).
type SeparateAccountConfirmed struct {
	TaskBook string `json:"taskBook"`
}

// OutTransferSettled settles an out-transfer.
type OutTransferSettled struct {
	TaskBook  string `json:"taskBook"`
	AmountFen Fen    `json:"amountFen"`
}

// AllocationDeferred puts off the allocations of a fiscal year (R20-7).
type AllocationDeferred struct {
	FiscalYear int `json:"fiscalYear"`
}

// DeferralReleased ends a deferral.
type DeferralReleased struct {
	FiscalYear int    `json:"fiscalYear"`
	Reason     string `json:"reason"`
}

// FundPreferenceRecorded is the recommendation of R17-2f.
type FundPreferenceRecorded struct {
	Year int `json:"year"`
}

// AuditFindingOpened is an audit query point.
type AuditFindingOpened struct {
	Finding string `json:"finding"`
	Text    string `json:"text"`
	DueOn   Date   `json:"dueOn,omitzero"`
}

// AuditFindingClosed ends a finding.
type AuditFindingClosed struct {
	Finding string `json:"finding"`
	Text    string `json:"text"`
}

// AlertClosed strikes an alert off the list (销号).
type AlertClosed struct {
	Code   string `json:"code"`
	Key    string `json:"key"`
	Reason string `json:"reason"`
}

// EntryVoided leaves an earlier entry out of every answer known from now on.
type EntryVoided struct {
	Event  string `json:"event"`
	Reason string `json:"reason"`
}
