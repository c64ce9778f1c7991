package events

import (
	"strconv"
)

// AnnualReportSubmitted is the center's self-evaluation of a year (R16-1a).
type AnnualReportSubmitted struct {
	Year  int      `json:"year"`
	Parts []string `json:"parts"`
}

func (p *AnnualReportSubmitted) check(c *checker) {
	c.year("year", p.Year)
	c.eachOf("parts", p.Parts, reportParts)
}

// AnnualReportReviewed is the review before filing (R16-1b).
type AnnualReportReviewed struct {
	Year   int  `json:"year"`
	Passed bool `json:"passed"`
}

func (p *AnnualReportReviewed) check(c *checker) { c.year("year", p.Year) }

// AnnualReportFiled files the annual report with the S&T office (R16-1b).
type AnnualReportFiled struct {
	Year int `json:"year"`
}

func (p *AnnualReportFiled) check(c *checker) { c.year("year", p.Year) }

// FinalReportFiled files the report at the end of the construction period (R16-1c).
type FinalReportFiled struct{}

func (p *FinalReportFiled) check(*checker) {}

// GradeDecided is the grade of a year (R16-2).
type GradeDecided struct {
	Year              int      `json:"year"`
	Grade             string   `json:"grade"` // a grade of the policy
	Participants      []string `json:"participants"`
	ExpertReviews     int      `json:"expertReviews"`
	ThirdPartyReviews int      `json:"thirdPartyReviews"`
}

func (p *GradeDecided) check(c *checker) {
	c.year("year", p.Year)
	c.id("grade", p.Grade)
	c.notNegative("expertReviews", int64(p.ExpertReviews))
	c.notNegative("thirdPartyReviews", int64(p.ThirdPartyReviews))
}

// facets makes sure that a year is graded only once: the record creates the name of the year. It has no subject,
// because a year is not an id.
func (p *GradeDecided) facets() Facets {
	return Facets{Creates: Name{"year", strconv.Itoa(p.Year)}, Field: "data.year"}
}

// GradeRevised replaces the grade of a year.
type GradeRevised struct {
	Year   int    `json:"year"`
	Grade  string `json:"grade"`
	Reason string `json:"reason"`
}

func (p *GradeRevised) check(c *checker) {
	c.year("year", p.Year)
	c.id("grade", p.Grade)
}

// RectificationOrdered orders rectification (R18-1); DueOn defaults to the policy's term.
type RectificationOrdered struct {
	Year  int  `json:"year"`
	DueOn Date `json:"dueOn,omitzero"`
}

func (p *RectificationOrdered) check(c *checker) { c.year("year", p.Year) }

// RectificationSubmitted is the center's answer to the order of a year.
type RectificationSubmitted struct {
	Year int `json:"year"`
}

func (p *RectificationSubmitted) check(c *checker) { c.year("year", p.Year) }

// RectificationAccepted ends the rectification of a year.
type RectificationAccepted struct {
	Year int `json:"year"`
}

func (p *RectificationAccepted) check(c *checker) { c.year("year", p.Year) }

// InterviewHeld is the admonitory interview of R18-2. Principal is true if the head of the center came in person.
type InterviewHeld struct {
	Year      int  `json:"year"`
	Principal bool `json:"principal"`
}

func (p *InterviewHeld) check(c *checker) { c.year("year", p.Year) }

// QualificationRevoked ends the center's qualification (R18-3).
type QualificationRevoked struct {
	Reason string `json:"reason"`
}

func (p *QualificationRevoked) check(*checker) {}

// FundPreferenceRecorded is the recommendation of R17-2f.
type FundPreferenceRecorded struct {
	Year int `json:"year"`
}

func (p *FundPreferenceRecorded) check(c *checker) { c.year("year", p.Year) }
