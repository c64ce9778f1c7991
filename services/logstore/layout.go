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
// A record without its newline is Stored.Bytes, the stored line of events.AppendLine. Every line has one form only:
// members in this order, no spaces, numbers in decimal without leading zeros, checksums in lower case. Any other form
// is damage.
//
// Positions count from 1 without gaps through all segments, revisions from 1 without gaps through each stream, and
// recordedAt never decreases. The checksum is the CRC-32C of all record lines (with newlines) from the first of the
// store to the last of the commit. Each checksum continues from the one before, so a commit that is removed, repeated
// or moved is detected. "position" and "chain" of a header are the first position and the last checksum before it, so
// a header has only one valid form too.

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"strconv"
)

const (
	format        = 1
	headerForm    = `{"taizhang":"segment","format":%d,"segment":%d,"position":%d,"chain":"%08x"}` + "\n"
	commitOpening = `{"commit":`
	crcMember     = `,"crc32c":"`
	sectorBytes   = 512
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// commitEnding is the end of the last line of a commit and of a header. No record ends with it.
var commitEnding = []byte("\"}\n")

func segmentName(number uint64) string { return fmt.Sprintf("segment-%06d.log", number) }

func appendHeader(b []byte, number, position uint64, chain uint32) []byte {
	return fmt.Appendf(b, headerForm, format, number, position, chain)
}

func appendCommit(b []byte, count int, chain uint32) []byte {
	b = append(b, commitOpening...)
	b = strconv.AppendInt(b, int64(count), 10)
	b = append(b, crcMember...)
	b = hex.AppendEncode(b, []byte{byte(chain >> 24), byte(chain >> 16), byte(chain >> 8), byte(chain)})
	return append(b, commitEnding...)
}

// parseCommit reads a commit line with its newline; ok is false for any line that appendCommit does not write. The
// count is at least 1.
func parseCommit(line []byte) (count uint64, chain uint32, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte(commitOpening))
	digits, sum, found := bytes.Cut(rest, []byte(crcMember))
	if !ok || !found || len(sum) != 8+len(commitEnding) {
		return 0, 0, false
	}
	count, err := strconv.ParseUint(string(digits), 10, 63)
	if err != nil || count == 0 {
		return 0, 0, false
	}
	var bytesOfSum [4]byte
	if _, err := hex.Decode(bytesOfSum[:], sum[:8]); err != nil {
		return 0, 0, false
	}
	chain = binary.BigEndian.Uint32(bytesOfSum[:])
	var space [64]byte
	return count, chain, bytes.Equal(line, appendCommit(space[:0], int(count), chain))
}
