package logstore

import (
	"bytes"
	"hash/crc32"
	"strconv"

	"github.com/taizhang/taizhang/events"
)

// tail judges the bytes after the last good commit of the last segment. whole is true if they are only one torn
// commit, of torn bytes before zeros; torn is 0 if there is none. Room is made durable before a commit is written to
// it. So if a file ends within a commit, it was cut by somebody and not by a crash. A file that ends at the end of a
// commit may be the result of an interrupted recovery.
func (w *scan) tail(g *segment, data []byte) (torn int64, whole bool) {
	b := bytes.TrimRight(data[g.end:], "\x00")
	cut := g.end+int64(len(b)) == int64(len(data)) && !endsAsCommit(b)
	return int64(len(b)), len(b) == 0 || !cut && (w.tornText(b) || tornSectors(b, g.end) && w.mayBeOne(b))
}

// endsAsCommit reports whether b, in which sectors may be missing, ends like a commit. The last bytes of a commit may
// be in a sector of their own.
func endsAsCommit(b []byte) bool {
	end := b[bytes.LastIndexByte(b, 0)+1:]
	return bytes.HasSuffix(end, commitEnding) || bytes.HasSuffix(commitEnding, end)
}

// tornText reports whether b is the beginning of a commit but not all of it.
func (w *scan) tornText(b []byte) bool {
	start, position, count := 0, w.position, 0
	for {
		n := bytes.IndexByte(b[start:], '\n')
		if n < 0 {
			break
		}
		e, bad := w.parser.Parse(b[start : start+n])
		if bad != "" || e.Position != position+1 {
			return false
		}
		start, position, count = start+n+1, position+1, count+1
	}
	rest := b[start:]
	record := strconv.AppendUint([]byte(events.LineOpening), position+1, 10)
	if n := min(len(rest), len(record)); string(rest[:n]) == string(record[:n]) {
		return bytes.IndexByte(rest, 0) < 0 // tornSectors judges bytes with zeros
	}
	closing := appendCommit(nil, count, crc32.Update(w.chain, castagnoli, b[:start]))
	return bytes.HasPrefix(closing, rest) // rest has no newline, so the line is not complete
}

// tornSectors reports whether b, at an offset of a file, is one commit of which whole sectors were not written. Text
// has no zeros, so each run of zeros must begin and end at the borders of sectors. If b has the last line of a commit
// before its end, another commit followed, so the first one had been acknowledged and b is damaged.
func tornSectors(b []byte, offset int64) bool {
	if i := bytes.Index(b, commitEnding); i >= 0 && i+len(commitEnding) < len(b) {
		return false
	}
	holes := 0
	for at := 0; ; holes++ {
		n := bytes.IndexByte(b[at:], 0)
		if n < 0 {
			return holes > 0
		}
		from := at + n
		at = from
		for b[at] == 0 { // b does not end in a zero
			at++
		}
		if from != 0 && (offset+int64(from))%sectorBytes != 0 || (offset+int64(at))%sectorBytes != 0 {
			return false
		}
	}
}

// mayBeOne reports whether b, in which sectors are missing, may be a single commit. If b has the last line of the
// commit, it must not have more records than that line counts. Otherwise a missing sector hides the end of another,
// acknowledged commit.
func (w *scan) mayBeOne(b []byte) bool {
	closing := bytes.LastIndexByte(b[:len(b)-1], '\n') + 1
	count, _, ok := parseCommit(b[closing:])
	last := bytes.LastIndex(b[:closing], []byte("\n"+events.LineOpening))
	if !ok || last < 0 {
		return true
	}
	rest := b[last+1+len(events.LineOpening):]
	digits := rest[:len(rest)-len(bytes.TrimLeft(rest, "0123456789"))]
	position, _ := strconv.ParseUint(string(digits), 10, 64) // 0 if the number is in a missing sector
	return position <= w.position+count
}
