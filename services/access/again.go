package access

import (
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
)

// Sees returns a function that reports whether the principal sees a center now; nil if he sees all.
func (a *Access) Sees(p Principal) func(events.CenterID) bool { return a.scope(&p) }

// ReadAgain checks that a principal may read an answer that a front has kept. It returns the errors and writes the
// log entries that a guarded desk would for a new answer. isFile says that the answer is a report.
func (a *Access) ReadAgain(p Principal, q lists.Question, isFile bool) error {
	g := &guarded{a: a, p: p, local: desk.Local{LocalConfig: desk.LocalConfig{Sees: a.scope(&p)}}}
	if isFile {
		return g.readsReport(q)
	}
	return g.readsList(q)
}

// NoteDenied writes to the access log that a front refused a request because the principal lacks a right. object
// is the name of the thing asked for.
func (a *Access) NoteDenied(p Principal, right Right, object string) {
	a.noteAsked(LogDenied, &p, string(right), object, "", outcomeOf(p.Lacks(right)))
}
