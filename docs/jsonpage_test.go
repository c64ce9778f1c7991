package docs

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/alertfeed/consumer"
	"github.com/taizhang/taizhang/services/api"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/doctor"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/reports"
	"github.com/taizhang/taizhang/services/table"
	"github.com/taizhang/taizhang/services/witness"
)

// importAnswer is the one JSON object that import writes piece by piece: desk.Imported without what a dry run adds.
type importAnswer struct {
	Bad      []desk.BadReason `json:"bad"`
	Read     int              `json:"read"`
	Accepted int              `json:"accepted"`
	Repeated int              `json:"repeated"`
	Refused  int              `json:"refused"`
	Named    []desk.NamedLine `json:"named"`

	Opens         []desk.MovedAlert `json:"opens"`
	Clears        []desk.MovedAlert `json:"clears"`
	Withdraws     []desk.MovedAlert `json:"withdraws"`
	Warnings      []desk.RowWarning `json:"warnings"`
	WarningsTotal int               `json:"warningsTotal"`
	Clock         *text.Text        `json:"clock,omitzero"`
}

// triedSheets is the JSON object that try writes of sheets.
type triedSheets struct {
	Rows      []desk.JudgedRecord `json:"rows"`
	Opens     []desk.MovedAlert   `json:"opens"`
	Clears    []desk.MovedAlert   `json:"clears"`
	Named     []desk.NamedLine    `json:"named"`
	Withdraws []desk.MovedAlert   `json:"withdraws"`
}

// rowsOf stands for the type of an answer that is the rows of the CSV form as objects.
type rowsOf struct{}

// policyText stands for the type of a policy, which stands in a file of its own.
type policyText struct{}

