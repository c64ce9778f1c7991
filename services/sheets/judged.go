package sheets

import (
	"fmt"

	"github.com/google/uuid"
)

// nextID returns the ids that a record has after the first.
func (s *Sheet) nextID(e *entry) func(n int) uuid.UUID {
	return func(n int) uuid.UUID { return s.Kind.id(fmt.Sprintf("%s#%d", s.identity(e.rows[0]), n)) }
}

// RowsOf returns the numbers of all rows of the record that begins in a row.
func (s *Sheet) RowsOf(first int) (rows []int) {
	if e := s.first[first]; e != nil {
		for _, r := range e.rows {
			rows = append(rows, r.row.Number)
		}
	}
	return rows
}

// NumberOf returns the number by which the sheet knows the record that begins in a row, such as that of a voucher, as it can be read;
// "" if it has none but its center.
func (s *Sheet) NumberOf(first int) string {
	e := s.first[first]
	if e == nil || len(s.Kind.identity) == 0 {
		return ""
	}
	return s.part(e.rows[0], s.Kind.identity[0])
}
