package replica

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/taizhang/taizhang/events/text"
)

// marker is the name of a file in the directory of a copy. With it no copy is opened as a ledger for writing, and no
// ledger is used as a copy.
const marker = "copy-of-a-record"

// IsCopy reports whether a directory is that of a copy.
func IsCopy(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, marker))
	return err == nil
}

// mark creates the marker durably. It returns an error if the directory has a ledger.
func mark(dir string) error {
	if IsCopy(dir) {
		return nil
	}
	there, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("replica: open: %w", err)
	}
	for _, entry := range there {
		if strings.HasSuffix(entry.Name(), ".log") {
			return text.Errorf(text.Conflict, "目录 %s 中已有一份自己的台账，不是集群记录的本地副本；请换一个目录",
				"the directory %s holds a ledger of its own, not a copy of the record in a cluster; take another "+
					"directory", dir)
		}
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("replica: open: %w", err)
	}
	f, err := os.Create(filepath.Join(dir, marker))
	if err == nil {
		_,
			err = f.WriteString(
			"The log in this directory is a copy of a record that is kept elsewhere. It may be thrown away.\n")
		err = errors.Join(err, f.Sync(), f.Close())
	}
	if err != nil {
		return fmt.Errorf("replica: open: %w", err)
	}
	return nil
}
