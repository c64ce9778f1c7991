package feedsim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/services/alertfeed"
)

// world is one run of publishers, a server and a consumer.
type world struct {
	t       testing.TB
	mix     *mix
	seed    uint64
	verbose bool
	rng     *rand.Rand
	dir     string
	began   time.Time
	host    *host
	account int
	nc      *nats.Conn
	js      jetstream.JetStream // of the world itself

	// held for reading while a message is on its way, for writing while the world touches the stream
	calm       sync.RWMutex
	running    sync.WaitGroup // everything that the world started
	full       atomic.Bool    // the server answers no publish
	ending     atomic.Bool    // the faults have ended
	date       atomic.Int32
	latest     events.Date // that any clock ever showed
	restarts   atomic.Int32
	copied     *copied // nil for none
	copies     int
	chronicle  *chronicle
	consumer   *consumer
	processes  []*process
	publishers int

	store   *memstore.Store // of the ledger now
	putting time.Time       // when the record was recorded that is put back now; zero for none
	epoch   string
	epochs  map[string]*memstore.Store // every ledger that there was
	office  *office

	mu     sync.Mutex
	script []string
	wrong  []string
}

func (w *world) today() events.Date { return events.Date(w.date.Load()) }

func (w *world) logger(number int) *zap.Logger {
	if !w.verbose {
		return zap.NewNop()
	}
	log, err := zap.NewDevelopment(zap.Fields(zap.Int("publisher", number)))
	if err != nil {
		w.t.Fatal(err)
	}
	return log
}

// note adds a line to the script.
func (w *world) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.script = append(w.script, fmt.Sprintf("%6.3f ", time.Since(w.began).Seconds())+fmt.Sprintf(format, args...))
}

// fails adds an error to the report.
func (w *world) fails(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wrong = append(w.wrong, fmt.Sprintf(format, args...))
}

// newLedger makes the ledger of the world one of a new epoch.
func (w *world) newLedger() {
	w.store = memstore.New(func() time.Time {
		if !w.putting.IsZero() {
			return w.putting
		}
		return noon(w.today())
	})
	w.epoch = noon(firstDay).UTC().Add(time.Duration(len(w.epochs)) * time.Microsecond).Format(
		"2006-01-02T15:04:05.000000Z07:00")
	w.epochs[w.epoch] = w.store
}

// newWorld makes a world of a seed in an account of a server.
func newWorld(t testing.TB, m *mix, seed uint64, h *host, account int, dir string) (*world, error) {
	w := &world{t: t, mix: m, seed: seed, rng: rand.New(rand.NewPCG(seed, 0)), dir: dir, began: time.Now(), host: h,
		account:   account,
		chronicle: newChronicle(), epochs: map[string]*memstore.Store{}}
	w.date.Store(int32(firstDay))
	w.latest = firstDay
	w.nc = h.connect(t, account)
	js, err := jetstream.New(w.nc)
	if err != nil {
		return nil, err
	}
	w.js = js
	w.newLedger()
	w.office, err = newOffice(t.Context(), rand.New(rand.NewPCG(seed, 1)), seed, w.store, w.today)
	if err != nil {
		return nil, err
	}
	w.publishers = 1 + w.rng.IntN(3)
	for i := range w.publishers {
		w.processes = append(w.processes, w.newProcess(i))
	}
	w.consumer, err = w.newConsumer()
	return w, err
}

// run runs the world to its end and returns what is wrong.
func (w *world) run(steps int) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer w.running.Wait()
	defer cancel()
	defer func() {
		for _, p := range w.processes {
			if err := p.kill(false); err != nil {
				w.fails("%v", err)
			}
		}
		w.office.ledger.Close()
	}()
	w.running.Go(func() { w.consumer.run(ctx) })
	w.note("%d publishers, %d centers", len(w.processes), len(w.office.centers))
	for range steps {
		if err := w.step(); err != nil {
			return err
		}
	}
	return w.finish()
}

