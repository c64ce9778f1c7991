package files

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
)

// Replace writes a file that only its owner may read, in place of the existing one. After a power cut the file is
// either the old one or the new one, complete. When Replace returns, the new file is durable.
func Replace(path string, content []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), unfinished+"*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // does nothing after the file was renamed
	_, err = f.Write(content)
	if err := errors.Join(cmp.Or(err, f.Sync()), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return SyncDir(filepath.Dir(path))
}

// SyncDir makes the names of the files in a directory durable.
func SyncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
