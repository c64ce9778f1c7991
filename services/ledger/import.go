package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/difference"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// ImportFile is one file to import. Content is JSON Lines, one record a line. Each run of the import reads it once, from
// its start to its end or to the first error.
type ImportFile struct {
	Name    string
	Content io.ReadSeeker
	Bytes   int64 // its size, for Progress
}

// ImportConfig says what to import. The files are taken together, in order, and after them what is given, in order.
type ImportConfig struct {
	Files      []ImportFile
	Given      []Given
	GivenBytes int64  // the size of what Given was read from, for Progress
	Again      bool   // take a given record that is equal to a voided one under its next number
	Prefix     string // what the caller writes before the name of a parameter
	Account    Writer
	AcceptGood bool                    // write the good records although there are bad ones
	Progress   func(done, total int64) // called now and then; may be nil. An import that runs again begins anew

	// Bad is called once for each bad record; it may be nil. It is called as the record is found, if nothing will be written then,
	// and else when the import ends: a run that is not the last one decides nothing.
	Bad func(BadRecord)

	// DryRun means that nothing is written. Judged, which may be nil, is then called for each record of Given in order.
	DryRun bool
	Judged func(Judged)

	// Moves is called at the end, once for each center with new records (in a dry run: with good ones). It gets what these records
	// together moved in the answers of the center, as of AsOf, or as of the date of the latest record if that is later. AsOf is
	// today. Moves may be nil.
	AsOf  events.Date
	Moves func(CenterMoves)

	// Warned, which may be nil, is called at the end for the first warnings about good records, at most WarningsMax of them;
	// ImportReport counts all. A record that is there already is warned about too.
	Warned func(Warning)

	// Dir is a directory on the disk where accepted records are spooled until they are written. The spool takes as much room as
	// the events take in the store. "" is the directory of temporary files.
	Dir string
}

// WarningsMax is how many warnings of an import are handed over.
const WarningsMax = 1000

// Given is one record of a sheet, read by the caller. Who brings it (by.actor) is not its content: a record that is there and
// differs in nothing else is the same.
type Given struct {
	Origin
	Record    *events.Record // nil where there are Problems
	Recording *events.Record // the same in record mode, taken where a rule refuses Record; may be nil
	Problems  events.Problems

	// NextID returns the id that the record has under its n-th next number, from 1. The record is judged under the first of its ids
	// that no record has, or whose record is not voided. If it is nil, the record has one id.
	NextID func(n int) uuid.UUID
}

// Origin is where a record of an import was read.
type Origin struct {
	File      string
	Worksheet string // of a workbook; else ""
	Sheet     int    // of Given: the caller's number of the sheet, from 1; 0 for a line of JSON Lines
	Line      int    // from 1; of a sheet, the row where the record begins
}

// BadRecord is a record that an import does not take, and why.
type BadRecord struct {
	Origin
	ID       uuid.UUID // uuid.Nil if it could not be read
	Breaches []aggregates.Breach
}

// Warning is a doubt about a good record.
type Warning struct {
	Origin
	What text.Text
}

// Judged is the answer of a dry run to a record of Given.
type Judged struct {
	Origin
	Record   *events.Record // under the id that it was judged by; nil if it could not be read
	Repeated bool
	Against  []aggregates.Breach // why it is refused
	Warnings []text.Text
	Balances []Balance // that it changes, if it is accepted
}

// Balance is what is left of a grant or match before and after a record, over all that is judged before it.
type Balance struct {
	Grant         string
	Before, After events.Fen
}

// CenterMoves is what the records of an import moved, or of a dry run would move, in the answers of a center as of a date.
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
	Warnings int // about good records
}

// importRunsMax is how often an import runs because somebody else wrote meanwhile.
const importRunsMax = 5

// importer is one import under way.
type importer struct {
	ImportConfig
	l       *Ledger
	checks  *checks
	held    heldBad
	warned  []Warning // of the present run
	moving  map[events.StreamID]*moving
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
	im := &importer{ImportConfig: cfg, l: l, held: heldBad{dir: cfg.Dir}, total: 2 * cfg.GivenBytes, moving: map[events.StreamID]*moving{}}
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
	im.tellMoves()
	for _, w := range im.warned {
		im.Warned(w)
	}
	return im.report, cmp.Or(err, im.held.tell(im.Bad))
}

