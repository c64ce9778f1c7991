package lists_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/lists"
)

// wide returns a text in full-width characters and capitals.
func wide(s string) string {
	return " " + strings.Map(func(r rune) rune {
		if '!' <= r && r <= '~' {
			return r - '!' + '！'
		}
		return r
	}, strings.ToUpper(s)) + "\u3000"
}

func TestEveryWordOfAParameterIsReadAsItsCode(t *testing.T) {
	for _, l := range lists.Lists {
		for _, p := range l.Params {
			if (p.Sort == lists.Choice) != (len(p.Values) > 0) && p.Sort != lists.Order {
				t.Errorf("%s %s has the values %v", l.Name, p.Name, p.Values)
			}
			for _, v := range p.Values {
				for _, typed := range append([]string{v.Code, v.Word.Zh, v.Word.En, wide(v.Code), wide(v.Word.Zh),
					wide(v.Word.En)}, v.Also...) {
					if code, err := p.Read(typed); err != nil || code != v.Code {
						t.Errorf("%s %s: %q stands for %q and is read as %q, %v", l.Name, p.Name, typed,
							v.Code, code, err)
					}
				}
				if v.Word.Zh == v.Code || strings.Contains(p.Words.Zh, v.Code) {
					t.Errorf("%s %s: the code %s in %q", l.Name, p.Name, v.Code, p.Words.Zh)
				}
			}
			if p.Default != "" {
				if value, err := p.Read(p.Default); err != nil || value != p.Default {
					t.Errorf("%s %s: the default %q is read as %q, %v", l.Name, p.Name, p.Default, value, err)
				}
			}
		}
	}
}

func TestAnAlertIsReadByItsCodeAndItsTitles(t *testing.T) {
	for _, a := range aggregates.AlertCatalog {
		for _, typed := range []string{string(a.Code), strings.ToLower(string(a.Code)), wide(string(a.Code)),
			a.Title.Zh, a.Title.En, wide(a.Title.En)} {
			if code, err := lists.ReadAlertCode(typed); err != nil || code != a.Code {
				t.Errorf("%q is read as %q, %v, expected %s", typed, code, err, a.Code)
			}
		}
	}
	for typed, want := range map[string]string{"禁用用途支出": "是否指 禁止用途支出", "AL-USE-1": "是否指 AL-USE-01",
		"逾期支付": "或名称", "": "或名称"} {
		if code, err := lists.ReadAlertCode(typed); err == nil || !strings.Contains(err.What.Zh, want) {
			t.Errorf("%q is read as %q, %v, expected %q", typed, code, err, want)
		}
	}
}

func TestAQuestionIsReadAsItIsStored(t *testing.T) {
	of := func(list string, params ...string) lists.Question {
		q := lists.Question{List: list, Params: map[string]string{}}
		for i := 0; i < len(params); i += 2 {
			q.Params[params[i]] = params[i+1]
		}
		return q
	}
	for _, c := range []struct{ typed, want lists.Question }{
		{of("alerts", "severity", "红", "code", "al-use-01", "center", "zj-0018"),
			of("alerts", "severity", "red", "code", "AL-USE-01", "center", "ZJ-0018")},
		{of("alerts", "code", "认定程序逾期"), of("alerts", "code", "AL-PRC-02")},
		{of("execution", "scope", "省级", "by", "产业", "year", "２０２６年度"),
			of("execution", "scope", "province", "by", "industry", "year", "2026")},
		{of("find", "kind", "经费支出", "from", "2026年1月3日", "to", "2026/10/31", "order", "旧的在前"),
			of("find", "kind", "funds.spent", "from", "2026-01-03", "to", "2026-10-31", "order", "oldest")},
		{of("due", "office", "省财政厅", "within", "45 天"), of("due", "office", "finance", "within", "45d")},
		{of("changes", "since", "2026/10/31", "figure", "到账"),
			of("changes", "since", "2026-10-31", "figure", "received")},
		{of("changes", "since", "20261031"), of("changes", "since", "20261031")}, // a position
	} {
		got, _, err := c.typed.Read()
		if err != nil {
			t.Errorf("%+v: %v", c.typed, err)
			continue
		}
		again, _, err := got.Read()
		for name, want := range c.want.Params {
			if got.Params[name] != want || err != nil || again.Params[name] != want {
				t.Errorf("%s %s: expected %q, got %q, then %q, %v", c.typed.List, name, want, got.Params[name],
					again.Params[name], err)
			}
		}
	}
}

func TestAWrongWordIsRefusedWithThoseItMayMean(t *testing.T) {
	for _, c := range []struct{ list, name, typed, zh, en string }{
		{"alerts", "severity", "紫", "“紫”应为：红、黄、蓝", `"紫" must be one of: red, yellow, blue`},
		{"find", "kind", "funds.spnet", "没有“funds.spnet”；是否指 funds.spent",
			`there is no "funds.spnet"; did you mean funds.spent`},
		{"find", "kind", "经费指出", "没有“经费指出”；是否指 经费支出",
			`there is no "经费指出"; did you mean 经费支出`},
		{"find", "from", "2026-02-30", "没有“2026-02-30”这一天", `there is no date "2026-02-30"`},
	} {
		_, _, err := lists.Question{List: c.list, Params: map[string]string{c.name: c.typed}}.Read()
		var bad *text.Error
		if !errors.As(err, &bad) || bad.Param != c.name || !strings.HasPrefix(bad.What.Zh, c.zh) ||
			!strings.HasPrefix(bad.What.En, c.en) {
			t.Errorf("%s: got %+v", c.typed, err)
		}
	}
}

func TestEveryWordOfAUseAndAGradeIsReadAsItsCode(t *testing.T) {
	p := policy.Builtin()
	timeline := policy.Timeline{}.With(p)
	on := events.MustDate("2026-10-31")
	for _, code := range p.UseNames().Codes() {
		name, _ := p.UseNames().Name(code)
		for _, typed := range []string{code, name.Zh, name.En, wide(code), wide(name.Zh), wide(name.En)} {
			if use, ok := timeline.ReadUse(typed, on); !ok || string(use) != code {
				t.Errorf("%q is read as the use %q, %v", typed, use, ok)
			}
		}
	}
	for _, code := range p.GradeNames().Codes() {
		name, _ := p.GradeNames().Name(code)
		for _, typed := range []string{code, name.Zh, name.En, wide(name.Zh), wide(name.En)} {
			if grade, ok := timeline.ReadGrade(typed, on); !ok || grade != code {
				t.Errorf("%q is read as the grade %q, %v", typed, grade, ok)
			}
		}
	}
	if use, ok := timeline.ReadUse("旅游", on); ok {
		t.Errorf("旅游 is read as the use %q", use)
	}
}
