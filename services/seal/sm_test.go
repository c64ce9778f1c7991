package seal_test

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"crypto/rand"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"github.com/taizhang/taizhang/services/seal"
)

// The examples of GB/T 32905, appendix A.
func TestSM3IsAsInTheStandard(t *testing.T) {
	for content, want := range map[string]string{
		"abc":                      "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
		strings.Repeat("abcd", 16): "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732",
	} {
		if sum, err := seal.SM3(strings.NewReader(content)); err != nil || hex.EncodeToString(sum[:]) != want {
			t.Errorf("%q: %x, %v", content, sum, err)
		}
	}
}

func TestACheckpointCarriesASignatureOfAnSM2Key(t *testing.T) {
	const name = "省科技厅/sm2"
	key, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := smx509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	s, log, witness := sealed(t)
	signature, err := key.SignWithSM2(rand.Reader, []byte("1234567812345678"), []byte(s.Text()))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SM2SignedBy(name, spki); !errors.Is(err, seal.ErrNoSignature) {
		t.Errorf("expected no signature, got %v", err)
	}
	s.Add(seal.SM2Line(name, spki, signature))
	read, err := seal.ParseSigned(s.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := read.SM2SignedBy(name, spki); err != nil {
		t.Error(err)
	}
	if lines := read.SM2Lines(); len(lines) != 1 || lines[0].Name != name {
		t.Errorf("the lines of SM2 keys are %v", lines)
	}
	if _, err := read.CosignedBy(witness.Key); err != nil || read.SignedBy(log.Key) != nil {
		t.Error("the other signatures do not count any more")
	}
	everyByteOf(t, string(signature), func(wrong string) bool {
		read.Lines[3].Signature = []byte(wrong)
		err := read.SM2SignedBy(name, spki)
		return !errors.Is(err, seal.ErrBadSignature)
	})
	everyByteOf(t, string(spki), func(wrong string) bool { return read.SM2SignedBy(name, []byte(wrong)) == nil })
	if err := read.SM2SignedBy(name, spki[:90]); err == nil || errors.Is(err, seal.ErrNoSignature) {
		t.Errorf("a key cut short: %v", err)
	}
}
