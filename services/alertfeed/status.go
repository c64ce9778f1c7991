package alertfeed

import (
	"time"

	"github.com/taizhang/taizhang/events/text"
)

// FeedStatus is the state of the feed.
type FeedStatus struct {
	State  string    `json:"state"`  // one of the states below
	Reason text.Text `json:"reason"` // why it does not publish; empty when it does
	Server string    `json:"server"` // the URL where the stream is
	// the At of the head: all subjects are right as of it; zero for no head, or for one of another history than
	// the ledger
	At        At         `json:"at"`
	Position  uint64     `json:"position"` // the position of the ledger
	Behind    uint64     `json:"behind"`   // the number of positions that the head does not include
	Seconds   float64    `json:"seconds"`  // how long the head has been behind, or the feed has not published
	Silent    float64    `json:"silent"`   // how many seconds it has not published; 0 while it does
	Subjects  int        `json:"subjects"`
	Open      Counts     `json:"open"`
	Published Published  `json:"published"`
	Consumers []Consumer `json:"consumers"`
}

// These are the states of a publisher.
const (
	StateConnecting = "connecting" // it is reading the stream, or cannot reach it
	StatePublishing = "publishing"
	StateRestating  = "restating" // it is publishing every alert again
	StateBehind     = "behind"    // another publisher includes more, so this one publishes nothing
	StateStopped    = "stopped"   // it could publish something false
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

// Consumer is the progress of a durable consumer.
type Consumer struct {
	Name    string `json:"name"`
	Pending uint64 `json:"pending"` // messages not delivered yet
	Unacked int    `json:"unacked"` // messages delivered and not acknowledged
}

// show sets the progress of the feed in Status.
func (s *session) show() {
	position := s.cfg.Desk.Position()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Subjects, s.status.Open = s.picture.subjects(), s.picture.counts()
	switch {
	case s.isOther:
		s.status.At = At{} // its positions are of other records
	case s.picture.head != nil:
		s.status.At = s.picture.head.At
	}
	if s.status.At.Position >= position {
		s.behindSince = time.Time{}
	}
}

// moved notes that the ledger has changed.
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
