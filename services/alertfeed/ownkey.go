package alertfeed

import (
	"cmp"
	"os"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/listen"
)

// ownKey is the key of the publisher at a server elsewhere. Its file is read again for each connection, so that
// the key can be replaced.
type ownKey struct {
	seed   string // the path of a seed, or ""
	creds  string // the path of credentials, or ""
	public string // its public nkey
}

// CheckKey returns an error if the publisher cannot use the file of a seed, or of credentials, to connect to a
// server elsewhere. The path that is not used is "".
func CheckKey(seed, creds string) error {
	_, err := readOwnKey(seed, creds)
	return err
}

// PublicKey returns the public nkey of the publisher whose seed is in a file.
func PublicKey(seed string) (string, error) {
	k, err := readOwnKey(seed, "")
	if err != nil {
		return "", err
	}
	return k.public, nil
}

// readOwnKey reads the key of the publisher: a seed, or credentials with a seed. The file must be private, as
// listen.Private says.
func readOwnKey(seed, creds string) (*ownKey, error) {
	k := &ownKey{seed: seed, creds: creds}
	path, param, parse := seed, "nats-nkey", nkeys.ParseDecoratedNKey
	if creds != "" {
		path, param, parse = creds, "nats-creds", nkeys.ParseDecoratedUserNKey
	}
	if err := listen.Private(path); err != nil {
		return nil, err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	pair, err := parse(content)
	if err == nil {
		defer pair.Wipe()
		k.public, err = pair.PublicKey()
	}
	isUser := nkeys.IsValidPublicUserKey(k.public)
	if creds != "" {
		jwt, _ := nkeys.ParseDecoratedJWT(content) // if content is not credentials, it is returned unchanged
		isUser = isUser && strings.Count(jwt, ".") == 2
	}
	if err != nil || !isUser {
		return nil, text.Errorf(text.Invalid, "%s 中没有 NATS 用户的密钥", "%s holds no key of a NATS user",
			path).Of(param)
	}
	return k, nil
}

// path returns the path of the file.
func (k *ownKey) path() string { return cmp.Or(k.seed, k.creds) }

// option returns the option to connect with the key.
func (k *ownKey) option() nats.Option {
	if k.creds != "" {
		return nats.UserCredentials(k.creds)
	}
	return func(o *nats.Options) error {
		nkey, err := nats.NkeyOptionFromSeed(k.seed)
		if err != nil {
			return err
		}
		return nkey(o)
	}
}
