package desk

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// Draft is a record that a user wants to write, in the interchange form. Nothing in it is checked yet.
type Draft struct {
	ID       string         `json:"id"`
	Kind     string         `json:"kind"`
	Center   string         `json:"center,omitzero"`
	On       string         `json:"on"`
	By       DraftBy        `json:"by"`
	Mode     string         `json:"mode,omitzero"`
	Doc      string         `json:"doc,omitzero"`
	Evidence jsontext.Value `json:"evidence,omitzero"` // the list of evidence files, in the interchange form
	Note     string         `json:"note,omitzero"`
	Data     jsontext.Value `json:"data"`

	Moves bool `json:"-"` // not part of the record: asks Writer.Record which alerts the record opens and clears
}

// DraftBy is the authority that a draft names.
type DraftBy struct {
	Role  string `json:"role"`
	Actor string `json:"actor"`
}

// These are the modes of a draft.
const (
	EnforceMode = string(events.Enforce) // a decision that breaks a rule is refused
	// a decision taken outside the system is recorded with the rules that it breaks
	RecordMode = string(events.Recording)
)

// RecordBytesMax is the largest size of a record in the interchange form.
const RecordBytesMax = events.RecordBytesMax

// ParseCenter returns the id of the center that a user typed, in any case and width. Do not use it for JSON, which
// names centers exactly.
func ParseCenter(typed string) string { return string(events.ParseCenter(typed)) }

// NeedsNoCenter reports whether records of a kind belong to no center.
func NeedsNoCenter(kind string) bool {
	k := events.Lookup(events.Kind(kind))
	return k != nil && k.Stream != ""
}

// NewID returns an id for a draft without one.
func NewID() string { return uuid.NewString() }

// Check returns the error that Record would return for the draft in any ledger.
func (d *Draft) Check() error {
	_, err := d.record()
	return err
}

// record returns the draft as a record, checked as strictly as a line of a file. The error is a *Refusal.
func (d *Draft) record() (*events.Record, error) {
	if rec := d.plain(); rec != nil {
		return rec, nil
	}
	return d.explained()
}

// Line returns the draft as one line of the interchange form, without a newline. Data that is no JSON is text.Invalid.
func (d *Draft) Line() ([]byte, error) {
	if !d.Data.IsValid(jsontext.AllowDuplicateNames(true)) { // DecodeRecord names the member that is given twice
		return nil, text.Errorf(text.Invalid, "不是有效的 JSON", "is not valid JSON").Of("data")
	}
	line, err := json.Marshal(d, jsontext.AllowDuplicateNames(true))
	if err != nil {
		return nil, text.Errorf(text.Invalid, "记录的文字不是有效的 UTF-8", "a text of the record is not valid UTF-8")
	}
	return line, nil
}

// explained is record in all cases.
func (d *Draft) explained() (*events.Record, error) {
	line, err := d.Line()
	if err != nil {
		return nil, err
	}
	rec, problems := events.DecodeRecord(line)
	if len(problems) == 0 {
		return rec, nil
	}
	refusal := &Refusal{}
	for _, p := range problems {
		refusal.Breaches = append(refusal.Breaches, aggregates.Breach{Field: p.Field, Reason: p.Reason})
	}
	return nil, refusal
}

// plain does the same as explained for a draft without evidence, much faster. It returns nil if anything is wrong,
// or if only explained can decide.
func (d *Draft) plain() *events.Record {
	if d.Evidence != nil || !isObject(d.Data) {
		return nil
	}
	buf := lines.Get().(*[]byte)
	defer lines.Put(buf)
	line, sound := append((*buf)[:0], `{"id":`...), true
	put := func(before, value string) {
		var err error
		line, err = jsontext.AppendQuote(append(line, before...), value)
		sound = sound && err == nil
	}
	put("", d.ID)
	put(`,"kind":`, d.Kind)
	for _, member := range []struct{ before, value string }{
		{`,"center":`, d.Center}, {`,"mode":`, d.Mode}, {`,"doc":`, d.Doc}, {`,"note":`, d.Note}} {
		if member.value != "" {
			put(member.before, member.value)
		}
	}
	put(`,"on":`, d.On)
	put(`,"by":{"role":`, d.By.Role)
	put(`,"actor":`, d.By.Actor)
	line = append(append(append(line, `},"data":`...), d.Data...), '}')
	*buf = line
	if !sound {
		return nil
	}
	rec, problems := events.DecodeRecord(line)
	if len(problems) > 0 {
		return nil
	}
	return rec
}

// isObject reports whether data is exactly one object, given that the JSON around it is valid. Otherwise data
// could add members to the record.
func isObject(data []byte) bool {
	deep, quoted := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			deep++
		case c == '}' || c == ']':
			deep--
		}
		if deep == 0 {
			return i == len(data)-1 && data[0] == '{'
		}
	}
	return false
}

// lines are buffers for plain.
var lines = sync.Pool{New: func() any { return new([]byte) }}

// These are the answers to a record.
const (
	Accepted = "accepted"
	Repeated = "repeated" // the ledger has it already, with the same content
	Refused  = "refused"
)

