package policy

import (
	"slices"
	"strings"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// Policy is one version of the Measures as data. It is immutable once parsed.
type Policy struct {
	ID            string         `json:"id"`
	Version       string         `json:"version"`
	EffectiveFrom events.Date    `json:"effectiveFrom"`
	Source        string         `json:"source"` // the document that issued it
	Parameters    Parameters     `json:"parameters"`
	Grades        []Grade        `json:"grades"`
	Uses          []UseRow       `json:"uses"`
	Codes         []CodeRow      `json:"codes"`
	Admission     []AdmissionRow `json:"admission"`
	Rules         []Rule         `json:"rules"`

	text   []byte
	digest string
	rules  map[events.RuleID]*Rule
	uses   map[events.Use]*UseRow

	useNames, gradeNames *Vocabulary
}

// Parameter is one value with its article and quoted words. Unit is one of days, months, years, month-day, percent,
// fen, count, role, source, list.
type Parameter[T any] struct {
	Value   T      `json:"value"`
	Unit    string `json:"unit"`
	Article string `json:"article"`
	Words   string `json:"words"`
	Open    string `json:"open,omitzero"` // the open parameter that it settles, such as "OP-29"
}

// Parameters holds the values of section 7. A term of n days that starts on day g ends on day g + n. Its alert is
// raised on the day after.
type Parameters struct {
	WaiverGrantor           Parameter[events.Role]     `json:"waiverGrantor"`
	FoundationYears         Parameter[int]             `json:"foundationYears"`
	RelaxationIndustries    Parameter[[]string]        `json:"relaxationIndustries"` // GB/T 4754 prefixes
	IncidentLookbackMonths  Parameter[int]             `json:"incidentLookbackMonths"`
	EthicsFields            Parameter[[]string]        `json:"ethicsFields"`
	AppraisalParticipants   Parameter[[]string]        `json:"appraisalParticipants"`
	GradingParticipants     Parameter[[]string]        `json:"gradingParticipants"`
	PreliminaryReviewDays   Parameter[int]             `json:"preliminaryReviewDays"`
	PlaqueDays              Parameter[int]             `json:"plaqueDays"`
	TaskBookDays            Parameter[int]             `json:"taskBookDays"`
	TaskBookNoticeDays      Parameter[int]             `json:"taskBookNoticeDays"` // before the period ends
	GovernanceDays          Parameter[int]             `json:"governanceDays"`
	AnnualReportDue         Parameter[MonthDay]        `json:"annualReportDue"` // of the next year
	FinalReportDays         Parameter[int]             `json:"finalReportDays"`
	GradeDue                Parameter[MonthDay]        `json:"gradeDue"` // of the next year
	ConstructionSource      Parameter[events.Source]   `json:"constructionSource"`
	ConstructionFen         Parameter[events.Fen]      `json:"constructionFen"`
	ConstructionDays        Parameter[int]             `json:"constructionDays"` // from the grade to the full grant
	ProjectSource           Parameter[events.Source]   `json:"projectSource"`
	ProjectCapFen           Parameter[events.Fen]      `json:"projectCapFen"` // per center and fiscal year
	ProjectWarningPercent   Parameter[int]             `json:"projectWarningPercent"`
	ReferenceGradeYearsBack Parameter[int]             `json:"referenceGradeYearsBack"`
	RectificationOrderDays  Parameter[int]             `json:"rectificationOrderDays"`
	RectificationTermDays   Parameter[int]             `json:"rectificationTermDays"`
	InterviewDays           Parameter[int]             `json:"interviewDays"`
	FailuresToRevoke        Parameter[int]             `json:"failuresToRevoke"` // consecutive years
	LowRatePercent          Parameter[int]             `json:"lowRatePercent"`
	EarlyWarningPercent     Parameter[int]             `json:"earlyWarningPercent"` // of time progress
	LateReceiptAfter        Parameter[MonthDay]        `json:"lateReceiptAfter"`
	RateSources             Parameter[[]events.Source] `json:"rateSources"`
	DeferralDays            Parameter[int]             `json:"deferralDays"`
	MainUsePercent          Parameter[int]             `json:"mainUsePercent"`
	SeparateAccountDays     Parameter[int]             `json:"separateAccountDays"`
	DisbursementDays        Parameter[int]             `json:"disbursementDays"`
}

// Outcome is the meaning of a grade for the rules. A center with top earns the construction subsidy, with top or pass
// it may get project money, and with fail it must rectify.
type Outcome string

// The outcomes of a grade.
const (
	Top  Outcome = "top"
	Pass Outcome = "pass"
	Fail Outcome = "fail"
)

// Grade is one of the grades of R16-2d with its outcome.
type Grade struct {
	Name    string  `json:"name"`
	Outcome Outcome `json:"outcome"`
	Words   string  `json:"words"`
	Names
}

// Class is the classification of a use by article 20.
type Class string

// The classes of uses: main (R20-1), plain, review (a human must rule), forbidden (R20-2 to R20-4).
const (
	Main      Class = "main"
	Plain     Class = "plain"
	Review    Class = "review"
	Forbidden Class = "forbidden"
)

// UseRow is the row of one use, with its class. Local, if given, is its class on money of local government (OP-33).
type UseRow struct {
	Use   events.Use    `json:"use"`
	Class Class         `json:"class"`
	Local Class         `json:"local,omitzero"`
	Rule  events.RuleID `json:"rule"`
	Words string        `json:"words"`
	Names
}

// CodeRow is the effect on a voucher of an economic classification code, matched by prefix. The code changes the use
// of the voucher to Use. If Use is empty, the voucher is forbidden. A voucher whose use is itself forbidden does not
// change.
type CodeRow struct {
	Prefix string        `json:"prefix"`
	Use    events.Use    `json:"use,omitzero"`
	Rule   events.RuleID `json:"rule"`
	Words  string        `json:"words"`
}

// Modality is whether a condition can be waived.
type Modality string

// The modalities of admission conditions.
const (
	Mandatory   Modality = "mandatory"
	InPrinciple Modality = "in-principle"
)

// AdmissionRow is one condition of section 6: either a registered number with its minimum, or a named condition over
// facts or history (Conditions lists them).
type AdmissionRow struct {
	Rule           events.RuleID `json:"rule"`
	Modality       Modality      `json:"modality"`
	Waivable       bool          `json:"waivable,omitzero"`
	Field          string        `json:"field,omitzero"` // usableAreaM2 or equipmentFen
	Minimum        int64         `json:"minimum,omitzero"`
	RelaxedMinimum int64         `json:"relaxedMinimum,omitzero"` // with a valid relaxation (R06-2d)
	MandatoryBelow int64         `json:"mandatoryBelow,omitzero"` // below it no waiver helps
	Condition      Condition     `json:"condition,omitzero"`
}

// Condition names a condition over facts or history that the program knows.
type Condition string

// The conditions that an admission row may name.
const (
	LegalEntity          Condition = "legal-entity"
	ExistingUnit         Condition = "existing-unit"
	FoundedLongEnough    Condition = "founded-long-enough"
	PilotDevicesSeparate Condition = "pilot-devices-separate"
	NoMajorIncident      Condition = "no-major-incident"
	NotDishonest         Condition = "not-listed-dishonesty"
	NotBlacklisted       Condition = "not-listed-blacklist"
	EthicsCommittee      Condition = "ethics-committee"
	OneLeadingIndustry   Condition = "one-leading-industry"
)

// Conditions lists all conditions that an admission row may name.
var Conditions = []Condition{LegalEntity, ExistingUnit, FoundedLongEnough, PilotDevicesSeparate, NoMajorIncident,
	NotDishonest, NotBlacklisted, EthicsCommittee, OneLeadingIndustry}

// Rule is one rule of the Measures: its article and the quoted words.
type Rule struct {
	ID      events.RuleID `json:"id"`
	Article string        `json:"article"`
	Words   string        `json:"words"`
}

// MonthDay is a day of any year, such as "03-31".
type MonthDay string

// In returns the day in a year. A MonthDay that passed Parse exists in every year.
func (m MonthDay) In(year int) events.Date {
	n := func(i int) int { return int(m[i]-'0')*10 + int(m[i+1]-'0') }
	return events.DateOf(year, n(0), n(3))
}

// Text returns the text of the policy exactly as it was parsed.
func (p *Policy) Text() []byte { return p.text }

// Digest returns the SHA-256 of Text in lower-case hexadecimal.
func (p *Policy) Digest() string { return p.digest }

// Ref returns the reference to the policy that is stored in an event that it judged.
func (p *Policy) Ref() events.PolicyRef {
	return events.PolicyRef{ID: p.ID, Version: p.Version, Digest: p.digest}
}

// Rule returns the article and words of a rule id, or nil.
func (p *Policy) Rule(id events.RuleID) *Rule { return p.rules[id] }

// Outcome returns the outcome of a grade, or "" for a grade that the policy does not have.
func (p *Policy) Outcome(grade string) Outcome {
	for _, g := range p.Grades {
		if g.Name == grade {
			return g.Outcome
		}
	}
	return ""
}

// Called returns the names of the grades with an outcome.
func (p *Policy) Called(o Outcome) text.Text {
	var zh, en []string
	for _, g := range p.Grades {
		if g.Outcome == o {
			name, _ := p.gradeNames.Name(g.Name)
			zh, en = append(zh, name.Zh), append(en, name.En)
		}
	}
	return text.Text{Zh: strings.Join(zh, "、"), En: strings.Join(en, " or ")}
}

// Asks reports whether the policy has a condition among its admission rows.
func (p *Policy) Asks(c Condition) bool {
	return slices.ContainsFunc(p.Admission, func(row AdmissionRow) bool { return row.Condition == c })
}

// Use returns the row of a use, or nil.
func (p *Policy) Use(use events.Use) *UseRow { return p.uses[use] }

// Standing is the classification of one voucher by article 20: the use as which it counts, and the class of its lines
// that are paid from subsidies and from local money. Rule is the rule that decides it.
type Standing struct {
	Use          events.Use
	Class, Local Class
	Rule         events.RuleID
	ByCode       string // the code prefix that decided, or ""
}

// Standing classifies a voucher by its use and economic code (section 4). A use that the policy does not have is
// plain.
func (p *Policy) Standing(use events.Use, econCode string) Standing {
	s := p.standingOfUse(use)
	if econCode == "" || s.Class == Forbidden {
		return s
	}
	for i := range p.Codes {
		row := &p.Codes[i]
		if !strings.HasPrefix(econCode, row.Prefix) {
			continue
		}
		if row.Use == "" {
			return Standing{Use: use, Class: Forbidden, Local: Forbidden, Rule: row.Rule, ByCode: row.Prefix}
		}
		s = p.standingOfUse(row.Use)
		s.Rule, s.ByCode = row.Rule, row.Prefix
		return s
	}
	return s
}

func (p *Policy) standingOfUse(use events.Use) Standing {
	row := p.uses[use]
	if row == nil {
		return Standing{Use: use, Class: Plain, Local: Plain}
	}
	s := Standing{Use: use, Class: row.Class, Local: row.Class, Rule: row.Rule}
	if row.Local != "" {
		s.Local = row.Local
	}
	return s
}

// On returns the class of a line paid from a source.
func (s Standing) On(source events.Source) Class {
	if source == events.Local {
		return s.Local
	}
	return s.Class
}
