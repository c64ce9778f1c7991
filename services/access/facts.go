package access

import (
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
)

// These are the streams of the log of accounts.
const (
	accountsStream events.StreamID = "accounts" // acts on accounts, tokens, users of NATS and the alert feed
	logStream      events.StreamID = "log"      // epochs and the access log
)

// These are the kinds of facts. They and the JSON of their bodies never change: logs written long ago are read
// with them.
const (
	accountAdded    events.Kind = "account.added"
	accountBound    events.Kind = "account.bound"
	accountDisabled events.Kind = "account.disabled"
	accountEnabled  events.Kind = "account.enabled"
	tokenAdded      events.Kind = "token.added"
	tokenRevoked    events.Kind = "token.revoked"
	natsUserAdded   events.Kind = "natsuser.added"
	natsUserRevoked events.Kind = "natsuser.revoked"
	restateAsked    events.Kind = "restate.asked"
	epochBegun      events.Kind = "epoch.begun"
	accessNoted     events.Kind = "access.noted"
)

// whoActs is the account that did an act, and its address.
type whoActs struct {
	By     string `json:"by"`
	Source string `json:"source"`
}

// onAccount is the body of account.added, account.disabled and account.enabled.
type onAccount struct {
	Account string `json:"account"`
	whoActs
}

// boundTo is the body of account.bound.
type boundTo struct {
	Account string `json:"account"`
	Binding
	whoActs
}

// madeToken is the body of token.added. The id of the token is that of the event.
type madeToken struct {
	Account   string    `json:"account"`
	Name      string    `json:"name"`
	SHA256    string    `json:"sha256"` // the hash of the token, in hexadecimal
	ExpiresAt time.Time `json:"expiresAt"`
	May       []string  `json:"may"`
	whoActs
}

// onToken is the body of token.revoked.
type onToken struct {
	Account string    `json:"account"`
	Token   uuid.UUID `json:"token"`
	whoActs
}

// addedNATSUser is the body of natsuser.added. It replaces a user of the same name.
type addedNATSUser struct {
	User   string     `json:"user"`
	Key    string     `json:"key"` // its public nkey
	Filter NATSFilter `json:"filter"`
	whoActs
}

// onNATSUser is the body of natsuser.revoked.
type onNATSUser struct {
	User string `json:"user"`
	whoActs
}

// askedRestate is the body of restate.asked: somebody asked the alert feed to publish every alert again. It is
// written before the feed is asked, so that every such request is on record.
type askedRestate struct {
	whoActs
}

// begun is the body of epoch.begun. All tokens made before are void, no password works, and second factors are
// gone. Users of NATS stay: the log has only their public keys, and their programs hold the private ones.
type begun struct {
	Why string `json:"why"`
	whoActs
}

// These are the reasons for an epoch.
const (
	epochMade     = "made"     // the log was made
	epochRestored = "restored" // the log was restored from a backup
)

// fact is a kind and a body to append.
type fact struct {
	kind events.Kind
	body any
}

// proposed returns the facts as events to append.
func proposed(facts []fact) ([]events.Proposed, error) {
	batch := make([]events.Proposed, len(facts))
	for i, f := range facts {
		written, err := json.Marshal(f.body)
		var body events.Object
		if err == nil {
			body, err = events.ParseObject(written)
		}
		if err != nil {
			return nil, fmt.Errorf("access: write %s: %w", f.kind, err)
		}
		batch[i] = events.Proposed{ID: uuid.New(), Kind: f.kind, Body: body}
	}
	return batch, nil
}

// read returns the body of a stored fact. A member that is not known is an error.
func read[T any](e *events.Stored) (body T, err error) {
	if err = json.Unmarshal(e.Body, &body, json.RejectUnknownMembers(true)); err != nil {
		err = fmt.Errorf("access: read position %d (%s): %w", e.Position, e.Kind, err)
	}
	return body, err
}
