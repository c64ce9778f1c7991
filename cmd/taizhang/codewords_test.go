package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"html"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
)

// notWords match what stands in Chinese in Latin letters and is no code word.
var notWords = sync.OnceValue(func() []*regexp.Regexp {
	return []*regexp.Regexp{
		// the text that is hashed for the seed of a sample
		regexp.MustCompile(`"taizhang sample 1[^"]*"`),
		regexp.MustCompile(`[a-z]+(\+[a-z]+)?://[^\s，。；：、）”]*`), // addresses
		// names of ledgers and witnesses, and their keys
		regexp.MustCompile(`\b[a-z]+\.[a-z]+/\w+(\+[0-9a-f]{8}\+[\w+/]+)?`),
		regexp.MustCompile(`[A-Za-z0-9+/]{43}=`),                        // roots
		regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`), // ids of records
		regexp.MustCompile(`\b[0-9a-f]{12,64}\b`),                       // hashes
		regexp.MustCompile(`\btz_\w+`),                                  // tokens of accounts
		regexp.MustCompile(`zj-2024-draft(-1)?(@\d+)?`),                 // the id of a policy
		regexp.MustCompile(`(/tmp|\.\.|testdata)/[^\s，。；：、）”]*`),        // files of the test
		// names of files
		regexp.MustCompile(`[\w.-]*\.(xlsx|csv|jsonl|json|html|htm|tar|partial|access|dead|state|nk|pem|token|txt|conf|` +
			`zip|key|cosig|add-checkpoint|checkpoint|tlog-proof|tsr|log|md|sh|pdf)\b`),
		regexp.MustCompile(`\./[\w-]+|/bin/sh`),          // names of files
		regexp.MustCompile(`\(devel\)`),                  // the version of the program under test
		regexp.MustCompile(`R\d\d-\w+`),                  // ids of rules
		regexp.MustCompile(`\d+[dm]\b|m2\b|\b[KMG]iB\b`), // units
		regexp.MustCompile(`--?[a-z][a-z0-9-]*`),         // flags
		regexp.MustCompile(`taizhang( [a-z|-]+)*`),       // commands
		regexp.MustCompile(`“old ”`),                     // how a request begins
		regexp.MustCompile(`JSON 的 (true 或 false|null)`), // what a value of JSON is called there
		// the code that stands for a word in a record as JSON, after the word
		regexp.MustCompile(`（[a-z-]+）`),
		// names that the test or an example types
		regexp.MustCompile(`\b([a-z]-\d+|cai|yi|di|bu|zhong|none|screen|caizheng|jia|hang|9f2c1e|prov|again|root)\b|zj-0001`),
		regexp.MustCompile(`c2sp\.org/[a-z-]+`),                // specifications
		regexp.MustCompile(`DATA/seal(/[a-z]+)*`),              // the directory of seals
		regexp.MustCompile(`/backup/`),                         // a directory of an example
		regexp.MustCompile(`“(raised|cleared|withdrawn|off)”`), // what a variable or a setting holds
		regexp.MustCompile(`不以 local 开头`),                      // how the name of an account must not begin
		// a policy has the English name of each use and grade
		regexp.MustCompile(`英文名称.*`),
		regexp.MustCompile(`'\{[^']*\}'`),                         // a record as JSON
		regexp.MustCompile(`\b(umask|source)\b|pass show|设为 cat`), // commands of a shell
		// commands of the system, each on a line of its own
		regexp.MustCompile(`^ {5}(chmod|chown|date|df|dmesg|du|findmnt|free|ip|journalctl|ls|mount|mv|openssl|ps|rm|ss|` +
			`systemctl|timedatectl|ulimit) .*`),
		regexp.MustCompile(`在 \S+ 文件系统上|\b(ext[234]|xfs)\b`), // kinds of file systems
	}
})

// latin matches a word in Latin letters, in any form of a code.
var latin = regexp.MustCompile(`[A-Za-z][A-Za-z0-9]*(?:[-._][A-Za-z0-9]+)*`)

