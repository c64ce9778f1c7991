package access

import (
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

func TestNoAccountHasTheRoleOfTheLedgerItself(t *testing.T) {
	for _, typed := range []string{string(events.Program), events.Program.Title().Zh, events.Program.Title().En} {
		b := Binding{Role: Role(typed)}
		if err := b.check(); text.CodeOf(err) != text.Invalid {
			t.Errorf("%q is taken as a role: %+v, %v", typed, b, err)
		}
	}
	for _, r := range Roles() {
		if r.Ledger() == events.Program {
			t.Errorf("%s writes as the ledger itself", r)
		}
	}
}
