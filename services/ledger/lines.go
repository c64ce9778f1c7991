package ledger

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// linesBatch and linesBytes bound how much of a file one goroutine decodes at a time.
const (
	linesBatch = 256
	linesBytes = 1 << 20
)

// line is one record of a file: the text, then what it decodes to. A line over the limit is not held.
type line struct {
	file     int // of those that are read
	line     int // from 1
	offset   int64
	text     []byte
	end      int64 // offset of the next line
	rec      *events.Record
	problems events.Problems

	given     *Given         // of a record that was given: its line is its index, and its file is one more than there are
	recording *events.Record // see Given
}

// decodeLines reads the record of every line, strictly, unless it was given.
func decodeLines(lines []line) []line {
	for i := range lines {
		l := &lines[i]
		if l.rec == nil && len(l.problems) == 0 {
			l.rec, l.problems = events.DecodeRecord(l.text)
		}
		l.text = nil
	}
	return lines
}

// readLines yields the lines of a file that are not empty, a few at a time.
func readLines(content io.Reader, name string, file int) iter.Seq2[[]line, error] {
	return func(yield func([]line, error) bool) {
		r := lineReader{src: bufio.NewReaderSize(content, 1<<16), file: file}
		var err error
		for err == nil {
			var batch []line
			for size := 0; err == nil && len(batch) < linesBatch && size < linesBytes; {
				var next line
				if next, err = r.next(); err == nil {
					batch, size = append(batch, next), size+len(next.text)
				}
			}
			if len(batch) > 0 && !yield(batch, nil) {
				return
			}
		}
		if err != io.EOF {
			yield(nil, fmt.Errorf("ledger: import: read %s after line %d: %w", name, r.line, err))
		}
	}
}

// givenLines yields what was given as lines of a file, spread evenly over its size.
func givenLines(given []Given, file int, size int64) iter.Seq[[]line] {
	return func(yield func([]line) bool) {
		at := func(i int) int64 { return size * int64(i) / int64(len(given)) }
		for start := 0; start < len(given); start += linesBatch {
			var batch []line
			for i := start; i < min(start+linesBatch, len(given)); i++ {
				g := &given[i]
				batch = append(batch, line{file: file, line: i, offset: at(i), end: at(i + 1), given: g, rec: g.Record, recording: g.Recording, problems: g.Problems})
			}
			if !yield(batch) {
				return
			}
		}
	}
}

// byteOrderMark begins a file that some editors save. It is no part of the text, and says nothing in UTF-8.
var byteOrderMark = []byte("\xef\xbb\xbf")

// lineReader cuts a file into lines.
type lineReader struct {
	src  *bufio.Reader
	file int
	line int   // the number of the line last read
	end  int64 // where it ends
}

// next returns the next line that is not empty, or io.EOF.
func (r *lineReader) next() (line, error) {
	for {
		r.line++
		offset := r.end
		typed, err := r.text()
		if err != nil && (err != io.EOF || r.end == offset) {
			return line{}, err
		}
		if offset == 0 {
			typed = bytes.TrimPrefix(typed, byteOrderMark)
		}
		l := line{file: r.file, line: r.line, offset: offset, end: r.end, text: typed}
		if len(typed) > events.RecordBytesMax {
			l.text = nil
			l.problems = events.Problems{{Reason: text.Say("此行超过 %d 字节的上限，未读入", "the line is over the limit of %d bytes and was not read", events.RecordBytesMax)}}
			return l, nil
		}
		if len(bytes.TrimSpace(typed)) > 0 {
			return l, nil
		}
	}
}

// text returns the bytes of one line without its end; of a line over the limit, only a little more than the limit.
func (r *lineReader) text() ([]byte, error) {
	var text []byte
	for {
		part, err := r.src.ReadSlice('\n')
		r.end += int64(len(part))
		if len(text) <= events.RecordBytesMax {
			text = append(text, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return bytes.TrimRight(text, "\r\n"), err
		}
	}
}
