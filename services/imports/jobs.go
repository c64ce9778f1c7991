package imports

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/spool"
)

// These are the limits on imports. One import runs at a time. waitingMax is the largest number of imports that wait or
// are being uploaded.
const (
	waitingMax       = 8
	placesAll        = waitingMax + 1
	placesAccountMax = 3 // of one account, so that none can block the others
	keptFor          = 24 * time.Hour
	keptMax          = 200 // finished imports with their results
	keptAccountMax   = 50  // of one account: each mending of a sheet is an import
	// results of all finished imports on disk: bad lines, answers of dry runs, marked copies, and kept uploads
	keptBytesMax = 512 << 20
)

// Config holds the parameters of New.
type Config struct {
	Spool   *spool.Spool
	Now     func() time.Time
	Log     *zap.Logger
	Refused func([]desk.Reason) // called with the reasons against each bad line, unless it is a dry run; may be nil
}

// Jobs holds the imports of a server: one runs, some wait, and the results of finished ones are kept. Its methods may
// be called from several goroutines.
type Jobs struct {
	Config
	ctx    context.Context // ends when the server closes
	cancel context.CancelFunc
	places chan struct{} // has an element for each import that runs, waits or is being uploaded
	queue  chan *Job
	ended  chan struct{} // closed when no import will run any more

	mu       sync.Mutex
	placesOf map[string]int // by account
	kept     map[string]*Job
}

// New returns the jobs of a server, and begins to run them. Its owner calls Stop.
func New(cfg Config) *Jobs {
	ctx, cancel := context.WithCancel(context.Background())
	j := &Jobs{Config: cfg, ctx: ctx, cancel: cancel, places: make(chan struct{}, placesAll),
		queue: make(chan *Job, placesAll), ended: make(chan struct{}), placesOf: map[string]int{},
		kept: map[string]*Job{}}
	go j.work()
	return j
}

// Stop cancels the waiting imports, and ends the running one between two writes.
func (j *Jobs) Stop() { j.cancel() }

// Ended returns a channel that is closed when no import will run any more after Stop.
func (j *Jobs) Ended() <-chan struct{} { return j.ended }

// errBusy returns the error for too many waiting imports.
func errBusy() error {
	return text.Errorf(text.Unavailable, "已有 %d 个导入在等待，请稍后再试",
		"%d imports are waiting already; try again later", waitingMax)
}

var errClosing = text.Errorf(text.Unavailable, "服务正在停止，请稍后再试", "the server is stopping; try again later")

// ErrPlaces is the error that an account has as many imports under way as it may have.
var ErrPlaces = text.Errorf(text.Unavailable, "此账号已有 %d 个导入在上传、等待或进行",
	"%d imports of the account are being uploaded, wait or run already", placesAccountMax)

// Open returns a new import with a place in the queue and a directory for its upload. The caller must call Start or
// Drop. An account has a limit of places, unless it is the owner's.
func (j *Jobs) Open(who access.Principal) (*Job, error) {
	if j.ctx.Err() != nil {
		return nil, errClosing
	}
	if err := j.enter(who); err != nil {
		return nil, err
	}
	dir, err := j.Spool.Dir()
	if err != nil {
		j.leave(who.Account)
		return nil, fmt.Errorf("imports: spool an upload: %w", err)
	}
	return &Job{account: who.Account, spool: j.Spool, dir: dir, changed: make(chan struct{}),
		state: Progress{ID: desk.NewID(), State: Waiting, Bad: []desk.BadLine{}}}, nil
}

// enter takes a place for an account.
func (j *Jobs) enter(who access.Principal) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case len(j.places) == cap(j.places): // places grows only under mu
		return errBusy()
	case j.placesOf[who.Account] == placesAccountMax && !who.Owner:
		return ErrPlaces
	}
	j.places <- struct{}{}
	j.placesOf[who.Account]++
	return nil
}

// UnderWay returns the number of imports that run, wait or are being uploaded.
func (j *Jobs) UnderWay() int { return len(j.places) }

// leave returns a place of an account.
func (j *Jobs) leave(account string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	<-j.places
	if j.placesOf[account]--; j.placesOf[account] == 0 {
		delete(j.placesOf, account)
	}
}

// Drop removes an import whose upload failed.
func (j *Jobs) Drop(x *Job) {
	x.removeUploads()
	j.leave(x.account)
	j.remove(x)
}

func (j *Jobs) remove(x *Job) {
	if err := x.remove(); err != nil {
		j.Log.Warn("the files of an import are still there", zap.Error(err))
	}
}

