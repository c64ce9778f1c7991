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

// noted is the body of access.noted: what was asked and by whom, and how often within a minute. The first of a minute are written
// within a second, the rest of them when the minute is over, with the same At. Whoever reads the log adds the two up.
type noted struct {
	At time.Time `json:"at"` // of the first within the minute
	noteKey
	Count int `json:"count"`
}

// noteKey is what makes two notes of a minute one.
type noteKey struct {
	Kind    string          `json:"kind"`    // LogRead, LogDenied or LogLogin
	Account string          `json:"account"` // "" if it is not known
	Verb    string          `json:"verb"`
	Object  string          `json:"object"`
	Center  events.CenterID `json:"center"`
	Outcome string          `json:"outcome"`
	Source  string          `json:"source"`
}

// Limits on what is noted within a minute. What goes beyond is counted under a common name, so that no flood of requests takes
// more than a bounded share of memory and disk. Strangers have limits of their own: they cannot crowd out what accounts do.
const (
	sourcesMax   = 10_000
	otherSources = "other sources"
	otherObjects = "other objects"
	objectMax    = 100     // characters of an object
	overdueMax   = 200_000 // notes that wait while the log cannot be written
)

// limits are those of one side within a minute.
type limits struct{ notes, ofOne int }

var (
	ofStrangers = limits{notes: 20_000, ofOne: 100}    // of whom no account is known; ofOne source
	ofAccounts  = limits{notes: 50_000, ofOne: 10_000} // ofOne account
)

// side counts the notes of strangers, or those of accounts.
type side struct {
	limits
	one     func(noteKey) string // whom ofOne of limits is of
	count   int
	sources map[string]struct{}
	ofOne   map[string]int
}

func newSide(l limits, one func(noteKey) string) *side {
	return &side{limits: l, one: one, sources: map[string]struct{}{}, ofOne: map[string]int{}}
}

// note is what was asked within the current minute under one key.
type note struct {
	key   noteKey
	first time.Time
	count int // that is not written yet
}

// gatherer gathers notes until they are written.
type gatherer struct {
	mu        sync.Mutex
	minute    int64 // since 1970
	notes     map[noteKey]*note
	fresh     []*note // those of which nothing is written yet
	strangers *side
	accounts  *side
	overdue   []noted // of minutes that are over
	lost      int     // notes for which there was no room while the log could not be written
}

// add counts what was asked at an instant.
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

// room returns the key under which something new is counted: its own while there is room.
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

// turn begins another minute if it is time.
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

// settle puts all that is not written among what is overdue.
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

// next returns at most countMax notes to write. It takes the notes of past minutes and the notes of this minute that were never
// written; with all set it takes every note.
func (g *gatherer) next(at time.Time, countMax int, all bool) (out []noted) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.turn(at)
	if all {
		g.settle()
	}
	if g.lost > 0 {
		out = append(out, noted{At: at, noteKey: noteKey{Kind: LogDenied, Verb: "log", Object: "entries for which there was no room", Outcome: "lost"}, Count: g.lost})
		g.lost = 0
	}
	n := min(len(g.overdue), countMax-len(out))
	if out, g.overdue = append(out, g.overdue[:n]...), g.overdue[n:]; len(g.overdue) == 0 {
		g.overdue = nil // gives its memory back
	}
	for len(out) < countMax && len(g.fresh) > 0 {
		if n := g.fresh[0]; n.count > 0 {
			out = append(out, n.take())
		}
		g.fresh = g.fresh[1:]
	}
	return out
}

// plain is what most of the texts from outside consist of: addresses and paths.
const plain = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ./:-_"

// clean returns a text from outside as the log shows it: not too long, and with nothing that a terminal would obey.
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
