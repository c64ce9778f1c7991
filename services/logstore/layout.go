package logstore

// A store is a directory of segments, segment-000001.log, segment-000002.log and so on, each made of whole lines:
//
//	{"taizhang":"segment","format":1,"segment":2,"position":124,"chain":"8a9136aa"}      header
//	{"position":124,"stream":"center-ZJ-0007","revision":3,"recordedAt":"2026-11-23T11:17:46.123456Z","id":"…","kind":"…","event":{…}}
//	{"position":125, …                                                                    ⎫ one commit: 1 to many records,
//	{"commit":2,"crc32c":"0e1d2c3b"}                                                      ⎭ their number and the checksum
//	{"position":126, …
//	{"commit":1,"crc32c":"5f60718a"}
//	NUL NUL NUL …                          last segment of an open store only: room set aside, up to Options.SegmentBytes
//
// "event" holds the body as it was proposed; a record without its newline is Stored.Bytes. Every line has one form
// only: members in this order, no spaces, numbers in decimal without leading zeros, times in UTC with six decimals,
// ids and checksums in lower case. What encodes to other bytes is damage.
//
// Positions count from 1 without gaps through all segments, revisions from 1 without gaps through each stream, and
// recordedAt never decreases. The checksum is the CRC-32C of all record lines (with newlines) from the first of the
// store to the last of the commit: each goes on from the one before, so that a commit cut out, put twice or put
// elsewhere is seen. "position" and "chain" of a header are the first position and the last checksum before it, so that a
// header has only one right form too.

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"strconv"
	"time"

	"github.com/taizhang/taizhang/events"
)

const (
	format        = 1
	timeLayout    = "2006-01-02T15:04:05.000000Z"
	headerForm    = `{"taizhang":"segment","format":%d,"segment":%d,"position":%d,"chain":"%08x"}` + "\n"
	recordOpening = `{"position":`
	commitOpening = `{"commit":`
	frameBytesMax = 2*events.NameBytesMax + 256 // a record line but for its body
	sectorBytes   = 512
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// commitEnding ends the last line of a commit, and a header, and no record.
var commitEnding = []byte("\"}\n")

func segmentName(number uint64) string { return fmt.Sprintf("segment-%06d.log", number) }

func appendHeader(b []byte, number, position uint64, chain uint32) []byte {
	return fmt.Appendf(b, headerForm, format, number, position, chain)
}

func appendCommit(b []byte, count int, chain uint32) []byte {
	b = append(b, commitOpening...)
	b = strconv.AppendInt(b, int64(count), 10)
	b = append(b, `,"crc32c":"`...)
	b = hex.AppendEncode(b, []byte{byte(chain >> 24), byte(chain >> 16), byte(chain >> 8), byte(chain)})
	return append(b, commitEnding...)
}

// appendRecord appends a record line; recordedAt is the place's time in timeLayout. parseRecord is its inverse.
func appendRecord(b []byte, at events.Place, recordedAt []byte, stream events.StreamID, p *events.Proposed) []byte {
	b = append(b, recordOpening...)
	b = strconv.AppendUint(b, at.Position, 10)
	b = append(b, `,"stream":"`...)
	b = append(b, stream...)
	b = append(b, `","revision":`...)
	b = strconv.AppendUint(b, at.Revision, 10)
	b = append(b, `,"recordedAt":"`...)
	b = append(b, recordedAt...)
	b = append(b, `","id":"`...)
	for i, part := range [][]byte{p.ID[:4], p.ID[4:6], p.ID[6:8], p.ID[8:10], p.ID[10:]} {
		if i > 0 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, part)
	}
	b = append(b, `","kind":"`...)
	b = append(b, p.Kind...)
	b = append(b, `","event":`...)
	b = append(b, p.Body...)
	return append(b, "}\n"...)
}

// parser reads lines. It keeps names it has seen, so that equal ones share memory, and the day of the last time it
// read. It is for one goroutine.
type parser struct {
	names map[string]string
	day   [10]byte
	start time.Time // of day

	rest []byte
	bad  string // what could not be read, as a member's name; empty while all is well
}

