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

// These are the settings of an authenticator app: RFC 6238 with SHA-1, which every such app supports.
const (
	stepSeconds  = 30
	stepsAround  = 1 // a clock may be wrong by this number of steps
	codeChars    = 6
	typedCharMax = 64 // no typed code is longer, even with blanks in it
)

// A recovery code is 80 random bits in Crockford's alphabet, which leaves out letters that look like others.
const (
	recoveryCodes = 10
	recoveryBytes = 10
	recoveryChars = recoveryBytes * 8 / 5
	recoveryGroup = 4
	recoveryAlpha = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)

var recoveryEncoding = base32.NewEncoding(recoveryAlpha).WithPadding(base32.NoPadding)

// check checks a typed code at an instant and returns how it is recorded. ok is false for a wrong code and for one
// that was used before.
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

// stepOf returns the time step of a code if it is later than the step used last. The work is the same for every
// code. If two steps have the same code, it returns the later one, so that the code cannot be used twice.
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

// normalCode returns a typed code in the form to compare: without separators, in capitals, in narrow characters,
// and with look-alike letters replaced by digits. It returns "" for a text that cannot be a code.
func normalCode(typed string) string {
	if len(typed) > typedCharMax {
		return ""
	}
	typed = strings.ToUpper(width.Narrow.String(typed))
	code := strings.NewReplacer(" ", "", "\u00a0", "", "\t", "", "\r", "", "\n", "", "-", "", "O", "0", "I", "1", "L",
		"1").Replace(typed)
	if strings.Trim(code, recoveryAlpha) != "" {
		return ""
	}
	return code
}

// newRecoveryCodes returns new recovery codes in the form shown to people, and their hashes in hexadecimal.
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

// hashRecovery returns the hash under which a recovery code is stored. code is in the form of normalCode. With 80
// random bits a fast hash is as safe as a slow one.
func hashRecovery(code string) secretHash { return sha256.Sum256([]byte(code)) }
