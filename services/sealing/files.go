package sealing

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/files"
	"github.com/taizhang/taizhang/services/files/filelock"
	"github.com/taizhang/taizhang/services/seal"
)

// The names in the directory of seals.
const (
	KeyName         = "log.key"
	PolicyName      = "policy.txt"
	CheckpointsName = "checkpoints"
	timestampsName  = "timestamps"
	earlierName     = "earlier"
)

func (k *Keeper) at(names ...string) string {
	return filepath.Join(append([]string{k.dir}, names...)...)
}

// lock makes this goroutine the only one of all processes that writes into the directory. The directory must exist. It
// waits until ctx ends.
func (k *Keeper) lock(ctx context.Context) (unlock func(), err error) {
	select {
	case k.writing <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	for {
		lock, err := tryLock(k.dir)
		if err == nil {
			return func() { _ = lock.Close(); <-k.writing }, nil
		}
		if !errors.Is(err, filelock.ErrLocked) {
			<-k.writing
			return nil, fmt.Errorf("sealing: %w", err)
		}
		select {
		case <-ctx.Done():
			<-k.writing
			return nil, ctx.Err()
		case <-time.After(lockEvery):
		}
	}
}

func tryLock(dir string) (*filelock.Lock, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	return filelock.Try(d)
}

// lockEvery is the pause between two attempts to lock the directory. Another process has it locked for as long as it
// writes a file or two.
const lockEvery = 5 * time.Millisecond

// makeDir makes a directory that only its owner may read, and makes its entry durable.
func makeDir(path string) error {
	if err := os.Mkdir(path, 0o700); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return nil
		}
		return err
	}
	return files.SyncDir(filepath.Dir(path))
}

// parseKey reads the private key of a ledger.
func parseKey(path string, content []byte) (seal.Signer, error) {
	s, err := seal.ParseSigner(strings.TrimSpace(string(content)))
	if err == nil && s.Type != seal.LogKey {
		err = text.Errorf(text.Invalid, "它是见证方的私钥", "it is the key of a witness")
	}
	if err != nil {
		return s, text.Errorf(text.Invalid, "%s 不是台账私钥（PRIVATE+KEY+…）：%s",
			"%s is no private key of a ledger (PRIVATE+KEY+…): %s", path, text.Of(err))
	}
	return s, nil
}

func (k *Keeper) sizes() ([]uint64, error) { return sizesIn(k.dir) }

// Sizes returns the sizes of the checkpoints of the ledger in a directory, in order. A directory that is none has no
// checkpoint: who opens the ledger says what is wrong with it.
func Sizes(dir string) ([]uint64, error) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, nil
	}
	return sizesIn(filepath.Join(dir, Name))
}

// sizesIn returns the sizes of the checkpoints in a directory of seals.
func sizesIn(dir string) (list []uint64, err error) {
	entries, err := os.ReadDir(filepath.Join(dir, CheckpointsName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		size, err := strconv.ParseUint(e.Name(), 10, 64)
		if err == nil && strconv.FormatUint(size, 10) == e.Name() {
			list = append(list, size)
		}
	}
	slices.Sort(list)
	return list, nil
}

// checkpoint reads a checkpoint. It must be what its name says and be signed with the ledger's
// key.
func (k *Keeper) checkpoint(size uint64, log seal.Key) (*seal.Signed, error) {
	path := k.checkpointPath(size)
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s, err := seal.ParseSigned(content)
	switch {
	case err != nil:
	case s.Size != size || s.Origin != log.Name:
		err = text.Errorf(text.Invalid, "其中是 %s 的 %d 条", "it is of %s with %d records", s.Origin, s.Size)
	default:
		err = s.SignedBy(log)
	}
	if err != nil {
		return nil, text.Errorf(text.Internal, "检查点 %s 已损坏或被改动：%s",
			"the checkpoint %s is damaged or was changed: %s", path, text.Of(err))
	}
	return s, nil
}

// checkpointPath returns the path of the file of a checkpoint.
func (k *Keeper) checkpointPath(size uint64) string {
	return k.at(CheckpointsName, strconv.FormatUint(size, 10))
}

// writeCheckpoint replaces the file of a checkpoint.
func (k *Keeper) writeCheckpoint(s *seal.Signed) error {
	if err := makeDir(k.at(CheckpointsName)); err != nil {
		return err
	}
	return files.Replace(k.checkpointPath(s.Size), s.Bytes())
}

// Policy returns the trust file that the ledger's office proposes, as it stands. The error of a missing one wraps
// fs.ErrNotExist.
func (k *Keeper) Policy() ([]byte, error) {
	content, err := os.ReadFile(k.at(PolicyName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &text.Error{Code: text.NotFound, Cause: err, What: text.Say(
			"缺少 %s，其中是各见证方的公钥：备份的 .seal.tar 中有一份，请放回；没有备份的，"+
				"用 taizhang seal key restore 重写一份，再写入各见证方",
			"%s is missing, which has the keys of the witnesses: put back the one in the .seal.tar of a backup; "+
				"without a backup, taizhang seal key restore writes a new one, to which you add your witnesses",
			k.at(PolicyName))}
	}
	return content, err
}

// KeyPath returns the path of the ledger's private key.
func (k *Keeper) KeyPath() string { return k.at(KeyName) }

// PolicyPath returns the path of the trust file that the ledger's office proposes.
func (k *Keeper) PolicyPath() string { return k.at(PolicyName) }
