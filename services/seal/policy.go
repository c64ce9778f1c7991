package seal

import (
	"bytes"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/taizhang/taizhang/events/text"
)

// Policy says whose checkpoints somebody trusts, and which witnesses must have cosigned them (c2sp.org/tlog-policy):
//
//	log taizhang.zj/2026+1f2e3d4c+AbCd… https://ledger.example
//	witness audit   audit.example/w1+…    https://audit.example/witness
//	witness finance finance.example/w1+…  https://finance.example/witness
//	witness archive archive.example/w1+…  file:///by-hand
//	group two-of-three 2 audit finance archive
//	quorum two-of-three
//
// The policy names exactly one log. Each log and witness has a URL, because other programs refuse a line without. The
// quorum is a witness or a group, never none.
type Policy struct {
	Log       Key
	URL       string // of the log
	Witnesses []Witness

	groups map[string]group
	quorum string
}

// Witness is a witness of a policy. Its name is that in the policy, which need not be that of its key.
type Witness struct {
	Name string
	Key  Key
	URL  string
}

// Online reports whether requests to the witness go over HTTP. Requests to others, such as file:///by-hand, are
// carried.
func (w Witness) Online() bool {
	return strings.HasPrefix(w.URL, "https://") || strings.HasPrefix(w.URL, "http://")
}

// Cosigned is a witness that cosigned a checkpoint, and when.
type Cosigned struct {
	Name string // in the policy
	Key  Key
	At   time.Time
}

// group is met if enough of its members, witnesses and groups, are.
type group struct {
	enough  int
	members []string
}

// The limits of a policy. A checkpoint has room for a line of each witness.
const (
	policyBytesMax  = 64 << 10
	policyThingsMax = linesMax - 10 // witnesses and groups
)

// ParsePolicy reads a policy. Two keys that are the same, and a name that two groups have as a member, are errors, so
// that each witness counts once. A byte order mark and the line ends of Windows are accepted. The error names the
// line.
func ParsePolicy(content []byte) (*Policy, error) {
	if len(content) > policyBytesMax {
		return nil, policyError(0, text.Say("超过 64 KiB", "it has more than 64 KiB"))
	}
	p := &Policy{groups: map[string]group{}}
	taken := map[string]bool{} // names that are a member of a group
	for i, line := range bytes.Split(bytes.TrimPrefix(content, []byte("\uFEFF")), []byte("\n")) {
		if what := p.add(bytes.TrimSuffix(line, []byte("\r")), taken); what != (text.Text{}) {
			return nil, policyError(i+1, what)
		}
	}
	switch {
	case p.Log.Name == "":
		return nil, policyError(0, text.Say("缺少 log 行：“log 公钥 网址”",
			"the line of the log is missing: log KEY URL"))
	case p.quorum == "":
		return nil, policyError(0, text.Say("缺少 quorum 行：“quorum 见证方或组的名称”",
			"the line of the quorum is missing: quorum NAME, of a witness or group"))
	}
	return p, nil
}

func policyError(line int, what text.Text) error {
	if line > 0 {
		what = text.Say("第 %d 行：%s", "line %d: %s", line, what)
	}
	return text.Errorf(text.Invalid, "信任文件不对：%s", "the trust file is wrong: %s", what)
}

// add reads one line. It returns what is wrong with it, or nothing.
func (p *Policy) add(line []byte, taken map[string]bool) text.Text {
	line = bytes.Trim(line, " \t")
	if !utf8.Valid(line) || bytes.ContainsFunc(line, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		return text.Say("含有不是文本的字符（文件须为 UTF-8 文本）",
			"there are characters that are not text (expected a text file in UTF-8)")
	}
	if len(line) == 0 || line[0] == '#' {
		return text.Text{}
	}
	// Other programs take these for a comment and for spaces.
	if bytes.ContainsFunc(line, func(r rune) bool { return r == '#' || unicode.IsSpace(r) && r != ' ' && r != '\t' }) {
		return text.Say("一行中间不能有 # 或全角空格；注释请另起一行，以 # 开头",
			"# and spaces other than blanks and tabs may not stand within a line; a comment has a line of its own")
	}
	fields := strings.FieldsFunc(string(line), func(r rune) bool { return r == ' ' || r == '\t' })
	switch fields[0] {
	case "log":
		return p.addLog(fields[1:])
	case "witness":
		return p.addWitness(fields[1:])
	case "group":
		return p.addGroup(fields[1:], taken)
	case "quorum":
		return p.setQuorum(fields[1:])
	}
	return text.Say("不认识 %q：一行须以 log、witness、group 或 quorum 开头",
		"%q is unknown: a line begins with log, witness, group or quorum", text.Clip(fields[0], 40))
}

func (p *Policy) addLog(fields []string) text.Text {
	if p.Log.Name != "" {
		return text.Say("log 行只能有一行", "there may be only one line log")
	}
	if len(fields) != 2 {
		return text.Say("应为“log 公钥 网址”", "expected log KEY URL")
	}
	key, what := p.parseKey(fields[0], LogKey)
	if what == (text.Text{}) {
		what = checkURL(fields[1])
	}
	p.Log, p.URL = key, fields[1]
	return what
}

func (p *Policy) addWitness(fields []string) text.Text {
	if len(fields) != 3 {
		return text.Say("应为“witness 名称 公钥 网址”（由人传递的写 file:///by-hand）",
			"expected witness NAME KEY URL (file:///by-hand for one to which requests are carried)")
	}
	if what := p.checkName(fields[0]); what != (text.Text{}) {
		return what
	}
	key, what := p.parseKey(fields[1], WitnessKey)
	if what == (text.Text{}) {
		what = checkURL(fields[2])
	}
	p.Witnesses = append(p.Witnesses, Witness{fields[0], key, fields[2]})
	return what
}

