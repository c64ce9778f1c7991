package alertfeed

import (
	"context"
	"errors"
	"time"

	"github.com/taizhang/taizhang/events/text"
)

// verdict is the state that a publisher must be in now.
type verdict struct {
	state  string // StatePublishing, StateRestating (a new generation is needed), StateBehind or StateStopped
	reason text.Text

	isOther bool // the head belongs to another history than the ledger
}

func stopped(zh, en string, args ...any) verdict {
	return verdict{state: StateStopped, reason: text.Say(zh, en, args...)}
}

// otherwise returns the verdict to stop because the head belongs to another history.
func otherwise(zh, en string, args ...any) verdict {
	v := stopped(zh, en, args...)
	v.isOther = true
	return v
}

// clockAheadMax is how far the clock may be ahead of the clock of a server elsewhere.
const clockAheadMax = time.Hour

// judge returns what a publisher with the At own may do now. A publisher that could publish something false stops.
// One that is behind another publishes nothing.
func (s *session) judge(ctx context.Context, own At) (verdict, error) {
	head, peak := s.picture.head, s.picture.peak
	if s.force {
		return verdict{state: StateRestating}, nil
	}
	known := peak // the latest At of any message
	if head != nil && head.At.life(peak) >= 0 {
		if head.At.life(peak) > 0 {
			known = head.At
		} else {
			known.Position, known.Date = max(peak.Position, head.At.Position), max(peak.Date, head.At.Date)
		}
	}
	switch {
	case s.isForeign():
		return verdict{StateStopped, s.foreignWords(), true}, nil
	case s.cfg.Restart == nil && s.clock > clockAheadMax:
		return stopped("本机时钟比 NATS 服务器快 %d 分钟：请校准时钟",
			"the clock of this machine is %d minutes ahead of that of the NATS server: set it right",
			int(s.clock.Minutes())), nil
	case own.Epoch < known.Epoch:
		return otherwise("NATS 流中的预警出自后来恢复的台账：本台账较旧。确认本台账为准，可用 taizhang feed restate "+
			"重新发布全部预警",
			"the alerts in the stream are of a ledger that was restored later than this one: if this ledger is the "+
				"right one, state all alerts again with taizhang feed restate"), nil
	case own.Epoch == known.Epoch && own.Engine < known.Engine:
		return stopped("NATS 流中的预警由较新版本的程序发布：请升级本程序",
			"the alerts in the stream were judged by a newer version of the program: install that one"), nil
	case own.Epoch == known.Epoch && known.Date > own.Date+1:
		return stopped("NATS 流中的预警截至 %v，本机日期为 %v：请校准时钟；确认本机为准，可用 taizhang feed restate "+
			"重新发布全部预警",
			"the alerts in the stream are as of %v and the date here is %v: set the clock right or, if it is right, "+
				"state all alerts again with taizhang feed restate", known.Date, own.Date), nil
	}
	if head != nil && head.At.Epoch == own.Epoch && s.seen != s.picture.headSequence {
		other, err := s.isOtherHistory(ctx, head, own.Position)
		if err != nil {
			return verdict{}, err
		}
		if other {
			return otherwise("NATS 流中的预警出自另一份台账（位置 %d 的记录不同，或本台账没有）。确认本台账为准，"+
				"可用 taizhang feed restate 重新发布全部预警",
				"the alerts in the stream are of another ledger: the record at position %d is another one, or is "+
					"not here; if this ledger is the right one, state all alerts again with taizhang feed restate",
				head.At.Position), nil
		}
		if own.Position >= head.At.Position {
			s.seen = s.picture.headSequence
		}
	}
	own.Generation = known.Generation // whether a new generation is needed is decided later
	if own.Behind(known) {
		return verdict{state: StateBehind,
			reason: text.Say("NATS 流中的预警截至位置 %d、日期 %v，本机在位置 %d、日期 %v：等待本机到达",
				"the alerts in the stream are as of position %d and date %v, and this ledger is at position %d and "+
					"date %v: waiting until it is there",
				known.Position, known.Date, own.Position, own.Date)}, nil
	}
	if s.needsGeneration(own.Epoch) {
		return verdict{state: StateRestating}, nil
	}
	if head.Phase == Begin {
		return verdict{state: StateBehind,
			reason: text.Say("另一发布者正在重新发布全部预警", "another publisher is stating all alerts again")}, nil
	}
	return verdict{state: StatePublishing}, nil
}

