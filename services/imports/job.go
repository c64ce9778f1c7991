package imports

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/spool"
)

// These are the limits on one import.
const (
	filesMax         = 100
	fileNameCharsMax = 200
	badShown         = 1000 // bad lines in the state
	progressLeast    = 100 * time.Millisecond
)

// The states of an import.
const (
	Waiting = "waiting"
	Running = "running"
	Done    = "done"
	Failed  = "failed"
)

// Progress is the state of an import. Done and Total count the bytes of the files twice: for checking and for writing.
type Progress struct {
	ID     string `json:"id"`
	State  string `json:"state"`
	DryRun bool   `json:"dryRun"`
	Done   int64  `json:"done"`
	Total  int64  `json:"total"`
	// when it is done (in a dry run the expected result), or if it failed after it had written records
	Result   *desk.Imported `json:"result,omitzero"`
	Bad      []desk.BadLine `json:"bad"`      // the first bad lines and rows
	BadTotal int            `json:"badTotal"` // the number of all bad lines and rows
	Rows     int            `json:"rows"`     // in a dry run: the records of sheets that were judged
	Marked   bool           `json:"marked"`   // copies of the bad sheets exist, with the bad cells marked

	Err      error           `json:"-"` // why it failed
	Begun    time.Time       `json:"-"` // when it was started
	Files    []string        `json:"-"` // the names of the uploaded files
	Sheets   desk.SheetTerms `json:"-"` // as it was started with
	Request  string          `json:"-"` // the id of the request that started it
	From     string          `json:"-"` // the import that it repeats, mended or written; "" for none
	Kept     bool            `json:"-"` // the uploaded files are kept after its end
	GoodOnly bool            `json:"-"` // only its good records were to be written
}

// HasEnded reports whether the import is done or has failed.
func (s *Progress) HasEnded() bool { return s.State == Done || s.State == Failed }

// Order says how the files of an import are imported.
type Order struct {
	Desk       desk.Keeper // of the account
	Sheets     desk.SheetTerms
	AcceptGood bool // see desk.ImportRequest, like the next two
	Again      bool
	DryRun     bool
	Marked     string // the language of copies of bad sheets with the bad cells marked; "" for none
	Request    string // the id of the request
	// Keep keeps the uploaded files as long as the results, so that a dry run can be mended and then written. It also
	// writes the rows of the sheets, each with the answer to it (GridRows).
	Keep bool
	From string // see Progress.From
}

// Job is one import, from the first byte of its upload to the end of its results.
type Job struct {
	account string
	spool   *spool.Spool
	dir     string // has the upload, and later the bad lines and the marked copies
	request desk.ImportRequest
	run     func(context.Context, desk.ImportRequest) (*desk.Imported, error)

	mu      sync.Mutex
	state   Progress
	told    time.Time     // when progress was last shown
	changed chan struct{} // closed when the state or the progress changes
	ended   time.Time
	bytes   int64 // the size of the results on disk
}

