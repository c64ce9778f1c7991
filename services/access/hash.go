package access

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"github.com/taizhang/taizhang/services/access/internal/hashcost"
)

// cost is the cost of an argon2id hash.
type cost struct {
	memory  uint32 // KiB
	passes  uint32
	threads uint8
}

// costNow is the cost of new hashes.
var costNow = cost{memory: hashcost.MemoryKiB, passes: 1, threads: 1}

// These limits bound a hash that is read. A hash that asks for more is damaged, and computing it could exhaust the
// memory.
const (
	memoryMax  = 1 << 20 // KiB
	passesMax  = 16
	threadsMax = 16
	saltBytes  = 16
	hashBytes  = 32
	bytesMin   = 8
	bytesMax   = 64
)

// phc is the hash of a password as the log has it, in the string format of the Password Hashing Competition:
//
// $argon2id$v=19$m=47104,t=1,p=1$<salt>$<hash>
type phc struct {
	cost
	salt, hash []byte
}

// String returns the hash as the log has it. parseHash is its inverse.
func (h *phc) String() string {
	base := base64.RawStdEncoding
	return "$argon2id$v=" + strconv.Itoa(argon2.Version) + "$m=" + strconv.Itoa(int(h.memory)) + ",t=" +
		strconv.Itoa(int(h.passes)) + ",p=" + strconv.Itoa(int(h.threads)) +
		"$" + base.EncodeToString(h.salt) + "$" + base.EncodeToString(h.hash)
}

// errHash is returned for a hash that cannot be read. It does not quote the hash.
var errHash = errors.New("the hash of the password is not one of argon2id")

// parseHash reads a hash. It accepts exactly the strings that String returns.
func parseHash(s string) (*phc, error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return nil, errHash
	}
	h := &phc{}
	costs := strings.Split(parts[3], ",")
	if len(costs) != 3 {
		return nil, errHash
	}
	memory, ok1 := parseCost(costs[0], "m=", memoryMax)
	passes, ok2 := parseCost(costs[1], "t=", passesMax)
	threads, ok3 := parseCost(costs[2], "p=", threadsMax)
	h.cost = cost{uint32(memory), uint32(passes), uint8(threads)}
	var err1, err2 error
	h.salt, err1 = base64.RawStdEncoding.Strict().DecodeString(parts[4])
	h.hash, err2 = base64.RawStdEncoding.Strict().DecodeString(parts[5])
	if !ok1 || !ok2 || !ok3 || err1 != nil || err2 != nil || !fits(h.salt) || !fits(h.hash) || h.String() != s {
		return nil, errHash
	}
	return h, nil
}

func fits(b []byte) bool { return len(b) >= bytesMin && len(b) <= bytesMax }

// parseCost reads one number of a hash, from 1 to most.
func parseCost(s, name string, most int) (n int, ok bool) {
	digits, ok := strings.CutPrefix(s, name)
	n, err := strconv.Atoi(digits)
	return n, ok && err == nil && n >= 1 && n <= most
}

// hasher makes the hashes of passwords, at most two at once.
type hasher struct {
	derive            func(password, salt []byte, c cost, bytes uint32) []byte
	cost              cost
	strangers, others *lane // others is for known browsers, and for setting a password
	dummy             *phc  // compared with if an account has no password
}

func newHasher() *hasher {
	h := &hasher{derive: argon2id, cost: costNow, strangers: newLane(), others: newLane()}
	// read here, because a test of another package may have set it
	h.cost.memory = hashcost.MemoryKiB
	h.dummy = &phc{h.cost, make([]byte, saltBytes), make([]byte, hashBytes)} // no password has this hash
	return h
}

func argon2id(password, salt []byte, c cost, bytes uint32) []byte {
	return argon2.IDKey(password, salt, c.passes, c.memory, c.threads, bytes)
}

// make returns the hash of a password, with a new salt. The caller holds a place in a lane.
func (h *hasher) make(password string) string {
	made := &phc{cost: h.cost, salt: make([]byte, saltBytes)}
	_, _ = rand.Read(made.salt) // it never fails
	made.hash = h.derive(normal(password), made.salt, made.cost, hashBytes)
	return made.String()
}

// matches reports whether hash is the hash of the password. Its time does not depend on how much of the password
// is right, and is the same for a hash that is missing or cannot be read. The caller holds a place in a lane.
func (h *hasher) matches(password, hash string) bool {
	held, err := parseHash(hash)
	if err != nil {
		held = h.dummy
	}
	got := h.derive(normal(password), held.salt, held.cost, uint32(len(held.hash)))
	return subtle.ConstantTimeCompare(got, held.hash) == 1 && err == nil
}

// normal returns the bytes of a password to be hashed. It makes characters that can be typed in several ways
// equal.
func normal(password string) []byte { return norm.NFC.Bytes([]byte(password)) }
