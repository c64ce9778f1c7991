package access

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
)

// secretChars is the length of a secret of a session or of a browser: 256 random bits in base64url without padding.
const secretChars = 43

// secretHash is the SHA-256 of a secret of 256 random bits, or of a recovery code of 80. They cannot be guessed, so a
// fast hash is as safe as a slow one.
type secretHash = [sha256.Size]byte

// newSecret returns a new secret and its hash.
func newSecret() (secret string, hash secretHash) {
	var random [32]byte
	_, _ = rand.Read(random[:]) // it never fails
	secret = base64.RawURLEncoding.EncodeToString(random[:])
	return secret, sha256.Sum256([]byte(secret))
}

// hashSecret returns the hash under which a secret is stored. ok is false for a text of the wrong length.
func hashSecret(secret string) (hash secretHash, ok bool) {
	if len(secret) != secretChars {
		return hash, false
	}
	var chars [secretChars]byte // on the stack, unlike []byte(secret)
	copy(chars[:], secret)
	return sha256.Sum256(chars[:]), true
}

// written returns a hash in the form of facts: in hexadecimal, "" for the zero hash.
func written(hash secretHash) string {
	if hash == (secretHash{}) {
		return ""
	}
	return hex.EncodeToString(hash[:])
}

// parseSHA256 reads a hash that written returned.
func parseSHA256(s string) (hash secretHash, err error) {
	if len(s) == 2*len(hash) {
		if _, err = hex.Decode(hash[:], []byte(s)); err == nil {
			return hash, nil
		}
	}
	return hash, errors.New("it has no hash")
}
