package documented

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/services/access"
)

// TestEveryOperationAnswersEveryRoleAndTokenAsDocumented asks each operation of the document as each role and with
// each token that is not good.
func TestEveryOperationAnswersEveryRoleAndTokenAsDocumented(t *testing.T) {
	w := newWorld(t)
	for _, op := range w.operations() {
		name := op.OperationID
		for state, token := range w.token {
			if strings.HasPrefix(state, "foreign ") {
				continue
			}
			want := http.StatusUnauthorized
			if op.isOpen() {
				want = success(op)
			}
			if got := w.do(op, token, w.sample(name, access.Center)); got.status != want {
				t.Errorf("%s with a token that is %s: expected %d, got %d %s", name, state, want, got.status, got.body)
			}
		}
		for role, token := range w.tokens {
			want := success(op)
			if !op.isOpen() && !slices.Contains(op.roles(), role) {
				want = http.StatusForbidden
			}
			if name == "importMarked" && want == http.StatusOK && role != access.Center {
				want = http.StatusNotFound // its import has no sheet
			}
			if name == "restateFeed" && want == http.StatusOK {
				want = http.StatusConflict // there is no feed
			}
			if inSession[name] && want != http.StatusForbidden {
				want = http.StatusConflict // a token is no session
			}
			got := w.do(op, token, w.sample(name, role))
			if got.status != want {
				t.Errorf("%s as %s: expected %d, got %d %s", name, role, want, got.status, got.body)
			}
			w.isDocumented(t, fmt.Sprintf("%s as %s", name, role), op, got)
		}
		for role := range elsewhere {
			q := w.sample(name, role)
			if op.isOpen() || !slices.Contains(op.roles(), role) || !strings.Contains(target(op, q), home) &&
				name != "record" {
				continue
			}
			got := w.do(op, w.token["foreign "+string(role)], q)
			if got.status != http.StatusNotFound {
				t.Errorf("%s as %s of another scope: expected 404, got %d %s", name, role, got.status, got.body)
			}
			w.isDocumented(t, fmt.Sprintf("%s as %s of another scope", name, role), op, got)
		}
	}
}

// inSession are the operations that end or change the session that asks.
var inSession = map[string]bool{"signOut": true, "showCode": true, "changePassword": true, "beginFactor": true,
	"confirmFactor": true}

// success returns the status of the answer of an operation when all is well.
func success(op operation) int {
	if op.OperationID == "record" {
		return http.StatusCreated // it also answers 200, for a repeat
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses.Map())) {
		if strings.HasPrefix(status, "2") {
			var n int
			_, _ = fmt.Sscan(status, &n)
			return n
		}
	}
	return 0
}
