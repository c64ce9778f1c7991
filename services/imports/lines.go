package imports

import (
	"bufio"
	"errors"
	"os"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// resultBytesMax bounds the bad lines, and the answers of a dry run, of one import on disk: a line of three bytes
// may have a reason of over a hundred.
var resultBytesMax = 64 << 20 // a variable for tests

// linesFile is a file of JSON Lines with the answers of an import, up to resultBytesMax.
type linesFile struct {
	f     *os.File
	buf   *bufio.Writer
	bytes int
	err   error
}

func newLinesFile(x *Job, name string) (*linesFile, error) {
	f, err := os.OpenFile(x.path(name), os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return &linesFile{f: f, buf: bufio.NewWriter(x.spool.Writer(f))}, nil
}

func (l *linesFile) add(answer any) {
	if l.err != nil || l.bytes > resultBytesMax {
		return
	}
	content, err := json.Marshal(answer, jsontext.AllowInvalidUTF8(true))
	if l.bytes += len(content) + 1; err == nil && l.bytes <= resultBytesMax {
		_, err = l.buf.Write(append(content, '\n'))
	}
	l.err = err
}

func (l *linesFile) close() error { return errors.Join(l.err, l.buf.Flush(), l.f.Close()) }
