package api

import (
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/taizhang/taizhang/services/lists"
)

// valueCharsMax limits the length of a parameter that is not free text, and the part of a wrong value that a
// problem quotes.
const valueCharsMax = 100

// readQuery reads the parameters of a request. Names must be exactly those of the route, each at most once.
func (q *request) readQuery() error {
	values, err := url.ParseQuery(q.URL.RawQuery)
	if err != nil {
		return fail(badRequest, "问号后的参数无法读取", "the parameters after the question mark cannot be read")
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names) // so that the same one of several mistakes is reported each time
	q.given = make(map[string]string, len(values))
	for _, name := range names {
		given := values[name]
		p := q.plan.param(name)
		switch {
		case p == nil:
			return q.unknownParam(name)
		case len(given) > 1:
			return fail(badRequest, "给出了 %d 次", "is given %d times", len(given)).of(name)
		case !utf8.ValidString(given[0]):
			return fail(badRequest, "不是 UTF-8 文本", "is no text in UTF-8").of(name)
		case given[0] == "" && slices.Contains([]lists.ParamSort{lists.Day, lists.Point, lists.Year, lists.Days},
			p.sort):
			// of a variable that is not set: it shall not read as today
			return fail(badRequest, "不能为空", "must not be empty").of(name)
		case p.sort != lists.AnyText && utf8.RuneCountInString(given[0]) > valueCharsMax:
			return fail(badRequest, "超过 %d 个字符", "is longer than %d characters", valueCharsMax).of(name)
		}
		q.given[name] = p.read(given[0])
	}
	return q.checkParams()
}

// read returns a value as the counter has it: the code in place of a word, a date in the form YYYY-MM-DD. What cannot
// be read stays, for the counter to refuse.
func (p *param) read(typed string) string {
	of := lists.Param{Name: p.name, Sort: p.sort, Values: p.values}
	if value, err := of.Read(typed); err == nil {
		return value
	}
	return typed
}

// unknownParam refuses a parameter that the route does not have, and names those that it has.
func (q *request) unknownParam(name string) error {
	if len(q.plan.params) == 0 {
		return fail(badRequest, "没有这个参数", "there is no such parameter").of(shown(name))
	}
	var names []string
	for _, p := range q.plan.params {
		names = append(names, p.name)
	}
	list := strings.Join(names, ", ")
	return fail(badRequest, "没有这个参数；可用：%s", "there is no such parameter; there are: %s",
		list).of(shown(name))
}

// checkParams checks what the desk does not: required parameters and the language. The desk checks choices.
func (q *request) checkParams() error {
	for i := range q.plan.params {
		p := &q.plan.params[i]
		value := q.given[p.name]
		switch {
		case p.must && value == "":
			return fail(badRequest, "必须给出", "must be given").of(p.name)
		case value != "" && p.name == langParam.name && !p.values.Has(value):
			list := strings.Join(p.values.Codes(), ", ")
			return fail(badRequest, "%q 应为 %s 之一", "%q must be one of: %s", value, list).of(p.name)
		case p.sort == lists.Flag && value != "" && value != "true":
			return fail(badRequest, "只能为 true，或不给出", "must be true or not given").of(p.name)
		}
	}
	return nil
}
