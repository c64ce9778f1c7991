package seal

import (
	"bytes"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/taizhang/taizhang/events/text"
)

// Proof shows that a record lies at an index (its position less one) of the tree of a checkpoint
// (c2sp.org/tlog-proof@v1):
//
//	c2sp.org/tlog-proof@v1
//	index 1502
//	gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=     the hashes beside the path from the leaf to the root, from below
//	…
//	                                                 an empty line
//	taizhang.zj/2026                                 the signed checkpoint, verbatim
//	…
//
// The line "extra" of that format is refused, because nothing vouches for it.
type Proof struct {
	Index      uint64
	Hashes     []tlog.Hash
	Checkpoint *Signed
}

const (
	proofHeader = "c2sp.org/tlog-proof@v1"
	hashesMax   = 63 // of a proof, as in c2sp.org/tlog-witness
	hashChars   = 44 // of a hash in base64
)

// ParseProof reads a proof. It accepts exactly what Proof.Bytes writes. It verifies nothing.
func ParseProof(content []byte) (*Proof, error) {
	rest, isProof := bytes.CutPrefix(content, []byte(proofHeader+"\n"))
	if !isProof {
		return nil, proofError(text.Say("第一行应为 %s", "expected %s in line 1", proofHeader))
	}
	number, hashes, checkpoint, err := parseParts(rest, "index ")
	if err != nil {
		return nil, proofError(text.Of(err))
	}
	s, err := ParseSigned(checkpoint)
	if err != nil {
		return nil, err
	}
	if number >= s.Size {
		return nil, proofError(text.Say("序号 %d 不小于检查点的条数 %d",
			"the index %d is not below the checkpoint's size %d",
			number, s.Size))
	}
	return &Proof{number, hashes, s}, nil
}

func proofError(what text.Text) error {
	return text.Errorf(text.Invalid, "不是回执：%s", "this is no receipt: %s", what)
}

// parseParts reads a line with a number, lines with a hash each, an empty line, and returns the bytes after it.
func parseParts(content []byte, name string) (number uint64, hashes []tlog.Hash, rest []byte, err error) {
	line, rest, _ := bytes.Cut(content, []byte("\n"))
	digits, isNumber := strings.CutPrefix(string(line[:min(len(line), 40)]), name)
	if number, err = parseSize(digits); err != nil || !isNumber {
		return 0, nil, nil, text.Errorf(text.Invalid, "应为“%s”和一个数，得到 %q", "expected %sand a number, got %q",
			name, text.Clip(string(line), 60))
	}
	for {
		var ended bool
		if line, rest, ended = bytes.Cut(rest, []byte("\n")); !ended {
			return 0, nil, nil, text.Errorf(text.Invalid, "散列之后缺少空行",
				"the empty line after the hashes is missing")
		}
		if len(line) == 0 {
			return number, hashes, rest, nil
		}
		if len(hashes) == hashesMax {
			return 0, nil, nil, text.Errorf(text.Invalid, "散列超过 %d 个", "there are more than %d hashes", hashesMax)
		}
		h, err := parseHash(string(line[:min(len(line), hashChars+1)]))
		if err != nil {
			return 0, nil, nil, text.Errorf(text.Invalid, "应为散列，得到 %q", "expected a hash, got %q",
				text.Clip(string(line), 60))
		}
		hashes = append(hashes, h)
	}
}

// appendParts writes what parseParts reads.
func appendParts(b []byte, name string, number uint64, hashes []tlog.Hash) []byte {
	b = fmt.Appendf(b, "%s%d\n", name, number)
	for _, h := range hashes {
		b = fmt.Appendf(b, "%s\n", h)
	}
	return append(b, '\n')
}

// Bytes returns the proof as a file or another program has it.
func (p *Proof) Bytes() []byte {
	return append(appendParts([]byte(proofHeader+"\n"), "index ", p.Index, p.Hashes), p.Checkpoint.Bytes()...)
}

// Verify reports whether a record, its stored line without newline, lies at the index of the checkpoint's tree. The
// caller verifies the signatures of the checkpoint.
func (p *Proof) Verify(line []byte) error {
	if p.Checkpoint.Size > SizeMax || p.Index >= p.Checkpoint.Size || tlog.CheckRecord(p.Hashes,
		int64(p.Checkpoint.Size), p.Checkpoint.Root, int64(p.Index), tlog.RecordHash(line)) != nil {
		return text.Errorf(text.Refused,
			"回执不证明这条记录：它不在检查点（条数 %[2]d）的位置 %[1]d 上，或者记录、回执被改动过",
			"the receipt does not prove this record: it does not lie at position %d of the checkpoint of size %d, "+
				"or the record or the receipt was changed", p.Index+1, p.Checkpoint.Size)
	}
	return nil
}

// ParseHashes reads the hashes of a proof, one a line in base64, each ended by a newline. It accepts exactly what
// HashLines writes.
func ParseHashes(content []byte) (hashes []tlog.Hash, err error) {
	lines := bytes.Split(content, []byte("\n"))
	if last := len(lines) - 1; len(lines[last]) > 0 || last > hashesMax {
		return nil, text.Errorf(text.Invalid, "应为至多 %d 行散列，每行以换行符结束",
			"expected at most %d lines of hashes, each ended by a newline", hashesMax)
	}
	for i, line := range lines[:len(lines)-1] {
		h, err := parseHash(string(line[:min(len(line), hashChars+1)]))
		if err != nil {
			return nil, text.Errorf(text.Invalid, "第 %d 行应为散列，得到 %q", "expected a hash in line %d, got %q",
				i+1, text.Clip(string(line), 60))
		}
		hashes = append(hashes, h)
	}
	return hashes, nil
}

// HashLines returns the hashes of a proof, one a line in base64.
func HashLines(hashes []tlog.Hash) (b []byte) {
	for _, h := range hashes {
		b = fmt.Appendf(b, "%s\n", h)
	}
	return b
}

// CheckConsistency reports whether the tree of the newer checkpoint begins with the tree of the older one, by a proof
// of RFC 6962. The proof of two trees of one size, and of the empty tree, has no hashes.
func CheckConsistency(proof []tlog.Hash, older, newer Checkpoint) error {
	if older.Size > newer.Size || newer.Size > SizeMax {
		return text.Errorf(text.Invalid, "检查点的条数 %[2]d 小于先前的 %[1]d",
			"the older checkpoint has size %d, the newer %d",
			older.Size, newer.Size)
	}
	var holds bool
	switch older.Size {
	case 0:
		holds = len(proof) == 0 && older.Root == EmptyRoot() && (newer.Size > 0 || newer.Root == older.Root)
	case newer.Size:
		holds = len(proof) == 0 && newer.Root == older.Root
	default:
		holds = tlog.CheckTree(proof, int64(newer.Size), newer.Root, int64(older.Size), older.Root) == nil
	}
	if !holds {
		return text.Errorf(text.Refused,
			"条数为 %[2]d 的检查点不是条数为 %[1]d 的检查点的延续：前 %[1]d 条记录有改动、增删或移位，或者证明不全",
			"the checkpoint of size %[2]d does not continue the one of size %[1]d: among the first %[1]d records one "+
				"was changed, removed, inserted or moved, or the proof is not whole", older.Size, newer.Size)
	}
	return nil
}
