package aggregates

import (
	"fmt"
	"slices"
	"strings"

	"github.com/taizhang/taizhang/aggregates/identifiers"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// TurnoverFenMax is the maximum of the total money in the grants, matches and vouchers of one center, so that no sum
// over a province overflows: 10^16 fen, 100 trillion yuan.
const TurnoverFenMax events.Fen = 10_000_000_000_000_000

// nonsense lists the reasons to refuse a record in either mode (section 4), judged on everything recorded so far. left
// is the index after an accepted voiding; see void.
func (c *Center) nonsense(r *events.Record) (left *index, found []Breach) {
	if r.Center != c.id {
		return nil, refuse("center", "属于另一中心", "belongs to another center")
	}
	if y := r.On.Year(); y < events.YearMin || y > events.YearMax {
		return nil, refuse("on", "年份 %d 超出范围", "year %d is out of range", y)
	}
	if found := c.wrongRole(r); len(found) > 0 {
		return nil, found
	}
	found = c.ix.nonsense(r.On, r.Data)
	if p, ok := r.Data.(*events.EntryVoided); ok && len(found) == 0 {
		return c.void(r.On, p)
	}
	return nil, found
}

func refuse(field, zh, en string, args ...any) []Breach {
	return []Breach{{Field: field, Reason: text.Say(zh, en, args...)}}
}

// eitherOf returns the words for one of some roles.
func eitherOf(roles []events.Role) text.Text {
	var zh, en []string
	for _, r := range roles {
		zh, en = append(zh, r.Title().Zh), append(en, r.Title().En)
	}
	return text.Text{Zh: strings.Join(zh, "或"), En: strings.Join(en, " or the ")}
}

// wrongRole refuses a role that section 4 does not permit to write the kind (R04-2, R04-7).
func (c *Center) wrongRole(r *events.Record) []Breach {
	kind, _ := c.kindWritten(r)
	if kind.Allows(r.By.Role) {
		return nil
	}
	rule := events.RuleID("R04-2")
	if slices.Contains(kind.Roles, events.Finance) {
		rule = "R04-7"
	}
	return []Breach{
		{Rule: rule, Field: "by.role",
			Reason: text.Say("%s不能填报“%s”，应由%s填报", "the %s may not record “%s”; that is for the %s",
				r.By.Role.Title(), r.Kind.Title(), eitherOf(kind.Roles))}}
}

// kindWritten returns the kind whose permitted roles apply to a record, and its day. For a voiding they are the kind
// and day of the voided entry: a voiding needs a role that may write that entry.
func (c *Center) kindWritten(r *events.Record) (*events.CatalogEntry, events.Date) {
	kind := events.Lookup(r.Kind)
	if p, ok := r.Data.(*events.EntryVoided); ok && kind.Allows(r.By.Role) {
		if rev := c.revisionOf(p.Event); rev != 0 {
			e := c.entry(rev)
			return events.Lookup(c.kind(e)), e.on
		}
	}
	return kind, r.On
}

// wrongGrantor refuses a waiver, or its voiding, by a role other than the one that the policy of the waiver's day
// names (OP-04).
func (c *Center) wrongGrantor(t policy.Timeline, r *events.Record) []Breach {
	kind, day := c.kindWritten(r)
	if kind.Kind != events.KindWaiverGranted {
		return nil
	}
	if grantor := t.Reading(day).Parameters.WaiverGrantor.Value; r.By.Role != grantor {
		return []Breach{{Rule: "R04-2", Field: "by.role",
			Reason: text.Say("例外应由%s批准", "a waiver is granted by the %s", grantor.Title())}}
	}
	return nil
}

// void returns the index without the voided entry, or nil if the entry is a voucher that can be removed by itself. It
// refuses to void an entry that does not exist, that is already voided, that is a voiding or the registration, or on
// which a later record depends.
func (c *Center) void(on events.Date, p *events.EntryVoided) (left *index, found []Breach) {
	rev := c.revisionOf(p.Event)
	if rev == 0 {
		return nil, refuse("data.event", "没有编号为 %s 的记录", "there is no record %s", p.Event)
	}
	e := c.entry(rev)
	switch c.kind(e) {
	case events.KindEntryVoided:
		return nil, refuse("data.event", "作废本身不能作废", "a voiding cannot be voided")
	case events.KindCenterRegistered:
		return nil, refuse("data.event", "登记不能作废", "the registration cannot be voided")
	}
	if e.voided != 0 {
		return nil, refuse("data.event", "已经作废", "is already voided")
	}
	if on < e.on { // a mistake in the date may lie in the future
		return nil, refuse("data.event",
			"所指记录的日期是 %[1]v，作废的日期不能早于它：日期请填 %[1]v；作废自入账时起生效，不等到那一天",
			"is dated %[1]v, and a voiding may not be dated before what it voids: give it the date %[1]v; a voiding "+
				"counts from the moment it is recorded, not only from that day", e.on)
	}
	if e.voucher != 0 && c.ix.voucher(e.voucher).standsAlone() {
		return nil, nil
	}
	return c.fold(newIndex(c.ix.declared, c.ix), rev)
}

func tooEarly(field string, on events.Date) []Breach {
	return refuse(field, "早于所指事件的日期 %v", "is dated before the record that it names (%v)", on)
}

func missing(field, id string) []Breach {
	return refuse(field, "台账中没有“%s”", "there is no %q", id)
}

func twice(field, id string) []Breach {
	return refuse(field, "“%s”已经存在", "%q exists already", id)
}

// named refuses a reference to something that does not exist or has a later date.
func named(field, id string, at place, there bool, on events.Date) []Breach {
	if !there {
		return missing(field, id)
	}
	if on < at.on {
		return tooEarly(field, at.on)
	}
	return nil
}

// wrongNames refuses a new name that is taken, and a reference to a name that no record created or that has a later
// date.
func (ix *index) wrongNames(on events.Date, data events.Payload) []Breach {
	f := events.FacetsOf(data)
	if ix.names.find(f.Creates) != nil {
		return twice(f.Field, f.Creates.ID)
	}
	if f.Refers == (events.Name{}) {
		return nil
	}
	at := ix.names.find(f.Refers)
	if at == nil {
		return missing("data."+f.Refers.Space, f.Refers.ID)
	}
	return named("data."+f.Refers.Space, f.Refers.ID, *at, true, on)
}

// decidedIn returns the place of the decision on the grade of a year.
func (ix *index) decidedIn(year int) (place, bool) {
	if at := ix.names.find(events.FacetsOf(&events.GradeDecided{Year: year}).Creates); at != nil {
		return *at, true
	}
	return place{}, false
}

// nonsense returns the reasons against an entry that follow from the index alone. They are the same for a new entry
// and for an entry read back from the ledger.
func (ix *index) nonsense(on events.Date, data events.Payload) []Breach {
	if p, ok := data.(*events.CenterRegistered); ok {
		if ix.registered.what != nil {
			return refuse("kind", "中心已经登记", "the center is already registered")
		}
		return wrongUSCC("data.uscc", p.USCC)
	}
	if ix.registered.what == nil {
		return refuse("center", "中心尚未登记", "the center is not registered")
	}
	if on < ix.registered.on {
		return refuse("on", "早于中心登记日 %v", "is before the center's registration (%v)", ix.registered.on)
	}
	switch p := data.(type) {
	case *events.FactsChanged:
		if p.USCC != nil {
			return wrongUSCC("data.uscc", *p.USCC)
		}
	case *events.PlaqueAwarded:
		if len(ix.plaques) > 0 {
			return refuse("kind", "已经授牌", "the plaque was already awarded")
		}
	case *events.QualificationRevoked:
		if len(ix.revocations) > 0 {
			return refuse("kind", "资格已经取消", "the qualification was already revoked")
		}
	case *events.GradeDecided:
		if _, there := ix.decidedIn(p.Year); there {
			return refuse("data.year", "%d 年度已经评定", "the grade of %d is already decided", p.Year)
		}
	case *events.GradeRevised:
		at, there := ix.decidedIn(p.Year)
		if !there {
			return refuse("data.year", "%d 年度尚未评定", "the grade of %d is not decided", p.Year)
		}
		return named("data.year", "", at, there, on)
	case *events.RectificationOrdered:
		if _, there := ix.orders[p.Year]; there {
			return refuse("data.year", "%d 年度已经责令整改", "rectification for %d is already ordered", p.Year)
		}
	case *events.RectificationSubmitted:
		return ix.ordered(p.Year, on)
	case *events.RectificationAccepted:
		return ix.ordered(p.Year, on)
	default:
		return ix.moneyNonsense(on, data)
	}
	return nil
}

func (ix *index) ordered(year int, on events.Date) []Breach {
	order, there := ix.orders[year]
	if !there {
		return refuse("data.year", "%d 年度没有责令整改", "no rectification is ordered for %d", year)
	}
	return named("data.year", "", order.place, there, on)
}

func wrongUSCC(field, code string) []Breach {
	if _, form := identifiers.ParseUSCC(code); form == identifiers.WrongForm {
		return refuse(field, "“%s”不是统一社会信用代码：应为 18 位，第 3 至 8 位为数字，不含 I、O、S、V、Z",
			"%q is not a unified social credit code: 18 characters, digits at 3 to 8, none of I, O, S, V, Z", code)
	}
	return nil
}

// vocabulary refuses a grade or a use that the policy does not have.
func vocabulary(p *policy.Policy, data events.Payload) []Breach {
	grade := func(g string) []Breach {
		if p.Outcome(g) == "" {
			return unknownWord("data.grade", text.Say("等级", "grade"), p, g, p.GradeNames())
		}
		return nil
	}
	use := func(u events.Use) []Breach {
		if p.Use(u) == nil {
			return unknownWord("data.use", text.Say("用途", "use"), p, string(u), p.UseNames())
		}
		return nil
	}
	switch d := data.(type) {
	case *events.GradeDecided:
		return grade(d.Grade)
	case *events.GradeRevised:
		return grade(d.Grade)
	case *events.FundsSpent:
		return use(d.Use)
	case *events.UseRuled:
		return use(d.Use)
	}
	return nil
}

// unknownWord refuses a code that a policy does not have, and lists the codes that it has.
func unknownWord(field string, what text.Text, p *policy.Policy, code string, names *policy.Vocabulary) []Breach {
	var zh []string
	for _, c := range names.Codes() {
		word, _ := names.Name(c)
		zh = append(zh, word.Zh+"（"+c+"）")
	}
	return []Breach{{Field: field, Reason: text.Text{
		Zh: fmt.Sprintf("办法参数 %s 没有%s“%s”，应为：%s", p.ID, what.Zh, code, strings.Join(zh, "、")),
		En: fmt.Sprintf("policy %s has no %s %q; it must be one of: %s", p.ID, what.En, code,
			strings.Join(names.Codes(), ", ")),
	}}}
}
