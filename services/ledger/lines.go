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

// The maximum number of lines and of bytes that one goroutine decodes at a time.
const (
	linesBatch = 256
	linesBytes = 1 << 20
)

// line is one record of a file: its text and its decoded form. The text of a line over the limit is not kept.
type line struct {
	file     int // the number of the file, from 0
	line     int // from 1
	offset   int64
	text     []byte
	end      int64 // offset of the next line
	rec      *events.Record
	problems events.Problems

	given     *Given         // set for a record of Given: line is then its index, and file the number of files
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

// readLines yields the non-empty lines of a file, a few at a time.
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

// givenLines yields the records of Given as lines of a file, spread evenly over its size.
func givenLines(given []Given, file int, size int64) iter.Seq[[]line] {
	return func(yield func([]line) bool) {
		at := func(i int) int64 { return size * int64(i) / int64(len(given)) }
		for start := 0; start < len(given); start += linesBatch {
			var batch []line
			for i := start; i < min(start+linesBatch, len(given)); i++ {
				g := &given[i]
				batch = append(batch, line{file: file, line: i, offset: at(i), end: at(i + 1), given: g, rec: g.Record,
					recording: g.Recording, problems: g.Problems})
			}
			if !yield(batch) {
				return
			}
		}
	}
}

// byteOrderMark is the mark with which some editors begin a file. It is not part of the text, and has no meaning in
// UTF-8.
var byteOrderMark = []byte("\xef\xbb\xbf")

// lineReader cuts a file into lines.
type lineReader struct {
	src  *bufio.Reader
	file int
	line int   // the number of the line last read
	end  int64 // the offset of its end
}

// next returns the next non-empty line, or io.EOF.
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
			l.problems = events.Problems{
				{Reason: text.Say("此行超过 %d 字节的上限，未读入",
					"the line is over the limit of %d bytes and was not read", events.RecordBytesMax)}}
			return l, nil
		}
		if len(bytes.TrimSpace(typed)) > 0 {
			return l, nil
		}
	}
}

// text returns the bytes of one line without its end. Of a line over the limit it returns only a little more than the
// limit.
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