// properNames are names that have no Chinese form, and the names of forms and languages that a flag takes.
var properNames = []string{"Excel", "Linux", "KurrentDB", "OpenID", "OpenConnect", "Connect", "Lines", "CloudEvents",
	"JetStream", "table", "csv", "json", "zh", "en", "xlsx", "tar", "zip", "nats", "tls",
	"Provenance", "https", "X-Forwarded-For", "bash", "zsh", "fish", "powershell", "Ctrl-C", "UKey", "base64"}

// codeWords returns the code words of a Chinese text.
func codeWords(s string) (found []string) {
	for _, re := range notWords() {
		s = re.ReplaceAllString(s, " ")
	}
	for _, w := range latin.FindAllString(s, -1) {
		if len(w) > 1 && strings.ToUpper(w) != w && !slices.Contains(properNames, w) {
			found = append(found, w)
		}
	}
	return found
}

// saidChinese collects the code words of Chinese output, each with where it was first seen.
type saidChinese struct {
	t     *testing.T
	seen  map[string]bool
	lines map[string]bool // that were read
	verbs map[string]bool // verbs that were run
	all   *bytes.Buffer   // if set, gets all output
}

func (s *saidChinese) read(where, said string) {
	for line := range strings.Lines(said) {
		if s.lines[line] {
			continue
		}
		s.lines[line] = true
		for _, w := range codeWords(line) {
			if !s.seen[w] {
				s.seen[w] = true
				s.t.Errorf("%s: %s\n\t%s", w, where, strings.TrimSpace(line))
			}
		}
	}
	if s.all != nil {
		fmt.Fprintf(s.all, "$ %s\n%s\n", where, said)
	}
}

// run runs the program in Chinese and reads all it says, for people and in an error for programs.
func (s *saidChinese) run(args ...string) (out string) {
	args = append([]string{"--lang", "zh"}, args...)
	out, errOut, _ := taizhang(s.t, args...)
	where := "taizhang " + strings.Join(args, " ")
	if cmd, _, err := newApp(nil, nil, nil, func(string) string { return "" }).root().Find(args); err == nil {
		s.verbs[cmd.CommandPath()] = true
	}
	if !slices.Contains(args, csvOutput) && !slices.Contains(args, jsonOutput) {
		s.read(where, out)
	}
	s.read(where, errOut)
	return out
}

