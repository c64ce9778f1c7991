package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/difference"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// File is one file to import. Content is JSON Lines, one record a line; each run of the import reads it once, from its start to its
// end, or to where it fails. A file of another form has no Content and its records in Given.
type File struct {
	Name    string
	Content io.ReadSeeker
	Given   []Given
	Bytes   int64 // its size, for Progress
}

// ImportConfig says what to import. The files are taken together, in order.
type ImportConfig struct {
	Files      []File
	Account    Account
	AcceptGood bool                    // write the good records although there are bad ones
	Progress   func(done, total int64) // called now and then; may be nil. An import that runs again begins anew

	// Bad is called once for each bad record; it may be nil. It is called as the record is found, if nothing will be written then,
	// and else when the import ends: a run that is not the last one decides nothing.
	Bad func(BadRecord)

	// DryRun means that nothing is written. Moves, which may be nil, is then called for each center with what the good records
	// would move in its answers, as of AsOf or of the date of its latest good record if that is later.
	DryRun bool
	AsOf   events.Date
	Moves  func(CenterMoves)

	// Dir is a directory on the disk where accepted records are spooled until they are written. The spool takes as much room as
	// the events take in the store. "" is the directory of temporary files.
	Dir string
}

// Given is one record of a file of another form than JSON Lines, such as a sheet, read by the caller.
type Given struct {
	Line      int            // where it begins
	Record    *events.Record // nil where there are Problems
	Recording *events.Record // the same in record mode, taken where a rule refuses Record; may be nil
	Problems  events.Problems
}

// BadRecord is a record that an import does not take, and why. Line counts from 1.
type BadRecord struct {
	File     string
	Index    int // of the file among those imported: two may have one name
	Line     int
	ID       uuid.UUID // uuid.Nil if it could not be read
	Breaches []aggregates.Breach
}

// CenterMoves is what the records of a dry run would move in the answers of a center as of a date.
type CenterMoves struct {
	Center events.CenterID
	AsOf   events.Date
	Moved  difference.Difference
}

// ImportReport counts the records of an import.
type ImportReport struct {
	Read     int // records read
	Accepted int // written, or of a dry run those that would be
	Repeated int // there already, with the same content
	Refused  int // bad
}

// importRunsMax is how often an import runs because somebody else wrote meanwhile.
const importRunsMax = 5

// importer is one import under way.
type importer struct {
	ImportConfig
	l       *Ledger
	checks  *checks
	held    heldBad
	report  ImportReport // of the present run, without what was written
	written int          // in all runs
	done    int64
	total   int64
}

// Import takes whole files. It reads every record strictly and judges it on what is in the ledger and what comes
// before it in the files; unless all are good, or AcceptGood is set, nothing is written. Then it writes, so that each
// center's stream is at any moment a prefix of its records in the files: an import that was interrupted is finished by
// running it again. Counting refused records is not an error.
//
// Others may write meanwhile. What they write to a center of the files is judged with the rest of its records. If a record is
// refused for that, or a policy was adopted, the import runs again, at most importRunsMax times: what is written already is there
// already then, and the report counts it as written. After an error the report counts what is known to be written.
func (l *Ledger) Import(ctx context.Context, cfg ImportConfig) (ImportReport, error) {
	im := &importer{ImportConfig: cfg, l: l, held: heldBad{dir: cfg.Dir}}
	if !cfg.DryRun {
		if l.readOnly {
			return im.report, errReadOnly
		}
		if l.stopped.Load() {
			return im.report, ErrStopped
		}
	}
	for _, f := range cfg.Files {
		im.total += 2 * f.Bytes // as much again for writing
	}
	defer im.held.close()
	var err error
	for run := 1; ; run++ {
		before, read := im.written, im.report.Read
		err = im.run(ctx)
		im.report.Repeated, im.report.Read = max(0, im.report.Repeated-before), max(read, im.report.Read)
		if !errors.Is(err, errMoved) || run == importRunsMax {
			break
		}
		l.log.Warn("somebody else wrote during an import; running again", zap.Int("run", run))
		if err = im.held.clear(); err != nil {
			break
		}
	}
	if !cfg.DryRun {
		im.report.Accepted = im.written
	}
	return im.report, cmp.Or(err, im.held.tell(im.Bad))
}

