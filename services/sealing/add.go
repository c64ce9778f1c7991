package sealing

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/seal"
)

// The ends of the names of files that Add takes.
const (
	CosignatureEnd = ".cosig"
	TimestampEnd   = ".tsr"
)

// File is a file that comes from outside.
type File struct {
	Name    string
	Content []byte
}

// Added says what a file added.
type Added struct {
	File string
	Size uint64 // of the checkpoint that it is about
	Kind string // CosignatureEnd or TimestampEnd
	By   string // the name of the witness; "" for a token
	At   time.Time
	New  bool // false if it was there already
}

// Add adds cosignatures (.cosig) of witnesses in the policy for checkpoints of the ledger, and tokens (.tsr) that
// stamp such a checkpoint. It checks all files before it writes any. A file that is wrong is text.Invalid; so is a
// time that an auditor would take for a contradiction.
func (k *Keeper) Add(ctx context.Context, list []File) ([]Added, error) {
	if !k.Begun() {
		return nil, ErrNotBegun
	}
	unlock, err := k.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	a, err := k.newAddition()
	if err != nil {
		return nil, err
	}
	var added []Added
	for _, f := range list {
		var of []Added
		switch strings.ToLower(filepath.Ext(f.Name)) {
		case CosignatureEnd:
			of, err = a.cosignatures(ctx, f)
		case TimestampEnd:
			of, err = a.token(ctx, f)
		default:
			err = badFile(f.Name, text.Say("应为见证（.cosig）或时间戳（.tsr）",
				"must be a cosignature (.cosig) or a time stamp (.tsr)"))
		}
		if err != nil {
			return nil, err
		}
		added = append(added, of...)
	}
	return added, a.write()
}

func badFile(name string, what text.Text) error {
	return &text.Error{Code: text.Invalid, Place: name, What: what}
}

// addition is what the files of one Add add.
type addition struct {
	k       *Keeper
	policy  *seal.Policy // nil while it names no witness
	all     []*seal.Signed
	changed map[uint64]bool // the sizes of the checkpoints that have new lines
	tokens  []token         // new ones
}

func (k *Keeper) newAddition() (*addition, error) {
	a := &addition{k: k, changed: map[uint64]bool{}}
	var err error
	if a.policy, err = k.Witnesses(); err != nil {
		return nil, err
	}
	if a.all, err = k.All(); err != nil {
		return nil, err
	}
	slices.Reverse(a.all) // what comes is most often about the newest
	return a, nil
}

// cosignatures checks the lines of a file.
func (a *addition) cosignatures(ctx context.Context, f File) (added []Added, err error) {
	content := strings.TrimSuffix(string(f.Content), "\n")
	for _, typed := range strings.Split(content, "\n") {
		line, err := seal.ParseLine(typed)
		if err != nil {
			return nil, badFile(f.Name, text.Of(err))
		}
		one, err := a.cosignature(ctx, f.Name, line)
		if err != nil {
			return nil, err
		}
		added = append(added, one)
	}
	return added, nil
}

func (a *addition) cosignature(ctx context.Context, file string, line seal.Line) (Added, error) {
	var witness *seal.Witness
	if a.policy != nil {
		i := slices.IndexFunc(a.policy.Witnesses,
			func(w seal.Witness) bool { return w.Key.Name == line.Name && w.Key.ID() == line.ID })
		if i >= 0 {
			witness = &a.policy.Witnesses[i]
		}
	}
	if witness == nil {
		return Added{}, badFile(file, text.Say("%s 中没有见证方 %s（编号 %08x）的公钥；先把它写入该文件",
			"%s has no key of the witness %s (%08x); write it there first", a.k.at(PolicyName), line.Name, line.ID))
	}
	for _, s := range a.all {
		alone := &seal.Signed{Checkpoint: s.Checkpoint, Lines: []seal.Line{line}}
		at, err := alone.CosignedBy(witness.Key)
		if err != nil {
			continue
		}
		if err := a.plausible(ctx, file, s, at); err != nil {
			return Added{}, err
		}
		isNew := s.Add(line)
		if _, err := s.CosignedBy(witness.Key); err != nil { // the line that was there is a wrong one
			return Added{}, err
		}
		if isNew {
			a.changed[s.Size] = true
		}
		return Added{File: file, Size: s.Size, Kind: CosignatureEnd, By: witness.Name, At: at, New: isNew}, nil
	}
	return Added{}, badFile(file, text.Say("%s 的签名不属于此处的任何检查点",
		"the signature of %s is of no checkpoint here", line.Name))
}

// plausible returns an error if nobody can have had a checkpoint at a time: its last record was written later, or that
// time is still to come. A bundle with such a time contradicts itself for ever, because the next seal records it.
func (a *addition) plausible(ctx context.Context, file string, s *seal.Signed, at time.Time) error {
	var sealed time.Time // when the last record was written
	for last, err := range a.k.read.ReadAll(ctx, s.Size-1) {
		if err != nil {
			return err
		}
		sealed = last.RecordedAt
		break
	}
	switch now := time.Now(); {
	case at.Before(sealed.Add(-seal.ClockSkewMax)):
		return badFile(file, text.Say("所载时间 %s 早于检查点 %d 的末条记录（写入时间 %s）：一方的时钟不准，"+
			"须校正后重新见证", "the time in it, %s, is before the last record of the checkpoint of %d records was "+
			"written, at %s: one of the clocks is wrong; set it, and have the checkpoint signed again",
			clockTime(at), s.Size, clockTime(sealed)))
	case at.After(now.Add(seal.ClockSkewMax)):
		return badFile(file, text.Say("所载时间 %s 尚未到来（现在是 %s）：一方的时钟不准，须校正后重新见证",
			"the time in it, %s, is still to come (now it is %s): one of the clocks is wrong; set it, and have the "+
				"checkpoint signed again", clockTime(at), clockTime(now)))
	}
	return nil
}

// clockTime writes a time as an office in Zhejiang reads its clock.
func clockTime(t time.Time) string { return t.In(events.Shanghai).Format(time.DateTime) }

// write writes what is new. Each file is written whole or not at all.
func (a *addition) write() error {
	for _, s := range a.all {
		if a.changed[s.Size] {
			if err := a.k.writeCheckpoint(s); err != nil {
				return err
			}
		}
	}
	for _, t := range a.tokens {
		if err := a.k.writeToken(t); err != nil {
			return err
		}
	}
	return nil
}
