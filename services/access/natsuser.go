package access

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nats-io/nkeys"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/lists"
)

// natsUser is a user of NATS. A revoked user is kept, so that revoking it again changes nothing.
type natsUser struct {
	name    string
	key     string
	filter  NATSFilter
	added   stamp
	revoked stamp // zero if it is not
}

func (s *state) foldNATSUser(e *events.Stored) error {
	if e.Kind == natsUserRevoked {
		body, err := read[onNATSUser](e)
		u := s.nats[body.User]
		if err == nil && u == nil {
			err = fmt.Errorf("there is no user of NATS %q", body.User)
		}
		if err == nil {
			u.revoked = stamp{e.RecordedAt, body.By}
		}
		return err
	}
	body, err := read[addedNATSUser](e)
	if err == nil {
		s.nats[body.User] = &natsUser{name: body.User, key: body.Key, filter: body.Filter,
			added: stamp{e.RecordedAt, body.By}}
	}
	return err
}

// AddNATSUser implements AccountDesk.
func (c *counter) AddNATSUser(ctx context.Context, r NewNATSUser) (*NATSUser, error) {
	if err := c.mayHandleNATS(r.Name); err != nil {
		return nil, err
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	if err := c.a.knowsCenters(&r.Filter); err != nil {
		return nil, err
	}
	err := c.do(ctx, func(s *state) ([]fact, error) {
		is, err := s.mayAddNATSUser(&r)
		if err != nil || is {
			return nil, err
		}
		return []fact{{natsUserAdded, addedNATSUser{r.Name, r.Key, r.Filter, c.who()}}}, nil
	})
	if err != nil {
		return nil, err
	}
	return c.natsUser(r.Name)
}

// knowsCenters returns text.NotFound if the ledger lacks a center of a filter: a program with a mistyped center
// would wait for its alerts in vain. A ledger that has not begun has no centers.
func (a *Access) knowsCenters(f *NATSFilter) error {
	for _, id := range f.Centers {
		if a.Ledger == nil || !a.Ledger.Register().Knows(events.CenterID(id)) {
			return text.Errorf(text.NotFound, "台账中没有中心 %s；请核对编号，尚未登记的，登记后再添加此用户",
				"the ledger has no center %s; check the id, or add the user once the center is registered",
				id).Of("center")
		}
	}
	return nil
}

// mayAddNATSUser returns an error if a user of NATS cannot be added. is reports whether it exists with the same
// key and filter.
func (s *state) mayAddNATSUser(r *NewNATSUser) (is bool, err error) {
	others := 0
	for _, u := range s.nats {
		switch {
		case !u.revoked.isZero():
		case u.name == r.Name:
			is = u.key == r.Key && u.filter.is(&r.Filter)
		case u.key == r.Key:
			return false, text.Errorf(text.Conflict, "此公钥已属于 NATS 用户 %s；每个用户须有自己的密钥",
				"the key is that of the NATS user %s; each user needs a key of its own", u.name)
		default:
			others++
		}
	}
	if others >= NATSUsersMax {
		return false, text.Errorf(text.Conflict, "已有 %d 个 NATS 用户；先注销不用的",
			"there are %d NATS users; revoke some that are not used", NATSUsersMax)
	}
	return is, nil
}

// RevokeNATSUser implements AccountDesk.
func (c *counter) RevokeNATSUser(ctx context.Context, name string) (*NATSUser, error) {
	if err := c.mayHandleNATS(name); err != nil {
		return nil, err
	}
	err := c.do(ctx, func(s *state) ([]fact, error) {
		switch u := s.nats[name]; {
		case u == nil:
			return nil, noNATSUser(name)
		case !u.revoked.isZero():
			return nil, nil
		}
		return []fact{{natsUserRevoked, onNATSUser{name, c.who()}}}, nil
	})
	if err != nil {
		return nil, err
	}
	return c.natsUser(name)
}

// mayHandleNATS returns text.Forbidden, and notes it, unless the principal may add and revoke users of NATS.
func (c *counter) mayHandleNATS(name string) error {
	if err := c.mayDo(HandleNATSUsers, name); err != nil {
		return err
	}
	return c.mustShow(MayAccounts, HandleNATSUsers, name)
}

// NATSUsers implements AccountDesk.
func (c *counter) NATSUsers(context.Context) (NATSUsers, error) {
	if err := c.mayDo(HandleNATSUsers, ""); err != nil {
		return nil, err
	}
	return c.a.NATSUsers(), nil
}

// NATSUsers returns the users of NATS that are not revoked, by name. It checks no right.
func (a *Access) NATSUsers() NATSUsers {
	a.mu.RLock()
	defer a.mu.RUnlock()
	list := NATSUsers{}
	for _, name := range slices.Sorted(maps.Keys(a.state.nats)) {
		if u := a.state.nats[name]; u.revoked.isZero() {
			list = append(list, u.shown())
		}
	}
	return list
}

func (c *counter) natsUser(name string) (*NATSUser, error) {
	c.a.mu.RLock()
	defer c.a.mu.RUnlock()
	u := c.a.state.nats[name]
	if u == nil {
		return nil, noNATSUser(name)
	}
	shown := u.shown()
	return &shown, nil
}

func noNATSUser(name string) error {
	return text.Errorf(text.NotFound, "没有 NATS 用户 %s", "there is no NATS user %s", clean(name))
}

// shown returns the user in the form of answers.
func (u *natsUser) shown() NATSUser {
	return NATSUser{Name: u.name, Key: u.key, Filter: u.filter.copied(), AddedAt: u.added.instant(),
		AddedBy: u.added.by, RevokedAt: u.revoked.instant(), RevokedBy: u.revoked.by}
}

func (f *NATSFilter) copied() NATSFilter {
	return NATSFilter{slices.Clone(f.Centers), slices.Clone(f.Severities), slices.Clone(f.Families), f.Checkpoints}
}

func (f *NATSFilter) is(g *NATSFilter) bool {
	return slices.Equal(f.Centers, g.Centers) && slices.Equal(f.Severities, g.Severities) &&
		slices.Equal(f.Families, g.Families) && f.Checkpoints == g.Checkpoints
}

// These limits hold for users of NATS.
const (
	natsNameCharMax   = 32
	natsKeyChars      = 56
	filterSubjectsMax = 300 // subjects that a filter selects: the product of the lengths of its lists
)

// reservedNATSNames are the names of accounts that every NATS server here has: the publisher and the system
// account.
var reservedNATSNames = []string{"ledger", "sys"}

// check returns an error for a user that is not allowed. It brings the filter into its normal form.
func (r *NewNATSUser) check() error {
	switch {
	case !validNATSName(r.Name):
		return text.Errorf(text.Invalid,
			"%q 应为 1 至 %d 个小写字母、数字、下划线或连字符，以字母或数字开头，且不是 %s",
			"%q must be 1 to %d small letters, digits, underscores or hyphens, begin with a letter or a digit, and "+
				"be none of %s", clean(r.Name), natsNameCharMax, strings.Join(reservedNATSNames, ", ")).Of("name")
	case !validNATSKey(r.Key):
		return text.Errorf(text.Invalid,
			"应为 NATS 用户的公钥（U 开头的 56 个字符；种子以 SU 开头，须保密，不能提交）",
			"must be the public key of a NATS user: 56 characters that begin with U; a seed, which begins with SU, "+
				"is secret and is not sent").Of("key")
	}
	return r.Filter.Check()
}

func validNATSName(name string) bool {
	return name != "" && len(name) <= natsNameCharMax && name[0] != '_' && name[0] != '-' &&
		!slices.Contains(reservedNATSNames, name) &&
		strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == ""
}

// validNATSKey reports whether a text is the public nkey of a user in its normal form. The library alone would
// accept line breaks in it.
func validNATSKey(key string) bool {
	return len(key) == natsKeyChars && strings.Trim(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == "" &&
		nkeys.IsValidPublicUserKey(key)
}

// severityCode returns the code of a severity that people typed, or the text itself.
func severityCode(typed string) string {
	if severity, ok := lists.Severities.Read(typed); ok {
		return string(severity)
	}
	return typed
}

// Check returns what is wrong with the filter, and puts it into order: the ids of centers and the families in
// capitals, each list sorted and each once.
func (f *NATSFilter) Check() error {
	f.Centers, f.Severities, f.Families = inOrder(f.Centers, strings.ToUpper), inOrder(f.Severities, severityCode),
		inOrder(f.Families, strings.ToUpper)
	for _, id := range f.Centers {
		if !events.ValidCenter(events.CenterID(id)) {
			return text.Errorf(text.Invalid, "%q 不是中心编号", "%q is not the id of a center", clean(id)).Of("center")
		}
	}
	if bad, ok := other(f.Severities, lists.Severities.Strings().Codes()); ok {
		return lists.Severities.Reject(clean(bad)).Of("severity")
	}
	if bad, ok := other(f.Families, aggregates.Families()); ok {
		return text.Errorf(text.Invalid, "%q 应为预警编号中的类别，%s 之一",
			"%q must be a family of the codes of alerts, one of %s", clean(bad),
			strings.Join(aggregates.Families(), ", ")).Of("family")
	}
	if n := max(1, len(f.Centers)) * max(1, len(f.Severities)) * max(1, len(f.Families)); n > filterSubjectsMax {
		return text.Errorf(text.Invalid, "筛选条件合计 %d 种组合，超过 %d；请减少中心，或另加一个用户",
			"the filter has %d combinations, over the limit of %d; name fewer centers, or add another user for the "+
				"rest", n, filterSubjectsMax).Of("center")
	}
	return nil
}

// inOrder returns the values of a list in one case, sorted, without duplicates.
func inOrder(list []string, inCase func(string) string) []string {
	ordered := make([]string, 0, len(list))
	for _, x := range list {
		ordered = append(ordered, inCase(x))
	}
	slices.Sort(ordered)
	return slices.Compact(ordered)
}

// other returns the first value of a list that is not in known.
func other(list, known []string) (string, bool) {
	for _, x := range list {
		if !slices.Contains(known, x) {
			return x, true
		}
	}
	return "", false
}
