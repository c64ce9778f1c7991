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
