package api

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
)

// These are the limits on imports. One import runs at a time. waitingMax bounds those that wait or are being
// uploaded.
const (
	waitingMax       = 8
	placesAll        = waitingMax + 1
	placesAccountMax = 3 // of one account, so that none can block the others
	keptFor          = 24 * time.Hour
	keptMax          = 200 // finished imports with their results
	// results of all finished imports on disk: bad lines, answers of dry runs and marked copies
	keptBytesMax  = 512 << 20
	badShown      = 1000 // bad lines in the answer to GET /v1/imports/{id}
	progressLeast = 100 * time.Millisecond
)

// resultBytesMax bounds the bad lines, and the answers of a dry run, of one import on disk: a line of three bytes
// may have a reason of over a hundred.
var resultBytesMax = 64 << 20 // a variable for tests

// The states of an import.
const (
	importWaiting = "waiting"
	importRunning = "running"
	importDone    = "done"
	importFailed  = "failed"
)

// ImportState is the progress of an import. Done and Total count the bytes of the files twice: for checking and
// for writing.
type ImportState struct {
	ID     string `json:"id"`
	State  string `json:"state"`
	DryRun bool   `json:"dryRun"`
	Done   int64  `json:"done"`
	Total  int64  `json:"total"`
	// when it is done (in a dry run the expected result), or if it failed after it had written records
	Result   *desk.Imported  `json:"result,omitzero"`
	Bad      []desk.BadLine  `json:"bad"`      // the first bad lines and rows
	BadTotal int             `json:"badTotal"` // the number of all bad lines and rows
	Rows     int             `json:"rows"`     // in a dry run: the records of sheets that were judged
	Marked   bool            `json:"marked"`   // copies of the bad sheets exist, with the bad cells marked
	Problem  *ProblemDetails `json:"problem,omitzero"`
}

// job is one import, from the first byte of its upload to the end of its results.
type job struct {
	account string
	dir     string // has the upload, and later the bad lines and the marked copies
	request desk.ImportRequest
	run     func(context.Context, desk.ImportRequest) (*desk.Imported, error)
	problem func(error) *ProblemDetails

	mu      sync.Mutex
	state   ImportState
	told    time.Time     // when progress was last shown
	changed chan struct{} // closed when the state or the progress changes
	ended   time.Time
	bytes   int64 // the size of the results on disk
}

// jobs holds the imports of a server: one runs, some wait, and the results of finished ones are kept.
type jobs struct {
	dir    string
	now    func() time.Time
	log    *zap.Logger
	m      *Metrics
	ctx    context.Context // ends when the server closes
	cancel context.CancelFunc
	places chan struct{} // has an element for each import that runs, waits or is being uploaded
	queue  chan *job
	ran    chan struct{} // closed when no import will run any more

	mu       sync.Mutex
	placesOf map[string]int // by account
	kept     map[string]*job
}

func newJobs(dir string, now func() time.Time, log *zap.Logger, m *Metrics) *jobs {
	ctx, cancel := context.WithCancel(context.Background())
	j := &jobs{dir: dir, now: now, log: log, m: m, ctx: ctx, cancel: cancel, places: make(chan struct{}, placesAll),
		queue: make(chan *job, placesAll),
		ran:   make(chan struct{}), placesOf: map[string]int{}, kept: map[string]*job{}}
	if err := emptied(dir); err != nil {
		log.Error("the spool cannot be emptied", zap.Error(err))
	}
	go j.work()
	return j
}

// These begin the names of directories in the spool. The server removes nothing else there, because the directory
// may be a link to a larger disk.
const (
	importPrefix = "import-"
	reportPrefix = "report-"
)

// emptied makes a directory that only its owner may read, and removes what an earlier server left in it.
func emptied(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return err
	}
	list, err := os.ReadDir(dir)
	for _, entry := range list {
		if !strings.HasPrefix(entry.Name(), importPrefix) && !strings.HasPrefix(entry.Name(), reportPrefix) {
			continue
		}
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, entry.Name())))
	}
	return err
}

// errBusy returns the error for too many waiting imports.
func errBusy() error {
	return text.Errorf(text.Unavailable, "已有 %d 个导入在等待，请稍后再试",
		"%d imports are waiting already; try again later", waitingMax)
}

var errClosing = text.Errorf(text.Unavailable, "服务正在停止，请稍后再试", "the server is stopping; try again later")

