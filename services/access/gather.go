package access

import (
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// noted is the body of access.noted: a request, the account, and how often it was made within a minute. The first
// request is written within a second, the count of the others when the minute is over, with the same At. Readers
// add both.
type noted struct {
	At time.Time `json:"at"` // the time of the first within the minute
	noteKey
	Count int `json:"count"`
}

// noteKey holds the values that two notes must share to be counted together.
type noteKey struct {
	Kind    string          `json:"kind"`    // LogRead, LogDenied, LogLogin or LogAct
	Account string          `json:"account"` // "" for an unknown account
	Verb    string          `json:"verb"`
	Object  string          `json:"object"`
	Center  events.CenterID `json:"center"`
	Outcome string          `json:"outcome"`
	Source  string          `json:"source"`
}

// These limits bound the notes of a minute. Further requests are counted under a common name, so that a flood of
// them takes bounded memory and disk. Unauthenticated requests have limits of their own, so that they cannot
// displace those of accounts.
const (
	sourcesMax   = 10_000
	otherSources = "other sources"
	otherObjects = "other objects"
	lostEntries  = "entries for which there was no room"
	objectMax    = 100     // length of an object, in characters
	overdueMax   = 200_000 // notes that wait while the log cannot be written
)

// limits bound the notes of a side within a minute: in all, and of one source or account.
type limits struct{ notes, ofOne int }

var (
	ofStrangers = limits{notes: 20_000, ofOne: 100}    // without a known account; ofOne counts by source
	ofAccounts  = limits{notes: 50_000, ofOne: 10_000} // ofOne counts by account
)

// side counts the notes of requests without an account, or of those with one.
type side struct {
	limits
	one     func(noteKey) string // returns the source or account that limits.ofOne counts by
	count   int
	sources map[string]struct{}
	ofOne   map[string]int
}

func newSide(l limits, one func(noteKey) string) *side {
	return &side{limits: l, one: one, sources: map[string]struct{}{}, ofOne: map[string]int{}}
}

// note counts the requests of the current minute under one key.
type note struct {
	key   noteKey
	first time.Time
	count int // not written yet
}

// gatherer gathers notes until they are written.
type gatherer struct {
	mu        sync.Mutex
	minute    int64 // since 1970
	notes     map[noteKey]*note
	fresh     []*note // the notes of which nothing is written yet
	strangers *side
	accounts  *side
	overdue   []noted // of earlier minutes
	lost      int     // the number of notes that did not fit while the log could not be written
}

// add counts a request at an instant.
func (g *gatherer) add(key noteKey, at time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.turn(at)
	n := g.notes[key]
	if n == nil {
		of := g.accounts
		if key.Account == "" || key.Verb == verbToken || key.Kind == LogLogin {
			of = g.strangers
		}
		key = of.room(key)
		if n = g.notes[key]; n == nil {
			n = &note{key: key, first: at}
			g.notes[key], g.fresh = n, append(g.fresh, n)
			of.count++
			of.ofOne[of.one(key)]++
			of.sources[key.Source] = struct{}{}
		}
	}
	n.count++
}

// room returns the key to count a request under: its own, or a common one once the limit is reached.
func (s *side) room(key noteKey) noteKey {
	if _, known := s.sources[key.Source]; !known && len(s.sources) >= sourcesMax {
		key.Source = otherSources
	}
	if s.count >= s.notes || s.ofOne[s.one(key)] >= s.limits.ofOne {
		key.Object, key.Center = otherObjects, ""
	}
	if s.count >= s.notes {
		key.Source = otherSources
	}
	return key
}

// turn begins a new minute if at is in one.
func (g *gatherer) turn(at time.Time) {
	minute := at.Unix() / 60
	if minute == g.minute && g.notes != nil {
		return
	}
	g.settle()
	g.minute, g.notes, g.fresh = minute, map[noteKey]*note{}, nil
	g.strangers = newSide(ofStrangers, func(key noteKey) string { return key.Source })
	g.accounts = newSide(ofAccounts, func(key noteKey) string { return key.Account })
}

// settle moves all unwritten notes to overdue.
func (g *gatherer) settle() {
	for _, n := range g.notes {
		switch {
		case n.count == 0:
			continue
		case len(g.overdue) < overdueMax:
			g.overdue = append(g.overdue, n.take())
		default:
			g.lost += n.count
			n.count = 0
		}
	}
	g.fresh = nil
}

func (n *note) take() noted {
	out := noted{At: n.first, noteKey: n.key, Count: n.count}
	n.count = 0
	return out
}

// next returns at most countMax notes to write: those of past minutes and those of this minute that are new. With
// all set it returns every unwritten note.
func (g *gatherer) next(at time.Time, countMax int, all bool) (out []noted) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.turn(at)
	if all {
		g.settle()
	}
	if g.lost > 0 {
		out = append(out, noted{
			At: at, noteKey: noteKey{Kind: LogDenied, Verb: "log", Object: lostEntries, Outcome: "lost"},
			Count: g.lost})
		g.lost = 0
	}
	n := min(len(g.overdue), countMax-len(out))
	if out, g.overdue = append(out, g.overdue[:n]...), g.overdue[n:]; len(g.overdue) == 0 {
		g.overdue = nil // frees its memory
	}
	for len(out) < countMax && len(g.fresh) > 0 {
		if n := g.fresh[0]; n.count > 0 {
			out = append(out, n.take())
		}
		g.fresh = g.fresh[1:]
	}
	return out
}

// plain holds the characters of most texts from outside, such as addresses and paths.
const plain = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ./:-_"

// clean returns a text from outside in a form that is safe to show: clipped, without control characters.
func clean(s string) string {
	if len(s) <= objectMax && strings.Trim(s, plain) == "" {
		return s
	}
	s = text.Clip(s, objectMax)
	var out strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			out.WriteString(`\x` + strconv.FormatUint(uint64(s[0]), 16))
		case strconv.IsPrint(r):
			out.WriteString(s[:size])
		default:
			out.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
		s = s[size:]
	}
	return out.String()
}
