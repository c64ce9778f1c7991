package api

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
)

// cursor is the place where the next page of an answer begins. It is bound to the question, its date, a position
// and the epoch: with another answer, the next page could repeat or skip rows.
type cursor struct {
	question [8]byte // the beginning of a hash of the question without its date
	epoch    [8]byte // the beginning of a hash of the epoch
	asOf     string
	position uint64
	from     int // the first row of the page
	limit    int
}

// The text of a cursor is base64 of
//
//	version (1 byte) question (8) epoch (8) asOf (10) position, from, limit (uvarints) check (8)
//
// where check is the beginning of the SHA-256 of what is before it: it finds slips, and proves nothing.
const (
	cursorVersion   = 1
	cursorFixed     = 1 + 8 + 8 + len("2026-01-01")
	cursorCheck     = 8
	cursorCharsMax  = 200
	cursorUintCount = 3
)

func (c *cursor) String() string {
	b := append([]byte{cursorVersion}, c.question[:]...)
	b = append(b, c.epoch[:]...)
	b = append(b, c.asOf...)
	b = binary.AppendUvarint(b, c.position)
	b = binary.AppendUvarint(b, uint64(c.from))
	b = binary.AppendUvarint(b, uint64(c.limit))
	sum := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(append(b, sum[:cursorCheck]...))
}

// parseCursor reads the text of a cursor. ok is false for a text that String does not return.
func parseCursor(s string) (c cursor, ok bool) {
	if len(s) > cursorCharsMax {
		return c, false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) < cursorFixed+cursorUintCount+cursorCheck || b[0] != cursorVersion {
		return c, false
	}
	sum := sha256.Sum256(b[:len(b)-cursorCheck])
	if string(sum[:cursorCheck]) != string(b[len(b)-cursorCheck:]) {
		return c, false
	}
	copy(c.question[:], b[1:])
	copy(c.epoch[:], b[9:])
	c.asOf = string(b[17:cursorFixed])
	b = b[cursorFixed : len(b)-cursorCheck]
	var numbers [cursorUintCount]uint64
	for i := range numbers {
		n, size := binary.Uvarint(b)
		if size <= 0 {
			return c, false
		}
		numbers[i], b = n, b[size:]
	}
	c.position, c.from, c.limit = numbers[0], int(numbers[1]), int(numbers[2])
	// the decoder passes over ends of lines, and a number can be written with more bytes than it needs
	return c, len(b) == 0 && c.from > 0 && c.limit > 0 && numbers[2] <= pageMax && c.String() == s
}
