package access

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
)

// state is the fold of the log: all accounts, tokens and users of NATS. It also has the sessions of this process.
type state struct {
	accounts map[string]*account
	byID     map[uuid.UUID]*token
	byHash   map[tokenHash]*token
	tokens   []*token // in the order in which they were made
	nats     map[string]*natsUser

	byIdentity map[Identity]*account
	sessions   map[uuid.UUID]*session  // by id; those of this process
	bySecret   map[secretHash]*session // the same by their secrets

	epoch     time.Time                  // the instant of the newest epoch.begun
	position  uint64                     // the position of the last event
	revisions map[events.StreamID]uint64 // the revision of each stream
}

type account struct {
	name string
	Binding
	isDisabled bool
	added      stamp
	bound      stamp // zero if the account was never bound
	disabled   stamp // zero if the account is not disabled
	tokens     []*token
	credentials
}

type token struct {
	id      uuid.UUID
	account *account
	name    string
	expires time.Time
	may     []string
	isVoid  bool // it was made before the epoch, or for another role
	made    stamp
	revoked stamp // zero if the token is not revoked
}

// stamp is the time of an act and the account that did it.
type stamp struct {
	at time.Time
	by string
}

func (s stamp) isZero() bool { return s.at.IsZero() }

func newState() *state {
	return &state{accounts: map[string]*account{}, byID: map[uuid.UUID]*token{}, byHash: map[tokenHash]*token{},
		nats: map[string]*natsUser{}, revisions: map[events.StreamID]uint64{},
		byIdentity: map[Identity]*account{}, sessions: map[uuid.UUID]*session{}, bySecret: map[secretHash]*session{}}
}

// apply folds one stored event. It returns an error for a log that contradicts itself.
func (s *state) apply(e *events.Stored) error {
	if err := s.fold(e); err != nil {
		return fmt.Errorf("access: position %d (%s): %w", e.Position, e.Kind, err)
	}
	s.position, s.revisions[e.Stream] = e.Position, e.Revision
	return nil
}

func (s *state) fold(e *events.Stored) error {
	if e.Fault != nil {
		return e.Fault
	}
	switch e.Kind {
	case accessNoted, restateAsked: // they are read from the store when they are asked for
		return nil
	case epochBegun:
		_, err := read[begun](e)
		s.epoch = e.RecordedAt
		for _, t := range s.tokens {
			t.isVoid = true
		}
		s.forget()
		return err
	case tokenAdded:
		return s.foldToken(e)
	case tokenRevoked:
		body, err := read[onToken](e)
		t := s.byID[body.Token]
		if err == nil && t == nil {
			err = fmt.Errorf("there is no token %v", body.Token)
		}
		if err == nil {
			t.revoked = stamp{e.RecordedAt, body.By}
		}
		return err
	case natsUserAdded, natsUserRevoked:
		return s.foldNATSUser(e)
	case passwordSet, sessionBegun, sessionEnded, factorShown, factorEnrolled, factorReset, accountLinked,
		accountUnlinked:
		return s.foldSignIn(e)
	}
	return s.foldAccount(e)
}

func (s *state) foldToken(e *events.Stored) error {
	body, err := read[madeToken](e)
	if err != nil {
		return err
	}
	holder := s.accounts[body.Account]
	hash, err := hex.DecodeString(body.SHA256)
	if holder == nil || err != nil || len(hash) != sha256.Size {
		return errors.New("it is of no account, or has no hash")
	}
	t := &token{id: e.ID, account: holder, name: body.Name, expires: body.ExpiresAt, may: body.May,
		made: stamp{e.RecordedAt, body.By}}
	s.tokens, holder.tokens = append(s.tokens, t), append(holder.tokens, t)
	s.byID[t.id], s.byHash[tokenHash(hash)] = t, t
	return nil
}

