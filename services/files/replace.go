package files

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
)

// Replace writes a file of the program's own, for its owner alone, in place of the one that is there. After a power cut it is the
// old one or the new one, whole; after Replace returned, the new one.
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
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
