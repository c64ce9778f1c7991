package sealing

import (
	"context"

	"github.com/taizhang/taizhang/services/seal"
)

// AddSM2 adds a signature of an SM2 key to the newest checkpoint, unless it has one. spki is the public key in DER,
// and sign makes the signature of a text in DER. A signature that is wrong is not added.
func (k *Keeper) AddSM2(ctx context.Context, spki []byte, sign func(text []byte) (der []byte, err error)) error {
	s, err := k.Newest()
	if err != nil {
		return err
	}
	if s.SM2SignedBy(s.Origin, spki) == nil {
		return nil
	}
	der, err := sign([]byte(s.Text())) // without the lock, because it may wait for a person
	if err != nil {
		return err
	}
	line := seal.SM2Line(s.Origin, spki, der)
	alone := &seal.Signed{Checkpoint: s.Checkpoint, Lines: []seal.Line{line}}
	if err := alone.SM2SignedBy(s.Origin, spki); err != nil {
		return err
	}
	unlock, err := k.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	log, err := k.Log()
	if err != nil {
		return err
	}
	if s, err = k.checkpoint(s.Size, log); err != nil { // its file may have new lines
		return err
	}
	s.Add(line)
	return k.writeCheckpoint(s)
}