func (s *state) foldAccount(e *events.Stored) error {
	if e.Kind == accountBound {
		body, err := read[boundTo](e)
		holder := s.accounts[body.Account]
		if err == nil && holder == nil {
			err = fmt.Errorf("there is no account %q", body.Account)
		}
		if err != nil {
			return err
		}
		if holder.Role != body.Role { // a token is void once the role of its account changes
			for _, t := range holder.tokens {
				t.isVoid = true
			}
			s.endSessions(holder, "")
		}
		holder.Binding, holder.bound = body.Binding, stamp{e.RecordedAt, body.By}
		return nil
	}
	body, err := read[onAccount](e)
	if err != nil {
		return err
	}
	holder, by := s.accounts[body.Account], stamp{e.RecordedAt, body.By}
	switch {
	case e.Kind == accountAdded && holder == nil:
		s.accounts[body.Account] = &account{name: body.Account, Binding: Binding{Departments: []string{}}, added: by}
	case e.Kind == accountAdded:
		return fmt.Errorf("the account %q was added before", body.Account)
	case holder == nil:
		return fmt.Errorf("there is no account %q", body.Account)
	case e.Kind == accountDisabled:
		holder.isDisabled, holder.disabled = true, by
		s.endSessions(holder, "")
	case e.Kind == accountEnabled:
		holder.isDisabled, holder.disabled = false, stamp{}
	default:
		return errors.New("this version of the program does not know the kind")
	}
	return nil
}

// stateOf returns the state of a token at an instant.
func (t *token) stateOf(now time.Time) string {
	switch {
	case !t.revoked.isZero():
		return TokenRevoked
	case t.isVoid:
		return TokenVoid
	case !now.Before(t.expires):
		return TokenExpired
	}
	return TokenValid
}

// standsFor reports whether a principal's token, session or identity is still good and the binding of his account
// unchanged.
func (s *state) standsFor(p *Principal, now time.Time) bool {
	if p.Owner {
		return true
	}
	held := s.provenBy(p, now)
	return held != nil && held.name == p.Account &&
		held.Role == p.Role && string(held.Center) == p.Center && held.Region == p.Region &&
		slices.Equal(held.Departments, p.Departments) && held.MayRecord == p.MayRecord
}

// provenBy returns the account of the token, session or identity that a principal has shown, or nil.
func (s *state) provenBy(p *Principal, now time.Time) *account {
	switch {
	case p.SessionID != "":
		if x := s.sessionOf(p, now); x != nil {
			return x.account
		}
	case p.Identity != Identity{}:
		if held := s.byIdentity[p.Identity]; held != nil && !held.isDisabled && now.Before(p.Until) &&
			(held.factor != nil) == p.hasFactor {
			return held
		}
	default:
		id, err := uuid.Parse(p.TokenID)
		if t := s.byID[id]; err == nil && t != nil && t.isGood(now) {
			return t.account
		}
	}
	return nil
}

// isGood reports whether a token may be used.
func (t *token) isGood(now time.Time) bool {
	return t.stateOf(now) == TokenValid && !t.account.isDisabled
}

// principal returns the principal of a token. It has only those acts of the token that the account may still do.
func (t *token) principal(source string) Principal {
	p := t.account.principal(source)
	p.TokenID, p.May = t.id.String(), t.account.mays(t.may)
	return p
}

// principal returns the principal of an account, without any proof.
func (a *account) principal(source string) Principal {
	return Principal{Account: a.name, Role: a.Role, Center: string(a.Center), Region: a.Region,
		Departments: slices.Clone(a.Departments), MayRecord: a.MayRecord,
		Source: source, May: []string{}, hasFactor: a.factor != nil}
}

// mays returns those of the acts for which the account may be given a token.
func (a *account) mays(acts []string) []string {
	list := []string{}
	for _, act := range acts {
		if a.mayBeGiven(act) {
			list = append(list, act)
		}
	}
	return list
}

func (a *account) mayBeGiven(act string) bool { return MayBeGiven(a.Role, a.MayRecord, act) }

// MayBeGiven reports whether an account with a role may do an act of Mays if it shows the proof.
func MayBeGiven(role Role, mayRecord bool, act string) bool {
	switch act {
	case MayRecord:
		return mayRecord
	case MayPolicy:
		return role == SecAdmin
	case MayAccounts:
		return role == SecAdmin || role == SysAdmin
	case MayRevoke:
		return role == STOffice || mayRecord
	}
	return false
}
