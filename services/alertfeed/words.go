package alertfeed

import (
	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/projections"
)

func describe(c *projections.Seen, a aggregates.Alert, e *aggregates.Explanation) *Alert {
	m := &Alert{State: stateOf(a).Kind, Center: c.Center, Code: a.Code, Key: a.Key, Severity: a.Severity, RaisedOn: a.RaisedOn}
	m.ClearedOn.Date = a.ClearedOn
	return m
}

func withdrawn(n Name) *Alert {
	return &Alert{State: Withdrawn, Center: n.Center, Code: n.Code, Key: n.Key, Severity: n.Severity, RaisedOn: n.RaisedOn}
}
