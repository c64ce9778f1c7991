package ledger

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/difference"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
)

// BatchMax is the maximum number of records of a batch.
const BatchMax = 1000

// Terms are the conditions of a batch.
type Terms struct {
	IfRevision *uint64     // the revision that the stream must have if a record of the batch is new; nil for any
	DryRun     bool        // judge, and write nothing
	Moves      bool        // compare the answers before and after the batch, as a dry run always does
	AsOf       events.Date // the date of the answers that are compared, or of the latest record if that is later
}

// BatchResult is the answer to a batch.
type BatchResult struct {
	// Results has the result of each record, in order. In a dry run the result of a record that is new has no place,
	// and the result of a refused record is zero.
	Results  []Result
	Refused  []RefusedRecord // of a dry run
	Revision uint64          // of the stream, right after the batch; in a dry run at Position
	Position uint64          // of the last record of the batch; in a dry run the position at which it was judged

	// Moved holds the changes that the new records made, or in a dry run would make, in the answers about their
	// center as of AsOf. It is nil for a policy, and unless Terms asks for it or the batch is a dry run.
	Moved *difference.Difference
	AsOf  events.Date

	// Balances holds, in a dry run, the balances of grants and matches that the good new records would change, as of
	// AsOf.
	Balances []Balance
}

// RefusedRecord is a record of a batch that is refused, with all reasons. Index is its place in the batch, from 0.
type RefusedRecord struct {
	Index int
	*aggregates.Refusal
}

// BatchRefusal is a batch that is refused. It lists every refused record in the order of the batch. If ids were used
// before for other content, it lists only the records with those ids, because nothing was judged.
type BatchRefusal struct{ Refused []RefusedRecord }

// ErrorCode returns text.Conflict if the id of a record is used again for other content, else text.Refused.
func (r *BatchRefusal) ErrorCode() text.ErrorCode { return r.Refused[0].ErrorCode() }

// refusedShown is the number of records that the text of a BatchRefusal lists.
const refusedShown = 10

// Text returns the reasons against the first records.
func (r *BatchRefusal) Text() text.Text {
	t := text.Say("整批未写入", "nothing of the batch was written")
	for i, x := range r.Refused {
		if i == refusedShown {
			more := text.Say("；另有 %d 条", "; and %d more", len(r.Refused)-i)
			return text.Text{Zh: t.Zh + more.Zh, En: t.En + more.En}
		}
		why := x.Refusal.Text()
		one := text.Say("；第 %d 条", "; record %d ", x.Index+1)
		t = text.Text{Zh: t.Zh + one.Zh + why.Zh, En: t.En + one.En + why.En}
	}
	return t
}

// Error implements error.
func (r *BatchRefusal) Error() string { return r.Text().En }

// RevisionError is the error that a stream does not have the revision that a batch expects. Nothing was written.
// Missed holds the records after the expected revision, at most MissedMax of them.
type RevisionError struct {
	Stream           events.StreamID
	Expected, Actual uint64
	Missed           []events.Recorded
}

// MissedMax is the maximum number of records that a RevisionError holds.
const MissedMax = 100

// ErrorCode returns text.Conflict.
func (e *RevisionError) ErrorCode() text.ErrorCode { return text.Conflict }

// Text returns both revisions.
func (e *RevisionError) Text() text.Text {
	return text.Say("%s 现有 %d 条记录，不是所要求的 %d 条，没有写入；请查看其间的记录后再写",
		"%s has %d records now, not %d as required, and nothing was written; look at the records between them and "+
			"try again", e.Stream, e.Actual, e.Expected)
}

// Error implements error.
func (e *RevisionError) Error() string { return e.Text().En }

// The errors of a batch with a wrong number of records or with several streams.
var (
	errBatchSize = text.Errorf(text.Invalid, "一批应有 1 至 %d 条记录", "a batch must have 1 to %d records", BatchMax)
	errStreams   = text.Errorf(text.Invalid, "一批记录应属同一中心；多个中心的记录请用导入",
		"the records of a batch must belong to one center; import records of several centers")
	errContended = text.Errorf(text.Unavailable, "其他写入者不断抢先，没有写入；请稍后再试",
		"other writers came first again and again, and nothing was written; try again later")
)

