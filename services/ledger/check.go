package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
)

// CheckConfig holds the parameters of Check.
type CheckConfig struct {
	On       events.Date
	Thorough bool                    // compare with a naive evaluation on all dates, however long it takes
	Found    func(Finding)           // called for each finding
	Progress func(done, total int64) // called ten times a second on a goroutine of its own, and at the end; may be nil

	// Roots returns the root hashes of the first events of the ledger, one for each of the sizes, and calls see with
	// every event that it reads, in order; see package seal. If Roots is nil, seals are not compared with the ledger.
	Roots func(ctx context.Context, sizes []uint64, see func(*events.Stored)) ([][sha256.Size]byte, error)
}

// Finding is an error found in the ledger. Position is 0 if it is not about one event.
type Finding struct {
	Position uint64
	Stream   events.StreamID
	What     text.Text
}

// CheckReport holds the numbers of checked things.
type CheckReport struct {
	Events      int
	Seals       int // of these, the records that the ledger made of itself; no list counts them
	Centers     int
	Comparisons int // comparisons of a read model, as of one date, with the stored bytes
	Evaluations int // of these, the comparisons that include a naive evaluation
	// comparisons that are never sampled, because one naive evaluation of the center would take too long
	TooLarge   int
	Findings   int
	BalanceFen events.Fen   // of all grants and matches together
	Last       events.Place // of the last event; an old copy of the ledger passes the check, but ends early
}

// progressEvery is the interval between calls of Progress.
const progressEvery = 100 * time.Millisecond

// Check verifies the stored events and the read models, and changes nothing. It returns an error only if the store
// cannot be read; everything else is a Finding. It checks that
//   - every event decodes, positions and instants never go back, and no revision is missing;
//   - the text of a policy has the digest in its record;
//   - every event is possible at its place;
//   - every seal has the root of the records that it says were sealed;
//   - for each center, the balance of every grant equals the sum recomputed from the stored bytes, the balances of the
//     grants add up to those of the scopes, and every reversal has its voucher;
//   - on the date On and at every year's end, the read models equal the result of applying the stored events again.
//
// On these dates it also compares the read models with a naive evaluation: on all of them if cfg.Thorough is set or
// the work is small, otherwise on a sample (see sample).
func (l *Ledger) Check(ctx context.Context, cfg CheckConfig) (CheckReport, error) {
	c := &checker{l: l, CheckConfig: cfg, dark: map[uint64]bool{}, whole: map[events.StreamID]*streamSum{}}
	ids := l.register.IDs()
	c.sample = l.sampleOf(ids, cfg)
	c.total = c.sample.work() + int64(l.register.Position())*(frameWork+proofWork)
	stop := c.watch()
	err := c.check(ctx, ids)
	stop()
	if err != nil {
		return c.report, fmt.Errorf("ledger: check: %w", err)
	}
	if c.Progress != nil {
		c.Progress(c.total, c.total)
	}
	return c.report, nil
}

// checker is a check in progress.
type checker struct {
	CheckConfig
	l      *Ledger
	sample *sample
	report CheckReport
	dark   map[uint64]bool // the positions of events that do not decode
	whole  map[events.StreamID]*streamSum
	unread bool // some center could not be read to its end
	lastOn events.Date
	total  int64
	done   atomic.Int64
}

// The work of checking the frame of one event, and of proving one event, in units of about a microsecond.
const (
	frameWork = 1
	proofWork = 8
)

// watch reports the progress of the work to Progress until the returned function is called.
func (c *checker) watch() (stop func()) {
	if c.Progress == nil {
		return func() {}
	}
	ended, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		tick := time.NewTicker(progressEvery)
		defer tick.Stop()
		for {
			c.Progress(min(c.done.Load(), c.total), c.total)
			select {
			case <-tick.C:
			case <-ended:
				return
			}
		}
	}()
	return func() { close(ended); <-gone }
}