func (w *world) step() error {
	for _, p := range w.processes {
		if !p.lives() && w.rng.IntN(3) > 0 {
			if err := w.revive(p); err != nil {
				return err
			}
		}
	}
	w.breathe()
	if n := w.rng.IntN(10); n < w.mix.often {
		return w.mix.faults[w.rng.IntN(len(w.mix.faults))](w)
	}
	switch w.rng.IntN(8) {
	case 0:
		w.advance(1 + events.Date(w.rng.IntN(3)*w.rng.IntN(30)))
		return w.write(1)
	case 1, 2, 3:
		w.settle()
		return nil
	case 4:
		w.consumer.away.Store(!w.consumer.away.Load())
		return nil
	}
	return w.write(1 + w.rng.IntN(4))
}

func (w *world) write(records int) error {
	for range records {
		what, err := w.office.write(w.t.Context())
		if err != nil {
			return err
		}
		w.note("record %d: %s", w.office.ledger.Register().Position(), what)
	}
	return nil
}

func (w *world) advance(days events.Date) {
	w.date.Add(int32(days))
	w.latest = max(w.latest, w.today()+1)
	w.note("it is %v", w.today())
}

// breathe waits until a few more messages are stored, or for a moment.
func (w *world) breathe() {
	ctx, cancel := context.WithTimeout(w.t.Context(), 30*time.Millisecond)
	defer cancel()
	more := w.rng.IntN(12)
	from, _ := w.chronicle.grown()
	for {
		now, changed := w.chronicle.grown()
		if now >= from+more {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// settle waits until a head has reached the end of the ledger, or for a moment.
func (w *world) settle() {
	ctx, cancel := context.WithTimeout(w.t.Context(), 250*time.Millisecond)
	defer cancel()
	w.note("wait: head reached the end: %t", w.reaches(ctx))
}

// reaches waits until a head has reached the end of the ledger.
func (w *world) reaches(ctx context.Context) bool {
	for {
		_, changed := w.chronicle.grown()
		if h := w.chronicle.head(); h != nil && h.Phase == alertfeed.End && h.At.Epoch == w.epoch &&
			h.At.Position >= w.office.ledger.Register().Position() && h.At.Date >= w.today() {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// revive begins another life of a publisher.
func (w *world) revive(p *process) error {
	if err := p.kill(true); err != nil {
		return err
	}
	if w.mix.forgetful && w.rng.IntN(3) == 0 {
		if err := p.forget(); err != nil {
			return err
		}
		w.note("publisher %d begins and remembers nothing", p.number)
	} else {
		w.note("publisher %d begins", p.number)
	}
	return p.live()
}

func (w *world) any() *process { return w.processes[w.rng.IntN(len(w.processes))] }

func (w *world) killOne() error {
	p, atOnce := w.any(), w.rng.IntN(4) > 0
	w.note("publisher %d is ended, at once: %t", p.number, atOnce)
	return p.kill(atOnce)
}

func (w *world) lag() error {
	p := w.any()
	if p.gate != nil {
		at := w.office.ledger.Register().Position()
		w.note("publisher %d sees nothing after %d", p.number, at)
		p.gate.set(at)
	}
	return w.write(1 + w.rng.IntN(3))
}

func (w *world) catchUp() error {
	p := w.any()
	if p.gate != nil {
		w.note("publisher %d sees everything", p.number)
		p.gate.set(0)
	}
	return nil
}

func (w *world) wrongClock() error {
	p, days := w.any(), int32(1-2*w.rng.IntN(2))
	w.note("the clock of publisher %d is wrong by %d days", p.number, days)
	p.offset.Store(days)
	w.latest = max(w.latest, w.today()+1)
	return w.write(1)
}

func (w *world) rightClock() error {
	p := w.any()
	w.note("the clock of publisher %d is right", p.number)
	p.offset.Store(0)
	return w.write(1)
}

// touch calls do while no message is under way and every stored message is in the chronicle. The stream is nil if
// there is none.
func (w *world) touch(do func(ctx context.Context, s jetstream.Stream) error) error {
	w.calm.Lock()
	defer w.calm.Unlock()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	s, err := w.look(ctx)
	if err != nil {
		return err
	}
	return do(ctx, s)
}

// look adds everything in the stream to the chronicle. It returns nil if there is no stream.
func (w *world) look(ctx context.Context) (jetstream.Stream, error) {
	s, err := w.js.Stream(ctx, alertfeed.StreamName)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look at the stream: %w", err)
	}
	in, state := w.chronicle.now(), s.CachedInfo().State
	known := w.chronicle.known(in)
	for sequence := max(1, state.FirstSeq); sequence <= state.LastSeq; sequence++ {
		if known[sequence] {
			continue
		}
		m, err := s.GetMsg(ctx, sequence)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look at message %d: %w", sequence, err)
		}
		w.chronicle.add(in, sequence, m.Subject, m.Header.Get("content-type"), m.Data, -1)
	}
	return s, nil
}

func (w *world) purge() error {
	return w.touch(func(ctx context.Context, s jetstream.Stream) error {
		if s == nil {
			return nil
		}
		w.note("the stream is purged")
		w.chronicle.purged(s.CachedInfo().State.LastSeq, "")
		return s.Purge(ctx)
	})
}

func (w *world) purgeOne() error {
	return w.touch(func(ctx context.Context, s jetstream.Stream) error {
		subjects := w.chronicle.subjects()
		if s == nil || len(subjects) == 0 {
			return nil
		}
		subject := subjects[w.rng.IntN(len(subjects))]
		if h := w.chronicle.head(); h == nil || h.Phase == alertfeed.Begin {
			return nil // a head cannot say what is right if what it states is lost before it
		}
		w.note("%s is purged", subject)
		w.chronicle.purged(s.CachedInfo().State.LastSeq, subject)
		return s.Purge(ctx, jetstream.WithPurgeSubject(subject))
	})
}

func (w *world) deleteStream() error {
	return w.touch(func(ctx context.Context, s jetstream.Stream) error {
		if s == nil {
			return nil
		}
		w.note("the stream is deleted")
		w.chronicle.begin()
		return w.js.DeleteStream(ctx, alertfeed.StreamName)
	})
}

// stopped calls do while the server is stopped.
func (w *world) stopped(do func() error) error {
	return w.touch(func(ctx context.Context, _ jetstream.Stream) error {
		w.host.stop()
		if err := do(); err != nil {
			return err
		}
		w.host.start()
		w.full.Store(false)
		return w.answers()
	})
}

// answers waits until the server answers the world.
func (w *world) answers() error {
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	var err error
	for ; ctx.Err() == nil; pause(ctx, 5*time.Millisecond) {
		asked, cancel := context.WithTimeout(ctx, time.Second)
		_, err = w.js.AccountInfo(asked)
		cancel()
		if err == nil {
			return nil
		}
	}
	return fmt.Errorf("the server does not answer: %w", err)
}

// copied is a copy of everything, taken while the server was stopped.
type copied struct {
	server   string // the directory
	memories [][]byte
	store    *memstore.Store
	position uint64
}

func (w *world) copyServer() error {
	return w.stopped(func() error {
		w.copies++
		w.note("the server is stopped and copied")
		c := &copied{server: filepath.Join(w.dir, fmt.Sprint("copy-", w.copies)), store: w.store,
			position: w.office.ledger.Register().Position()}
		for _, p := range w.processes {
			memory, _ := os.ReadFile(p.memory)
			c.memories = append(c.memories, memory)
		}
		w.copied = c
		return copyDir(w.host.dir, c.server)
	})
}

// backUp copies everything while nothing runs.
func (w *world) backUp() error {
	for _, p := range w.processes {
		if err := p.kill(false); err != nil {
			return err
		}
	}
	if err := w.copyServer(); err != nil {
		return err
	}
	for _, p := range w.processes {
		if err := w.revive(p); err != nil {
			return err
		}
	}
	return nil
}

// putAllBack restores the ledger, the server and the memories of the publishers from one copy.
func (w *world) putAllBack() error {
	c := w.copied
	if c == nil {
		return w.copyServer()
	}
	for _, p := range w.processes {
		if err := p.kill(true); err != nil {
			return err
		}
		if err := os.WriteFile(p.memory, c.memories[p.number], 0o600); err != nil {
			return err
		}
	}
	if err := w.putServerBack(); err != nil {
		return err
	}
	w.note("so is everything else")
	return w.restoreTo(c.store, c.position)
}

func (w *world) putServerBack() error {
	if w.copied == nil {
		return w.copyServer()
	}
	err := w.stopped(func() error {
		w.note("the server is put back from the copy")
		w.chronicle.begin()
		return w.host.putBack(w.copied.server)
	})
	if err != nil {
		return err
	}
	return w.touch(func(_ context.Context, s jetstream.Stream) error {
		if s != nil {
			w.chronicle.putBack(s.CachedInfo().State.LastSeq)
		}
		return nil
	})
}

func (w *world) killServer() error {
	w.note("the server is killed")
	w.host.kill()
	w.host.start()
	if err := w.answers(); err != nil {
		return err
	}
	return w.touch(func(context.Context, jetstream.Stream) error { return nil })
}

// fill makes the server leave publishes unanswered until it is restarted.
func (w *world) fill() error {
	if w.restarts.Load() == 0 && !w.full.Load() {
		w.note("the disk of the server is full")
		w.full.Store(true)
	}
	return w.write(1)
}

// serverRestart is what the publishers call.
func (w *world) serverRestart(context.Context) error {
	w.restarts.Add(1)
	w.note("a publisher starts the server again")
	return w.stopped(func() error { return nil })
}

// restoreLedger restores an earlier state of the ledger under a new epoch. Some publishers use the old ledger for
// a while.
func (w *world) restoreLedger() error {
	end := w.office.ledger.Register().Position()
	return w.restoreTo(w.store, max(w.office.opened, end-uint64(w.rng.IntN(12)))) // all centers are registered by then
}

func (w *world) restoreTo(old *memstore.Store, upTo uint64) error {
	w.note("the ledger is put back to %d of %d", upTo, w.office.ledger.Register().Position())
	w.newLedger()
	revisions := map[events.StreamID]uint64{}
	for s, err := range old.ReadAll(w.t.Context(), 0) {
		if err != nil {
			return err
		}
		if s.Position > upTo {
			break
		}
		w.putting = s.RecordedAt // as in a backup
		if _, err := w.store.Append(w.t.Context(), s.Stream, revisions[s.Stream],
			[]events.Proposed{{ID: s.ID, Kind: s.Kind, Body: events.MustObject(string(s.Body))}}); err != nil {
			return err
		}
		revisions[s.Stream]++
	}
	w.putting = time.Time{}
	if err := w.office.reopen(w.t.Context(), w.store); err != nil {
		return err
	}
	for _, p := range w.processes {
		if len(w.processes) > 1 && p.lives() && w.rng.IntN(3) == 0 {
			w.note("publisher %d goes on with the old ledger", p.number)
			continue
		}
		if err := w.follow(p); err != nil {
			return err
		}
	}
	return nil
}

// follow makes a publisher publish the present ledger.
func (w *world) follow(p *process) error {
	if err := p.kill(true); err != nil {
		return err
	}
	p.store, p.epoch = w.store, w.epoch
	return w.revive(p)
}

// endMax is the time in which a world must agree after the last fault.
const endMax = time.Minute

// finish ends all faults, waits until the stream and the consumer include the end of the ledger, and checks
// everything.
func (w *world) finish() error {
	w.note("the faults end")
	w.ending.Store(true)
	for _, p := range w.processes {
		p.offset.Store(0) // before the date moves on: else a clock shows a day that does not come
	}
	if w.latest > w.today() {
		w.advance(w.latest - w.today())
	}
	w.consumer.away.Store(false)
	for _, p := range w.processes {
		p.mu.Lock()
		p.spared = true
		p.mu.Unlock()
		if p.gate != nil {
			p.gate.set(0)
		}
		if p.epoch != w.epoch {
			if err := w.follow(p); err != nil {
				return err
			}
		} else if !p.lives() {
			if err := w.revive(p); err != nil {
				return err
			}
		}
	}
	if err := w.write(1); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), endMax)
	defer cancel()
	reached := false
	for !reached && ctx.Err() == nil {
		for _, p := range w.processes { // one may have been dying
			if !p.lives() {
				if err := w.revive(p); err != nil {
					return err
				}
			}
		}
		some, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		reached = w.reaches(some)
		cancel()
		if !reached { // the acknowledgement of a message may have come too late for the chronicle
			if err := w.touch(func(context.Context, jetstream.Stream) error { return nil }); err != nil {
				return err
			}
		}
	}
	if !reached {
		w.fails("no head reaches position %d of %s on %v", w.office.ledger.Register().Position(), w.epoch, w.today())
	} else if err := w.agree(ctx); err != nil {
		w.fails("%v", err)
	}
	if err := w.touch(func(context.Context, jetstream.Stream) error { return nil }); err != nil {
		return err
	}
	claims, wrong := w.chronicle.claims()
	acted, twice := w.consumer.claims()
	for _, what := range append(wrong, twice...) {
		w.fails("%s", what)
	}
	w.check(append(claims, acted...))
	return nil
}

// agree waits until the stream and the consumer agree with the ledger. They may differ for a while after a head has
// reached the end: one of several publishers may write an outdated state after another one wrote the head, and then
// corrects it; and publishers need time to notice a loss in the stream. Until then they continue a generation that a
// consumer which read a later one, now lost, ignores.
func (w *world) agree(ctx context.Context) error {
	end := w.truth(w.epoch, w.office.ledger.Register().Position(), w.today())
	for {
		if err := w.touch(func(context.Context, jetstream.Stream) error { return nil }); err != nil {
			return err
		}
		inStream := w.chronicle.words()
		err := w.consumed(ctx)
		atConsumer := w.consumer.present()
		if w.publishers == 1 && !w.mix.loses || err != nil ||
			maps.Equal(inStream, end) && maps.Equal(atConsumer, end) {
			w.compare("the stream", inStream, end)
			w.compare("the consumer", atConsumer, end)
			return err
		}
		pause(ctx, 10*time.Millisecond)
	}
}

// consumed waits until the consumer has read the last message.
func (w *world) consumed(ctx context.Context) error {
	for ; ctx.Err() == nil; pause(ctx, 5*time.Millisecond) {
		head := w.chronicle.head()
		w.consumer.mu.Lock()
		reached, at := w.consumer.reached, w.consumer.head
		w.consumer.mu.Unlock()
		if head == nil || at != head.At { // or of a stream that is gone
			continue
		}
		s, err := w.js.Stream(ctx, alertfeed.StreamName)
		if err != nil {
			return fmt.Errorf("ask how far the stream is: %w", err)
		}
		if reached == s.CachedInfo().State.LastSeq {
			return nil
		}
	}
	return fmt.Errorf("the consumer does not reach the end: %w", ctx.Err())
}

func (w *world) compare(who string, has, end truth) {
	for _, subject := range slices.Sorted(maps.Keys(end)) {
		if has[subject] != end[subject] {
			w.fails("at the end %s has %s as %v, and it is %v", who, subject, has[subject], end[subject])
		}
	}
	for _, subject := range slices.Sorted(maps.Keys(has)) {
		if _, ok := end[subject]; !ok {
			w.fails("at the end %s has %s as %v, and it does not exist", who, subject, has[subject])
		}
	}
}

// truth returns the state of all alerts of a ledger at a position, as of a date.
func (w *world) truth(epoch string, position uint64, on events.Date) truth {
	l := replayOf(w.t, w.epochs[epoch])
	l.advance(position)
	return l.truth(on)
}

// check compares claims with the ledgers that they are about.
func (w *world) check(claims []claim) {
	slices.SortStableFunc(claims, func(a, b claim) int {
		return cmp.Or(cmp.Compare(a.at.Epoch, b.at.Epoch), cmp.Compare(a.at.Position, b.at.Position),
			cmp.Compare(a.at.Date, b.at.Date))
	})
	var l *replay
	var epoch string
	var of alertfeed.At
	var t truth
	for _, c := range claims {
		if l == nil || epoch != c.at.Epoch {
			store := w.epochs[c.at.Epoch]
			if store == nil {
				w.fails("%v: there is no such ledger", c)
				continue
			}
			l, epoch, t = replayOf(w.t, store), c.at.Epoch, nil
		}
		if c.at.Position > uint64(len(l.records)) {
			w.fails("%v: the ledger ends at %d", c, len(l.records))
			continue
		}
		if t == nil || of.Position != c.at.Position || of.Date != c.at.Date {
			l.advance(c.at.Position)
			t, of = l.truth(c.at.Date), c.at
		}
		if c.head == nil || w.publishers == 1 { // of several, one may write after another looked
			w.judge(c, t, l)
		}
	}
}

func (w *world) judge(c claim, t truth, l *replay) {
	if c.head == nil {
		if state, ok := t[c.subject]; ok && state != c.state || !ok && c.state.Kind != alertfeed.Withdrawn {
			w.fails("%v, and it is %v", c, state)
		}
		return
	}
	for subject, state := range t {
		if !c.exempt[subject] && c.words[subject] != state {
			w.fails("%v: the last word on %s is %v, and it is %v", c, subject, c.words[subject], state)
		}
	}
	for subject, state := range c.words {
		if _, ok := t[subject]; !ok {
			w.fails("%v: the last word on %s is %v, and it does not exist", c, subject, state)
		}
	}
	if c.head.Open != t.counts() {
		w.fails("%v: open %v, and it is %v", c, c.head.Open, t.counts())
	}
	record := ""
	if p := c.at.Position; p > 0 {
		record = l.records[p-1].ID.String()
	}
	if c.head.Record != record {
		w.fails("%v: record %s, and it is %s", c, c.head.Record, record)
	}
}

// report returns the errors with the script, or "".
func (w *world) report() string {
	w.mu.Lock()
	wrong, script := slices.Clone(w.wrong), slices.Clone(w.script)
	w.mu.Unlock()
	if len(wrong) == 0 {
		return ""
	}
	if len(wrong) > 12 {
		wrong = append(wrong[:12], fmt.Sprintf("and %d more", len(wrong)-12))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "-feedsim.mix %s -feedsim.seed %d\n%s\nscript:\n%s\n", w.mix.name, w.seed,
		strings.Join(wrong, "\n"), strings.Join(script, "\n"))
	for _, p := range w.processes {
		fmt.Fprintf(&b, "publisher %d: %s\n", p.number, p.status())
	}
	b.WriteString(w.chronicle.about(strings.Join(wrong, "\n")))
	c := w.consumer
	c.mu.Lock()
	defer c.mu.Unlock()
	fmt.Fprintf(&b, "consumer: %d messages, %d acts, %d deaths, %d resets, %d gaps, at %d\n", c.messages, len(c.acts),
		c.deaths, c.resets, c.gaps, c.reached)
	return b.String()
}
