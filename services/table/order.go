package table

import (
	"strconv"
	"strings"

	"github.com/taizhang/taizhang/events"
)

// Order returns a number that compares with those of other cells of the same column as the cells do: a count, a year,
// an amount in fen, a rate in hundredths of a percent, a day, or 1 for yes. ok is false for an empty cell and for a
// text.
func (c Cell) Order() (n int64, ok bool) {
	switch v := c.Data.(type) {
	case int64:
		return v, true
	case events.Fen:
		return int64(v), true
	case events.Date:
		return int64(v), true
	case bool:
		if v {
			n = 1
		}
		return n, true
	case rate:
		n, err := strconv.ParseInt(strings.Replace(string(v), ".", "", 1), 10, 64)
		return n, err == nil
	}
	return 0, false
}
