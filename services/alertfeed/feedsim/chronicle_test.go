package feedsim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/taizhang/taizhang/docs/feedtest"
	"github.com/taizhang/taizhang/services/alertfeed"
)

// chronicle holds every message that was ever stored; the stream itself forgets.
type chronicle struct {
	mu      sync.Mutex
	lives   []*life
	stored  int
	changed chan struct{} // closed and replaced when a message is stored
	wrong   []string
}

// life is the stream between two events that replace it: made or put back, and deleted or put back again.
type life struct {
	messages map[uint64]written // by their sequences
	purges   []purge
	base     uint64 // the last sequence of the copy from which it was put back
}

type written struct {
	*alertfeed.Message
	body string
	by   int // the publisher; -1 for one found in the stream
}

// purge is a purge of the messages of a subject up to a sequence.
type purge struct {
	upTo    uint64
	subject string // "" for all
}

func newChronicle() *chronicle {
	return &chronicle{lives: []*life{{messages: map[uint64]written{}}}, changed: make(chan struct{})}
}

// now returns the number of the life of the stream.
func (c *chronicle) now() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.lives) - 1
}

// begin begins another life of the stream.
func (c *chronicle) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lives = append(c.lives, &life{messages: map[uint64]written{}})
}

// add adds a message that was stored.
func (c *chronicle) add(in int, sequence uint64, subject, contentType string, body []byte, by int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	of := c.lives[in].messages
	if was, ok := of[sequence]; ok {
		if was.Subject != subject || was.body != string(body) {
			c.wrong = append(c.wrong,
				fmt.Sprintf("message %d.%d is %s and was %s", in, sequence, subject, was.Subject))
		}
		return
	}
	m, err := alertfeed.Decode(subject, body)
	if err != nil {
		c.wrong = append(c.wrong, fmt.Sprintf("message %d.%d: %v: %s", in, sequence, err, body))
		return
	}
	if err := feedtest.Validate(subject, contentType, body); err != nil {
		c.wrong = append(c.wrong, fmt.Sprintf("message %d.%d is not as documented: %v", in, sequence, err))
	}
	of[sequence] = written{m, string(body), by}
	c.stored++
	close(c.changed)
	c.changed = make(chan struct{})
}

// head returns the last head of the stream, or nil.
func (c *chronicle) head() *alertfeed.Head {
	c.mu.Lock()
	defer c.mu.Unlock()
	var last uint64
	l := c.lives[len(c.lives)-1]
	for sequence, m := range l.messages {
		if m.Head != nil && !l.gone(sequence, m.Subject) {
			last = max(last, sequence)
		}
	}
	return l.messages[last].head()
}

func (m written) head() *alertfeed.Head {
	if m.Message == nil {
		return nil
	}
	return m.Head
}

// gone reports whether a purge removed a message.
func (l *life) gone(sequence uint64, subject string) bool {
	return slices.ContainsFunc(l.purges,
		func(p purge) bool { return sequence <= p.upTo && (p.subject == "" || p.subject == subject) })
}

// known returns the sequences of the messages of a life.
func (c *chronicle) known(in int) map[uint64]bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := map[uint64]bool{}
	for sequence := range c.lives[in].messages {
		found[sequence] = true
	}
	return found
}

// purgedAlone reports whether a purge removed a message of this subject and no other.
func (c *chronicle) purgedAlone(subject string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.lives, func(l *life) bool {
		return slices.ContainsFunc(l.purges, func(p purge) bool { return p.subject == subject })
	})
}

// subjects returns the subjects of the stream, in order.
func (c *chronicle) subjects() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := map[string]bool{}
	for _, m := range c.lives[len(c.lives)-1].messages {
		found[m.Subject] = true
	}
	return slices.Sorted(maps.Keys(found))
}

// words returns the last state of every alert in the stream.
func (c *chronicle) words() truth {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.lives[len(c.lives)-1]
	last, found := map[string]written{}, truth{}
	var begun, generation uint64
	for _, sequence := range slices.Sorted(maps.Keys(l.messages)) {
		m := l.messages[sequence]
		switch {
		case l.gone(sequence, m.Subject):
		case m.Head != nil:
			begun = max(begun, m.Head.At.Generation)
			if m.Head.Phase == alertfeed.End {
				generation = begun
			}
		case m.At().Generation >= begun:
			last[m.Subject] = m
		}
	}
	for subject, m := range last {
		if m.At().Generation >= generation && m.State().Kind != alertfeed.Withdrawn {
			found[subject] = m.State()
		}
	}
	return found
}

// about lists the heads, and the messages whose subjects are in a text.
func (c *chronicle) about(text string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b strings.Builder
	b.WriteString("messages (generation, position, date):\n")
	for i, l := range c.lives {
		for _, sequence := range slices.Sorted(maps.Keys(l.messages)) {
			m := l.messages[sequence]
			what := ""
			if m.Head != nil {
				what = string(m.Head.Phase)
			} else if strings.Contains(text, m.Subject) {
				what = fmt.Sprint(m.State())
			}
			if what != "" {
				fmt.Fprintf(&b, "  %d.%d by %d: %s %s at %s, %d %d %v\n", i, sequence, m.by,
					strings.TrimPrefix(m.Subject, "taizhang.v1."), what, m.At().Epoch[18:], m.At().Generation,
					m.At().Position, m.At().Date)
			}
		}
		for _, p := range l.purges {
			fmt.Fprintf(&b, "  %d.%d purged %q\n", i, p.upTo, p.subject)
		}
	}
	return b.String()
}

