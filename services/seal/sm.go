package seal

import (
	"bytes"
	"fmt"
	"io"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm3"

	"github.com/taizhang/taizhang/events/text"
)

// SM3 returns the SM3 hash (GB/T 32905) of all that a reader gives.
func SM3(r io.Reader) (sum [32]byte, err error) {
	h := sm3.New()
	if _, err = io.Copy(h, r); err != nil {
		return sum, fmt.Errorf("seal: compute SM3: %w", err)
	}
	h.Sum(sum[:0])
	return sum, nil
}

// A checkpoint may carry signatures of SM2 keys (GB/T 32918) over its text. The ID of such a key is computed from
// 0xff, for a type that C2SP has no number for, the object identifier of SM2 with SM3, and the key as
// SubjectPublicKeyInfo.
const (
	sm2Type = "\xff1.2.156.10197.1.501"
	sm2UID  = "1234567812345678" // of the signer, where nothing else is agreed (GB/T 35276)
)

// spkiStart is what SubjectPublicKeyInfo of every SM2 key begins with: an elliptic curve key, on the curve of SM2, of
// 65 bytes.
var spkiStart = []byte{0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
	0x06, 0x08, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x82, 0x2d, 0x03, 0x42, 0x00}

// SM2Line returns the line of an SM2 key, given as SubjectPublicKeyInfo in DER, with its signature in DER. The caller
// verifies it with SM2SignedBy once it is added.
func SM2Line(name string, spki, signature []byte) Line {
	return Line{name, keyID(name, append([]byte(sm2Type), spki...)), signature}
}

// SM2SignedBy verifies the signature of an SM2 key, given as SubjectPublicKeyInfo in DER. Its error wraps
// ErrNoSignature or ErrBadSignature, unless the key itself is wrong.
func (s *Signed) SM2SignedBy(name string, spki []byte) error {
	point, isKey := bytes.CutPrefix(spki, spkiStart)
	key, err := sm2.NewPublicKey(point)
	if !isKey || err != nil || !isKeyName(name) {
		return text.Errorf(text.Invalid, "%q 的 SM2 公钥不对：应为 DER 编码的 SubjectPublicKeyInfo",
			"the SM2 key of %q is wrong: expected SubjectPublicKeyInfo in DER", text.Clip(name, 120))
	}
	l := s.line(name, SM2Line(name, spki, nil).ID)
	if l == nil {
		return noSignature(name)
	}
	if !sm2.VerifyASN1WithSM2(key, []byte(sm2UID), []byte(s.Text()), l.Signature) {
		return badSignature(name)
	}
	return nil
}

// SM2Lines returns the lines that look like those of an SM2 key: their signature is that of an elliptic curve in DER.
// Without the key nothing more can be said of them.
func (s *Signed) SM2Lines() (list []Line) {
	for _, l := range s.Lines {
		if n := len(l.Signature); n > 8 && n <= 72 && l.Signature[0] == 0x30 && int(l.Signature[1]) == n-2 {
			list = append(list, l)
		}
	}
	return list
}