// run reads and judges the files once, and writes what is good.
func (im *importer) run(ctx context.Context) error {
	im.report, im.done, im.warned = ImportReport{}, 0, nil
	spool, err := newSpool(im.Dir)
	if err != nil {
		return err
	}
	defer spool.close()
	if im.checks, err = newChecks(im.l, spool, &im.ImportConfig); err != nil {
		return err
	}
	before := im.checks.policies.Timeline()
	if err := im.eachLine(ctx, im.check); err != nil {
		return err
	}
	switch {
	case im.DryRun:
		im.report.Accepted = im.checks.fresh
		im.foresee(before)
		return nil
	case im.report.Refused > 0 && !im.AcceptGood, im.checks.fresh == 0:
		return nil
	}
	im.foresee(before)
	w := &writing{l: im.l, account: im.Account, checks: im.checks, timeline: before, wrote: im.wrote}
	err = w.all(ctx)
	im.settle()
	im.written += int(w.accepted.Load())
	im.report.Repeated += int(w.repeated.Load())
	return err
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
			if _, err := f.Content.Seek(0, io.SeekStart); err != nil {
				yield(nil, fmt.Errorf("ledger: import: read %s: %w", f.Name, err))
				return
			}
			for lines, err := range readLines(f.Content, f.Name, i) {
				if !yield(lines, err) {
					return
				}
			}
		}
		for lines := range givenLines(im.Given, len(im.Files), im.GivenBytes) {
			if !yield(lines, nil) {
				return
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
	voided, err := im.checks.number(ctx, ln)
	if err != nil {
		return err
	}
	var before map[string]events.Fen
	judged := im.DryRun && im.Judged != nil && ln.given != nil
	if judged {
		before = im.checks.balances(ln.rec)
	}
	answer, err := im.judge(ctx, ln, voided)
	var refused *aggregates.Refusal
	switch {
	case errors.As(err, &refused):
		why, err := im.checks.named(ctx, ln.rec, refused.Breaches)
		if err != nil {
			return err
		}
		return im.refuse(ln, why)
	case err != nil:
		return err
	case answer.repeated:
		im.report.Repeated++
	}
	if ahead := Ahead(ln.rec.On, im.AsOf); im.AsOf != 0 && ahead != (text.Text{}) {
		answer.warnings = append(slices.Clip(answer.warnings), ahead)
	}
	im.warn(ln, answer.warnings)
	if judged {
		j := Judged{Origin: ln.given.Origin, Record: ln.rec, Repeated: answer.repeated, Warnings: answer.warnings}
		if !answer.repeated {
			j.Balances = changed(before, im.checks.balances(ln.rec))
		}
		im.Judged(j)
	}
	return nil
}

// judge judges a record, and where a rule refuses it, as one in record mode if that is given. Voided is what refuses it if it would
// be written, or nil.
func (im *importer) judge(ctx context.Context, ln *line, voided *aggregates.Refusal) (added, error) {
	answer, err := im.checks.add(ctx, ln, ln.rec, voided)
	var refused, again *aggregates.Refusal
	if errors.As(err, &refused) && ln.recording != nil && refused != voided {
		answer, err = im.checks.add(ctx, ln, ln.recording, voided)
		if errors.As(err, &again) && !byRule(refused.Breaches) {
			err = refused // record mode is not what it lacks
		}
	}
	if errors.As(err, &refused) && refused.Reused && voided != nil {
		err = &aggregates.Refusal{Breaches: append(slices.Clip(voided.Breaches), refused.Breaches...), Reused: true}
	}
	return answer, err
}

// warn keeps warnings about a good record.
func (im *importer) warn(ln *line, list []text.Text) {
	im.report.Warnings += len(list)
	for _, what := range list {
		if im.Warned != nil && len(im.warned) < WarningsMax {
			im.warned = append(im.warned, Warning{im.origin(ln), what})
		}
	}
}

// Ahead returns a warning about a date that lies after today, or the zero Text.
func Ahead(on, today events.Date) text.Text {
	if on <= today {
		return text.Text{}
	}
	return text.Say("日期 %v 晚于今天 %v", "the date %v lies after today, %v", on, today)
}

// byRule says whether it is a rule that refuses, and not nonsense.
func byRule(why []aggregates.Breach) bool {
	return slices.ContainsFunc(why, func(b aggregates.Breach) bool { return b.Rule != "" })
}

func (im *importer) refuse(ln *line, why []aggregates.Breach) error {
	im.report.Refused++
	if im.DryRun && im.Judged != nil && ln.given != nil {
		im.Judged(Judged{Origin: ln.given.Origin, Record: ln.rec, Against: why})
	}
	if im.Bad == nil {
		return nil
	}
	b := BadRecord{Origin: im.origin(ln), Breaches: why}
	if ln.rec != nil {
		b.ID = ln.rec.ID
	}
	if im.AcceptGood && !im.DryRun { // the import may run again
		return im.held.add(&b)
	}
	im.Bad(b)
	return nil
}

func (im *importer) origin(ln *line) Origin { return im.originOf(ln.file, ln.line) }

// originOf returns where a record was read, by the numbers that its line has.
func (cfg *ImportConfig) originOf(file, line int) Origin {
	if file == len(cfg.Files) {
		return cfg.Given[line].Origin
	}
	return Origin{File: cfg.Files[file].Name, Line: line}
}

// breachesOf says the problems of a record that cannot be read as what refuses it.
func breachesOf(problems events.Problems) []aggregates.Breach {
	list := make([]aggregates.Breach, len(problems))
	for i, p := range problems {
		list[i] = aggregates.Breach{Field: p.Field, Reason: p.Reason}
	}
	return list
}
