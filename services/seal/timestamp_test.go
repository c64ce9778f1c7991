package seal_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"flag"
	"math/big"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/services/seal"
)

var long = flag.Bool("long", false, "change each byte of the time stamps to every other value")

// The time stamps are of OpenSSL 3.0: rsa.tsr by a signer under the root, ec.tsr by one under an intermediate
// certificate, which it carries, nocert.tsr without certificates.
func given(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func testRoots(t testing.TB) *x509.CertPool {
	t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(given(t, "root.pem")) {
		t.Fatal("root.pem has no certificate")
	}
	return roots
}

func TestATimeStampIsVerifiedUnderItsRoot(t *testing.T) {
	note, roots := given(t, "stamped.note"), testRoots(t)
	for name, want := range map[string]time.Time{"rsa.tsr": time.Date(2026, 11, 30, 15, 10, 52, 0, time.UTC),
		"ec.tsr": time.Date(2026, 11, 30, 15, 10, 52, 0, time.UTC)} {
		token, err := seal.ParseToken(given(t, name))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if at, err := token.Stamps(note); err != nil || !at.Equal(want) {
			t.Errorf("%s: at %v, %v", name, at, err)
		}
		if at, err := token.Verify(note, roots); err != nil || !at.Equal(want) {
			t.Errorf("%s: at %v, %v", name, at, err)
		}
		if at, err := token.Verify(append(note, '\n'), roots); err == nil || !at.IsZero() {
			t.Errorf("%s: another file is stamped at %v", name, at)
		}
		for what, other := range map[string]*x509.CertPool{"no root": nil, "an empty pool": x509.NewCertPool(),
			"another root of that name": otherRoot(t)} {
			if at, err := token.Verify(note, other); err == nil {
				t.Errorf("%s: with %s it is verified, at %v", name, what, at)
			}
		}
	}
}

func otherRoot(t *testing.T) *x509.CertPool {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{Subject: pkix.Name{CommonName: "Test root"}, SerialNumber: big.NewInt(1), IsCA: true,
		BasicConstraintsValid: true, NotBefore: time.Unix(0, 0), NotAfter: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, public, private)
	if err != nil {
		t.Fatal(err)
	}
	root, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(root)
	return pool
}

func TestEveryByteOfATimeStampCounts(t *testing.T) {
	note, roots := given(t, "stamped.note"), testRoots(t)
	var all []byte
	for mask := range 255 {
		all = append(all, byte(mask+1))
	}
	for _, name := range []string{"rsa.tsr", "ec.tsr"} {
		b := given(t, name)
		for i := range b {
			masks := []byte{1 << (i % 8)}
			if *long {
				masks = all
			}
			for _, mask := range masks {
				b[i] ^= mask
				if token, err := seal.ParseToken(b); err == nil {
					if _, err := token.Verify(note, roots); err == nil {
						t.Errorf("%s: byte %d changed by %#x is not found", name, i, mask)
					}
				}
				b[i] ^= mask
			}
		}
		for i := range b {
			if _, err := seal.ParseToken(b[:i]); err == nil {
				t.Errorf("%s: the first %d bytes are accepted", name, i)
			}
		}
		if _, err := seal.ParseToken(append(b, 0)); err == nil {
			t.Errorf("%s: a byte more is accepted", name)
		}
	}
}

// Many authorities write a text beside the status, which nobody signs.
func TestWhatNobodySignedIsTakenOutOfAnAnswer(t *testing.T) {
	whole := given(t, "rsa.tsr")
	status := []byte("\x30\x15\x02\x01\x00\x30\x10\x0c\x0eOperation Okay")
	token := whole[4+5:] // after the header of the answer and the status
	answer := slices.Concat([]byte{0x30, 0x82}, binary.BigEndian.AppendUint16(nil, uint16(len(status)+len(token))),
		status, token)
	if _, err := seal.ParseToken(answer); err == nil || !strings.Contains(err.Error(), "nobody signed") {
		t.Errorf("expected that the text is refused, got %v", err)
	}
	for _, given := range [][]byte{answer, whole} {
		if clean, err := seal.CleanToken(given); err != nil || !bytes.Equal(clean, whole) {
			t.Errorf("%x\nis cleaned to\n%x, %v", given, clean, err)
		}
	}
	if clean, err := seal.CleanToken(whole[:100]); err == nil {
		t.Errorf("a part of an answer is cleaned to %x", clean)
	}
}

func TestAnAnswerWithoutCertificatesSaysWhatToAskFor(t *testing.T) {
	if _, err := seal.ParseToken(given(t, "nocert.tsr")); err == nil || !strings.Contains(err.Error(), "-cert") {
		t.Errorf("got %v", err)
	}
	if _, err := seal.ParseToken(given(t, "root.pem")); err == nil {
		t.Error("a certificate is a time stamp")
	}
	if _, err := seal.ParseToken(bytes.Repeat([]byte{0x30}, 65<<10)); err == nil {
		t.Error("65 KiB are a time stamp")
	}
}

func FuzzParseToken(f *testing.F) {
	note, roots := given(f, "stamped.note"), testRoots(f)
	for _, name := range []string{"rsa.tsr", "ec.tsr", "nocert.tsr"} {
		f.Add(given(f, name))
	}
	whole := map[string]bool{string(given(f, "rsa.tsr")): true, string(given(f, "ec.tsr")): true}
	f.Fuzz(func(t *testing.T, b []byte) {
		if token, err := seal.ParseToken(b); err == nil {
			if _, err := token.Verify(note, roots); (err == nil) != whole[string(b)] {
				t.Errorf("%x: %v", b, err)
			}
		}
	})
}
