package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/doctor"
	"github.com/taizhang/taizhang/services/logstore"
	"github.com/taizhang/taizhang/services/witness"
)

// section is the description of one answer or object in docs/json.md.
type section struct {
	title string
	json  string   // the type of the JSON form of an answer
	names []string // of its columns or members
	types []string // of its columns or members
	seen  bool     // in an answer
}

// formsPage is the parsed docs/json.md.
type formsPage struct {
	answers  []*section
	byAnchor map[string]*section
}

var (
	anchorLine = regexp.MustCompile(`^<a id="([^"]+)"></a>$`)
	memberLine = regexp.MustCompile("^\\| `(\\w+)` \\| (.+?) \\| [^|]+ \\|$")
	linked     = regexp.MustCompile(`^(?:row of )?\[[^\]]+\]\(#([^)]+)\)$`)
)

func readForms(t *testing.T) *formsPage {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "json.md"))
	if err != nil {
		t.Fatal(err)
	}
	page := &formsPage{byAnchor: map[string]*section{}}
	var s *section
	anchor, objects := "", false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if a := anchorLine.FindStringSubmatch(line); a != nil {
			anchor = a[1]
		} else if title, ok := strings.CutPrefix(line, "### "); ok {
			s = &section{title: title, json: "list of rows"}
			if !objects {
				page.answers = append(page.answers, s)
			}
			if anchor != "" {
				page.byAnchor[anchor], anchor = s, ""
			}
		} else if strings.HasPrefix(line, "## ") {
			objects = line == "## Objects"
		} else if sort, ok := strings.CutPrefix(line, "JSON: "); ok {
			s.json = sort
		} else if m := memberLine.FindStringSubmatch(line); m != nil && s != nil {
			s.names, s.types = append(s.names, m[1]), append(s.types, m[2])
		}
	}
	if len(page.answers) < 30 || len(page.byAnchor) < 40 {
		t.Fatalf("only %d answers and %d anchors were read", len(page.answers), len(page.byAnchor))
	}
	return page
}

