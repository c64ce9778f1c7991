package logstore

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// endBytesFirst is how much of the end of a segment is read at first: enough for any record with its commit line.
const endBytesFirst = 2 * events.BodyBytesMax

// formatForm is the beginning of headerForm.
const formatForm = `{"taizhang":"segment","format":%d,`

// End is what the last commit of a log says. ReadEnd reads it without reading the log.
type End struct {
	Segments   int
	Bytes      int64 // of all segments up to the last commit
	Position   uint64
	RecordedAt time.Time // of the last event; the zero time if there is none
}

// ReadEnd reads the end of a log in a directory, or of a backup in one file. Another process may be writing. It checks
// only that the first segment is there and has the format of this program; Verify checks all. The error is
// os.ErrNotExist if there is no log.
func ReadEnd(path string) (end End, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return End{}, fileError("open", path, "", err)
	}
	if info.IsDir() {
		return readEnd(osFS{}, path)
	}
	a, err := openArchive(osFS{}, path)
	if err != nil {
		return End{}, err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	return readEnd(a, path)
}

func readEnd(fs FS, dir string) (end End, err error) {
	if err := holdsLog(fs, dir); err != nil {
		return End{}, err
	}
	names, err := newScan(fs, dir, nil).names()
	if err != nil {
		return End{}, err
	}
	end.Segments = len(names)
	for i := len(names) - 1; i >= 0; i-- {
		err := reading(fs, dir, names[i], func(f File) error {
			if i == 0 {
				if err := isOurs(f, names[i]); err != nil {
					return err
				}
			}
			if end.Position > 0 { // found in a later segment; segments before the last have no room set aside
				size, err := f.Size()
				end.Bytes += size
				return err
			}
			last, bytes, err := lastRecord(f)
			end.Bytes += bytes
			end.Position, end.RecordedAt = last.Position, last.RecordedAt
			return err
		})
		if err != nil {
			return End{}, err
		}
	}
	return end, nil
}

// reading opens a segment and calls do with it.
func reading(fs FS, dir, name string, do func(File) error) error {
	f, err := fs.Open(filepath.Join(dir, name), false)
	if err != nil {
		return fileError("open", dir, name, err)
	}
	var damage *DamageError
	if err = do(f); !errors.As(err, &damage) {
		err = fileError("read", dir, name, err)
	}
	return errors.Join(err, f.Close())
}

// isOurs returns a *DamageError if the first segment begins otherwise than this program begins one.
func isOurs(f File, name string) error {
	want := appendHeader(nil, 1, 1, 0)
	first := make([]byte, len(want))
	if _, err := f.ReadAt(first, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	var written int
	if _, err := fmt.Sscanf(string(first), formatForm, &written); err == nil && written > format {
		return &DamageError{File: name, Position: 1,
			Reason: text.Say("格式是第 %d 版，由较新的程序写成，本程序只能读第 %d 版",
				"its format is version %d, of a newer program; this program reads version %d", written, format)}
	}
	if !bytes.Equal(first, want) {
		return &DamageError{File: name, Position: 1,
			Reason: text.Say("首行应为 %s", "the first line must be %s", want[:len(want)-1])}
	}
	return nil
}

// lastRecord returns the last record of a segment that a commit line follows, and the end of that commit. Without a
// commit, the record is the zero Stored and the end that of the bytes that were written.
func lastRecord(f File) (last events.Stored, end int64, err error) {
	written, err := writtenEnd(f)
	if err != nil {
		return last, 0, err
	}
	for n := int64(endBytesFirst); ; n *= 4 { // more if a long commit is being written
		from := max(0, written-n)
		data := make([]byte, written-from)
		if _, err := f.ReadAt(data, from); err != nil && !errors.Is(err, io.EOF) {
			return last, 0, err
		}
		for end := len(data); end > 0; {
			lineEnd := bytes.LastIndexByte(data[:end], '\n') + 1
			line := data[bytes.LastIndexByte(data[:max(0, lineEnd-1)], '\n')+1 : lineEnd]
			before := lineEnd - len(line)
			if _, _, isCommit := parseCommit(line); isCommit && before > 0 {
				record := data[bytes.LastIndexByte(data[:before-1], '\n')+1 : before-1]
				if last, bad := events.NewLineParser().Parse(record); bad == "" {
					return last, from + int64(lineEnd), nil
				}
			}
			end = before
		}
		if from == 0 {
			return last, written, nil
		}
	}
}

// writtenEnd returns the end of a segment before the room that is set aside.
func writtenEnd(f File) (int64, error) {
	end, err := f.Size()
	for piece := make([]byte, zerosPieceMost); err == nil && end > 0; {
		from := max(0, end-int64(len(piece)))
		part := piece[:end-from]
		if _, err := f.ReadAt(part, from); err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		if n := len(bytes.TrimRight(part, "\x00")); n > 0 {
			return from + int64(n), nil
		}
		end = from
	}
	return end, err
}

// RecordedAt returns when the event at a position of a log was recorded. It reads whole segments, from the last one
// back to that of the event. The error is os.ErrNotExist if there is no such event.
func RecordedAt(dir string, position uint64) (at time.Time, err error) {
	fs := osFS{}
	names, err := newScan(fs, dir, nil).names()
	if err != nil {
		return time.Time{}, err
	}
	opening := fmt.Appendf(nil, "\n%s%d,", events.LineOpening, position)
	for i := len(names) - 1; i >= 0 && at.IsZero(); i-- {
		err := reading(fs, dir, names[i], func(f File) error {
			size, err := f.Size()
			if err != nil || size > segmentBytesMax {
				return err
			}
			data := make([]byte, size)
			if _, err := f.ReadAt(data, 0); err != nil && !errors.Is(err, io.EOF) {
				return err
			}
			if begin := bytes.Index(data, opening); begin >= 0 {
				line, _, _ := bytes.Cut(data[begin+1:], []byte("\n"))
				if e, bad := events.NewLineParser().Parse(line); bad == "" {
					at = e.RecordedAt
				}
			}
			return nil
		})
		if err != nil {
			return time.Time{}, err
		}
	}
	if at.IsZero() {
		return at, fileError("read", dir, "", os.ErrNotExist)
	}
	return at, nil
}
