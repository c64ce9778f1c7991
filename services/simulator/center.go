package simulator

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
)

// profile is the behaviour of a center and of the offices around it. Each number except execution is a probability.
type profile struct {
	late        bool    // registers in the second half of the time
	executionLo float64 // share of a year's available money that gets spent
	executionHi float64
	grades      [2]float64 // excellent; excellent or qualified
	tardy       float64    // the probability that a term is missed
	defiant     float64    // the probability that a decision is taken although it breaks a rule
	slip        float64    // the probability that a voucher has a forbidden use
	hopeless    bool       // does not meet the conditions of article 6
}

var (
	good   = &profile{executionLo: .85, executionHi: .99, grades: [2]float64{.55, 1}, tardy: .04, slip: .002}
	steady = &profile{executionLo: .68, executionHi: .92, grades: [2]float64{.15, .96}, tardy: .1, defiant: .05,
		slip: .006}
	slow = &profile{executionLo: .2, executionHi: .52, grades: [2]float64{.05, .9}, tardy: .25, defiant: .3,
		slip: .006}
	careless = &profile{executionLo: .6, executionHi: .97, grades: [2]float64{.1, .85}, tardy: .4,
		defiant: .75, slip: .05}
	failing = &profile{executionLo: .35, executionHi: .75, tardy: .08, defiant: .4, slip: .03}
	young   = &profile{late: true, executionLo: .5, executionHi: .9, grades: [2]float64{.2, .95}, tardy: .12,
		defiant: .05, slip: .008}
	hopeless = &profile{executionLo: .5, executionHi: .9, grades: [2]float64{.05, .85}, tardy: .3, defiant: .5,
		slip: .01, hopeless: true}
)

// profileDeck holds the profiles in the order in which centers get them.
var profileDeck = []*profile{
	good, good, good, good, good, good, steady, steady, steady, steady, steady,
	slow, slow, slow, careless, careless, failing, young, young, hopeless,
}

// center is one center with the offices that deal with it and their plans.
type center struct {
	*province
	number  int
	id      events.CenterID
	rng     *rand.Rand
	profile *profile
	story   func(*center)
	history *aggregates.Center
	written uint64 // the number of records written

	facts        events.Facts
	city         string
	registeredOn events.Date
	plaqueOn     events.Date
	bookOn       events.Date // the date of the latest task book
	supportYears []int
	revokedOn    events.Date
	grades       map[int]string
	doubtful     bool // the next grade will be corrected later

	pockets  []*pocket
	count    map[string]int // last number given to a project, grant, voucher …
	clock    float64        // day of the next voucher
	perDay   float64        // vouchers a day
	spending bool
	use      float64 // share of the available money to be spent this year
}

// newCenter plans the registration of a center.
func newCenter(p *province, number int, profile *profile, story func(*center)) {
	c := &center{province: p, number: number, id: events.CenterID(fmt.Sprintf("ZJ-%04d", number)),
		rng: rand.New(rand.NewPCG(p.cfg.Seed, uint64(number))), profile: profile, story: story,
		grades: map[int]string{}, count: map[string]int{}}
	c.history = aggregates.NewCenter(c.id)
	c.perDay = float64(p.cfg.VouchersPerYear) / 365 * c.real(.4, 1.6)
	c.use = c.real(profile.executionLo, profile.executionHi)
	days := int(p.cfg.To - p.cfg.From)
	first, last := 0, min(240, days/3)
	switch {
	case profile.late:
		first, last = days/2, days*4/5
	case profile == failing: // early enough to be graded twice
		last = min(45, days/4)
	}
	p.at(p.cfg.From+events.Date(c.between(first, last)), c.register)
}

// after plans a step lo to hi days from today.
func (c *center) after(lo, hi int, do func()) {
	c.at(c.today+events.Date(c.between(lo, hi)), do)
}

// inTerm plans a step that has a term, lo to hi days from today. A tardy office takes late to later days.
func (c *center) inTerm(lo, hi, late, later int, do func()) {
	if c.chance(c.profile.tardy) {
		lo, hi = late, later
	}
	c.after(lo, hi, do)
}

func (c *center) chance(p float64) bool       { return c.rng.Float64() < p }
func (c *center) between(lo, hi int) int      { return lo + c.rng.IntN(hi-lo+1) }
func (c *center) real(lo, hi float64) float64 { return lo + (hi-lo)*c.rng.Float64() }

