package console

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
)

// rightWords are the words for the rights, in the order of the page.
var rightWords = []struct {
	right access.Right
	words text.Text
}{
	{access.ReadLedger, text.Say("查询范围内的台账", "ask the ledger, within the scope")},
	{access.Write, text.Say("以本角色记账", "record under one's own role")},
	{access.ReadPolicies, text.Say("查看办法参数", "read the policies")},
	{access.AdoptPolicy, text.Say("采用办法参数", "adopt a policy")},
	{access.ReadCheckpoint, text.Say("查看最新的检查点", "see the newest checkpoint")},
	{access.SealLedger, text.Say("封存台账", "seal the ledger")},
	{access.ReadAccounts, text.Say("查看账号", "see the accounts")},
	{access.AddAccounts, text.Say("建立账号", "add accounts")},
	{access.BindAccounts, text.Say("为账号分配角色、范围和权限", "give accounts a role, scope and rights")},
	{access.DisableAccounts, text.Say("停用和重新启用账号", "disable and enable accounts")},
	{access.SetPasswords, text.Say("为他人设置密码", "set the passwords of others")},
	{access.ResetFactors, text.Say("撤销他人的动态验证码", "reset the second factors of others")},
	{access.LinkAccounts, text.Say("将账号与统一身份关联", "link accounts to identities of single sign-on")},
	{access.OwnTokens, text.Say("签发和注销自己的令牌", "make and revoke one's own tokens")},
	{access.OtherTokens, text.Say("为程序的账号签发和注销令牌", "make and revoke tokens of accounts of programs")},
	{access.HandleNATSUsers, text.Say("登记接收预警推送的程序", "let programs read the alert feed")},
	{access.ReadFeed, text.Say("查看预警推送的状态", "see how the alert feed does")},
	{access.RestateFeed, text.Say("重新推送全部预警", "have the alert feed state every alert again")},
	{access.ReadAccessLog, text.Say("查看访问日志", "read the access log")},
	{access.ReadAccessLogReads, text.Say("查看谁查询过台账", "see who read the ledger")},
}

// unsaid are the rights that a page does not list. Everybody has the first; a user with the second has one of two
// rights that it lists.
var unsaid = []access.Right{access.ReadMe, access.Bring}

// rightsOf returns the rights of an account in words.
func rightsOf(me *access.Me) (list []text.Text) {
	for _, r := range rightWords {
		if slices.Contains(me.Rights, r.right) {
			list = append(list, r.words)
		}
	}
	if me.MayRecord {
		list = append(list, text.Say("补录系统外的决定，代其他单位记账",
			"record what was decided elsewhere, and for other offices"))
	}
	return list
}

// scope describes the centers that an account sees: words, followed by names of centers or departments.
type scope struct {
	Words text.Text
	Names []string
}

func scopeOf(b *access.Binding) scope {
	switch b.Role {
	case access.STOffice, access.Finance, access.Auditor:
		return scope{Words: text.Say("全省各中心", "every center of the province")}
	case access.Center:
		return scope{text.Say("本中心：", "its own center: "), seen(string(b.Center))}
	case access.LocalGov:
		return scope{text.Say("行政区划代码以此开头的地区的中心：",
			"the centers of the region whose code begins with "), seen(b.Region)}
	case access.IndustryDept:
		return scope{text.Say("以下部门负责的中心：", "the centers of: "), seen(b.Departments...)}
	case access.SecAdmin:
		return scope{
			Words: text.Say("只有办法参数，没有台账记录", "the policies alone, nothing of the ledger's records")}
	}
	return scope{Words: text.Say("没有台账记录", "nothing of the ledger's records")}
}

func seen(names ...string) (list []string) {
	for _, name := range names {
		list = append(list, text.Printable(name))
	}
	return list
}

// sentence returns the text of an error as a sentence: with a full stop, and in English with a capital letter.
func sentence(what, lang string) string {
	if what == "" {
		return what
	}
	if lang == "zh" {
		return strings.TrimRight(what, "。") + "。"
	}
	first, size := utf8.DecodeRuneInString(what)
	return string(unicode.ToUpper(first)) + strings.TrimRight(what[size:], ".") + "."
}

// shellWord returns a text quoted as one word of a shell.
func shellWord(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@%+=,") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// grouped returns a key in groups of four, as people type it.
func grouped(key string) string {
	var groups []string
	for ; len(key) > 4; key = key[4:] {
		groups = append(groups, key[:4])
	}
	return strings.Join(append(groups, key), " ")
}
