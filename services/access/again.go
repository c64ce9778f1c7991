package access

import (
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
)

// Sees returns which centers a principal sees at each moment; nil for all of them.
func (a *Access) Sees(p Principal) func(events.CenterID) bool { return a.scope(&p) }

// ReadAgain lets a principal read the answer to a question that a front keeps, as a desk of Guard would for an answer that it
// makes: with the same errors and the same entries in the access log. isFile says that the answer is a report.
func (a *Access) ReadAgain(p Principal, q lists.Question, isFile bool) error {
	g := &guarded{a: a, p: p, local: desk.Local{LocalConfig: desk.LocalConfig{Sees: a.scope(&p)}}}
	if isFile {
		return g.readsReport(q)
	}
	return g.readsList(q)
}

// NoteDenied notes that a front refused a principal for want of a right. object is what he asked for.
func (a *Access) NoteDenied(p Principal, right Right, object string) {
	a.noteAsked(LogDenied, &p, string(right), object, "", outcomeOf(p.Lacks(right)))
}
