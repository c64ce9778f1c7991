package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/files"
	"github.com/taizhang/taizhang/services/logstore"
	"github.com/taizhang/taizhang/services/sealing"
)

// sealBackup returns the path of the backup of the seals, beside a backup of the ledger. It is a file in any case.
func sealBackup(path string) string {
	return strings.TrimRight(strings.TrimSuffix(path, ".tar"), "/") + ".seal.tar"
}

// sealsCopied is a backup of the seals of a ledger.
type sealsCopied struct {
	path        string
	archive     []byte // nil for a ledger without seals
	checkpoints int
}

// packSeals reads the seals of the ledger for a backup. It is called before the records are copied, so that the backup
// has every record that a checkpoint in it covers.
func (a *app) packSeals(backup string) (c sealsCopied, err error) {
	c.path = sealBackup(backup)
	c.archive, c.checkpoints, err = sealing.Pack(a.dir)
	return c, err
}

// write writes the backup of the seals, if there are any and it changed.
func (c *sealsCopied) write() error {
	if c.archive == nil {
		return nil
	}
	if there, err := os.ReadFile(c.path); err == nil && bytes.Equal(there, c.archive) {
		return nil
	}
	return files.Replace(c.path, c.archive)
}

// tellSeals prints the number of checkpoints in a backup for people.
func (a *app) tellSeals(c sealsCopied) {
	if c.archive != nil && a.output == tableOutput {
		a.print("%s：%d 个检查点，不含台账私钥", "%s: %d checkpoints, without the ledger's private key", c.path,
			c.checkpoints)
	}
}

// restoreSeals prepares the seals of a backup in the directory of the ledger, from which place moves them to their
// name. It returns nil if the backup has none.
func (a *app) restoreSeals(backup string) (prepared *restored, err error) {
	archive, err := os.ReadFile(sealBackup(backup))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	dir := filepath.Join(a.dir, sealing.Name+logstore.PartialName)
	_, missing := os.Stat(a.dir)
	prepared = &restored{Copied: desk.Copied{Path: filepath.Join(a.dir, sealing.Name)}, dir: dir,
		isNew: errors.Is(missing, fs.ErrNotExist)}
	if err := errors.Join(logstore.MakeDir(a.dir), os.RemoveAll(dir)); err != nil { // of a restore that was cut short
		return nil, err
	}
	checkpoints, err := sealing.Unpack(archive, dir)
	if err != nil {
		return nil, errors.Join(err, prepared.drop())
	}
	prepared.Events = uint64(checkpoints)
	return prepared, nil
}

// tellRestoredSeals prints what of the sealing a restore brought back.
func (a *app) tellRestoredSeals(seals *restored) {
	if seals != nil && a.output == tableOutput {
		a.print("%s：%d 个检查点；备份不含台账私钥，放回后才能封存：taizhang seal key restore 文件",
			"%s: %d checkpoints; the ledger's private key is in no backup, and nothing is sealed before it is put "+
				"back with taizhang seal key restore FILE", seals.Path, seals.Events)
	}
}
