package events

import (
	"bytes"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// The stored line is the form in which every store keeps an event, and over which hashes are computed:
//
//	{"position":124,"stream":"center-ZJ-0007","revision":3,"recordedAt":"2026-11-23T11:17:46.123456Z","id":"…","kind":"…","event":{…}}
//
// "event" holds the body as it was proposed. The line has one form only: members in this order, no spaces, numbers in
// decimal without leading zeros, times in UTC with six decimals, ids in lower case. The form never changes, because
// the hashes of all earlier events depend on it.
const (
	LineOpening  = `{"position":` // the beginning of every line
	LineYearMax  = 9999           // the last possible year of recordedAt
	LineBytesMax = 2*NameBytesMax + 256 + BodyBytesMax
)

const lineTimeLayout = "2006-01-02T15:04:05.000000Z"

// AppendLine appends the stored line of an event, without a newline. The place's time is in UTC, from 1970 to
// LineYearMax, in whole microseconds. LineParser.Parse is its inverse.
func AppendLine(b []byte, at Place, stream StreamID, p *Proposed) []byte {
	return append(append(appendLineHead(b, at, stream, p.ID, p.Kind), p.Body.text...), '}')
}

// AppendStored appends the stored line of an event that came from a store, as AppendLine does. It ignores Bytes.
func AppendStored(b []byte, e *Stored) []byte {
	return append(append(appendLineHead(b, e.Place, e.Stream, e.ID, e.Kind), e.Body...), '}')
}

// appendLineHead appends the stored line of an event up to its body.
func appendLineHead(b []byte, at Place, stream StreamID, id uuid.UUID, kind Kind) []byte {
	b = append(b, LineOpening...)
	b = strconv.AppendUint(b, at.Position, 10)
	b = append(b, `,"stream":"`...)
	b = append(b, stream...)
	b = append(b, `","revision":`...)
	b = strconv.AppendUint(b, at.Revision, 10)
	b = append(b, `,"recordedAt":"`...)
	b = appendLineTime(b, at.RecordedAt)
	b = append(b, `","id":"`...)
	b = appendID(b, &id)
	b = append(b, `","kind":"`...)
	b = append(b, kind...)
	return append(b, `","event":`...)
}

// appendID appends an id in lower case.
func appendID(b []byte, id *uuid.UUID) []byte {
	text := [36]byte{8: '-', 13: '-', 18: '-', 23: '-'}
	hex.Encode(text[:8], id[:4])
	hex.Encode(text[9:13], id[4:6])
	hex.Encode(text[14:18], id[6:8])
	hex.Encode(text[19:23], id[8:10])
	hex.Encode(text[24:], id[10:])
	return append(b, text[:]...)
}

// NewStored returns the event with its stored line, which it appends to b. Bytes and Body share the memory of the
// line.
func NewStored(b []byte, e Stored) Stored {
	from := len(b)
	b = AppendStored(b, &e)
	end := len(b) - 1
	e.Body, e.Bytes = b[end-len(e.Body):end:end], b[from:len(b):len(b)]
	return e
}

// appendLineTime appends a time in lineTimeLayout, faster than Time.AppendFormat does.
func appendLineTime(b []byte, t time.Time) []byte {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	micros := t.Nanosecond() / 1000
	digit := func(n, unit int) byte { return byte('0' + n/unit%10) }
	return append(b, digit(year, 1000), digit(year, 100), digit(year, 10), digit(year, 1),
		'-', digit(int(month), 10), digit(int(month), 1), '-', digit(day, 10), digit(day, 1),
		'T', digit(hour, 10), digit(hour, 1), ':', digit(minute, 10), digit(minute, 1), ':', digit(second, 10),
		digit(second, 1),
		'.', digit(micros, 100_000), digit(micros, 10_000), digit(micros, 1000), digit(micros, 100), digit(micros, 10),
		digit(micros, 1), 'Z')
}

// LineParser is a parser of stored lines. It keeps the names that it has read, so that equal names share memory, and
// the day of the last time that it read. It is for one goroutine.
type LineParser struct {
	streams names[StreamID]
	kinds   names[Kind]
	day     [10]byte
	start   time.Time // of day

	rest []byte
	bad  string // the name of the member that could not be read, or ""
}

// lineNamesMax is the maximum number of streams, and of kinds, that a parser keeps.
const lineNamesMax = 1 << 16

// NewLineParser returns a parser that has read nothing.
func NewLineParser() *LineParser {
	return &LineParser{streams: names[StreamID]{read: map[string]StreamID{}},
		kinds: names[Kind]{read: map[string]Kind{}}}
}

// names holds the streams or the kinds that a parser has read.
type names[T ~string] struct {
	last T // the name in the line before; the next line often has the same
	read map[string]T
}

// Parse reads a stored line without its newline. The result shares memory with line. bad is the name of the first
// member that is not in its only form, or "".
func (p *LineParser) Parse(line []byte) (s Stored, bad string) {
	p.rest, p.bad = line, ""
	p.token("position", LineOpening)
	s.Position = p.uint("position")
	p.token("stream", `,"stream":"`)
	s.Stream = lineName(p, "stream", &p.streams, ValidStream)
	p.token("revision", `","revision":`)
	s.Revision = p.uint("revision")
	p.token("recordedAt", `,"recordedAt":"`)
	s.RecordedAt = p.time("recordedAt")
	p.token("id", `","id":"`)
	p.uuid("id", s.ID[:])
	p.token("kind", `","kind":"`)
	s.Kind = lineName(p, "kind", &p.kinds, validKind)
	p.token("event", `","event":`)
	n := len(p.rest)
	if n < 3 || n-1 > BodyBytesMax || p.rest[0] != '{' || p.rest[n-2] != '}' || p.rest[n-1] != '}' {
		p.fail("event")
	}
	if p.bad != "" {
		return Stored{}, p.bad
	}
	s.Body, s.Bytes = p.rest[:n-1:n-1], line[:len(line):len(line)]
	return s, ""
}

func (p *LineParser) fail(member string) {
	if p.bad == "" {
		p.bad, p.rest = member, nil
	}
}

func (p *LineParser) token(member, want string) {
	if len(p.rest) < len(want) || string(p.rest[:len(want)]) != want {
		p.fail(member)
		return
	}
	p.rest = p.rest[len(want):]
}

// uint reads a number from 1 to 2^64-1.
func (p *LineParser) uint(member string) (v uint64) {
	n := 0
	for ; n < len(p.rest) && '0' <= p.rest[n] && p.rest[n] <= '9'; n++ {
		digit := uint64(p.rest[n] - '0')
		if v > (1<<64-1-digit)/10 || n == 0 && digit == 0 {
			p.fail(member)
			return 0
		}
		v = v*10 + digit
	}
	if n == 0 {
		p.fail(member)
		return 0
	}
	p.rest = p.rest[n:]
	return v
}

func validKind(k Kind) bool { return ValidName(string(k)) }

// lineName reads a valid name up to the next quotation mark.
func lineName[T ~string](p *LineParser, member string, known *names[T], valid func(T) bool) T {
	if n := len(known.last); n > 0 && len(p.rest) > n && p.rest[n] == '"' && string(p.rest[:n]) == string(known.last) {
		p.rest = p.rest[n:]
		return known.last
	}
	n := bytes.IndexByte(p.rest[:min(len(p.rest), NameBytesMax+1)], '"')
	if n < 0 {
		p.fail(member)
		return ""
	}
	name, ok := known.read[string(p.rest[:n])]
	if !ok {
		name = T(p.rest[:n])
		if !valid(name) {
			p.fail(member)
			return ""
		}
		if len(known.read) < lineNamesMax {
			known.read[string(name)] = name
		}
	}
	known.last = name
	p.rest = p.rest[n:]
	return name
}

func (p *LineParser) uuid(member string, id []byte) {
	if len(p.rest) < 36 {
		p.fail(member)
		return
	}
	text, from, some := p.rest[:36], 0, byte(0)
	for i := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			if text[from] != '-' {
				p.fail(member)
				return
			}
			from++
		}
		high, low := hexDigit[text[from]], hexDigit[text[from+1]]
		if high|low > 15 {
			p.fail(member)
			return
		}
		id[i] = high<<4 | low
		some |= id[i]
		from += 2
	}
	if some == 0 {
		p.fail(member)
		return
	}
	p.rest = p.rest[36:]
}

