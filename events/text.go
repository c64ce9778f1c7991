package events

import (
	"errors"
	"fmt"
)

// Text is one message in the two languages of the ledger. Every reason a user may read is a Text; which half is
// shown is decided where it is shown.
type Text struct {
	Zh string `json:"zh"`
	En string `json:"en"`
}

// Say returns a Text with the same arguments put into both formats.
func Say(zh, en string, args ...any) Text {
	if len(args) == 0 {
		return Text{Zh: zh, En: en}
	}
	return Text{Zh: fmt.Sprintf(zh, args...), En: fmt.Sprintf(en, args...)}
}

// In returns the half for lang: Chinese for "zh", English otherwise.
func (t Text) In(lang string) string {
	if lang == "zh" {
		return t.Zh
	}
	return t.En
}

// TextOf returns what an error says to a user in the two languages, if it says that, and otherwise its words as they are.
func TextOf(err error) Text {
	var s interface{ Text() Text }
	if errors.As(err, &s) {
		return s.Text()
	}
	return Text{Zh: err.Error(), En: err.Error()}
}

// Problem is one thing wrong with one field of a record. Field is a JSON path such as "data.lines[2].amountFen";
// empty means the record as a whole.
type Problem struct {
	Field  string `json:"field"`
	Reason Text   `json:"reason"`
}

// Problems is everything found wrong with one record; as an error it reads in English.
type Problems []Problem

// Text says the first of them, and how many more there are.
func (p Problems) Text() Text {
	if len(p) == 0 {
		return Say("没有问题", "no problem")
	}
	t := p[0].Reason
	if p[0].Field != "" {
		t = Text{Zh: p[0].Field + "：" + t.Zh, En: p[0].Field + ": " + t.En}
	}
	if more := len(p) - 1; more > 0 {
		also := Say("（另有 %d 处）", " (and %d more)", more)
		t = Text{Zh: t.Zh + also.Zh, En: t.En + also.En}
	}
	return t
}

// Error implements error.
func (p Problems) Error() string { return "events: " + p.Text().En }
