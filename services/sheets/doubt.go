package sheets

import (
	"slices"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// A stray is a row of which it cannot be known which record it is a line of: its center is none, or its number cannot be
// read. The record that it belongs to must not be written without it, for a record once written keeps its id.
type stray struct {
	*reading
	after *entry // the last record before it that is known
}

// straysMax is how many strays are compared with the records; if there are more, every record is in doubt.
const straysMax = 100

// isKnown reports whether it is known which record a row belongs to.
func (s *Sheet) isKnown(r *reading) bool {
	return events.ValidCenter(events.CenterID(r.cells["center"].text)) && s.identity(r) != ""
}

// doubt finds the records that a stray may be a line of, of those that nothing else is against: that right before a stray
// without a number, for such a row means the same as above, and those of mayBeOf.
func (s *Sheet) doubt(strays []stray) {
	if len(s.Kind.lines) == 0 || len(strays) == 0 {
		return
	}
	doubted := map[*entry]*reading{}
	for _, x := range strays {
		if x.after != nil && s.number(x.reading) == "" && doubted[x.after] == nil {
			doubted[x.after] = x.reading
		}
	}
	for _, e := range s.entries {
		r := e.rows[0]
		isBad := func(r *reading) bool { return len(r.bad) > 0 }
		if !s.isKnown(r) || slices.ContainsFunc(e.rows, isBad) {
			continue
		}
		why := doubted[e]
		if i := slices.IndexFunc(strays, func(x stray) bool { return len(strays) > straysMax || s.mayBeOf(x.reading, r) }); why == nil && i >= 0 {
			why = strays[i].reading
		}
		if why == nil {
			continue
		}
		reason := text.Say("第 %d 行没有可用的“%s”，可能是这张凭证的一行", "row %d has no “%s” that can be used and may be a line of this voucher", why.row.Number, s.key().Heading)
		if s.number(why) != "" {
			reason = text.Say("第 %d 行的编号相同，而其中心编号有误", "row %d has the same number, and its center cannot be", why.row.Number)
		}
		r.bad = append(r.bad, Finding{r.row.Number, aggregates.Breach{Field: s.key().Heading, Reason: reason}})
	}
}

// number is the number of the voucher that a row names, "" if it cannot be read.
func (s *Sheet) number(r *reading) string { return r.cells[s.key().Field].text }

// mayBeOf reports whether a stray may be a line of the record that has a row: it has its number; or, without one, it names a
// grant and differs in nothing that can be read. What names no grant is no line but a total or a note.
func (s *Sheet) mayBeOf(stray, r *reading) bool {
	if number := s.number(stray); number != "" {
		return number == s.number(r)
	}
	if stray.cells[s.Kind.lines[0]].text == "" {
		return false
	}
	for _, i := range s.heads.column {
		if i < 0 || slices.Contains(s.Kind.lines, s.Kind.Columns[i].Field) {
			continue
		}
		field := s.Kind.Columns[i].Field
		v := stray.cells[field]
		isRead := !v.equal(value{}) && (field != "center" || events.ValidCenter(events.CenterID(v.text)))
		if isRead && !v.equal(r.cells[field]) {
			return false
		}
	}
	return true
}
