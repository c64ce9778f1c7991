package sealing

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
)

const noteEnd = ".note"

// Timestamp is a token with the exact bytes that it stamps. N numbers the tokens of one checkpoint from 1.
type Timestamp struct {
	Size        uint64
	N           int
	Token, Note []byte
}

// Timestamps returns all tokens, in the order of sizes and numbers.
func (k *Keeper) Timestamps() (list []Timestamp, err error) {
	entries, err := os.ReadDir(k.at(timestampsName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		name, isToken := strings.CutSuffix(e.Name(), TimestampEnd)
		size, number, _ := strings.Cut(name, "-")
		t := Timestamp{}
		if t.Size, err = strconv.ParseUint(size, 10, 64); err != nil || !isToken {
			continue
		}
		if t.N, err = strconv.Atoi(number); err != nil {
			continue
		}
		if t.Token, err = os.ReadFile(k.at(timestampsName, e.Name())); err != nil {
			return nil, err
		}
		if t.Note, err = os.ReadFile(k.at(timestampsName, name+noteEnd)); err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	slices.SortFunc(list, func(a, b Timestamp) int { return cmp.Or(cmp.Compare(a.Size, b.Size), a.N-b.N) })
	return list, nil
}
