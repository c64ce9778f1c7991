//go:build e2e

package deploy

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// builtNATS builds the server of NATS, as a program of its own, in the version that is in taizhang.
var builtNATS = sync.OnceValues(func() (string, error) {
	binary := filepath.Join(builds, "nats-server")
	cmd := exec.Command("go", "build", "-o", binary, "github.com/nats-io/nats-server/v2")
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build nats-server: %w\n%s", err, out)
	}
	return binary, nil
})

// natsProcess is a server of NATS with a configuration of deploy/nats.
type natsProcess struct {
	t       *testing.T
	dir     string // has the configuration, accounts.conf, and what the server stores
	file    string // the name of the configuration
	address string
	env     []string
	process *os.Process
	ended   chan struct{} // closed when the process has ended
}

// newNATS copies a configuration of deploy/nats and does with it what an operator does: it names addresses and a
// directory, and turns on TLS. Files of the certificate are in tls. Edits, pairs of old and new texts, come before
// those.
func newNATS(t *testing.T, file, address, tls, accounts string, edits ...string) *natsProcess {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("nats", file))
	if err != nil {
		t.Fatal(err)
	}
	p := &natsProcess{t: t, dir: t.TempDir(), file: file, address: address}
	edits = append(edits, "/var/lib/nats", filepath.Join(p.dir, "store"), "/etc/nats", tls, "#tls", "tls",
		"127.0.0.1:4222", address, "0.0.0.0:4222", address)
	p.write(file, strings.NewReplacer(edits...).Replace(string(content)))
	p.write("accounts.conf", accounts)
	return p
}

func (p *natsProcess) write(name, content string) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(content), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// start starts the server until the end of the test.
func (p *natsProcess) start() {
	p.t.Helper()
	binary, err := builtNATS()
	if err != nil {
		p.t.Fatal(err)
	}
	log, err := os.Create(p.logFile())
	if err != nil {
		p.t.Fatal(err)
	}
	cmd := exec.Command(binary, "--config", filepath.Join(p.dir, p.file))
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), p.env...), log, log
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.process, p.ended = cmd.Process, make(chan struct{})
	ended := p.ended
	go func() { _ = cmd.Wait(); close(ended) }()
	p.t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		<-ended
		_ = log.Close()
		if p.t.Failed() {
			p.t.Logf("log of the NATS server %s:\n%s", p.address, p.log())
		}
	})
	await(p.t, "the NATS server accepts connections", func() bool {
		select {
		case <-ended:
			p.t.Fatal("the NATS server ended")
		default:
		}
		c, err := net.Dial("tcp", p.address)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
}

func (p *natsProcess) logFile() string { return filepath.Join(p.dir, "server.log") }

func (p *natsProcess) log() string {
	p.t.Helper()
	content, err := os.ReadFile(p.logFile())
	if err != nil {
		p.t.Fatal(err)
	}
	return string(content)
}

// admit writes accounts and reloads the server twice, as the configuration says.
func (p *natsProcess) admit(accounts string) {
	p.t.Helper()
	p.write("accounts.conf", accounts)
	for times := range 2 {
		if err := p.process.Signal(syscall.SIGHUP); err != nil {
			p.t.Fatal(err)
		}
		await(p.t, "the server has reloaded", func() bool { // two signals that come together are one
			return strings.Count(p.log(), "Reloaded server configuration") > times
		})
	}
}

// freeAddress returns an address of loopback on which nobody listens, for a server that starts later or again. The
// system assigns higher ports to programs that ask for any port, so no such program takes this one.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", 20000+mathrand.IntN(12000))
		if l, err := net.Listen("tcp", address); err == nil {
			_ = l.Close()
			return address
		}
	}
	t.Fatal("of 100 ports none is free")
	return ""
}

