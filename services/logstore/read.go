package logstore

import (
	"bytes"
	"context"
	"errors"
	"hash/crc32"
	"io"
	"slices"
	"sort"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// The minimum and maximum size of one read. A reader begins with the minimum, and doubles the size each time it
// continues from where it was.
const (
	windowBytesMin = 4 << 10
	windowBytesMax = 256 << 10
)

// reader reads events of a view through a window onto the log. It is for one goroutine.
type reader struct {
	store  *Store
	view   view
	parser *events.LineParser
	buf    []byte // the window's bytes
	at0    int64  // the offset of the window, over all segments
	size   int64  // the size of the next window
}

// step yields one event, or the error with which the read ends. It reports whether the read continues.
func (r *reader) step(ctx context.Context, position uint64, yield func(events.Stored, error) bool) bool {
	err := r.store.ended(ctx)
	if err == nil {
		var e events.Stored
		if e, err = r.at(position); err == nil {
			return yield(e, nil)
		}
		if closed := r.store.ended(ctx); closed != nil { // if Close interrupted the read, report only that
			err = closed
		}
	}
	yield(events.Stored{}, err)
	return false
}

// at returns the event at a position of the view, checked against its checksum. It is valid until the next call.
func (r *reader) at(position uint64) (events.Stored, error) {
	from := r.view.offsets[position-1]
	n := sort.Search(len(r.view.segments), func(i int) bool { return r.view.segments[i].base > from }) - 1
	g, end := r.view.segments[n], r.view.end
	if n+1 < len(r.view.segments) {
		end = r.view.segments[n+1].base
	}
	to := end // the end of the record with the bytes after it, up to the next record
	if position < uint64(len(r.view.offsets)) {
		to = min(end, r.view.offsets[position])
	}
	if from < r.at0 || to > r.at0+int64(len(r.buf)) {
		if err := r.move(g, from, to, end); err != nil {
			return events.Stored{}, err
		}
	}
	b := r.buf[from-r.at0 : to-r.at0]
	if n := bytes.IndexByte(b, '\n'); n >= 0 {
		if b = b[:n]; crc32.Checksum(b, castagnoli) == r.view.sums[position-1] {
			if e, bad := r.parser.Parse(b); bad == "" && e.Position == position {
				return e, nil
			}
		}
	}
	return events.Stored{}, &DamageError{File: g.name, Offset: from - g.base, Position: position,
		Reason: text.Say("记录自打开以来被改动", "the record was changed since the store was opened")}
}

// move moves the window to the offset from. The window covers at least one event and does not go beyond the segment.
func (r *reader) move(g *segment, from, to, end int64) error {
	if last := r.at0 + int64(len(r.buf)); r.buf != nil && r.at0 <= from && from <= last {
		r.size = min(2*r.size, windowBytesMax)
	} else {
		r.size = windowBytesMin
	}
	length := min(max(r.size, to-from), end-from)
	r.buf, r.at0 = slices.Grow(r.buf[:0], int(length))[:length], from
	n, err := g.file.ReadAt(r.buf, from-g.base)
	if err != nil && (!errors.Is(err, io.EOF) || int64(n) < length) {
		r.buf = nil
		return fileError("read", r.store.dir, g.name, err)
	}
	return nil
}
