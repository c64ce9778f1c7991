package ledger_test

import (
	"context"
	"testing"

	"github.com/taizhang/taizhang/services/kurrentstore"
	"github.com/taizhang/taizhang/services/kurrentstore/kurrenttest"
	"github.com/taizhang/taizhang/services/ledger"
)

// A caller cancels when the server has stored its batch and the answer is lost. The store finds out the outcome, and
// the ledger goes on.
func TestACallerThatLeavesAClusterDoesNotStopTheLedger(t *testing.T) {
	srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{})
	connection, err := kurrentstore.ParseConnection(srv.ConnectionString())
	if err != nil {
		t.Fatal(err)
	}
	store, err := kurrentstore.Open(kurrentstore.Options{Connection: connection})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	l := open(t, store)
	write(t, l, registered, registered)
	ctx, leave := context.WithCancel(t.Context())
	lost := srv.Nth(kurrenttest.Append, 1, kurrenttest.Fault{Strike: kurrenttest.Drop, Stored: true})
	srv.Break(func(c kurrenttest.Call) *kurrenttest.Fault {
		if c.Method == kurrenttest.Append {
			leave()
		}
		return lost(c)
	})
	answer, err := l.Batch(ctx, named(t, granted, received), importer, ledger.Terms{})
	if err != nil || answer.Revision != 3 || ctx.Err() == nil {
		t.Fatalf("got %+v, %v", answer, err)
	}
	write(t, l, spent, spent)
}
