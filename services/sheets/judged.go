package sheets

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// nextID returns a function that returns the n-th further id of a record.
func (s *Sheet) nextID(e *entry) func(n int) uuid.UUID {
	return func(n int) uuid.UUID { return s.Kind.id(fmt.Sprintf("%s#%d", s.identity(e.rows[0]), n)) }
}

// RowsOf returns the numbers of all rows of the record whose first row is given.
func (s *Sheet) RowsOf(first int) (rows []int) {
	if e := s.first[first]; e != nil {
		for _, r := range e.rows {
			rows = append(rows, r.row.Number)
		}
	}
	return rows
}

// NumberOf returns the number of the record whose first row is given, such as that of a voucher, as far as it can
// be read. If other records can have this number, it adds the parts that distinguish them, as in "WT-2026-03 外拨结算"
// and "ZJ-0018 2025". It returns "" if only the center identifies the record.
func (s *Sheet) NumberOf(first int) string {
	e := s.first[first]
	if e == nil || len(s.Kind.identity) == 0 {
		return ""
	}
	row, kind := e.rows[0], s.Kind.column("kind")
	number := cmp.Or(row.cells[s.key().Field].name, s.part(row, s.key().Field))
	if number != "" && s.key().Form == Whole { // the number is a year, which every center has
		number = row.cells["center"].text + " " + number
	}
	if number != "" && kind >= 0 && slices.Contains(s.Kind.identity, "kind") {
		number = strings.TrimSpace(number + " " + s.Kind.Columns[kind].word(row.cells["kind"].text))
	}
	return number
}
