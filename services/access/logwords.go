package access

import (
	"strings"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
)

// LogKinds holds the kinds of entries of the access log with their words.
var LogKinds = text.Vocabulary[string]{
	{Code: LogRead, Word: text.Say("查询", "read"), Also: []string{"读取"}},
	{Code: LogWrite, Word: text.Say("录入", "write"), Also: []string{"写入"}},
	{Code: LogDenied, Word: text.Say("拒绝", "denied")},
	{Code: LogAct, Word: text.Say("管理", "act")},
	{Code: LogLogin, Word: text.Say("登录", "login")},
}

// MayWords holds the acts that a token can be made for with their words.
var MayWords = text.Vocabulary[string]{
	{Code: MayRecord, Word: text.Say("补录", "record")},
	{Code: MayPolicy, Word: text.Say("采用办法参数", "policy"), Also: []string{"办法参数"}},
	{Code: MayAccounts, Word: text.Say("管理账号", "accounts"), Also: []string{"账号"}},
	{Code: MayRevoke, Word: text.Say("取消资格", "revoke")},
}

// logVerbs holds the words for what was done or asked: by the name of an act, of a question or of a right. The kinds
// of records have those of the ledger.
var logVerbs = text.Vocabulary[string]{
	{Code: string(accountAdded), Word: text.Say("新增账号", "account added")},
	{Code: string(accountBound), Word: text.Say("绑定账号", "account bound")},
	{Code: string(accountDisabled), Word: text.Say("停用账号", "account disabled")},
	{Code: string(accountEnabled), Word: text.Say("启用账号", "account enabled")},
	{Code: string(accountLinked), Word: text.Say("关联统一身份", "identity linked")},
	{Code: string(accountUnlinked), Word: text.Say("解除统一身份关联", "identity unlinked")},
	{Code: string(tokenAdded), Word: text.Say("签发令牌", "token made")},
	{Code: string(tokenRevoked), Word: text.Say("注销令牌", "token revoked")},
	{Code: string(natsUserAdded), Word: text.Say("登记预警接收程序", "user of NATS added")},
	{Code: string(natsUserRevoked), Word: text.Say("注销预警接收程序", "user of NATS revoked")},
	{Code: string(restateAsked), Word: text.Say("重新发布全部预警", "all alerts published again")},
	{Code: string(epochBegun), Word: text.Say("开始访问日志", "access log begun")},
	{Code: string(passwordSet), Word: text.Say("设置密码", "password set")},
	{Code: string(sessionBegun), Word: text.Say("登录", "signed in")},
	{Code: string(sessionEnded), Word: text.Say("退出", "signed out")},
	{Code: string(factorShown), Word: text.Say("输入动态验证码", "code given")},
	{Code: string(factorEnrolled), Word: text.Say("启用动态验证码", "second factor enrolled")},
	{Code: string(factorReset), Word: text.Say("撤销动态验证码", "second factor reset")},

	{Code: verbToken, Word: text.Say("使用令牌", "token")},
	{Code: verbSession, Word: text.Say("使用登录", "session")},
	{Code: verbSignIn, Word: text.Say("登录", "sign in")},
	{Code: verbShowCode, Word: text.Say("输入动态验证码", "give a code")},
	{Code: verbEnrol, Word: text.Say("启用动态验证码", "enrol a second factor")},
	{Code: "log", Word: text.Say("访问日志", "access log")},

	{Code: "list", Word: text.Say("查询列表", "list")},
	{Code: "report", Word: text.Say("导出列表", "list as a file")},
	{Code: "center", Word: text.Say("查看中心", "center")},
	{Code: "story", Word: text.Say("查看历史", "history")},
	{Code: "explain", Word: text.Say("查看预警说明", "alert explained")},
	{Code: "export", Word: text.Say("导出全部记录", "export")},
	{Code: "events", Word: text.Say("查看记录", "records")},
	{Code: "follow", Word: text.Say("实时接收记录", "records as they come")},
	{Code: "entry", Word: text.Say("查看一条记录", "one record")},
	{Code: "policies", Word: text.Say("查看办法参数", "policies")},
	{Code: "adopting", Word: text.Say("试算办法参数", "what a policy would change")},
	{Code: "yearly", Word: text.Say("年度报告", "yearly report")},
	{Code: "reproduce", Word: text.Say("核对报表", "report checked")},
	{Code: "try", Word: text.Say("试算", "try")},
	{Code: "import", Word: text.Say("导入", "import")},
	{Code: "record", Word: text.Say("录入记录", "record")},
	{Code: "receipt", Word: text.Say("开具回执", "receipt")},

	{Code: string(ReadMe), Word: text.Say("查看本人账号", "own account")},
	{Code: string(ReadLedger), Word: text.Say("查询台账", "read the ledger")},
	{Code: string(ReadPolicies), Word: text.Say("查看办法参数", "read policies")},
	{Code: string(ReadCheckpoint), Word: text.Say("查看检查点", "checkpoint")},
	{Code: string(SealLedger), Word: text.Say("封存台账", "seal the ledger")},
	{Code: string(Write), Word: text.Say("录入记录", "write records")},
	{Code: string(AdoptPolicy), Word: text.Say("采用办法参数", "adopt a policy")},
	{Code: string(Bring), Word: text.Say("录入记录或采用办法参数", "write records or adopt a policy")},
	{Code: string(ReadAccounts), Word: text.Say("查看账号", "read accounts")},
	{Code: string(AddAccounts), Word: text.Say("新增账号", "add accounts")},
	{Code: string(BindAccounts), Word: text.Say("绑定账号", "bind accounts")},
	{Code: string(DisableAccounts), Word: text.Say("停用或启用账号", "disable or enable accounts")},
	{Code: string(SetPasswords), Word: text.Say("设置他人密码", "set passwords")},
	{Code: string(ResetFactors), Word: text.Say("撤销他人动态验证码", "reset second factors")},
	{Code: string(LinkAccounts), Word: text.Say("关联统一身份", "link identities")},
	{Code: string(OwnTokens), Word: text.Say("管理本人令牌", "own tokens")},
	{Code: string(OtherTokens), Word: text.Say("管理他人令牌", "tokens of others")},
	{Code: string(HandleNATSUsers), Word: text.Say("管理预警接收程序", "users of NATS")},
	{Code: string(ReadFeed), Word: text.Say("查看预警推送", "read the state of the feed")},
	{Code: string(RestateFeed), Word: text.Say("重新发布全部预警", "publish all alerts again")},
	{Code: string(ReadAccessLog), Word: text.Say("查看访问日志", "read the access log")},
	{Code: string(ReadAccessLogReads), Word: text.Say("查看查询记录", "read who read")},
}

