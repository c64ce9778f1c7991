package access

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/hex"
	"strings"
	"time"

	"github.com/pquerna/otp/hotp"
	"golang.org/x/text/width"
)

// What a program that makes codes is set to: RFC 6238 with SHA-1, as every such program knows it.
const (
	stepSeconds  = 30
	stepsAround  = 1 // a clock may be so many steps off either way
	codeChars    = 6
	typedCharMax = 64 // no code that people type is longer, with all the blanks between
)

// Recovery codes are 80 random bits, written in the alphabet of Crockford, which has no letters that are taken for others.
const (
	recoveryCodes = 10
	recoveryBytes = 10
	recoveryChars = recoveryBytes * 8 / 5
	recoveryGroup = 4
	recoveryAlpha = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)

var recoveryEncoding = base32.NewEncoding(recoveryAlpha).WithPadding(base32.NoPadding)

// check returns what a code counts as at an instant. ok is false for one that is wrong, or that counted before.
func (f *factor) check(typed string, now time.Time) (shown shownCode, ok bool) {
	code := normalCode(typed)
	switch {
	case f == nil:
		return shownCode{}, false
	case len(code) == codeChars:
		shown.Factor = codeShown
		shown.Step, ok = stepOf(f.secret, code, now, f.step)
	case len(code) == recoveryChars:
		hash, found := hashRecovery(code), 0
		for i := range f.recovery {
			found |= subtle.ConstantTimeCompare(f.recovery[i][:], hash[:])
		}
		shown.Factor, shown.Recovery, ok = recoveryShown, hex.EncodeToString(hash[:]), found == 1
	}
	return shown, ok
}

// stepOf returns the step that a code is of, at an instant, if it is later than the one used last. The work is the same for every
// code. Of two steps with the same code it returns the later, so that what was shown once is not good for the other.
func stepOf(secret, code string, now time.Time, used int64) (step int64, ok bool) {
	at := now.Unix() / stepSeconds
	for s := at - stepsAround; s <= at+stepsAround; s++ {
		want, err := hotp.GenerateCode(secret, uint64(s))
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && err == nil && s > used {
			step, ok = s, true
		}
	}
	return step, ok
}

// normalCode returns a code as it is compared: without what people put between its groups, in capitals, in the width of Latin
// letters, and with the digits that they took for letters. It returns "" for what cannot be a code.
func normalCode(typed string) string {
	if len(typed) > typedCharMax {
		return ""
	}
	typed = strings.ToUpper(width.Narrow.String(typed))
	code := strings.NewReplacer(" ", "", "\u00a0", "", "\t", "", "\r", "", "\n", "", "-", "", "O", "0", "I", "1", "L", "1").Replace(typed)
	if strings.Trim(code, recoveryAlpha) != "" {
		return ""
	}
	return code
}

// newRecoveryCodes returns new recovery codes as they are shown, and their hashes in hexadecimal.
func newRecoveryCodes() (codes, hashes []string) {
	for range recoveryCodes {
		var random [recoveryBytes]byte
		_, _ = rand.Read(random[:]) // it never fails
		code := recoveryEncoding.EncodeToString(random[:])
		hash := hashRecovery(code)
		codes, hashes = append(codes, grouped(code)), append(hashes, hex.EncodeToString(hash[:]))
	}
	return codes, hashes
}

// grouped returns a recovery code with hyphens between its groups.
func grouped(code string) string {
	var groups []string
	for ; len(code) > recoveryGroup; code = code[recoveryGroup:] {
		groups = append(groups, code[:recoveryGroup])
	}
	return strings.Join(append(groups, code), "-")
}

// hashRecovery returns the hash under which a recovery code, as normalCode returns it, is known. With 80 random bits a plain hash is
// as good as a slow one.
func hashRecovery(code string) secretHash { return sha256.Sum256([]byte(code)) }
