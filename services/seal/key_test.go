package seal_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/seal"
)

const origin = "taizhang.zj/2026"

func signer(t testing.TB, name string, of seal.KeyType) seal.Signer {
	t.Helper()
	s, err := seal.NewSigner(name, of)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAKeyIsReadAsItWasWritten(t *testing.T) {
	for _, of := range []seal.KeyType{seal.LogKey, seal.WitnessKey} {
		for _, name := range []string{origin, "审计厅", "a"} {
			for range 50 { // so that base64 with + and / comes up
				s := signer(t, name, of)
				k, err := seal.ParseKey(s.Key.String())
				if err != nil || k.String() != s.Key.String() || k.Type != of || k.Name != name {
					t.Fatalf("%s: read as %s, %v", s.Key, k, err)
				}
				again, err := seal.ParseSigner(s.Private())
				if err != nil || again.Private() != s.Private() || again.Key.String() != s.Key.String() {
					t.Fatalf("%s: the private key is read as of %s, %v", s.Key, again.Key, err)
				}
			}
		}
	}
}

// The module golang.org/x/mod reads the keys of logs, and computes the same IDs.
func TestTheKeysOfALogAreThoseOfSumdb(t *testing.T) {
	s := signer(t, origin, seal.LogKey)
	theirs, err := note.NewSigner(s.Private())
	if err != nil || theirs.KeyHash() != s.ID() {
		t.Fatalf("the ID is %08x, by sumdb %v, %v", s.ID(), theirs, err)
	}
	skey, vkey, err := note.GenerateKey(nil, origin)
	if err != nil {
		t.Fatal(err)
	}
	if ours, err := seal.ParseSigner(skey); err != nil || ours.Key.String() != vkey {
		t.Errorf("%s is read as %s, %v", vkey, ours.Key, err)
	}
}

func TestAKeyThatIsNotAsWrittenIsRefused(t *testing.T) {
	s := signer(t, origin, seal.LogKey)
	vkey, private := s.Key.String(), s.Private()
	material := func(of byte, bytes int) string {
		return base64.StdEncoding.EncodeToString(append([]byte{of}, make([]byte, bytes)...))
	}
	for _, wrong := range []string{"", "+", "++", "+++", vkey + "\n", " " + vkey, vkey + "=", vkey[:len(vkey)-1],
		strings.ToUpper(vkey), strings.Replace(vkey, "+", "+0", 1), origin + "+" + vkey,
		"a+12345678+" + material(1, 32),
		"a+12345678+" + material(1, 31), "a+12345678+" + material(2, 32), "a+12345678+" + material(4, 32), private} {
		if k, err := seal.ParseKey(wrong); err == nil || text.CodeOf(err) != text.Invalid {
			t.Errorf("%q is read as %s (%v)", wrong, k, err)
		}
	}
	for _, name := range []string{"", "a b", "a+b", "a\nb", "a\tb", "a\u3000b", "a\u200bb", "a\u202eb", "a\xffb",
		strings.Repeat("a", 256)} {
		if s, err := seal.NewSigner(name, seal.LogKey); err == nil {
			t.Errorf("a key may have the name %q", s.Name)
		}
	}
	if _, err := seal.NewSigner("a", 2); err == nil {
		t.Error("a key may have a type that nothing signs with")
	}
	for _, wrong := range []string{"", vkey, private + "\n", private[1:], private[:len(private)-4], private + "AAAA"} {
		if _, err := seal.ParseSigner(wrong); err == nil || wrong != "" && strings.Contains(err.Error(), wrong) {
			t.Errorf("the private key %q is read, or shown: %v", wrong, err)
		}
	}
	everyByteOf(t, vkey, func(wrong string) bool { _, err := seal.ParseKey(wrong); return err == nil })
	everyByteOf(t, private, func(wrong string) bool { _, err := seal.ParseSigner(wrong); return err == nil })
}

// everyByteOf changes each byte of a text and calls isRead, which must answer false.
func everyByteOf(t *testing.T, whole string, isRead func(wrong string) bool) {
	t.Helper()
	b := []byte(whole)
	for i := range b {
		for _, flip := range []byte{0x01, 0x20, 0x80} {
			b[i] ^= flip
			if isRead(string(b)) {
				t.Errorf("%q is accepted", b)
			}
			b[i] ^= flip
		}
	}
}

func FuzzParseKey(f *testing.F) {
	f.Add(signer(f, origin, seal.LogKey).Key.String())
	f.Add(signer(f, "审计厅", seal.WitnessKey).Private())
	f.Add("a+12345678+AQID")
	f.Fuzz(func(t *testing.T, s string) {
		if k, err := seal.ParseKey(s); err == nil && (k.String() != s || len(k.Public) != ed25519.PublicKeySize) {
			t.Errorf("%q is read as %q", s, k)
		}
		if k, err := seal.ParseSigner(s); err == nil && k.Private() != s {
			t.Errorf("%q is read as %q", s, k.Private())
		}
	})
}