// open returns a new import with a place in the queue and a directory for its upload. The caller must call enqueue
// or drop. An account has at most placesMax places.
func (j *jobs) open(account string, placesMax int) (*job, error) {
	if j.ctx.Err() != nil {
		return nil, errClosing
	}
	if err := j.enter(account, placesMax); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(j.dir, importPrefix)
	if err != nil {
		j.leave(account)
		return nil, fmt.Errorf("api: spool an upload: %w", err)
	}
	return &job{account: account, dir: dir, changed: make(chan struct{}),
		state: ImportState{ID: desk.NewID(), State: importWaiting, Bad: []desk.BadLine{}}}, nil
}

// enter takes a place for an account.
func (j *jobs) enter(account string, placesMax int) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.places) == cap(j.places) { // places grows only under mu
		return errBusy()
	}
	if j.placesOf[account] == placesMax {
		return fail(tooMany, "此账号已有 %d 个导入在上传、等待或进行",
			"%d imports of the account are being uploaded, wait or run already", placesMax)
	}
	j.places <- struct{}{}
	j.placesOf[account]++
	return nil
}

// leave returns a place of an account.
func (j *jobs) leave(account string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	<-j.places
	if j.placesOf[account]--; j.placesOf[account] == 0 {
		delete(j.placesOf, account)
	}
}

// drop removes an import whose upload failed.
func (j *jobs) drop(x *job) {
	x.removeUploads()
	j.leave(x.account)
	j.remove(x)
}

func (j *jobs) remove(x *job) {
	if err := os.RemoveAll(x.dir); err != nil {
		j.log.Warn("the files of an import are still there", zap.Error(err))
	}
}

// enqueue lets an import run when its turn comes. From then on it can be asked for. While the server stops it
// returns an error.
func (j *jobs) enqueue(x *job) error {
	if j.ctx.Err() != nil {
		return errClosing
	}
	j.mu.Lock()
	j.kept[x.state.ID] = x
	j.mu.Unlock()
	j.queue <- x // never blocks: the queue has room for all places
	return nil
}

// find returns an import of an account; imports of other accounts are not found.
func (j *jobs) find(id, account string) (*job, error) {
	j.forget()
	j.mu.Lock()
	defer j.mu.Unlock()
	if x := j.kept[id]; x != nil && x.account == account {
		return x, nil
	}
	return nil, text.Errorf(text.NotFound,
		"没有此编号的导入：结果只保留 24 小时，服务重启后不再保留；请再导入一次，已入账的会跳过",
		"there is no import of this id: results are kept for 24 hours and not over a restart; send it again, what "+
			"is in the ledger already is passed over")
}

// work runs the imports one after the other until the server closes.
func (j *jobs) work() {
	defer close(j.ran)
	for {
		select {
		case <-j.ctx.Done():
			j.cancelWaiting()
			return
		case x := <-j.queue:
			j.runOne(x)
		}
	}
}

func (j *jobs) cancelWaiting() {
	for {
		select {
		case x := <-j.queue:
			j.end(x, nil, errClosing)
		default:
			return
		}
	}
}

func (j *jobs) runOne(x *job) {
	if j.ctx.Err() != nil {
		j.end(x, nil, errClosing)
		return
	}
	x.update(func(s *ImportState) { s.State = importRunning })
	var result *desk.Imported
	bad, err := newLinesFile(x, badName)
	if err == nil {
		var rows *linesFile
		if rows, err = newLinesFile(x, rowsName); err == nil {
			x.request.Bad = func(line desk.BadLine) {
				x.noteBad(line)
				bad.add(line)
				if !x.request.DryRun { // a dry run refuses nothing
					j.m.reasons(line.Reasons)
				}
			}
			x.request.Judged = func(r desk.JudgedRecord) {
				x.noteRow()
				rows.add(r)
			}
			x.request.Progress = x.progress
			result, err = x.safely(j.ctx)
			err = errors.Join(err, rows.close())
		}
		err = errors.Join(err, bad.close())
	}
	if j.ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = errClosing
	}
	if err != nil {
		j.log.Info("an import failed", zap.String("import", x.state.ID), zap.Error(err))
	}
	j.end(x, result, err)
}

// safely runs the import. A panic fails only this import.
func (x *job) safely(ctx context.Context) (result *desk.Imported, err error) {
	defer func() {
		if failed := recover(); failed != nil {
			err = fmt.Errorf("api: an import panicked: %v", failed)
		}
	}()
	return x.run(ctx, x.request)
}

