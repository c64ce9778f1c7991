package alertfeed

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/files"
)

// memory is what a publisher remembers of the stream while it does not run, in a small file. With it a publisher sees that the
// stream was put back from an old copy, or lost its last messages in a power cut.
type memory struct {
	Generation uint64 `json:"generation"` // of the last head that it wrote or saw
	Head       uint64 `json:"head"`       // the sequence of that head
	Last       uint64 `json:"last"`       // a sequence that the stream had reached
	Subjects   int    `json:"subjects"`   // how many subjects the stream had
	Open       bool   `json:"open"`       // it wrote alerts that no head follows yet, or saw that the stream has lost something
	Epoch      string `json:"epoch"`      // the least epoch that it publishes under, since it was told to state everything again; "" for none
}

// recall reads the memory. ok is false if there is none, or none that can be read: nothing is known of the stream then.
func recall(path string) (m memory, ok bool, err error) {
	content, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return m, false, nil
	case err != nil:
		return m, false, unkept(err)
	}
	if err := json.Unmarshal(content, &m); err != nil {
		return memory{}, false, nil // a copy of a disk that was cut off in the middle
	}
	return m, true, nil
}

// remember writes the memory, durably.
func (m memory) remember(path string) error {
	content, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if err := files.Replace(path, content); err != nil {
		return unkept(err)
	}
	return nil
}

// unkept is the error of a memory that cannot be read or written. The server has no part in it.
func unkept(err error) error {
	return &text.Error{Code: text.Conflict, Cause: err,
		What: text.Say("预警推送的状态文件无法读写：%[1]v。请检查台账目录的磁盘空间和权限", "the file in which the feed remembers what it published cannot be read or written: %[1]v; look at the room and the rights of the directory of the ledger", err)}
}

// remember writes what is known of the stream.
func (s *session) remember() error {
	s.memory.Last, s.memory.Subjects, s.memory.Head = s.picture.last, s.picture.subjects(), s.picture.headSequence
	if s.picture.head != nil {
		s.memory.Generation = s.picture.head.At.Generation
	}
	s.memory.Open = s.memory.Open || s.doubt
	if err := s.memory.remember(s.cfg.Memory); err != nil {
		return err
	}
	s.known = true
	return nil
}

// mark remembers, before the first alert after a head is published, that there may be messages which no head follows.
func (s *session) mark() error {
	s.isComplete = false
	if s.memory.Open {
		return nil
	}
	s.memory.Open = true
	return s.remember()
}

// close remembers that a head follows all messages, once nothing was published for some time: a file that is written durably at
// each head would hold up the alerts after it, and those who write to the ledger on the same disk. Until then a start after a crash
// states everything again.
func (s *session) close(quiet time.Duration) error {
	if !s.isClosable() || time.Since(s.headed) < quiet {
		return nil
	}
	s.memory.Open = false
	return s.remember()
}

// isClosable reports whether no alert was published after the last head of this publisher, and this is not remembered yet.
func (s *session) isClosable() bool {
	return s.isComplete && !s.doubt && (s.memory.Open || s.memory.Head < s.ended)
}
