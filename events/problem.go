package events

import "github.com/taizhang/taizhang/events/text"

// Problem is one error in one field of a record. Field is a JSON path such as "data.lines[2].amountFen". An empty
// Field means the record as a whole.
type Problem struct {
	Field  string    `json:"field"`
	Reason text.Text `json:"reason"`
}

// Problems holds all errors found in one record. Its Error text is in English.
type Problems []Problem

// ErrorCode returns the code of package text: the record must be corrected.
func (p Problems) ErrorCode() text.ErrorCode { return text.Invalid }

// Text returns the first problem and the number of further problems.
func (p Problems) Text() text.Text {
	if len(p) == 0 {
		return text.Say("没有问题", "no problem")
	}
	t := p[0].Reason
	if p[0].Field != "" {
		t = text.Text{Zh: PlaceWords("", p[0].Field).Zh + "：" + t.Zh, En: p[0].Field + ": " + t.En}
	}
	if more := len(p) - 1; more > 0 {
		also := text.Say("（另有 %d 处）", " (and %d more)", more)
		t = text.Text{Zh: t.Zh + also.Zh, En: t.En + also.En}
	}
	return t
}

// Error implements error.
func (p Problems) Error() string { return "events: " + p.Text().En }
