package access

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/taizhang/taizhang/events"
)

// credentials are the passwords, factor, browsers and identities that an account signs in with.
type credentials struct {
	passwords  []password // the newest ones, in the order in which they were set
	isVoid     bool       // no password works until a new one is set
	devices    []device   // known browsers, the newest at the end
	factor     *factor    // nil for none
	identities []Identity // in the order in which they were linked
	signedInAt time.Time  // when a session last began; zero for never
	sessions   []*session // of this process alone; some may have expired
}

// password is a password that was set.
type password struct {
	hash        string // PHC
	isTemporary bool
	at          time.Time
}

// device is a browser that somebody signed in with.
type device struct {
	hash secretHash
	at   time.Time
}

// factor is a second factor.
type factor struct {
	secret   string
	recovery []secretHash // hashes of the codes that were not used
	step     int64        // the time step of the last code that was used
	at       time.Time
}

// These limits bound the lists of one account.
const (
	passwordsMax  = 5
	devicesMax    = 20
	deviceDaysMax = 365
)

// foldSignIn folds the facts of signing in.
func (s *state) foldSignIn(e *events.Stored) error {
	switch e.Kind {
	case passwordSet:
		body, err := read[setPassword](e)
		return s.onAccount(body.Account, err, func(held *account) error {
			held.passwords = append(held.passwords, password{body.Hash, body.Temporary, e.RecordedAt})
			held.passwords = held.passwords[max(0, len(held.passwords)-passwordsMax):]
			held.isVoid, held.devices = false, nil
			s.endSessions(held, "")
			_, err := parseHash(body.Hash)
			return err
		})
	case sessionBegun:
		body, err := read[begunSession](e)
		return s.onAccount(body.Account, err, func(held *account) error {
			held.signedInAt = e.RecordedAt
			return errors.Join(held.count(&body.shownCode), held.know(body.Device, e.RecordedAt))
		})
	case sessionEnded:
		body, err := read[endedSession](e)
		return s.onAccount(body.Account, err, func(held *account) error {
			if x := s.sessions[body.Session]; x != nil {
				s.endSession(x)
			}
			return nil
		})
	case factorShown:
		body, err := read[shownFactor](e)
		return s.onAccount(body.Account, err, func(held *account) error {
			return errors.Join(held.count(&body.shownCode), held.know(body.Device, e.RecordedAt))
		})
	case factorEnrolled:
		body, err := read[enrolledFactor](e)
		return s.onAccount(body.Account, err, func(held *account) error {
			held.factor = &factor{secret: body.Secret, step: body.Step, at: e.RecordedAt}
			for _, code := range body.Recovery {
				hash, err := parseSHA256(code)
				if err != nil {
					return err
				}
				held.factor.recovery = append(held.factor.recovery, hash)
			}
			s.endSessions(held, "")
			return nil
		})
	case factorReset:
		body, err := read[onAccount](e)
		return s.onAccount(body.Account, err, func(held *account) error {
			held.factor = nil
			s.endSessions(held, "")
			return nil
		})
	}
	body, err := read[linkedAccount](e)
	return s.onAccount(body.Account, err,
		func(held *account) error { return s.foldLink(held, body.Identity, e.Kind == accountLinked) })
}

// foldLink links an identity to an account, or unlinks it.
func (s *state) foldLink(held *account, id Identity, linked bool) error {
	switch of := s.byIdentity[id]; {
	case linked && of == nil:
		s.byIdentity[id] = held
		held.identities = append(held.identities, id)
	case !linked && of == held:
		delete(s.byIdentity, id)
		held.identities = slices.DeleteFunc(held.identities, func(x Identity) bool { return x == id })
		s.endSessions(held, bySSO)
	default:
		return fmt.Errorf("the identity is not %q's to link or unlink", held.name)
	}
	return nil
}

// onAccount calls fold with an account. An account that does not exist is an error.
func (s *state) onAccount(name string, err error, fold func(*account) error) error {
	held := s.accounts[name]
	if err == nil && held == nil {
		err = fmt.Errorf("there is no account %q", name)
	}
	if err != nil {
		return err
	}
	return fold(held)
}

// count records that a code was used, so that it cannot be used again.
func (a *account) count(shown *shownCode) error {
	if shown.Factor == "" {
		return nil
	}
	if a.factor == nil {
		return errors.New("a code was shown, and the account has no second factor")
	}
	if shown.Factor == codeShown {
		a.factor.step = max(a.factor.step, shown.Step)
		return nil
	}
	hash, err := parseSHA256(shown.Recovery)
	a.factor.recovery = slices.DeleteFunc(a.factor.recovery, func(x secretHash) bool { return x == hash })
	return err
}

// know adds a browser to the known ones.
func (a *account) know(hexHash string, at time.Time) error {
	if hexHash == "" {
		return nil
	}
	hash, err := parseSHA256(hexHash)
	a.devices = append(a.devices, device{hash, at})
	a.devices = a.devices[max(0, len(a.devices)-devicesMax):]
	return err
}

// forget removes what must not survive a restore: sessions, passwords, second factors and known browsers. Links
// stay.
func (s *state) forget() {
	for _, held := range s.accounts {
		held.isVoid, held.devices, held.factor = true, nil, nil
		s.endSessions(held, "")
	}
}

// hasPassword reports whether a password works for the account.
func (a *account) hasPassword() bool { return len(a.passwords) > 0 && !a.isVoid }
