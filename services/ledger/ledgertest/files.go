// Package ledgertest opens files to import, for tests.
package ledgertest

import (
	"os"
	"testing"

	"github.com/taizhang/taizhang/services/ledger"
)

// Files opens files of JSON Lines to import. They are closed when the test ends.
func Files(t testing.TB, paths ...string) []ledger.ImportFile {
	t.Helper()
	list, err := Open(paths...)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		t.Cleanup(func() { f.Content.(*os.File).Close() })
	}
	return list
}

// Open opens files of JSON Lines to import, for a process that ends soon.
func Open(paths ...string) ([]ledger.ImportFile, error) {
	var list []ledger.ImportFile
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		info, err := f.Stat()
		if err != nil {
			return nil, err
		}
		list = append(list, ledger.ImportFile{Name: path, Content: f, Bytes: info.Size()})
	}
	return list, nil
}
