package events

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// cursor reads simple JSON: texts without escapes, and whole numbers. It returns false for everything else.
type cursor struct{ rest []byte }

func (c *cursor) space() {
	for len(c.rest) > 0 && (c.rest[0] == ' ' || c.rest[0] == '\t' || c.rest[0] == '\n' || c.rest[0] == '\r') {
		c.rest = c.rest[1:]
	}
}

// next consumes the byte want if it comes next, and reports whether it did.
func (c *cursor) next(want byte) bool {
	if len(c.rest) == 0 || c.rest[0] != want {
		return false
	}
	c.rest = c.rest[1:]
	return true
}

// integer reads a whole number of at most 18 digits. The caller checks the bytes after it.
func (c *cursor) integer() (n int64, ok bool) {
	negative := c.next('-')
	i := 0
	for ; i < len(c.rest) && '0' <= c.rest[i] && c.rest[i] <= '9'; i++ {
		if i == 18 {
			return 0, false
		}
		n = n*10 + int64(c.rest[i]-'0')
	}
	if i == 0 || c.rest[0] == '0' && (i > 1 || negative) {
		return 0, false
	}
	c.rest = c.rest[i:]
	if negative {
		n = -n
	}
	return n, true
}

// quoted reads a text without escapes. The result shares memory with the input. It checks eight bytes at a time until
// one of them is a quote, a backslash, a control character or not ASCII.
func (c *cursor) quoted() ([]byte, bool) {
	if !c.next('"') {
		return nil, false
	}
	const each, high = 0x0101010101010101, 0x8080808080808080
	text, foreign := c.rest, uint64(high)
	for i := 0; ; i++ {
		for i+8 <= len(text) {
			w := binary.LittleEndian.Uint64(text[i:])
			quote, backslash := w^each*'"', w^each*'\\'
			seen := ((w-each*' ')&^w|(quote-each)&^quote|(backslash-each)&^backslash)&high | w&foreign
			if seen != 0 {
				i += bits.TrailingZeros64(seen) / 8 // the first match is always a true one
				break
			}
			i += 8
		}
		switch {
		case i == len(text) || text[i] == '\\' || text[i] < ' ':
			return nil, false
		case text[i] == '"':
			c.rest = text[i+1:]
			return text[:i], foreign != 0 || utf8.Valid(text[:i])
		case text[i] >= utf8.RuneSelf:
			foreign = 0
		}
	}
}

// isPlainObject reports whether a body is one simple JSON object, without white space and with no name twice in an
// object. If it returns false, the body may still be a valid object that is not simple.
func isPlainObject(body []byte) bool {
	c := cursor{body}
	return len(body) > 0 && body[0] == '{' && c.skip(0) && len(c.rest) == 0
}

// isObject reports whether a body is one JSON object, with no name twice in an object.
func isObject(body []byte) bool {
	return len(body) >= 2 && body[0] == '{' && body[len(body)-1] == '}' && jsontext.Value(body).IsValid()
}

// skip skips one simple value, and returns false for any other. The caller checks the bytes after it.
func (c *cursor) skip(depth int) bool {
	if len(c.rest) == 0 || depth > DepthMax {
		return false
	}
	switch c.rest[0] {
	case '"':
		_, ok := c.quoted()
		return ok
	case '{':
		return c.skipObject(depth)
	case '[':
		c.rest = c.rest[1:]
		for first := true; !c.next(']'); first = false {
			if !first && !c.next(',') || !c.skip(depth+1) {
				return false
			}
		}
		return true
	case 't', 'f':
		for _, word := range []string{"true", "false"} {
			if len(c.rest) >= len(word) && string(c.rest[:len(word)]) == word {
				c.rest = c.rest[len(word):]
				return true
			}
		}
		return false
	}
	_, ok := c.integer()
	return ok
}

func (c *cursor) skipObject(depth int) bool {
	c.rest = c.rest[1:]
	var names [24][]byte // an object with more members is not simple
	for n := 0; !c.next('}'); n++ {
		if n > 0 && !c.next(',') || n == len(names) {
			return false
		}
		name, ok := c.quoted()
		if !ok || !c.next(':') {
			return false
		}
		for _, other := range names[:n] {
			if bytes.Equal(other, name) {
				return false
			}
		}
		names[n] = name
		if !c.skip(depth + 1) {
			return false
		}
	}
	return true
}