// answers are the answers of the verbs that are no lists.
var answers = []struct {
	title   string // the verb and, if it has several answers, which
	says    string
	json    any // of the type of the JSON form
	columns []table.Column
}{
	{"center ID", "One center as of a date. CSV has its facts, one a row; each value is text.", desk.Center{},
		desk.FactsColumns},
	{"alerts explain CENTER CODE",
		"An alert with the rules, figures and events behind it. CSV has a row for each of them.", []desk.Explanation{},
		desk.ExplanationColumns},
	{"alerts watch", "What becomes of alerts, as it happens: JSON Lines, one object for each act, and in CSV a row. " +
		"`alerts board` answers as the list alerts, without the names of the centers.", consumer.Act{},
		consumer.ActColumns},
	{"replay CENTER", "The history of a center, event by event, in the order of the ledger. With `--state` the JSON " +
		"form has the member `state`.", []desk.Chapter{}, desk.ChapterColumns},
	{"record KIND", "The answer to a record that is in the ledger. `policy adopt` answers alike.", desk.RecordAnswer{},
		desk.RecordedColumns},
	{"record KIND, refused",
		"The answer to a record that is refused, with exit code 1. In CSV the rules are separated by `;`.",
		desk.RefusedRecord{}, desk.AnswerColumns},
	{"try FILE", "An answer for each line of the file, in its order. In CSV the rules are separated by `;`.",
		[]desk.Tried{}, desk.AnswerColumns},
	{"try FILE, with sheets", "The answer to each record, in the order in which an import judges them, and in JSON " +
		"what all would move together. Nothing is written.", triedSheets{}, desk.JudgedColumns},
	{
		"import FILE",
		"What is wrong with the files, in the order in which it is found, and in JSON the counts of the import.",
		importAnswer{}, desk.BadColumns},
	{
		"check", "What a check of the whole ledger found. CSV has the findings alone; there is none if the ledger " +
			"is sound.", desk.Checked{}, desk.FindingColumns},
	{"backup verify FILE", "What the rehearsed restore of a backup found. CSV has the findings of the check and of " +
		"the comparison; there is none if the backup is sound.", desk.Rehearsed{}, desk.FindingColumns},
	{"seal show", "The newest checkpoint. `seal init`, `seal add`, `seal sheet` and `seal key restore` answer " +
		"alike.", desk.Checkpoint{},
		desk.CheckpointColumns},
	{"seal", "The newest checkpoint after the sealing. CSV does not say whether it is new.", desk.Sealed{},
		desk.CheckpointColumns},
	{"witness init NAME", "The witness that was made. `witness trust` answers alike, as it is afterwards. In CSV " +
		"ledgers are separated by `;`.", witness.Profile{}, witness.ProfileColumns},
	{"witness cosign REQUEST", "The cosignature in the file, in one row.", witness.Cosigning{},
		witness.CosigningColumns},
	{"receipt POSITION", "The receipt of a record, as it is in the files.", desk.Receipt{}, desk.ReceiptColumns},
	{"doctor", "What the machine and the server of a ledger are like, the worst first. The exit code is 1 if `wrong` is " +
		"not 0. CSV has a row for each finding; its commands are separated by `;`.", doctor.Examined{},
		doctor.Columns},
	{"bundle --out FILE", "The bundle that was written, in one row. A report that is not equal is answered as by " +
		"`reproduce`, and no bundle is written.", desk.Bundled{}, desk.BundledColumns},
	{"backup TO", "How far the copy reaches, in one row. `restore` answers alike.", rowsOf{}, desk.CopiedColumns},
	{"reproduce FILE", "Whether a report is what the ledger gives, and else its first difference. CSV has one row.",
		desk.Reproduced{}, desk.ReproducedColumns},
	{"policy show", "The parameters of a policy. JSON is the text of the policy as it was adopted, byte for byte.",
		policyText{}, desk.ParameterColumns},
	{
		"policy check FILE",
		"What is wrong with a file of a policy. There is nothing in it if the policy can be adopted.",
		[]desk.PolicyProblem{}, desk.ProblemColumns},
	{"account list", "The accounts by name.", access.Accounts{}, access.AccountColumns},
	{"account show ACCOUNT", "One account. `account add`, `account bind`, `account disable`, `account enable`, " +
		"`account password`, `account reset-factor`, `account link` and `account unlink` answer alike, as it is " +
		"afterwards. In CSV departments are separated by `;`, and so are identities, each as its issuer, a blank " +
		"and its subject.", access.Account{}, access.AccountColumns},
	{"token add ACCOUNT", "The token that was made. Nothing shows its `secret` again.", access.MadeToken{},
		access.MadeTokenColumns},
	{"token list", "The tokens in the order in which they were made. `token revoke` answers one alike. In CSV acts " +
		"are separated by `;`.", access.Tokens{}, access.TokenColumns},
	{"access-log", "The entries of the access log and the writes of the ledger, in the order of time.",
		[]access.LogEntry{}, access.EntryColumns},
	{"nats user list", "The users of NATS by name. `nats user add` and `nats user revoke` answer one alike, as it " +
		"is afterwards. In CSV the members of a list are separated by `;`.", access.NATSUsers{},
		access.NATSUserColumns},
	{"policy diff A B", "What differs between two policies.", rowsOf{}, desk.DifferenceColumns},
}

