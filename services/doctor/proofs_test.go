package doctor

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/taizhang/taizhang/services/seal"
)

// sealedDir is a directory with a ledger of 5 records and a checkpoint of 4 of them, and a policy with one witness.
type sealedDir struct {
	Config
	t            *testing.T
	log, witness seal.Signer
	path         string // of the checkpoint
}

func newSealedDir(t *testing.T) *sealedDir {
	t.Helper()
	s := &sealedDir{Config: config(begun(t, 5, time.Now().Add(-time.Hour))), t: t}
	var err, bad error
	s.log, err = seal.NewSigner("taizhang.zj/2026", seal.LogKey)
	s.witness, bad = seal.NewSigner("audit.example/w1", seal.WitnessKey)
	if err := errors.Join(err, bad); err != nil {
		t.Fatal(err)
	}
	write(t, s.seals("log.key"), s.log.Private(), 0o600)
	s.policy("witness audit " + s.witness.Key.String() + " https://audit.example\nquorum audit\n")
	s.checkpoint(4, true)
	return s
}

// seals returns the path of a file of the seals.
func (s *sealedDir) seals(names ...string) string {
	return filepath.Join(append([]string{s.Dir, "seal"}, names...)...)
}

func (s *sealedDir) policy(witnesses string) {
	s.t.Helper()
	write(s.t, s.seals("policy.txt"),
		fmt.Sprintf("log %s https://ledger.example\n%s", s.log.Key, witnesses), 0o600)
}

// checkpoint replaces the checkpoint.
func (s *sealedDir) checkpoint(size uint64, cosigned bool) {
	s.t.Helper()
	if err := os.RemoveAll(s.seals("checkpoints")); err != nil {
		s.t.Fatal(err)
	}
	signed := seal.Sign(seal.Checkpoint{Origin: s.log.Name, Size: size}, s.log)
	if cosigned {
		signed.Add(signed.Cosign(s.witness, s.Now))
	}
	s.path = write(s.t, s.seals("checkpoints", fmt.Sprint(size)), string(signed.Bytes()), 0o600)
}

// age makes the checkpoint old.
func (s *sealedDir) age(by time.Duration) {
	s.t.Helper()
	if err := os.Chtimes(s.path, time.Time{}, s.Now.Add(-by)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *sealedDir) examine() examined {
	s.t.Helper()
	return examined{Examine(s.t.Context(), s.Config), s.t}
}

func TestASealedLedgerIsWell(t *testing.T) {
	s := newSealedDir(t)
	write(t, s.seals("checkpoints", "0009"), "", 0o600) // no name of a checkpoint
	e := s.examine()
	e.says(Proofs, OK, "the newest checkpoint covers 4 records; 1 lie after it")
	e.says(Proofs, OK, "for its owner alone")
	e.says(Proofs, OK, "1 of 1 witnesses have cosigned the newest checkpoint, which is a quorum")
}

func TestWhatIsWrongWithTheSeals(t *testing.T) {
	for says, c := range map[string]struct {
		state State
		spoil func(s *sealedDir)
	}{
		"the ledger has 5 records, and the newest checkpoint covers 9": {Wrong, func(s *sealedDir) {
			s.checkpoint(9, true)
		}},
		"others may read the ledger's private key (mode 0644)": {Wrong, func(s *sealedDir) {
			chmod(s.t, s.seals("log.key"), 0o644)
		}},
		"the ledger's private key is not here, so nothing is sealed": {Warning, func(s *sealedDir) {
			_ = os.Remove(s.seals("log.key"))
		}},
		"the ledger's private key is not here: another process seals": {OK, func(s *sealedDir) {
			_ = os.Remove(s.seals("log.key"))
			s.IsCopy = true
		}},
		"1 records are not sealed, and the newest checkpoint was written 40 hours ago": {Warning,
			func(s *sealedDir) { s.age(40 * time.Hour) }},
		"0 of 1 witnesses have cosigned the newest checkpoint, the others": {OK, func(s *sealedDir) {
			s.checkpoint(4, false)
		}},
		"0 of 1 witnesses have cosigned the newest checkpoint, which has been no quorum for 40": {Warning,
			func(s *sealedDir) { s.checkpoint(4, false); s.age(40 * time.Hour) }},
		"there is no witness": {Warning, func(s *sealedDir) { s.policy("# witness\nwitnessed audit\n") }},
		"line 2":              {Wrong, func(s *sealedDir) { s.policy("witness audit\n") }},
		"no signature of taizhang.zj/2026": {Wrong, func(s *sealedDir) {
			other, err := seal.NewSigner("taizhang.zj/2026", seal.LogKey)
			if err != nil {
				s.t.Fatal(err)
			}
			s.log = other
			s.policy("witness audit " + s.witness.Key.String() + " https://audit.example\nquorum audit\n")
		}},
		"is no checkpoint": {Wrong, func(s *sealedDir) { write(s.t, s.path, "x", 0o600) }},
		"a restore left when it was cut short": {Warning, func(s *sealedDir) {
			write(s.t, s.seals()+".partial/policy.txt", "", 0o600)
		}},
	} {
		s := newSealedDir(t)
		c.spoil(s)
		s.examine().says(Proofs, c.state, says)
	}
}
