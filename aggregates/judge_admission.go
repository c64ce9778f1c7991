package aggregates

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// unmet is an admission condition of section 6 that is not met on a date.
type unmet struct {
	rule     events.RuleID
	modality policy.Modality
	why      func() (reason text.Text, figures []Figure)
}

// admission lists the conditions that are not met on a date, judged on the facts registered and changed by that date.
func (v *view) admission(p *policy.Policy, d events.Date) []unmet {
	var found []unmet
	facts := v.factsAt(d)
	for i := range p.Admission {
		row := &p.Admission[i]
		u := unmet{rule: row.Rule, modality: row.Modality}
		if row.Field == "" {
			u.why = v.unmetCondition(p, row.Condition, &facts, d)
		} else if u.why = v.belowMinimum(row, &facts, d); u.why != nil &&
			registeredNumber(row.Field, &facts) < row.MandatoryBelow {
			u.modality = policy.Mandatory
		}
		if u.why != nil {
			found = append(found, u)
		}
	}
	judged := map[events.RuleID]dated[*events.ConditionJudged]{}
	for _, j := range v.judgements.upTo(d) {
		judged[j.what.Rule] = j
	}
	for _, rule := range sortedKeys(judged) {
		if j := judged[rule]; j.what.Conclusion == "not-met" {
			found = append(found, unmet{rule, policy.Mandatory, func() (text.Text, []Figure) {
				return text.Say("最近一次人工认定（%v）为不符合",
						"the latest conclusion on it, of %v, is “not met”", j.on), []Figure{
						dateFigure("judgedOn", j.on),
						wordFigure("conclusion", j.what.Conclusion,
							events.ValueWord(events.KindConditionJudged, "conclusion", j.what.Conclusion))}
			}})
		}
	}
	return found
}

// unmetCondition returns a function that says why a named condition is not met, or nil if it is met.
func (v *view) unmetCondition(p *policy.Policy, condition policy.Condition, facts *events.Facts,
	d events.Date) func() (text.Text, []Figure) {
	switch condition {
	case policy.LegalEntity:
		if !facts.LegalEntity {
			return func() (text.Text, []Figure) {
				return text.Say("不是独立法人实体", "is not a legal entity of its own"),
					[]Figure{yesNoFigure("legalEntity", false)}
			}
		}
	case policy.ExistingUnit:
		if facts.NewUnit {
			return func() (text.Text, []Figure) {
				return text.Say("是新设立的单位", "is a new unit"), []Figure{yesNoFigure("newUnit", true)}
			}
		}
	case policy.FoundedLongEnough: // 29 February counts as 28 February
		years, foundedOn := p.Parameters.FoundationYears.Value, facts.FoundedOn
		if foundedOn.AddMonths(12*years) > v.registered.on {
			return func() (text.Text, []Figure) {
				return text.Say("设立日期 %v 至登记日期 %v 不足 %d 年",
						"founded on %v and registered on %v, less than %d years", foundedOn, v.registered.on, years),
					[]Figure{dateFigure("foundedOn", foundedOn), dateFigure("registeredOn", v.registered.on),
						countFigure("foundationYears", years)}
			}
		}
	case policy.PilotDevicesSeparate:
		if facts.PilotFunction && !facts.PilotDevicesSeparate {
			return func() (text.Text, []Figure) {
				return text.Say("有中试功能而中试装置未单独设置",
						"has a pilot function and no separate pilot devices"),
					[]Figure{yesNoFigure("pilotFunction", true), yesNoFigure("pilotDevicesSeparate", false)}
			}
		}
	case policy.NoMajorIncident:
		months := p.Parameters.IncidentLookbackMonths.Value
		since := v.registered.on.AddMonths(-months)
		if i := v.majorIncident(since, d); i != nil {
			return func() (text.Text, []Figure) {
				return text.Say("%v 以来有重大事故 %s", "a major incident since %v: %s", since, i.what.Incident),
					[]Figure{NewFigure("incident", i.what.Incident), dateFigure("occurredOn", occurredOn(i)),
						dateFigure("since", since), countFigure("lookback", months)}
			}
		}
	case policy.NotDishonest:
		if l := v.listed("dishonesty", d); l != nil {
			return func() (text.Text, []Figure) {
				return text.Say("列入科研严重失信行为记录（%s）", "is listed for dishonesty (%s)", l.what.Listing),
					listingFigures(l)
			}
		}
	case policy.NotBlacklisted:
		if l := v.listed("blacklist", d); l != nil {
			return func() (text.Text, []Figure) {
				return text.Say("列入社会领域信用黑名单（%s）", "is blacklisted (%s)", l.what.Listing),
					listingFigures(l)
			}
		}
	case policy.EthicsCommittee:
		if !ethicsMet(p, facts) {
			facts := *facts // or the facts of every evaluation would escape to the heap
			return func() (text.Text, []Figure) {
				return text.Say("研究涉及科技伦理敏感领域而无伦理委员会",
					"works on ethically sensitive matters without an ethics committee"), ethicsFigures(p, &facts)
			}
		}
	case policy.OneLeadingIndustry:
		if industries := facts.LeadingIndustries; len(industries) != 1 {
			return func() (text.Text, []Figure) {
				figures := []Figure{countFigure("industries", len(industries)), countFigure("industriesWanted", 1)}
				if len(industries) > 0 {
					figures = append(figures, wordsFigure("leadingIndustries", industries, text.Same))
				}
				return text.Say("主导产业有 %d 个，应为 1 个", "has %d leading industries, not 1", len(industries)),
					figures
			}
		}
	}
	return nil
}

