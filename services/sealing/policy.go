package sealing

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/seal"
)

// policyKey returns the public key of the ledger that the policy in a directory names.
func (k *Keeper) policyKey(dir string) (seal.Key, error) {
	path := filepath.Join(dir, PolicyName)
	content, err := os.ReadFile(path)
	if err != nil {
		return seal.Key{}, err
	}
	for line := range strings.Lines(string(content)) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == "log" {
			return seal.ParseKey(words[1])
		}
	}
	return seal.Key{}, text.Errorf(text.Invalid, "%s 没有 log 一行", "%s has no line log", path)
}

// Witnesses returns the policy of the operator, or nil while it names no witness.
func (k *Keeper) Witnesses() (*seal.Policy, error) {
	log, err := k.Log()
	if err != nil {
		return nil, err
	}
	content, err := k.Policy()
	if err != nil {
		return nil, err
	}
	own, err := k.policyKey(k.dir)
	var policy *seal.Policy
	switch path := k.at(PolicyName); {
	case err != nil:
		return nil, err
	case own.String() != log.String():
		return nil, text.Errorf(text.Conflict, "%s 的 log 一行是 %s，与台账所记的 %s 不同",
			"the line log of %s has %s, and the ledger records %s", path, own.String(), log.String())
	case !NamesWitness(content):
		return nil, nil
	default:
		if policy, err = seal.ParsePolicy(content); err != nil {
			return nil, text.Errorf(text.Invalid, "%s：%s", "%s: %s", path, text.Of(err))
		}
	}
	return policy, nil
}

// NamesWitness reports whether a policy names a witness.
func NamesWitness(content []byte) bool {
	for line := range strings.Lines(string(content)) {
		if words := strings.Fields(line); len(words) > 0 && words[0] == "witness" {
			return true
		}
	}
	return false
}

// Known returns the size of the newest checkpoint that a witness has cosigned, 0 for none. It is what the witness
// knows of the ledger, unless it was asked elsewhere.
func (k *Keeper) Known(witness seal.Key) (size uint64, err error) {
	log, err := k.Log()
	if err != nil {
		return 0, err
	}
	sizes, err := k.sizes()
	for i := len(sizes) - 1; i >= 0 && err == nil; i-- {
		var s *seal.Signed
		if s, err = k.checkpoint(sizes[i], log); err == nil {
			if _, none := s.CosignedBy(witness); none == nil {
				return s.Size, nil
			}
		}
	}
	return 0, err
}