// hexDigit holds the values of lower-case hexadecimal digits, and 255 for any other byte.
var hexDigit = func() (values [256]byte) {
	for i := range values {
		values[i] = 255
	}
	for i, c := range []byte("0123456789abcdef") {
		values[c] = byte(i)
	}
	return values
}()

// time reads a time in lineTimeLayout from 1970 to 9999.
func (p *LineParser) time(member string) time.Time {
	if len(p.rest) < len(lineTimeLayout) {
		p.fail(member)
		return time.Time{}
	}
	b := p.rest[:len(lineTimeLayout)]
	if string(b[:10]) != string(p.day[:]) {
		start, err := time.Parse(time.DateOnly, string(b[:10]))
		if err != nil || start.Year() < 1970 {
			p.fail(member)
			return time.Time{}
		}
		p.day, p.start = [10]byte(b), start
	}
	hour, minute, second := two(b[11:]), two(b[14:]), two(b[17:])
	micros := two(b[20:])*10_000 + two(b[22:])*100 + two(b[24:])
	if b[10] != 'T' || b[13] != ':' || b[16] != ':' || b[19] != '.' || b[26] != 'Z' ||
		hour > 23 || minute > 59 || second > 59 || micros > 999_999 {
		p.fail(member)
		return time.Time{}
	}
	p.rest = p.rest[len(lineTimeLayout):]
	return p.start.Add(time.Duration((hour*60+minute)*60+second)*time.Second + time.Duration(micros)*time.Microsecond)
}

// two reads two digits. It returns a million, which every caller refuses, for anything else.
func two(b []byte) int {
	high, low := b[0]-'0', b[1]-'0'
	if high > 9 || low > 9 {
		return 1_000_000
	}
	return int(high)*10 + int(low)
}
