package ledger

import (
	"context"
	"errors"
	"io"
	"iter"
	"slices"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
)

// File is one file to import. Content is JSON Lines, one record a line; it is read once, to its end, or to where it fails. A
// file of another form has no Content and its records in Given.
type File struct {
	Name    string
	Content io.Reader
	Given   []Given
	Bytes   int64 // its size, for Progress
}

// ImportConfig says what to import. The files are taken together, in order.
type ImportConfig struct {
	Files      []File
	Account    Account
	AcceptGood bool                    // write the good records although there are bad ones
	Bad        func(BadRecord)         // called for each bad record as it is found; may be nil
	Progress   func(done, total int64) // called now and then; may be nil

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

// ImportReport counts the records of an import.
type ImportReport struct {
	Read     int // records read
	Accepted int // written
	Repeated int // there already, with the same content
	Refused  int // bad
}

// importer is one import under way.
type importer struct {
	ImportConfig
	checks *checks
	report ImportReport
	done   int64
	total  int64
}

// Import takes whole files. It reads every record strictly and judges it on what is in the ledger and what comes
// before it in the files; unless all are good, or AcceptGood is set, nothing is written. Then it writes, so that each
// center's stream is at any moment a prefix of its records in the files: an import that was interrupted is finished by
// running it again. Counting refused records is not an error.
func (l *Ledger) Import(ctx context.Context, cfg ImportConfig) (ImportReport, error) {
	im := &importer{ImportConfig: cfg}
	if l.readOnly {
		return im.report, errReadOnly
	}
	if l.stopped.Load() {
		return im.report, ErrStopped
	}
	for _, f := range cfg.Files {
		im.total += 2 * f.Bytes // as much again for writing
	}
	spool, err := newSpool(cfg.Dir)
	if err != nil {
		return im.report, err
	}
	defer spool.close()
	if im.checks, err = newChecks(l, spool, cfg.Files); err != nil {
		return im.report, err
	}
	before := im.checks.policies.Timeline()
	if err := im.eachLine(ctx, im.check); err != nil {
		return im.report, err
	}
	if im.report.Refused > 0 && !cfg.AcceptGood || im.checks.fresh == 0 {
		return im.report, nil
	}
	w := &writing{l: l, checks: im.checks, timeline: before, wrote: im.wrote}
	err = w.all(ctx)
	im.report.Accepted = int(w.accepted.Load())
	return im.report, err
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
		im.refuse(ln, breachesOf(ln.problems))
		return nil
	}
	if why := im.Account.checked(ln.rec); len(why) > 0 {
		im.refuse(ln, why)
		return nil
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
		im.refuse(ln, why)
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

func (im *importer) refuse(ln *line, why []aggregates.Breach) {
	im.report.Refused++
	if im.Bad == nil {
		return
	}
	b := BadRecord{File: im.Files[ln.file].Name, Index: ln.file, Line: ln.line, Breaches: why}
	if ln.rec != nil {
		b.ID = ln.rec.ID
	}
	im.Bad(b)
}

// breachesOf says the problems of a record that cannot be read as what refuses it.
func breachesOf(problems events.Problems) []aggregates.Breach {
	list := make([]aggregates.Breach, len(problems))
	for i, p := range problems {
		list[i] = aggregates.Breach{Field: p.Field, Reason: p.Reason}
	}
	return list
}