func pick[T any](c *center, list []T) T { return list[c.rng.IntN(len(list))] }

// yuan and wan draw an amount in whole yuan, or in whole ten thousands of yuan.
func (c *center) yuan(lo, hi int) events.Fen { return events.Fen(c.between(lo, hi)) * 100 }
func (c *center) wan(lo, hi int) events.Fen  { return events.Fen(c.between(lo, hi)) * 10_000 * 100 }

// next returns the next number of a series, and name the next name.
func (c *center) next(series string) int { c.count[series]++; return c.count[series] }
func (c *center) name(series string) string {
	return fmt.Sprintf("%s-%04d-%02d", series, c.number, c.next(series))
}

func (c *center) active() bool { return c.plaqueOn != 0 && c.revokedOn == 0 }

// happened draws the day on which an event of today's record happened: today, some days ago, or weeks ago if the
// paper was left lying; never before floor.
func (c *center) happened(floor events.Date) events.Date {
	lag := 0
	switch r := c.rng.Float64(); {
	case r < .025+.08*c.profile.tardy:
		lag = c.between(min(15, c.cfg.LateDays), c.cfg.LateDays)
	case r < .5:
		lag = c.between(1, 4)
	}
	return max(c.today-events.Date(lag), floor, c.registeredOn)
}

// enter writes a record if the aggregate of the center accepts it, and returns the record, or nil. A decision that
// breaks a rule is given up, or taken outside the system and written in record mode.
func (c *center) enter(kind events.Kind, role events.Role, on events.Date, data events.Payload) *events.Record {
	if c.stopped {
		return nil
	}
	r := &events.Record{Kind: kind, Center: c.id, On: on, By: events.By{Role: role, Actor: c.actor(role)},
		Mode: events.Enforce, Data: data}
	verdict := c.history.Judge(r, c.timeline)
	if len(verdict.Nonsense) > 0 {
		return nil
	}
	if len(verdict.Breaches) > 0 {
		if !c.chance(c.profile.defiant) {
			return nil
		}
		r.Mode = events.Recording
	}
	if r.Mode == events.Recording || documented[kind] {
		r.Doc = c.document(c.letterhead(kind, role), on)
	}
	r.ID = c.newID()
	if c.chance(.25) {
		r.Evidence = []events.Evidence{{Name: attachment(kind, c.rng), SHA256: c.digest()}}
	}
	if on < c.today-14 {
		r.Note = "补记"
	}
	c.written++
	c.position++
	recorded := &events.Recorded{Record: *r, Revision: c.written, Position: c.position, RecordedAt: morning(c.today),
		Entry: events.Entry{EnteredBy: r.By.Actor, Policy: verdict.Policy, Warnings: verdict.Warnings}}
	if r.Mode == events.Recording {
		recorded.Breaks = verdict.Breaks()
	}
	if err := c.history.Apply(recorded); err != nil {
		c.fail(fmt.Errorf("simulator: apply %s of %s on %v: %w", kind, c.id, on, err))
		return nil
	}
	if !c.yield(r, nil) {
		c.stopped = true
		return nil
	}
	return r
}

// morning returns the time of a day at which the offices write.
func morning(d events.Date) time.Time {
	y, m, day := d.Civil()
	return time.Date(y, time.Month(m), day, 9, 0, 0, 0, events.Shanghai)
}

// newID draws an id of the form of a random UUID (version 4).
func (c *center) newID() uuid.UUID {
	var id uuid.UUID
	c.fill(id[:])
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id
}

// digest draws random hexadecimal digits in place of the SHA-256 of a file.
func (c *center) digest() string {
	var sum [32]byte
	c.fill(sum[:])
	return hex.EncodeToString(sum[:])
}

func (c *center) fill(b []byte) {
	for i := range b {
		b[i] = byte(c.rng.Uint32())
	}
}

// actor returns the name of the account that writes for a role.
func (c *center) actor(role events.Role) string {
	if role == events.CenterRole {
		return fmt.Sprintf("c-%04d", c.number)
	}
	return fmt.Sprintf("%s-%02d", offices[role], c.between(1, 6))
}

// letterhead is the prefix of a document number.
func (c *center) letterhead(kind events.Kind, role events.Role) string {
	switch {
	case kind == events.KindSpecialMeetingDecided:
		return "浙科委专纪"
	case role == events.LocalGov:
		return string([]rune(c.city)[0]) + "政办发"
	}
	return letterheads[role]
}
