package kurrentstore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/kurrentstore/kurrenttest"
)

// Client defects 13 and 14: the client accepts these strings and gives them another meaning.
func TestConnectionStringsThatTheClientMisreadsAreRefused(t *testing.T) {
	misread := map[string]func(c *esdb.Configuration) bool{ // and what the client makes of them
		"esdb://a?keepAliveInterval=10": func(c *esdb.Configuration) bool {
			return c.KeepAliveInterval == 10*time.Millisecond
		},
		"esdb://a?keepAliveInterval=-1": func(c *esdb.Configuration) bool {
			return c.KeepAliveInterval == -1
		},
		"esdb://a?keepAliveTimeout=10": func(c *esdb.Configuration) bool {
			return c.KeepAliveTimeout == 10*time.Millisecond
		},
		"esdb://a?keepAliveTimeout=0": func(c *esdb.Configuration) bool {
			return c.KeepAliveTimeout == 0
		},
		"esdb://a?defaultDeadline=10s": func(c *esdb.Configuration) bool {
			return *c.DefaultDeadline == 0
		},
		"esdb://a?defaultDeadline=-5": func(c *esdb.Configuration) bool {
			return *c.DefaultDeadline == 0
		},
		"esdb://a?defaultDeadline=10": func(c *esdb.Configuration) bool {
			return *c.DefaultDeadline == 10*time.Millisecond
		},
		"esdb://u:secret@a?tls=false": func(c *esdb.Configuration) bool {
			return c.DisableTLS && c.Password == "secret"
		},
		"esdb://u:secret@a?TLS=False": func(c *esdb.Configuration) bool {
			return c.DisableTLS && c.Password == "secret"
		},
		"esdb://u:secret@a:1,b:2?tls=false": func(c *esdb.Configuration) bool {
			return c.DisableTLS && c.Password == "secret"
		},
		"esdb://u:12,3@a:1,b": func(c *esdb.Configuration) bool {
			return c.GossipSeeds[0].String() == "u:12"
		},
		"esdb://user@a": func(c *esdb.Configuration) bool {
			return c.Username == "user" && c.Password == ""
		},
		"esdb://a?unknownThing=1":     func(c *esdb.Configuration) bool { return true },
		"esdb://a?connectionName=x":   func(c *esdb.Configuration) bool { return true },
		"esdb://a?tls=true&tls=false": func(c *esdb.Configuration) bool { return !c.DisableTLS },
		// seconds
		"esdb://a?gossipTimeout=5000": func(c *esdb.Configuration) bool { return c.GossipTimeout == 5000 },
		"esdb://a?gossipTimeout=0":    func(c *esdb.Configuration) bool { return c.GossipTimeout == 0 },
		"esdb://a?discoveryInterval=-100": func(c *esdb.Configuration) bool {
			return c.DiscoveryInterval == -100
		},
		"esdb://a?maxDiscoverAttempts=0": func(c *esdb.Configuration) bool {
			return c.MaxDiscoverAttempts == 0
		},
		"esdb://a:70000": func(c *esdb.Configuration) bool { return c.Address == "a:4464" },
		"esdb://a:0":     func(c *esdb.Configuration) bool { return c.Address == "a:0" },
		"esdb://a:1,b:0": func(c *esdb.Configuration) bool {
			return len(c.GossipSeeds) == 2
		},
		"esdb+discover://a:1,b:2": func(c *esdb.Configuration) bool {
			return c.DnsDiscover && c.Address == ""
		},
		"esdb://a:1,b:2,": func(c *esdb.Configuration) bool {
			return len(c.GossipSeeds) == 2
		},
		"esdb://a?tls=false&tlsCAFile=" + caFile(t): func(c *esdb.Configuration) bool {
			return c.DisableTLS && c.RootCAs != nil
		},
		"esdb://a?userCertFile=x": func(c *esdb.Configuration) bool { return c.Validate() != nil },
		"esdb://a?userCertFile=": func(c *esdb.Configuration) bool {
			return c.UserCertFile != "" ||
				c.UserKeyFile == ""
		},
		"esdb://a#?tls=false":                    func(c *esdb.Configuration) bool { return !c.DisableTLS },
		"esdb://a?tls=false;tlsVerifyCert=false": func(c *esdb.Configuration) bool { return !c.DisableTLS },
		"esdb://a?tls=%zz":                       func(c *esdb.Configuration) bool { return !c.DisableTLS },
		"esdb://a,a": func(c *esdb.Configuration) bool {
			return len(c.GossipSeeds) == 2
		},
	}
	for s, meant := range misread {
		c, err := esdb.ParseConnectionString(s)
		if err != nil || !meant(c) {
			t.Errorf("%s: the client means %+v, %v", s, c, err)
		}
		wantRefused(t, s)
	}
	for _, s := range []string{"", "esdb://", "esdb://?tls=false", "http://a", "kurrentdb://a",
		"kurrentdb+discover://a", "ESDB://a", "a:2113",
		"esdb://:2113", "esdb://a:1,,b:2", "esdb://u:secret,@a:1,b:2", "esdb://a:", "esdb://a:x", "esdb://a:01",
		"esdb://[::1]:2113", "esdb://::1", "esdb://a/path", "esdb://a b", "esdb://a?tls=maybe",
		"esdb://a?nodePreference=boss",
		"esdb://:secret@a", "esdb://u:@a", "esdb://u:secret@", "esdb://u:sec@ret@a", "esdb://u:sec%zzret@a",
		"esdb://u:sec:ret@a", "esdb://u:secret@a?tlsCAFile=/nowhere/ca.pem",
		"esdb://u:secret@a?defaultDeadline=soon", "esdb://a?tls=", "esdb://a\n"} {
		wantRefused(t, s)
	}
}

