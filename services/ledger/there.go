package ledger

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// otherContent returns the refusal of a record whose id was used for another record. It names that record, and each
// member in which the two differ. For a record that is made from a sheet, it ignores the actor.
func otherContent(first, rec *events.Record, sheet bool, where text.Text) error {
	about := describe(first)
	why := &aggregates.Refusal{Reused: true, Breaches: []aggregates.Breach{{Field: "id", Reason: text.Text{
		Zh: fmt.Sprintf("此记录编号已用于内容不同的另一条记录：%s，在%s", about.Zh, where.Zh),
		En: fmt.Sprintf("the id was already used for a record with other content: %s, at %s", about.En, where.En),
	}}}}
	if sheet {
		first = broughtBy(first, rec.By.Actor)
	}
	there, here := members(first), members(rec)
	fields := map[string]bool{}
	for _, m := range []map[string]string{there, here} {
		for field := range m {
			if there[field] != here[field] {
				fields[field] = true
			}
		}
	}
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		reason := text.Say("已有记录中没有", "is not in the record that is there")
		if v, ok := there[field]; ok {
			if len(v) > memberBytesMax {
				v = strings.ToValidUTF8(v[:memberBytesMax], "") + "…"
			}
			reason = text.Say("已有记录中为 %s", "is %s in the record that is there", v)
		}
		why.Breaches = append(why.Breaches, aggregates.Breach{Field: field, Reason: reason, There: there[field]})
	}
	return why
}

func atPosition(position uint64) text.Text {
	return text.Say("台账位置 %d", "position %d of the ledger", position)
}

// describe returns a short description of a record: its kind, date, amount and actor.
func describe(rec *events.Record) text.Text {
	title := rec.Kind.Title()
	zh, en := []string{title.Zh, rec.On.Chinese()}, []string{title.En, rec.On.String()}
	if amount := events.FacetsOf(rec.Data).AmountFen; amount != 0 {
		zh, en = append(zh, events.FormatYuan(amount)+" 元"), append(en, events.FormatYuan(amount)+" yuan")
	}
	return text.Text{Zh: strings.Join(append(zh, "经办 "+rec.By.Actor), "，"),
		En: strings.Join(append(en, "by "+rec.By.Actor), ", ")}
}

// memberBytesMax is the maximum number of bytes of a member's value that a message shows.
const memberBytesMax = 200

// members returns the members of a record as they are exchanged. The members of by and data stand alone, and the
// lines of a voucher as people write them.
func members(rec *events.Record) map[string]string {
	all := map[string]string{}
	text, err := events.EncodeRecord(rec)
	if err != nil {
		return all
	}
	add := func(under string, object jsontext.Value) {
		var values map[string]jsontext.Value
		_ = json.Unmarshal(object, &values) // encoded JSON is always valid
		for name, v := range values {
			all[under+name] = string(v)
		}
	}
	add("", text)
	for _, name := range []string{"by", "data"} {
		add(name+".", jsontext.Value(all[name]))
		delete(all, name)
	}
	if p, ok := rec.Data.(*events.FundsSpent); ok {
		var lines []string
		for _, l := range p.Lines {
			lines = append(lines, l.Grant+" "+events.FormatYuan(l.AmountFen))
		}
		all["data.lines"] = strings.Join(lines, "; ")
	}
	return all
}

// named adds to the refusal of a record whose name is taken which record of the ledger took it.
func (c *checks) named(ctx context.Context, rec *events.Record, why []aggregates.Breach) ([]aggregates.Breach, error) {
	facets := events.FacetsOf(rec.Data)
	i := slices.IndexFunc(why, func(b aggregates.Breach) bool { return b.Rule == "" && b.Field == facets.Field })
	if facets.Field == "" || i < 0 {
		return why, nil
	}
	taken := c.names[rec.Center]
	if taken == nil {
		taken = map[events.Name]events.Recorded{}
		c.names[rec.Center] = taken
		for stored, err := range c.l.store.ReadStream(ctx, rec.Stream(), 0) {
			if err != nil {
				return nil, fmt.Errorf("ledger: import: %w", err)
			}
			if there, err := events.DecodeEvent(stored); err == nil {
				if f := events.FacetsOf(there.Data); f.Field != "" {
					taken[f.Creates] = there
				}
			}
		}
	}
	there, ok := taken[facets.Creates]
	if !ok {
		return why, nil
	}
	about, where := describe(&there.Record), atPosition(there.Position)
	why = slices.Clone(why)
	why[i].Reason = text.Text{
		Zh: fmt.Sprintf("%s：%s，在%s", why[i].Reason.Zh, about.Zh, where.Zh),
		En: fmt.Sprintf("%s: %s, at %s", why[i].Reason.En, about.En, where.En),
	}
	return why, nil
}
