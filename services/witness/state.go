package witness

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/files"
	"github.com/taizhang/taizhang/services/seal"
)

// forksMax is the number of refused checkpoints of a ledger that are kept. Somebody who has checkpoints that a ledger
// really signed can present them with wrong proofs, so their number must have a bound.
const forksMax = 64

// lostSuffix is added to the name of a head that is known to be older than one that the witness cosigned.
const lostSuffix = ".lost"

// nameOf returns the name of a file for an origin, which may hold any characters and be long.
func nameOf(origin string) string {
	sum := sha256.Sum256([]byte(origin))
	return hex.EncodeToString(sum[:])
}

func (w *Witness) headPath(log seal.Key) string {
	return filepath.Join(w.dir, headsName, nameOf(log.Name))
}

// held reads the checkpoint of a ledger that the witness cosigned last. The code of the error is text.Internal if the
// file is missing or fails a signature.
func (w *Witness) held(log seal.Key) (*seal.Signed, error) {
	path := w.headPath(log)
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, lost(log, path)
	} else if err != nil {
		return nil, err
	}
	head, err := seal.ParseSigned(content)
	if err == nil && head.Origin != log.Name {
		err = text.Errorf(text.Invalid, "其中是台账 %s 的检查点", "it is a checkpoint of %s", head.Origin)
	}
	if err == nil {
		_, err = head.CosignedBy(w.signer.Key)
	}
	if err == nil && head.Size > 0 {
		err = head.SignedBy(log)
	}
	if err != nil {
		return nil, &text.Error{Code: text.Internal, Cause: err, What: text.Say(
			"见证方关于台账 %s 的状态 %s 已损坏：%s。它不再知道签过什么，不能再签；请用新的名称另建见证方"+
				"（taizhang witness init）",
			"the state of the witness about %s, %s, is damaged: %s. It does not know any more what it cosigned, and "+
				"cosigns nothing; make a witness under a new name (taizhang witness init)", log.Name, path,
			text.Of(err))}
	}
	return head, nil
}

func lost(log seal.Key, path string) error {
	return text.Errorf(text.Internal,
		"见证方关于台账 %s 的状态 %s 已丢失，或早于它签过的检查点，不能再签；请用新的名称另建见证方"+
			"（taizhang witness init）",
		"the state of the witness about %s, %s, is lost or older than what it cosigned, so it cosigns nothing; make "+
			"a witness under a new name (taizhang witness init)", log.Name, path)
}

// declareLost removes the head of a ledger for good, because the witness cosigned a later one that it does not know.
func (w *Witness) declareLost(log seal.Key) error {
	path := w.headPath(log)
	if err := os.Rename(path, path+lostSuffix); err != nil {
		return err
	}
	return errors.Join(lost(log, path), files.SyncDir(filepath.Dir(path)))
}

// keep cosigns a checkpoint and makes it durable as the head of a ledger. The cosignature is the last of its lines.
func (w *Witness) keep(log seal.Key, head *seal.Signed, at time.Time) error {
	head.Add(head.Cosign(w.signer, at))
	return files.Replace(w.headPath(log), head.Bytes())
}

// forkPath returns the path of a refused checkpoint, without what tells the two files of a fork apart.
func (w *Witness) forkPath(offered *seal.Signed) string {
	return filepath.Join(w.dir, forksName,
		fmt.Sprintf("%s-%d-%x", nameOf(offered.Origin)[:16], offered.Size, offered.Root[:8]))
}

// The ends of the names of the two files of a fork.
const (
	heldEnd    = ".held"
	offeredEnd = ".offered"
)

