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

// Draft is a record as somebody brings it, in the interchange form: nothing in it is checked yet.
type Draft struct {
	ID       string         `json:"id"`
	Kind     string         `json:"kind"`
	Center   string         `json:"center,omitzero"`
	On       string         `json:"on"`
	By       DraftBy        `json:"by"`
	Mode     string         `json:"mode,omitzero"`
	Doc      string         `json:"doc,omitzero"`
	Evidence jsontext.Value `json:"evidence,omitzero"` // a list of the files that prove it, as the interchange form has it
	Note     string         `json:"note,omitzero"`
	Data     jsontext.Value `json:"data"`

	Moves bool `json:"-"` // is no part of the record: asks Writer.Record which alerts it opens and clears
}

// DraftBy is the authority that a draft names.
type DraftBy struct {
	Role  string `json:"role"`
	Actor string `json:"actor"`
}

// The modes of a draft.
const (
	EnforceMode = string(events.Enforce)   // a decision that breaks a rule is refused
	RecordMode  = string(events.Recording) // it was taken outside the system and is recorded with the rules that it breaks
)

// RecordBytesMax is how long a record may be in the interchange form.
const RecordBytesMax = events.RecordBytesMax

// ParseCenter returns the id of the center that a user means who types it in any case and width. The members of JSON
// are not read so: they name a center exactly.
func ParseCenter(typed string) string { return string(events.ParseCenter(typed)) }

// NeedsNoCenter reports whether records of a kind are about no center.
func NeedsNoCenter(kind string) bool {
	k := events.Lookup(events.Kind(kind))
	return k != nil && k.Stream != ""
}

// NewID returns an id for a draft that brings none.
func NewID() string { return uuid.NewString() }

// Check returns what is wrong with the draft, whatever the ledger holds: the same error as Record would.
func (d *Draft) Check() error {
	_, err := d.record()
	return err
}

// record checks the draft as strictly as a line of a file. What is wrong with it is a *Refusal.
func (d *Draft) record() (*events.Record, error) {
	if rec := d.plain(); rec != nil {
		return rec, nil
	}
	if !d.Data.IsValid(jsontext.AllowDuplicateNames(true)) { // DecodeRecord names the member that is given twice
		return nil, text.Errorf(text.Invalid, "不是有效的 JSON", "is not valid JSON").Of("data")
	}
	return d.explained()
}

// explained is record of a draft whose data is valid JSON.
func (d *Draft) explained() (*events.Record, error) {
	line, err := json.Marshal(d, jsontext.AllowDuplicateNames(true))
	if err != nil { // only a text can fail now
		return nil, text.Errorf(text.Invalid, "记录的文字不是有效的 UTF-8", "a text of the record is not valid UTF-8")
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

// plain is record of a draft without evidence, in a small part of the time. It returns nil if anything is wrong, or if only
// explained can tell.
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
	for _, member := range []struct{ before, value string }{{`,"center":`, d.Center}, {`,"mode":`, d.Mode}, {`,"doc":`, d.Doc}, {`,"note":`, d.Note}} {
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

// isObject reports whether the bytes are one object, if what they stand in is valid JSON. Else they could bring members of their own
// into the record.
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

// Answers to a record.
const (
	Accepted = "accepted"
	Repeated = "repeated" // it was there already, with the same content
	Refused  = "refused"
)

// RecordAnswer is the answer to a record that is in the ledger.
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

	// What a new record opened, cleared and showed never to have been, if that is asked: as of AsOf, which is today or the date of
	// the record if that is later.
	Opens     []Alert `json:"opens,omitzero"`
	Clears    []Alert `json:"clears,omitzero"`
	Withdraws []Alert `json:"withdraws,omitzero"`
	AsOf      Day     `json:"asOf,omitzero"`
}

// Moved adds to the answer what the record moved as of a date.
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

// recordedOf returns the answer to a record that is in the ledger. If the record has no place, it only would be.
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

// RecordedColumns are those of the answer to a record.
var RecordedColumns = []table.Column{{Name: "id"}, {Name: "answer"}, {Name: "position", Type: table.Count}, {Name: "revision", Type: table.Count}, {Name: "recordedAt", Type: table.Time}}

// Table returns the answer as a row.
func (r *RecordAnswer) Table() *table.Table {
	return &table.Table{Columns: RecordedColumns,
		Rows: [][]table.Cell{{table.Text(r.ID.String()), table.Text(r.Answer), table.Number(r.Position), table.Number(r.Revision), table.Text(r.RecordedAt)}}}
}

// RefusedRecord is the answer to a record that is refused.
type RefusedRecord struct {
	ID      string   `json:"id"`
	Answer  string   `json:"answer"` // Refused
	Reasons []Reason `json:"reasons"`
}

// RefusedBy returns the answer to a draft of an id, if an error is the answer "no"; else nil.
func RefusedBy(err error, id string) *RefusedRecord {
	var refusal *Refusal
	if !errors.As(err, &refusal) {
		return nil
	}
	return &RefusedRecord{id, Refused, refusal.Breaches}
}

// AnswerColumns are those of the answer to a record that is refused or tried.
var AnswerColumns = []table.Column{{Name: "id"}, {Name: "answer"}, {Name: "rule"}, {Name: "reason"}}

// Table returns the answer as a row, with the reasons in one language.
func (r *RefusedRecord) Table(lang string) *table.Table {
	return &table.Table{Columns: AnswerColumns, Rows: [][]table.Cell{answerRow(r.ID, r.Answer, r.Reasons, lang)}}
}

func answerRow(id, answer string, reasons []Reason, lang string) []table.Cell {
	return []table.Cell{table.Text(id), table.Text(answer), table.Text(rulesOf(reasons)), table.Text(reasonOf(reasons, lang))}
}

// rulesOf and reasonOf put several reasons into one field; a rule that is broken in several ways is named once.
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
			parts[i] = r.Field + ": " + parts[i]
		}
	}
	return strings.Join(parts, "; ")
}
