package lists

import (
	"slices"
	"strings"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// GrantedAhead returns a note for each fiscal year that has not begun: the money granted ahead for it (提前下达), by
// scope. see returns the words that tell where the lines are; it may be nil.
func GrantedAhead(lines []aggregates.Execution, see func(year int) text.Text) (notes []text.Text) {
	sums := map[int]map[aggregates.Scope]events.Fen{}
	var years []int
	for _, x := range lines {
		if sums[x.Year] == nil {
			sums[x.Year] = map[aggregates.Scope]events.Fen{}
			years = append(years, x.Year)
		}
		sums[x.Year][x.Scope] += x.GrantedFen
	}
	slices.Sort(years)
	for _, year := range years {
		var zh, en []string
		for _, scope := range aggregates.Scopes {
			if fen := sums[year][scope]; fen != 0 {
				zh, en = append(zh, ScopeWord(scope).Zh+" "+events.FormatYuan(fen)+" 元"),
					append(en, ScopeWord(scope).En+" "+events.FormatYuan(fen)+" yuan")
			}
		}
		if len(zh) == 0 {
			continue
		}
		var where text.Text
		if see != nil {
			where = see(year)
		}
		head := text.Say("%d 年度尚未开始，已提前下达：", "The year %d has not begun; granted ahead for it: ", year)
		notes = append(notes, text.Text{Zh: head.Zh + strings.Join(zh, "，") + where.Zh + "。",
			En: head.En + strings.Join(en, ", ") + where.En + "."})
	}
	return notes
}

// odd is a set of facts about lines that look like errors and are not.
type odd uint8

const (
	oddRate odd = 1 << iota
	oddIneligible
	oddSpent
	oddBalance
)

// oddOf returns the facts about a line that look like an error.
func oddOf(x *aggregates.Execution) (o odd) {
	if x.AvailableFen() > 0 && x.ExecutedFen() > x.AvailableFen() {
		o |= oddRate
	}
	if x.IneligibleFen < 0 {
		o |= oddIneligible
	}
	if x.SpentAllFen < 0 {
		o |= oddSpent
	}
	if x.BalanceFen() < 0 {
		o |= oddBalance
	}
	return o
}

// notes explains figures that look wrong and are not: a rate above 100 %, and negative amounts.
func (o odd) notes() (notes []text.Text) {
	if o&oddRate != 0 {
		notes = append(notes, oddRateNote)
	}
	if o&oddIneligible != 0 {
		notes = append(notes, oddIneligibleNote)
	}
	if o&oddSpent != 0 {
		notes = append(notes, text.Say("“支出”为负：本年度冲销的以前年度支出多于本年度的支出。",
			"A negative spent: what was reversed in this year, of earlier years, is more than what was spent in it."))
	}
	if o&oddBalance != 0 {
		notes = append(notes, text.Say("“结余”为负：支出多于可用资金，见预警 AL-FND-03。",
			"A negative balance: more was spent than was available; see the alerts AL-FND-03."))
	}
	return notes
}

// The notes on ineligible spending, in the words of today and in those of the forms before WordingForm.
var (
	oddRateNote = text.Text{Zh: "执行率超过 100%：支出多于可用资金（透支、先支后收，或支出之后资金被收回；" +
		"支出是事实，照记），或冲销以前年度的禁止用途支出使“禁止用途支出”为负。",
		En: "A rate above 100 %: more was spent than was available (overdrawn, spent before it was received, or " +
			"recovered after it was spent; " +
			"spending is a fact and is kept), or a reversal of ineligible spending of an earlier year makes " +
			"ineligible negative."}
	formerOddRateNote = text.Text{Zh: "执行率超过 100%：支出多于可用资金（透支、先支后收，或支出之后资金被收回；" +
		"支出是事实，照记），或冲销以前年度的不合规支出使“不合规”为负。",
		En: "A rate above 100 %: more was spent than was available (overdrawn, spent before it was received, or " +
			"recovered after it was spent; " +
			"spending is a fact and is kept), or ineligible is negative."}
	oddIneligibleNote = text.Say("“禁止用途支出”为负：本年度冲销了以前年度的禁止用途支出；冲销计入冲销的那一年，"+
		"执行数（支出－禁止用途支出）因而变大。",
		"A negative ineligible: ineligible spending of an earlier year was reversed in this year. A reversal counts "+
			"in its own year, and executed, which is spent less ineligible, grows by it.")
	formerOddIneligibleNote = text.Say(
		"“不合规”为负：本年度冲销了以前年度的不合规支出；冲销计入冲销的那一年，执行＝支出－不合规因而变大。",
		"A negative ineligible: ineligible spending of an earlier year was reversed in this one. A reversal counts "+
			"in its own year, and executed, which is spent less ineligible, grows by it.")
)
