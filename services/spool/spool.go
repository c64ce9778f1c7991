package spool

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"go.uber.org/zap"
)

// Spool is a directory that only its owner may read.
type Spool struct {
	Keep uint64 // the number of bytes that its files leave free on the disk
	dir  string
}

// keepDefault is how much is left free, because the ledger writes to the same disk and stops when it is full.
const keepDefault = 256 << 20

// These begin the names in a spool. Nothing else is removed from it, because the directory may be a link to a larger
// disk.
const (
	dirPrefix  = "import-"
	filePrefix = "report-"
)

// New returns the spool in a directory. It makes the directory and removes what an earlier server left in it. If it
// cannot do so, it writes the reason to the log, because a server without a spool can still answer.
func New(dir string, log *zap.Logger) *Spool {
	if err := emptied(dir); err != nil {
		log.Error("the spool cannot be emptied", zap.Error(err))
	}
	return &Spool{Keep: keepDefault, dir: dir}
}

// emptied makes a directory that only its owner may read, and removes what an earlier server left in it.
func emptied(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return err
	}
	list, err := os.ReadDir(dir)
	for _, entry := range list {
		if !strings.HasPrefix(entry.Name(), dirPrefix) && !strings.HasPrefix(entry.Name(), filePrefix) {
			continue
		}
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, entry.Name())))
	}
	return err
}

// Dir returns a new directory in the spool. The caller removes it.
func (s *Spool) Dir() (string, error) { return os.MkdirTemp(s.dir, dirPrefix) }

// File returns a new file without a name, which vanishes when it is closed.
func (s *Spool) File() (*os.File, error) {
	f, err := os.CreateTemp(s.dir, filePrefix+"*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Writer returns a writer to a file in the spool. It returns text.Unavailable if the disk has too little room.
func (s *Spool) Writer(to io.Writer) io.Writer { return &sparing{to: to, spool: s} }
