package logstore

import (
	"bytes"
	"hash/crc32"
	"strconv"

	"github.com/taizhang/taizhang/events"
)

// tail judges what follows the last good commit of the last segment: whole says that it is nothing but a commit that
// was cut short, of torn bytes before zeros (none at all if torn is 0). Room is made durable before a commit is written
// to it, so that a file that ends within one was not cut short by a crash but by somebody. One that ends where a commit
// ends may be what a recovery left that was cut short.
func (w *scan) tail(g *segment, data []byte) (torn int64, whole bool) {
	b := bytes.TrimRight(data[g.end:], "\x00")
	cut := g.end+int64(len(b)) == int64(len(data)) && !endsAsCommit(b)
	return int64(len(b)), len(b) == 0 || !cut && (w.tornText(b) || tornSectors(b, g.end) && w.mayBeOne(b))
}

// endsAsCommit reports whether b, of which sectors may be missing, ends as a commit does: the very end may lie in a sector of
// its own.
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
		return bytes.IndexByte(rest, 0) < 0 // a zero is for tornSectors to judge
	}
	closing := appendCommit(nil, count, crc32.Update(w.chain, castagnoli, b[:start]))
	return bytes.HasPrefix(closing, rest) // which has no newline, so it is not all of it
}

// tornSectors reports whether b, at offset of a file, is one commit of which whole sectors were not written. Text has no
// zeros, so each run of zeros must begin and end where a sector does; and a last line of a commit before the end
// means that the commit was followed by another, so that it had been answered.
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

// mayBeOne reports whether b, of which sectors are missing, may be one commit, as far as what is left of it tells: if its
// last line is, its records are no more than that counts. Else a missing sector hides the end of another commit, which had
// been answered.
func (w *scan) mayBeOne(b []byte) bool {
	closing := bytes.LastIndexByte(b[:len(b)-1], '\n') + 1
	count, _, ok := parseCommit(b[closing:])
	last := bytes.LastIndex(b[:closing], []byte("\n"+events.LineOpening))
	if !ok || last < 0 {
		return true
	}
	rest := b[last+1+len(events.LineOpening):]
	digits := rest[:len(rest)-len(bytes.TrimLeft(rest, "0123456789"))]
	position, _ := strconv.ParseUint(string(digits), 10, 64) // 0 if it lies in a missing sector
	return position <= w.position+count
}
