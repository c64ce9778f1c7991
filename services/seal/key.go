package seal

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/taizhang/taizhang/events/text"
)

// KeyType is the first byte of a key in its written form. It says what the key signs.
type KeyType byte

// The types of Ed25519 keys that a checkpoint carries signatures of.
const (
	LogKey     KeyType = 0x01 // signs the text of a checkpoint
	WitnessKey KeyType = 0x04 // signs the text of a checkpoint and the time (c2sp.org/tlog-cosignature)
)

// Key is a public key with the name of its owner. The name of a log's key is the origin of its checkpoints.
type Key struct {
	Name   string
	Type   KeyType
	Public ed25519.PublicKey
}

// nameBytesMax is the maximum length of the name of a key, as in c2sp.org/tlog-cosignature.
const nameBytesMax = 255

// ParseKey reads a public key in the form of c2sp.org/signed-note, a "vkey": name+ID+base64(type‖key), where ID is
// eight hexadecimal digits. It accepts exactly what Key.String writes.
func ParseKey(vkey string) (Key, error) {
	fields := strings.Split(vkey, "+")
	if len(fields) < 3 || len(vkey) > nameBytesMax+64 {
		return Key{}, keyError(vkey)
	}
	material, err := base64.StdEncoding.Strict().DecodeString(strings.Join(fields[2:], "+")) // base64 uses + too
	if err != nil || len(material) != 1+ed25519.PublicKeySize {
		return Key{}, keyError(vkey)
	}
	k := Key{Name: fields[0], Type: KeyType(material[0]), Public: material[1:]}
	if err := k.check(); err != nil {
		return Key{}, err
	}
	if k.String() != vkey {
		return Key{}, keyError(vkey)
	}
	return k, nil
}

func keyError(vkey string) error {
	return text.Errorf(text.Invalid, "公钥 %q 不对：应为一行“名称+八位编号+base64”，请原样复制，不要增删字符",
		"the public key %q is wrong: expected one line name+ID+base64; copy it without any change",
		text.Clip(vkey, 120))
}

func (k Key) check() error {
	if !isKeyName(k.Name) {
		return text.Errorf(text.Invalid, "密钥名称 %q 不对：须为 1 至 %d 个字节，不含空格、加号和不可见的字符",
			"the key name %q is wrong: expected 1 to %d bytes without spaces, plus signs and invisible characters",
			text.Clip(k.Name, 120), nameBytesMax)
	}
	if k.Type != LogKey && k.Type != WitnessKey {
		return text.Errorf(text.Invalid, "密钥 %q 的类型 0x%02x 不受支持：台账的密钥为 0x01，见证方的密钥为 0x04",
			"the type 0x%02[2]x of the key %[1]q is not supported: a log's key has 0x01, a witness's key 0x04",
			k.Name, byte(k.Type))
	}
	return nil
}

// isKeyName reports whether a key may have a name. C2SP forbids spaces and plus signs; characters that nobody sees are
// forbidden here too, because people compare names by eye.
func isKeyName(name string) bool {
	return isLineName(name) && len(name) <= nameBytesMax && strings.IndexFunc(name, isInvisible) < 0
}

func isInvisible(r rune) bool { return !unicode.IsPrint(r) }

// isLineName reports whether a name may stand in a signature line.
func isLineName(name string) bool {
	return name != "" && utf8.ValidString(name) && !strings.Contains(name, "+") &&
		strings.IndexFunc(name, func(r rune) bool { return unicode.IsSpace(r) || r < ' ' }) < 0
}

// String returns the written form of the key.
func (k Key) String() string {
	return fmt.Sprintf("%s+%08x+%s", k.Name, k.ID(), base64.StdEncoding.EncodeToString(k.material()))
}

// ID returns the number that leads the key's signatures: the first four bytes of SHA-256(name‖newline‖type‖key).
func (k Key) ID() uint32 { return keyID(k.Name, k.material()) }

func (k Key) material() []byte { return append([]byte{byte(k.Type)}, k.Public...) }

func keyID(name string, material []byte) uint32 {
	sum := sha256.Sum256(append([]byte(name+"\n"), material...))
	return binary.BigEndian.Uint32(sum[:])
}

// Signer is a key with its private half. Its methods never print it, except for Private.
type Signer struct {
	Key
	private ed25519.PrivateKey
}

// NewSigner makes a new key.
func NewSigner(name string, t KeyType) (Signer, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return Signer{}, fmt.Errorf("seal: make a key: %w", err)
	}
	s := Signer{Key{Name: name, Type: t, Public: public}, private}
	return s, s.check()
}

const privatePrefix = "PRIVATE+KEY+"

// ParseSigner reads a private key in the form of golang.org/x/mod/sumdb/note: PRIVATE+KEY+name+ID+base64(type‖seed).
// It accepts exactly what Signer.Private writes. Its errors do not show the key.
func ParseSigner(key string) (Signer, error) {
	rest, isPrivate := strings.CutPrefix(key, privatePrefix)
	fields := strings.Split(rest, "+")
	if !isPrivate || len(fields) < 3 || len(key) > len(privatePrefix)+nameBytesMax+64 {
		return Signer{}, errSigner
	}
	material, err := base64.StdEncoding.Strict().DecodeString(strings.Join(fields[2:], "+"))
	if err != nil || len(material) != 1+ed25519.SeedSize {
		return Signer{}, errSigner
	}
	private := ed25519.NewKeyFromSeed(material[1:])
	s := Signer{Key{Name: fields[0], Type: KeyType(material[0]), Public: private.Public().(ed25519.PublicKey)},
		private}
	if s.check() != nil || s.Private() != key {
		return Signer{}, errSigner
	}
	return s, nil
}

var errSigner = text.Errorf(text.Invalid,
	"私钥不对：应为一行“PRIVATE+KEY+名称+八位编号+base64”，请原样放回备份的密钥文件",
	"the private key is wrong: expected one line PRIVATE+KEY+name+ID+base64; put back the key file as it was saved")

// Private returns the written form of the private key. Whoever has it can sign.
func (s Signer) Private() string {
	return fmt.Sprintf("%s%s+%08x+%s", privatePrefix, s.Name, s.ID(),
		base64.StdEncoding.EncodeToString(append([]byte{byte(s.Type)}, s.private.Seed()...)))
}

// Errors that SignedBy and CosignedBy wrap. A signature that is missing may come later; a wrong one means that the
// checkpoint or the signature was changed.
var (
	ErrNoSignature  = errors.New("seal: the key did not sign")
	ErrBadSignature = errors.New("seal: the signature of the key is wrong")
)

func noSignature(name string) error {
	e := text.Errorf(text.NotFound, "检查点没有 %s 的签名", "the checkpoint has no signature of %s", name)
	e.Cause = ErrNoSignature
	return e
}

func badSignature(name string) error {
	e := text.Errorf(text.Refused, "检查点上 %s 的签名不对：检查点或签名被改动过，或者公钥不是它的",
		"the signature of %s on the checkpoint is wrong: the checkpoint or the signature was changed, "+
			"or it is of another key",
		name)
	e.Cause = ErrBadSignature
	return e
}