// Batch judges 1 to BatchMax records of one stream, each after the records before it. It appends all new records at
// once, or none. When it returns without an error they are durable. For a record that was recorded before with the
// same content it returns the first result. If a record is refused, the error is a *BatchRefusal; if the stream is
// not at the expected revision, a *RevisionError. After ErrStopped nothing more is written. After any other error
// nothing was written. If ctx ends before the append begins, Batch returns its error; after that Batch waits for the
// outcome.
func (l *Ledger) Batch(ctx context.Context, records []*events.Record, account Writer,
	terms Terms) (*BatchResult, error) {
	if len(records) == 0 || len(records) > BatchMax {
		return nil, errBatchSize
	}
	s := records[0].Stream()
	for _, rec := range records {
		if rec.Stream() != s {
			return nil, errStreams
		}
	}
	b := &batch{l: l, stream: s, records: records, account: account, terms: terms}
	for i, rec := range records {
		if why := account.checked(rec); len(why) > 0 {
			b.refused = append(b.refused, RefusedRecord{i, &aggregates.Refusal{Breaches: why}})
		}
	}
	// before anything else, also in a dry run, whose answer would show the revision of the stream
	if err := b.refusal(); err != nil {
		return nil, err
	}
	if terms.DryRun {
		return b.tried(ctx)
	}
	if l.readOnly {
		return nil, errReadOnly
	}
	unlock, err := l.lock(ctx, s)
	if err != nil {
		return nil, err
	}
	defer unlock()
	for attempt := 1; ; attempt++ {
		if l.stopped.Load() {
			return nil, ErrStopped
		}
		judged := l.revisions(s)
		answer, err := (&batch{l: l, stream: s, records: records, account: account, terms: terms}).written(ctx)
		if err == nil {
			return answer, nil
		}
		late := conflicts(err)
		switch {
		case !late && !isRefusal(err):
			return nil, err
		case late && attempt == conflictsMax:
			return nil, errContended
		case attempt == conflictsMax:
			return nil, err
		}
		// The batch was, or may have been, judged without events that another writer of the same store appended.
		if failed := l.catchUp(ctx, s); failed != nil {
			return nil, failed
		}
		if !late && l.revisions(s) == judged {
			return nil, err
		}
		l.notices.say(Warned, "another writer came first; judging again", reason(err))
	}
}

// isRefusal reports whether an error is a refusal or a RevisionError: an answer to the batch and not a failure.
func isRefusal(err error) bool {
	var refused *BatchRefusal
	var moved *RevisionError
	return errors.As(err, &refused) || errors.As(err, &moved)
}

// batch is a batch in progress.
type batch struct {
	l       *Ledger
	stream  events.StreamID
	records []*events.Record
	account Writer
	terms   Terms
	sheets  []bool // for each record, whether it is made from a sheet; nil if none is

	answer  BatchResult
	fresh   []int         // the indexes of the records that are not in the ledger yet, without repeats
	again   map[int][]int // for a fresh record, the indexes of later records with its id and content
	refused []RefusedRecord

	// trial is a copy of the aggregate with the good records of the batch applied. It is nil for a single record,
	// which is judged on the read models. timeline judges the records of a center.
	trial    projections.Aggregate
	timeline policy.Timeline
	proposed []events.Proposed // the events of the good fresh records, in order
	recorded []events.Recorded // the same as they will be read back
}

// written judges the batch and appends it at the revision at which it was judged.
func (b *batch) written(ctx context.Context) (*BatchResult, error) {
	l := b.l
	// read before lookUp, because another process may write the same records meanwhile
	revision := l.register.Revision(b.stream)
	if err := b.lookUp(ctx); err != nil {
		return nil, err
	}
	if len(b.fresh) == 0 {
		b.answer.Revision = l.register.Revision(b.stream)
		b.answer.Position = lastPosition(b.answer.Results)
		// An event shows in the register a moment before the register reports its position.
		return &b.answer, l.Reaches(ctx, b.answer.Position)
	}
	begins := l.first() != nil // read before judging, because another writer may append the adoption meanwhile
	if err := b.expected(ctx, revision); err != nil {
		return nil, err
	}
	if len(b.fresh) > 1 || b.terms.Moves {
		b.trial, b.timeline = l.clone(b.stream), l.register.Timeline()
	}
	if err := b.judgeAndCompare(); err != nil {
		return nil, err
	}
	if len(b.refused) > 0 {
		return nil, b.refusal()
	}
	if n := l.fitting(b.proposed); n < len(b.proposed) {
		return nil, text.Errorf(text.Invalid, "这一批超过一次写入的字节上限，没有写入；请分成几批，每批不超过 %d 条",
			"the batch has more bytes than are written at once, and nothing was written; write it in parts of at "+
				"most %d records", n)
	}
	if begins {
		if err := l.begin(ctx, b.stream); err != nil {
			return nil, err
		}
		terms := b.terms
		if begun := uint64(1); b.stream == events.PolicyStream && terms.IfRevision != nil {
			terms.IfRevision = &begun // the adoption that was just appended does not count
		}
		// Judge the batch again under the policies adopted now: the batch may even be the adoption that the ledger
		// begins with.
		return (&batch{l: l, stream: b.stream, records: b.records, account: b.account, terms: terms,
			sheets: b.sheets}).written(ctx)
	}
	places, err := l.append(ctx, b.stream, revision, b.proposed, b.recorded)
	if err != nil {
		return nil, err
	}
	for n, i := range b.fresh {
		b.placed(i, Result{Place: places[n], Entry: b.recorded[n].Entry})
	}
	b.answer.Revision = places[len(places)-1].Revision
	b.answer.Position = lastPosition(b.answer.Results)
	return &b.answer, nil
}

