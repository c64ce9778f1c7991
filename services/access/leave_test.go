package access

import (
	"context"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// farStore is a store whose caller goes away during an append. Like a store on other machines, it then does not
// know the outcome.
type farStore struct {
	events.Store
	leave func()
}

func (s *farStore) Append(ctx context.Context, stream events.StreamID, expected uint64,
	batch []events.Proposed) ([]events.Place, error) {
	s.leave()
	places, err := s.Store.Append(context.WithoutCancel(ctx), stream, expected, batch)
	if err == nil && ctx.Err() != nil {
		return nil, &events.UnknownError{Cause: ctx.Err()}
	}
	return places, err
}

func TestWhoLeavesWhileSigningInKeepsNobodyOut(t *testing.T) {
	h := newHall(t, AccountsConfig{})
	h.add("cai", Binding{Role: Finance})
	far := &farStore{h.store, func() {}}
	h.store = far
	h.open()
	ctx, leave := context.WithCancel(t.Context())
	far.leave = leave
	in, err := h.SignIn(ctx, Credentials{Account: "cai", Password: goodPassword, Source: "192.0.2.1"})
	if err != nil || !h.isIn(in) {
		t.Errorf("expected the session that is written, got %v", err)
	}
	h.signIn("cai")

	if _, err := h.SignIn(ctx, Credentials{Account: "cai", Password: goodPassword, Source: "192.0.2.1"}); err == nil ||
		text.CodeOf(err) == text.Stopped {
		t.Errorf("who has left already: %v", err)
	}
	h.signIn("cai")
}
