package seal_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/taizhang/taizhang/services/seal"
)

var (
	checkpoint = seal.Checkpoint{Origin: origin, Size: 1503, Root: tlog.RecordHash([]byte("a"))}
	at         = time.Date(2026, 3, 31, 18, 0, 0, 0, time.FixedZone("Asia/Shanghai", 8*3600))
)

// sealed returns a checkpoint with signatures of a log, a witness, and a key that nobody knows.
func sealed(t testing.TB) (s *seal.Signed, log, witness seal.Signer) {
	t.Helper()
	log, witness = signer(t, origin, seal.LogKey), signer(t, "审计厅/w1", seal.WitnessKey)
	s = seal.Sign(checkpoint, log)
	s.Add(s.Cosign(witness, at))
	s.Add(s.Cosign(signer(t, "unknown.example", seal.WitnessKey), at))
	return s, log, witness
}

func TestASignedCheckpointIsReadAsItWasWritten(t *testing.T) {
	s, log, witness := sealed(t)
	read, err := seal.ParseSigned(s.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if read.Checkpoint != checkpoint || !bytes.Equal(read.Bytes(), s.Bytes()) || len(read.Lines) != 3 {
		t.Errorf("%q is read as %q", s.Bytes(), read.Bytes())
	}
	if err := read.SignedBy(log.Key); err != nil {
		t.Error(err)
	}
	if seen, err := read.CosignedBy(witness.Key); err != nil || !seen.Equal(at) || seen.Location() != time.UTC {
		t.Errorf("seen at %v, %v", seen, err)
	}
	if n, err := note.Open(s.Bytes(), verifiers(t, log.Key)); err != nil || n.Text != checkpoint.Text() {
		t.Errorf("sumdb reads %v, %v", n, err)
	}
	if read.Add(s.Lines[1]) || len(read.Lines) != 3 {
		t.Error("a line is added twice")
	}
}

func TestAKeptCheckpointIsReadHoweverItWasKept(t *testing.T) {
	s, _, _ := sealed(t)
	whole := string(s.Bytes())
	windows := strings.ReplaceAll(whole, "\n", "\r\n")
	for _, content := range []string{whole, windows, "\uFEFF" + windows, strings.TrimSuffix(whole, "\n"),
		strings.TrimSuffix(windows, "\r\n"), whole + "\n\n"} {
		read, err := seal.ParseKept([]byte(content))
		if err != nil || string(read.Bytes()) != whole {
			t.Errorf("%q is read as %v, %v", content, read, err)
		}
		if _, err := seal.ParseSigned([]byte(content)); (err == nil) != (content == whole) {
			t.Errorf("the strict reading of %q: %v", content, err)
		}
	}
	typed := checkpoint.Text()
	for _, content := range []string{typed, strings.TrimSuffix(typed, "\n"), typed + "\n", "\uFEFF" + typed,
		strings.ReplaceAll(typed, "\n", "\r\n")} {
		read, err := seal.ParseKept([]byte(content))
		if err != nil || read.Checkpoint != checkpoint || len(read.Lines) != 0 {
			t.Errorf("%q is read as %v, %v", content, read, err)
		}
		if _, err := seal.ParseSigned([]byte(content)); err == nil {
			t.Errorf("%q is read as a signed checkpoint", content)
		}
	}
	origin, rest, _ := strings.Cut(typed, "\n")
	for _, content := range []string{"", "\n", "\uFEFF", origin, origin + "\n1503\n", typed + typed, "\n" + rest,
		origin + "\r" + rest, origin + "\x00\n" + rest, origin + "\xff\n" + rest, "\uFEFF\uFEFF" + whole[:9],
		strings.Replace(typed, "1503", "01503", 1), strings.Replace(whole, "— ", "- ", 1),
		strings.Repeat("x", 65<<10) + "\n" + rest} {
		if read, err := seal.ParseKept([]byte(content)); err == nil {
			t.Errorf("%q is read as %v", content, read)
		}
	}
}

func verifiers(t *testing.T, log seal.Key) note.Verifiers {
	t.Helper()
	v, err := note.NewVerifier(log.String())
	if err != nil {
		t.Fatal(err)
	}
	return note.VerifierList(v)
}

// The example of c2sp.org/tlog-cosignature.
func TestTheExampleOfTheSpecificationIsRead(t *testing.T) {
	const example = `example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
`
	s, err := seal.ParseSigned([]byte(example))
	if err != nil || string(s.Bytes()) != example || s.Size != 20852163 || len(s.Lines) != 2 {
		t.Errorf("read %+v, %v", s, err)
	}
}

func TestASignatureIsRightWrongOrMissing(t *testing.T) {
	s, log, witness := sealed(t)
	stranger, other := signer(t, origin, seal.LogKey), signer(t, "taizhang.js/2026", seal.LogKey)
	changed := *s
	changed.Size++
	for _, c := range []struct {
		name string
		got  error
		want error
	}{
		{"another key of the log's name", s.SignedBy(stranger.Key), seal.ErrNoSignature},
		{"another log", s.SignedBy(other.Key), seal.ErrNoSignature},
		{"a witness as a log", s.SignedBy(witness.Key), seal.ErrNoSignature},
		{"a changed checkpoint", changed.SignedBy(log.Key), seal.ErrBadSignature},
		{"another witness", second(s.CosignedBy(signer(t, "审计厅/w1", seal.WitnessKey).Key)), seal.ErrNoSignature},
		{"a log as a witness", second(s.CosignedBy(log.Key)), seal.ErrNoSignature},
		{"a changed checkpoint, cosigned", second(changed.CosignedBy(witness.Key)), seal.ErrBadSignature},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: expected %v, got %v", c.name, c.want, c.got)
		}
	}
	// The signature of a log is no cosignature, even under the ID of the witness, and with whatever time.
	line := s.Lines[1]
	for _, wrong := range [][]byte{s.Lines[0].Signature, nil, append(make([]byte, 8), s.Lines[0].Signature...),
		append(bytes.Repeat([]byte{0xff}, 8), line.Signature[8:]...)} {
		s.Lines[1].Signature = wrong
		if _, err := s.CosignedBy(witness.Key); !errors.Is(err, seal.ErrBadSignature) {
			t.Errorf("%x: expected a wrong signature, got %v", wrong, err)
		}
	}
}