// RecordAnswer is the answer to a record that was written, now or before.
type RecordAnswer struct {
	ID         uuid.UUID       `json:"id"`
	Answer     string          `json:"answer"` // Accepted or Repeated
	Position   uint64          `json:"position"`
	Revision   uint64          `json:"revision"`
	RecordedAt string          `json:"recordedAt"`
	Policy     string          `json:"policy"`
	Breaks     []events.RuleID `json:"breaks"`
	Warnings   []text.Text     `json:"warnings"`
	Center     events.CenterID `json:"center"`
	Kind       events.Kind     `json:"kind"`

	// If Moves was asked for: the alerts that a new record opened, cleared, and showed to be unfounded. They are
	// as of AsOf: today or, if that is later, the date of the record.
	Opens     []Alert `json:"opens,omitzero"`
	Clears    []Alert `json:"clears,omitzero"`
	Withdraws []Alert `json:"withdraws,omitzero"`
	AsOf      Day     `json:"asOf,omitzero"`
}

// Moved adds to the answer the changes that the record caused as of a date.
func (r *RecordAnswer) Moved(moves *Moves, asOf Day) {
	if moves != nil {
		r.Opens, r.Clears, r.Withdraws, r.AsOf = moves.Opened, moves.Cleared, moves.Withdrawn, asOf
	}
}

// Record implements Writer.
func (l *Local) Record(ctx context.Context, d Draft) (*RecordAnswer, error) {
	rec, err := d.record()
	if err != nil {
		return nil, err
	}
	today := events.DateAt(l.Now())
	answer, err := l.Ledger.Batch(ctx, []*events.Record{rec}, l.account(), ledger.Terms{Moves: d.Moves, AsOf: today})
	if err != nil {
		var no *ledger.BatchRefusal
		if errors.As(err, &no) {
			err = no.Refused[0].Refusal
		}
		return nil, err
	}
	result := &answer.Results[0]
	r := recordedOf(rec, result, today)
	if said, ok := clockBehind(result.RecordedAt, l.Now()); ok && !result.Repeated {
		r.Warnings = append(slices.Clip(r.Warnings), said)
	}
	if answer.Moved != nil {
		moves := movesOf(answer.Moved)
		r.Moved(&moves, Day{answer.AsOf})
	}
	return r, nil
}

// recordedOf returns the answer to a record that was written. In a dry run the result has no position.
func recordedOf(rec *events.Record, result *ledger.Result, today events.Date) *RecordAnswer {
	r := &RecordAnswer{ID: rec.ID, Answer: Accepted, Position: result.Position, Revision: result.Revision,
		Policy: lists.PolicyName(result.Policy), Breaks: result.Breaks, Warnings: result.Warnings,
		Center: rec.Center, Kind: rec.Kind}
	if result.Position > 0 {
		r.RecordedAt = events.FormatInstant(result.RecordedAt)
	}
	if result.Repeated {
		r.Answer = Repeated
	}
	if ahead := ledger.Ahead(rec.On, today); ahead != (text.Text{}) {
		r.Warnings = append(slices.Clip(r.Warnings), ahead)
	}
	return r
}

// RecordedColumns are the columns for RecordAnswers.
var RecordedColumns = []table.Column{{Name: "id"}, {Name: "answer"}, {Name: "position", Type: table.Count},
	{Name: "revision", Type: table.Count}, {Name: "recordedAt", Type: table.Time}}

// Table returns the answer as a row.
func (r *RecordAnswer) Table() *table.Table {
	return &table.Table{Columns: RecordedColumns,
		Rows: [][]table.Cell{{table.Text(r.ID.String()), table.Text(r.Answer), table.Number(r.Position),
			table.Number(r.Revision), table.Text(r.RecordedAt)}}}
}

// RefusedRecord is the answer to a refused record.
type RefusedRecord struct {
	ID      string   `json:"id"`
	Answer  string   `json:"answer"` // Refused
	Reasons []Reason `json:"reasons"`
}

// RefusedBy returns the answer to the draft with an id if err is a refusal, else nil.
func RefusedBy(err error, id string) *RefusedRecord {
	var refusal *Refusal
	if !errors.As(err, &refusal) {
		return nil
	}
	return &RefusedRecord{id, Refused, refusal.Breaches}
}

// AnswerColumns are the columns for records that were refused or tried.
var AnswerColumns = []table.Column{{Name: "id"}, {Name: "answer"}, {Name: "rule"}, {Name: "reason"}}

// Table returns the answer as a row, with the reasons in one language.
func (r *RefusedRecord) Table(lang string) *table.Table {
	return &table.Table{Columns: AnswerColumns, Rows: [][]table.Cell{answerRow(r.ID, r.Answer, r.Reasons, lang)}}
}

func answerRow(id, answer string, reasons []Reason, lang string) []table.Cell {
	return []table.Cell{table.Text(id), table.Text(answer), table.Text(rulesOf(reasons)),
		table.Text(reasonOf(reasons, lang))}
}

// rulesOf and reasonOf join several reasons in one text. A rule that is broken in several ways is named once.
func rulesOf(list []Reason) string {
	var ids []string
	for _, r := range list {
		if id := string(r.Rule); id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return strings.Join(ids, ";")
}

func reasonOf(list []Reason, lang string) string {
	parts := make([]string, len(list))
	for i, r := range list {
		parts[i] = r.Reason.In(lang)
		if r.Field != "" {
			parts[i] = r.Place().In(lang) + text.Say("：", ": ").In(lang) + parts[i]
		}
	}
	return strings.Join(parts, text.Say("；", "; ").In(lang))
}
