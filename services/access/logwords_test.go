package access

import (
	"regexp"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

func TestTheAccessLogIsInWords(t *testing.T) {
	code := regexp.MustCompile(`[a-z]{2,}`)
	for right := range Rights {
		if e := (LogEntry{Kind: LogDenied, Verb: string(right)}); code.MatchString(e.VerbWord().Zh) {
			t.Errorf("the right %s has no word", right)
		}
	}
	for _, kind := range []events.Kind{accountAdded, accountBound, accountDisabled, accountEnabled, tokenAdded,
		tokenRevoked, natsUserAdded, natsUserRevoked, restateAsked,
		epochBegun, passwordSet, sessionBegun, sessionEnded, factorShown, factorEnrolled, factorReset, accountLinked,
		accountUnlinked} {
		if e := (LogEntry{Kind: LogAct, Verb: string(kind)}); code.MatchString(e.VerbWord().Zh) {
			t.Errorf("%s has no word", kind)
		}
	}
	const id = "0b9f7c1e-4d0f-4a59-9a46-3c1f3c8f9d10"
	for _, c := range []struct {
		LogEntry
		verb, object, outcome, source text.Text
	}{
		{LogEntry{Kind: LogLogin, Verb: "session.begun", Object: "cai " + id + " password code", Outcome: "ok",
			Source: "10.0.0.5"},
			text.Say("登录", "signed in"), text.Say("cai "+id+" 密码 动态验证码", "cai "+id+" password code"),
			text.Say("完成", "ok"), text.Same("10.0.0.5")},
		{LogEntry{Kind: LogLogin, Verb: verbSignIn, Object: whyPassword, Outcome: outcomeRefused,
			Source: otherSources},
			text.Say("登录", "sign in"), text.Say("密码不正确", "wrong password"), text.Say("未通过", "refused"),
			text.Say("其他来源", "other sources")},
		{LogEntry{Kind: LogRead, Verb: "list", Object: "execution", Outcome: outcomeOK, Source: "socket"},
			text.Say("查询列表", "list"), text.Say("经费执行情况", "execution of money"), text.Say("完成", "ok"),
			text.Say("本机服务", "socket")},
		{LogEntry{Kind: LogWrite, Verb: "funds.spent", Object: id, Outcome: outcomeOK},
			text.Say("经费支出", "funds spent"), text.Same(id), text.Say("完成", "ok"), text.Text{}},
		{LogEntry{Kind: LogDenied, Verb: "import", Object: "grade.decided", Outcome: outcomeForbidden,
			Source: "local"},
			text.Say("导入", "import"), text.Say("等级评定", "grade decided"), text.Say("没有权限", "forbidden"),
			text.Say("本机", "local")},
		{LogEntry{Kind: LogAct, Verb: "epoch.begun", Object: epochRestored, Outcome: outcomeOK},
			text.Say("开始访问日志", "access log begun"), text.Say("从备份恢复", "restored"), text.Say("完成", "ok"),
			text.Text{}},
		{LogEntry{Kind: LogAct, Verb: "token.added", Object: "cai code", Outcome: outcomeOK}, // no word of a sign-in
			text.Say("签发令牌", "token made"), text.Same("cai code"), text.Say("完成", "ok"), text.Text{}},
	} {
		if v, o, w, s := c.VerbWord(), c.ObjectWord(), c.OutcomeWord(), c.SourceWord(); v != c.verb || o != c.object ||
			w != c.outcome || s != c.source {
			t.Errorf("%+v: got %+v %+v %+v %+v", c.LogEntry, v, o, w, s)
		}
	}
	if got := AccountWord("local:root"); got != text.Say("本机用户 root", "local:root") {
		t.Errorf("got %+v", got)
	}
}