const jsonIntro = generated + `# JSON and CSV

` + "`--output json` and `--output csv`" + ` write every answer for programs. This page names each column and each member. A test
compares it with what the program writes.

## Rules

| Type | In JSON | In CSV |
|---|---|---|
| text | a string; it may be ` + "`\"\"`" + ` | the text |
| integer | a number: a count, a year, a position, a number of days | its digits |
| fen | a number: money in whole fen (分) | its digits |
| percent | a number with two decimals, such as 59.02 | the same |
| date | ` + "`\"YYYY-MM-DD\"`" + `, a day in China; ` + "`null`" + ` if there is none | YYYY-MM-DD, or nothing |
| time | RFC 3339 with the zone: ` + "`\"2026-11-26T23:22:36.167618+08:00\"`" + ` | the same |
| boolean | ` + "`true` or `false`" + ` | ` + "`yes`" + `, or nothing |
| id | a UUID as a string | the same |
| words | an object with the texts ` + "`zh` and `en`" + ` | the text in the language of ` + "`--lang`" + ` |
| texts | an object of texts by name | |
| record | a record as in [events.md](events.md), an object | that object |
| policy | a policy as ` + "`policy adopt`" + ` takes it, an object | |

- One name means one thing everywhere: ` + "`on` is the day on which something happened, `recordedAt` the time at which the ledger took it, `position` its place in the ledger, `id` the id of a record" + `.
- A cell for which there is no value is ` + "`null`" + ` in JSON and nothing in CSV. A list without members is ` + "`[]`" + `, never ` + "`null`" + `. Members marked *optional* may be missing.
- Columns and members stand in the order of this page. New ones follow at the end; a name keeps its meaning.
- CSV has a head with the names, also when there are no rows. It is UTF-8, separated by commas, quoted as RFC 4180 says, with LF at the end of a line.
- Amounts, codes and names do not depend on ` + "`--lang`" + `; sentences do in CSV. Totals and notes are for people and left out.
- Exit code 0: done. 1: the answer is no (refused, unequal, findings; also one record of many that is refused), or an error. 2: the command line cannot be understood. An answer is on standard output. An error is a sentence on standard error, and standard output then has no whole answer.
- With ` + "`--output json`" + ` an error is one object, on the last line of standard error: ` + "`{\"code\":\"not-found\",\"message\":\"there is no file a.xlsx\",\"place\":\"a.xlsx\"}`" + `. ` + "`code`" + ` is ` + "`invalid`" + `, ` + "`refused`" + `, ` + "`not-found`" + `, ` + "`conflict`" + `, ` + "`forbidden`" + `, ` + "`more-proof`" + `, ` + "`unauthenticated`" + `, ` + "`stopped`" + `, ` + "`unavailable`" + ` or ` + "`internal`" + `; ` + "`message`" + ` is a sentence in the language of ` + "`--lang`" + `; ` + "`place`" + ` is the file, the flag or the argument that it is about, or ` + "`\"\"`" + `. Standard output stays empty, unless the error came when a part of a long answer had been written.
- ` + "`export` and `simulate`" + ` write records as JSON Lines ([events.md](events.md)), ` + "`report`" + ` writes HTML, ` + "`nats config`" + ` the configuration of a NATS server, and ` + "`demo`, `serve`, `witness serve`, `template`, `version`, `help` and `completion`" + ` write for people, whatever the form asked for. A list as a file with its provenance (` + "`--out`, `--for-excel`" + `) is described in [desk.md](desk.md).
- ` + "`feed status` and `feed restate`" + ` ask a server, and answer with its FeedStatus ([openapi.json](openapi.json)); CSV has the first figures of it in one row.
`

// jsonPage describes the JSON and CSV form of every answer.
func jsonPage(t *testing.T) string {
	p := &jsonWriter{t: t, used: map[string]bool{}, names: map[string]reflect.Type{}, types: map[string]string{}}
	p.WriteString(jsonIntro)
	p.WriteString(
		"\n## Lists\n\nThe answer of a list is a JSON list with one object for each row, or the same rows in CSV.\n")
	for _, l := range lists.Lists {
		p.list(l)
	}
	p.WriteString("\n## Other answers\n")
	for _, a := range answers {
		verb, _, _ := strings.Cut(a.title, " ")
		fmt.Fprintf(p, "\n### %s\n\n%s\n\nJSON: %s\n", a.title, a.says, p.typeOf("", reflect.TypeOf(a.json)))
		p.columns(verb, a.columns)
	}
	p.WriteString("\n## Objects\n\nThe members of each object of the JSON forms.\n")
	for len(p.queue) > 0 {
		name := p.queue[0]
		p.queue = p.queue[1:]
		fmt.Fprintf(p, "\n<a id=\"%s\"></a>\n\n### %[1]s\n\n| Member | Type | Meaning |\n|---|---|---|\n", name)
		p.members(name, p.names[name])
	}
	for _, name := range slices.Sorted(maps.Keys(meanings)) {
		if !p.used[name] {
			t.Errorf("the meaning of %q belongs to no column and no member", name)
		}
	}
	return p.String()
}

type jsonWriter struct {
	strings.Builder
	t     *testing.T
	used  map[string]bool // of meanings
	queue []string        // objects to describe
	names map[string]reflect.Type
	types map[string]string // of columns by name
}

