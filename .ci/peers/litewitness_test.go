package peers

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	"golang.org/x/mod/sumdb/tlog"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/taizhang/taizhang/services/listen/listentest"
	"github.com/taizhang/taizhang/services/seal"
)

// witness is a running litewitness.
type witness struct {
	key seal.Key
	url string
	db  string
}

// startWitness starts a litewitness of torchwood, with its key in an ssh-agent.
func startWitness(t *testing.T, name string) witness {
	t.Helper()
	dir := t.TempDir()
	run(t, ".", "go", "build", "-o", dir, "filippo.io/torchwood/cmd/litewitness")
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	socket := startAgent(t, dir, private)
	sshKey, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	w := witness{seal.Key{Name: name, Type: seal.WitnessKey, Public: public}, "http://" + listentest.FreeAddress(t),
		filepath.Join(dir, "litewitness.db")}
	c := exec.CommandContext(t.Context(), filepath.Join(dir, "litewitness"), "-name", name, "-db", w.db,
		"-ssh-agent", socket, "-key", ssh.FingerprintSHA256(sshKey), "-listen", strings.TrimPrefix(w.url, "http://"))
	says, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	lines := bufio.NewScanner(says)
	for isKey := false; lines.Scan(); {
		isKey = isKey || strings.Contains(lines.Text(), w.key.String())
		if strings.Contains(lines.Text(), "msg=listening") {
			if !isKey {
				t.Fatalf("the witness has another key than %s", w.key)
			}
			go io.Copy(io.Discard, says)
			w.await(t)
			return w
		}
		t.Log(lines.Text())
	}
	t.Fatal("litewitness does not listen")
	return w
}

// await waits until the witness answers.
func (w witness) await(t *testing.T) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range 500 {
		if resp, err := http.Get(w.url); err == nil {
			resp.Body.Close()
			return
		}
		<-tick.C
	}
	t.Fatal("litewitness does not answer")
}

// startAgent starts an ssh-agent with a key and returns its socket.
func startAgent(t *testing.T, dir string, key ed25519.PrivateKey) string {
	t.Helper()
	socket := filepath.Join(dir, "agent")
	c := exec.CommandContext(t.Context(), "ssh-agent", "-D", "-a", socket)
	says, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	if lines := bufio.NewScanner(says); !lines.Scan() || !strings.Contains(lines.Text(), socket) {
		t.Fatalf("ssh-agent says %q", lines.Text())
	}
	go io.Copy(io.Discard, says)
	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := agent.NewClient(conn).Add(agent.AddedKey{PrivateKey: key}); err != nil {
		t.Fatal(err)
	}
	return socket
}

// trust enters a log into the database of the witness, as its program witnessctl does.
func (w witness) trust(t *testing.T, log seal.Key) {
	t.Helper()
	db, err := sqlite.OpenConn(w.db, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	empty, err := tlog.TreeHash(0, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		into string
		args []any
	}{{"INSERT INTO log (origin, tree_size, tree_hash) VALUES (?, 0, ?)", []any{log.Name, empty.String()}},
		{"INSERT INTO key (origin, key) VALUES (?, ?)", []any{log.Name, log.String()}}} {
		if err := sqlitex.Execute(db, row.into, &sqlitex.ExecOptions{Args: row.args}); err != nil {
			t.Fatal(err)
		}
	}
}

// ask sends a request, and returns the status and the body of the answer.
func (w witness) ask(t *testing.T, request []byte) (int, string) {
	t.Helper()
	resp, err := http.Post(w.url+"/add-checkpoint", "text/plain", bytes.NewReader(request))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func TestLitewitnessCosignsWhatContinues(t *testing.T) {
	w := startWitness(t, "audit.example/w1")
	key := newSigner(t, origin, seal.LogKey)
	l, fork := newLog(t, key, 310, 0), newLog(t, key, 310, 200)
	if status, body := w.ask(t, l.request(t, 0, 257).Bytes()); status != http.StatusNotFound {
		t.Errorf("a log that it does not know: %d %s", status, body)
	}
	w.trust(t, l.by.Key)
	for _, sizes := range [][2]uint64{{0, 257}, {257, 257}, {257, 300}} {
		r := l.request(t, sizes[0], sizes[1])
		status, body := w.ask(t, r.Bytes())
		line, err := seal.ParseLine(strings.TrimSuffix(body, "\n"))
		if status != http.StatusOK || err != nil {
			t.Fatalf("%v: %d %q, %v", sizes, status, body, err)
		}
		s := r.Checkpoint
		s.Add(line)
		if at, err := s.CosignedBy(w.key); err != nil || time.Since(at).Abs() > time.Minute {
			t.Errorf("%v: cosigned at %v, %v", sizes, at, err)
		}
		s.Size++
		if _, err := s.CosignedBy(w.key); err == nil {
			t.Errorf("%v: the cosignature is of another checkpoint too", sizes)
		}
	}

	edit := func(r *seal.Request, change func(r *seal.Request)) []byte { change(r); return r.Bytes() }
	for name, c := range map[string]struct {
		request []byte
		status  int
		body    string
	}{
		"it knows a larger tree": {l.request(t, 257, 310).Bytes(), http.StatusConflict, "300\n"},
		"an older checkpoint":    {l.request(t, 0, 257).Bytes(), http.StatusConflict, "300\n"},
		"a fork":                 {fork.request(t, 300, 310).Bytes(), http.StatusUnprocessableEntity, ""},
		"a fork of that size":    {fork.request(t, 300, 300).Bytes(), http.StatusUnprocessableEntity, ""},
		"another proof": {edit(l.request(t, 300, 310), func(r *seal.Request) { r.Proof[0][9] ^= 1 }),
			http.StatusUnprocessableEntity, ""},
		"another root": {edit(l.request(t, 300, 310), func(r *seal.Request) { r.Checkpoint.Root[9] ^= 1 }),
			http.StatusForbidden, ""},
		"another size": {edit(l.request(t, 300, 310), func(r *seal.Request) { r.Checkpoint.Size++ }),
			http.StatusForbidden, ""},
		"another signature": {edit(l.request(t, 300, 310),
			func(r *seal.Request) { r.Checkpoint.Lines[0].Signature[9] ^= 1 }), http.StatusForbidden, ""},
		"a size above that of the checkpoint": {edit(l.request(t, 300, 310), func(r *seal.Request) { r.Old = 311 }),
			http.StatusBadRequest, ""},
	} {
		if status, body := w.ask(t, c.request); status != c.status || c.body != "" && body != c.body {
			t.Errorf("%s: expected %d, got %d %s", name, c.status, status, body)
		}
	}
	// Nothing of that moved the witness.
	if status, body := w.ask(t, l.request(t, 300, 310).Bytes()); status != http.StatusOK {
		t.Errorf("after all that: %s", fmt.Sprint(status, body))
	}
}
