package access

import (
	"testing"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/events/text"
)

// start is when the tests begin.
var start = time.Date(2026, 11, 29, 2, 0, 0, 0, time.UTC)

func mustOpen(t testing.TB, store events.Store) *Access {
	t.Helper()
	a, err := Open(t.Context(), AccountsConfig{Store: store, Now: func() time.Time { return start }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	return a
}

func newStore() events.Store { return memstore.New(func() time.Time { return start }) }

func TestAnEpochLastsUntilTheLogIsRestored(t *testing.T) {
	store := newStore()
	first := mustOpen(t, store).Epoch()
	again := mustOpen(t, store)
	if got := again.Epoch(); got != first || first != "2026-11-29T02:00:00.000000Z" {
		t.Errorf("began %s, opened again it is %s", first, got)
	}
}

func TestATokenThatWasMistypedIsToldBeforeItIsLookedUp(t *testing.T) {
	good := newToken()
	if _, ok := hashToken(good); !ok || len(good) != tokenChars {
		t.Fatalf("%s is no token", good)
	}
	for i := range len(good) {
		bad := []byte(good)
		if bad[i]++; bad[i] == 'Z'+1 {
			bad[i] = 'A'
		}
		if _, ok := hashToken(string(bad)); ok {
			t.Errorf("%s passes", bad)
		}
	}
	for _, bad := range []string{"", "tz_", good[:len(good)-1], good + "0", " " + good} {
		if _, ok := hashToken(bad); ok {
			t.Errorf("%q passes", bad)
		}
	}
}

func TestEveryTokenThatIsNotGoodHasTheSameAnswer(t *testing.T) {
	a := mustOpen(t, newStore())
	for _, bad := range []string{"", "tz_x", newToken()} {
		_, err := a.Authenticate(bad, "192.0.2.1", "GET /v1/me")
		if text.CodeOf(err) != text.Unauthenticated || err.Error() != errUnauthenticated.Error() {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
