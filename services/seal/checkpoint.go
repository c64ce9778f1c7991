package seal

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/taizhang/taizhang/events/text"
)

// SizeMax is the maximum size of a tree. Every program reads numbers up to it exactly, those that read JSON too.
const SizeMax = 1 << 53

// Checkpoint is the size of a tree and its root hash, under the name of the log (c2sp.org/tlog-checkpoint).
type Checkpoint struct {
	Origin string
	Size   uint64
	Root   tlog.Hash
}

// Text returns the three lines that are signed: origin, size, root hash in base64. Each ends with a newline.
func (c Checkpoint) Text() string { return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, c.Root) }

// Signed is a checkpoint with its signature lines, in the order in which they stand (c2sp.org/signed-note):
//
//	taizhang.zj/2026                                               ⎫
//	1503                                                           ⎬ the text
//	CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=                   ⎭
//	                                                                 an empty line
//	— taizhang.zj/2026 Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurm…   ⎫ one line a key: name, base64(ID‖signature)
//	— audit.example/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcr…   ⎭
type Signed struct {
	Checkpoint
	Lines []Line
}

// Line is a signature line. Nothing says that the signature is right.
type Line struct {
	Name      string
	ID        uint32
	Signature []byte
}

// The limits of a signed checkpoint, of one signature in it, and of its lines.
const (
	signedBytesMax    = 64 << 10
	signatureBytesMax = 8 << 10 // those of the largest post-quantum keys have 5 KB
	linesMax          = 100
)

const lineStart = "— "

// ClockSkewMax is the difference that is allowed between the clocks of the ledger, a witness and an authority that
// stamps times.
const ClockSkewMax = 5 * time.Minute

// String returns the line without a newline.
func (l Line) String() string {
	return lineStart + l.Name + " " +
		base64.StdEncoding.EncodeToString(append(binary.BigEndian.AppendUint32(nil, l.ID), l.Signature...))
}

// ParseLine reads a signature line without its newline. It accepts exactly what Line.String writes.
func ParseLine(line string) (Line, error) {
	rest, isLine := strings.CutPrefix(line, lineStart)
	name, encoded, _ := strings.Cut(rest, " ")
	b, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if !isLine || !isLineName(name) || err != nil || len(b) < 5 || len(b) > 4+signatureBytesMax {
		return Line{}, lineError(line)
	}
	l := Line{Name: name, ID: binary.BigEndian.Uint32(b), Signature: b[4:]}
	if l.String() != line {
		return Line{}, lineError(line)
	}
	return l, nil
}

// changedEnds says what is wrong with a file that a program on Windows saved as text.
var changedEnds = text.Say("行尾被改成了 Windows 的换行（CRLF），请原样传递文件",
	"its line ends were changed to those of Windows (CRLF); carry the file as it is")

func lineError(line string) error {
	if strings.HasSuffix(line, "\r") {
		return text.Errorf(text.Invalid, "%s", "%s", changedEnds)
	}
	return text.Errorf(text.Invalid, "签名行 %q 不对：应为“— 名称 base64”",
		"the signature line %q is wrong: expected — name base64",
		text.Clip(line, 120))
}

// ParseSigned reads a signed checkpoint. It accepts exactly what Signed.Bytes writes: at most 64 KiB, three lines of
// text, and 1 to 100 signature lines of as many keys. It verifies no signature.
func ParseSigned(note []byte) (*Signed, error) {
	if err := checkNote(note); err != nil {
		return nil, err
	}
	lines := strings.Split(string(note), "\n")
	if len(lines) < 6 || lines[3] != "" || lines[len(lines)-1] != "" {
		return nil, signedError(text.Say("应为三行文本、一个空行和签名行，每行以换行符结束",
			"expected three lines of text, an empty line and signature lines, each ended by a newline"))
	}
	if len(lines)-5 > linesMax {
		return nil, signedError(text.Say("签名行超过 %d 行", "it has more than %d signature lines", linesMax))
	}
	c, err := parseText(lines[0], lines[1], lines[2])
	if err != nil {
		return nil, err
	}
	s := &Signed{Checkpoint: c}
	for _, line := range lines[4 : len(lines)-1] {
		l, err := ParseLine(line)
		if err != nil {
			return nil, err
		}
		if !s.Add(l) {
			return nil, signedError(text.Say("%s 有两行签名", "%s has two signature lines", l.Name))
		}
	}
	return s, nil
}

// ParseKept reads a checkpoint that an auditor kept himself. It accepts what ParseSigned does, also with a byte order
// mark, the line ends of Windows, without the last newline, or with more of them. It also accepts the three lines of
// the text alone, as they stand on a printed sheet; the result then has no signature line.
func ParseKept(content []byte) (*Signed, error) {
	content = bytes.TrimPrefix(content, []byte("\uFEFF"))
	content = bytes.TrimRight(bytes.ReplaceAll(content, []byte("\r\n"), []byte("\n")), "\n")
	lines := strings.Split(string(content), "\n")
	if len(lines) != 3 {
		return ParseSigned(append(content, '\n'))
	}
	if err := checkNote(content); err != nil {
		return nil, err
	}
	c, err := parseText(lines[0], lines[1], lines[2])
	if err != nil {
		return nil, err
	}
	return &Signed{Checkpoint: c}, nil
}

