package sealing

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/seal"
)

// Name is the name of the directory of seals in the directory of a ledger.
const Name = "seal"

// Keeper keeps the seals of one ledger. It may be used by several goroutines.
type Keeper struct {
	dir    string // the directory of seals
	ledger *ledger.Ledger
	read   seal.Reader

	writing chan struct{} // full while files are written or a checkpoint is made
	lots    seal.Lots
}

// New returns the keeper of the seals in the directory of a ledger. It reads the ledger from read. A directory without
// seals answers text.NotFound to every question.
func New(dir string, l *ledger.Ledger, read seal.Reader) *Keeper {
	return &Keeper{dir: filepath.Join(dir, Name), ledger: l, read: read, writing: make(chan struct{}, 1)}
}

// ErrNotBegun is the error of a ledger that has never been sealed.
var ErrNotBegun = text.Errorf(text.NotFound, "台账尚未开始封存；先运行 taizhang seal init",
	"sealing of this ledger has not begun; run taizhang seal init first")

// Begun reports whether sealing of the ledger has begun.
func (k *Keeper) Begun() bool { return k.ledger.Sealing().Last != nil }

// HasKey reports whether the ledger's private key lies in the directory.
func (k *Keeper) HasKey() bool {
	_, err := os.Lstat(k.at(KeyName))
	return err == nil
}

// Log returns the key that verifies the checkpoints: the recorded one.
func (k *Keeper) Log() (seal.Key, error) {
	last := k.ledger.Sealing().Last
	if last == nil {
		return seal.Key{}, ErrNotBegun
	}
	return seal.ParseKey(last.Key)
}

// signer returns the ledger's private key. A key that is not the recorded one is refused.
func (k *Keeper) signer() (seal.Signer, error) {
	log, err := k.Log()
	if err != nil {
		return seal.Signer{}, err
	}
	s, err := k.readKey()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return s, text.Errorf(text.Unavailable,
			"%s 中没有台账私钥，不能封存，其余照常；私钥由另一进程持有的，由该进程封存；恢复备份之后，用 "+
				"taizhang seal key restore 放回私钥",
			"the ledger's private key is not in %s, so nothing is sealed; all else works. If another process "+
				"holds the key, it seals. After a restore, put the key back with taizhang seal key restore", k.dir)
	case err != nil:
		return s, err
	case s.Key.String() != log.String():
		return s, text.Errorf(text.Conflict, "%s 的公钥是 %s，与台账所记的 %s 不同；没有封存",
			"the key in %s is %s, and the ledger records %s; nothing was sealed", k.at(KeyName), s.Key.String(),
			log.String())
	}
	return s, nil
}

// readKey reads the private key. A file that others than its owner may read is refused.
func (k *Keeper) readKey() (seal.Signer, error) {
	path := k.at(KeyName)
	info, err := os.Stat(path)
	if err != nil {
		return seal.Signer{}, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return seal.Signer{}, text.Errorf(text.Forbidden, "私钥 %[1]s 他人可读（权限 %#[2]o）；先运行 chmod 600 %[1]s",
			"others may read the private key %[1]s (mode %#[2]o); run chmod 600 %[1]s first", path,
			info.Mode().Perm())
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return seal.Signer{}, err
	}
	return parseKey(path, content)
}

// root returns the root of the ledger at a size.
func (k *Keeper) root(ctx context.Context, size uint64) (tlog.Hash, error) {
	return k.lots.Root(ctx, k.read, size)
}

// Newest returns the newest checkpoint.
func (k *Keeper) Newest() (*seal.Signed, error) {
	log, err := k.Log()
	if err != nil {
		return nil, err
	}
	newest, err := k.newest(log)
	if err == nil && newest == nil {
		err = text.Errorf(text.NotFound, "%s 中没有检查点", "there is no checkpoint in %s", k.dir)
	}
	return newest, err
}

// newest returns the newest checkpoint, or nil.
func (k *Keeper) newest(log seal.Key) (*seal.Signed, error) {
	sizes, err := k.sizes()
	if err != nil || len(sizes) == 0 {
		return nil, err
	}
	return k.checkpoint(sizes[len(sizes)-1], log)
}

// All returns every checkpoint under the present origin, in the order of sizes.
func (k *Keeper) All() ([]*seal.Signed, error) {
	log, err := k.Log()
	if err != nil {
		return nil, err
	}
	sizes, err := k.sizes()
	if err != nil {
		return nil, err
	}
	all := make([]*seal.Signed, len(sizes))
	for i, size := range sizes {
		if all[i], err = k.checkpoint(size, log); err != nil {
			return nil, err
		}
	}
	return all, nil
}