// belowMinimum returns a function that says why a registered number is too small (R06-2b, R06-2c), or nil if it is
// large enough. A valid relaxation lowers the minimum. Below MandatoryBelow the condition is mandatory and no waiver
// helps.
func (v *view) belowMinimum(row *policy.AdmissionRow, facts *events.Facts, d events.Date) func() (text.Text,
	[]Figure) {
	value, minimum := registeredNumber(row.Field, facts), row.Minimum
	relaxed := row.RelaxedMinimum != 0 && v.relaxed(d)
	if relaxed {
		minimum = row.RelaxedMinimum
	}
	if value >= minimum {
		return nil
	}
	return func() (text.Text, []Figure) {
		unit := figureRows[row.Field].Unit
		figures := []Figure{NewFigure(row.Field, fmt.Sprint(value)),
			NewFigure("minimum", fmt.Sprint(minimum)).in(unit), yesNoFigure("relaxed", relaxed)}
		if row.MandatoryBelow != 0 {
			figures = append(figures, NewFigure("mandatoryBelow", fmt.Sprint(row.MandatoryBelow)).in(unit))
		}
		return text.Say("%s为 %s，低于 %s", "the %s is %s, below %s", figureRows[row.Field].Label,
			show(value, row.Field), show(minimum, row.Field)), figures
	}
}

func registeredNumber(field string, facts *events.Facts) int64 {
	if field == "usableAreaM2" {
		return facts.UsableAreaM2
	}
	return int64(facts.EquipmentFen)
}

// show returns a registered number with its unit.
func show(value int64, field string) text.Text {
	if field == "usableAreaM2" {
		return text.Say("%d 平方米", "%d m²", value)
	}
	return yuan(events.Fen(value))
}

// majorIncident returns a recorded major incident that occurred in a span of days (R06-5b), or nil.
func (v *view) majorIncident(since, until events.Date) *dated[*events.IncidentRecorded] {
	incidents := v.incidents.upTo(until)
	for i := range incidents {
		x := &incidents[i]
		if occurred := occurredOn(x); x.what.Severity == "major" && occurred >= since && occurred <= until {
			return x
		}
	}
	return nil
}

// occurredOn returns the day on which an incident occurred.
func occurredOn(i *dated[*events.IncidentRecorded]) events.Date {
	return cmp.Or(i.what.OccurredOn, i.on)
}

// listed returns a listing in force on a date (R06-5d, R06-5e), or nil.
func (v *view) listed(list string, d events.Date) *dated[*events.CreditListed] {
	listings := v.listings.upTo(d)
	for i := range listings {
		l := &listings[i]
		if l.what.List != list || l.what.Until != 0 && l.what.Until < d {
			continue
		}
		if firstOf[*events.CreditDelisted](v.index, "listing", l.what.Listing, d) == nil {
			return l
		}
	}
	return nil
}