// scalars holds the forms of the types in JSON. plain holds those in CSV, where each may be empty.
var scalars, plain = map[string]*regexp.Regexp{
	"text":    regexp.MustCompile(`^"`),
	"integer": regexp.MustCompile(`^-?\d+$`),
	"fen":     regexp.MustCompile(`^-?\d+$`),
	"percent": regexp.MustCompile(`^-?\d+\.\d\d$`),
	"date":    regexp.MustCompile(`^"\d{4}-\d\d-\d\d"$`),
	"time":    regexp.MustCompile(`^"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+08:00"$`),
	"boolean": regexp.MustCompile(`^(true|false)$`),
	"id":      regexp.MustCompile(`^"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"$`),
	"words":   regexp.MustCompile(`^\{\s*"zh":\s*"(?s:.*)",\s*"en":\s*"(?s:.*)"\s*\}$`),
	"texts":   regexp.MustCompile(`^\{`),
	"record":  regexp.MustCompile(`^\{`),
	"policy":  regexp.MustCompile(`^\{`),
}, map[string]*regexp.Regexp{
	"text":    regexp.MustCompile(``),
	"integer": regexp.MustCompile(`^-?\d+$`),
	"fen":     regexp.MustCompile(`^-?\d+$`),
	"percent": regexp.MustCompile(`^-?\d+\.\d\d$`),
	"date":    regexp.MustCompile(`^\d{4}-\d\d-\d\d$`),
	"time":    regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+08:00$`),
	"boolean": regexp.MustCompile(`^yes$`),
	"record":  regexp.MustCompile(`^\{`),
}

// value checks a JSON value against a type of the page. A cell of a row may be null.
func (p *formsPage) value(t *testing.T, where, sort string, v jsontext.Value, cell bool) {
	t.Helper()
	sort = strings.TrimSuffix(sort, ", optional")
	if rest, ok := strings.CutSuffix(sort, " or null"); ok || cell {
		if sort = rest; v.Kind() == 'n' {
			return
		}
	}
	if item, ok := strings.CutPrefix(sort, "list of "); ok {
		var list []jsontext.Value
		if err := json.Unmarshal(v, &list); err != nil || v.Kind() != '[' {
			t.Errorf("%s is no list: %s", where, v)
		}
		for _, x := range list {
			p.value(t, where+"[]", item, x, false)
		}
		return
	}
	if link := linked.FindStringSubmatch(sort); link != nil {
		p.object(t, where, p.byAnchor[link[1]], v, strings.HasPrefix(sort, "row of "))
		return
	}
	if form := scalars[sort]; form == nil || !form.Match(v) {
		t.Errorf("%s is not of the type %s: %s", where, sort, v)
	}
}

// object checks that a JSON object has the members of a section in their order. Only optional ones may be missing.
func (p *formsPage) object(t *testing.T, where string, s *section, v jsontext.Value, isRow bool) {
	t.Helper()
	if s == nil || v.Kind() != '{' {
		t.Fatalf("%s is not an object of the page: %s", where, v)
	}
	s.seen = true
	dec := jsontext.NewDecoder(bytes.NewReader(v))
	_, _ = dec.ReadToken() // the brace
	next := 0
	for dec.PeekKind() == '"' {
		token, err := dec.ReadToken()
		if err != nil {
			t.Fatal(err)
		}
		name := token.String()
		x, err := dec.ReadValue()
		if err != nil {
			t.Fatal(err)
		}
		for next < len(s.names) && s.names[next] != name && strings.HasSuffix(s.types[next], ", optional") {
			next++
		}
		if next == len(s.names) || s.names[next] != name {
			t.Errorf("%s: the member %q is not where the page has it", where, name)
			return
		}
		p.value(t, where+"."+name, s.types[next], x, isRow)
		next++
	}
	for ; next < len(s.names); next++ {
		if !strings.HasSuffix(s.types[next], ", optional") {
			t.Errorf("%s: the member %q is missing", where, s.names[next])
		}
	}
}

// csv checks a CSV form and returns its number of rows.
func (p *formsPage) csv(t *testing.T, s *section, out string) int {
	t.Helper()
	all := rows(t, out)
	if !slices.Equal(all[0], s.names) {
		t.Errorf("%s: the columns are %v, and on the page %v", s.title, all[0], s.names)
		return 0
	}
	for _, row := range all[1:] {
		for i, field := range row {
			if form := plain[s.types[i]]; form == nil || field != "" && !form.MatchString(field) {
				t.Errorf("%s: the column %s is not of the type %s: %q", s.title, s.names[i], s.types[i], field)
			}
		}
	}
	return len(all) - 1
}

// json checks a JSON form.
func (p *formsPage) json(t *testing.T, s *section, out string) {
	t.Helper()
	if s.json != "list of rows" {
		p.value(t, s.title, s.json, jsontext.Value(strings.TrimSpace(out)), false)
		return
	}
	var list []jsontext.Value
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		t.Fatalf("%s: %v", s.title, err)
	}
	for _, x := range list {
		p.object(t, s.title, s, x, true)
	}
}

// ledgers holds the directories of the ledgers that the test asks.
type ledgers struct {
	province, small, damaged, files string
	vkey                            string // the public key of small, which is sealed
}

func newLedgers(t *testing.T) *ledgers {
	dir := t.TempDir()
	l := &ledgers{province: filepath.Join(dir, "province"), small: filepath.Join(dir, "small"),
		damaged: filepath.Join(dir, "damaged"), files: dir}
	mustRun(t, "simulate", "--seed", "7", "--centers", "24", "--to", "2026-10-31", "--out",
		filepath.Join(dir, "history.jsonl"))
	mustRun(t, "--data", l.province, "import", filepath.Join(dir, "history.jsonl"))
	for _, to := range []string{l.small, l.damaged} {
		mustRun(t, "--data", to, "import", filepath.Join("testdata", "small.jsonl"))
	}
	mustRun(t, "--data", l.small, "account", "add", "cai", "--role", "finance", "--may-record")
	mustRun(t, "--data", l.small, "nats", "user", "add", "screen", "--severity", "red", "--family", "EXE", "--center",
		"ZJ-0001", "--nkey", filepath.Join(dir, "screen.nk"))
	store, err := logstore.Open(l.damaged, logstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	odd := []events.Proposed{{ID: uuid.New(), Kind: "policy.adopted", Body: events.MustObject(`{"version":9}`)}}
	if _, err := store.Append(t.Context(), "center-ZJ-0002", 1, odd); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"try.jsonl": triedLines, "sheet.csv": triedRows, "warned.jsonl": warnedLines, "bad.json": "{\n\"id\": 1}"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	report := filepath.Join(dir, "report.csv")
	if _, errOut, code := taizhang(t, "--data", l.small, "--as-of", "2025-12-31", "alerts", "--all", "--out",
		report); code != 0 {
		t.Fatal(errOut)
	}
	if _, errOut, code := taizhang(t, "--data", l.small, "backup", filepath.Join(dir, "whole.tar")); code != 0 {
		t.Fatal(errOut)
	}
	sealedWithWitness(t, l.small)
	l.cosigned(t)
	written, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "edited.csv"),
		bytes.Replace(written, []byte("AL-USE-01"), []byte("AL-USE-02"), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	return l
}

// cosigned makes a witness that has cosigned the checkpoint of a ledger, and the request to cosign it again.
func (l *ledgers) cosigned(t *testing.T) {
	t.Helper()
	out, errOut, code := taizhang(t, "--data", l.small, "seal", "show", "--output", jsonOutput)
	var c desk.Checkpoint
	if err := json.Unmarshal([]byte(out), &c); err != nil || code != 0 {
		t.Fatal(err, errOut)
	}
	l.vkey = c.Key
	at := func(name string) string { return filepath.Join(l.files, name) }
	mustRun(t, "witness", "init", "audit.example/w1", "--dir", at("witness"))
	mustRun(t, "witness", "trust", l.vkey, "--dir", at("witness"))
	mustRun(t, "--data", l.small, "seal", "--request", at("first.add-checkpoint"), "--old", "0")
	mustRun(t, "witness", "cosign", at("first.add-checkpoint"), "--dir", at("witness"), "--out", at("first.cosig"))
	mustRun(t, "--data", l.small, "seal", "--request", at("again.add-checkpoint"), "--old", fmt.Sprint(c.Size))
}

// triedLines are an overdraft, a deferral, and nonsense.
const triedLines = `{"id":"44444444-0000-4000-8000-000000000001","kind":"funds.spent","center":"ZJ-0001","on":"2025-07-01","by":{"role":"center","actor":"c-1"},"data":{"voucher":"V3","payee":"丁","use":"pilot","lines":[{"grant":"G1","amountFen":130000000}],"summary":"x"}}
{"id":"44444444-0000-4000-8000-000000000002","kind":"allocation.deferred","center":"ZJ-0001","on":"2026-01-10","by":{"role":"finance","actor":"f-1"},"doc":"浙财科教〔2026〕1号","data":{"fiscalYear":2026}}
{"id":"44444444-0000-4000-8000-000000000003","kind":"interview.held","center":"ZJ-0001","on":"2026-01-10","by":{"role":"st-office","actor":"s"},"data":{"year":1999,"principal":true}}
`

// warnedLines are a deferral under a document that is no document number, which is a warning, and nonsense.
const warnedLines = `{"id":"44444444-0000-4000-8000-000000000004","kind":"incident.recorded","center":"ZJ-0001","on":"2025-07-02","by":{"role":"st-office","actor":"s-1"},"doc":"见附件","data":{"incident":"I-1","kind":"safety","severity":"general"}}
{"id":"44444444-0000-4000-8000-000000000005","kind":"interview.held","center":"ZJ-0001","on":"2026-01-10","by":{"role":"st-office","actor":"s"},"data":{"year":1999,"principal":true}}
`

// triedRows are a voucher with a forbidden use under an odd document, beside a column that is not read, and an
// overdraft.
const triedRows = `凭证号,日期,中心编号,经费下达编号,用途,金额(元),收款单位,摘要,序号
V-8,2025-07-01,ZJ-0001,G1,罚款,2.00,丁,滞纳金,1
V-9,2025-07-01,ZJ-0001,G1,中试,9999999.00,丁,检测,2
`

// commands returns the command lines whose answers are checked, by the title of the answer on the page. The title of
// a list is its command. An exclamation mark at the beginning means that the answer is no. The form of output is
// added to each, and NEW is replaced by a new name.
func (l *ledgers) commands(title string) []string {
	deferral := "--data SMALL record allocation.deferred --center ZJ-0001 --on 2025-07-01 --role finance --actor " +
		"f-1 --doc 浙财科教〔2025〕3号 --data {\"fiscalYear\":2025}"
	given := map[string][]string{
		"center ID": {"--data PROVINCE center ZJ-0001"},
		"alerts explain CENTER CODE": {"--data SMALL alerts explain ZJ-0001 AL-USE-01",
			"--data DAMAGED --as-of 2099-12-31 alerts explain ZJ-0002 AL-LED-01"},
		"replay CENTER": {"--data PROVINCE replay ZJ-0001", "--data PROVINCE replay ZJ-0001 --state",
			"--data DAMAGED --as-of 2099-12-31 replay ZJ-0002"},
		"record KIND": {deferral + " --mode record", "--data SMALL policy adopt POLICY"},
		"record KIND, refused": {
			"! " + deferral, "! --data SMALL record funds.spent --center ZJ-0001 --on 2025-07-01 --role center " +
				"--actor c-1 --data {}"},
		"try FILE, with sheets": {"! --data SMALL try FILES/sheet.csv"},
		"try FILE":              {"! --data SMALL --as-of 2026-01-20 try FILES/try.jsonl"},
		"import FILE": {"! --data SMALL import testdata/bad.jsonl",
			"--data SMALL import testdata/small.jsonl", "! --data SMALL import --accept-good FILES/warned.jsonl"},
		"check": {"--data SMALL check", "! --data DAMAGED check"},
		"backup verify FILE": {"backup verify FILES/whole.tar --against SMALL",
			"! backup verify FILES/whole.tar --against PROVINCE"},
		"seal show":         {"--data SMALL seal show", "--data SMALL seal sheet --out NEW.html"},
		"seal":              {"--data SMALL seal"},
		"witness init NAME": {"witness init audit.example/w2 --dir NEW", "witness trust VKEY --dir FILES/witness"},
		"witness cosign REQUEST": {
			"witness cosign FILES/again.add-checkpoint --dir FILES/witness --out NEW.cosig"},
		"receipt POSITION":  {"--data SMALL receipt 3 --out NEW"},
		"bundle --out FILE": {"--data SMALL bundle --out NEW.zip"},
		"backup TO":         {"--data SMALL backup FILES/copy.tar", "--data NEW restore FILES/copy.tar"},
		"reproduce FILE": {
			"--data SMALL reproduce FILES/report.csv", "! --data SMALL reproduce FILES/edited.csv"},
		"account list": {"--data SMALL account list"},
		"account show ACCOUNT": {
			"--data SMALL account show cai",
			"--data SMALL account bind cai --role industry-dept --department 甲 --department 乙",
			"--data SMALL account link cai --issuer https://id.example.cn --subject 9f2c1e",
			"--data SMALL account disable cai", "--data SMALL account enable cai"},
		"token add ACCOUNT": {"--data SMALL token add cai --name x"},
		"token list":        {"--data SMALL token list"},
		"nats user list":    {"--data SMALL nats user list"},
		"access-log":        {"--data SMALL access-log"},
		"policy show":       {"--data PROVINCE policy show"},
		"policy check FILE": {"policy check POLICY", "! policy check FILES/bad.json"},
		"alerts watch":      {},
		"doctor":            {"! --data PROVINCE doctor --backup FILES/none.tar"},
		"policy diff A B":   {"policy diff POLICY builtin", "policy diff OLDER builtin"},
	}
	if lines := given[title]; lines != nil {
		return lines
	}
	return []string{"--data PROVINCE " + strings.NewReplacer("CENTER", "ZJ-0001", "YEAR", "2025", "SCOPE", "province",
		"FIGURE", "available", "SINCE", "3000", "DATE", "2025-12-31", "duplicates",
		"duplicates --days 25").Replace(title)}
}

// undatedVerbs take no date.
var undatedVerbs = []string{"reproduce", "import", "record", "policy check", "policy adopt", "try FILES/sheet.csv",
	"backup", "restore", "account", "token", "access-log", "nats", "feed", "doctor", "seal", "receipt",
	"bundle", "witness"}

func (l *ledgers) args(t *testing.T, line, form string) (args []string, code int) {
	line, no := strings.CutPrefix(line, "! ")
	if no {
		code = 1
	}
	names := strings.NewReplacer("PROVINCE", l.province, "SMALL", l.small, "DAMAGED", l.damaged, "FILES", l.files,
		"VKEY", l.vkey,
		"NEW", filepath.Join(t.TempDir(), "new"),
		"POLICY", filepath.Join("..", "..", "aggregates", "policy", "zj-2024-draft.json"), "OLDER",
		filepath.Join("..", "..", "aggregates", "policy", "testdata", "zj-2024-draft-1.json"))
	for _, arg := range strings.Fields(line) {
		args = append(args, names.Replace(arg))
	}
	args = append(args, "--output", form)
	isDated := !slices.ContainsFunc(undatedVerbs, func(verb string) bool {
		return strings.Contains(line+" ", " "+verb+" ") || strings.HasPrefix(line, verb+" ")
	})
	if isDated && !strings.Contains(line, "--as-of") {
		args = append(args, "--as-of", "2026-10-31")
	}
	return args, code
}

func TestEveryAnswerHasTheFormThatThePageSays(t *testing.T) {
	t.Parallel()
	page, l := readForms(t), newLedgers(t)
	for _, s := range page.answers {
		found := 0
		if s.title == "alerts watch" { // it does not end by itself
			found = page.watched(t, s, published(t, l.province, "2026-10-31", alertfeed.Filter{}))
		}
		for _, line := range l.commands(s.title) {
			for _, form := range []string{csvOutput, jsonOutput} {
				args, want := l.args(t, line, form)
				out, errOut, code := taizhang(t, args...)
				if code != want {
					t.Fatalf("taizhang %s: exit %d\n%s%s", strings.Join(args, " "), code, out, errOut)
				}
				if form == csvOutput {
					found += page.csv(t, s, out)
				} else {
					page.json(t, s, out)
					decoded(t, s.title, out)
				}
			}
		}
		if found == 0 {
			t.Errorf("%s: no row was seen, which shows nothing", s.title)
		}
	}
	for anchor, s := range page.byAnchor {
		if !s.seen && anchor != "Tally" { // replay tells it to people, and the API has it in the end of a history
			t.Errorf("no answer has the object %s", anchor)
		}
	}
}

// watched checks the forms of alerts watch and returns the number of rows.
func (p *formsPage) watched(t *testing.T, s *section, feed []string) int {
	t.Helper()
	const some = 5
	out, _, _ := watched(t, some,
		append([]string{"alerts", "watch", "--from-start", "--output", jsonOutput}, feed...)...)
	for line := range strings.Lines(out) {
		p.value(t, s.title, s.json, jsontext.Value(strings.TrimSpace(line)), false)
	}
	out, _, _ = watched(t, some,
		append([]string{"alerts", "watch", "--from-start", "--output", csvOutput}, feed...)...)
	return p.csv(t, s, out)
}

// decoded checks that a client which knows the type of an answer reads all of it and loses nothing.
func decoded(t *testing.T, title, out string) {
	t.Helper()
	into := map[string]any{"alerts explain CENTER CODE": new([]desk.Explanation),
		"record KIND": new(desk.RecordAnswer), "record KIND, refused": new(desk.RefusedRecord),
		"try FILE": new([]desk.Tried), "try FILE, with sheets": new(triedSheets), "check": new(desk.Checked),
		"backup verify FILE": new(desk.Rehearsed), "doctor": new(doctor.Examined), "bundle --out FILE": new(desk.Bundled),
		"seal show": new(desk.Checkpoint), "seal": new(desk.Sealed), "receipt POSITION": new(desk.Receipt),
		"witness init NAME": new(witness.Profile), "witness cosign REQUEST": new(witness.Cosigning),
		"reproduce FILE": new(desk.Reproduced), "policy check FILE": new([]desk.PolicyProblem)}[title]
	if into == nil {
		return
	}
	if err := json.Unmarshal([]byte(out), into, json.RejectUnknownMembers(true)); err != nil {
		t.Errorf("%s: %v", title, err)
		return
	}
	again, err := json.Marshal(into, jsontext.WithIndent("  "))
	if err != nil || string(again) != strings.TrimSpace(out) {
		t.Errorf("%s is read as\n%s\n%v, not as\n%s", title, again, err, out)
	}
}

func TestThePageOfFormsNamesEveryVerb(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "json.md"))
	if err != nil {
		t.Fatal(err)
	}
	eachCommand(newApp(nil, nil, nil, func(string) string { return "" }).root(), func(c *cobra.Command) {
		name := strings.TrimSpace(strings.TrimPrefix(c.CommandPath(), "taizhang"))
		if name != "" && !c.HasSubCommands() && !strings.Contains(string(text), "\n### "+name) &&
			!strings.Contains(string(text), "`"+name+"`") {
			t.Errorf("docs/json.md does not name %s", name)
		}
	})
}
