package desk

import (
	"encoding/base32"
	"strings"
)

// These are for tokens of alert keys in addresses. Each key has one token, which contains no character with a
// meaning in an address or a subject of the feed: "-" for no key; the key itself if it has at most keyCharsMax
// letters, digits, "-" and "_" and begins with a capital letter or a digit; otherwise "x" and base32 of the key.
const (
	noKey       = "-"
	keyCharsMax = 64
	codedKey    = "x"
)

var keyCoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// KeyToken returns the token of a key.
func KeyToken(key string) string {
	switch {
	case key == "":
		return noKey
	case isPlainKey(key):
		return key
	}
	return codedKey + keyCoding.EncodeToString([]byte(key))
}

// ParseKeyToken returns the key of a token. ok is false for a text that KeyToken does not return.
func ParseKeyToken(token string) (key string, ok bool) {
	if coded, isCoded := strings.CutPrefix(token, codedKey); isCoded {
		decoded, err := keyCoding.DecodeString(coded)
		if err != nil {
			return "", false
		}
		key = string(decoded)
	} else if token != noKey {
		key = token
	}
	return key, KeyToken(key) == token
}

func isPlainKey(key string) bool {
	for i := range len(key) {
		switch c := key[i]; {
		case 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case i > 0 && ('a' <= c && c <= 'z' || c == '-' || c == '_'):
		default:
			return false
		}
	}
	return len(key) <= keyCharsMax
}
