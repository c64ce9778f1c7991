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

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/difference"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// ImportFile is one file to import. Content is JSON Lines, one record a line. Each run of the import reads it once,
// from its start to its end or to the first error.
type ImportFile struct {
	Name    string
	Content io.ReadSeeker
	Bytes   int64 // its size, for Progress
}

// ImportConfig holds the parameters of Import. The import reads Files in order, and then Given in order.
type ImportConfig struct {
	Files      []ImportFile
	Given      []Given
	GivenBytes int64     // the size of what Given was read from, for Progress
	Again      bool      // give a record of Given that equals a voided record its next id
	TakeAgain  text.Text // what the user does to have Again, for messages
	Account    Writer
	AcceptGood bool                    // write the good records although there are bad ones
	Progress   func(done, total int64) // called from time to time, from 0 again if the import runs again; may be nil

	// Bad, unless nil, is called once for each bad record. If nothing will be written after it, it is called as soon
	// as the record is found; otherwise when the import ends, because a run that is repeated decides nothing.
	Bad func(BadRecord)

	// DryRun means that nothing is written. Judged, unless nil, is then called for each record of Given in order.
	DryRun bool
	Judged func(Judged)

	// Moves, unless nil, is called at the end, once for each center with new records (in a dry run: with good ones).
	// It gets the changes that these records together made in the answers about the center, as of AsOf, or as of the
	// date of the latest record if that is later. AsOf is today.
	AsOf  events.Date
	Moves func(CenterMoves)

	// Warned, unless nil, is called at the end for the first WarningsMax warnings about good records; ImportReport
	// counts all. Records that are in the ledger already have warnings too.
	Warned func(Warning)

	// Passed, unless nil, is called at the end for each file with records that a ledger made of itself, with their
	// number. Such records are about the bytes of another ledger.
	Passed func(file string, n int)

	// Dir is a directory on the disk where accepted records are spooled until they are written. The spool takes as
	// much room as the events take in the store. "" is the directory of temporary files.
	Dir string
}

// WarningsMax is the maximum number of warnings that an import passes to Warned.
const WarningsMax = 1000

// Given is one record of a sheet, read by the caller. Its actor (by.actor) is not part of its content: a recorded
// record that differs only in the actor is the same.
type Given struct {
	Origin
	Record    *events.Record // nil where there are Problems
	Recording *events.Record // the same record in record mode, used if a rule refuses Record; may be nil
	Problems  events.Problems

	// NextID returns the id that the record has under its n-th next number, from 1. The record is judged under the
	// first of its ids that no record has, or whose record is not voided. If NextID is nil, the record has one id.
	NextID func(n int) uuid.UUID
}

// Origin is where a record of an import was read.
type Origin struct {
	File      string
	Worksheet string // the worksheet of a workbook, or ""
	Sheet     int    // of Given: the caller's number of the sheet, from 1; 0 for a line of JSON Lines
	Line      int    // from 1; in a sheet, the row in which the record begins
}

// BadRecord is a record that an import does not write, with the reasons.
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
	Record   *events.Record // with the id under which it was judged; nil if it could not be read
	Repeated bool
	Against  []aggregates.Breach // the reasons why it is refused
	Warnings []text.Text
	Balances []Balance // the balances that it changes, if it is accepted
}

// Balance is the money left of a grant or match before and after a record, as of a date: today, or the date of the
// record if that is later. The records judged before it count.
type Balance struct {
	Grant         string
	Before, After events.Fen
}

// CenterMoves holds the changes that the records of an import made, or of a dry run would make, in the answers about
// a center as of a date.
type CenterMoves struct {
	Center events.CenterID
	AsOf   events.Date
	Moved  difference.Difference
}

// ImportReport counts the records of an import.
type ImportReport struct {
	Read     int // records read
	Accepted int // records written, or in a dry run the records that would be written
	Repeated int // records that are in the ledger already, with the same content
	Refused  int // bad
	Warnings int // about good records
	Passed   int // records that a ledger made of itself; they are passed over and not among those read
}

// importRunsMax is the maximum number of runs of an import: it runs again if others wrote meanwhile.
const importRunsMax = 5

