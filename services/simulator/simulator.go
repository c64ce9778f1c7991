package simulator

import (
	"container/heap"
	"fmt"
	"iter"
	"math/rand/v2"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// Scenario holds the parameters of a simulation. Records are entered from From to To, both included, and happen
// within those days.
type Scenario struct {
	Seed            uint64
	Centers         int
	From, To        events.Date
	VouchersPerYear int // average per active center; 0 means VouchersPerYearDefault
	LateDays        int // the most days that a record is entered after its date; 0 means LateDaysDefault

	// Undeferred centers are low in the year before To and have no decision on their deferral, and Ungraded centers
	// have no grade for the last year whose grades are due by To, if there are as many such centers.
	Undeferred, Ungraded int
}

// VouchersPerYearDefault is chosen so that four fifths of the records are vouchers.
const VouchersPerYearDefault = 110

// LateDaysDefault is the number of days after which the last papers are entered.
const LateDaysDefault = 75

// These are the limits of a simulation. YearMax leaves time for the task books of the last centers.
const (
	CentersMax         = 100_000
	VouchersPerYearMax = 1_000_000
	YearMin            = events.YearMin
	YearMax            = events.YearMax - 5
)

// Check returns a *text.Error that names the first member outside its limits, or nil.
func (c Scenario) Check() error {
	within := func(param, zh, en string, v, lo, hi int) error {
		if v < lo || v > hi {
			return text.Errorf(text.Invalid, zh+"应为 %[2]d 至 %[3]d，不能是 %[1]d",
				en+" is %[1]d, it must be from %[2]d to %[3]d", v, lo, hi).Of(param)
		}
		return nil
	}
	for _, err := range []error{
		within("centers", "中心数", "the number of centers", c.Centers, 0, CentersMax),
		within("vouchers", "每年凭证数", "the number of vouchers a year", c.VouchersPerYear, 0, VouchersPerYearMax),
		within("late", "迟录天数", "the number of days late", c.LateDays, 0, LateDaysDefault),
		within("from", "年份", "the year", c.From.Year(), YearMin, YearMax),
		within("to", "年份", "the year", c.To.Year(), YearMin, YearMax),
	} {
		if err != nil {
			return err
		}
	}
	if c.To < c.From {
		return text.Errorf(text.Invalid, "%v 早于起始日期 %v", "%v is before the first date %v", c.To, c.From).Of("to")
	}
	return nil
}

// Records yields the history in the order in which it is entered. It yields an error only once, as the last
// element: for a scenario outside its limits, or if an aggregate refuses a record that it accepted before. The
// caller may keep a record but must not change it.
func Records(cfg Scenario) iter.Seq2[*events.Record, error] {
	return func(yield func(*events.Record, error) bool) {
		for e, err := range Entries(cfg) {
			if !yield(e.Record, err) {
				return
			}
		}
	}
}

// Entry is a record with the day on which it is entered.
type Entry struct {
	Record *events.Record
	Day    events.Date
}

// Entries is Records with the day of each entry.
func Entries(cfg Scenario) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		if err := cfg.Check(); err != nil {
			yield(Entry{}, err)
			return
		}
		if cfg.VouchersPerYear == 0 {
			cfg.VouchersPerYear = VouchersPerYearDefault
		}
		if cfg.LateDays == 0 {
			cfg.LateDays = LateDaysDefault
		}
		p := &province{cfg: cfg, timeline: policy.Timeline{}.With(policy.Builtin()), documents: map[series]int{}}
		p.yield = func(r *events.Record, err error) bool { return yield(Entry{r, p.today}, err) }
		p.run()
	}
}

// province is the state that all centers share.
type province struct {
	cfg       Scenario
	timeline  policy.Timeline
	today     events.Date
	agenda    agenda
	scheduled uint64
	position  uint64
	documents map[series]int // the last number given
	yield     func(*events.Record, error) bool
	stopped   bool
}

// series is a numbering of documents, which starts again each year.
type series struct {
	prefix string
	year   int
}

// run processes the agenda until it is empty, the caller stops or a record fails.
func (p *province) run() {
	// Centers get profiles and stories in turn, so that a province of some dozens of centers has some of each.
	// Stories shift by one with every round, so that a profile does not always get the same story.
	rng := rand.New(rand.NewPCG(p.cfg.Seed, 0))
	deck := rng.Perm(len(profileDeck))
	turn := rng.IntN(len(stories))
	p.today = p.cfg.From
	for i := range p.cfg.Centers {
		newCenter(p, i+1, profileDeck[deck[i%len(deck)]], stories[(turn+i+i/len(deck))%len(stories)])
	}
	for len(p.agenda) > 0 && !p.stopped {
		next := heap.Pop(&p.agenda).(step)
		p.today = next.day
		next.do()
	}
}

// at puts a step on the agenda for a working day: offices are closed on Saturday and Sunday. Steps of one day are
// done in the order in which they were added. Steps after the end of the simulation are never done.
func (p *province) at(day events.Date, do func()) {
	day = max(day, p.today)
	switch weekday(day) {
	case 6:
		day += 2
	case 0:
		day++
	}
	if day > p.cfg.To {
		return
	}
	p.scheduled++
	heap.Push(&p.agenda, step{day: day, order: p.scheduled, do: do})
}

// weekday returns the day of the week, 0 for Sunday; 1970-01-01 was a Thursday.
func weekday(d events.Date) int { return int(d-events.DateOf(1970, 1, 1)+4) % 7 }

// document returns the next number of a series, such as 浙财科教〔2025〕12号.
func (p *province) document(prefix string, on events.Date) string {
	s := series{prefix, on.Year()}
	p.documents[s]++
	return fmt.Sprintf("%s〔%d〕%d号", s.prefix, s.year, p.documents[s])
}

// leaves reports whether one more of n matters is left undone, and counts it.
func leaves(n *int) bool {
	*n--
	return *n >= 0
}

// ungradedYear returns the last year whose grades are due by the end of the simulation: on 30 September of the next.
func (p *province) ungradedYear() int { return p.cfg.To.AddMonths(-9).Year() - 1 }

func (p *province) fail(err error) {
	p.stopped = true
	p.yield(nil, err)
}

// step is an action of an office on a day.
type step struct {
	day   events.Date
	order uint64
	do    func()
}

// agenda is a heap of steps; the methods are heap.Interface.
type agenda []step

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	if a[i].day != a[j].day {
		return a[i].day < a[j].day
	}
	return a[i].order < a[j].order
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(step)) }
func (a *agenda) Pop() any {
	last := len(*a) - 1
	next := (*a)[last]
	(*a)[last] = step{}
	*a = (*a)[:last]
	return next
}
