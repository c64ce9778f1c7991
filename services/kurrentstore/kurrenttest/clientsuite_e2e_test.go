//go:build e2e

package kurrenttest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

const clientModule = "github.com/EventStore/EventStore-Client-Go/v4"

// The test runs the Go client's own tests of streams and of $all against this server, in a new copy of the client's
// module in which the helper that starts containers is replaced. It leaves out the tests of persistent subscriptions,
// projections and plugins, which this server does not have, the authentication tests, which create persistent
// subscriptions, and the tests of clusters, which need three containers at fixed ports. Tests that skip themselves in
// one mode run in the other.
func TestTheClientsOwnTestsPass(t *testing.T) {
	scratch := copyOfClient(t)
	for _, mode := range []struct {
		name   string
		secure bool
		skip   string
		want   int
	}{
		{"insecure", false, "TestStreams/AuthenticationTests", 31},
		{"secure", true, "TestStreams/AuthenticationTests", 42},
	} {
		t.Run(mode.name, func(t *testing.T) {
			empty, populated := Start(t, ClusterConfig{TLS: mode.secure}), Start(t, ClusterConfig{TLS: mode.secure})
			certify(t, scratch, empty)
			populate(t, populated, filepath.Join(scratch, "resources", "test"))
			cmd := exec.Command("go", "test", "-vet=off", "-count=1", "-v", "-run", "^(TestStreams|TestExpectations)$",
				"-skip", mode.skip, "./esdb")
			cmd.Dir = scratch
			cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off",
				"EVENTSTORE_INSECURE="+fmt.Sprint(!mode.secure),
				"KURRENTTEST_EMPTY="+empty.Node(0).Address(), "KURRENTTEST_POPULATED="+populated.Node(0).Address())
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			passed, skipped := strings.Count(string(out), "--- PASS"), strings.Count(string(out), "--- SKIP")
			t.Logf("%d passed, %d left out by themselves", passed, skipped)
			if passed < mode.want {
				t.Errorf("only %d tests passed, %d expected:\n%s", passed, mode.want, out)
			}
		})
	}
}

