package desk

import (
	"context"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/difference"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// Chapter is one event in the history of a center with the changes that it caused, based on the ledger right after
// it. Changes by time and by policies since the chapter before are separate members.
type Chapter struct {
	Position   uint64            `json:"position"`
	Revision   uint64            `json:"revision"`
	RecordedAt string            `json:"recordedAt"`
	On         Day               `json:"on"` // null if the event cannot be read
	Kind       events.Kind       `json:"kind"`
	ID         uuid.UUID         `json:"id"`
	By         events.By         `json:"by"`
	EnteredBy  string            `json:"enteredBy"`
	Mode       string            `json:"mode"` // EnforceMode or RecordMode
	Doc        string            `json:"doc"`
	Note       string            `json:"note"`
	Policy     string            `json:"policy"` // id@version of the policy that judged the event; "" before the first
	Breaks     []events.RuleID   `json:"breaks"`
	Warnings   []text.Text       `json:"warnings"`
	Record     jsontext.Value    `json:"record,omitzero"`  // the event as a record in the interchange form
	Line       text.Text         `json:"inWords,omitzero"` // what matters in the record, in words
	Details    []lists.Said      `json:"details,omitzero"` // what Line leaves out
	Broken     string            `json:"broken,omitzero"`  // the reason if the event is invalid (AL-LED-01)
	Status     aggregates.Status `json:"status"`
	Lapsed     Moves             `json:"lapsed"`  // changes by time alone
	Changed    Moves             `json:"changed"` // changes by the event
	ByPolicy   PolicyMoves       `json:"byPolicy"`
	AsOf       Day               `json:"asOf"` // the date of the answers: the latest date of all events so far
	State      *CenterState      `json:"state,omitzero"`
	Digest     string            `json:"policyDigest"`      // of the policy that judged the event
	Voids      *Cause            `json:"voids,omitzero"`    // for a voiding: the event that it voids
	VoidedBy   *Cause            `json:"voidedBy,omitzero"` // the voiding, if the event is now voided
	// in the end: the numbers of events of the center, and of those that count
	Tally *aggregates.Tally `json:"tally,omitzero"`
}

// Recorded reports whether auditors look for the event: a decision in record mode, a voiding, or a record that an
// account wrote for another office.
func (c *Chapter) Recorded() bool {
	return c.Mode == RecordMode || c.Kind == events.KindEntryVoided ||
		c.By.Actor != c.EnteredBy && !strings.HasPrefix(c.EnteredBy, LocalPrefix)
}

// Moves holds the changes between two answers.
type Moves struct {
	StatusBefore aggregates.Status `json:"statusBefore"`
	Status       aggregates.Status `json:"status"`
	Opened       []Alert           `json:"opened"`
	Cleared      []Alert           `json:"cleared"`
	Withdrawn    []Alert           `json:"withdrawn"` // alerts that a later fact shows to be unfounded
	Money        []MoneyMove       `json:"money"`
}

// MoneyMove is the change in one line of the execution report. Sums of two scopes and effects on later years are
// left out.
type MoneyMove struct {
	FiscalYear    int              `json:"fiscalYear"`
	Scope         aggregates.Scope `json:"scope"`
	GrantedFen    events.Fen       `json:"grantedFen"`
	ReceivedFen   events.Fen       `json:"receivedFen"`
	SpentAllFen   events.Fen       `json:"spentAllFen"`
	IneligibleFen events.Fen       `json:"ineligibleFen"`
}

// PolicyMoves holds the changes by the policies adopted since the chapter before.
type PolicyMoves struct {
	Policies []string `json:"policies"`
	Moves
}

// CenterState holds the execution and the open alerts of a center right after an event.
type CenterState struct {
	Events    int                   `json:"events"`
	Execution []lists.ExecutionLine `json:"execution"`
	Alerts    []Alert               `json:"openAlerts"`
}

// Story implements Reader.
func (l *Local) Story(ctx context.Context, when When, id string, each func(*Chapter) error) (end *Chapter, err error) {
	a, center, err := l.askCenter(ctx, when, id)
	if err != nil {
		return nil, err
	}
	// The policies and the stream of the center are read one after the other, so both are read up to one position.
	var upTo ledger.Point
	var tally aggregates.Tally
	var known uint64
	a.Register.Exactly(func(position uint64) {
		tally, known = a.Register.Tally(center, a.on), a.Register.Revision(center.Stream())
		if upTo.Position = position; !a.Register.Knows(center) { // the account lost sight of it meanwhile
			err = lists.UnknownCenter(center)
		}
	})
	if err != nil {
		return nil, err
	}
	last, err := l.Ledger.Story(ctx, center, a.on, upTo, func(c *projections.Chapter) error {
		chapter, err := chapterOf(c, a.Register.Timeline())
		if err != nil {
			return err
		}
		if by, ok := a.Register.Voided(center, chapter.ID, known); ok {
			if chapter.VoidedBy, err = l.cause(ctx, center, by); err != nil {
				return err
			}
		}
		if voiding, ok := c.Event.Data.(*events.EntryVoided); ok {
			if id, err := uuid.Parse(voiding.Event); err == nil {
				if chapter.Voids, err = l.cause(ctx, center, id); err != nil {
					return err
				}
			}
		}
		return each(chapter)
	})
	if err != nil {
		return nil, err
	}
	if end, err = chapterOf(last, a.Register.Timeline()); err == nil {
		end.Tally = &tally
	}
	return end, err
}

// cause returns an event of a center by its id, or nil if the center does not have it.
func (l *Local) cause(ctx context.Context, center events.CenterID, id uuid.UUID) (*Cause, error) {
	revision := l.Ledger.Register().Has(center.Stream(), id)
	if revision == 0 {
		return nil, nil
	}
	for stored, err := range l.Ledger.ReadStream(ctx, center.Stream(), revision-1) {
		if err != nil {
			return nil, err
		}
		if stored.ID == id { // an event lost earlier in the stream shifts its revision
			c := causeOf(&stored)
			return &c, nil
		}
	}
	return nil, nil
}

func chapterOf(c *projections.Chapter, policies policy.Timeline) (*Chapter, error) {
	r := &c.Event
	x := &Chapter{Position: r.Position, Revision: r.Revision, On: Day{r.On}, Kind: r.Kind, ID: r.ID,
		By: r.By, EnteredBy: r.EnteredBy, Mode: string(r.Mode), Doc: r.Doc, Note: r.Note,
		Policy: lists.PolicyName(r.Policy), Digest: r.Policy.Digest, Breaks: r.Breaks, Warnings: r.Warnings,
		Broken: c.Broken,
		Status: c.State.Status, Lapsed: movesOf(&c.Lapsed), Changed: movesOf(&c.Moved),
		ByPolicy: PolicyMoves{policyNames(c.Adopted), movesOf(&c.ByPolicy)},
		AsOf:     Day{c.AsOf}, State: &CenterState{
			Events: c.State.Events, Execution: lists.ExecutionLines(c.State.Executions),
			Alerts: openOf(c.State.Alerts)}}
	if r.Position > 0 { // the end has no event
		x.RecordedAt = events.FormatInstant(r.RecordedAt)
	}
	if r.Data == nil {
		return x, nil
	}
	x.Line, x.Details = lists.RecordLine(&r.Record, policies), lists.RecordRest(&r.Record, policies)
	line, err := events.EncodeRecord(&r.Record)
	x.Record = line
	return x, err
}

func movesOf(d *difference.Difference) Moves {
	m := Moves{StatusBefore: d.StatusBefore, Status: d.Status, Opened: alertsOf(d.Raised()),
		Cleared: alertsOf(d.Cleared()), Withdrawn: alertsOf(d.Withdrawn())}
	for _, x := range d.Money {
		by := MoneyMove{x.After.Year, x.After.Scope, x.After.GrantedFen - x.Before.GrantedFen,
			x.After.ReceivedFen - x.Before.ReceivedFen,
			x.After.SpentAllFen - x.Before.SpentAllFen, x.After.IneligibleFen - x.Before.IneligibleFen}
		if by.Scope != aggregates.FiscalScope && by != (MoneyMove{FiscalYear: by.FiscalYear, Scope: by.Scope}) {
			m.Money = append(m.Money, by)
		}
	}
	return m
}

// Alerts reports whether any alert changed.
func (m *Moves) Alerts() bool { return len(m.Opened)+len(m.Cleared)+len(m.Withdrawn) > 0 }

func policyNames(list []*policy.Policy) []string {
	names := make([]string, len(list))
	for i, p := range list {
		names[i] = lists.PolicyName(p.Ref())
	}
	return names
}

// ChapterColumns are the columns for chapters. Alerts are shown by code and key; their dates are in other columns
// in the same order.
var ChapterColumns = []table.Column{{Name: "position", Type: table.Count}, {Name: "revision", Type: table.Count},
	{Name: "recordedAt", Type: table.Time}, {Name: "on", Type: table.Day},
	{Name: "kind"}, {Name: "id"}, {Name: "role"}, {Name: "actor"}, {Name: "enteredBy"}, {Name: "mode"}, {Name: "doc"},
	{Name: "policy"}, {Name: "breaks"}, {Name: "status"},
	{Name: "lapsed"}, {Name: "opened"}, {Name: "cleared"}, {Name: "withdrawn"}, {Name: "lapsedRaisedOn"},
	{Name: "openedRaisedOn"}, {Name: "lapsedCleared"},
	{Name: "lapsedWithdrawn"}, {Name: "policies"}, {Name: "policyOpened"}, {Name: "policyCleared"},
	{Name: "policyWithdrawn"}, {Name: "voids"}, {Name: "voidedBy"}}

// Row returns the chapter as a row of ChapterColumns.
func (c *Chapter) Row() []table.Cell {
	breaks := make([]string, len(c.Breaks))
	for i, id := range c.Breaks {
		breaks[i] = string(id)
	}
	return []table.Cell{table.Number(c.Position), table.Number(c.Revision), table.Text(c.RecordedAt),
		table.Date(c.On.Date), table.Text(c.Kind), table.Text(c.ID.String()),
		table.Text(c.By.Role), table.Text(c.By.Actor), table.Text(c.EnteredBy), table.Text(c.Mode), table.Text(c.Doc),
		table.Text(c.Policy),
		table.Text(strings.Join(breaks, ";")), table.Text(c.Status), alertNames(c.Lapsed.Opened),
		alertNames(c.Changed.Opened), alertNames(c.Changed.Cleared),
		alertNames(c.Changed.Withdrawn), raisingDates(c.Lapsed.Opened), raisingDates(c.Changed.Opened),
		alertNames(c.Lapsed.Cleared), alertNames(c.Lapsed.Withdrawn),
		table.Text(strings.Join(c.ByPolicy.Policies, ";")), alertNames(c.ByPolicy.Opened),
		alertNames(c.ByPolicy.Cleared), alertNames(c.ByPolicy.Withdrawn), c.Voids.cell(), c.VoidedBy.cell()}
}

// cell returns a cell with the id of the event, empty for nil.
func (c *Cause) cell() table.Cell {
	if c == nil {
		return table.Cell{}
	}
	return table.Text(c.ID.String())
}

// alertNames lists alerts as code and key.
func alertNames(alerts []Alert) table.Cell {
	parts := make([]string, len(alerts))
	for i, x := range alerts {
		parts[i] = strings.TrimSpace(string(x.Code) + " " + x.Key)
	}
	return table.Text(strings.Join(parts, ", "))
}

// raisingDates lists the raising dates of alerts in the order in which alertNames lists the alerts.
func raisingDates(alerts []Alert) table.Cell {
	parts := make([]string, len(alerts))
	for i, x := range alerts {
		parts[i] = x.RaisedOn.String()
	}
	return table.Text(strings.Join(parts, ", "))
}
