package access

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// validAccount reports whether a name is allowed for an account. Names that could be confused with the owner or
// the program are not.
func validAccount(name string) bool {
	if len(name) < 2 || len(name) > 32 || name[0] < 'a' || name[0] > 'z' || name == "taizhang" ||
		strings.HasPrefix(name, "local") {
		return false
	}
	return strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == ""
}

// Limits on what an account is bound to, and on its tokens.
const (
	departmentsMax    = 50
	departmentCharMax = 100
	tokenNameCharMax  = 100
	tokensMax         = 100 // valid tokens of one account
)

func (b *Binding) isNone() bool {
	return b.Role == "" && b.Center == "" && b.Region == "" && len(b.Departments) == 0 && !b.MayRecord
}

// check returns what is wrong with a binding. It puts its center and its departments into order, and the code of its
// role in place of a word.
func (b *Binding) check() error {
	bad := func(param, zh, en string, args ...any) error {
		return text.Errorf(text.Invalid, zh, en, args...).Of(param)
	}
	b.Center = events.ParseCenter(string(b.Center))
	if role, ok := RoleWords.Read(string(b.Role)); ok {
		b.Role = role
	}
	switch {
	case !slices.Contains(Roles(), b.Role):
		return bad("role", "没有“%s”这个角色", "there is no role %q", clean(string(b.Role)))
	case b.Role == Center && !events.ValidCenter(b.Center):
		return bad("center", "省转化中心的账号须给出中心编号（大写字母、数字、连字符）",
			"the account of a center needs the id of the center: capitals, digits and hyphens")
	case b.Role != Center && b.Center != "":
		return bad("center", "只用于省转化中心的账号", "is for the account of a center only")
	case b.Role == LocalGov && !validRegion(b.Region):
		return bad("region", "所在地政府的账号须给出行政区划代码的前 2、4 或 6 位数字",
			"the account of a local government needs the first 2, 4 or 6 digits of a division code")
	case b.Role != LocalGov && b.Region != "":
		return bad("region", "只用于所在地政府的账号", "is for the account of a local government only")
	case b.Role == IndustryDept && (len(b.Departments) == 0 || len(b.Departments) > departmentsMax):
		return bad("department", "省级行业主管部门的账号须给出 1 至 %d 个部门名称",
			"the account of an industry department needs the names of 1 to %d departments", departmentsMax)
	case b.Role != IndustryDept && len(b.Departments) > 0:
		return bad("department", "只用于省级行业主管部门的账号", "is for the account of an industry department only")
	case b.Role.IsAdministrator() && b.MayRecord:
		return bad("may-record", "管理员不能补录", "an administrator records nothing")
	}
	list := make([]string, len(b.Departments))
	for i, name := range b.Departments {
		if list[i] = strings.TrimSpace(name); !isLine(list[i], departmentCharMax) {
			return bad("department", "%q 应为 1 至 %d 个可见字符", "%q must be 1 to %d visible characters",
				clean(name), departmentCharMax)
		}
	}
	b.Departments = list
	return nil
}

func validRegion(region string) bool {
	return (len(region) == 2 || len(region) == 4 || len(region) == 6) && strings.Trim(region, "0123456789") == ""
}

// isLine reports whether a text is one printable line of 1 to charMax characters.
func isLine(s string, charMax int) bool {
	return s != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= charMax && text.Printable(s) == s
}

// check returns the number of days that a token is to last, or an error if the request is wrong in itself. It
// trims the name.
func (r *NewToken) check() (days int, err error) {
	bad := func(param, zh, en string, args ...any) error {
		return text.Errorf(text.Invalid, zh, en, args...).Of(param)
	}
	most, days := TokenDaysMax, r.Days
	if len(r.May) > 0 {
		most = MayDaysMax
	}
	if r.Name = strings.TrimSpace(r.Name); days == 0 {
		days = min(TokenDaysDefault, most)
	}
	for _, act := range r.May {
		if !slices.Contains(Mays(), act) {
			return 0, MayWords.Reject(clean(act)).Of("may")
		}
	}
	switch {
	case !isLine(r.Name, tokenNameCharMax):
		return 0, bad("name", "须写明令牌的用途，1 至 %d 个可见字符",
			"must say what the token is for, in 1 to %d visible characters", tokenNameCharMax)
	case days < 1 || days > most:
		return 0, bad("expires", "应为 1 至 %d 天", "must be 1 to %d days", most)
	}
	return days, nil
}

// mayHave returns an error if the account may not be given the token.
func (s *state) mayHave(p *Principal, r *NewToken, now time.Time) error {
	holder := s.accounts[r.Account]
	switch {
	case holder == nil:
		return noAccount(r.Account)
	case holder.isDisabled:
		return text.Errorf(text.Conflict, "账号 %s 已停用", "the account %s is disabled", r.Account)
	case holder.Role == "":
		return text.Errorf(text.Conflict, "账号 %s 尚未绑定角色，绑定后才能签发令牌",
			"the account %s is bound to no role yet; bind it before a token is made for it", r.Account)
	case holder.Role.IsAdministrator() && !p.Owner && p.Account != r.Account:
		return text.Errorf(text.Forbidden, "管理员的令牌不能由他人签发",
			"a token of an administrator is not made by another")
	}
	if holder.valid(now) >= tokensMax {
		return text.Errorf(text.Conflict, "账号 %s 已有 %d 个有效令牌；先注销不用的",
			"the account %s has %d valid tokens; revoke some that are not used", r.Account, tokensMax)
	}
	for _, act := range r.May {
		if !holder.mayBeGiven(act) {
			return text.Errorf(text.Invalid, "账号 %s 没有令牌所求的权限（%s）", "the account %s has no right to %s",
				r.Account, act).Of("may")
		}
	}
	return nil
}

// shown returns the account in the form of answers.
func (a *account) shown(now time.Time) Account {
	shown := Account{Account: a.name, Binding: a.Binding, Disabled: a.isDisabled,
		AddedAt: a.added.instant(), AddedBy: a.added.by, BoundAt: a.bound.instant(), BoundBy: a.bound.by,
		DisabledAt: a.disabled.instant(), DisabledBy: a.disabled.by}
	shown.Departments = append([]string{}, a.Departments...)
	shown.Tokens = a.valid(now)
	shown.Password, shown.Factor, shown.SignedInAt = a.hasPassword(), a.factor != nil,
		stamp{at: a.signedInAt}.instant()
	shown.Identities = append([]Identity{}, a.identities...)
	return shown
}

// valid returns the number of valid tokens of the account.
func (a *account) valid(now time.Time) (n int) {
	for _, t := range a.tokens {
		if t.stateOf(now) == TokenValid {
			n++
		}
	}
	return n
}

// shown returns the token in the form of answers.
func (t *token) shown(now time.Time) Token {
	return Token{ID: t.id.String(), Account: t.account.name, Name: t.name, State: t.stateOf(now),
		May:     append([]string{}, t.may...),
		AddedAt: t.made.instant(), AddedBy: t.made.by, ExpiresAt: events.FormatInstant(t.expires),
		RevokedAt: t.revoked.instant(), RevokedBy: t.revoked.by}
}

// instant returns the time of the stamp as RFC 3339, or "" for a zero stamp.
func (s stamp) instant() string {
	if s.isZero() {
		return ""
	}
	return events.FormatInstant(s.at)
}
