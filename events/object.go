package events

import (
	"bytes"

	"github.com/taizhang/taizhang/events/text"
)

// Object is the text of one JSON object in UTF-8, without newlines and with no name twice in an object. Only
// EncodeEvent and ParseObject return one, and nothing can change it. So a Store need not read the body of an event
// that it appends. The zero Object is not an object, and every Store refuses it.
type Object struct{ text string }

// ParseObject returns the object that b holds, or Problems. It copies b.
func ParseObject(b []byte) (Object, error) {
	switch {
	case isPlainObject(b):
	case bytes.IndexByte(b, '\n') >= 0, bytes.IndexByte(b, '\r') >= 0:
		return Object{}, Problems{{Field: "body", Reason: text.Say("不能含换行", "must not contain a newline")}}
	case !isObject(b):
		return Object{}, notObject("body")
	}
	return Object{string(b)}, nil
}

// MustObject is ParseObject for a text in a test. It panics if the text is not an object.
func MustObject(text string) Object {
	o, err := ParseObject([]byte(text))
	if err != nil {
		panic(err)
	}
	return o
}

// String returns the text, or "" for the zero Object.
func (o Object) String() string { return o.text }

func notObject(field string) Problems {
	return Problems{{Field: field, Reason: text.Say("应为一个 JSON 对象", "must be one JSON object")}}
}