// writeCertificate writes tls.crt, tls.key and ca.crt of servers on loopback into a directory.
func writeCertificate(t *testing.T, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "loopback"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(90 * 24 * time.Hour), IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"tls.crt": {Type: "CERTIFICATE", Bytes: certificate},
		"ca.crt": {Type: "CERTIFICATE", Bytes: certificate}, "tls.key": {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// newProvince makes the ledger of a few simulated centers.
func newProvince(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	history := filepath.Join(dir, "history.jsonl")
	if err := os.WriteFile(history, []byte(run(t, "simulate", "--seed", "7", "--centers", "5", "--from", "2025-01-01",
		"--to", "2026-10-31")), 0o600); err != nil {
		t.Fatal(err)
	}
	ledger := filepath.Join(dir, "ledger")
	run(t, "--data", ledger, "import", history)
	return ledger
}

// published waits until the feed of a ledger has published everything.
func published(t *testing.T, dir string) {
	t.Helper()
	await(t, "the feed has published everything", func() bool {
		var s struct {
			State  string
			Behind uint64
			At     *struct{}
		}
		if err := json.Unmarshal([]byte(run(t, "--data", dir, "--output", "json", "feed", "status")), &s); err != nil {
			t.Fatal(err)
		}
		return s.State == "publishing" && s.Behind == 0 && s.At != nil
	})
}

// checkBoard compares the alerts that a program reads from NATS with those of the ledger.
func checkBoard(t *testing.T, dir, url, seed string) {
	t.Helper()
	board := run(t, "alerts", "board", "--nats", url, "--nkey", seed, "--output", "csv")
	var want strings.Builder
	for line := range strings.Lines(run(t, "--data", dir, "alerts", "--output", "csv")) {
		want.WriteString(line[:strings.LastIndexByte(line, ',')] + "\n") // without the name of the center
	}
	if board != want.String() || strings.Count(board, "\n") < 5 {
		t.Errorf("the board shows\n%s, the ledger has\n%s", board, want.String())
	}
}

// watcher is a running `alerts watch`.
type watcher struct{ out string } // the path of what it printed

// watch starts `alerts watch` with a state of its own until the end of the test.
func watch(t *testing.T, url, seed string) *watcher {
	t.Helper()
	w := &watcher{filepath.Join(t.TempDir(), "out")}
	out, err := os.Create(w.out)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(taizhang(t), "--lang", "en", "alerts", "watch", "--nats", url, "--nkey", seed)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = out.Close()
		if content, _ := os.ReadFile(w.out); t.Failed() {
			t.Logf("alerts watch printed\n%s", content)
		}
	})
	return w
}

// shows waits until the watcher has printed a text.
func (w *watcher) shows(t *testing.T, text string) {
	t.Helper()
	await(t, "alerts watch prints "+text, func() bool {
		content, err := os.ReadFile(w.out)
		return err == nil && bytes.Contains(content, []byte(text))
	})
}

// recordIncident records a major incident, which raises AL-INC-01.
func recordIncident(t *testing.T, dir, name string) {
	t.Helper()
	run(t, "--data", dir, "record", "incident.recorded", "--center", "ZJ-0001", "--on", "2026-11-01", "--role",
		"st-office", "--actor", "li", "--data",
		fmt.Sprintf(`{"incident":%q,"kind":"safety","severity":"major"}`, name))
}

func TestTheFeedIsAtAServerOfItsOwn(t *testing.T) {
	dir, keys := newProvince(t), t.TempDir()
	writeCertificate(t, keys)
	t.Setenv("SSL_CERT_FILE", filepath.Join(keys, "ca.crt")) // for the programs that the test starts
	office, screen, publisher := filepath.Join(keys, "office.nk"), filepath.Join(keys, "screen.nk"),
		filepath.Join(keys, "publisher.nk")
	run(t, "--data", dir, "nats", "user", "add", "office", "--nkey", office)
	address := freeAddress(t)
	url := "tls://" + address
	n := newNATS(t, "nats-server.conf", address, keys,
		run(t, "--data", dir, "nats", "config", "--new-nkey", publisher))
	n.start()
	serve(t, dir, "--nats-listen", "off", "--nats", url, "--nats-nkey", publisher)
	published(t, dir)
	checkBoard(t, dir, url, office)
	w := watch(t, url, office)
	w.shows(t, "what follows is new")
	recordIncident(t, dir, "I-1")
	w.shows(t, "raised  ZJ-0001  AL-INC-01  I-1")

	run(t, "--data", dir, "nats", "user", "add", "screen", "--severity", "red", "--nkey", screen)
	run(t, "--data", dir, "nats", "user", "revoke", "office")
	if _, err := tryBoard(t, url, screen); err == nil {
		t.Error("a user reads before the server has its account")
	}
	n.admit(run(t, "--data", dir, "nats", "config", "--nats-nkey", publisher))
	await(t, "the new user reads", func() bool {
		board, err := tryBoard(t, url, screen)
		return err == nil && strings.Contains(board, "AL-INC-01,I-1,red") && !strings.Contains(board, ",yellow,")
	})
	if out, err := tryBoard(t, url, office); err == nil {
		t.Errorf("a revoked user reads\n%s", out)
	}
}

// tryBoard runs `alerts board`, for a few seconds at most.
func tryBoard(t *testing.T, url, seed string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), taizhang(t), "alerts", "board", "--nats", url, "--nkey", seed, "--output",
		"csv")
	late := time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Signal(os.Interrupt) })
	defer late.Stop()
	out, err := cmd.Output()
	return string(out), err
}

