package sealing

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/files"
	"github.com/taizhang/taizhang/services/seal"
)

// token is a new token with the exact bytes that it stamps.
type token struct {
	size       uint64
	note, file []byte
}

// token checks a token, and keeps it without what nobody signed. It stamps a checkpoint as a file: with its first
// signature, and as many cosignatures as were known then.
func (a *addition) token(ctx context.Context, f File) ([]Added, error) {
	content, err := seal.CleanToken(f.Content)
	if err != nil {
		return nil, badFile(f.Name, text.Of(err))
	}
	t, err := seal.ParseToken(content)
	if err != nil {
		return nil, badFile(f.Name, text.Of(err))
	}
	for _, s := range a.all {
		for n := range s.Lines {
			note := (&seal.Signed{Checkpoint: s.Checkpoint, Lines: s.Lines[:n+1]}).Bytes()
			at, err := t.Stamps(note)
			if err != nil {
				continue
			}
			if err := a.plausible(ctx, f.Name, s, at); err != nil {
				return nil, err
			}
			isNew, err := a.isNew(s.Size, content)
			if err != nil {
				return nil, err
			}
			if isNew {
				a.tokens = append(a.tokens, token{s.Size, note, content})
			}
			return []Added{{File: f.Name, Size: s.Size, Kind: TimestampEnd, At: at, New: isNew}}, nil
		}
	}
	return nil, badFile(f.Name, text.Say("不是此处任何检查点的时间戳；请对 %s 中的文件原样申请",
		"stamps no checkpoint here; ask for a stamp of a file in %s as it is", a.k.at(CheckpointsName)))
}

func (a *addition) isNew(size uint64, content []byte) (bool, error) {
	stamps, err := a.k.Timestamps()
	if err != nil {
		return false, err
	}
	for _, t := range a.tokens {
		stamps = append(stamps, Timestamp{Size: t.size, Token: t.file})
	}
	return !slices.ContainsFunc(stamps,
		func(t Timestamp) bool { return t.Size == size && bytes.Equal(t.Token, content) }), nil
}

// writeToken writes a token and what it stamps. The stamped file goes first: a token always has it.
func (k *Keeper) writeToken(t token) error {
	if err := makeDir(k.at(timestampsName)); err != nil {
		return err
	}
	for n := 1; ; n++ {
		name := k.at(timestampsName, fmt.Sprintf("%d-%d", t.size, n))
		if _, err := os.Lstat(name + TimestampEnd); err == nil {
			continue
		}
		if err := files.Replace(name+noteEnd, t.note); err != nil {
			return err
		}
		return files.Replace(name+TimestampEnd, t.file)
	}
}
