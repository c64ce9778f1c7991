package sheets

import (
	"slices"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// stray is a row that cannot be assigned to a record, because its center is not valid or its number cannot be read.
// Its record must not be written without it: a written record keeps its id, so the row could not be added later.
type stray struct {
	*reading
	after *entry // the record of the last row before it that could be assigned
}

// straysMax is the maximum number of strays that are compared with the records. If there are more, every record is in
// doubt.
const straysMax = 100

// isKnown reports whether a row can be assigned to a record.
func (s *Sheet) isKnown(r *reading) bool {
	return events.ValidCenter(events.CenterID(r.cells["center"].text)) && s.identity(r) != ""
}

// doubt adds a finding to every otherwise good record that a stray may be a line of. These are the record right before
// a stray with a grant and without a number, for an empty number often means "same as above", and the records for
// which mayBeOf is true.
func (s *Sheet) doubt(strays []stray) {
	if len(s.Kind.lines) == 0 || len(strays) == 0 {
		return
	}
	doubted := map[*entry]*reading{}
	for _, x := range strays {
		if x.after != nil && s.number(x.reading) == "" && s.hasGrant(x.reading) && doubted[x.after] == nil {
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
		if i := slices.IndexFunc(strays, func(x stray) bool {
			return len(strays) > straysMax ||
				s.mayBeOf(x.reading, r)
		}); why == nil && i >= 0 {
			why = strays[i].reading
		}
		if why == nil {
			continue
		}
		reason := text.Say("第 %d 行没有可用的“%s”，可能是这张凭证的一行",
			"row %d has no “%s” that can be used and may be a line of this voucher", why.row.Number, s.key().Heading)
		if s.number(why) != "" {
			reason = text.Say("第 %d 行的编号相同，而其中心编号有误",
				"row %d has the same number, and its center cannot be", why.row.Number)
		}
		r.bad = append(r.bad, RowBreach{r.row.Number, aggregates.Breach{Field: s.key().Heading, Reason: reason}})
	}
}

// number returns the voucher number in a row, or "" if it cannot be read. A number that is struck through counts
// as read.
func (s *Sheet) number(r *reading) string {
	x := r.row.At(slices.Index(s.heads.column, s.Kind.column(s.key().Field)))
	if x.Struck {
		return text.FoldCode(x.Text)
	}
	return r.cells[s.key().Field].text
}

// hasGrant reports whether the grant column of a row is filled in.
func (s *Sheet) hasGrant(r *reading) bool { return !isEmpty(r.row.At(s.grantColumn())) }

// mayBeOf reports whether a stray may be a line of the record of row r. That is so if it has the same number. Without
// a number, it must name a grant and agree with r in everything that can be read. A row without a grant is a total or
// a note.
func (s *Sheet) mayBeOf(stray, r *reading) bool {
	if number := s.number(stray); number != "" {
		return number == s.number(r)
	}
	if !s.hasGrant(stray) {
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