// Start lets an import run when its turn comes, and returns its state. From then on it can be found. While the server
// stops, Start drops the import and returns an error.
func (j *Jobs) Start(x *Job, o Order) (Progress, error) {
	if j.ctx.Err() != nil {
		j.Drop(x)
		return Progress{}, errClosing
	}
	x.begin(o, j.Now())
	state, _ := x.Look()
	j.mu.Lock()
	j.kept[state.ID] = x
	j.mu.Unlock()
	j.queue <- x // never blocks: the queue has room for all places
	return state, nil
}

// Find returns an import of an account; imports of other accounts are not found.
func (j *Jobs) Find(id, account string) (*Job, error) {
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

// Of returns the states of the imports of an account, the newest first.
func (j *Jobs) Of(account string) (list []Progress) {
	j.forget()
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, x := range j.kept {
		if x.account == account {
			state, _ := x.Look()
			list = append(list, state)
		}
	}
	slices.SortFunc(list, func(a, b Progress) int {
		return cmp.Or(b.Begun.Compare(a.Begun), cmp.Compare(b.ID, a.ID)) // ids grow with time
	})
	return list
}

// Wait returns the state of an import. If it has not ended, Wait first waits until the state or the progress changes,
// but no longer than atMost and not after ctx has ended or the server stops.
func (j *Jobs) Wait(ctx context.Context, x *Job, atMost time.Duration) Progress {
	state, changed := x.Look()
	if atMost <= 0 || state.HasEnded() {
		return state
	}
	enough := time.NewTimer(atMost)
	defer enough.Stop()
	select {
	case <-changed:
	case <-enough.C:
	case <-j.ctx.Done(): // the state soon shows the end of the import
	case <-ctx.Done():
	}
	state, _ = x.Look()
	return state
}

// work runs the imports one after the other until the server closes.
func (j *Jobs) work() {
	defer close(j.ended)
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

func (j *Jobs) cancelWaiting() {
	for {
		select {
		case x := <-j.queue:
			j.end(x, nil, errClosing)
		default:
			return
		}
	}
}

func (j *Jobs) runOne(x *Job) {
	if j.ctx.Err() != nil {
		j.end(x, nil, errClosing)
		return
	}
	x.update(func(s *Progress) { s.State = Running })
	var result *desk.Imported
	answers := answersTo(x)
	bad, err := newLinesFile(x, BadLines)
	if err == nil {
		var rows *linesFile
		if rows, err = newLinesFile(x, JudgedRows); err == nil {
			x.request.Bad = func(line desk.BadLine) {
				x.noteBad(line)
				bad.add(line)
				if !x.request.DryRun && j.Refused != nil { // a dry run refuses nothing
					j.Refused(line.Reasons)
				}
			}
			x.request.Judged = func(r desk.JudgedRecord) {
				x.noteRow()
				rows.add(r)
				answers.add(r)
			}
			x.request.Progress = x.progress
			result, err = x.safely(j.ctx)
			if err == nil && x.state.Kept && x.request.DryRun {
				err = x.writeGrid(answers)
			}
			err = errors.Join(err, rows.close())
		}
		err = errors.Join(err, bad.close())
	}
	if j.ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = errClosing
	}
	if err != nil {
		j.Log.Info("an import failed", zap.String("import", x.state.ID), zap.Error(err))
	}
	j.end(x, result, err)
}

// end stores the result of an import, returns its place and removes the upload.
func (j *Jobs) end(x *Job, result *desk.Imported, err error) {
	x.end(result, err, j.Now())
	j.leave(x.account)
	j.forget()
}

// forget removes results that are too old or too many, the oldest first.
func (j *Jobs) forget() {
	j.mu.Lock()
	defer j.mu.Unlock()
	var ended []*Job
	var bytes int64
	of := map[string]int{}
	for _, x := range j.kept {
		x.mu.Lock()
		if !x.ended.IsZero() {
			ended = append(ended, x)
			bytes += x.bytes
			of[x.account]++
		}
		x.mu.Unlock()
	}
	slices.SortFunc(ended, func(a, b *Job) int { return a.ended.Compare(b.ended) })
	left := len(ended)
	for _, x := range ended {
		if left <= keptMax && bytes <= keptBytesMax && of[x.account] <= keptAccountMax &&
			j.Now().Sub(x.ended) <= keptFor {
			continue
		}
		left, bytes = left-1, bytes-x.bytes
		of[x.account]--
		delete(j.kept, x.state.ID)
		j.remove(x)
	}
}
