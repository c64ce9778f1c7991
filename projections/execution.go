package projections

import (
	"cmp"
	"slices"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// Grouping is the kind of group for which the execution of money is summed.
type Grouping string

// The groupings. A center belongs to one region and one industry, as registered on the date of the question. Its
// industry is the first of its leading industries, or else its industry code.
const (
	ByCenter   Grouping = "center"
	ByRegion   Grouping = "region"
	ByIndustry Grouping = "industry"
	ByTotal    Grouping = "total"
)

// ExecutionFilter selects lines of the execution report. A zero member selects all lines. An empty By means ByCenter.
type ExecutionFilter struct {
	Year  int
	Scope aggregates.Scope
	By    Grouping
}

// Takes reports whether the filter selects a line.
func (f *ExecutionFilter) Takes(e *aggregates.Execution) bool {
	return (f.Year == 0 || f.Year == e.Year) && (f.Scope == "" || f.Scope == e.Scope)
}

// ExecutionLine is the money of one group in a fiscal year and scope. Low is set only in lines of centers. Centers is
// the number of centers in the group.
type ExecutionLine struct {
	Group string // a center's id, a code of GB/T 2260, an industry, or "" for the whole
	Name  string // the name of the center or region
	aggregates.Execution
	Centers int
}

// Executions lists the money as of a date by group, fiscal year and scope. It leaves out lines of zeros.
func (r *Register) Executions(on events.Date, f ExecutionFilter) []ExecutionLine {
	lines := 0
	r.each("", func(c *center, t policy.Timeline) { lines += len(c.evaluate(t, on).Executions) })
	list := make([]ExecutionLine, 0, lines)
	r.each("", func(c *center, t policy.Timeline) { list = c.appendExecutions(list, t, on, f) })
	if f.By == "" || f.By == ByCenter {
		return list
	}
	return RollUp(list)
}

// ExecutionsOf lists the money of one center as of a date by fiscal year and scope. It leaves out lines of zeros. Each
// line names the group to which the center belongs.
func (r *Register) ExecutionsOf(id events.CenterID, on events.Date, f ExecutionFilter) (list []ExecutionLine) {
	r.with(id, func(c *center, t policy.Timeline) { list = c.appendExecutions(nil, t, on, f) })
	return list
}

// Ahead lists the money that is granted to a center ahead of its fiscal year (提前下达) as of a date; see
// aggregates.Center.
func (r *Register) Ahead(id events.CenterID, on events.Date) (list []aggregates.Execution) {
	r.with(id, func(c *center, t policy.Timeline) { list = c.state.Ahead(t, c.evaluate(t, on), 0) })
	return list
}

// Tally counts the events of a center by whether they count as of a date.
func (r *Register) Tally(id events.CenterID, on events.Date) (t aggregates.Tally) {
	r.with(id, func(c *center, _ policy.Timeline) { t = c.state.Tally(on) })
	return t
}

func (c *center) appendExecutions(list []ExecutionLine, t policy.Timeline, on events.Date, f ExecutionFilter) []ExecutionLine {
	group, name := groupOf(f.By, c.state.ID(), c.state.Facts(on))
	evaluation := c.evaluate(t, on)
	executions := evaluation.Executions
	if f.Year > on.Year() {
		executions = c.state.Ahead(t, evaluation, f.Year)
	}
	for _, e := range executions {
		if f.Takes(&e) {
			list = append(list, ExecutionLine{Group: group, Name: name, Execution: e, Centers: 1})
		}
	}
	return list
}

func groupOf(by Grouping, id events.CenterID, facts events.Facts) (group, name string) {
	switch by {
	case ByTotal:
		return "", ""
	case ByRegion:
		return facts.Region, RegionName(facts.Region)
	case ByIndustry:
		if len(facts.LeadingIndustries) > 0 {
			return facts.LeadingIndustries[0], ""
		}
		return facts.IndustryCode, ""
	}
	return string(id), facts.Name
}

// RollUp sums the lines of each group, year and scope. It sorts the given lines.
func RollUp(lines []ExecutionLine) []ExecutionLine {
	slices.SortStableFunc(lines, func(a, b ExecutionLine) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Year, b.Year),
			cmp.Compare(slices.Index(aggregates.Scopes, a.Scope), slices.Index(aggregates.Scopes, b.Scope)))
	})
	var sums []ExecutionLine
	for _, l := range lines {
		l.Low = false
		if n := len(sums); n > 0 && sums[n-1].Group == l.Group && sums[n-1].Year == l.Year && sums[n-1].Scope == l.Scope {
			sums[n-1].Money = sums[n-1].Plus(l.Money)
			sums[n-1].Centers++
			continue
		}
		sums = append(sums, l)
	}
	return sums
}