// copyOfClient copies the files that the client's tests need from the module cache, with our helper instead of
// theirs.
func copyOfClient(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", clientModule).Output()
	if err != nil {
		t.Fatalf("where is %s: %v", clientModule, err)
	}
	from, to := strings.TrimSpace(string(out)), t.TempDir()
	for _, name := range []string{"esdb", "protos", "resources", "go.mod", "go.sum"} {
		source := filepath.Join(from, name)
		info, err := os.Stat(source)
		if err != nil {
			t.Fatal(err)
		}
		if info.IsDir() {
			err = os.CopyFS(filepath.Join(to, name), os.DirFS(source))
		} else {
			err = copyFile(source, filepath.Join(to, name))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	helper := filepath.Join(to, "esdb", "containers_test.go")
	if err := os.Remove(helper); err != nil {
		t.Fatal(err)
	}
	if err := copyFile(filepath.Join("testdata", "clientsuite", "containers_test.go"), helper); err != nil {
		t.Fatal(err)
	}
	return to
}

// certify writes the certificates to the paths that the client's tests use.
func certify(t *testing.T, scratch string, s *Cluster) {
	t.Helper()
	if !s.config.TLS {
		return
	}
	stranger := Start(t, ClusterConfig{TLS: true})
	for name, pem := range map[string][]byte{
		"node/node.crt": s.CertificatePEM(), "untrusted-ca/ca.crt": stranger.CertificatePEM()} {
		path := filepath.Join(scratch, "certs", name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, pem, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

func copyFile(from, to string) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, b, 0o644)
}

// fixture is an event in the form of the client's files of expected results.
type fixture struct {
	Event struct {
		StreamID       string
		StreamRevision struct{ Value uint64 }
		EventID        uuid.UUID
		EventType      string
		EventData      []int
		UserMetadata   []int
		ContentType    string
		Position       struct{ Commit uint64 }
		Created        struct{ Seconds, Nanos int64 }
	}
}

// firstFree is the position up to which the files have all of $all without gaps.
const firstFree = 3386

// populate puts the events of the files into the server at their positions, and invented events into the gaps. The
// client's tests expect a database of 20 MB; the files have only the parts that the tests check.
func populate(t *testing.T, s *Cluster, files string) {
	t.Helper()
	known := map[string]map[uint64]*record{}
	add := func(r *record) {
		if known[r.stream] == nil {
			known[r.stream] = map[uint64]*record{}
		}
		known[r.stream][r.revision] = r
	}
	for _, name := range []string{"all-e0-e10", "all-c1788-p1788", "all-back-c3386-p3386", "all-back-e0-e10",
		"dataset20M-1800-e0-e10", "dataset20M-1800-e1999-e1990"} {
		var list []fixture
		readJSON(t, filepath.Join(files, name+".json"), &list)
		for _, f := range list {
			e := f.Event
			add(&record{stream: e.StreamID, revision: e.StreamRevision.Value, position: e.Position.Commit,
				at: time.Unix(e.Created.Seconds, e.Created.Nanos), proposed: proposed{id: e.EventID, kind: e.EventType,
					contentType: e.ContentType, data: octets(e.EventData), metadata: octets(e.UserMetadata)}})
		}
	}
	var revisions []uint64
	var positions []struct{ Commit uint64 }
	readJSON(t, filepath.Join(files, "all-versions-filtered-stream-194-e0-e30.json"), &revisions)
	readJSON(t, filepath.Join(files, "all-positions-filtered-stream-194-e0-e30.json"), &positions)
	for i, revision := range revisions {
		r := invented("dataset20M-1800", revision, positions[i].Commit)
		if i < 10 {
			r.stream = "dataset20M-0"
		}
		r.kind = "eventType-194"
		add(r)
	}
	used := map[uint64]bool{}
	for _, of := range known {
		for _, r := range of {
			used[r.position] = true
		}
	}
	var all []*record
	for name, of := range known {
		count := uint64(0)
		for revision := range of {
			count = max(count, revision+1)
		}
		if name == "dataset20M-0" {
			count = 6000
		}
		all = append(all, complete(name, of, count, used)...)
	}
	slices.SortFunc(all, func(a, b *record) int { return cmp.Compare(a.position, b.position) })
	j := s.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	j.all, j.streams = all, map[string]*stream{}
	for _, r := range all {
		of := j.stream(r.stream)
		of.records = append(of.records, r)
		j.streams[r.stream] = of
	}
}

// complete returns the events of a stream, with invented events between the known ones.
func complete(name string, known map[uint64]*record, count uint64, used map[uint64]bool) []*record {
	out := make([]*record, count)
	position := uint64(0)
	for revision := range count {
		r := known[revision]
		if r == nil {
			next, steps := uint64(11_600_000), count-revision+1
			for later := revision + 1; later < count; later++ {
				if known[later] != nil {
					next, steps = known[later].position, later-revision+1
					break
				}
			}
			from := max(position, firstFree)
			at := from + (next-from)/steps
			for used[at] {
				at++
			}
			used[at] = true
			r = invented(name, revision, at)
		}
		out[revision], position = r, r.position
	}
	return out
}

func invented(name string, revision, position uint64) *record {
	return &record{stream: name, revision: revision, position: position, at: time.Unix(1578852900, 0),
		proposed: proposed{
			id: uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "%s/%d", name, revision)), kind: "filler",
			contentType: contentJSON, data: []byte("{}")}}
}

func octets(numbers []int) []byte {
	out := make([]byte, len(numbers))
	for i, n := range numbers {
		out[i] = byte(n)
	}
	return out
}

func readJSON(t *testing.T, name string, into any) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}
