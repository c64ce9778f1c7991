// Package natstest starts servers of NATS and makes keys of users, for tests.
package natstest

import (
	"os"
	"testing"

	"github.com/nats-io/nkeys"
)

// Key is an nkey with its seed.
type Key struct {
	nkeys.KeyPair
	Public string
}

// NewUser returns a new nkey for a user.
func NewUser(t testing.TB) Key {
	t.Helper()
	return NewKey(t, nkeys.PrefixByteUser)
}

// NewKey returns a new nkey of a kind.
func NewKey(t testing.TB, kind nkeys.PrefixByte) Key {
	t.Helper()
	pair, err := nkeys.CreatePair(kind)
	if err != nil {
		t.Fatal(err)
	}
	public, err := pair.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	return Key{pair, public}
}

// WriteSeed writes the seed to a file that its owner alone may read.
func (k Key) WriteSeed(t testing.TB, path string) {
	t.Helper()
	seed, err := k.Seed()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, seed, 0o600); err != nil {
		t.Fatal(err)
	}
}
