package table

import (
	"cmp"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// Unit is a unit in which amounts of money are shown to people. Programs get whole fen whatever the unit is.
type Unit string

// The units. An amount in 万元 is rounded to two decimals, half away from zero, so a total may differ from the sum of
// its rounded parts.
const (
	Yuan         Unit = "yuan"
	TenThousands Unit = "wan"
)

// Units holds the units with the words for them.
var Units = text.Vocabulary[Unit]{
	{Code: Yuan, Word: text.Say("元", "yuan")},
	{Code: TenThousands, Word: text.Say("万元", "10,000 yuan"), Also: []string{"万"}},
}

// Valid reports whether the unit is one of the units.
func (u Unit) Valid() bool { return u == Yuan || u == TenThousands }

// Word returns the word for the unit, that of yuan for "".
func (u Unit) Word() text.Text { return Units.Word(cmp.Or(u, Yuan)) }

// Format returns an amount in the unit, with two decimals and separators of thousands.
func (u Unit) Format(v events.Fen) string {
	if u == TenThousands {
		rest := v % wanFen
		v /= wanFen
		switch {
		case rest >= wanFen/2:
			v++
		case rest <= -wanFen/2:
			v--
		}
	}
	return events.FormatYuan(v)
}

// wanFen is a hundredth of 10,000 yuan in fen: the smallest difference that shows in 万元.
const wanFen events.Fen = 10_000
