package policy

import (
	"slices"
	"strconv"
	"strings"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// reader turns nodes into values and collects the problems. A wrong value reads as zero, so that one pass finds all
// problems.
type reader struct {
	problems Problems
	rules    map[string]bool // ids in the rules table; nil if the table cannot be read
	uses     map[string]bool // names in the uses table; nil if the table cannot be read
}

func (r *reader) add(line int, path string, reason text.Text) {
	if len(r.problems) < ProblemsMax {
		r.problems = append(r.problems, Problem{Line: line, Field: path, Reason: reason})
	}
}

// value is a member that is being read. Its node is nil if the member is missing, which was reported already.
type value struct {
	*reader
	node *node
	path string
}

func (v value) wrong(zh, en string, args ...any) {
	v.add(v.node.line, v.path, text.Say(zh, en, args...))
}

// is reports whether the value exists and is of this kind. It adds a problem for a value of another kind.
func (v value) is(kind byte, zh, en string) bool {
	switch {
	case v.node == nil:
		return false
	case v.node.kind == 'n':
		v.wrong("不能为空（JSON 的 null）", "must not be null")
		return false
	case byte(v.node.kind) != kind:
		v.wrong("类型不对，应为%[1]s", "has the wrong type; it must be %[2]s", zh, en)
		return false
	}
	return true
}

// object is a value whose members are being read. After all known members are read, close reports the unknown members.
type object struct {
	value
	asked map[string]bool
}

func (v value) object() *object {
	if !v.is('{', "对象", "an object") {
		v.node = nil
	}
	return &object{v, map[string]bool{}}
}

// optional returns a member, which may be missing.
func (o *object) optional(name string) value {
	o.asked[name] = true
	m := value{reader: o.reader, path: member(o.path, name)}
	if o.node != nil {
		m.node = o.node.members[name]
	}
	return m
}

// required returns a member. It reports a problem if the member is missing.
func (o *object) required(name string) value {
	m := o.optional(name)
	if o.node != nil && m.node == nil {
		o.add(o.node.line, m.path, text.Say("缺少此字段", "is missing"))
	}
	return m
}

func (o *object) has(name string) bool { return o.node != nil && o.node.members[name] != nil }

func (o *object) close() {
	if o.node == nil {
		return
	}
	for _, name := range o.node.names {
		if !o.asked[name] {
			o.add(o.node.members[name].line, member(o.path, shorten(name)),
				text.Say("没有这个字段", "is not a known field"))
		}
	}
}

// items returns the members of a list, and whether it is one.
func (v value) items() ([]value, bool) {
	if !v.is('[', "列表", "a list") {
		return nil, false
	}
	var items []value
	for i, n := range v.node.items {
		items = append(items, value{v.reader, n, v.path + "[" + strconv.Itoa(i) + "]"})
	}
	return items, true
}

// text reads a text for people. It must not be empty, have control characters or exceed bytesMax.
func (v value) text(bytesMax int) string {
	if !v.is('"', "文字", "text") {
		return ""
	}
	s := v.node.scalar
	switch {
	case s == "":
		v.wrong("不能为空", "must not be empty")
	case len(s) > bytesMax:
		v.wrong("超过 %d 字节的上限", "is over the limit of %d bytes", bytesMax)
	case strings.TrimSpace(s) != s:
		v.wrong("首尾不能有空白", "must not begin or end with white space")
	case strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f }):
		v.wrong("不能含控制字符", "must not contain control characters")
	default:
		return s
	}
	return ""
}

func (v value) id() string    { return v.text(events.IDBytesMax) }
func (v value) words() string { return v.text(WordsBytesMax) }

func (v value) bool() bool {
	if v.node != nil && v.node.kind == 't' {
		return true
	}
	if v.node == nil || v.node.kind != 'f' {
		v.is('t', " JSON 的 true 或 false", "true or false")
	}
	return false
}

// integer reads a whole number from lo to hi.
func (v value) integer(lo, hi int64) int64 {
	if !v.is('0', "整数", "an integer") {
		return 0
	}
	n, err := strconv.ParseInt(v.node.scalar, 10, 64)
	if err != nil || n < lo || n > hi {
		v.wrong("%s 应为 %d 至 %d 的整数", "%s must be an integer from %d to %d", shorten(v.node.scalar), lo, hi)
		return 0
	}
	return n
}

// oneOf reads one of a few words.
func oneOf[T ~string](v value, allowed ...T) T {
	s := T(v.id())
	if s != "" && !slices.Contains(allowed, s) {
		var list []string
		for _, a := range allowed {
			list = append(list, string(a))
		}
		v.wrong("%q 不在允许值之内：%s", "%q is not one of: %s", shorten(string(s)), strings.Join(list, ", "))
	}
	return s
}

// listOf reads a list without repetition.
func listOf[T ~string](v value, read func(value) T) []T {
	list := []T{}
	items, _ := v.items()
	for _, item := range items {
		s := read(item)
		if s != "" && slices.Contains(list, s) {
			item.wrong("%q 重复", "%q is given twice", shorten(string(s)))
		}
		list = append(list, s)
	}
	return list
}

// unique reports a key that was seen before, and adds it to the keys seen.
func (v value) unique(seen map[string]bool, key string) {
	if key != "" && seen[key] {
		v.wrong("%q 重复", "%q is given twice", shorten(key))
	}
	seen[key] = true
}

// rule reads the id of a rule that must be in the rules table.
func (v value) rule() events.RuleID {
	id := v.id()
	if id != "" && v.rules != nil && !v.rules[id] {
		v.wrong("规则表中没有 %q", "the rules table has no %q", shorten(id))
	}
	return events.RuleID(id)
}

// date reads a day of the years that the ledger covers.
func (v value) date() events.Date {
	s := v.id()
	if s == "" {
		return 0
	}
	d, err := events.ParseDate(s)
	switch {
	case err != nil:
		v.wrong("%q 不是 YYYY-MM-DD 形式的日期", "%q is not a date of the form YYYY-MM-DD", shorten(s))
	case d.Year() < events.YearMin || d.Year() > events.YearMax:
		v.wrong("年份 %d 应在 %d 至 %d 之间", "year %d must be from %d to %d", d.Year(), events.YearMin,
			events.YearMax)
	}
	return d
}

// monthDay reads a day that every year has.
func (v value) monthDay() MonthDay {
	s := v.id()
	if s == "" {
		return ""
	}
	if _, err := events.ParseDate("2001-" + s); err != nil { // 2001 has no 29 February
		v.wrong("%q 不是每年都有的日子（MM-DD）", "%q is not a day of every year (MM-DD)", shorten(s))
	}
	return MonthDay(s)
}