// meaning returns what a name means: to its owner, or everywhere.
func (p *jsonWriter) meaning(owner, name string) string {
	for _, key := range []string{owner + "." + name, name} {
		if words, ok := meanings[key]; ok {
			p.used[key] = true
			return words
		}
	}
	p.t.Errorf("%s.%s has no meaning: add it to meanings", owner, name)
	return ""
}

// columns describes the columns of a table that have names.
func (p *jsonWriter) columns(owner string, columns []table.Column) {
	p.WriteString("\n| Column | Type | Meaning |\n|---|---|---|\n")
	for _, c := range columns {
		if c.Name == "" {
			continue
		}
		word := columnTypes[c.Type]
		if was := p.types[c.Name]; was != "" && was != word {
			p.t.Errorf("the column %s is %s in %s and %s elsewhere", c.Name, word, owner, was)
		}
		p.types[c.Name] = word
		fmt.Fprintf(p, "| `%s` | %s | %s |\n", c.Name, word, p.meaning(owner, c.Name))
	}
}

// columnTypes are the words of the page for the types of columns.
var columnTypes = map[table.Type]string{table.String: "text", table.Count: "integer", table.Year: "integer",
	table.Money:   "fen",
	table.Percent: "percent", table.Day: "date", table.Bool: "boolean", table.JSON: "record", table.Time: "time"}

// list describes the columns of a list for each choice that has columns of its own.
func (p *jsonWriter) list(l *lists.List) {
	use := l.Name
	if l.Argument != "" {
		use += " " + strings.ToUpper(l.Argument)
	}
	for _, q := range l.Params {
		if q.Must {
			use += " --" + q.Name + " " + strings.ToUpper(q.Name)
		}
	}
	var heads [][]string // by the order in which they are first seen, the choices
	var tables [][]table.Column
	for _, params := range choices(l) {
		columns, err := lists.Question{List: l.Name, On: events.MustDate("2026-10-31"), Params: params}.Columns()
		if err != nil {
			p.t.Fatal(err)
		}
		k := slices.IndexFunc(tables, func(other []table.Column) bool { return slices.Equal(other, columns) })
		if k < 0 {
			k, tables, heads = len(tables), append(tables, columns), append(heads, nil)
		}
		heads[k] = append(heads[k], flagsOf(l, params))
	}
	for k := range tables {
		title := use
		if k > 0 { // the first is the answer to the list as it is asked for without more
			title += " " + heads[k][0]
		}
		fmt.Fprintf(p, "\n<a id=\"%s\"></a>\n\n### %s\n\n", strings.ReplaceAll(title, " ", "-"), title)
		if k == 0 {
			fmt.Fprintf(p, "%s.\n", sentence(l.Short.En))
		} else {
			p.WriteString("The same with other columns.\n")
		}
		p.columns(l.Name, tables[k])
	}
}

// choices returns the parameters of a list in every combination of its choices and flags, the plainest first.
func choices(l *lists.List) []map[string]string {
	needed := map[string]string{"center": "ZJ-0001", "since": "1", "year": "2025", "scope": "province",
		"figure": "executed"}
	all := []map[string]string{{}}
	for _, q := range l.Params {
		values := []string{""}
		switch {
		case q.Must || q.Name == l.Argument:
			values[0] = needed[q.Name]
		case q.Sort == lists.Flag:
			values = append(values, "true")
		case q.Name == "from-as-of": // which has columns of its own
			values = append(values, "2025-12-31")
		default:
			values = append(values, q.Values.Codes()...)
		}
		var more []map[string]string
		for _, v := range values {
			for _, params := range all {
				params = maps.Clone(params)
				if v != "" {
					params[q.Name] = v
				}
				more = append(more, params)
			}
		}
		all = more
	}
	return all
}

// flagsOf writes the parameters that need not be given as flags.
func flagsOf(l *lists.List, params map[string]string) string {
	var flags []string
	for _, q := range l.Params {
		switch v := params[q.Name]; {
		case v == "" || q.Must || q.Name == l.Argument:
		case q.Sort == lists.Flag:
			flags = append(flags, "--"+q.Name)
		case q.Sort == lists.Day:
			flags = append(flags, "--"+q.Name+" DATE")
		default:
			flags = append(flags, "--"+q.Name+" "+v)
		}
	}
	return strings.Join(flags, " ")
}