// check reads the whole ledger in its order, and meanwhile each center by itself.
func (c *checker) check(ctx context.Context, ids []events.CenterID) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	centers := map[events.StreamID]bool{}
	for _, id := range ids {
		centers[id.Stream()] = true
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := c.order(ctx, centers); err != nil {
			cancel(err)
		}
	})
	var proofs []proof
	err := inOrder(ctx, each(ids), func(id events.CenterID) proof { return c.prove(ctx, id) }, func(p proof) error {
		proofs = append(proofs, p)
		return p.err
	})
	if err != nil {
		cancel(err)
	}
	wg.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	for _, s := range c.l.register.Streams("") {
		for _, f := range c.l.breaks(s) {
			c.foundAgain(f)
		}
	}
	for i := range proofs {
		c.center(&proofs[i])
	}
	c.money()
	return nil
}

func (c *checker) found(position uint64, s events.StreamID, what text.Text) {
	c.report.Findings++
	c.Found(Finding{position, s, what})
}

// foundAgain reports a finding unless it is known already: an event that does not decode is also a break of its
// stream.
func (c *checker) foundAgain(f Finding) {
	if !c.dark[f.Position] {
		c.found(f.Position, f.Stream, f.What)
	}
}

// breaks lists the breaks of a stream in the read models.
func (l *Ledger) breaks(s events.StreamID) (list []Finding) {
	for _, b := range l.register.Breaks(s) {
		list = append(list, Finding{b.Position, s, notRight(b.Cause)})
	}
	return list
}

func notRight(why text.Text) text.Text {
	return text.Text{Zh: "记录不成立：" + why.Zh, En: "the event cannot be right where it lies: " + why.En}
}

// undecoded reports an event that does not decode, once.
func (c *checker) undecoded(f Finding) {
	c.foundAgain(f)
	c.dark[f.Position] = true
}

// order checks positions, instants and revisions of the whole ledger. It decodes only the events that no proof of a
// center decodes.
func (c *checker) order(ctx context.Context, centers map[events.StreamID]bool) error {
	if err := c.sealed(ctx, func(s *events.Stored) { c.next(s, centers) }); err != nil {
		return err
	}
	for s, err := range c.l.store.ReadAll(ctx, c.report.Last.Position) { // all, or what Roots did not read
		if err != nil {
			return err
		}
		c.next(&s, centers)
	}
	return ctx.Err()
}

// sealed compares each seal with the root of the records before it. It reads the ledger only if there are seals, and
// then calls see with what it reads, in order.
func (c *checker) sealed(ctx context.Context, see func(*events.Stored)) error {
	var seals []aggregates.Seal
	var sizes []uint64
	for s, err := range c.l.store.ReadStream(ctx, events.LedgerStream, 0) {
		if err != nil {
			return err
		}
		rec, err := events.DecodeEvent(s)
		if sealed, ok := rec.Data.(*events.LedgerSealed); err == nil && ok && sealed.Size < s.Position {
			seals = append(seals, aggregates.Seal{Place: s.Place, LedgerSealed: sealed})
			sizes = append(sizes, sealed.Size)
		}
	}
	if c.Roots == nil || len(seals) == 0 {
		return nil
	}
	roots, err := c.Roots(ctx, append(sizes, c.l.register.Position()), see)
	if err != nil {
		return err
	}
	for i, s := range seals {
		if root := base64.StdEncoding.EncodeToString(roots[i][:]); root != s.Root {
			c.found(s.Position, events.LedgerStream, text.Say(
				"封存记录所记前 %d 条记录的根值与台账不符：其中有记录被改动、增删或移位（AL-LED-01）",
				"the sealing record has another root than the first %d records: one of them was changed, removed, "+
					"inserted or moved (AL-LED-01)", s.Size))
		}
	}
	return nil
}

