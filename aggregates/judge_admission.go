package aggregates

import (
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
	reason   text.Text
	figures  []Figure
}

// admission lists the conditions that are not met on a date, judged on the facts registered and changed by that date.
func (v *view) admission(p *policy.Policy, d events.Date) []unmet {
	var found []unmet
	facts := v.factsAt(d)
	for i := range p.Admission {
		row := &p.Admission[i]
		if u, bad := v.condition(p, row, &facts, d); bad {
			found = append(found, u)
		}
	}
	judged := map[events.RuleID]string{}
	for _, j := range v.judgements.upTo(d) {
		judged[j.what.Rule] = j.what.Conclusion
	}
	for _, rule := range sortedKeys(judged) {
		if judged[rule] == "not-met" {
			found = append(found, unmet{rule: rule, modality: policy.Mandatory,
				reason: text.Say("最近一次人工认定为不符合", "the latest human conclusion on it is not-met")})
		}
	}
	return found
}

func (v *view) condition(p *policy.Policy, row *policy.AdmissionRow, facts *events.Facts, d events.Date) (unmet, bool) {
	if row.Field != "" {
		return v.threshold(p, row, facts, d)
	}
	u, bad := unmet{rule: row.Rule, modality: row.Modality}, false
	need := func(met bool, zh, en string, args ...any) {
		if !met {
			u.reason, bad = text.Say(zh, en, args...), true
		}
	}
	switch row.Condition {
	case policy.LegalEntity:
		need(facts.LegalEntity, "不是独立法人实体", "is not a legal entity of its own")
	case policy.ExistingUnit:
		need(!facts.NewUnit, "是新设立的单位", "is a new unit")
	case policy.FoundedLongEnough: // 29 February counts as 28 February
		years := p.Parameters.FoundationYears.Value
		need(facts.FoundedOn.AddMonths(12*years) <= v.registered.on,
			"设立日 %v 至登记日 %v 不足 %d 年", "founded on %v and registered on %v, less than %d years", facts.FoundedOn, v.registered.on, years)
	case policy.PilotDevicesSeparate:
		need(!facts.PilotFunction || facts.PilotDevicesSeparate, "有中试功能而中试装置未单独设置", "has a pilot function and no separate pilot devices")
	case policy.NoMajorIncident:
		since := v.registered.on.AddMonths(-p.Parameters.IncidentLookbackMonths.Value)
		major := v.majorIncident(since, d)
		need(major == "", "%v 以来有重大事故 %s", "a major incident since %v: %s", since, major)
	case policy.NotDishonest:
		listing := v.listed("dishonesty", d)
		need(listing == "", "在科研失信名单上（%s）", "is listed for dishonesty (%s)", listing)
	case policy.NotBlacklisted:
		listing := v.listed("blacklist", d)
		need(listing == "", "在黑名单上（%s）", "is blacklisted (%s)", listing)
	case policy.EthicsCommittee:
		need(ethicsMet(p, facts), "研究涉及科技伦理敏感领域而无伦理委员会", "works on ethically sensitive matters without an ethics committee")
	case policy.OneLeadingIndustry:
		n := len(facts.LeadingIndustries)
		need(n == 1, "主导产业有 %d 个，应为 1 个", "has %d leading industries, not 1", n)
	}
	return u, bad
}

// threshold checks a condition on a registered number (R06-2b, R06-2c). A valid relaxation lowers the minimum. Below
// MandatoryBelow the condition is mandatory and no waiver helps.
func (v *view) threshold(p *policy.Policy, row *policy.AdmissionRow, facts *events.Facts, d events.Date) (unmet, bool) {
	value, minimum := registeredNumber(row.Field, facts), row.Minimum
	relaxed := row.RelaxedMinimum != 0 && v.relaxed(d)
	if relaxed {
		minimum = row.RelaxedMinimum
	}
	if value >= minimum {
		return unmet{}, false
	}
	u := unmet{rule: row.Rule, modality: row.Modality, figures: []Figure{
		{row.Field, text.Say("登记值", "registered"), fmt.Sprint(value), unitOf(row.Field)},
		{"minimum", text.Say("最低要求", "minimum"), fmt.Sprint(minimum), unitOf(row.Field)},
	}}
	if value < row.MandatoryBelow {
		u.modality = policy.Mandatory
	}
	u.reason = text.Say("%s 为 %s，低于 %s", "%s is %s, below %s", row.Field, show(value, row.Field), show(minimum, row.Field))
	return u, true
}

func registeredNumber(field string, facts *events.Facts) int64 {
	if field == "usableAreaM2" {
		return facts.UsableAreaM2
	}
	return int64(facts.EquipmentFen)
}

func unitOf(field string) string {
	if field == "usableAreaM2" {
		return "m2"
	}
	return "fen"
}

func show(value int64, field string) string {
	if field == "usableAreaM2" {
		return fmt.Sprintf("%d ㎡", value)
	}
	return events.FormatYuan(events.Fen(value)) + " 元"
}

// majorIncident returns the id of a recorded major incident that occurred in a span of days (R06-5b), or "".
func (v *view) majorIncident(since, until events.Date) string {
	for _, i := range v.incidents.upTo(until) {
		occurred := i.what.OccurredOn
		if occurred == 0 {
			occurred = i.on
		}
		if i.what.Severity == "major" && occurred >= since && occurred <= until {
			return i.what.Incident
		}
	}
	return ""
}

// listed returns the id of a listing in force on a date (R06-5d, R06-5e), or "".
func (v *view) listed(list string, d events.Date) string {
	for _, l := range v.listings.upTo(d) {
		if l.what.List != list || l.what.Until != 0 && l.what.Until < d {
			continue
		}
		if firstOf[*events.CreditDelisted](v.index, "listing", l.what.Listing, d) == nil {
			return l.what.Listing
		}
	}
	return ""
}

// ethicsMet reports whether R06-6 is met: a center that works on sensitive matters in a field of the policy's list
// must have an ethics committee.
func ethicsMet(p *policy.Policy, facts *events.Facts) bool {
	inField := slices.ContainsFunc(facts.Fields, func(f string) bool { return slices.Contains(p.Parameters.EthicsFields.Value, f) })
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
		return breach("R06-2d", text.Say("中心未申请放宽", "the center did not ask for a relaxation"))
	}
	prefixes := p.Parameters.RelaxationIndustries.Value
	if !slices.ContainsFunc(prefixes, func(x string) bool { return strings.HasPrefix(facts.IndustryCode, x) }) {
		return breach("R06-2d", text.Say("行业代码 %s 不在可放宽的 %v 之内", "industry %s is not one of those that may be relaxed: %v", facts.IndustryCode, prefixes))
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
			return breach("R06", text.Say("%s 低于 %s，不得例外", "%s is below %s, which no waiver excepts", row.Field, show(row.MandatoryBelow, row.Field)))
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
