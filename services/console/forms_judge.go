package console

import (
	"errors"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// judgedRecord is the answer to one record of a form.
type judgedRecord struct {
	Center  string
	ID      string
	Own     []ownValue           // what it does not share with the other centers of the form
	Answer  *desk.BatchAnswer    // of the dry run; nil if there was none
	Reasons []desk.Reason        // why it is refused
	Places  map[string]formPlace // of the fields that reasons name
	Error   text.Text            // why it was not judged
	Missed  []desk.MissedRecord
	Late    bool               // another wrote first, so it was not written
	There   *desk.HistoryEntry // the record that has its id and other content
	Alike   []alikeRecord      // records that it may repeat
	Href    string             // of the record
	Written string             // the notice that it is written, now or before; "" if it is not
	code    text.ErrorCode     // of Error
}

// alertList is the alerts that a record would open, clear or withdraw, with a title.
type alertList struct {
	Title text.Text
	List  []movedAlert
}

// movedAlert is an alert in words, with the shape of its severity.
type movedAlert struct {
	Center events.CenterID // "" on a page of one record
	desk.Alert
	Title, Word text.Text
	Shape       string
}

// Alerts returns the alerts that the record would move.
func (j *judgedRecord) Alerts() (all []alertList) {
	if j.Answer == nil || j.Answer.Moves == nil {
		return nil
	}
	titles := wouldMove
	if j.Written != "" {
		titles = haveMoved
	}
	for i, list := range [][]desk.Alert{j.Answer.Moves.Opened, j.Answer.Moves.Cleared, j.Answer.Moves.Withdrawn} {
		shown := alertList{Title: titles[i]}
		for _, a := range list {
			shown.List = append(shown.List, alertInWords("", a))
		}
		if len(shown.List) > 0 {
			all = append(all, shown)
		}
	}
	return all
}

// haveMoved are the titles of the alerts that a record which is written opened, cleared and withdrew.
var haveMoved = []text.Text{text.Say("已产生预警", "Alerts that opened"), text.Say("已解除预警", "Alerts that cleared"),
	text.Say("已撤回预警", "Alerts that were withdrawn")}

// wouldMove are the titles of the alerts that a dry run opens, clears and withdraws.
var wouldMove = []text.Text{text.Say("将产生预警", "Alerts that would open"),
	text.Say("将解除预警", "Alerts that would clear"), text.Say("将撤回预警", "Alerts that would be withdrawn")}

func alertInWords(center events.CenterID, a desk.Alert) movedAlert {
	return movedAlert{center, a, desk.AlertWords().Word(string(a.Code)), lists.SeverityWord(a.Severity),
		shapes[string(a.Severity)]}
}

// shownBalance is what is left of a grant, in yuan.
type shownBalance struct{ Grant, Before, After string }

// Balances returns the balances that the record would change.
func (j *judgedRecord) Balances() (all []shownBalance) {
	if j.Answer != nil {
		for _, b := range j.Answer.Balances {
			all = append(all, shownBalance{b.Grant, events.FormatYuan(b.BeforeFen), events.FormatYuan(b.AfterFen)})
		}
	}
	return all
}

// alikeRecord is a record with the amount of another one, of about the same date.
type alikeRecord struct {
	On, Kind text.Text
	Content  text.Text
	Payee    string
	ID       string
}

// Accepted reports whether the dry run accepts the record.
func (j *judgedRecord) Accepted() bool { return j.Answer != nil && j.Answer.Answer != desk.Refused }

// Repeated reports whether the ledger has the record already.
func (j *judgedRecord) Repeated() bool { return j.Answer != nil && j.Answer.Answer == desk.Repeated }

// Result returns the answer of the dry run to the record itself.
func (j *judgedRecord) Result() *desk.RecordAnswer { return &j.Answer.Results[0] }

// status returns the status of a page that shows the answer to writing.
func (j *judgedRecord) status() int {
	switch {
	case j.Written != "":
		return http.StatusOK
	case j.There != nil:
		return http.StatusConflict
	case j.Late:
		return http.StatusPreconditionFailed
	case j.code == text.Forbidden || j.code == text.MoreProof:
		return http.StatusForbidden
	case j.code == text.Unavailable || j.code == text.Stopped:
		return http.StatusServiceUnavailable
	}
	return http.StatusUnprocessableEntity
}

// judge judges a draft and, if it is to be written and accepted, writes it. seen is the position of the ledger that
// the user knew: if another wrote to the center since, the record is not written but judged again.
func (v *visit) judge(d *desk.Draft, seen uint64, write bool) (*judgedRecord, error) {
	j := &judgedRecord{Center: d.Center, ID: d.ID, Href: v.link("/centers/" + d.Center + "/records/" + d.ID)}
	ctx := v.Context()
	answer, err := v.desk.Batch(ctx, desk.Batch{Drafts: []desk.Draft{*d}, DryRun: true})
	if err != nil {
		return j, v.notJudged(j, d, err)
	}
	j.Answer = answer
	if len(answer.Refused) > 0 {
		j.Reasons = answer.Refused[0].Reasons
	}
	if j.Repeated() && !write {
		return j, nil
	}
	revision := answer.Revision
	if j.Missed, err = v.missed(d, seen, answer.Position); err != nil {
		return j, err
	}
	if len(j.Missed) > 0 {
		revision = j.Missed[0].Revision - 1
	}
	if !write || !j.Accepted() {
		j.Alike, err = v.alike(d)
		return j, err
	}
	written, err := v.desk.Batch(ctx, desk.Batch{Drafts: []desk.Draft{*d}, IfRevision: &revision})
	var late *desk.RevisionError
	switch {
	case errors.As(err, &late):
		again, err := v.judge(d, v.desk.Position(), false)
		again.Late, again.Missed = true, late.Missed
		return again, err
	case err != nil:
		return j, v.notJudged(j, d, err)
	}
	v.p.written.note(v.who.Account, written.Position)
	j.Written = noticeRecorded
	if written.Answer == desk.Repeated {
		j.Written = noticeRepeated
	}
	return j, nil
}

// These are the notices that a record is in the ledger.
const (
	noticeRecorded = "recorded"
	noticeRepeated = "repeated"
)

// notJudged puts the error of a draft into its answer, so that what was typed is shown again with it. It returns an
// error that is not for the user.
func (v *visit) notJudged(j *judgedRecord, d *desk.Draft, err error) error {
	var no *desk.BatchRefusal
	switch code := text.CodeOf(err); {
	case errors.As(err, &no):
		j.Answer, j.Reasons = nil, no.Refused[0].Reasons
		if !no.Reused {
			return nil
		}
		there, err := v.desk.Entry(v.Context(), d.Center, d.ID)
		j.There = there
		return err
	case code == text.Internal || code == text.Unauthenticated:
		return err
	default:
		j.Error, j.code = text.Of(err), code
		return nil
	}
}

// missed returns the records that others wrote to the center of a draft after a position and up to another one.
func (v *visit) missed(d *desk.Draft, seen, upTo uint64) (list []desk.MissedRecord, err error) {
	if seen >= upTo {
		return nil, nil
	}
	err = v.desk.Events(v.Context(), seen, missedMax, d.Center, func(s *events.Stored) error {
		if s.Position > upTo || s.ID.String() == d.ID {
			return nil
		}
		rec, err := events.DecodeEvent(*s)
		if err != nil {
			return nil // an event that cannot be read is a finding of a check, and none of the form
		}
		line, err := events.EncodeRecord(&rec.Record)
		list = append(list, desk.MissedRecord{ID: s.ID, Kind: s.Kind, On: desk.Day{Date: rec.On}, Position: s.Position,
			Revision: s.Revision, RecordedAt: events.FormatInstant(s.RecordedAt), EnteredBy: rec.EnteredBy,
			Record: line})
		return err
	})
	if text.CodeOf(err) == text.NotFound { // a center that is to be registered
		return nil, nil
	}
	return list, err
}

// missedMax is the number of missed records that a page shows.
const missedMax = 100

// alikeDays is the number of days within which a record of the same amount may be the same payment.
const alikeDays = 7

// alike returns the records of the center that have the kind, the amount and the payee of a draft, of about its date.
func (v *visit) alike(d *desk.Draft) ([]alikeRecord, error) {
	full := *d
	full.By.Role, full.By.Actor = string(v.who.Role.Ledger()), v.who.Account // by default, as the counter fills it in
	line, err := full.Line()
	if err != nil {
		return nil, nil // the dry run says so
	}
	rec, wrong := events.DecodeRecord(line)
	if len(wrong) > 0 {
		return nil, nil
	}
	payee := ""
	if spent, ok := rec.Data.(*events.FundsSpent); ok {
		payee = spent.Payee
	}
	return v.alikeTo(d.ID, d.Center, d.Kind, rec.On, events.FacetsOf(rec.Data).AmountFen, payee)
}

// alikeTo returns the records of a center with a kind, an amount and a payee, "" for any, of about a date, except the
// one with the id.
func (v *visit) alikeTo(id, center, kind string, on events.Date, amount events.Fen,
	payee string) ([]alikeRecord, error) {
	if amount == 0 {
		return nil, nil
	}
	yuan := events.FormatYuan(amount)
	params := map[string]string{"center": center, "kind": kind, "min": yuan, "max": yuan, "payee": payee,
		"from": (on - alikeDays).String(), "to": (on + alikeDays).String(), "limit": "10"}
	if payee == "" {
		delete(params, "payee")
	}
	when := desk.When{AsOf: (on + alikeDays).String()}
	found, err := v.desk.List(v.Context(), when, lists.Question{List: "find", Params: params})
	if err != nil {
		if code := text.CodeOf(err); code == text.NotFound || code == text.Invalid {
			return nil, nil
		}
		return nil, err
	}
	cell := func(row []table.Cell, name string) table.Cell {
		for i := range found.Columns {
			if found.Columns[i].Name == name {
				return row[i]
			}
		}
		return table.Cell{}
	}
	var list []alikeRecord
	for _, row := range found.Rows {
		if found := cell(row, "id").Shown.Zh; found != id {
			list = append(list, alikeRecord{On: cell(row, "on").Shown, Kind: cell(row, "kind").Shown,
				Content: cell(row, "content").Shown, Payee: cell(row, "payee").Shown.Zh, ID: found})
		}
	}
	return list, nil
}

// draftOf returns a record in the interchange form as a draft.
func draftOf(record jsontext.Value) (*desk.Draft, error) {
	d := &desk.Draft{}
	return d, json.Unmarshal(record, d)
}
