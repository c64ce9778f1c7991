package events

import (
	"encoding/base64"
	"math"
	"strings"
	"time"

	"github.com/taizhang/taizhang/events/text"
)

// LedgerSealed is the record that the ledger makes right before a checkpoint is signed. Size and Root are those of the
// checkpoint before: 0 and the root of nothing at the first sealing under an origin. Cosigners lists the witnesses
// that had cosigned it.
type LedgerSealed struct {
	Origin    string       `json:"origin"`
	Key       string       `json:"key"` // the ledger's public key, name+hash+base64
	Size      uint64       `json:"size"`
	Root      string       `json:"root"` // base64, as the checkpoint has it
	Cosigners []Cosigner   `json:"cosigners"`
	After     *SealedAfter `json:"after,omitzero"` // only in the first record under a new origin
}

// Cosigner is a witness that had cosigned a checkpoint. At is an instant in RFC 3339 with whole seconds.
type Cosigner struct {
	Name string `json:"name"`
	At   string `json:"at"`
}

// SealedAfter is the last checkpoint of the origin that a new origin continues.
type SealedAfter struct {
	Origin string `json:"origin"`
	Key    string `json:"key"`
	Size   uint64 `json:"size"`
	Root   string `json:"root"`
}

// RootOfNothing is the root of a Merkle tree without leaves (RFC 6962) in base64.
const RootOfNothing = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

func (p *LedgerSealed) check(c *checker) {
	c.checkpoint("", p.Origin, p.Key, p.Size, p.Root)
	for i, w := range p.Cosigners {
		c.id(at("cosigners", i, "name"), w.Name)
		if when, err := time.Parse(time.RFC3339, w.At); err != nil || when.UTC().Format(time.RFC3339) != w.At {
			c.add(at("cosigners", i, "at"), text.Say("%q 不是时刻，如 2026-11-30T10:00:00Z",
				"%q is not an instant, such as 2026-11-30T10:00:00Z", w.At))
		}
	}
	if p.After != nil {
		c.checkpoint("after.", p.After.Origin, p.After.Key, p.After.Size, p.After.Root)
	}
}

func (p *LedgerSealed) facets() Facets { return Facets{Subject: p.Origin} }

// checkpoint checks the members of a checkpoint under a path. A key begins with the origin and a plus sign.
func (c *checker) checkpoint(under, origin, key string, size uint64, root string) {
	c.id(under+"origin", origin)
	if strings.ContainsAny(origin, "+ ") {
		c.add(under+"origin", text.Say("%q 不能含空格或加号", "%q must have no space and no plus sign", origin))
	}
	if !strings.HasPrefix(key, origin+"+") || len(key) > keyBytesMax {
		c.add(under+"key", text.Say("不是“%s”的公钥", "is not a key of %q", origin))
	}
	if size > math.MaxInt64 {
		c.add(under+"size", text.Say("记录数 %d 过大", "number of records %d is too large", size))
	}
	hash, err := base64.StdEncoding.Strict().DecodeString(root)
	if err != nil || len(hash) != rootBytes || size == 0 && root != RootOfNothing {
		c.add(under+"root", text.Say("%q 不是 %d 条记录的根值", "%q is not a root of %d records", root, size))
	}
}

const (
	keyBytesMax = 1000
	rootBytes   = 32
)