// Add copies one uploaded file to the disk. An error of content is returned as it is.
func (x *Job) Add(name string, content io.Reader) error {
	if !utf8.ValidString(name) || utf8.RuneCountInString(name) > fileNameCharsMax {
		return text.Errorf(text.Invalid, "文件名应为不超过 %d 个字符的 UTF-8 文字",
			"the name of a file must be text in UTF-8 of at most %d characters", fileNameCharsMax)
	}
	if x.FileCount() == filesMax {
		return text.Errorf(text.Invalid, "文件超过 %d 个", "there are more than %d files", filesMax)
	}
	f, err := os.OpenFile(x.path(strconv.Itoa(x.FileCount())), os.O_CREATE|os.O_RDWR|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	x.request.Files = append(x.request.Files, desk.Upload{Name: text.Printable(name), Content: f})
	n, err := io.Copy(x.spool.Writer(f), content)
	x.request.Files[x.FileCount()-1].Bytes = n
	return err
}

// FileCount returns the number of files that were added.
func (x *Job) FileCount() int { return len(x.request.Files) }

// begin notes how the import is to run.
func (x *Job) begin(o Order, now time.Time) {
	x.request.AcceptGood, x.request.Again, x.request.DryRun, x.request.Sheets = o.AcceptGood, o.Again, o.DryRun,
		o.Sheets
	if o.Marked != "" {
		x.request.Marked = &desk.MarkedTo{Lang: o.Marked, Create: x.createMarked}
	}
	x.run = o.Desk.Import
	x.state.DryRun, x.state.Begun, x.state.Sheets, x.state.Request = o.DryRun, now, o.Sheets, o.Request
	x.state.From, x.state.Kept, x.state.GoodOnly = o.From, o.Keep, o.AcceptGood
	for _, f := range x.request.Files {
		x.state.Files = append(x.state.Files, f.Name)
	}
}

// safely runs the import. A panic fails only this import.
func (x *Job) safely(ctx context.Context) (result *desk.Imported, err error) {
	defer func() {
		if failed := recover(); failed != nil {
			err = fmt.Errorf("imports: an import panicked: %v", failed)
		}
	}()
	return x.run(ctx, x.request)
}

// end stores the result and removes the upload.
func (x *Job) end(result *desk.Imported, err error, now time.Time) {
	kept := x.endUploads()
	x.mu.Lock()
	x.ended, x.bytes = now, kept
	for _, name := range []string{BadLines, JudgedRows, MarkedCopies, GridRows} {
		x.bytes += sizeOf(x.path(name))
	}
	x.mu.Unlock()
	x.update(func(s *Progress) {
		s.State, s.Result = Done, result
		if result != nil {
			s.Marked = result.Marked
		}
		if err != nil {
			s.State, s.Err = Failed, err
		}
	})
}

// These are the files of the results of an import. Uploaded files have numbers as names.
const (
	BadLines     = "bad.jsonl"   // a desk.BadLine a line
	JudgedRows   = "rows.jsonl"  // in a dry run: a desk.JudgedRecord a line
	MarkedCopies = "marked.xlsx" // copies of the bad sheets, if they are wanted and there are any
	GridRows     = "grid.jsonl"  // if the uploads are kept: a GridRow a line
)

func (x *Job) path(name string) string { return filepath.Join(x.dir, name) }

func sizeOf(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// update changes the state and wakes those who wait for a change.
func (x *Job) update(change func(*Progress)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	change(&x.state)
	close(x.changed)
	x.changed = make(chan struct{})
}

// progress notes how far the import is. It skips most calls, because there may be thousands a second.
func (x *Job) progress(done, total int64) {
	x.mu.Lock()
	x.state.Done, x.state.Total = done, total
	quiet := time.Since(x.told) < progressLeast
	if !quiet {
		x.told = time.Now()
	}
	x.mu.Unlock()
	if !quiet {
		x.update(func(*Progress) {})
	}
}

// Look returns the state, and a channel that is closed when it changes.
func (x *Job) Look() (Progress, <-chan struct{}) {
	x.mu.Lock()
	defer x.mu.Unlock()
	s := x.state
	s.Bad = slices.Clone(s.Bad)
	return s, x.changed
}

// removeUploads closes and removes the uploaded files.
func (x *Job) removeUploads() {
	for _, f := range x.request.Files {
		if file, ok := f.Content.(*os.File); ok {
			_ = file.Close()           // only read
			_ = os.Remove(file.Name()) // if this fails, the directory is removed later
		}
	}
	x.request.Files = nil
}

// endUploads removes the uploaded files or, if they are to be kept, closes them. It returns the size of what is kept.
func (x *Job) endUploads() (bytes int64) {
	if !x.state.Kept {
		x.removeUploads()
		return 0
	}
	for _, f := range x.request.Files {
		if file, ok := f.Content.(*os.File); ok {
			_ = file.Close() // only read from now on
		}
		bytes += f.Bytes
	}
	x.request.Files = nil
	return bytes
}

// Uploaded opens the n-th uploaded file of an import that has ended and keeps its uploads. The caller closes it.
func (x *Job) Uploaded(n int) (*os.File, error) { return x.Result(strconv.Itoa(n)) }

// remove removes all files of the import.
func (x *Job) remove() error { return os.RemoveAll(x.dir) }

// noteBad adds a bad line to the state.
func (x *Job) noteBad(line desk.BadLine) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.state.BadTotal++
	if len(x.state.Bad) < badShown {
		x.state.Bad = append(x.state.Bad, line)
	}
}

// noteRow counts a record that was judged.
func (x *Job) noteRow() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.state.Rows++
}

// createMarked writes the workbook with the marked copies.
func (x *Job) createMarked(write func(io.Writer) error) error {
	f, err := os.OpenFile(x.path(MarkedCopies), os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(write(x.spool.Writer(f)), f.Close())
}

// Result opens a file of the results of an import that has ended. The caller closes it.
func (x *Job) Result(name string) (*os.File, error) {
	if s, _ := x.Look(); !s.HasEnded() {
		return nil, text.Errorf(text.Conflict, "导入尚未结束", "the import has not ended yet")
	}
	f, err := os.Open(x.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, text.Errorf(text.NotFound, "此次导入没有这样的结果", "the import has no such result")
	}
	return f, err
}