// next checks the frame of the next event of the whole ledger.
func (c *checker) next(s *events.Stored, centers map[events.StreamID]bool) {
	last := &c.report.Last
	c.report.Events++
	if s.Stream == events.LedgerStream {
		c.report.Seals++
	}
	if s.Position <= last.Position {
		c.found(s.Position, s.Stream,
			text.Say("位置 %d 之后是 %d", "position %d is followed by %d", last.Position, s.Position))
	}
	if s.RecordedAt.Before(last.RecordedAt) {
		c.found(s.Position, s.Stream,
			text.Say("记录时间 %s 早于前一条 %s", "recorded at %s, before its predecessor (%s)",
				events.FormatInstant(s.RecordedAt), events.FormatInstant(last.RecordedAt)))
	}
	sum := c.whole[s.Stream]
	if sum == nil {
		sum = &streamSum{}
		c.whole[s.Stream] = sum
	}
	if s.Revision != sum.revision+1 {
		c.found(s.Position, s.Stream,
			text.Say("记录序号 %d 之后是 %d", "revision %d is followed by %d", sum.revision, s.Revision))
	}
	sum.add(s)
	*last = s.Place
	if !centers[s.Stream] {
		if _, f, ok := decode(*s); f != nil && ok {
			c.found(f.Position, f.Stream, f.What)
		} else if f != nil {
			c.undecoded(*f)
		}
	}
	c.done.Add(frameWork)
}

// decode reads a stored event. It returns its error as a Finding, and whether a record could be read nevertheless.
func decode(s events.Stored) (events.Recorded, *Finding, bool) {
	rec, err := events.DecodeEvent(s)
	if err != nil {
		why := text.Of(err)
		return rec, &Finding{s.Position, s.Stream,
			text.Text{Zh: "无法解读：" + why.Zh, En: "cannot be decoded: " + why.En}}, false
	}
	if why := rec.Check(); len(why) > 0 { // decoding does not check everything, so check the record here
		return rec, &Finding{s.Position, s.Stream,
			text.Say("不是可以入账的记录：%v", "is not a record that could be accepted: %v", why)}, true
	}
	return rec, nil, true
}

// streamSum holds the number and the last revision of the events of a stream.
type streamSum struct {
	revision uint64 // of the last
	sum      uint32
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// add counts the next event of the stream.
func (s *streamSum) add(e *events.Stored) {
	var at [8]byte
	binary.LittleEndian.PutUint64(at[:], e.Position)
	sum := crc32.Update(s.sum, castagnoli, at[:])
	sum = crc32.Update(sum, castagnoli, e.ID[:])
	s.revision, s.sum = e.Revision, crc32.Update(sum, castagnoli, e.Body)
}

// center adds the result of the proof of one center.
func (c *checker) center(p *proof) {
	c.report.Centers++
	c.report.Comparisons += p.comparisons
	c.report.Evaluations += p.evaluations
	c.report.TooLarge += p.tooLarge
	c.report.BalanceFen += p.balanceFen
	c.lastOn = max(c.lastOn, p.lastOn)
	c.unread = c.unread || p.unread
	for _, f := range p.undecoded {
		c.undecoded(f)
	}
	for _, f := range p.findings {
		c.foundAgain(f)
	}
	if whole := c.whole[p.center.Stream()]; whole == nil || *whole != p.read {
		c.found(0, p.center.Stream(),
			text.Say("单独读取与通读全部记录所得不同", "read by itself it is not what reading the whole ledger shows"))
	}
}

// money checks that the balances of all centers add up to the balance of the whole.
func (c *checker) money() {
	if c.lastOn == 0 || c.unread {
		return
	}
	year := c.lastOn.Year()
	var sum events.Fen
	for line := range c.l.register.Executions(events.YearEnd(year), projections.ExecutionFilter{
		Year: year, By: projections.ByTotal}) {
		if line.Scope == aggregates.FiscalScope || line.Scope == aggregates.LocalScope {
			sum += line.BalanceFen()
		}
	}
	if sum != c.report.BalanceFen {
		c.found(0, "", text.Say("全部经费余额之和 %s 元，汇总表为 %s 元",
			"the balances of all grants add up to %s yuan, the whole says %s yuan",
			events.FormatYuan(c.report.BalanceFen), events.FormatYuan(sum)))
	}
}

func each(ids []events.CenterID) iter.Seq2[events.CenterID, error] {
	return func(yield func(events.CenterID, error) bool) {
		for _, id := range ids {
			if !yield(id, nil) {
				return
			}
		}
	}
}
