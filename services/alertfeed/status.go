package alertfeed

import (
	"time"

	"github.com/taizhang/taizhang/events/text"
)

// FeedStatus is how the feed does.
type FeedStatus struct {
	State     string     `json:"state"`    // of the states below
	Reason    text.Text  `json:"reason"`   // why it does not publish; empty when it does
	Server    string     `json:"server"`   // the URL where the stream is
	At        At         `json:"at"`       // of the head: all subjects are right as of it; zero for none, or if it is of another history than the ledger
	Position  uint64     `json:"position"` // of the ledger
	Behind    uint64     `json:"behind"`   // how many positions of the ledger the head has not reached
	Seconds   float64    `json:"seconds"`  // for how long it has been behind, or has not published
	Silent    float64    `json:"silent"`   // for how many seconds it has not published; 0 while it does
	Subjects  int        `json:"subjects"`
	Open      Counts     `json:"open"`
	Published Published  `json:"published"`
	Consumers []Consumer `json:"consumers"`
}

// The states of a publisher.
const (
	StateConnecting = "connecting" // it reads the stream, or cannot reach it
	StatePublishing = "publishing"
	StateRestating  = "restating" // it states every alert again
	StateBehind     = "behind"    // another publisher knows more, so it says nothing
	StateStopped    = "stopped"   // what it would say could be false
)

// Published counts what a process has published.
type Published struct {
	Raised      uint64 `json:"raised"`
	Cleared     uint64 `json:"cleared"`
	Withdrawn   uint64 `json:"withdrawn"`
	Heads       uint64 `json:"heads"`
	Generations uint64 `json:"generations"`
}

// count counts a message.
func (p *Published) count(m *Message) {
	switch {
	case m.Head != nil:
		p.Heads++
	case m.Alert.State == Raised:
		p.Raised++
	case m.Alert.State == Cleared:
		p.Cleared++
	default:
		p.Withdrawn++
	}
}

// Consumer is how far a durable consumer has come.
type Consumer struct {
	Name    string `json:"name"`
	Pending uint64 `json:"pending"` // messages that it has not got
	Unacked int    `json:"unacked"` // messages that it has got and not acknowledged
}

// show shows how far the feed has come.
func (s *session) show() {
	position := s.cfg.Desk.Position()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Subjects, s.status.Open = s.picture.subjects(), s.picture.counts()
	switch {
	case s.isOther:
		s.status.At = At{} // positions there are of other records
	case s.picture.head != nil:
		s.status.At = s.picture.head.At
	}
	if s.status.At.Position >= position {
		s.behindSince = time.Time{}
	}
}

// moved notes that the ledger has moved on.
func (s *session) moved() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.behindSince.IsZero() {
		s.behindSince = time.Now()
	}
}

func (s *session) setServer(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Server = url
}

func (s *session) counted(m *Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Published.count(m)
}
