//go:build e2e

package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/taizhang/taizhang/services/listen"
	"github.com/taizhang/taizhang/services/listen/listentest"
)

func TestTheDemoComesItsCallsWorkAndNothingIsLeft(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	p := exec.Command("taizhang", "serve", "--demo", "--listen", "127.0.0.1:0", "--nats-listen", "127.0.0.1:0",
		"--lang", "en")
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errOut bytes.Buffer
	p.Stderr = &errOut
	begun := time.Now()
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Process.Kill() }()
	late := time.AfterFunc(serveWait, func() { _ = p.Process.Kill() })
	var calls [][]string
	var watch string
	var records []string
	var address, password string
	roles, passwords := 0, 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if call := regexp.MustCompile(`^  curl -s -H 'Authorization: (.+)' '(.+)'$`).FindStringSubmatch(
			lines.Text()); call != nil {
			calls = append(calls, call[1:])
		}
		if regexp.MustCompile(`^  [a-z]+ +tz_`).MatchString(lines.Text()) {
			roles++
		}
		if in := regexp.MustCompile(`^Open in a browser:  (http://.+)/login$`).FindStringSubmatch(
			lines.Text()); in != nil {
			address = in[1]
		}
		if account := regexp.MustCompile(`^  ([a-z]+) +([2-9a-z]{4}(?:-[2-9a-z]{4}){3}) `).FindStringSubmatch(
			lines.Text()); account != nil {
			if passwords++; account[1] == "sysadmin" {
				password = account[2]
			}
		}
		switch verb := strings.TrimSpace(lines.Text()); {
		case strings.HasPrefix(verb, "taizhang alerts watch "):
			watch = verb
		case strings.HasPrefix(verb, "taizhang record "):
			records = append(records, verb)
		}
		if strings.HasPrefix(lines.Text(), "Serving on ") {
			break
		}
	}
	t.Logf("the demo serves after %v", time.Since(begun).Round(time.Millisecond))
	if !late.Stop() || len(calls) != 3 || roles != 9 || passwords != 9 {
		t.Fatalf("%d calls, tokens of %d roles, passwords of %d\n%s", len(calls), roles, passwords, &errOut)
	}
	for _, call := range calls {
		if status, body := get(t, http.DefaultClient, call[1], "Authorization", call[0]); status != http.StatusOK ||
			len(body) < 200 {
			t.Errorf("%s: got %d %s", call[1], status, body)
		}
	}
	b := newBrowser(t, address)
	if body := b.signIn(http.StatusOK, "sysadmin", password, ""); !strings.Contains(body, `"needs":[]`) {
		t.Errorf("got %s", body)
	}
	b.mustPost(http.StatusOK, "/v1/accounts/auditor/disable", nil) // an act, with no second factor
	watchAnAlertComeAndGo(t, watch, records)
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(); err != nil {
		t.Errorf("%v: %s", err, &errOut)
	}
	if left, err := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "*")); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// watchAnAlertComeAndGo runs the commands that the demo prints: the consumer, and then the records.
func watchAnAlertComeAndGo(t *testing.T, watch string, records []string) {
	t.Helper()
	consumer := exec.Command("sh", "-c", "exec "+watch)
	consumer.Env = append(os.Environ(), "HOME="+t.TempDir())
	out, err := consumer.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	consumer.Stderr = &said
	if err := consumer.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(serveWait, func() { _ = consumer.Process.Kill() })
	defer late.Stop()
	lines := bufio.NewScanner(out)
	sees := func(what string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), what) {
				return
			}
		}
		t.Fatalf("%s shows no %q\n%s", watch, what, &said)
	}
	sees("  red  ")
	center := regexp.MustCompile(`--center (\S+)`).FindStringSubmatch(records[0])[1]
	for i, change := range []string{"raised", "cleared"} {
		if out, err := exec.Command("sh", "-c", records[i]).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", records[i], err, out)
		}
		sees("  " + change + "  " + center + "  AL-INC-01  DEMO-1  red  ")
	}
	if err := consumer.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := consumer.Wait(); err != nil {
		t.Errorf("%s: %v\n%s", watch, err, &said)
	}
}

func TestTheCertificateOfAServerIsReplacedWithoutARestart(t *testing.T) {
	files := t.TempDir()
	certFile, keyFile := filepath.Join(files, "cert.pem"), filepath.Join(files, "key.pem")
	listentest.NewCertificate(t, "first").Write(t, certFile, keyFile)
	p := startServe(t, t.TempDir(), "--tls-cert", certFile, "--tls-key", keyFile)
	shown := func() (string, string) {
		c, err := tls.Dial("tcp", strings.TrimPrefix(p.url, "https://"),
			&tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.ConnectionState().PeerCertificates[0].Subject.CommonName, c.ConnectionState().NegotiatedProtocol
	}
	if name, protocol := shown(); name != "first" || protocol != "h2" {
		t.Errorf("got %s over %s", name, protocol)
	}
	listentest.NewCertificate(t, "second").Write(t, certFile, keyFile)
	for deadline := time.Now().Add(serveWait); ; time.Sleep(50 * time.Millisecond) {
		if name, _ := shown(); name == "second" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the second certificate is not shown")
		}
	}
	if code := p.end(syscall.SIGTERM); code != 0 {
		t.Errorf("exit %d: %s", code, p.log)
	}
}

