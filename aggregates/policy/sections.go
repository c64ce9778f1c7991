package policy

import (
	"strings"

	"github.com/taizhang/taizhang/events"
)

// policy reads the whole policy. It reads rules first and uses before codes, because the other tables refer to them.
func (r *reader) policy(root *node, p *Policy) {
	o := value{reader: r, node: root}.object()
	p.ID = o.required("id").id()
	p.Version = o.required("version").id()
	p.EffectiveFrom = o.required("effectiveFrom").date()
	p.Source = o.required("source").words()
	p.Rules = readRules(o.required("rules"))
	readParameters(o.required("parameters"), &p.Parameters)
	p.Grades = readGrades(o.required("grades"))
	p.Uses = readUses(o.required("uses"))
	p.Codes = readCodes(o.required("codes"))
	p.Admission = readAdmission(o.required("admission"))
	o.close()
}

func readRules(v value) []Rule {
	items, ok := v.items()
	if !ok {
		return nil
	}
	v.rules = map[string]bool{}
	var rules []Rule
	for _, item := range items {
		o := item.object()
		id := o.required("id")
		rule := Rule{ID: events.RuleID(id.id()), Article: o.required("article").id(),
			Words: o.required("words").words()}
		o.close()
		id.unique(v.rules, string(rule.ID))
		rules = append(rules, rule)
	}
	for _, id := range Required {
		if !v.rules[string(id)] {
			v.wrong("缺少规则 %s：程序会引用它，须有条款和原文",
				"rule %s is missing: the program can name it, so it needs an article and words", id)
		}
	}
	return rules
}

func readGrades(v value) []Grade {
	items, ok := v.items()
	var grades []Grade
	names, outcomes := map[string]bool{}, map[Outcome]bool{}
	for _, item := range items {
		o := item.object()
		name := o.required("name")
		g := Grade{Name: name.id(), Outcome: oneOf(o.required("outcome"), Top, Pass, Fail),
			Words: o.required("words").words(), Names: o.names()}
		o.close()
		name.unique(names, g.Name)
		outcomes[g.Outcome] = true
		grades = append(grades, g)
	}
	checkNames(items, grades, Grade.called)
	for _, outcome := range []Outcome{Top, Pass, Fail} {
		if ok && !outcomes[outcome] {
			v.wrong("没有结果为 %s 的等级", "has no grade whose outcome is %s", outcome)
		}
	}
	return grades
}

func readUses(v value) []UseRow {
	items, ok := v.items()
	if !ok {
		return nil
	}
	v.uses = map[string]bool{}
	var rows []UseRow
	for _, item := range items {
		o := item.object()
		use := o.required("use")
		row := UseRow{Use: events.Use(use.id()), Class: class(o.required("class")), Local: class(o.optional("local")),
			Rule: o.required("rule").rule(), Words: o.required("words").words(), Names: o.names()}
		o.close()
		use.unique(v.uses, string(row.Use))
		rows = append(rows, row)
	}
	checkNames(items, rows, UseRow.called)
	return rows
}

func class(v value) Class { return oneOf(v, Main, Plain, Review, Forbidden) }

// readCodes reads the table of codes. It refuses a prefix that extends an earlier prefix: codes are matched in the
// order of the rows, so the longer prefix would never match.
func readCodes(v value) []CodeRow {
	items, _ := v.items()
	var rows []CodeRow
	for _, item := range items {
		o := item.object()
		prefix, use := o.required("prefix"), o.optional("use")
		row := CodeRow{Prefix: prefix.id(), Use: events.Use(use.id()), Rule: o.required("rule").rule(),
			Words: o.required("words").words()}
		o.close()
		if len(row.Prefix) > econCodeMax || strings.Trim(row.Prefix, "0123456789") != "" {
			prefix.wrong("%q 应为 1 至 %d 位数字", "%q must be 1 to %d digits", shorten(row.Prefix), econCodeMax)
		}
		if row.Use != "" && v.uses != nil && !v.uses[string(row.Use)] {
			use.wrong("用途表中没有 %q", "the uses table has no %q", shorten(string(row.Use)))
		}
		for _, earlier := range rows {
			if row.Prefix != "" && earlier.Prefix != "" && strings.HasPrefix(row.Prefix, earlier.Prefix) {
				prefix.wrong("%q 已被前面的 %q 覆盖，永远不会用到", "%q is never reached, because %q stands before it",
					row.Prefix, earlier.Prefix)
				break
			}
		}
		rows = append(rows, row)
	}
	return rows
}

const (
	econCodeMax = 8             // digits of an economic classification code
	areaM2Max   = 1_000_000_000 // a thousand square kilometers
)

// fields lists the registered numbers that an admission row may name.
var fields = []string{"usableAreaM2", "equipmentFen"}

func readAdmission(v value) []AdmissionRow {
	items, _ := v.items()
	var rows []AdmissionRow
	seen := map[string]bool{}
	for _, item := range items {
		o := item.object()
		waivable := o.optional("waivable")
		row := AdmissionRow{Rule: o.required("rule").rule(),
			Modality: oneOf(o.required("modality"), Mandatory, InPrinciple), Waivable: waivable.bool()}
		if row.Waivable && row.Modality == Mandatory {
			waivable.wrong("强制性条件不能豁免", "a mandatory condition cannot be waived")
		}
		switch {
		case o.node == nil:
		case o.has("field") == o.has("condition"):
			item.wrong("登记数值（field）和条件（condition）必须且只能有一个",
				"must have either a field or a condition")
			continue
		case o.has("condition"):
			row.Condition = oneOf(o.required("condition"), Conditions...)
			for _, name := range []string{"minimum", "relaxedMinimum", "mandatoryBelow"} {
				if o.has(name) {
					o.optional(name).wrong("只用于有登记数值（field）的行", "belongs to rows with a field only")
				}
			}
		default:
			readMinimum(o, &row)
		}
		o.close()
		if what := row.Field + string(row.Condition); what != "" {
			item.unique(seen, string(row.Rule)+" "+what)
		}
		rows = append(rows, row)
	}
	return rows
}

// readMinimum reads a threshold on a registered number. The relaxed minimum must not be less than MandatoryBelow and
// not more than the minimum.
func readMinimum(o *object, row *AdmissionRow) {
	row.Field = oneOf(o.required("field"), fields...)
	hi := int64(areaM2Max)
	if row.Field == "equipmentFen" {
		hi = events.AmountFenMax
	}
	row.Minimum = o.required("minimum").integer(1, hi)
	relaxed, mandatory := o.optional("relaxedMinimum"), o.optional("mandatoryBelow")
	row.RelaxedMinimum, row.MandatoryBelow = relaxed.integer(1, hi), mandatory.integer(1, hi)
	if row.RelaxedMinimum > row.Minimum {
		relaxed.wrong("放宽后的下限 %d 高于下限 %d", "relaxed minimum %d is above the minimum %d", row.RelaxedMinimum,
			row.Minimum)
	}
	lowest := row.Minimum
	if row.RelaxedMinimum > 0 {
		lowest = min(lowest, row.RelaxedMinimum)
	}
	switch {
	case row.MandatoryBelow > 0 && row.Modality == Mandatory:
		mandatory.wrong("只用于原则性条件", "belongs to conditions in principle only")
	case row.MandatoryBelow > lowest:
		mandatory.wrong("%d 高于已经足够的 %d", "%d is above %d, which is already enough", row.MandatoryBelow, lowest)
	}
}