// isForeign reports whether the stream belongs to another ledger, unless a person has confirmed that this ledger
// is right. Until this ledger has its first record, a stream of a ledger without records counts as its own.
func (s *session) isForeign() bool {
	of := s.picture.source
	return !s.force && of != "" && of != NoLedger && of != s.source
}

func (s *session) foreignWords() text.Text {
	own := text.Say("本台账是 %[1]s", "this one is %[1]s", s.source)
	if s.source == NoLedger {
		own = text.Say("本台账尚无记录", "this one has no record")
	}
	return text.Say(
		"NATS 流中的预警出自另一台账 %[1]s，%[2]s。确认本台账为准，可用 taizhang feed restate 重新发布全部预警",
		"the alerts in the stream are of another ledger, %[1]s, and %[3]s; if this ledger is the right one, state "+
			"all alerts again with taizhang feed restate",
		text.Printable(s.picture.source), own.Zh, own.En)
}

// isOtherHistory reports whether the head belongs to another ledger of the same epoch: the record at its position
// is another one, or its position is greater than this ledger can have.
func (s *session) isOtherHistory(ctx context.Context, h *Head, position uint64) (bool, error) {
	if h.At.Position > position {
		return !s.cfg.Shared, nil
	}
	record, err := s.recordAt(ctx, h.At.Position)
	return record != h.Record, err
}

// recordAt returns the id of the record at a position, or "" if there is none.
func (s *session) recordAt(ctx context.Context, position uint64) (string, error) {
	if position == 0 {
		return "", nil
	}
	ctx, cancel := context.WithTimeout(ctx, askWait)
	defer cancel()
	for e, err := range s.cfg.Desk.Ledger.ReadAll(ctx, position-1) {
		if err != nil {
			return "", err
		}
		if e.Position != position {
			return "", nil
		}
		return e.ID.String(), nil
	}
	return "", nil
}

// needsGeneration reports whether consumers may have seen messages that the stream no longer has, so that every
// alert must be published again.
func (s *session) needsGeneration(epoch string) bool {
	head := s.picture.head
	if head != nil && head.Phase == End && head.At.Generation > s.doubted {
		s.doubt = false // another publisher has restated everything since
	}
	if s.isBeingStated() {
		return false
	}
	switch {
	case s.doubt || !s.known || head == nil:
		return true
	case head.At.Epoch < epoch:
		return true // the stream and its memory may have been restored together with the ledger
	case head.At.Generation < s.memory.Generation, head.At.Generation == s.memory.Generation &&
		s.picture.headSequence < s.memory.Head:
		return true // an old copy of the stream was put back
	case head.Phase != Begin:
		return false
	}
	// a generation was begun and not ended: by this publisher before it restarted, or by another one that no
	// longer runs
	return true
}

// isBeingStated reports whether another publisher is writing a generation that settles all doubts. Without this
// check, publishers that begin one at the same time would each begin another when they see the others', without
// end.
func (s *session) isBeingStated() bool {
	head := s.picture.head
	if head == nil || head.Phase != Begin || head.Publisher == s.id || head.At.Generation < s.memory.Generation ||
		s.doubt && head.At.Generation <= s.doubted {
		return false
	}
	if !s.cfg.Shared && head.At.Generation == s.memory.Generation && s.memory.Open {
		return false // this publisher began it before it restarted
	}
	if s.begun != s.picture.last {
		s.begun, s.since = s.picture.last, time.Now()
	}
	return time.Since(s.since) <= s.cfg.Patience
}

var errNoRecord = errors.New("alertfeed: the ledger has no record at the position of its own answers")