// end stores the result of an import, returns its place and removes the upload.
func (j *jobs) end(x *job, result *desk.Imported, err error) {
	x.removeUploads()
	x.mu.Lock()
	x.ended, x.bytes = j.now(), sizeOf(x.path(badName))+sizeOf(x.path(rowsName))+sizeOf(x.path(markedName))
	x.mu.Unlock()
	x.update(func(s *ImportState) {
		s.State, s.Result = importDone, result
		if result != nil {
			s.Marked = result.Marked
		}
		if err != nil {
			s.State, s.Problem = importFailed, x.problem(err)
		}
	})
	j.leave(x.account)
	j.forget()
}

// forget removes results that are too old or too many.
func (j *jobs) forget() {
	j.mu.Lock()
	defer j.mu.Unlock()
	var ended []*job
	var bytes int64
	for _, x := range j.kept {
		x.mu.Lock()
		if !x.ended.IsZero() {
			ended = append(ended, x)
			bytes += x.bytes
		}
		x.mu.Unlock()
	}
	slices.SortFunc(ended, func(a, b *job) int { return a.ended.Compare(b.ended) })
	for len(ended) > 0 && (len(ended) > keptMax || bytes > keptBytesMax || j.now().Sub(ended[0].ended) > keptFor) {
		oldest := ended[0]
		bytes, ended = bytes-oldest.bytes, ended[1:]
		delete(j.kept, oldest.state.ID)
		j.remove(oldest)
	}
}

// These are the names of the files of an import. Uploaded files have numbers as names.
const (
	badName    = "bad.jsonl"
	rowsName   = "rows.jsonl"
	markedName = "marked.xlsx"
)

func (x *job) path(name string) string { return filepath.Join(x.dir, name) }

func sizeOf(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// update changes the state and wakes those who wait for a change.
func (x *job) update(change func(*ImportState)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	change(&x.state)
	close(x.changed)
	x.changed = make(chan struct{})
}

// progress notes how far the import is. It skips most calls, because there may be thousands a second.
func (x *job) progress(done, total int64) {
	x.mu.Lock()
	x.state.Done, x.state.Total = done, total
	quiet := time.Since(x.told) < progressLeast
	if !quiet {
		x.told = time.Now()
	}
	x.mu.Unlock()
	if !quiet {
		x.update(func(*ImportState) {})
	}
}

// look returns the state, and a channel that is closed when it changes.
func (x *job) look() (ImportState, <-chan struct{}) {
	x.mu.Lock()
	defer x.mu.Unlock()
	s := x.state
	s.Bad = slices.Clone(s.Bad)
	return s, x.changed
}

// removeUploads closes and removes the uploaded files.
func (x *job) removeUploads() {
	for _, f := range x.request.Files {
		if file, ok := f.Content.(*os.File); ok {
			_ = file.Close()           // only read
			_ = os.Remove(file.Name()) // if this fails, the directory is removed later
		}
	}
	x.request.Files = nil
}

// noteBad adds a bad line to the state.
func (x *job) noteBad(line desk.BadLine) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.state.BadTotal++
	if len(x.state.Bad) < badShown {
		x.state.Bad = append(x.state.Bad, line)
	}
}

// noteRow counts a record that was judged.
func (x *job) noteRow() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.state.Rows++
}

// linesFile is a file of JSON Lines with the answers of an import, up to resultBytesMax.
type linesFile struct {
	f     *os.File
	buf   *bufio.Writer
	bytes int
	err   error
}

func newLinesFile(x *job, name string) (*linesFile, error) {
	f, err := os.OpenFile(x.path(name), os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return &linesFile{f: f, buf: bufio.NewWriter(&sparing{to: f, dir: x.dir})}, nil
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

// createMarked writes the workbook with the marked copies.
func (x *job) createMarked(write func(io.Writer) error) error {
	f, err := os.OpenFile(x.path(markedName), os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(write(&sparing{to: f, dir: x.dir}), f.Close())
}

// result opens a file of the results of an import that has ended.
func (x *job) result(name string) (*os.File, error) {
	s, _ := x.look()
	if s.State == importWaiting || s.State == importRunning {
		return nil, text.Errorf(text.Conflict, "导入尚未结束", "the import has not ended yet")
	}
	f, err := os.Open(x.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, text.Errorf(text.NotFound, "此次导入没有这样的结果", "the import has no such result")
	}
	return f, err
}