// namesMax bounds how many names a parser keeps, whatever a file may hold.
const namesMax = 1 << 16

func newParser() *parser { return &parser{names: map[string]string{}} }

// parseRecord reads a record line without its newline. The result shares memory with line; bad names the first member
// that is not in its only form.
func (p *parser) parseRecord(line []byte) (s events.Stored, bad string) {
	p.rest, p.bad = line, ""
	p.token("position", recordOpening)
	s.Position = p.uint("position")
	p.token("stream", `,"stream":"`)
	s.Stream = events.StreamID(p.name("stream"))
	p.token("revision", `","revision":`)
	s.Revision = p.uint("revision")
	p.token("recordedAt", `,"recordedAt":"`)
	s.RecordedAt = p.time("recordedAt")
	p.token("id", `","id":"`)
	p.uuid("id", s.ID[:])
	p.token("kind", `","kind":"`)
	s.Kind = events.Kind(p.name("kind"))
	p.token("event", `","event":`)
	n := len(p.rest)
	if n < 3 || n-1 > events.BodyBytesMax || p.rest[0] != '{' || p.rest[n-2] != '}' || p.rest[n-1] != '}' {
		p.fail("event")
	}
	if p.bad != "" {
		return events.Stored{}, p.bad
	}
	s.Body, s.Bytes = p.rest[:n-1:n-1], line[:len(line):len(line)]
	return s, ""
}

func (p *parser) fail(member string) {
	if p.bad == "" {
		p.bad, p.rest = member, nil
	}
}

func (p *parser) token(member, want string) {
	if len(p.rest) < len(want) || string(p.rest[:len(want)]) != want {
		p.fail(member)
		return
	}
	p.rest = p.rest[len(want):]
}

// uint reads a number from 1 to 2^64-1.
func (p *parser) uint(member string) (v uint64) {
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

func (p *parser) name(member string) string {
	n := bytes.IndexByte(p.rest[:min(len(p.rest), events.NameBytesMax+1)], '"')
	if n < 0 {
		p.fail(member)
		return ""
	}
	known, ok := p.names[string(p.rest[:n])]
	if !ok {
		known = string(p.rest[:n])
		if !events.ValidName(known) {
			p.fail(member)
			return ""
		}
		if len(p.names) < namesMax {
			p.names[known] = known
		}
	}
	p.rest = p.rest[n:]
	return known
}

func (p *parser) uuid(member string, id []byte) {
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

// time reads a time in timeLayout from 1970 to 9999.
func (p *parser) time(member string) time.Time {
	if len(p.rest) < len(timeLayout) {
		p.fail(member)
		return time.Time{}
	}
	b := p.rest[:len(timeLayout)]
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
	p.rest = p.rest[len(timeLayout):]
	return p.start.Add(time.Duration((hour*60+minute)*60+second)*time.Second + time.Duration(micros)*time.Microsecond)
}

// two reads two digits; anything else is a million, more than any caller takes.
func two(b []byte) int {
	high, low := b[0]-'0', b[1]-'0'
	if high > 9 || low > 9 {
		return 1_000_000
	}
	return int(high)*10 + int(low)
}

// parseCommit reads a commit line with its newline. The count is at least 1.
func (p *parser) parseCommit(line []byte) (count uint64, chain uint32, ok bool) {
	p.rest, p.bad = line, ""
	p.token("commit", commitOpening)
	count = p.uint("commit")
	p.token("crc32c", `,"crc32c":"`)
	if p.bad != "" || len(p.rest) != 8+len(commitEnding) || !bytes.Equal(p.rest[8:], commitEnding) {
		return 0, 0, false
	}
	for _, c := range p.rest[:8] {
		digit := hexDigit[c]
		if digit > 15 {
			return 0, 0, false
		}
		chain = chain<<4 | uint32(digit)
	}
	return count, chain, true
}