// fork keeps two checkpoints of one ledger of which the second is not shown to continue the first, and returns the
// error.
func (w *Witness) fork(held, offered *seal.Signed) error {
	found := &ForkError{Held: held, Offered: offered, Path: w.forkPath(offered)}
	if _, err := os.Lstat(found.Path + offeredEnd); err == nil {
		return found
	}
	inside, err := os.ReadDir(filepath.Join(w.dir, forksName))
	if err != nil {
		return err
	}
	kept := 0
	for _, f := range inside {
		if strings.HasPrefix(f.Name(), nameOf(offered.Origin)[:16]) && strings.HasSuffix(f.Name(), offeredEnd) {
			kept++
		}
	}
	if kept >= forksMax {
		found.Path = ""
		return found
	}
	if err := files.Replace(found.Path+heldEnd, held.Bytes()); err != nil {
		return err
	}
	if err := files.Replace(found.Path+offeredEnd, offered.Bytes()); err != nil {
		return err
	}
	return found
}

// forgetFork removes what was kept of a checkpoint that came with a wrong proof, once it came with a good one.
func (w *Witness) forgetFork(good *seal.Signed) error {
	for _, end := range []string{offeredEnd, heldEnd} {
		if err := os.Remove(w.forkPath(good) + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// ConflictError is the error of a request that does not start at the checkpoint that the witness cosigned last.
type ConflictError struct {
	Old   uint64 // where the request starts
	Known uint64 // the size of the checkpoint that the witness cosigned last
	Size  uint64 // of the checkpoint of the request
}

// Text returns the message for a user.
func (e *ConflictError) Text() text.Text {
	if e.Known > e.Size {
		return text.Say("见证方已签过 %d 条的检查点，而台账只有 %d 条：台账是旧的副本，或少了记录",
			"the witness cosigned a checkpoint of %d records, but this one has only %d: the ledger is an old copy, "+
				"or records are missing", e.Known, e.Size)
	}
	return text.Say("见证方上次签的是 %d 条，请求却从 %d 条起；请从 %[1]d 条起重新生成请求",
		"the witness cosigned %d records last, but the request starts at %d; make a request that starts at %[1]d",
		e.Known, e.Old)
}

// Error implements error, in English.
func (e *ConflictError) Error() string { return e.Text().En }

// ErrorCode returns the code for programs.
func (e *ConflictError) ErrorCode() text.ErrorCode { return text.Conflict }

// ForkError is the error of a checkpoint that the ledger signed and that is not shown to continue the one that the
// witness cosigned last. If both have one size, the ledger signed two histories, and the two checkpoints prove it. If
// the sizes differ, they prove nothing: the hashes of the request do not fit, and one damaged character in them is
// enough for that.
type ForkError struct {
	Held, Offered *seal.Signed
	Path          string // of the files that keep both, without .held and .offered; "" if too many are kept already
}

// Text returns the message for a user.
func (e *ForkError) Text() text.Text {
	what := text.Say("证明不能说明台账 %s 的检查点（%d 条）是见证方签过的检查点（%d 条）的延续，不予签名："+
		"要么请求已损坏，要么这是另一套记录；请重新生成请求，仍不能证明的，即为另一套记录",
		"the proof does not show that the checkpoint of %s with %d records continues the one with %d records that "+
			"the witness cosigned: either the request is damaged, or this is another history; make a new request, "+
			"and if that is refused too, it is another history", e.Offered.Origin, e.Offered.Size, e.Held.Size)
	kept := text.Say("两个检查点都已存下备查", "both checkpoints are kept")
	if e.Offered.Size == e.Held.Size {
		what = text.Say("台账 %s 的检查点与见证方签过的同为 %d 条而根值不同，不予签名：台账有两套记录",
			"the checkpoint of %s has %d records as the one that the witness cosigned, and another root: the ledger "+
				"has two histories", e.Offered.Origin, e.Offered.Size)
		kept = text.Say("两个检查点都存为证据", "both checkpoints are kept as proof")
	}
	if e.Path == "" {
		return what
	}
	return text.Say("%[1]s；%[2]s：%[3]s、%[4]s", "%[1]s; %[2]s in %[3]s and %[4]s", what, kept, e.Path+heldEnd,
		e.Path+offeredEnd)
}

// Error implements error, in English.
func (e *ForkError) Error() string { return e.Text().En }

// ErrorCode returns the code for programs.
func (e *ForkError) ErrorCode() text.ErrorCode { return text.Refused }