// everyKind writes the history of centers that have a record of every kind and an alert of every code, and returns its
// path.
func everyKind(t *testing.T, dir string) string {
	t.Helper()
	var out bytes.Buffer
	for name, centers := range map[string]string{
		"edges": "FZ-0020 FZ-0009 FZ-0022 FZ-0025 FZ-0006", "ahead": "AH-0006"} {
		all, err := os.ReadFile(history(t, name))
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(all) {
			for _, c := range strings.Fields(centers) {
				if bytes.Contains(line, []byte(`"center":"`+c+`"`)) ||
					bytes.Contains(line, []byte(`"center": "`+c+`"`)) {
					out.Write(line)
				}
			}
		}
	}
	path := filepath.Join(dir, "every.jsonl")
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestChineseOutputHasNoCodeWords(t *testing.T) {
	leaveUnderRace(t)
	t.Parallel()
	s := &saidChinese{t: t, seen: map[string]bool{}, lines: map[string]bool{}, verbs: map[string]bool{}}
	if to := os.Getenv("WALK"); to != "" {
		s.all = new(bytes.Buffer)
		defer func() { _ = os.WriteFile(to, s.all.Bytes(), 0o600) }()
	}
	dir := t.TempDir()
	data := filepath.Join(dir, "ledger")
	in := func(args ...string) string {
		return s.run(append([]string{"--data", data, "--as-of", "2026-11-28"}, args...)...)
	}
	now := func(line string) string {
		line = strings.NewReplacer("FILES", dir, "NEW",
			filepath.Join(dir, fmt.Sprint("new", len(s.verbs)))).Replace(line)
		return s.run(append([]string{"--data", data}, strings.Fields(line)...)...)
	}
	for name, text := range map[string]string{
		"try.jsonl": triedLines, "表.csv": triedRows, "warned.jsonl": warnedLines, "bad.json": "{\n\"id\": 1}",
		"wrong.jsonl": wrongLines, "错.csv": oddRows, "题.csv": "凭证号,日期,甲\n1,2,3\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	now("import " + everyKind(t, dir))
	now("import testdata/small.jsonl")

	root := newApp([]string{"--lang", "zh"}, nil, nil, func(string) string { return "" }).root()
	eachCommand(root, func(c *cobra.Command) {
		path := strings.Fields(strings.TrimPrefix(c.CommandPath(), "taizhang"))
		s.helped(append(path, "--help"))
		s.run(append(slices.Clone(path), "--no-such-flag")...)
	})

	for _, l := range lists.Lists {
		s.list(l, dir, in)
	}
	for _, code := range aggregates.AlertCatalog {
		s.explained(string(code.Code), in)
	}
	for _, c := range []string{"FZ-0020", "FZ-0009", "FZ-0022", "ZJ-0001"} {
		in("center", c)
		in("replay", c)
	}
	in("replay", "FZ-0020", "--state")
	in("replay", "FZ-0020", "--recorded")
	for _, k := range desk.SheetNames() {
		name := filepath.Join(dir, string(k.Code)+".xlsx")
		in("template", k.Word.Zh, "--out", name)
		s.workbook(name)
	}
	for _, unit := range []string{"yuan", "wan"} {
		for _, of := range []string{"", " --center FZ-0020"} {
			name := fmt.Sprint(dir, "/year", len(of), unit, ".html")
			in(strings.Fields("report --year 2025 --unit " + unit + " --out " + name + of)...)
			s.page(name)
		}
	}
	for _, line := range strings.Split(strings.TrimSpace(walkedLines), "\n") {
		now(line)
	}
	for _, name := range []string{"marked.xlsx", "marked2.xlsx"} {
		s.workbook(filepath.Join(dir, name))
	}
	eachCommand(root, func(c *cobra.Command) {
		if !c.HasSubCommands() && !s.verbs[c.CommandPath()] && unwalked[c.CommandPath()] == "" {
			t.Errorf("%s has no case", c.CommandPath())
		}
	})
}

// unwalked are verbs that only their help is read of, each with the reason.
var unwalked = map[string]string{
	"taizhang serve":        "it does not end; its settings are read with --check-config",
	"taizhang alerts watch": "it does not end",
	"taizhang help":         "it is the help of another verb, which is read there",
}

// helped reads the help of a verb. The names of verbs in its list of commands are typed as they stand.
func (s *saidChinese) helped(args []string) {
	args = append([]string{"--lang", "zh"}, args...)
	out, _, _ := taizhang(s.t, args...)
	s.read("taizhang "+strings.Join(args, " "), listedVerb.ReplaceAllString(out, "  $1"))
}

// listedVerb matches a verb in a list of commands, before its description.
var listedVerb = regexp.MustCompile(`(?m)^  [a-z-]+ +([\p{Han}A-Z])`)

// choicesMax is how many choices of a parameter are asked for. The list of all kinds of records is longer; their words
// are read in the list without a choice.
const choicesMax = 10

// list asks a list with each of its choices, and reads it on the screen and as a workbook.
func (s *saidChinese) list(l *lists.List, dir string, in func(args ...string) string) {
	base := []string{l.Name}
	if l.Argument != "" {
		base = append(base, "FZ-0020")
	}
	for _, p := range l.Params {
		if p.Must && p.Name != l.Argument {
			value := map[lists.ParamSort]string{lists.Year: "2025", lists.Point: "300"}[p.Sort]
			if len(p.Values) > 0 {
				value = p.Values[0].Word.Zh
			}
			base = append(base, "--"+p.Name, value)
		}
	}
	in(base...)
	name := filepath.Join(dir, l.Name+".xlsx")
	in(append(slices.Clone(base), "--out", name)...)
	s.workbook(name)
	for _, p := range l.Params {
		if p.Name == l.Argument {
			in(l.Name, "不对")
			continue
		}
		if p.Sort == lists.Flag {
			in(append(slices.Clone(base), "--"+p.Name)...)
			continue
		}
		typed := []string{"不对", ""}
		for _, v := range p.Values[:min(len(p.Values), choicesMax)] {
			typed = append(typed, v.Word.Zh)
		}
		for _, v := range typed {
			in(append(slices.Clone(base), "--"+p.Name, v)...)
		}
		for v := range p.Derived {
			in(append(slices.Clone(base), "--"+p.Name, v)...)
		}
	}
}

// explained reads the explanations of the alerts of a code of each center.
func (s *saidChinese) explained(code string, in func(args ...string) string) {
	out := in("alerts", "--all", "--code", code, "--output", "csv")
	done := map[string]bool{}
	for _, row := range rows(s.t, out)[1:] {
		if c := row[0]; !done[c] && len(done) < 3 {
			done[c] = true
			in("alerts", "explain", c, code)
		}
	}
	if len(done) == 0 && code != "AL-LED-01" {
		s.t.Errorf("no alert of %s is explained", code)
	}
}

// workbook reads the texts of all cells, notes and lists of choices of a workbook.
func (s *saidChinese) workbook(name string) {
	s.t.Helper()
	archive, err := zip.OpenReader(name)
	if err != nil {
		s.t.Error(err)
		return
	}
	defer archive.Close()
	for _, part := range archive.File {
		if !strings.HasSuffix(part.Name, ".xml") || !strings.HasPrefix(part.Name, "xl/") {
			continue
		}
		f, err := part.Open()
		if err != nil {
			s.t.Fatal(err)
		}
		raw, err := io.ReadAll(f)
		if err != nil {
			s.t.Fatal(err)
		}
		if strings.HasSuffix(part.Name, "/sheet2.xml") {
			// the provenance, from which the report is computed again: its names and the question are for the program
			continue
		}
		for _, m := range shownInXML.FindAllSubmatch(raw, -1) {
			s.read(filepath.Base(name)+" "+part.Name, html.UnescapeString(string(bytes.Join(m[1:], nil))))
		}
	}
}

// shownInXML matches what a part of a workbook shows: a text, a prompt, an error, a name of a sheet, a header or
// footer.
var shownInXML = regexp.MustCompile(
	`<t(?: [^>]*)?>([^<]*)</t>| (?:prompt|promptTitle|error|errorTitle)="([^"]*)"|<sheet name="([^"]*)"|<odd(?:Header|Footer)>([^<]*)<`)

var (
	unseenParts = regexp.MustCompile(`(?s)<(style|script)[^>]*>.*?</(style|script)>`)
	tags        = regexp.MustCompile(`<[^>]*>`)
)

// page reads the text of an HTML page.
func (s *saidChinese) page(name string) {
	raw, err := os.ReadFile(name)
	if err != nil {
		s.t.Error(err)
		return
	}
	s.read(name, html.UnescapeString(tags.ReplaceAllString(unseenParts.ReplaceAllString(string(raw), " "), "\n")))
}

// walkedLines are command lines beside those that are made of lists and kinds: at least one of each verb, and
// mistakes.
const walkedLines = `
centers --output x
centers --as-of 2026-13-01
centers --as-of 1999-01-01
centers --known-at 99999999
centers --known-at 昨天
不对
centers 多余
--data NEW centers
center ZJ-9999
center 不对
replay ZJ-9999
alerts explain ZJ-0001 AL-USE-01
alerts explain ZJ-0001 AL-XXX-01
alerts explain ZJ-0001 AL-EXE-02
alerts explain FZ-0020 AL-USE-01 不对
alerts explain FZ-0020 AL-USE-01 V1 不对
alerts board
alerts watch
alerts watch --nkey FILES/none.nk
alerts watch --severity 不对
find --from 2026-01-01 --to 2025-01-01
find --min 100 --max 1
find --text 中试 --limit 2
find --voided --limit 500
find --kind 不对
sample --year 2024 --n 5
sample --year 2024 --n 5 --by amount
spending ZJ-0001 --min 不对
due --within 99999d
due --spend
trace FZ-0020 --year 2025 --scope province --figure low
changes --since 2099-01-01
changes --since 10 --from-as-of 2099-01-01
centers --out FILES/centers.txt
centers --out FILES/centers.xlsx
centers --for-excel
report --year 1900 --out FILES/r.html
report --year 2025
report --year 2025 --out FILES/r.txt
report --year 2025 --center ZJ-9999 --out FILES/r2.html
report --year 2025 --unit 不对 --out FILES/r3.html
report --year 2025 --output csv --out FILES/r3.html
reproduce FILES/none.xlsx
reproduce FILES/centers.xlsx
reproduce FILES/try.jsonl
reproduce FILES/edited.csv
template 不对
template vouchers --out FILES/x.txt
try FILES/none.jsonl
try FILES/try.jsonl
try FILES/表.csv
try FILES/表.csv --actor 经办甲
try FILES/表.csv --actor 经办甲 --report FILES/marked.xlsx
try FILES/wrong.jsonl
try FILES/错.csv --actor 经办甲 --report FILES/marked2.xlsx
try FILES/题.csv --actor 经办甲
try FILES/bad.json
try testdata/bad.jsonl
import FILES/wrong.jsonl
import FILES/wrong.jsonl --accept-good
import FILES/表.csv --role 不对
import FILES/表.csv --actor 经办甲 --mode 不对
import FILES/表.csv --actor 经办甲 --mode record
import FILES/错.csv --actor 经办甲
import testdata/bad.jsonl
import testdata/small.jsonl
import FILES/warned.jsonl --accept-good
record 不对
record funds.spent --center ZJ-0001 --on 2025-07-01 --role center --actor 经办甲 --data {}
record funds.spent --center ZJ-0001 --on 2025-07-01 --role finance --actor 经办甲 --data {"voucher":"V9","payee":"丁","use":"不对","lines":[],"summary":"x"}
record funds.spent --center ZJ-0001 --on 2025-07-01 --role center --actor 经办甲 --data {"voucher":"V9","payee":"丁","use":"pilot","lines":[{"grant":"G1","amountFen":9999999999}],"summary":"检测"}
record funds.spent --center 不对 --on 昨天 --role 不对 --actor 经办甲 --data {x
record funds.spent --center ZJ-0001 --on 2025-07-01 --role center --actor 经办甲 --data @FILES/none.json
record allocation.deferred --center ZJ-0001 --on 2025-07-01 --role finance --actor 经办甲 --doc 浙财科教〔2025〕3号 --data {"fiscalYear":2025}
record allocation.deferred --center ZJ-0001 --on 2025-07-01 --role finance --actor 经办甲 --mode record --doc 见附件 --data {"fiscalYear":2025}
record subsidy.granted --center ZJ-0001 --on 2025-07-01 --role finance --actor 经办甲 --doc 浙财科教〔2025〕4号 --data {"grant":"G9","category":"construction","source":"central-guidance","fiscalYear":2025,"forYear":2024,"amountFen":300000000}
record subsidy.granted --center ZJ-0001 --on 2025-07-01 --role center --actor 经办甲 --data {"grant":"G1","category":"不对","source":"不对","fiscalYear":2025,"amountFen":1.5}
record entry.voided --center ZJ-0001 --on 2025-07-01 --role finance --actor 经办甲 --doc 浙财科教〔2025〕5号 --data {"event":"11111111-0000-4000-8000-000000000009","reason":"误记"}
record use.ruled --center ZJ-0001 --on 2025-07-01 --role finance --actor 经办甲 --data {"voucher":"V1","use":"fine","reason":"实为罚款"}
policy show
policy show builtin
policy show 不对@9
policy check ../../aggregates/policy/zj-2024-draft.json
policy check FILES/bad.json
policy check FILES/none.json
policy check ../../aggregates/policy/testdata/zj-2024-draft-1.json
policy diff ../../aggregates/policy/testdata/zj-2024-draft-1.json builtin
policy diff builtin builtin
policy adopt ../../aggregates/policy/zj-2024-draft.json
policy adopt ../../aggregates/policy/testdata/zj-2024-draft-1.json
check
--data NEW check
export --out FILES/all.jsonl
export --out FILES/all.jsonl
backup FILES/copy.tar
backup FILES/copydir
backup FILES/try.jsonl
--data FILES/again restore FILES/copy.tar
--data FILES/again restore FILES/copy.tar
--data FILES/again2 restore FILES/try.jsonl
--data FILES/again2 restore FILES/none.tar
simulate --centers 1 --from 2026-01-01 --to 2026-02-01 --out FILES/sim.jsonl
simulate --centers 0
simulate --from 2026-01-01 --to 2025-01-01
account add cai --role finance --may-record
account add cai --role finance
account add 甲 --role center
account add yi --role 不对
account add di --role local-gov --region 99
account add bu --role industry-dept
account add zhong --role center --center ZJ-0001
account bind cai --role industry-dept --department 甲
account link cai --issuer https://id.example.cn --subject 92813
account link cai --issuer https://id.example.cn --subject 92813
account unlink cai
account disable cai
account enable cai
account enable cai
account show cai
account show none
account list
account reset-factor cai
account password cai --password-file FILES/none.txt
account password cai --password-file FILES/try.jsonl
token add cai --name 月报
token add cai
token add none --name 月报
token add cai --name 月报 --expires 999d
token add cai --name 月报 --may 不对
token list
token list cai
token revoke 不对
access-log
access-log --kind 不对
access-log --limit 0
nats user add screen --severity red --family EXE --center ZJ-0001 --nkey FILES/screen.nk
nats user add screen --nkey FILES/screen.nk
nats user add screen --severity 不对 --nkey FILES/other.nk
nats user add screen --family 不对 --nkey FILES/other.nk
nats user list
nats user rotate screen --nkey FILES/rotated.nk
nats user revoke screen
nats user revoke screen
nats user 不对
nats config
nats config --new-nkey FILES/publisher.nk --output json
nats config --publisher 不对
receipt 3 --out FILES/r
bundle --out FILES/b.zip
seal
seal show
seal init 不对
seal init taizhang.zj/2026 --after FILES/none.checkpoint
seal init taizhang.zj/2026
seal init taizhang.zj/2026
seal init taizhang.zj/2027
seal init taizhang.zj/2027 --after FILES/try.jsonl
seal init taizhang.zj/2027 --after FILES
seal
seal --witness cai
seal --request FILES/zj.add-checkpoint --old 9999999
seal --request FILES/zj.add-checkpoint --witness cai
seal --request FILES/zj.add-checkpoint
seal --sign-with /bin/sh
seal --sign-with /bin/sh --sign-key FILES/none.pem
seal --sign-with /bin/sh --sign-key FILES/try.jsonl
seal show
seal show --out FILES/none/a.checkpoint
seal sheet
seal sheet --out FILES/sheet.html
seal add FILES/none.cosig
seal add FILES/try.jsonl
seal key restore FILES/try.jsonl
seal key restore FILES/ledger/seal/log.key
receipt
receipt 3
receipt 3 --out FILES/r
receipt 3 --out FILES/r
receipt 9999999 --out FILES/r
bundle
bundle --out FILES/b.pdf
bundle --out FILES/b.zip --figures FILES/try.jsonl
bundle --out FILES/b.zip --figures FILES/centers.xlsx
bundle --out FILES/b.zip --figures FILES/year0wan.html
bundle --out FILES/b2.zip --center ZJ-9999
bundle --out FILES/b2.zip --center ZJ-0001
witness init https://audit.example/1 --dir NEW
witness init audit.example/w1
witness init audit.example/w1 --dir FILES/w
witness init audit.example/w1 --dir FILES/w
witness trust
witness trust 不对 --dir FILES/w
witness cosign FILES/zj.add-checkpoint --dir FILES/w
witness cosign FILES/zj.add-checkpoint --dir FILES/w --out FILES/a.cosig
witness cosign FILES/表.csv --dir FILES/w --out FILES/a.cosig
witness serve --dir NEW
witness serve --dir FILES/w --listen 不对
check
backup FILES/sealed.tar
feed status
feed restate
doctor
doctor --data NEW --config FILES/none.conf --ntp 127.0.0.1:1 --backup FILES/copy.tar
doctor --backup FILES/copydir --listen 0.0.0.0:1 --insecure --nats-listen off
doctor --backup FILES/none.tar --tls-cert FILES/try.jsonl --tls-key FILES/try.jsonl
serve --check-config --output csv
serve --check-config --listen 不对
serve --check-config --session-idle 1
serve --check-config --config FILES/none.conf
serve --check-config --oidc-issuer 不对
serve --nats-listen 不对
serve --listen 0.0.0.0:1
demo --data FILES
version --output csv
completion
completion bash --output csv
completion zsh --output csv
completion fish --output csv
completion powershell --output csv
--server https://127.0.0.1:1 centers
--server 不对 centers
--server https://x check
`

// wrongLines are records with a mistake of each sort.
const wrongLines = `{"id":"44444444-0000-4000-8000-000000000011","kind":"funds.spent","center":"ZJ-0001","on":"2025-07-01","by":{"role":"center","actor":"c-1"},"data":{"voucher":"V3","payee":"","use":"","lines":[{"grant":"G1","amountFen":-5}],"summary":"x","多余":1}}
{"id":"44444444-0000-4000-8000-000000000012","kind":"subsidy.granted","center":"ZJ-0001","on":"2025-07-01","by":{"role":"center","actor":"c-1"},"data":{"grant":"G1","category":"x","source":"y","fiscalYear":1999,"amountFen":1.5}}
{"id":"不对","kind":"center.registered","center":"0001","on":"2025/7/1","by":{"role":"x","actor":""},"mode":"y","data":{"type":"x","services":["y"],"industryCode":"1","region":"99","uscc":"1","conclusions":3}}
{"id":"44444444-0000-4000-8000-000000000013","kind":"不对","center":"ZJ-0001","on":"2025-07-01","by":{"role":"center","actor":"c-1"},"data":{}}
{"id":"44444444-0000-4000-8000-000000000014","kind":"incident.recorded","center":"ZJ-0001","on":"2025-07-01","by":{"role":"finance","actor":"c-1"},"data":{"incident":"I-1","kind":"x","severity":"y"}}
{"id":"44444444-0000-4000-8000-000000000015","kind":"subsidy.received","center":"ZJ-0001","on":"2025-07-01","by":{"role":"finance","actor":"c-1"},"data":{"grant":"G404","amountFen":1}}
{"id":"44444444-0000-4000-8000-000000000016","kind":"spending.reversed","center":"ZJ-0001","on":"2025-07-01","by":{"role":"center","actor":"c-1"},"data":{"voucher":"V2","reversalVoucher":"R3","reason":"误付"}}
{"id":"44444444-0000-4000-8000-000000000017","kind":"grade.decided","center":"ZJ-0001","on":"2025-07-01","by":{"role":"st-office","actor":"c-1"},"data":{"year":2024,"grade":"excellent","participants":[],"expertReviews":0,"thirdPartyReviews":0}}
{"id":"44444444-0000-4000-8000-000000000018","kind":"plaque.awarded","center":"ZJ-0001","on":"2025-07-01","by":{"role":"st-office","actor":"c-1"},"data":{"plaqueNo":"P-1"}}
{"id":"44444444-0000-4000-8000-000000000019","kind":"preliminary.reviewed","center":"ZJ-0001","on":"2025-07-01","by":{"role":"st-office","actor":"c-1"},"data":{"passed":true}}
{"id":"44444444-0000-4000-8000-00000000001a","kind":"qualification.revoked","center":"ZJ-0001","on":"2025-07-01","by":{"role":"st-office","actor":"c-1"},"doc":"浙科委办发〔2025〕1号","data":{"reason":"不合格"}}
{"id":"44444444-0000-4000-8000-00000000001b","kind":"subsidy.granted","center":"ZJ-0001","on":"2025-07-01","by":{"role":"finance","actor":"c-1"},"data":{"grant":"G9","category":"project","source":"province-other","fiscalYear":2025,"project":"P9","amountFen":1500000000}}
{"id":"44444444-0000-4000-8000-00000000001c","kind":"waiver.granted","center":"ZJ-0001","on":"2025-07-01","by":{"role":"finance","actor":"c-1"},"data":{"rule":"R99","reason":"x"}}
{"id":"44444444-0000-4000-8000-00000000001d","kind":"alert.closed","center":"ZJ-0001","on":"2025-07-01","by":{"role":"st-office","actor":"c-1"},"data":{"code":"AL-EXE-02","key":"2024","reason":"已改"}}
not json
{"id":"44444444-0000-4000-8000-00000000001e"}
{"id":"44444444-0000-4000-8000-00000000001f","id":"1"}
`

// oddRows are rows of vouchers with a mistake of each sort.
const oddRows = `凭证号,日期,中心编号,经费下达编号,用途,金额(元),收款单位,摘要,经济分类,外拨,委托任务书编号
V-20,2025-13-01,ZJ-0001,G1,中试,1.00,丁,检测,,,
V-21,2025-07-01,XX,G1,培训,1.005,丁,检测,12,也许,
V-22,2099-07-01,ZJ-0001,G404,中试,-1,丁,检测,,是,T404
V-23,2025-07-01,ZJ-0001,G1,中试,壹元,,检测,,否,
V-24,2025-07-01,ZJ-0001,G1,中试,1.00,丁,检测,,,
V-24,2025-07-02,ZJ-0001,G1,中试,1.00,丁,检测,,,
V1,2025-07-01,ZJ-0001,G1,中试,1.00,丁,检测,,,
`

// officeRooms are the packages whose Chinese an office reads. The others speak to those who run servers and write
// programs.
var officeRooms = []string{"events", "aggregates", "projections", "services/ledger", "services/lists", "services/desk",
	"services/reports", "services/sheets", "services/access",
	"services/signin", "services/console", "services/table"}

// replaced are words that no Chinese text has any more, each with the word that it has instead.
var replaced = map[string]string{
	"应拨未下达": "应下达未下达", "不合规支出": "禁止用途支出", "成立日期": "设立日期", "裁定": "认定",
	"落盘": "存入磁盘", "版次": "记录序号", "朴素计算": "独立复算", "幂等": "同一编号不重复入账",
	"校验和": "校验码", "读模型": "数字和预警", "政策": "办法参数", "吊销": "注销",
}

// formerTexts are files that hold the words of earlier forms of a report, which are compared with what was filed.
var formerTexts = []string{"services/lists/wording.go", "services/lists/odd.go", "services/reports/report.go",
	"services/reports/yearly.go", "services/reports/yearly_center.go", "services/reports/yearly_province.go",
	"services/lists/sample.go", "services/lists/centers.go", "services/lists/changes.go",
	"services/lists/changes_parts.go", "services/lists/due.go", "services/lists/delayed.go"}

var han = regexp.MustCompile(`\p{Han}`)

func TestTheTextsOfTheOfficesHaveNoCodeWords(t *testing.T) {
	leaveUnderRace(t)
	read := 0
	for _, room := range officeRooms {
		err := filepath.WalkDir(filepath.Join("..", "..", room), func(path string, d os.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && (d.Name() == "testdata" || strings.HasSuffix(d.Name(), "test")):
				return filepath.SkipDir
			case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
				return nil
			}
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			name := strings.TrimPrefix(filepath.ToSlash(path), "../../")
			if slices.Contains(formerTexts, name) || name == "events/memberwords.go" {
				// which tells programs how a record is written in JSON
				return nil
			}
			ast.Inspect(file, func(n ast.Node) bool {
				lit, ok := n.(*ast.BasicLit)
				if !ok || lit.Kind != token.STRING || !han.MatchString(lit.Value) {
					return true
				}
				said, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				read++
				if threeWords.MatchString(said) || strings.Contains(said, `\d`) || strings.Contains(said, "|") {
					return true // English that quotes Chinese, or a pattern
				}
				where := fmt.Sprintf("%s:%d", name, fset.Position(lit.Pos()).Line)
				if words := codeWords(formatVerb.ReplaceAllString(said, " ")); len(words) > 0 &&
					!strings.Contains(mixedTexts, "\n"+said+"\n") {
					t.Errorf("%s: %q has the code words %v", where, said, words)
				}
				for old, now := range replaced {
					if strings.Contains(said, old) {
						t.Errorf("%s: %q: the word for %s is %s", where, said, old, now)
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if read < 500 {
		t.Errorf("only %d texts were read", read)
	}
}

// formatVerb matches a verb of fmt, and the name of a value in backquotes.
var formatVerb = regexp.MustCompile("%[-+#0-9.]*(\\[\\d+\\])?[-+#.0-9]*[a-z]|`[^`]*`")

// threeWords matches English.
var threeWords = regexp.MustCompile(`[a-z]+ [a-z]+ [a-z]+`)

// mixedTexts are Chinese texts that need a word in Latin letters.
const mixedTexts = `
与已作废的记录相同：%v 作废，作废记录 %s，原因：%s；如应重新入账，是作废有误，请用 %sagain
%q 应为 2 至 32 个小写字母、数字、点、下划线或连字符，以字母开头，不以 local 开头，也不是 taizhang
`