func wantRefused(t *testing.T, s string) {
	t.Helper()
	_, err := ParseConnection(s)
	var refused *text.Error
	if !errors.As(err, &refused) || refused.Code != text.Invalid || refused.What.Zh == "" || refused.What.En == "" {
		t.Errorf("%s was not refused: %v", s, err)
		return
	}
	for _, said := range []string{err.Error(), refused.Text().Zh, refused.Text().En} {
		if strings.Contains(said, "secret") || strings.Contains(said, "ret@") || strings.Contains(said, "%!") {
			t.Errorf("%s: the refusal says %s", s, said)
		}
	}
}

func caFile(t *testing.T) string {
	t.Helper()
	srv := kurrenttest.Start(t, kurrenttest.ClusterConfig{TLS: true})
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, srv.CertificatePEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestConnectionStringsAreReadAsTheyAreMeant(t *testing.T) {
	for s, want := range map[string]string{
		"esdb://a":                                                        "esdb://a",
		"esdb://a:2113/?tls=false":                                        "esdb://a:2113",
		"esdb://a:1,b:2,c:3?tls=false":                                    "esdb://a:1,b:2,c:3",
		"esdb://a,b":                                                      "esdb://a,b",
		"esdb+discover://u:p@cluster.example:2113":                        "esdb+discover://cluster.example:2113",
		"esdb://u:p%40%2C%3A%25@a:1,b:2?tlsVerifyCert=false":              "esdb://a:1,b:2",
		"esdb://a?KEEPALIVEINTERVAL=15000&keepAliveTimeout=5000":          "esdb://a",
		"esdb://a?nodePreference=readOnlyReplica&gossipTimeout=3":         "esdb://a",
		"esdb://a?defaultDeadline=20000&maxDiscoverAttempts=3":            "esdb://a",
		"esdb://a?discoveryInterval=500&tls=false&tlsVerifyCert=false":    "esdb://a",
		"esdb://a?tlsCAFile=" + strings.ReplaceAll(caFile(t), "/", "%2F"): "esdb://a",
	} {
		c, err := ParseConnection(s)
		if err != nil {
			t.Errorf("%s: %v", s, err)
			continue
		}
		if c.String() != want {
			t.Errorf("%s is shown as %s", s, c)
		}
	}
	c, err := ParseConnection("esdb://u:p%40%2C%3A%25@a:1,b:2?defaultDeadline=20000")
	if err != nil || c.config.Password != "p@,:%" || len(c.config.GossipSeeds) != 2 ||
		*c.config.DefaultDeadline != 20*time.Second {
		t.Errorf("%+v, %v", c, err)
	}
}

// Client defect 14 does not occur with TLS: the account is sent, and must be correct.
func TestAccountsAreSentOverTLSAndNeverLogged(t *testing.T) {
	clerk := kurrenttest.ClusterAccount{Login: "clerk", Password: "se@cret"}
	reader := kurrenttest.ClusterAccount{Login: "taizhang", Password: "se@cret"}
	srv := kurrenttest.Start(t,
		kurrenttest.ClusterConfig{TLS: true, Users: []kurrenttest.ClusterAccount{kurrenttest.Admin, clerk, reader}})
	admin := bare(t, srv.ConnectionString())
	grant := data("grant", 1)[0]
	grant.EventType, grant.Data = "$metadata", []byte(`{"$acl":{"$r":["$admins","taizhang"]}}`)
	if _, err := admin.AppendToStream(soon(t), "$$$all", esdb.AppendToStreamOptions{ExpectedRevision: esdb.Any{}},
		grant); err != nil {
		t.Fatal(err)
	}
	core, logged := observer.New(zap.DebugLevel)
	connect := func(u kurrenttest.ClusterAccount) *Store {
		return openOn(t, srv.ConnectionStringFor(u), quick(), func(o *Options) { o.Log = zap.New(core) })
	}
	s := connect(reader)
	if err := s.Ping(soon(t)); err != nil {
		t.Errorf("an account that may read $all: %v", err)
	}
	mustAppend(t, s, center, 0, proposals("a", 2))
	wantBodies(t, s.ReadAll(soon(t), 0), proposals("a", 2))
	wantBodies(t, s.ReadStream(soon(t), center, 0), proposals("a", 2))
	var refused *RefusedError
	if err := connect(clerk).Ping(soon(t)); !errors.As(err, &refused) {
		t.Errorf("an account that may not read $all: %v", err)
	}
	clerk.Password = "wrong@secret"
	if err := connect(clerk).Ping(soon(t)); !errors.As(err, &refused) {
		t.Errorf("a wrong password: %v", err)
	}
	for _, entry := range logged.All() {
		if text := fmt.Sprint(entry.Message, entry.ContextMap()); strings.Contains(text, "cret") {
			t.Errorf("logged: %s", text)
		}
	}
	if logged.Len() == 0 {
		t.Error("nothing was logged")
	}
}

func TestWhyNoNodeIsFoundIsSaid(t *testing.T) {
	encrypted, open := kurrenttest.Start(t, kurrenttest.ClusterConfig{TLS: true}),
		kurrenttest.Start(t, kurrenttest.ClusterConfig{})
	stopped := kurrenttest.Start(t, kurrenttest.ClusterConfig{})
	stopped.Node(0).Stop()
	for connection, why := range map[string]string{
		"esdb://u:secret@" + encrypted.Node(0).Address(): "certificate",
		"esdb://" + open.Node(0).Address():               "TLS",
		stopped.ConnectionString():                       "connection refused",
	} {
		t.Run(why, func(t *testing.T) {
			t.Parallel()
			s := openOn(t, connection, quick(), func(o *Options) { o.Patience = 3 * time.Second })
			var unreachable *UnreachableError
			if err := s.Ping(soon(t)); !errors.As(err, &unreachable) {
				t.Fatalf("%s: %v", connection, err)
			}
			for _, said := range []string{unreachable.Text().Zh, unreachable.Text().En, unreachable.Error()} {
				if !strings.Contains(said, why) || strings.Contains(said, "secret") {
					t.Errorf("%s: %s", connection, said)
				}
			}
		})
	}
}

func TestATimeoutDoesNotHideWhyNoNodeWasFoundBefore(t *testing.T) {
	s := openOn(t, "esdb://a", quick())
	for _, said := range [][2]string{{"code = DeadlineExceeded, first", "first"}, {"refused", "refused"},
		{"code = DeadlineExceeded, then", "refused"}, {"bad certificate", "bad certificate"}} {
		s.listen(esdb.LogWarn, "%s", said[0])
		if got := s.trouble.Load(); got == nil || !strings.HasSuffix(*got, said[1]) {
			t.Errorf("after %q: %v", said[0], got)
		}
	}
}

func TestPrefixesThatNoStreamCanHaveAreRefused(t *testing.T) {
	c, err := ParseConnection("esdb://a")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []Options{{}, {Connection: c, Prefix: "$all"}, {Connection: c, Prefix: "a b"},
		{Connection: c, Prefix: strings.Repeat("a", 51)}} {
		var refused *text.Error
		if _, err := Open(o); !errors.As(err, &refused) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}
