package projections

import (
	"cmp"
	"iter"
	"slices"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// Grouping is the kind of group for which the execution of money is summed.
type Grouping string

// The groupings. A center belongs to one region, the city of that region (设区市) and one industry, as registered on
// the date of the question. Its industry is the first of its leading industries, or else its industry code.
const (
	ByCenter   Grouping = "center"
	ByCity     Grouping = "city"
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
	Name  string // the name of the center, city or region
	aggregates.Execution
	Centers int
}

// Executions yields the money as of a date by group, fiscal year and scope. It leaves out lines of zeros.
func (r *Register) Executions(on events.Date, f ExecutionFilter) iter.Seq[ExecutionLine] {
	lines := func(yield func(ExecutionLine) bool) {
		for _, id := range r.IDs() {
			for l := range r.ExecutionsOf(id, on, f) {
				if !yield(l) {
					return
				}
			}
		}
	}
	if f.By == "" || f.By == ByCenter {
		return lines
	}
	return slices.Values(RollUp(lines))
}

// ExecutionsOf yields the money of one center as of a date by fiscal year and scope. It leaves out lines of zeros.
// Each line names the group to which the center belongs.
func (r *Register) ExecutionsOf(id events.CenterID, on events.Date, f ExecutionFilter) iter.Seq[ExecutionLine] {
	var group, name string
	var executions []aggregates.Execution
	r.with(id, func(c *center, t policy.Timeline) {
		group, name = groupOf(f.By, id, c.state.Facts(on))
		e := c.evaluate(t, on)
		if executions = e.Executions; f.Year > on.Year() {
			executions = c.state.Ahead(t, e, f.Year)
		}
	})
	return func(yield func(ExecutionLine) bool) {
		for _, e := range executions {
			if f.Takes(&e) && !yield(ExecutionLine{Group: group, Name: name, Execution: e, Centers: 1}) {
				return
			}
		}
	}
}

// Ahead lists the money that is granted to a center ahead of its fiscal year (提前下达) as of a date; see
// aggregates.Center.
func (r *Register) Ahead(id events.CenterID, on events.Date) (list []aggregates.Execution) {
	r.with(id, func(c *center, t policy.Timeline) { list = c.state.Ahead(t, c.evaluate(t, on), 0) })
	return list
}

// Tally returns the numbers of events of a center that count as of a date, that are later, and that are voided.
func (r *Register) Tally(id events.CenterID, on events.Date) (t aggregates.Tally) {
	r.with(id, func(c *center, _ policy.Timeline) { t = c.state.Tally(on) })
	return t
}

func groupOf(by Grouping, id events.CenterID, facts events.Facts) (group, name string) {
	switch by {
	case ByTotal:
		return "", ""
	case ByCity:
		return CityOf(facts.Region)
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

// RollUp sums the lines of each group, year and scope, in this order.
func RollUp(lines iter.Seq[ExecutionLine]) (sums []ExecutionLine) {
	for l := range lines {
		sums = AddLine(sums, &l)
	}
	return sums
}

// AddLine adds a line to sums as RollUp returns them.
func AddLine(sums []ExecutionLine, l *ExecutionLine) []ExecutionLine {
	i, found := slices.BinarySearchFunc(sums, l, func(a ExecutionLine, b *ExecutionLine) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Year, b.Year),
			cmp.Compare(slices.Index(aggregates.Scopes, a.Scope), slices.Index(aggregates.Scopes, b.Scope)))
	})
	if !found {
		sums = slices.Insert(sums, i, *l)
		sums[i].Low = false
		return sums
	}
	sums[i].Money = sums[i].Plus(l.Money)
	sums[i].Centers += l.Centers
	return sums
}