// run reads and judges the files once, and writes what is good.
func (im *importer) run(ctx context.Context) error {
	im.report, im.done = ImportReport{}, 0
	spool, err := newSpool(im.Dir)
	if err != nil {
		return err
	}
	defer spool.close()
	if im.checks, err = newChecks(im.l, spool, im.Files); err != nil {
		return err
	}
	im.checks.dryRun = im.DryRun
	before := im.checks.policies.Timeline()
	if err := im.eachLine(ctx, im.check); err != nil {
		return err
	}
	switch {
	case im.DryRun:
		im.report.Accepted = im.checks.fresh
		im.moves(before)
		return nil
	case im.report.Refused > 0 && !im.AcceptGood, im.checks.fresh == 0:
		return nil
	}
	w := &writing{l: im.l, account: im.Account, checks: im.checks, timeline: before, wrote: im.wrote}
	err = w.all(ctx)
	im.written += int(w.accepted.Load())
	im.report.Repeated += int(w.repeated.Load())
	return err
}

// moves hands over what the good records of a dry run would move, center by center. The timeline judged before them.
func (im *importer) moves(before policy.Timeline) {
	if im.Moves == nil {
		return
	}
	after := im.checks.policies.Timeline()
	for _, s := range slices.Sorted(maps.Keys(im.checks.trials)) {
		t := im.checks.trials[s]
		center, ok := t.copied.(*aggregates.Center)
		if !ok || t.copied.Revision() == t.known {
			continue
		}
		on := max(im.AsOf, t.lastOn)
		im.Moves(CenterMoves{center.ID(), on, difference.Of(t.before.Evaluate(before, on), center.Evaluate(after, on))})
	}
}

// wrote says how far writing is, as a part of what was read.
func (im *importer) wrote(accepted int) {
	im.progress(im.total/2 + im.total/2*int64(accepted)/int64(im.checks.fresh))
}

func (im *importer) progress(done int64) {
	if im.Progress != nil {
		im.Progress(done, im.total)
	}
}

// eachLine reads all files once, decoding on all processors.
func (im *importer) eachLine(ctx context.Context, take func(context.Context, *line) error) error {
	return inOrder(ctx, im.lines(), decodeLines, func(lines []line) error {
		for i := range lines {
			if err := take(ctx, &lines[i]); err != nil {
				return err
			}
		}
		first, last := &lines[0], &lines[len(lines)-1]
		im.done += last.end - first.offset
		im.progress(im.done)
		return nil
	})
}

func (im *importer) lines() iter.Seq2[[]line, error] {
	return func(yield func([]line, error) bool) {
		for i, f := range im.Files {
			source := givenLines(f.Given, i, f.Bytes)
			if f.Content != nil {
				if _, err := f.Content.Seek(0, io.SeekStart); err != nil {
					yield(nil, fmt.Errorf("ledger: import: read %s: %w", f.Name, err))
					return
				}
				source = readLines(f.Content, f.Name, i)
			}
			for lines, err := range source {
				if !yield(lines, err) {
					return
				}
			}
		}
	}
}

// check judges one line.
func (im *importer) check(ctx context.Context, ln *line) error {
	im.report.Read++
	if len(ln.problems) > 0 {
		return im.refuse(ln, breachesOf(ln.problems))
	}
	if why := im.Account.checked(ln.rec); len(why) > 0 {
		return im.refuse(ln, why)
	}
	repeated, err := im.checks.add(ctx, ln, ln.rec, im.Account)
	var refused *aggregates.Refusal
	if errors.As(err, &refused) && ln.recording != nil {
		var again *aggregates.Refusal
		repeated, err = im.checks.add(ctx, ln, ln.recording, im.Account)
		if errors.As(err, &again) && !byRule(refused.Breaches) {
			err = refused // record mode is not what it lacks
		}
	}
	switch {
	case errors.As(err, &refused):
		why, err := im.checks.named(ctx, ln.rec, refused.Breaches)
		if err != nil {
			return err
		}
		return im.refuse(ln, why)
	case err != nil:
		return err
	case repeated:
		im.report.Repeated++
	}
	return nil
}

// byRule says whether it is a rule that refuses, and not nonsense.
func byRule(why []aggregates.Breach) bool {
	return slices.ContainsFunc(why, func(b aggregates.Breach) bool { return b.Rule != "" })
}

func (im *importer) refuse(ln *line, why []aggregates.Breach) error {
	im.report.Refused++
	if im.Bad == nil {
		return nil
	}
	b := BadRecord{File: im.Files[ln.file].Name, Index: ln.file, Line: ln.line, Breaches: why}
	if ln.rec != nil {
		b.ID = ln.rec.ID
	}
	if im.AcceptGood && !im.DryRun { // the import may run again
		return im.held.add(&b)
	}
	im.Bad(b)
	return nil
}

// breachesOf says the problems of a record that cannot be read as what refuses it.
func breachesOf(problems events.Problems) []aggregates.Breach {
	list := make([]aggregates.Breach, len(problems))
	for i, p := range problems {
		list[i] = aggregates.Breach{Field: p.Field, Reason: p.Reason}
	}
	return list
}