func second(_ time.Time, err error) error { return err }

// A changed byte is found, unless it lies in the line of a key that nobody knows and leaves it a line.
func TestEveryByteOfACheckpointCounts(t *testing.T) {
	s, log, witness := sealed(t)
	whole := s.Bytes()
	known := len(whole) - len(s.Lines[2].String()) - 1
	b := slices.Clone(whole)
	for i := range b {
		for bit := range 8 {
			b[i] ^= 1 << bit
			read, err := seal.ParseSigned(b)
			if err == nil && !bytes.Equal(read.Bytes(), b) {
				t.Fatalf("%q is read as %q", b, read.Bytes())
			}
			if i < known && err == nil && read.SignedBy(log.Key) == nil &&
				second(read.CosignedBy(witness.Key)) == nil {
				t.Errorf("%q is accepted", b)
			}
			b[i] ^= 1 << bit
		}
	}
}

func TestWhatIsNoCheckpointIsRefused(t *testing.T) {
	s, _, _ := sealed(t)
	text, line := checkpoint.Text(), s.Lines[0].String()
	root := checkpoint.Root.String()
	for _, wrong := range []string{"", "\n\n\n\n\n", text, text + "\n", text + "\n\n", text + line + "\n",
		text + "\n" + line,
		text + "\n" + line + "\n\n", text + "\n\n" + line + "\n", text + "more\n\n" + line + "\n",
		text + "\n" + line + "\n" + line + "\n", strings.ReplaceAll(text+"\n"+line+"\n", "\n", "\r\n"),
		"\n1503\n" + root + "\n\n" + line + "\n", origin + "\n01503\n" + root + "\n\n" + line + "\n",
		origin + "\n-1\n" + root + "\n\n" + line + "\n", origin + "\n+1\n" + root + "\n\n" + line + "\n",
		origin + "\n9007199254740993\n" + root + "\n\n" + line + "\n",
		origin + "\n18446744073709551616\n" + root + "\n\n" + line + "\n",
		origin + "\n1503\n" + root[:43] + "\n\n" + line + "\n", origin + "\n1503\n" + root + "=\n\n" + line + "\n",
		origin + "\n1503\n" + unstrict(root) + "\n\n" + line + "\n",
		text + "\n" + strings.Replace(line, "— ", "- ", 1) + "\n",
		text + "\n" + strings.Replace(line, " ", "  ", 1) + "\n", text + "\n" + unstrict(line) + "\n",
		text + "\n— a AAAA\n", text + "\n— a \n", text + "\n— a\n", text + "\n—  AAAAAAAAAAAA\n",
		text + "\n— a+b AAAAAAAA\n",
		text + "\n" + line + " \n", "\uFEFF" + strings.Repeat("a", 300) + text + "\n" + line + "\n",
		text + "\n— " + strings.Repeat("a", 65<<10) + " AAAAAAAA\n"} {
		if s, err := seal.ParseSigned([]byte(wrong)); err == nil {
			t.Errorf("%q is read as %+v", wrong, s)
		}
	}
	for lines, fits := range map[int]bool{100: true, 101: false} {
		b := []byte(text + "\n")
		for i := range lines {
			b = fmt.Appendf(b, "— a%d AAAAAAAA\n", i)
		}
		if _, err := seal.ParseSigned(b); (err == nil) != fits {
			t.Errorf("%d lines: %v", lines, err)
		}
	}
}

// unstrict changes bits of the last base64 character before padding that carry no data.
func unstrict(s string) string {
	i := strings.LastIndexFunc(s, func(r rune) bool { return r != '=' })
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	changed := s[:i] + string(alphabet[strings.IndexByte(alphabet, s[i])^1]) + s[i+1:]
	encoded := changed[strings.LastIndexByte(changed, ' ')+1:]
	if _, err := base64.StdEncoding.DecodeString(encoded); err != nil {
		panic(err)
	}
	return changed
}

func FuzzParseSigned(f *testing.F) {
	s, _, _ := sealed(f)
	f.Add(s.Bytes())
	f.Add([]byte(checkpoint.Text() + "\n— a AAAAAAAA\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := seal.ParseSigned(b); err == nil && !bytes.Equal(s.Bytes(), b) {
			t.Errorf("%q is read as %q", b, s.Bytes())
		}
		if l, err := seal.ParseLine(string(b)); err == nil && l.String() != string(b) {
			t.Errorf("%q is read as %q", b, l)
		}
	})
}
