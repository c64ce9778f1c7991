package natsserver

import (
	"encoding/base64"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"
)

// door authenticates the publisher and the users, and puts each into its account with its rights. It replaces the
// users of a configuration: to change those, the server would reload all accounts, and refuse all requests for a
// moment.
type door struct {
	// held from the check to the registration, so that a removed user is either refused or already registered
	mu      sync.RWMutex
	let     map[string]*server.User
	answers int // the maximum number of reply paths of a user
	ledger  *server.Account
	noRoom  *server.Account
	granted map[string]*server.Account // by user; accounts of removed users stay until the server ends
}

// open prepares the door of a server before the server starts.
func (d *door) open(on *server.Server, publisher string, users []User) (err error) {
	if d.ledger, err = on.LookupAccount(ledgerAccount); err != nil {
		return fmt.Errorf("natsserver: find the account %s: %w", ledgerAccount, err)
	}
	if d.noRoom, err = on.LookupAccount(fullAccount); err != nil {
		return fmt.Errorf("natsserver: find the account %s: %w", fullAccount, err)
	}
	d.granted = map[string]*server.Account{}
	return d.admit(on, publisher, users)
}

// Check implements server.Authentication.
func (d *door) Check(c server.ClientAuthentication) bool {
	opts := c.GetOpts()
	d.mu.RLock()
	defer d.mu.RUnlock()
	u := d.let[opts.Nkey]
	if u == nil || !signed(opts, c.GetNonce()) || d.isFull(u) {
		return false
	}
	if u.Account != d.ledger && u.Account.NumLocalConnections() >= ConnectionsMax {
		c.RegisterUser(&server.User{Username: u.Username, Account: d.noRoom}) // so that the client learns the reason
		return false
	}
	c.RegisterUser(u)
	return true
}

// signed reports whether a client signed the nonce of the server with its key.
func signed(opts *server.ClientOpts, nonce []byte) bool {
	sig, err := base64.RawURLEncoding.DecodeString(opts.Sig)
	if err != nil {
		sig, err = base64.StdEncoding.DecodeString(opts.Sig) // the encoding of older clients
	}
	if err != nil || len(nonce) == 0 {
		return false
	}
	pub, err := nkeys.FromPublicKey(opts.Nkey)
	return err == nil && pub.Verify(nonce, sig) == nil
}

// admit sets the users, besides the publisher with its key, and disconnects users that are not among them. An error
// about one user does not keep the others from being set.
func (d *door) admit(on *server.Server, publisher string, users []User) error {
	var errs []error
	let := map[string]*server.User{publisher: {Username: "publisher", Account: d.ledger}}
	for _, u := range users {
		account, err := d.grant(on, u.Name)
		if err != nil {
			errs = append(errs, fmt.Errorf("natsserver: grant the user %s its rights: %w", u.Name, err))
			continue
		}
		let[u.Key] = &server.User{Username: u.Name, Account: account, Permissions: permissions(u.Name)}
	}
	d.mu.Lock()
	was := d.let
	d.let = let
	d.mu.Unlock()
	for key, u := range was {
		if let[key] == nil || let[key].Account != u.Account {
			if err := disconnect(on, key); err != nil {
				errs = append(errs, fmt.Errorf("natsserver: disconnect the user %s: %w", u.Username, err))
			}
		}
	}
	return errors.Join(errs...)
}

// disconnect ends the connections of a key.
func disconnect(on *server.Server, key string) error {
	list, err := on.Connz(&server.ConnzOptions{Username: true, User: key, Limit: serverConnectionsMax})
	if err != nil {
		return err
	}
	for _, c := range list.Conns {
		_ = on.DisconnectClientByID(c.Cid) // fails if the connection is closed already
	}
	return nil
}

// grant returns the account of a user, and makes it if it does not exist.
func (d *door) grant(on *server.Server, user string) (*server.Account, error) {
	if account := d.granted[user]; account != nil {
		return account, nil
	}
	account, err := on.RegisterAccount(user)
	if err != nil {
		return nil, err
	}
	for _, s := range services(user) {
		response := server.Singleton
		if s.streams {
			response = server.Streamed
		}
		if err := d.ledger.AddServiceExportWithResponse(s.subject, response, []*server.Account{account}); err != nil {
			return nil, err
		}
		if s.streams {
			if err := d.ledger.SetServiceExportResponseThreshold(s.subject, nextThreshold); err != nil {
				return nil, err
			}
		}
		if err := account.AddServiceImport(d.ledger, s.as, s.subject); err != nil {
			return nil, err
		}
	}
	d.granted[user] = account
	return account, nil
}

func permissions(user string) *server.Permissions {
	var publish []string
	for _, s := range services(user) {
		publish = append(publish, s.as)
	}
	return &server.Permissions{Publish: &server.SubjectPermission{Allow: publish},
		Subscribe: &server.SubjectPermission{Allow: []string{inboxPrefix + user + ".>"}}}
}

// The limits of the reply paths of a user. Each request for messages keeps one for nextThreshold, even after its
// reply, while the connection is open. A path takes half a KiB. A program with a hundred requests a second has 31 000.
const (
	answersMax   = 100_000
	answersEvery = time.Second
)

// isFull reports whether a user has too many reply paths. The caller has locked d.mu.
func (d *door) isFull(u *server.User) bool {
	return u.Account != d.ledger && u.Account.NumPendingReverseResponses() > d.answers
}

// watch disconnects users with too many reply paths, which frees the paths, until the returned function is called.
// Otherwise a user could fill the memory.
func (d *door) watch(on *server.Server) (end func()) {
	stop := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		tick := time.NewTicker(answersEvery)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				for _, key := range d.full() {
					if err := disconnect(on, key); err != nil {
						on.Errorf("disconnect a user with too many requests: %v", err)
					}
				}
			}
		}
	})
	return func() {
		close(stop)
		running.Wait()
	}
}

// full returns the keys of the users with too many reply paths.
func (d *door) full() (keys []string) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	for key, u := range d.let {
		if d.isFull(u) {
			keys = append(keys, key)
		}
	}
	return keys
}