// tried judges the batch as written does, at one position of the ledger, and compares the answers before and after it.
func (b *batch) tried(ctx context.Context) (*BatchResult, error) {
	l := b.l
	l.register.Exactly(func(position uint64) {
		b.answer.Position, b.answer.Revision = position, l.register.Revision(b.stream)
		b.trial, b.timeline = l.clone(b.stream), l.register.Timeline()
	})
	if err := b.lookUp(ctx); err != nil {
		return b.triedAnswer(err)
	}
	if len(b.fresh) > 0 {
		if err := b.expected(ctx, b.answer.Revision); err != nil {
			return nil, err
		}
	}
	b.terms.Moves = true
	center, _ := b.trial.(*aggregates.Center)
	var before map[string]events.Fen
	if center != nil {
		before = center.BalancesOn(b.asOf())
	}
	if err := b.judgeAndCompare(); err != nil {
		return nil, err
	}
	if center != nil {
		b.answer.Balances = changed(before, center.BalancesOn(b.asOf()))
	}
	if len(b.refused) > 0 {
		return b.triedAnswer(b.refusal())
	}
	return &b.answer, nil
}

// asOf returns the date of the answers that are compared: the date of the terms, or of the latest fresh record.
func (b *batch) asOf() events.Date {
	on := b.terms.AsOf
	for _, i := range b.fresh {
		on = max(on, b.records[i].On)
	}
	return on
}

// judgeAndCompare judges the fresh records. If Terms asks for it, it compares the answers about their center before
// and after.
func (b *batch) judgeAndCompare() error {
	if !b.terms.Moves {
		return b.judge()
	}
	center, _ := b.trial.(*aggregates.Center)
	b.answer.AsOf = b.asOf()
	if center == nil {
		return b.judge()
	}
	before := center.Evaluate(b.timeline, b.answer.AsOf)
	if err := b.judge(); err != nil {
		return err
	}
	moved := difference.Of(before, center.Evaluate(b.timeline, b.answer.AsOf))
	b.answer.Moved = &moved
	return nil
}

// triedAnswer turns a refusal into the answer to a dry run. An id that was used before for other content stays an
// error.
func (b *batch) triedAnswer(err error) (*BatchResult, error) {
	var no *BatchRefusal
	if !errors.As(err, &no) || no.ErrorCode() == text.Conflict {
		return nil, err
	}
	if b.answer.Results == nil {
		b.answer.Results = make([]Result, len(b.records))
	}
	b.answer.Refused = no.Refused
	return &b.answer, nil
}

// clone returns a copy of the aggregate of a stream.
func (l *Ledger) clone(s events.StreamID) projections.Aggregate {
	if id, ok := s.Center(); ok {
		return l.register.Clone(id)
	}
	return l.register.ClonePolicies()
}

