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

// memory is what a publisher remembers of the stream in a small file while it does not run. It shows that an old
// copy of the stream was put back, or that the stream lost its last messages in a power cut.
type memory struct {
	Generation uint64 `json:"generation"` // of the last head that the publisher wrote or read
	Head       uint64 `json:"head"`       // the sequence of that head
	Last       uint64 `json:"last"`       // a sequence that the stream had reached
	Subjects   int    `json:"subjects"`   // the number of subjects in the stream
	// alerts were written that no head follows yet, or the stream has lost something
	Open bool `json:"open"`
	// the earliest epoch to publish under since a person asked to restate everything; "" for none
	Epoch string `json:"epoch"`
}

// recall reads the memory. ok is false if the file is missing or damaged: then nothing is known of the stream.
func recall(path string) (m memory, ok bool, err error) {
	content, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return m, false, nil
	case err != nil:
		return m, false, unkept(err)
	}
	if err := json.Unmarshal(content, &m); err != nil {
		return memory{}, false, nil // a file that was cut off
	}
	return m, true, nil
}

// remember writes the memory. It is durable on return.
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

// unkept returns the error for a memory that cannot be read or written, which is no fault of the server.
func unkept(err error) error {
	return &text.Error{Code: text.Conflict, Cause: err,
		What: text.Say("预警推送的状态文件无法读写：%[1]v。请检查台账目录的磁盘空间和权限", "the file in which the "+
			"feed remembers what it published cannot be read or written: %[1]v; look at the room and the rights of "+
			"the directory of the ledger", err)}
}

// remember writes the state of the stream to the memory.
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

// mark writes to the memory that messages may follow the last head. It is called before the first alert after a
// head is published.
func (s *session) mark() error {
	s.isComplete = false
	if s.memory.Open {
		return nil
	}
	s.memory.Open = true
	return s.remember()
}

// close writes to the memory that a head follows all messages, once nothing was published for the time quiet.
// Writing a file durably at each head would delay the next alerts, and writers to the ledger on the same disk. If
// the process crashes before, the next start restates everything.
func (s *session) close(quiet time.Duration) error {
	if !s.isClosable() || time.Since(s.headed) < quiet {
		return nil
	}
	s.memory.Open = false
	return s.remember()
}

// isClosable reports whether no alert was published after the last head of this publisher and the memory does not
// have this yet.
func (s *session) isClosable() bool {
	return s.isComplete && !s.doubt && (s.memory.Open || s.memory.Head < s.ended)
}