// logOutcomes holds the words for the outcomes of entries, and for why a token or a sign-in was not good.
var logOutcomes = text.Vocabulary[string]{
	{Code: outcomeOK, Word: text.Say("完成", "ok")},
	{Code: outcomeForbidden, Word: text.Say("没有权限", "forbidden")},
	{Code: outcomeMoreProof, Word: text.Say("须先验证身份", "more proof")},
	{Code: outcomeHidden, Word: text.Say("不在账号范围内", "not seen")},
	{Code: outcomeRefused, Word: text.Say("未通过", "refused")},
	{Code: outcomeThrottled, Word: text.Say("次数过多，暂停", "throttled")},
	{Code: outcomeBusy, Word: text.Say("服务繁忙", "busy")},
	{Code: "lost", Word: text.Say("未能记下", "lost")},
	{Code: "unknown", Word: text.Say("未知", "unknown")},
	{Code: TokenExpired, Word: text.Say("已过期", "expired")},
	{Code: TokenRevoked, Word: text.Say("已注销", "revoked")},
	{Code: TokenVoid, Word: text.Say("已作废", "void")},
	{Code: whyDisabled, Word: text.Say("账号已停用", "disabled")},
	{Code: whyNotLinked, Word: text.Say("身份未关联账号", "not linked")},
}