// The servers of the cluster show each other certificates. Clients connect in the clear, so that the test can run
// beside others: whom programs trust is in the environment.
func TestAClusterOfThreeServersCarriesTheFeedWhenOneIsKilled(t *testing.T) {
	t.Parallel()
	dir, keys := newProvince(t), t.TempDir()
	writeCertificate(t, keys)
	office, publisher := filepath.Join(keys, "office.nk"), filepath.Join(keys, "publisher.nk")
	run(t, "--data", dir, "nats", "user", "add", "office", "--nkey", office)
	accounts := run(t, "--data", dir, "nats", "config", "--new-nkey", publisher)
	var servers []*natsProcess
	var urls, routes, listens []string
	for range 3 {
		listen := freeAddress(t)
		listens, routes = append(listens, listen), append(routes, fmt.Sprintf("%q", "nats://"+listen))
	}
	for i := range 3 {
		n := newNATS(t, "cluster.conf", freeAddress(t), keys, accounts, "0.0.0.0:6222", listens[i],
			"\n#tls", "\n#tls") // leaves TLS of clients off
		n.env = []string{fmt.Sprintf("NATS_NAME=nats-%d", i+1), "NATS_ROUTES=[" + strings.Join(routes, ", ") + "]"}
		n.start()
		servers, urls = append(servers, n), append(urls, "nats://"+n.address)
	}
	url := strings.Join(urls, ",")
	js := publisherAt(t, url, publisher)
	await(t, "the cluster has a leader", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		_, err := js.AccountInfo(ctx)
		return err == nil
	})
	serve(t, dir, "--nats-listen", "off", "--nats", url, "--nats-nkey", publisher)
	published(t, dir)
	leader := replicate(t, js)
	w := watch(t, url, office)
	w.shows(t, "what follows is new")
	if err := servers[leader].process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-servers[leader].ended
	recordIncident(t, dir, "I-2")
	w.shows(t, "raised  ZJ-0001  AL-INC-01  I-2")
	servers[leader].start()
	recordIncident(t, dir, "I-3")
	w.shows(t, "raised  ZJ-0001  AL-INC-01  I-3")
}

// A failed `nats config > accounts.conf` leaves an empty file. A server without accounts would admit everybody.
func TestANATSServerWithoutAccountsDoesNotStart(t *testing.T) {
	binary, err := builtNATS()
	if err != nil {
		t.Fatal(err)
	}
	keys, dir := t.TempDir(), newProvince(t)
	writeCertificate(t, keys)
	run(t, "--data", dir, "nats", "user", "add", "office", "--nkey", filepath.Join(keys, "office.nk"))
	accounts := run(t, "--data", dir, "nats", "config", "--new-nkey", filepath.Join(keys, "publisher.nk"))
	for _, file := range []string{"nats-server.conf", "cluster.conf"} {
		n := newNATS(t, file, "127.0.0.1:4222", keys, accounts)
		check := func() ([]byte, error) {
			cmd := exec.Command(binary, "-t", "--config", filepath.Join(n.dir, file))
			cmd.Env = append(os.Environ(), "NATS_NAME=nats-1", `NATS_ROUTES=["nats://nats-2:6222"]`)
			return cmd.CombinedOutput()
		}
		if out, err := check(); err != nil {
			t.Errorf("%s: %v\n%s", file, err, out)
		}
		n.write("accounts.conf", "")
		if out, err := check(); err == nil {
			t.Errorf("%s is accepted without accounts: %s", file, out)
		}
	}
}

// publisherAt connects with the key of the publisher.
func publisherAt(t *testing.T, url, seed string) jetstream.JetStream {
	t.Helper()
	key, err := nats.NkeyOptionFromSeed(seed)
	if err != nil {
		t.Fatal(err)
	}
	nc, err := nats.Connect(url, key)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

// replicate gives the stream three copies, as cluster.conf tells the operator to, and returns the number of the server
// that leads it.
func replicate(t *testing.T, js jetstream.JetStream) (leader int) {
	t.Helper()
	stream, err := js.Stream(t.Context(), "TAIZHANG_ALERTS")
	if err != nil {
		t.Fatal(err)
	}
	config := stream.CachedInfo().Config
	config.Replicas = 3
	if _, err = js.UpdateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	isCurrent := func(c *jetstream.ClusterInfo) bool {
		return c != nil && c.Leader != "" && len(c.Replicas) == 2 && c.Replicas[0].Current && c.Replicas[1].Current
	}
	await(t, "all three copies of the stream and of its consumer are current", func() bool {
		info, err := stream.Info(t.Context())
		if err != nil || !isCurrent(info.Cluster) {
			return false
		}
		consumer, err := stream.Consumer(t.Context(), "office")
		if err != nil || !isCurrent(consumer.CachedInfo().Cluster) {
			return false
		}
		_, err = fmt.Sscanf(info.Cluster.Leader, "nats-%d", &leader)
		return err == nil
	})
	return leader - 1
}