// TestAnotherUserOfTheMachineIsAStrangerOnTheSocket needs root, to be another user.
func TestAnotherUserOfTheMachineIsAStrangerOnTheSocket(t *testing.T) {
	dir, err := os.MkdirTemp("", "serve-stranger-") // where others may go
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	p := startServe(t, filepath.Join(dir, "data"))
	for _, name := range []string{dir, p.dir} {
		if err := os.Chmod(name, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	ask := func() (status int, err error) {
		asStranger(func() {
			c, failed := listen.DialSocket(t.Context(), p.dir)
			if failed != nil {
				err = failed
				return
			}
			defer c.Close()
			fmt.Fprintf(c, "GET /v1/centers/ZJ-0001 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
			answer, failed := http.ReadResponse(bufio.NewReader(c), nil)
			if failed != nil {
				err = failed
				return
			}
			status = answer.StatusCode
			_ = answer.Body.Close()
		})
		return status, err
	}
	if _, err := ask(); !os.IsPermission(err) && !strings.Contains(fmt.Sprint(err), "permission denied") {
		t.Errorf("expected no permission, got %v", err)
	}
	if err := os.Chmod(filepath.Join(p.dir, listen.SocketName), 0o666); err != nil {
		t.Fatal(err)
	}
	if status, err := ask(); status != http.StatusForbidden || err != nil {
		t.Errorf("expected 403, got %d, %v", status, err)
	}
	if code := p.end(syscall.SIGTERM); code != 0 {
		t.Errorf("exit %d", code)
	}
}

// The test waits for the maximum time of a header.
func TestTheLimitsOnHeaders(t *testing.T) {
	p := startServe(t, t.TempDir())
	address := strings.TrimPrefix(p.url, "http://")
	begun := time.Now() // the server may take the connection before Dial returns
	slow, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	if _, err := io.WriteString(slow, "GET /v1/me HTTP/1.1\r\nHost: localhost\r\nX-A: "); err != nil {
		t.Fatal(err)
	}
	if status, body := get(t, http.DefaultClient, p.url+"/v1/me", "X-A",
		strings.Repeat("a", headerBytesMax/2)); status != http.StatusUnauthorized {
		t.Errorf("a header of half the limit: got %d %s", status, body)
	}
	long, err := http.NewRequest(http.MethodGet, p.url+"/v1/me", nil)
	if err != nil {
		t.Fatal(err)
	}
	long.Header.Set("X-A", strings.Repeat("a", 2*headerBytesMax))
	if answer, err := http.DefaultClient.Do(long); err == nil {
		// else the connection was cut before the client had sent all
		if _ = answer.Body.Close(); answer.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("a header of twice the limit: got %d", answer.StatusCode)
		}
	}
	if err := slow.SetReadDeadline(begun.Add(serveWait)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(slow); err != nil || time.Since(begun) < headerWait {
		t.Errorf("a header that does not end was cut after %v: %v", time.Since(begun), err)
	}
	if code := p.end(syscall.SIGTERM); code != 0 {
		t.Errorf("exit %d: %s", code, p.log)
	}
}

func TestAConnectionAboveTheLimitWaitsAndTheSocketDoesNot(t *testing.T) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if limit.Cur < 2*connectionsMax { // root may have more
		limit.Cur, limit.Max = 2*connectionsMax, max(limit.Max, 2*connectionsMax)
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
			t.Fatalf("%d descriptors are needed: %v", limit.Cur, err)
		}
	}
	p := startServe(t, t.TempDir())
	address := strings.TrimPrefix(p.url, "http://")
	var open []net.Conn
	defer func() {
		for _, c := range open {
			_ = c.Close()
		}
	}()
	for i := range connectionsMax {
		from := &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(1+i%2))} // one address has at most half of them
		c, err := (&net.Dialer{LocalAddr: from, Timeout: serveWait}).Dial("tcp", address)
		if err != nil {
			t.Fatalf("after %d connections: %v", len(open), err)
		}
		open = append(open, c)
		if len(open)%64 != 0 {
			continue
		}
		if _, err := io.WriteString(c, "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
			// it is idle after that
			t.Fatal(err)
		}
		if answer, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil ||
			answer.StatusCode != http.StatusOK {
			t.Fatalf("connection %d: %v", len(open), err)
		}
	}
	if status, body := p.owner("/readyz"); status != http.StatusOK {
		t.Errorf("the owner gets %d %s", status, body)
	}
	late := make(chan error, 1)
	go func() {
		answer, err := (&http.Client{Timeout: serveWait, Transport: &http.Transport{DisableKeepAlives: true}}).Get(
			p.url + "/openapi.json")
		if err == nil {
			_ = answer.Body.Close()
		}
		late <- err
	}()
	_ = open[0].Close()
	if err := <-late; err != nil {
		t.Errorf("a connection after one was closed: %v", err)
	}
	if code := p.end(syscall.SIGTERM); code != 0 {
		t.Errorf("exit %d: %.2000s", code, p.log)
	}
}
