package access

import (
	"crypto/rand"
	"crypto/sha256"
	"hash/crc32"
	"math/big"
	"strings"
)

// A token is
//
//	tz_ <43 letters and digits: 256 random bits> <6 letters and digits: CRC-32C of the 43>
//
// in base 62, so that a click selects all of it and a scanner for secrets finds it. The log holds its SHA-256 alone.
// With 256 random bits a plain hash is as good as a slow one.
const (
	tokenPrefix = "tz_"
	randomChars = 43
	sumChars    = 6
	tokenChars  = len(tokenPrefix) + randomChars + sumChars
	digits      = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

type tokenHash = [sha256.Size]byte

// newToken returns a new random token.
func newToken() string {
	var random [32]byte
	_, _ = rand.Read(random[:]) // it never fails
	body := base62(new(big.Int).SetBytes(random[:]), randomChars)
	return tokenPrefix + body + tokenSum(body)
}

// tokenSum returns the checksum of the random part of a token.
func tokenSum(random string) string {
	sum, out := crc32.Checksum([]byte(random), crc32.MakeTable(crc32.Castagnoli)), [sumChars]byte{}
	for i := range out {
		out[sumChars-1-i] = digits[sum%uint32(len(digits))]
		sum /= uint32(len(digits))
	}
	return string(out[:])
}

// base62 returns a number in base 62 with the given number of digits.
func base62(n *big.Int, chars int) string {
	out, base, digit := make([]byte, chars), big.NewInt(int64(len(digits))), new(big.Int)
	for i := chars - 1; i >= 0; i-- {
		n.DivMod(n, base, digit)
		out[i] = digits[digit.Int64()]
	}
	return string(out)
}

// hashToken returns the hash under which a token is stored. ok is false for a text that cannot be a token, such as
// a mistyped or truncated one.
func hashToken(token string) (hash tokenHash, ok bool) {
	body, isToken := strings.CutPrefix(token, tokenPrefix)
	if !isToken || len(token) != tokenChars || body[randomChars:] != tokenSum(body[:randomChars]) {
		return hash, false
	}
	return sha256.Sum256([]byte(token)), true
}