// checkNote checks that a checkpoint is a text of at most signedBytesMax.
func checkNote(note []byte) error {
	if len(note) > signedBytesMax {
		return signedError(text.Say("超过 64 KiB", "it has more than 64 KiB"))
	}
	if bytes.Contains(note, []byte("\r\n")) {
		return signedError(changedEnds)
	}
	if !utf8.Valid(note) || bytes.ContainsFunc(note, func(r rune) bool { return r < ' ' && r != '\n' }) {
		return signedError(text.Say("含有不是文本的字节", "it has bytes that are not text"))
	}
	return nil
}

func parseText(origin, size, root string) (c Checkpoint, err error) {
	if origin == "" || len(origin) > nameBytesMax {
		return c, signedError(text.Say("第一行应为名称，不超过 %d 个字节",
			"expected a name of at most %d bytes in line 1", nameBytesMax))
	}
	if c.Size, err = parseSize(size); err != nil {
		return c, signedError(text.Say("第二行应为条数，得到 %q", "expected a size in line 2, got %q",
			text.Clip(size, 40)))
	}
	if c.Root, err = parseHash(root); err != nil {
		return c, signedError(text.Say("第三行应为根值，得到 %q", "expected a root in line 3, got %q",
			text.Clip(root, 60)))
	}
	c.Origin = origin
	return c, nil
}

func signedError(what text.Text) error {
	return text.Errorf(text.Invalid, "不是检查点：%s", "this is no checkpoint: %s", what)
}

// parseSize reads a number from 0 to SizeMax in decimal without leading zeros.
func parseSize(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if err == nil && (n > SizeMax || strconv.FormatUint(n, 10) != s) {
		err = strconv.ErrRange
	}
	return n, err
}

// parseHash reads a hash in base64, in its one form.
func parseHash(s string) (h tlog.Hash, err error) {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err == nil && (copy(h[:], b) != len(h) || h.String() != s) {
		err = strconv.ErrSyntax
	}
	return h, err
}

// Bytes returns the checkpoint with its signature lines, as a file or another program has it.
func (s *Signed) Bytes() []byte {
	b := []byte(s.Text() + "\n")
	for _, l := range s.Lines {
		b = append(append(b, l.String()...), '\n')
	}
	return b
}

// Sign returns the checkpoint with the signature of the log.
func Sign(c Checkpoint, by Signer) *Signed {
	return &Signed{c, []Line{{by.Name, by.ID(), ed25519.Sign(by.private, []byte(c.Text()))}}}
}

// SignedBy verifies the signature of the log, and that the checkpoint is of that log. Its error wraps ErrNoSignature
// or ErrBadSignature.
func (s *Signed) SignedBy(log Key) error {
	if log.Type != LogKey || s.Origin != log.Name {
		return noSignature(log.Name)
	}
	l := s.line(log.Name, log.ID())
	if l == nil {
		return noSignature(log.Name)
	}
	if !ed25519.Verify(log.Public, []byte(s.Text()), l.Signature) {
		return badSignature(log.Name)
	}
	return nil
}

// Cosign returns the line by which a witness states that it saw this checkpoint at a time (whole seconds), as the
// largest of the log so far. The caller must have checked that, and stored it.
func (s *Signed) Cosign(by Signer, at time.Time) Line {
	seconds := uint64(at.Unix())
	return Line{by.Name, by.ID(), append(binary.BigEndian.AppendUint64(nil, seconds),
		ed25519.Sign(by.private, s.cosigned(seconds))...)}
}

// cosigned returns the bytes that a witness signs.
func (s *Signed) cosigned(seconds uint64) []byte {
	return fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", seconds, s.Text())
}

// secondsMax is the last second of the year 9999, after which a time has no usual written form.
const secondsMax = 253402300799

// CosignedBy verifies the line of a witness and returns when it saw the checkpoint. Its error wraps ErrNoSignature or
// ErrBadSignature.
func (s *Signed) CosignedBy(w Key) (at time.Time, err error) {
	l := s.line(w.Name, w.ID())
	if w.Type != WitnessKey || l == nil {
		return at, noSignature(w.Name)
	}
	if len(l.Signature) != 8+ed25519.SignatureSize {
		return at, badSignature(w.Name)
	}
	seconds := binary.BigEndian.Uint64(l.Signature)
	if seconds > secondsMax || !ed25519.Verify(w.Public, s.cosigned(seconds), l.Signature[8:]) {
		return at, badSignature(w.Name)
	}
	return time.Unix(int64(seconds), 0).UTC(), nil
}

// line returns the line of a key, or nil.
func (s *Signed) line(name string, id uint32) *Line {
	i := slices.IndexFunc(s.Lines, func(l Line) bool { return l.Name == name && l.ID == id })
	if i < 0 {
		return nil
	}
	return &s.Lines[i]
}

// Add appends a line, and reports false if there is a line of that key already. The caller must have verified the
// line: the first line of a key stays.
func (s *Signed) Add(l Line) bool {
	if s.line(l.Name, l.ID) != nil {
		return false
	}
	s.Lines = append(s.Lines, l)
	return true
}
