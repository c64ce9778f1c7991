package alertfeed

import (
	"errors"
	"io/fs"
	"os"

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