// logObjects holds the words for what stands in an object beside names and ids.
var logObjects = text.Vocabulary[string]{
	{Code: whyUnknown, Word: text.Say("没有此账号", "unknown name")},
	{Code: whyDisabled, Word: text.Say("账号已停用", "disabled")},
	{Code: whyNoPassword, Word: text.Say("未设置密码", "no password")},
	{Code: whyPassword, Word: text.Say("密码不正确", "wrong password")},
	{Code: whyCode, Word: text.Say("验证码不正确", "wrong code")},
	{Code: whyNotLinked, Word: text.Say("身份未关联账号", "not linked")},
	{Code: whyNotConfirmed, Word: text.Say("签发方未确认", "not confirmed by the issuer")},
	{Code: byPassword, Word: text.Say("密码", "password")},
	{Code: bySSO, Word: text.Say("统一身份登录", "single sign-on")},
	{Code: codeShown, Word: text.Say("动态验证码", "code")},
	{Code: recoveryShown, Word: text.Say("恢复码", "recovery code")},
	{Code: epochMade, Word: text.Say("新建", "made")},
	{Code: epochRestored, Word: text.Say("从备份恢复", "restored")},
	{Code: otherObjects, Word: text.Say("其他对象", "other objects")},
	{Code: lostEntries, Word: text.Say("记不下的条目", "entries for which there was no room")},
}

// logSources holds the words for where something came from, unless it is an address.
var logSources = text.Vocabulary[string]{
	{Code: "local", Word: text.Say("本机", "local")},
	{Code: "socket", Word: text.Say("本机服务", "socket")},
	{Code: otherSources, Word: text.Say("其他来源", "other sources")},
}

// AccountWord returns the name of an account for people. The owner of the directory has no account, but a name on the
// machine.
func AccountWord(account string) text.Text {
	if user, ok := strings.CutPrefix(account, desk.LocalPrefix); ok {
		return text.Say("本机用户 %s", "local:%s", user)
	}
	return text.Same(account)
}

// VerbWord returns the word for what was done or asked.
func (e *LogEntry) VerbWord() text.Text {
	if e.Kind == LogWrite {
		return events.Kind(e.Verb).Title()
	}
	return logVerbs.Word(e.Verb)
}

// ObjectWord returns what it was about in words: names and ids stay, codes become words.
func (e *LogEntry) ObjectWord() text.Text {
	switch {
	case e.Kind == LogWrite:
		return text.Same(e.Object)
	case logObjects.Has(e.Object):
		return logObjects.Word(e.Object)
	}
	if l := lists.Find(e.Object); l != nil && (e.Verb == "list" || e.Verb == "report") {
		return l.Short
	}
	if k := events.Lookup(events.Kind(e.Object)); k != nil {
		return k.Title
	}
	words := strings.Fields(e.Object)
	if len(words) < 2 {
		return text.Same(e.Object)
	}
	zh, en := []string{words[0]}, []string{words[0]}
	for _, w := range words[1:] {
		word := text.Same(w)
		if _, err := uuid.Parse(w); err != nil && e.Kind == LogLogin {
			word = logObjects.Word(w)
		}
		zh, en = append(zh, word.Zh), append(en, word.En)
	}
	return text.Text{Zh: strings.Join(zh, " "), En: strings.Join(en, " ")}
}

// OutcomeWord returns the word for the outcome.
func (e *LogEntry) OutcomeWord() text.Text { return logOutcomes.Word(e.Outcome) }

// SourceWord returns the word for where it came from.
func (e *LogEntry) SourceWord() text.Text { return logSources.Word(e.Source) }
