package console

import (
	"slices"
	"strings"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
)

// offersMax is the number of names that a field offers: the newest.
const offersMax = 200

// named is a name that a record of a center created.
type named struct {
	offer
	space, member string // the name space, and the member that created it
	record        string // the id of the record
}

// offer gives the fields of a form that refer to names the names of the center, with the balances of its grants.
func (v *visit) offer(form *recordForm, center string) error {
	wanted := map[string]bool{}
	for f := range fieldsOf(form.Data) {
		if f.Refers != "" {
			wanted[f.Refers] = true
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	known, err := v.namesOf(center, wanted)
	if err != nil {
		return err
	}
	var balances map[string]offeredBalance
	if wanted["grant"] {
		if balances, err = v.balances(center); err != nil {
			return err
		}
	}
	for f := range fieldsOf(form.Data) {
		if f.Refers == "" {
			continue
		}
		for _, n := range known {
			// a voucher is paid from grants and matches; the receipt of a match is of a match
			isSingle := f.Name == "match" || f.Name == "grant"
			if n.space != f.Refers || isSingle && n.member != f.Name {
				continue
			}
			o := n.offer
			if f.Refers == "grant" {
				o.Words = text.Say("%s · %s", "%s · %s", balances[o.Value].words(), o.Words)
			}
			f.Offers = append(f.Offers, o)
		}
		if n := len(f.Offers); n > offersMax {
			f.Offers = f.Offers[n-offersMax:]
			if f.Refers == recordSpace {
				f.Hint = text.Say("列出最新的 %d 条；更早的，在该记录的页面上按“作废这条记录”",
					"the newest %d; for an earlier one, follow “Void this record” on its page", offersMax)
			}
		}
		slices.Reverse(f.Offers)
	}
	return nil
}

// namesOf returns the names of a center in some name spaces, in the order of the ledger, without those of voided
// records. For recordSpace it returns the records themselves.
func (v *visit) namesOf(center string, wanted map[string]bool) (list []named, err error) {
	creators := map[events.Kind]map[string]memberNames{}
	for i := range events.Catalog {
		names := namesOf(&events.Catalog[i])
		for _, n := range names {
			if wanted[n.creates] {
				creators[events.Catalog[i].Kind] = names
			}
		}
	}
	voided := map[string]bool{}
	err = v.desk.Events(v.Context(), 0, int(^uint(0)>>1), center, func(s *events.Stored) error {
		names := creators[s.Kind]
		if names == nil && s.Kind != events.KindEntryVoided && !wanted[recordSpace] {
			return nil
		}
		rec, err := events.DecodeEvent(*s)
		if err != nil {
			return nil // an event that cannot be read creates no name
		}
		if p, ok := rec.Data.(*events.EntryVoided); ok {
			voided[p.Event] = true
			return nil
		}
		id := rec.ID.String()
		if wanted[recordSpace] {
			words := text.Say("%s %s %s", "%s %s %s", rec.On, rec.Kind.Title(), summary(&rec.Record, ""))
			amount := events.FormatYuan(events.FacetsOf(rec.Data).AmountFen)
			if amount != "0.00" && !strings.Contains(words.Zh, amount) {
				words = text.Say("%s · %s 元", "%s · %s yuan", words, amount)
			}
			list = append(list, named{offer{id, words}, recordSpace, "", id})
		}
		if created := events.FacetsOf(rec.Data).Creates; created.ID != "" && wanted[created.Space] {
			for member, n := range names {
				if n.creates != "" {
					o := offer{created.ID, summary(&rec.Record, member)}
					list = append(list, named{o, created.Space, member, id})
				}
			}
		}
		return nil
	})
	if text.CodeOf(err) == text.NotFound {
		return nil, nil
	}
	return slices.DeleteFunc(list, func(n named) bool { return voided[n.record] }), err
}

// summary returns the first values of a record in words, without the member that names it.
func summary(r *events.Record, without string) text.Text {
	var said text.Text
	add := func(t text.Text) {
		if said == (text.Text{}) {
			said = t
			return
		}
		said = text.Text{Zh: said.Zh + " · " + t.Zh, En: said.En + " · " + t.En}
	}
	n := 0
	for _, l := range events.Leaves(r.Kind, r.Data) {
		if n == summaryMax || l.Member == without {
			continue
		}
		switch value := l.Value.(type) {
		case string:
			if l.Member == "use" || l.Member == "grade" || value == "" {
				continue // its word depends on the policy
			}
			add(events.ValueWord(r.Kind, l.Member, text.Clip(value, 40)))
		case events.Fen:
			add(text.Same(events.FormatYuan(value)))
		default:
			continue
		}
		n++
	}
	return said
}

// summaryMax is the number of values that a summary has.
const summaryMax = 3

// offeredBalance is what is left of a grant today, and the part of it that vouchers recorded already with a later date
// leave.
type offeredBalance struct{ today, free events.Fen }

func (b offeredBalance) words() text.Text {
	words := text.Say("结余 %s", "balance %s", events.FormatYuan(b.today))
	if b.free < b.today {
		words = text.Say("%s，日期在后的凭证已占用，可支出 %s", "%s, of which later vouchers leave %s", words,
			events.FormatYuan(b.free))
	}
	return words
}

// balances returns the balances of the grants and matches of a center that have one.
func (v *visit) balances(center string) (map[string]offeredBalance, error) {
	today, err := v.balancesOn("", center)
	if err != nil {
		return nil, err
	}
	days, err := v.laterVoucherDays(center)
	offered := map[string]offeredBalance{}
	for grant, fen := range today {
		offered[grant] = offeredBalance{fen, fen}
	}
	for i := 0; i < len(days) && err == nil; i++ {
		var then map[string]events.Fen
		then, err = v.balancesOn(days[i], center)
		for grant, b := range offered {
			offered[grant] = offeredBalance{b.today, min(b.free, then[grant])}
		}
	}
	return offered, err
}

// laterVoucherDays returns the days after today on which a center has vouchers.
func (v *visit) laterVoucherDays(center string) (days []string, err error) {
	tomorrow := events.DateAt(v.p.Answers.Now()) + 1
	if tomorrow.Year() > events.YearMax {
		return nil, nil
	}
	when := desk.When{AsOf: events.YearEnd(events.YearMax).String()}
	t, err := v.desk.List(v.Context(), when, lists.Question{List: "find", Params: map[string]string{"center": center,
		"kind": string(events.KindFundsSpent), "from": tomorrow.String(), "order": "oldest", "limit": findMax}})
	if err != nil {
		return nil, notFoundIsNone(err)
	}
	on := columnAt(t.Columns, "on")
	for _, row := range t.Rows {
		days = append(days, row[on].CSV())
	}
	return slices.Compact(days), nil
}

// balancesOn returns the balances as of a day, or today for "".
func (v *visit) balancesOn(day, center string) (map[string]events.Fen, error) {
	found := map[string]events.Fen{}
	t, err := v.desk.List(v.Context(), desk.When{AsOf: day}, lists.Question{List: "ageing",
		Params: map[string]string{"center": center}})
	if err != nil {
		return found, notFoundIsNone(err)
	}
	grant, balance := columnAt(t.Columns, "grant"), columnAt(t.Columns, "balanceFen")
	for _, row := range t.Rows {
		found[row[grant].CSV()], _ = row[balance].Data.(events.Fen)
	}
	return found, nil
}

// notFoundIsNone returns nil for the error that a center, which is to be registered, is not there yet.
func notFoundIsNone(err error) error {
	if text.CodeOf(err) == text.NotFound {
		return nil
	}
	return err
}
