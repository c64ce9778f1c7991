package alertfeed

import (
	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
)

// describe returns the data of a message about an alert of the ledger, without At and the responsible offices. e
// explains the alert. It is nil if a new event has removed the alert; the center is then compared again.
func describe(center events.CenterID, a aggregates.Alert, e *aggregates.Explanation) *AlertData {
	if e == nil {
		e = &aggregates.Explanation{}
	}
	shown := *e
	shown.Alert = a
	if e.Reason != (text.Text{}) {
		shown.Figures = append(shown.Figures[:len(e.Figures):len(e.Figures)],
			aggregates.Figure{Name: "reason", Label: e.Reason})
	}
	return alertOf(nameOf(center, a), stateOf(a), &shown)
}

// withdrawn returns the data of a message that withdraws an alert, without At. It has no explanation.
func withdrawn(n AlertName) *AlertData {
	return alertOf(n, AlertState{Kind: Withdrawn}, &aggregates.Explanation{Alert: aggregates.Alert{Code: n.Code}})
}

func alertOf(n AlertName, s AlertState, e *aggregates.Explanation) *AlertData {
	x := desk.Explained(n.Center, e)
	return &AlertData{State: s.Kind, Center: n.Center, Code: n.Code, Key: n.Key, Severity: n.Severity,
		RaisedOn: n.RaisedOn, ClearedOn: desk.Day{Date: s.ClearedOn},
		Title: x.Title, Office: aggregates.Office(n.Code), Policy: x.Policy, Rules: x.Rules, Figures: x.Figures,
		Cleared: x.Cleared}
}
