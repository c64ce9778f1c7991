package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/services/desk"
)

func TestAnExplanationNamesNotEveryVoucherOfAYearToPeople(t *testing.T) {
	for _, c := range []struct{ events, lines int }{{becauseMax, becauseMax}, {becauseMax + 1, becauseMax + 1},
		{400, becauseMax + 1}} {
		var b strings.Builder
		a := newApp(nil, &b, nil, func(string) string { return "" })
		a.tell(&desk.Explanation{Because: make([]desk.Cause, c.events)})
		if n := strings.Count(b.String(), "  event: ") + strings.Count(b.String(), "  ... and "); n != c.lines {
			t.Errorf("%d events: %d lines in\n%s", c.events, n, b.String())
		}
	}
}

// TestAVerbThatAnswersOfNoDateTakesNone gives the flags of a date to each verb for which they would do nothing, which
// would mislead.
func TestAVerbThatAnswersOfNoDateTakesNone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	for verb, args := range map[string]string{
		"import": "x.jsonl", "record": "interview.held", "policy check": "x.json", "policy adopt": "x.json",
		"backup": "x.tar", "backup verify": "x.tar", "restore": "x.tar", "export": "", "simulate": "", "version": "",
		"account": "", "account add": "cai", "account bind": "cai", "account list": "", "account show": "cai",
		"account disable": "cai", "account enable": "cai",
		"token": "", "token add": "cai", "token list": "", "token revoke": "x", "access-log": "",
		"nats": "", "nats user": "", "nats user add": "x --nkey y", "nats user list": "", "nats user revoke": "x",
		"nats config": "--new-nkey y",
		"feed":        "", "feed status": "", "feed restate": "", "doctor": "",
		"seal": "", "seal init": "taizhang.zj/2026", "seal add": "x.cosig", "seal show": "", "seal sheet": "--out x.html",
		"seal key": "", "seal key restore": "x.key", "receipt": "3 --out x",
	} {
		typed := append(strings.Fields(verb), strings.Fields(args)...)
		for _, c := range []struct{ flag, lang, says string }{
			{"as-of", "en", "taizhang: " + verb + " takes no --as-of\n"},
			{"as-of", "zh", "taizhang: " + verb + " 不用 --as-of\n"},
			{"known-at", "en", "taizhang: " + verb + " takes no --known-at\n"},
			{"known-at", "zh", "taizhang: " + verb + " 不用 --known-at\n"},
		} {
			out, errOut, code := taizhang(t,
				append(typed, "--"+c.flag, "2025-12-31", "--lang", c.lang, "--data", dir)...)
			if code != 2 || out != "" || !strings.HasPrefix(errOut, c.says) {
				t.Errorf("%s: exit %d: %s%s", verb, code, out, errOut)
			}
		}
	}
}

func TestTheLanguageComesFromTheEnvironmentUnlessItIsGiven(t *testing.T) {
	for _, c := range []struct {
		args []string
		env  map[string]string
		want string
	}{
		{nil, nil, "en"},
		{nil, map[string]string{"LANG": "zh_CN.UTF-8"}, "zh"},
		{nil, map[string]string{"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "de_DE"}, "en"},
		{nil, map[string]string{"LANG": "de_DE", "LC_ALL": "zh_TW", "LC_MESSAGES": "C"}, "zh"},
		{[]string{"--lang", "en"}, map[string]string{"LANG": "zh_CN.UTF-8"}, "en"},
		{[]string{"centers", "--lang=zh"}, nil, "zh"},
	} {
		if a := newApp(c.args, nil, nil, func(name string) string { return c.env[name] }); a.lang != c.want {
			t.Errorf("%v %v: got %s, want %s", c.args, c.env, a.lang, c.want)
		}
	}
}

func TestEveryMessageOfTheHelpIsInBothLanguages(t *testing.T) {
	zh, _, _ := taizhang(t, "--lang", "zh", "--help")
	en, _, _ := taizhang(t, "--lang", "en", "--help")
	for _, verb := range []string{"demo", "import", "record", "try", "centers", "center", "replay", "execution",
		"alerts", "policy", "check", "export", "simulate", "version", "completion"} {
		if !strings.Contains(zh, "\n  "+verb) || !strings.Contains(en, "\n  "+verb) {
			t.Errorf("the help does not list %s", verb)
		}
	}
	if strings.Contains(zh, "Usage:") || strings.Contains(zh, "help for") {
		t.Errorf("the Chinese help has English words:\n%s", zh)
	}
}
