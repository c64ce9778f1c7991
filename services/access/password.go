package access

import (
	"cmp"
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/taizhang/taizhang/events/text"
)

// These limits bound the length of a password, in characters.
const (
	PasswordMin      = 12
	PasswordMax      = 256
	passwordDistinct = 5
)

// current returns the hash of the password that works for an account, or "" if none does.
func (a *account) current() string {
	if !a.hasPassword() {
		return ""
	}
	return a.passwords[len(a.passwords)-1].hash
}

// mustChange reports whether the password of an account must be changed: another person set it, or it is daysMax
// days old or older (0 for no such limit).
func (a *account) mustChange(now time.Time, daysMax int) bool {
	if !a.hasPassword() {
		return false
	}
	last := a.passwords[len(a.passwords)-1]
	return last.isTemporary || daysMax > 0 && !now.Before(last.at.AddDate(0, 0, daysMax))
}

// checkPassword returns an error if a password breaks a rule. It does not compare it with earlier ones.
func checkPassword(name, password, param string) error {
	bad := func(zh, en string, args ...any) error { return text.Errorf(text.Invalid, zh, en, args...).Of(param) }
	if !utf8.ValidString(password) {
		return bad("密码不是有效的文字", "the password is no text")
	}
	password = norm.NFC.String(password)
	chars := utf8.RuneCountInString(password)
	seen := map[rune]bool{}
	for _, r := range password {
		seen[r] = true
	}
	switch {
	case chars < PasswordMin || chars > PasswordMax:
		return bad("密码应为 %d 至 %d 个字符", "the password must have %d to %d characters", PasswordMin, PasswordMax)
	case strings.ContainsFunc(password, unicode.IsControl):
		return bad("密码不能含有控制字符", "the password must have no control characters")
	case len(seen) < passwordDistinct:
		return bad("密码至少要有 %d 个不同的字符", "the password must have at least %d different characters",
			passwordDistinct)
	case strings.EqualFold(withoutEnds(password), withoutEnds(name)):
		return bad("密码不能是账号名称，也不能只在前后加数字或符号",
			"the password must not be the name of the account, with digits or signs at its ends or without")
	}
	return nil
}

// withoutEnds trims everything that is not a letter from both ends of a text.
func withoutEnds(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return !unicode.IsLetter(r) })
}

// SetPassword implements AccountDesk. It does not compare the password with earlier ones: an administrator could
// use that to find out which passwords somebody had.
func (c *counter) SetPassword(ctx context.Context, name string, r NewPassword) (*Account, error) {
	if err := c.mayAct(SetPasswords, name); err != nil {
		return nil, err
	}
	if err := c.mayReplaceProof(SetPasswords, name); err != nil {
		return nil, err
	}
	if err := checkPassword(name, r.Password, "password"); err != nil {
		return nil, err
	}
	var hash string
	if err := c.a.hasher.others.do(ctx, c.p.Account,
		func() error { hash = c.a.hasher.make(r.Password); return nil }); err != nil {
		return nil, err
	}
	err := c.do(ctx, func(s *state) ([]fact, error) {
		if s.accounts[name] == nil {
			return nil, noAccount(name)
		}
		if !c.p.Owner && !s.accounts[name].hasOtherProof() {
			return nil, errOwnerOnly
		}
		return []fact{{passwordSet, setPassword{name, hash, true, c.who()}}}, nil
	})
	if err != nil {
		return nil, err
	}
	return c.account(name, nil)
}

// errOwnerOnly is returned if an act would let another person sign in as an administrator with a password or link
// alone.
var errOwnerOnly = text.Errorf(text.Forbidden, "该管理员尚未启用动态验证码，须在台账所在的机器上由目录的所有者办理",
	"this administrator has no second factor yet; the owner of the directory does this, on the machine of the ledger")

// hasOtherProof reports whether another person may set the password of an account or link it. Whoever does so
// could sign in as it. For an administrator it is allowed only while the account also asks for a second factor.
func (a *account) hasOtherProof() bool { return !a.Role.IsAdministrator() || a.factor != nil }

// errOwnerResets is returned if an administrator's second factor may be reset only by the owner: without it,
// whoever linked the account or set its password could sign in as the administrator.
var errOwnerResets = text.Errorf(text.Forbidden,
	"该管理员已关联统一身份，或密码由他人设置而尚未更换；其动态验证码须在台账所在的机器上由目录的所有者撤销",
	"this administrator is linked to single sign-on, or has a password that another set; the owner of the directory "+
		"takes the second factor off, on the machine of the ledger")

// opensToAnother reports whether another person set the password of the account or linked it, so that he could
// sign in as it if it had no second factor.
func (a *account) opensToAnother() bool {
	return len(a.identities) > 0 || a.hasPassword() && a.passwords[len(a.passwords)-1].isTemporary
}

