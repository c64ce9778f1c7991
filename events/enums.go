package events

// Source is the source of the money of a grant.
type Source string

// The sources of subsidy.granted; Local is the money of matching.committed.
const (
	CentralGuidance Source = "central-guidance"
	MajorProgram    Source = "major-program"
	ProvinceOther   Source = "province-other"
	Local           Source = "local"
)

// Use is the use of the money of a voucher. The policy decides which uses are main, plain or forbidden (article 20).
type Use string

// Categories of subsidy.granted (R17-0).
const (
	Construction  = "construction"
	ProjectMoney  = "project"
	OtherCategory = "other"
)

// Closed lists of section 4.
var (
	centerTypes     = []string{"proof-of-concept", "pilot-base", "service-platform", "other"}
	serviceTypes    = []string{"proof-of-concept", "pilot", "incubation", "tech-finance", "other"}
	conclusionTypes = []string{"met", "basically-met", "not-met"}
	governanceItems = []string{"team", "bylaws", "project-rules", "expert-committee", "party-organisation", "other"}
	incidentKinds   = []string{"safety", "quality", "environment"}
	severities      = []string{"general", "major"}
	creditLists     = []string{"dishonesty", "blacklist"}
	reportParts     = []string{"construction", "performance", "funds"}
	categories      = []string{Construction, ProjectMoney, OtherCategory}
	grantSources    = []string{string(CentralGuidance), string(MajorProgram), string(ProvinceOther)}
	matchLevels     = []string{"city", "county"}
)
