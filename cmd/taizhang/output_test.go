package main

import (
	"strings"
	"testing"

	"github.com/taizhang/taizhang/services/desk"
)

func TestAnExplanationNamesNotEveryVoucherOfAYearToPeople(t *testing.T) {
	for _, c := range []struct{ events, lines int }{{becauseMax, becauseMax}, {becauseMax + 1, becauseMax + 1}, {400, becauseMax + 1}} {
		var b strings.Builder
		a := newApp(nil, &b, nil, func(string) string { return "" })
		a.tell(&desk.Explanation{Because: make([]desk.Cause, c.events)})
		if n := strings.Count(b.String(), "  event: ") + strings.Count(b.String(), "  ... and "); n != c.lines {
			t.Errorf("%d events: %d lines in\n%s", c.events, n, b.String())
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
	for _, verb := range []string{"demo", "import", "record", "try", "centers", "center", "replay", "execution", "alerts", "policy", "check", "export", "simulate", "version", "completion"} {
		if !strings.Contains(zh, "\n  "+verb) || !strings.Contains(en, "\n  "+verb) {
			t.Errorf("the help does not list %s", verb)
		}
	}
	if strings.Contains(zh, "Usage:") || strings.Contains(zh, "help for") {
		t.Errorf("the Chinese help has English words:\n%s", zh)
	}
}