// errEnrolFirst is returned if a second factor must be enrolled first: whoever set the password or linked the
// account could sign in as it.
var errEnrolFirst = text.Errorf(text.Forbidden,
	"该账号的密码或统一身份由他人设置，尚未启用动态验证码；请其本人先登录并启用，再绑定为管理员，或由目录的所有者办理",
	"another set the password of this account or linked it, and it has no second factor; who it is for signs in and "+
		"enrols one before it is made an administrator, or the owner of the directory does this")

// isProvenByItself reports whether somebody other than the owner may make the account an administrator. It is
// false if he could sign in with a password or an identity that he set before.
func (a *account) isProvenByItself() bool {
	return a.factor != nil || !a.hasPassword() && len(a.identities) == 0
}

// mayReplaceProof returns text.Forbidden, and notes it, if an act would let another person sign in as the account
// and only the owner may do it.
func (c *counter) mayReplaceProof(right Right, name string) error {
	c.a.mu.RLock()
	held := c.a.state.accounts[name]
	isOwners := held != nil && !held.hasOtherProof()
	c.a.mu.RUnlock()
	if c.p.Owner || !isOwners {
		return nil
	}
	return c.noteDenial(right, name, errOwnerOnly)
}

// ChangePassword replaces the password of a principal, who shows the current one. All sessions of the account end,
// and a new one is returned. A password that breaks a rule, or a wrong current one, is text.Invalid.
func (a *Access) ChangePassword(ctx context.Context, p Principal, current, new string) (*SignedIn, error) {
	a.mu.RLock()
	x := a.state.sessionOf(&p, a.Now())
	var name, hash string
	var last []password
	var device secretHash
	var needsCode bool
	if x != nil {
		name, hash, last, device = x.account.name, x.account.current(), append(last, x.account.passwords...), x.device
		needsCode = len(x.needs) > 0 && x.needs[0] == NeedCode
	}
	a.mu.RUnlock()
	switch {
	case x == nil:
		return nil, errNoSession
	case needsCode:
		return nil, &MoreProofError{[]string{NeedCode}}
	case hash == "":
		return nil, text.Errorf(text.Conflict, "此账号没有密码，请由系统管理员设置",
			"the account has no password; ask the system administrator to set one")
	}
	if err := checkPassword(name, new, "new"); err != nil {
		return nil, err
	}
	try := a.attemptsIn(name, device)
	if err := try.mayBegin(); err != nil {
		return nil, a.refuse(name, p.Source, err)
	}
	var made string
	err := a.hasher.others.do(ctx, name, func() error {
		if err := try.begin(); err != nil {
			return err
		}
		if !a.hasher.matches(current, hash) {
			return errNotCurrent
		}
		for _, before := range last {
			if a.hasher.matches(new, before.hash) {
				return errUsedBefore
			}
		}
		made = a.hasher.make(new)
		return nil
	})
	if err == errNotCurrent {
		a.noteAsked(LogLogin, &p, verbSignIn, whyPassword, "", outcomeRefused)
		missed := a.act(ctx, accountsStream, func(s *state) ([]fact, error) {
			if s.sessionOf(&p, a.Now()) != x {
				return nil, nil
			}
			return a.misses(x, p.Source), nil
		})
		return nil, cmp.Or(missed, err)
	}
	try.giveBack()
	if err != nil {
		return nil, a.refuse(name, p.Source, err)
	}
	var e *entry
	err = a.actThen(ctx, accountsStream, func(s *state) ([]fact, error) {
		x := s.sessionOf(&p, a.Now())
		if x == nil || x.account.current() != hash {
			return nil, errNoSession
		}
		e = a.enters(x.account, x.how, shownCode{}, without(x.needs, NeedPassword), secretHash{}, x.brought, p.Source)
		e.factorAt = x.factorAt
		return []fact{{passwordSet, setPassword{name, made, false, whoActs{p.Account, p.Source}}}, e.fact}, nil
	}, func(s *state) { s.admit(e.session) })
	if err != nil {
		return nil, err
	}
	return e.signedIn(), nil
}

var (
	errNotCurrent = text.Errorf(text.Invalid, "当前密码不正确", "the current password is not right").Of("current")
	errUsedBefore = text.Errorf(text.Invalid, "不能与最近 %d 个密码相同",
		"the password must not be one of the last %d", passwordsMax).Of("new")
)

// without returns the needs without the one that is met.
func without(needs []string, met string) []string {
	left := []string{}
	for _, need := range needs {
		if need != met {
			left = append(left, need)
		}
	}
	return left
}
