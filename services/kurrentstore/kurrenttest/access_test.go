package kurrenttest_test

import (
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"github.com/taizhang/taizhang/services/kurrentstore/kurrenttest"
)

var (
	ledger = kurrenttest.ClusterAccount{Login: "ledger", Password: "p4ss", Groups: []string{"ledgers"}}
	reader = kurrenttest.ClusterAccount{Login: "reader", Password: "p4ss"}
)

func secured(t *testing.T) (srv *kurrenttest.Cluster, admin *esdb.Client) {
	t.Helper()
	srv = kurrenttest.Start(t,
		kurrenttest.ClusterConfig{TLS: true, Users: []kurrenttest.ClusterAccount{kurrenttest.Admin, ledger, reader}})
	return srv, dial(t, srv.ConnectionString())
}

// settle appends an event that changes rights.
func settle(t *testing.T, admin *esdb.Client, stream, kind, text string) {
	t.Helper()
	must(t)(admin.AppendToStream(soon(t), stream, esdb.AppendToStreamOptions{ExpectedRevision: esdb.Any{}},
		esdb.EventData{EventType: kind, ContentType: esdb.ContentTypeJson, Data: []byte(text)}))
}

func canReadAll(t *testing.T, client *esdb.Client) error {
	t.Helper()
	sub, err := client.SubscribeToAll(soon(t), esdb.SubscribeToAllOptions{From: esdb.Start{},
		Filter: &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"center-"}}})
	if err != nil {
		return err
	}
	return sub.Close()
}

func TestWhoMayReadEverythingIsForAdminsToSay(t *testing.T) {
	srv, admin := secured(t)
	client := dial(t, srv.ConnectionStringFor(ledger))
	must(t)(client.AppendToStream(soon(t), "center-A", atStart(), batch("a", 1)...))
	wantNotes(t, client, "center-A", "a/0")
	if err := canReadAll(t, client); code(err) != esdb.ErrorCodeAccessDenied {
		t.Errorf("%v", err)
	}
	settle(t, admin, "$$$all", "$metadata", `{"$acl":{"$r":["ledgers"]}}`)
	if err := canReadAll(t, client); err != nil {
		t.Errorf("a group that may: %v", err)
	}
	if err := canReadAll(t, dial(t, srv.ConnectionStringFor(reader))); code(err) != esdb.ErrorCodeAccessDenied {
		t.Errorf("an account that may not: %v", err)
	}
	if err := canReadAll(t, admin); err != nil {
		t.Errorf("an admin: %v", err)
	}
	_, err := client.AppendToStream(soon(t), "$$$all", esdb.AppendToStreamOptions{ExpectedRevision: esdb.Any{}},
		batch("m", 1)...)
	if code(err) != esdb.ErrorCodeAccessDenied {
		t.Errorf("gave itself rights: %v", err)
	}
}

func TestWhoMayAppendFollowsFromTheStreamAndFromTheSettings(t *testing.T) {
	srv, admin := secured(t)
	writes, reads := dial(t, srv.ConnectionStringFor(ledger)), dial(t, srv.ConnectionStringFor(reader))
	settle(t, admin, "$settings", "update-default-acl",
		`{"$userStreamAcl":{"$r":["ledgers","reader"],"$w":"ledgers","$d":"$admins","$mr":"$all","$mw":"$admins"}}`)
	must(t)(writes.AppendToStream(soon(t), "center-A", atStart(), batch("a", 1)...))
	wantNotes(t, reads, "center-A", "a/0")
	if _, err := reads.AppendToStream(soon(t), "center-A", at(0),
		batch("b", 1)...); code(err) != esdb.ErrorCodeAccessDenied {
		t.Errorf("%v", err)
	}
	if _, err := writes.DeleteStream(soon(t), "center-A",
		esdb.DeleteStreamOptions{ExpectedRevision: esdb.Any{}}); code(err) != esdb.ErrorCodeAccessDenied {
		t.Errorf("%v", err)
	}
	var m esdb.StreamMetadata
	m.SetMaxCount(1)
	if _, err := writes.SetStreamMetadata(soon(t), "center-A",
		esdb.AppendToStreamOptions{ExpectedRevision: esdb.Any{}}, m); code(err) != esdb.ErrorCodeAccessDenied {
		t.Errorf("%v", err)
	}
	settle(t, admin, "$$center-B", "$metadata", `{"$acl":{"$w":"reader","$r":"$admins"}}`)
	must(t)(reads.AppendToStream(soon(t), "center-B", atStart(), batch("b", 1)...))
	r, err := reads.ReadStream(soon(t), "center-B", esdb.ReadStreamOptions{From: esdb.Start{}}, 1)
	if _, err := drain(t, r, err); code(err) != esdb.ErrorCodeAccessDenied {
		t.Errorf("%v", err)
	}
	if _, err := reads.GetStreamMetadata(soon(t), "center-B", esdb.ReadStreamOptions{}); err != nil {
		t.Errorf("metadata, which all may read: %v", err)
	}
}

func TestOnlyAccountsAreLetIn(t *testing.T) {
	srv, _ := secured(t)
	wrong := dial(t, srv.ConnectionStringFor(kurrenttest.ClusterAccount{Login: "ledger", Password: "wrong"}))
	if _, err := wrong.AppendToStream(soon(t), "s", atStart(),
		batch("a", 1)...); code(err) != esdb.ErrorCodeUnauthenticated {
		t.Errorf("%v", err)
	}
	nobody := dial(t, "esdb://"+srv.Node(0).Address()+"?tlsVerifyCert=false")
	if _, err := nobody.AppendToStream(soon(t), "s", atStart(),
		batch("a", 1)...); code(err) != esdb.ErrorCodeAccessDenied {
		t.Errorf("%v", err)
	}
}