func listingFigures(l *dated[*events.CreditListed]) []Figure {
	figures := []Figure{NewFigure("listing", l.what.Listing),
		wordFigure("list", l.what.List, events.ValueWord(events.KindCreditListed, "list", l.what.List)),
		dateFigure("listedOn", l.on)}
	if l.what.Until != 0 {
		figures = append(figures, dateFigure("until", l.what.Until))
	}
	return figures
}

func ethicsFigures(p *policy.Policy, facts *events.Facts) []Figure {
	sensitive := slices.DeleteFunc(slices.Clone(facts.Fields),
		func(f string) bool { return !slices.Contains(p.Parameters.EthicsFields.Value, f) })
	return []Figure{
		wordsFigure("fields", sensitive,
			func(f string) text.Text { return events.ValueWord(events.KindCenterRegistered, "fields", f) }),
		yesNoFigure("ethicsSensitive", facts.EthicsSensitive), yesNoFigure("ethicsCommittee", facts.EthicsCommittee),
	}
}

// ethicsMet reports whether R06-6 is met: a center that works on sensitive matters in a field of the policy's list
// must have an ethics committee.
func ethicsMet(p *policy.Policy, facts *events.Facts) bool {
	inField := slices.ContainsFunc(facts.Fields,
		func(f string) bool { return slices.Contains(p.Parameters.EthicsFields.Value, f) })
	return !inField || !facts.EthicsSensitive || facts.EthicsCommittee
}

// relaxed reports whether a valid relaxation was granted on or before a date. A relaxation is valid if it meets the
// conditions of R06-2d. A relaxation dated before the first policy was not judged, but it must meet the same
// conditions.
func (v *view) relaxed(d events.Date) bool {
	for _, r := range v.relaxations.upTo(d) {
		if v.wrongRelaxation(v.t.Reading(r.on), r.on) == nil {
			return true
		}
	}
	return false
}

// wrongRelaxation returns the reasons to refuse a relaxation on a date (R06-2d, OP-11).
func (v *view) wrongRelaxation(p *policy.Policy, d events.Date) []Breach {
	facts := v.factsAt(d)
	if !facts.RelaxationRequested {
		return breach("R06-2d", text.Say("中心未申请放宽", "the center did not ask for a relaxation"),
			yesNoFigure("requested", false))
	}
	prefixes := p.Parameters.RelaxationIndustries.Value
	if !slices.ContainsFunc(prefixes, func(x string) bool { return strings.HasPrefix(facts.IndustryCode, x) }) {
		list := wordsFigure("relaxable", prefixes, text.Same)
		return breach("R06-2d", text.Say("行业代码 %s 不在可放宽的 %s 之内",
			"industry %s is not one of those that may be relaxed: %s", facts.IndustryCode, list.Word),
			yesNoFigure("requested", true), NewFigure("industryCode", facts.IndustryCode), list)
	}
	return nil
}

// wrongWaiver returns the reasons to refuse a waiver of a rule on a date (R06, OP-04).
func (v *view) wrongWaiver(p *policy.Policy, rule events.RuleID, d events.Date) []Breach {
	for i := range p.Admission {
		row := &p.Admission[i]
		if row.Rule != rule || !row.Waivable {
			continue
		}
		if facts := v.factsAt(d); row.Field != "" && registeredNumber(row.Field, &facts) < row.MandatoryBelow {
			value, unit := registeredNumber(row.Field, &facts), figureRows[row.Field].Unit
			return breach("R06", text.Say("%s为 %s，低于 %s，不得例外",
				"the %s is %s, below %s, and no waiver may allow that",
				figureRows[row.Field].Label, show(value, row.Field), show(row.MandatoryBelow, row.Field)),
				NewFigure(row.Field, fmt.Sprint(value)),
				NewFigure("mandatoryBelow", fmt.Sprint(row.MandatoryBelow)).in(unit))
		}
		return nil
	}
	return breach("R06", text.Say("%s 不是可以例外的条款", "%s is not a rule that can be waived", rule))
}

// waived reports whether a waiver of a rule was granted on or before a date.
func (v *view) waived(rule events.RuleID, d events.Date) bool {
	return v.waivers.upTo(d).first(func(w *events.WaiverGranted) bool { return w.Rule == rule }) != nil
}

func breach(rule events.RuleID, reason text.Text, figures ...Figure) []Breach {
	return []Breach{{Rule: rule, Reason: reason, Figures: figures}}
}

func sortedKeys[K ~string, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