// putBack notes that the stream of this life is a copy of an earlier one, up to a sequence.
func (c *chronicle) putBack(base uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lives[len(c.lives)-1].base = base
}

func (c *chronicle) purged(upTo uint64, subject string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.lives[len(c.lives)-1]
	l.purges = append(l.purges, purge{upTo, subject})
}

// grown returns the number of stored messages, and a channel that is closed when there is another one.
func (c *chronicle) grown() (int, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stored, c.changed
}

// claim is a statement about a ledger: the state of one alert, or that all are right.
type claim struct {
	who     string
	at      alertfeed.At
	subject string               // of one alert; "" for all
	state   alertfeed.AlertState // of the alert; withdrawn for one that does not exist
	head    *alertfeed.Head      // of all alerts
	words   map[string]alertfeed.AlertState
	exempt  map[string]bool // alerts about which later words were said, or whose word was purged
}

// claims returns the claims of the messages, in the order of lives and sequences, and the errors in that order.
func (c *chronicle) claims() (list []claim, wrong []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	wrong = slices.Clone(c.wrong)
	for i, l := range c.lives {
		found, bad := l.claims(i)
		list, wrong = append(list, found...), append(wrong, bad...)
	}
	return list, wrong
}

func (l *life) claims(number int) (list []claim, wrong []string) {
	last := map[string]written{}  // the last message of each subject
	words := map[string]written{} // the last one that counts
	lost := map[string]bool{}     // a purge took the last message, and nobody could see it
	var begun, generation uint64  // the last that was begun, and the last that was stated whole
	var head *alertfeed.Head
	judged := l.base == 0 // what a copy lacks is unknown until the next generation
	purges := l.purges
	for _, sequence := range slices.Sorted(maps.Keys(l.messages)) {
		for len(purges) > 0 && purges[0].upTo < sequence {
			for subject := range words {
				if purges[0].subject == "" || purges[0].subject == subject {
					delete(words, subject)
					lost[subject] = true
				}
			}
			maps.DeleteFunc(last, func(subject string, _ written) bool {
				return purges[0].subject == "" ||
					purges[0].subject == subject
			})
			if s := purges[0].subject; s == "" || s == alertfeed.HeadSubject {
				head = nil
			}
			purges = purges[1:]
		}
		m := l.messages[sequence]
		who := fmt.Sprintf("message %d.%d of publisher %d", number, sequence, m.by)
		if number > 0 && m.At().Generation < begun {
			if m.Head == nil {
				list = append(list, claim{who: who, at: m.At(), subject: m.Subject, state: m.State()})
			}
			continue
		}
		if m.Head != nil {
			if head != nil && m.At().Behind(head.At) {
				wrong = append(wrong, fmt.Sprintf("%s: head at %v after %v", who, m.At(), head.At))
			}
			head = m.Head
			if head.At.Generation > begun {
				begun = head.At.Generation
				lost = map[string]bool{}
				judged = judged || sequence > l.base
			}
			if head.Phase == alertfeed.End && judged {
				generation = begun
				list = append(list, headClaim(who, head, words, lost, generation))
			}
			continue
		}
		// A publisher that still follows a deleted stream may find its sequences in the new one, and publish the
		// same again. Consumers ignore that.
		if before, ok := last[m.Subject]; ok && number == 0 {
			if !m.At().Later(before.At()) {
				wrong = append(wrong, fmt.Sprintf("%s: %s at %v after %v", who, m.Subject, m.At(), before.At()))
			}
			if m.State() == before.State() && m.At().Generation == before.At().Generation && len(l.purges) == 0 {
				wrong = append(wrong, fmt.Sprintf("%s: %s is %v again, at %v after %v", who, m.Subject, m.State(),
					m.At(), before.At()))
			}
		}
		last[m.Subject] = m
		if m.At().Generation >= begun { // others do not count
			words[m.Subject] = m
			delete(lost, m.Subject)
		}
		list = append(list, claim{who: who, at: m.At(), subject: m.Subject, state: m.State()})
	}
	return list, wrong
}

// headClaim returns the claim of a head: the last state of every alert is right as of the head, unless its message
// includes more.
func headClaim(who string, head *alertfeed.Head, words map[string]written, lost map[string]bool,
	generation uint64) claim {
	c := claim{who: who, at: head.At, head: head, words: map[string]alertfeed.AlertState{}, exempt: maps.Clone(lost)}
	for subject, m := range words {
		switch {
		case m.At() == head.At || head.At.Later(m.At()):
			if m.At().Generation >= generation && m.State().Kind != alertfeed.Withdrawn {
				c.words[subject] = m.State()
			}
		default:
			c.exempt[subject] = true
		}
	}
	return c
}

// String implements fmt.Stringer.
func (c claim) String() string {
	if c.head != nil {
		return fmt.Sprintf("%s says that all is right at %v", c.who, c.at)
	}
	return fmt.Sprintf("%s says that %s is %v at %v", c.who, c.subject, c.state, c.at)
}
