package aggregates

import (
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// valueWord returns the word for a value of a member of a kind.
func valueWord(kind events.Kind, member, value string) text.Text {
	return text.Same(value)
}
