package spreadsheet

import "github.com/mattn/go-runewidth"

// width ignores the settings of the environment, so that a report is the same on every machine.
var width = &runewidth.Condition{}

// Width returns the width of a text of one line. A Chinese character counts as two columns, an ambiguous one as one.
func Width(s string) int { return width.StringWidth(s) }