// objectNames are the names of objects whose Go type has another one.
var objectNames = map[reflect.Type]string{
	reflect.TypeFor[aggregates.Breach]():   "Reason",
	reflect.TypeFor[aggregates.Figure]():   "Figure",
	reflect.TypeFor[desk.Figure]():         "ExplainedFigure",
	reflect.TypeFor[policy.Problem]():      "PolicyProblem",
	reflect.TypeFor[importAnswer]():        "Imported",
	reflect.TypeFor[triedSheets]():         "TriedSheets",
	reflect.TypeFor[desk.RefusedRecord]():  "Refused",
	reflect.TypeFor[desk.HistoryEntry]():   "RecordEntry",
	reflect.TypeFor[access.LogEntry]():     "Entry",
	reflect.TypeFor[alertfeed.AlertData](): "Alert",
	reflect.TypeFor[api.ProblemDetails]():  "Problem",
	reflect.TypeFor[api.RecordBreach]():    "Breach",
	reflect.TypeFor[desk.RecordAnswer]():   "Recorded",
	reflect.TypeFor[desk.CenterState]():    "State",
	reflect.TypeFor[reports.Mismatch]():    "Difference",
}

// typeOf names the type of a member, and queues the object that it is for its own section.
func (p *jsonWriter) typeOf(name string, t reflect.Type) string {
	switch t {
	case reflect.TypeFor[rowsOf]():
		return "list of rows"
	case reflect.TypeFor[policyText]():
		return "policy"
	case reflect.TypeFor[events.Date]():
		return "date"
	case reflect.TypeFor[desk.Day]():
		return "date or null"
	case reflect.TypeFor[events.Fen]():
		return "fen"
	case reflect.TypeFor[uuid.UUID]():
		return "id"
	case reflect.TypeFor[text.Text]():
		return "words"
	case reflect.TypeFor[jsontext.Value]():
		return "record"
	case reflect.TypeFor[lists.ExecutionLine]():
		return "row of [execution --by total](#execution---by-total)"
	}
	switch t.Kind() {
	case reflect.String:
		if strings.HasSuffix(name, "At") || name == "at" {
			return "time"
		}
		return "text"
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return "integer"
	case reflect.Slice:
		return "list of " + p.typeOf(name, t.Elem())
	case reflect.Pointer:
		return p.typeOf(name, t.Elem())
	case reflect.Map:
		return "texts"
	case reflect.Struct:
		object := objectNames[t]
		if object == "" {
			object = t.Name()
		}
		switch known := p.names[object]; {
		case known == nil:
			p.names[object], p.queue = t, append(p.queue, object)
		case known != t:
			p.t.Errorf("two objects are named %s: %v and %v", object, known, t)
		}
		return fmt.Sprintf("[%s](#%[1]s)", object)
	}
	p.t.Errorf("a member %s of type %v has no name on the page", name, t)
	return ""
}

// members describes the members of an object in the order of its fields.
func (p *jsonWriter) members(owner string, t reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			p.members(owner, f.Type)
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" {
			continue
		}
		word := p.typeOf(name, f.Type)
		p.sameType(owner, name, word)
		if strings.Contains(options, "omit") {
			word += ", optional"
		}
		fmt.Fprintf(p, "| `%s` | %s | %s |\n", name, word, p.meaning(owner, name))
	}
}

// sameType checks that a member has the type of the columns of its name. Texts in two languages and ids are texts in a
// column, and what is a list or an object is put into words there.
func (p *jsonWriter) sameType(owner, name, word string) {
	switch word {
	case "words", "id":
		word = "text"
	case "date or null":
		word = "date"
	}
	if was := p.types[name]; was != "" && was != word && !strings.HasPrefix(word, "list of ") &&
		!strings.HasPrefix(word, "[") {
		p.t.Errorf("the member %s of %s is %s, and as a column %s", name, owner, word, was)
	}
}
