package ledger

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
)

// A naive evaluation of n events costs n·(n+500) steps of some twenty nanoseconds. One unit of the progress is
// stepsPerWork steps.
const (
	stepsPerWork = 60
	evenSteps    = 500
)

// The budget of a check is stepsPerEvent for each event, but at least that of a million events: some three seconds of
// processor time, which is enough to compare a ledger of 30 000 events in usual centers completely. An evaluation of
// more than largestSteps, of about 7 000 events, is in no sample.
var (
	sampleSteps  = int64(160)
	leastEvents  = int64(1_000_000)
	largestSteps = float64(50_000_000)
)

// sample decides which centers are compared with a naive evaluation, and on which dates. The choice depends on the
// events of the center and on the date On. So the same ledger has the same sample on the same date, whoever checks
// it; the samples of successive days differ and together cover more and more; and a changed event also changes the
// choice. First each center may get one date. The rest of the budget is shared evenly among all other comparisons.
type sample struct {
	on       events.Date
	register *projections.Register
	thorough bool
	steps    float64 // the expected steps of the naive evaluations
	first    float64 // the share of centers that have one evaluation
	more     float64 // the share of the other comparisons
}

// candidate is one comparison that a sample may include.
type candidate struct {
	on    events.Date
	steps float64
	score uint64
}

func (l *Ledger) sampleOf(ids []events.CenterID, cfg CheckConfig) *sample {
	s := &sample{on: cfg.On, register: l.register, thorough: cfg.Thorough, first: 1, more: 1}
	// steps of one date of each center, of all dates, and of the comparisons that no sample includes
	var one, all, large float64
	for _, id := range ids {
		list, tooLarge := s.candidates(id)
		var sum float64
		for _, c := range list {
			sum += c.steps
		}
		one, all = one+sum/float64(max(len(list), 1)), all+sum
		for _, c := range tooLarge {
			large += c.steps
		}
	}
	budget := float64(sampleSteps * max(leastEvents, int64(l.register.Position())))
	switch {
	case cfg.Thorough:
		s.steps = all + large
	case all <= budget:
		s.steps = all
	default:
		s.first = min(1, budget/one)
		if all > one {
			s.more = max(0, budget-one) / (all - one)
		}
		s.steps = budget
	}
	return s
}

// work returns the work of the naive evaluations, in units of the progress.
func (s *sample) work() int64 { return int64(s.steps / stepsPerWork) }

// candidates lists the comparisons of a center that a sample may include, and those that are too large for every
// sample.
func (s *sample) candidates(id events.CenterID) (list, tooLarge []candidate) {
	counts := s.register.EventsByYear(id)
	years := slices.Sorted(maps.Keys(counts))
	if len(years) == 0 {
		return nil, nil
	}
	for _, d := range datesOf(s.on, years[0], years[len(years)-1]) {
		var n float64
		for year, count := range counts {
			if year <= d.Year() {
				n += float64(count)
			}
		}
		if c := (candidate{on: d, steps: n * (n + evenSteps)}); c.steps <= largestSteps {
			list = append(list, c)
		} else {
			tooLarge = append(tooLarge, c)
		}
	}
	return list, tooLarge
}

// drawn is the sample of one center: the dates, with the work of each in units of the progress.
type drawn struct {
	dates    map[events.Date]int64
	tooLarge int
}

// draw chooses the dates on which a center is compared, by the checksum of its events.
func (s *sample) draw(id events.CenterID, sum uint32) drawn {
	list, tooLarge := s.candidates(id)
	if s.thorough {
		list, tooLarge = append(list, tooLarge...), nil
	}
	d := drawn{dates: map[events.Date]int64{}, tooLarge: len(tooLarge)}
	score := func(on events.Date) uint64 {
		hash := sha256.Sum256(fmt.Appendf(nil, "%s %d %d %d", id, sum, s.on, on))
		return binary.BigEndian.Uint64(hash[:])
	}
	for i := range list {
		list[i].score = score(list[i].on)
	}
	slices.SortFunc(list, func(a, b candidate) int { return cmp.Compare(a.score, b.score) })
	for i, c := range list {
		share, chance := s.more, c.score
		if i == 0 {
			share, chance = s.first, score(0)
		}
		if share == 1 || float64(chance) < share*math.MaxUint64 {
			d.dates[c.on] = int64(c.steps / stepsPerWork)
		}
	}
	return d
}