// importer is an import in progress.
type importer struct {
	ImportConfig
	l       *Ledger
	checks  *checks
	held    heldBad
	warned  []Warning   // of the present run
	passed  map[int]int // of the present run: the records passed over, by the number of the file
	moving  map[events.StreamID]*moving
	report  ImportReport // of the present run, without the written records
	written int          // in all runs
	done    int64
	total   int64
}

// Import imports whole files. It reads every record strictly and judges it on the ledger and the records before it in
// the files. Unless all records are good, or AcceptGood is set, it writes nothing. The stream of each center always
// has a prefix of its records in the files, so an interrupted import is finished by running it again. Refused records
// are counted and are not an error.
//
// Others may write meanwhile. If they write to a center of the files, the remaining records of that center are judged
// again. If one of these is refused then, or a policy was adopted, the import runs again, at most importRunsMax
// times. The next run finds the records that are written already, and the report counts them as written. After an
// error the report counts the records that are known to be written.
func (l *Ledger) Import(ctx context.Context, cfg ImportConfig) (ImportReport, error) {
	im := &importer{ImportConfig: cfg, l: l, held: heldBad{dir: cfg.Dir}, total: 2 * cfg.GivenBytes,
		moving: map[events.StreamID]*moving{}}
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
		l.notices.say(Warned, "somebody else wrote during an import; running again", Field{"run", run})
		if err = im.held.clear(); err != nil {
			break
		}
	}
	if !cfg.DryRun {
		im.report.Accepted = im.written
	}
	im.callMoves()
	for i, f := range im.Files {
		if n := im.passed[i]; n > 0 && im.Passed != nil {
			im.Passed(f.Name, n)
		}
	}
	for _, w := range im.warned {
		im.Warned(w)
	}
	return im.report, cmp.Or(err, im.held.pass(im.Bad))
}

// run reads and judges the files once, and writes the good records.
func (im *importer) run(ctx context.Context) error {
	im.report, im.done, im.warned, im.passed = ImportReport{}, 0, nil, map[int]int{}
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

// wrote reports the progress of writing, as a share of the bytes that were read.
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
	if len(ln.problems) == 0 && aggregates.TakenFromNobody(ln.rec) != nil {
		im.report.Passed++
		im.passed[ln.file]++
		return nil
	}
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
		before = im.checks.balances(ln.rec, im.AsOf)
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
			j.Balances = changed(before, im.checks.balances(ln.rec, im.AsOf))
		}
		im.Judged(j)
	}
	return nil
}

// judge judges a record. If a rule refuses it and the line has the record in record mode too, it judges that. If
// voided is not nil, a record that would be written is refused with it.
func (im *importer) judge(ctx context.Context, ln *line, voided *aggregates.Refusal) (added, error) {
	answer, err := im.checks.add(ctx, ln, ln.rec, voided)
	var refused, again *aggregates.Refusal
	if errors.As(err, &refused) && ln.recording != nil && refused != voided {
		answer, err = im.checks.add(ctx, ln, ln.recording, voided)
		if errors.As(err, &again) && !byRule(refused.Breaches) {
			err = refused // no rule refused it, so record mode does not help
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
	return text.Say("日期 %v 晚于今天 %v：可以入账，但截至该日以前的数字和预警都不含这条记录；日期有误的请改正",
		"the date %v lies after today, %v: figures and alerts as of an earlier day leave the record out; correct "+
			"the date if it is wrong", on, today)
}

// byRule reports whether a record is refused by a rule, and not because it is impossible.
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

// originOf returns the place where a record was read, for the numbers in its line.
func (cfg *ImportConfig) originOf(file, line int) Origin {
	if file == len(cfg.Files) {
		return cfg.Given[line].Origin
	}
	return Origin{File: cfg.Files[file].Name, Line: line}
}

// breachesOf returns the problems of a record that cannot be read, as breaches.
func breachesOf(problems events.Problems) []aggregates.Breach {
	list := make([]aggregates.Breach, len(problems))
	for i, p := range problems {
		list[i] = aggregates.Breach{Field: p.Field, Reason: p.Reason}
	}
	return list
}
