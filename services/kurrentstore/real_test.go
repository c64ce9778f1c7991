package kurrentstore

import (
	"bytes"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/storetest"
	"github.com/taizhang/taizhang/services/kurrentstore/kurrenttest"
)

// serverVariable is the variable with the connection string of a real server. The tests write to that server, each
// under a prefix of its own, and leave their events there. The test of the longest record runs only if the server
// accepts it; with the default MaxAppendSize of 1048576 it does not.
const serverVariable = "TAIZHANG_TEST_ESDB"

// The contract holds on a server in use: the one in TAIZHANG_TEST_ESDB, or else a test server.
func TestTheStoreKeepsTheContractOnAServerWithOthersOnIt(t *testing.T) {
	connection := os.Getenv(serverVariable)
	if connection == "" {
		connection = kurrenttest.Start(t, roomy(kurrenttest.ClusterConfig{})).ConnectionString()
	}
	run, n, most := "taizhang-test-"+uuid.NewString()[:8], 0, 16<<20
	opened := func(t *testing.T) *Store {
		n++
		return openOn(t, connection, standardLimits(), func(o *Options) {
			o.Prefix, o.AppendBytesMax = fmt.Sprintf("%s-%d.", run, n), most
		})
	}
	s := opened(t)
	if err := s.Ping(soon(t)); err != nil {
		t.Fatalf("%s: %v", s.connection, err)
	}
	long := proposals("long", 1)
	long[0].Body = events.MustObject(fmt.Sprintf(`{"note":"%s"}`, bytes.Repeat([]byte("x"), events.RecordBytesMax)))
	if _, err := s.Append(soon(t), center, 0, long); err != nil {
		t.Logf("%s does not take the longest record (start it with MaxAppendSize 16777216): %v", s.connection, err)
		most = 1 << 20
	}
	started := time.Now()
	storetest.Run(t, func(t *testing.T) events.Store { return opened(t) })
	t.Logf("%s, server %s, streams %s-*, %v", s.connection, serverVersion(t, s), run,
		time.Since(started).Round(time.Millisecond))
}

func serverVersion(t *testing.T, s *Store) string {
	l, err := s.use(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	defer l.leave()
	return fmt.Sprintf("%d.%d.%d", l.version.Major, l.version.Minor, l.version.Patch)
}
