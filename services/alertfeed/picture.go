package alertfeed

import (
	"strings"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
)

// word is the state in the last message of a subject.
type word struct {
	sequence uint64     // the sequence of the message in the stream
	at       At         // zero if no publisher wrote it
	state    AlertState // its Kind is "" if no publisher wrote the message
}

// picture holds the last message of every subject, as far as the publisher has read the stream.
type picture struct {
	words    map[string]word
	byCenter map[string]map[string]struct{} // the subjects under each center token
	others   map[string]struct{}            // subjects that are neither the head nor an alert
	open     map[aggregates.Severity]int    // the number of raised subjects
	// of all alerts: the latest life, and within it the greatest position and the latest date
	peak     At
	last     uint64 // the greatest sequence of all messages
	source   string // the source of messages of the latest life; "" if no publisher wrote any
	sourceAt At     // the At of one of these messages

	headSequence uint64 // 0 for no head
	head         *Head  // nil for no head, or if no publisher wrote it
}

func newPicture() *picture {
	return &picture{words: map[string]word{}, byCenter: map[string]map[string]struct{}{},
		others: map[string]struct{}{}, open: map[aggregates.Severity]int{}}
}

// take adds a message of the stream, and reports whether it was new.
func (p *picture) take(subject string, sequence uint64, body []byte) bool {
	p.last = max(p.last, sequence)
	if subject == HeadSubject {
		if sequence <= p.headSequence {
			return false
		}
		p.headSequence, p.head = sequence, nil
		if m, err := Decode(subject, body); err == nil {
			p.head = m.Head
			p.heed(m.Head.At, m.Source)
		}
		return true
	}
	if before, ok := p.words[subject]; ok && sequence <= before.sequence { // usually a message of this publisher
		return false
	}
	if _, ok := ParseSubject(subject); !ok {
		p.others[subject] = struct{}{}
		return false
	}
	w := word{sequence: sequence}
	if m, err := Decode(subject, body); err == nil {
		w.at, w.state = m.At(), m.State()
		p.heed(w.at, m.Source)
	}
	p.set(subject, w)
	return true
}

// set sets the last message of the subject of an alert.
func (p *picture) set(subject string, w word) {
	p.count(subject, -1)
	p.words[subject] = w
	p.count(subject, 1)
	p.last = max(p.last, w.sequence)
	token := centerOf(subject)
	if p.byCenter[token] == nil {
		p.byCenter[token] = map[string]struct{}{}
	}
	p.byCenter[token][subject] = struct{}{}
	switch c := w.at.life(p.peak); {
	case c > 0:
		p.peak = w.at
	case c == 0:
		p.peak.Position, p.peak.Date = max(p.peak.Position, w.at.Position), max(p.peak.Date, w.at.Date)
	}
}

func (p *picture) count(subject string, by int) {
	if p.words[subject].state.Kind == Raised {
		if name, ok := ParseSubject(subject); ok {
			p.open[name.Severity] += by
		}
	}
}

// setHead sets the head.
func (p *picture) setHead(sequence uint64, h *Head, source string) {
	p.headSequence, p.head, p.last = sequence, h, max(p.last, sequence)
	p.heed(h.At, source)
}

// heed notes the source of the messages of the latest life. It changes once in a life, when the ledger gets its
// first record.
func (p *picture) heed(at At, source string) {
	if c := at.life(p.sourceAt); c > 0 || c == 0 && p.source == NoLedger {
		p.source, p.sourceAt = source, at
	}
}

// counts returns the number of open alerts of each severity.
func (p *picture) counts() Counts {
	return Counts{p.open[aggregates.Red], p.open[aggregates.Yellow], p.open[aggregates.Blue]}
}

// subjects returns the number of subjects in the stream.
func (p *picture) subjects() int {
	n := len(p.words) + len(p.others)
	if p.headSequence != 0 {
		n++
	}
	return n
}

// of returns the subjects of a center.
func (p *picture) of(center events.CenterID) map[string]struct{} {
	return p.byCenter[centerToken(center)]
}

// centerOf returns the center token in the subject of an alert.
func centerOf(subject string) string {
	token, _, _ := strings.Cut(strings.TrimPrefix(subject, alertPrefix), ".")
	return token
}

// centerOfToken returns the center that a center token stands for.
func centerOfToken(token string) events.CenterID {
	id, _ := parseCenterToken(token)
	return id
}
