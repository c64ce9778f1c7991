package aggregates

import "github.com/taizhang/taizhang/events"

// Tally holds the numbers of events of a center that count as of a date and that do not. All is their sum.
type Tally struct {
	All     int `json:"all"`
	Counted int `json:"counted"` // on or before the date and not voided
	Voided  int `json:"voided"`  // whatever their date
	// after the date and not voided; voidings are not counted, because they take effect at once
	Later int `json:"later"`
}

// Plus returns the sum of the counts and those of another center.
func (t Tally) Plus(o Tally) Tally {
	return Tally{t.All + o.All, t.Counted + o.Counted, t.Voided + o.Voided, t.Later + o.Later}
}

// Tally counts the events of the center as of a date.
func (c *Center) Tally(on events.Date) (t Tally) {
	t.All = c.log.len()
	for i := range t.All {
		switch e := c.log.at(i); {
		case e.voided != 0:
			t.Voided++
		case e.on <= on:
			t.Counted++
		case c.voiding(e) == nil:
			t.Later++
		}
	}
	return t
}
