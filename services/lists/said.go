package lists

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
)

// Said is one item of the content of a record in words.
type Said struct {
	Member string    `json:"member"` // its path in data, such as lines[0]
	Label  text.Text `json:"label"`
	Value  text.Text `json:"value"` // with its unit
}

// RecordWords returns the content of a record in words, in the order of its members: amounts in yuan, codes as words,
// a list as one item, and an item for each object of a list. Uses and grades are in the words of the policies.
func RecordWords(r *events.Record, policies policy.Timeline) (all []Said) {
	for _, leaf := range events.Leaves(r.Kind, r.Data) {
		place := placeOf(leaf.Path)
		value := leafWords(r, leaf, policies)
		if n := len(all); n > 0 && all[n-1].Member == place {
			all[n-1].Value = text.Text{Zh: joinWords(all[n-1].Value.Zh, value.Zh, place, "、"),
				En: joinWords(all[n-1].Value.En, value.En, place, ", ")}
			continue
		}
		all = append(all, Said{place, events.PlaceWords(r.Kind, "data."+place), value})
	}
	return all
}

// placeOf returns the path of the item to which a value belongs: an object of a list is one item, and a list of values
// is one.
func placeOf(path string) string {
	list, rest, isList := strings.Cut(path, "[")
	if !isList {
		return path
	}
	index, member, _ := strings.Cut(rest, "]")
	if member == "" {
		return list
	}
	return list + "[" + index + "]"
}

// joinWords joins two values of an item: those of a list by between, those of an object by a blank.
func joinWords(a, b, place, between string) string {
	if strings.HasSuffix(place, "]") {
		between = " "
	}
	return a + between + b
}

// leafWords returns a value in words.
func leafWords(r *events.Record, leaf events.Leaf, policies policy.Timeline) text.Text {
	switch v := leaf.Value.(type) {
	case nil:
		return yesOrNo(true)
	case bool:
		return yesOrNo(v)
	case events.Fen:
		return text.Say("%s 元", "%s yuan", events.FormatYuan(v))
	case int64:
		switch {
		case strings.HasSuffix(leaf.Member, "M2"):
			return text.Say("%d m²", "%d m²", v)
		case strings.HasSuffix(leaf.Member, "Reviews"):
			return text.Say("%d 份", "%d", v)
		}
	case string:
		return stringWords(r, leaf.Member, strings.Join(strings.Fields(v), " "), policies)
	}
	return text.Same(fmt.Sprint(leaf.Value))
}

func yesOrNo(yes bool) text.Text {
	if yes {
		return text.Say("是", "yes")
	}
	return text.Say("否", "no")
}

// stringWords returns a text of a member in words. Most texts are their own words.
func stringWords(r *events.Record, member, value string, policies policy.Timeline) text.Text {
	switch member {
	case "use":
		return policies.UseName(events.Use(value), r.On)
	case "grade":
		return policies.GradeName(value, r.On)
	case "region", "localGov":
		return text.Same(strings.TrimSpace(value + " " + projections.RegionName(value)))
	case "code":
		if row := aggregates.LookupAlert(aggregates.Code(value)); row != nil && r.Kind == events.KindAlertClosed {
			return text.Text{Zh: value + " " + row.Title.Zh, En: value + " " + row.Title.En}
		}
	}
	if p, ok := r.Data.(*events.AlertClosed); ok && member == "key" {
		return KeyWord(aggregates.Code(p.Code), value)
	}
	return events.ValueWord(r.Kind, member, value)
}

// These members of data say in a line what they are by themselves, and come first in this order.
var firstInLine = []string{"payee", "use", "summary", "grade", "category", "source", "name", "leadUnit", "item",
	"text", "reason", "opinion"}

// inLine holds the members that the line of a kind has, if it does not have all.
var inLine = map[events.Kind][]string{
	events.KindPolicyAdopted:      {"id", "version", "effectiveFrom", "source"},
	events.KindCenterRegistered:   {"name", "leadUnit", "type", "region"},
	events.KindJointAppraisalHeld: {"expertReviews", "thirdPartyReviews"},
	events.KindTaskBookFiled:      {"version", "periodStart", "periodEnd"},
	events.KindGradeDecided:       {"grade", "year"},
	events.KindLedgerSealed:       {"origin", "size"},
}

// lineMax is how many characters of a record a line has at most. Only the text of a policy or a long opinion has more.
const lineMax = 400

// RecordLine returns what matters in a record on one line: its amount, payee, use, summary, grade or reason first.
func RecordLine(r *events.Record, policies policy.Timeline) text.Text {
	rest := restOf(r, policies, func(Said) {})
	fen := events.Fen(0)
	if r.Data != nil {
		fen = events.FacetsOf(r.Data).AmountFen
	}
	switch amount := text.Say("%s 元", "%s yuan", events.FormatYuan(fen)); {
	case fen == 0:
		return rest
	case rest == text.Text{}:
		return amount
	default:
		return text.Text{Zh: amount.Zh + "，" + rest.Zh, En: amount.En + ", " + rest.En}
	}
}

// RecordRest returns what RecordLine leaves out.
func RecordRest(r *events.Record, policies policy.Timeline) (rest []Said) {
	restOf(r, policies, func(s Said) { rest = append(rest, s) })
	return rest
}

// labelled returns an item with its label. An answer of yes or no needs a colon.
func labelled(s Said) text.Text {
	for _, yes := range []bool{true, false} {
		if s.Value == yesOrNo(yes) {
			return text.Text{Zh: s.Label.Zh + "：" + s.Value.Zh, En: s.Label.En + ": " + s.Value.En}
		}
	}
	return text.Text{Zh: s.Label.Zh + " " + s.Value.Zh, En: s.Label.En + " " + s.Value.En}
}

// restOf returns RecordLine without the amount, and calls leftOut for each item that the line does not have.
func restOf(r *events.Record, policies policy.Timeline, leftOut func(Said)) text.Text {
	var zh, en []string
	add := func(t text.Text) { zh, en = append(zh, t.Zh), append(en, t.En) }
	rank := func(s Said) int {
		if i := slices.Index(firstInLine, s.Member); i >= 0 {
			return i
		}
		return len(firstInLine)
	}
	sorted := RecordWords(r, policies)
	slices.SortStableFunc(sorted, func(a, b Said) int { return cmp.Compare(rank(a), rank(b)) })
	only := inLine[r.Kind]
	for _, s := range sorted {
		isWanted := len(only) == 0 || slices.Contains(only, s.Member)
		switch {
		case s.Member == "amountFen":
		case strings.HasSuffix(s.Member, "]") || !isWanted || s.Value.Zh == "":
			leftOut(s)
		case rank(s) < len(firstInLine):
			add(s.Value)
		default:
			add(labelled(s))
		}
	}
	if p, ok := r.Data.(*events.FundsSpent); ok {
		var grants []string
		for _, l := range p.Lines {
			grants = append(grants, l.Grant)
		}
		label := events.MemberWord(r.Kind, "lines.grant")
		add(text.Text{Zh: label.Zh + " " + strings.Join(grants, "、"),
			En: label.En + " " + strings.Join(grants, ", ")})
	}
	line := func(parts []string, between string) string { return text.Clip(strings.Join(parts, between), lineMax) }
	return text.Text{Zh: line(zh, "，"), En: line(en, ", ")}
}
