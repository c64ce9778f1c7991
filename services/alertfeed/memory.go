package alertfeed

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/go-json-experiment/json"

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
		return m, false, fmt.Errorf("alertfeed: what is remembered of the stream cannot be read: %w", err)
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
		return fmt.Errorf("alertfeed: what is to be remembered of the stream cannot be written: %w", err)
	}
	return nil
}
