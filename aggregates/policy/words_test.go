package policy

import (
	"regexp"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/events/text"
)

// code matches what is no word of Chinese: letters of a name for programs. Names of people and the names in a policy
// may have such letters.
var code = regexp.MustCompile(`[a-z]{2,}`)

func TestEveryPathAndValueOfAPolicyHasWords(t *testing.T) {
	p := Builtin()
	for _, l := range p.leaves() {
		member := l.path[strings.LastIndexByte(l.path, '.')+1:]
		if words := PathWords(l.path, p); code.MatchString(words.Zh) || words.En == l.path && member != l.path {
			t.Errorf("%s: got %+v", l.path, words)
		}
		isText := member == "en" || member == "id" || member == "name" || l.path == "rules[overdrawn].id"
		if words := ValueWords(l.path, l.value, p); !isText && code.MatchString(words.Zh) {
			t.Errorf("%s: %s: got %+v", l.path, l.value, words)
		}
	}
	for path, want := range map[string]text.Text{
		"parameters.rectificationTermDays.value": text.Say("参数“整改期限”的值",
			"parameter “term of a rectification”: value"),
		"uses[pilot].also": text.Say("用途“中试”的其他名称", "use “pilot”: other names"),
		"uses[4].zh":       text.Say("用途第 5 行的中文名称", "use in row 5: Chinese name"),
		"uses[0].also[0]": text.Say("用途第 1 行的其他名称第 1 项",
			"use in row 1: other names, item 1"),
		"codes[309].use": text.Say("经济分类“309”的用途", "economic code “309”: use"),
		"grades":         text.Say("等级", "grade"),
		"effectiveFrom":  text.Say("施行日期", "effective from"),
		"admission[R03-2 legal-entity].waivable": text.Say("申报条件“R03-2 独立法人实体”的可例外",
			"condition of admission “R03-2 legal entity of its own”: waivable"),
		"":           {},
		"unheard.of": text.Same("unheard.of"),
	} {
		if got := PathWords(path, p); got != want {
			t.Errorf("%q: expected %+v, got %+v", path, want, got)
		}
	}
	for path, c := range map[string]struct {
		value string
		want  text.Text
	}{
		"parameters.projectCapFen.value": {"1000000000", text.Say("10,000,000.00 元", "10,000,000.00 yuan")},
		"parameters.gradeDue.value":      {"09-30", text.Say("9月30日", "09-30")},
		"parameters.rateSources.value": {
			"major-program, province-other",
			text.Say("省重大科技专项、省级其他资金", "major program, other provincial")},
		"parameters.lowRatePercent.value":  {"60", text.Same("60")},
		"uses[pilot].class":                {"main", text.Say("主要用途", "main")},
		"parameters.constructionFen.value": {"x", text.Same("x")},
	} {
		if got := ValueWords(path, c.value, p); got != c.want {
			t.Errorf("%s: expected %+v, got %+v", path, c.want, got)
		}
	}
}
