package events

import (
	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/events/text"
)

// TaskBookFiled files the construction task book (R10-2).
type TaskBookFiled struct {
	Version      string   `json:"version"`
	PeriodStart  Date     `json:"periodStart"`
	PeriodEnd    Date     `json:"periodEnd"`
	SupportYears []int    `json:"supportYears"`
	Targets      []Target `json:"targets"`
}

func (p *TaskBookFiled) check(c *checker) {
	for i, y := range p.SupportYears {
		c.year(at("supportYears", i, ""), y)
	}
	for i, t := range p.Targets {
		c.year(at("targets", i, "year"), t.Year)
		if t.Value.Kind() != '0' {
			c.add(at("targets", i, "value"), text.Say("应为数字", "must be a number"))
		}
	}
}

// Target is one measurable goal of a task book (R12-2); Value is any JSON number.
type Target struct {
	Name  string         `json:"name"`
	Year  int            `json:"year"`
	Value jsontext.Value `json:"value"`
	Unit  string         `json:"unit"`
}

// GovernanceRecorded is the record that an organ or a set of rules of articles 11 and 14 is in place.
type GovernanceRecorded struct {
	Item string `json:"item"`
}

func (p *GovernanceRecorded) check(c *checker) { c.oneOf("item", p.Item, governanceItems) }

// IncidentRecorded is a safety, quality or environmental incident (R06-5b); OccurredOn defaults to the record's On.
type IncidentRecorded struct {
	Incident   string `json:"incident"`
	Kind       string `json:"kind"`
	Severity   string `json:"severity"`
	OccurredOn Date   `json:"occurredOn,omitzero"`
}

func (p *IncidentRecorded) check(c *checker) {
	c.id("incident", p.Incident)
	c.oneOf("kind", p.Kind, incidentKinds)
	c.oneOf("severity", p.Severity, severities)
	if p.OccurredOn > c.on {
		c.add("occurredOn", text.Say("发生日 %v 晚于记录日 %v", "%v is after the date of the record, %v",
			p.OccurredOn, c.on))
	}
}

func (p *IncidentRecorded) facets() Facets { return creates("incident", p.Incident) }

// IncidentClosed ends an incident.
type IncidentClosed struct {
	Incident string `json:"incident"`
}

func (p *IncidentClosed) check(c *checker) { c.id("incident", p.Incident) }
func (p *IncidentClosed) facets() Facets   { return refers("incident", p.Incident) }

// CreditListed is an entry in a list of R06-5d or R06-5e, open-ended without Until.
type CreditListed struct {
	Listing string `json:"listing"`
	List    string `json:"list"`
	Until   Date   `json:"until,omitzero"`
}

func (p *CreditListed) check(c *checker) {
	c.id("listing", p.Listing)
	c.oneOf("list", p.List, creditLists)
}

func (p *CreditListed) facets() Facets { return creates("listing", p.Listing) }

// CreditDelisted ends a listing.
type CreditDelisted struct {
	Listing string `json:"listing"`
}

func (p *CreditDelisted) check(c *checker) { c.id("listing", p.Listing) }
func (p *CreditDelisted) facets() Facets   { return refers("listing", p.Listing) }

// TrialRecorded is a pilot trial (R06-4c).
type TrialRecorded struct {
	Trial            string `json:"trial"`
	OnProductionLine bool   `json:"onProductionLine"`
}

func (p *TrialRecorded) check(c *checker) { c.id("trial", p.Trial) }
func (p *TrialRecorded) facets() Facets   { return creates("trial", p.Trial) }

// AuditFindingOpened is an audit query point.
type AuditFindingOpened struct {
	Finding string `json:"finding"`
	Text    string `json:"text"`
	DueOn   Date   `json:"dueOn,omitzero"`
}

func (p *AuditFindingOpened) check(c *checker) { c.id("finding", p.Finding) }
func (p *AuditFindingOpened) facets() Facets   { return creates("finding", p.Finding) }

// AuditFindingClosed ends a finding.
type AuditFindingClosed struct {
	Finding string `json:"finding"`
	Text    string `json:"text"`
}

func (p *AuditFindingClosed) check(c *checker) { c.id("finding", p.Finding) }
func (p *AuditFindingClosed) facets() Facets   { return refers("finding", p.Finding) }