// parseKey reads a key that is not yet in the policy, under whatever name and type.
func (p *Policy) parseKey(vkey string, want KeyType) (Key, text.Text) {
	key, err := ParseKey(vkey)
	if err != nil {
		return key, text.Of(err)
	}
	if key.Type != want {
		return key, text.Say("%s 的公钥类型应为 0x%02x，得到 0x%02x",
			"the key of %s: expected type 0x%02x, got 0x%02x",
			key.Name, byte(want), byte(key.Type))
	}
	if p.Log.Public.Equal(key.Public) ||
		slices.ContainsFunc(p.Witnesses, func(w Witness) bool { return w.Key.Public.Equal(key.Public) }) {
		return key, text.Say("%s 的公钥在别的行里已经有了：台账和见证方各用各的密钥",
			"the key of %s stands in another line too: the log and each witness have keys of their own", key.Name)
	}
	return key, text.Text{}
}

func checkURL(s string) text.Text {
	if u, err := url.Parse(s); err != nil || u.Scheme == "" || u.Host == "" && u.Path == "" {
		return text.Say("%q 不是网址，例如 https://ledger.example", "%q is no URL, such as https://ledger.example",
			text.Clip(s, 80))
	}
	return text.Text{}
}

// checkName checks the name of a new witness or group. Other programs forbid all the words below.
func (p *Policy) checkName(name string) text.Text {
	if slices.Contains([]string{"log", "witness", "group", "quorum", "any", "all", "none"}, name) {
		return text.Say("%q 不能作名称", "%q cannot be a name", name)
	}
	if p.knows(name) {
		return text.Say("名称 %q 有两行", "two lines have the name %q", text.Clip(name, 60))
	}
	if len(p.Witnesses)+len(p.groups) == policyThingsMax {
		return text.Say("见证方和组超过 %d 个", "there are more than %d witnesses and groups", policyThingsMax)
	}
	return text.Text{}
}

func (p *Policy) knows(name string) bool {
	_, isGroup := p.groups[name]
	return isGroup || slices.ContainsFunc(p.Witnesses, func(w Witness) bool { return w.Name == name })
}

func (p *Policy) addGroup(fields []string, taken map[string]bool) text.Text {
	if len(fields) < 3 {
		return text.Say("应为“group 名称 any|all|个数 成员…”", "expected group NAME any|all|NUMBER MEMBER…")
	}
	if what := p.checkName(fields[0]); what != (text.Text{}) {
		return what
	}
	g := group{members: fields[2:]}
	switch fields[1] {
	case "any":
		g.enough = 1
	case "all":
		g.enough = len(g.members)
	default:
		n, err := strconv.Atoi(fields[1])
		if err != nil || n < 1 || n > len(g.members) || strconv.Itoa(n) != fields[1] {
			return text.Say("应为 any、all 或 1 至 %d 的个数，得到 %q",
				"expected any, all or a number from 1 to %d, got %q",
				len(g.members), text.Clip(fields[1], 40))
		}
		g.enough = n
	}
	for _, member := range g.members {
		if !p.knows(member) {
			return text.Say("%q 在前面的行里没有", "no line before defines %q", text.Clip(member, 60))
		}
		if taken[member] {
			return text.Say("%q 已经是一个组的成员：每个见证方只算一次",
				"%q is a member of a group already: each witness counts once",
				text.Clip(member, 60))
		}
		taken[member] = true
	}
	p.groups[fields[0]] = g
	return text.Text{}
}

func (p *Policy) setQuorum(fields []string) text.Text {
	switch {
	case p.quorum != "":
		return text.Say("quorum 行只能有一行", "there may be only one line quorum")
	case len(fields) != 1:
		return text.Say("应为“quorum 名称”", "expected quorum NAME")
	case fields[0] == "none":
		return text.Say("quorum none 表示谁都不必见证，不能采用：请写出见证方或组的名称",
			"quorum none asks for no witness at all and is refused: name a witness or a group")
	case !p.knows(fields[0]):
		return text.Say("%q 在前面的行里没有", "no line before defines %q", text.Clip(fields[0], 60))
	}
	p.quorum = fields[0]
	return text.Text{}
}

// Quorum returns the witnesses of the policy whose cosignature of the checkpoint is right, and reports whether the
// policy is met: the log signed, enough witnesses cosigned, and no signature of a key of the policy is wrong. Lines of
// other keys are not examined.
func (p *Policy) Quorum(s *Signed) (met bool, cosigned []Cosigned) {
	met = s.SignedBy(p.Log) == nil
	for _, w := range p.Witnesses {
		at, err := s.CosignedBy(w.Key)
		switch {
		case err == nil:
			cosigned = append(cosigned, Cosigned{w.Name, w.Key, at})
		case errors.Is(err, ErrBadSignature):
			met = false
		}
	}
	return met && p.met(p.quorum, cosigned), cosigned
}

// met reports whether a witness or group is met. Groups have only members of lines before, so this ends.
func (p *Policy) met(name string, cosigned []Cosigned) bool {
	g, isGroup := p.groups[name]
	if !isGroup {
		return slices.ContainsFunc(cosigned, func(c Cosigned) bool { return c.Name == name })
	}
	met := 0
	for _, member := range g.members {
		if p.met(member, cosigned) {
			met++
		}
	}
	return met >= g.enough
}