// lookUp finds the records that are in the ledger already and the records that are in the batch twice. It returns an
// error if an id was used before for other content.
func (b *batch) lookUp(ctx context.Context) error {
	if err := b.l.takes(b.stream); err != nil {
		for i := range b.records {
			if err := b.refuse(i, err); err != nil {
				return err
			}
		}
		return b.refusal()
	}
	b.answer.Results = make([]Result, len(b.records))
	var first map[uuid.UUID]int // the fresh records by id
	if len(b.records) > 1 {
		first = make(map[uuid.UUID]int, len(b.records))
	}
	for i, rec := range b.records {
		result, there, err := b.l.recorded(ctx, b.stream, b.has(rec), rec, b.isSheet(i))
		switch n, twice := first[rec.ID]; {
		case err != nil:
		case there:
			b.answer.Results[i] = result
		case !twice:
			b.fresh = append(b.fresh, i)
			if first != nil {
				first[rec.ID] = i
			}
		case sameContent(b.records[n], rec, b.isSheet(i)):
			if b.again == nil {
				b.again = map[int][]int{}
			}
			b.again[n] = append(b.again[n], i)
		default:
			err = otherContent(b.records[n], rec, b.isSheet(i),
				text.Say("本批第 %d 条", "record %d of this batch", n+1))
		}
		if err != nil {
			if err := b.refuse(i, err); err != nil {
				return err
			}
		}
	}
	return b.refusal()
}

func (b *batch) isSheet(i int) bool { return b.sheets != nil && b.sheets[i] }

// has returns the revision of a record that is in the ledger already, or 0.
func (b *batch) has(rec *events.Record) uint64 {
	if b.trial != nil {
		return b.trial.Has(rec.ID)
	}
	return b.l.register.Has(b.stream, rec.ID)
}

// expected returns a *RevisionError if the revision of the stream is not the required one.
func (b *batch) expected(ctx context.Context, actual uint64) error {
	if want := b.terms.IfRevision; want != nil && *want != actual {
		return b.missed(ctx, &RevisionError{Stream: b.stream, Expected: *want, Actual: actual})
	}
	return nil
}

// missed adds the records after the expected revision to a RevisionError and returns it.
func (b *batch) missed(ctx context.Context, failed *RevisionError) error {
	for stored, err := range b.l.store.ReadStream(ctx, b.stream, failed.Expected) {
		if err != nil {
			return err
		}
		rec, err := events.DecodeEvent(stored)
		if err != nil {
			return err
		}
		if failed.Missed = append(failed.Missed, rec); len(failed.Missed) == MissedMax {
			break
		}
	}
	return failed
}

// judge judges the fresh records, and applies the good ones to the trial. It leaves out refused records.
func (b *batch) judge() error {
	b.proposed, b.recorded = make([]events.Proposed, 0, len(b.fresh)), make([]events.Recorded, 0, len(b.fresh))
	for _, i := range b.fresh {
		rec := b.records[i]
		v := b.verdict(rec)
		entry, body, err := draft(rec, &v, b.account)
		if err != nil {
			if err := b.refuse(i, err); err != nil {
				return err
			}
			continue
		}
		b.proposed = append(b.proposed, events.Proposed{ID: rec.ID, Kind: rec.Kind, Body: body})
		b.recorded = append(b.recorded, events.Recorded{Record: *rec, Entry: entry})
		if b.trial != nil {
			if err := runAhead(b.trial, rec); err != nil {
				return err
			}
		}
		b.placed(i, Result{Entry: entry})
	}
	return nil
}

func (b *batch) verdict(rec *events.Record) aggregates.Verdict {
	switch policies, _ := b.trial.(*aggregates.Policies); {
	case b.trial == nil:
		return b.l.register.Judge(rec)
	case policies != nil:
		return policies.Judge(rec, policies.Timeline())
	}
	return b.trial.Judge(rec, b.timeline)
}

// placed sets the result of a fresh record, and of the later records that repeat it.
func (b *batch) placed(i int, result Result) {
	b.answer.Results[i] = result
	result.Repeated = true
	for _, n := range b.again[i] {
		b.answer.Results[n] = result
	}
}

// refuse marks a record as refused, with the later records that repeat it. It returns err if err is not a refusal.
func (b *batch) refuse(i int, err error) error {
	var no *aggregates.Refusal
	if !errors.As(err, &no) {
		return err
	}
	b.refused = append(b.refused, RefusedRecord{i, no})
	for _, n := range b.again[i] {
		b.refused = append(b.refused, RefusedRecord{n, no})
	}
	return nil
}

// refusal returns the refused records as an error, or nil if there are none.
func (b *batch) refusal() error {
	if len(b.refused) == 0 {
		return nil
	}
	slices.SortFunc(b.refused, func(x, y RefusedRecord) int { return x.Index - y.Index })
	return &BatchRefusal{b.refused}
}

func lastPosition(results []Result) (last uint64) {
	for _, r := range results {
		last = max(last, r.Position)
	}
	return last
}
