package listen

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/listen/listentest"
)

// shown returns the name in the certificate of a server.
func shown(t *testing.T, address string) string {
	t.Helper()
	c, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0].Subject.CommonName
}

func TestACertificateIsLoadedAgainAndABrokenPairLeavesTheOneBefore(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	listentest.NewCertificate(t, "first").Write(t, certFile, keyFile)
	core, logged := observer.New(zapcore.InfoLevel)
	c, err := LoadCertificate(certFile, keyFile, zap.New(core))
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", c.Config())
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = conn.(*tls.Conn).Handshake() // a client that goes away is its own
			_ = conn.Close()
		}
	}()
	defer func() { _ = l.Close(); <-served }()
	expect := func(name string) {
		t.Helper()
		c.mu.Lock()
		c.looked = time.Time{} // long ago: the next handshake looks again
		c.mu.Unlock()
		if got := shown(t, l.Addr().String()); got != name {
			t.Errorf("the certificate of %s is shown, expected %s", got, name)
		}
	}
	expect("first")
	// a certificate without its key
	listentest.NewCertificate(t, "broken").Write(t, certFile, filepath.Join(dir, "other.pem"))
	expect("first")
	expect("first")
	if n := logged.FilterLevelExact(zapcore.ErrorLevel).Len(); n != 1 {
		t.Errorf("the broken pair was reported %d times", n)
	}
	before := c.End()
	listentest.NewCertificate(t, "second").Write(t, certFile, keyFile)
	expect("second")
	if end := c.End(); end != c.current.Load().Leaf.NotAfter || end.Before(before) {
		t.Errorf("it ends at %v", end)
	}
}

func TestAKeyThatOthersCanReadIsRefused(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	listentest.NewCertificate(t, "first").Write(t, certFile, keyFile)
	if err := os.Chmod(keyFile, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadCertificate(certFile, keyFile, zap.NewNop()); text.CodeOf(err) != text.Forbidden {
		t.Errorf("got %v", err)
	}
}

func TestOnlyAFileOfRootMayBeReadByItsGroup(t *testing.T) {
	const self, another = 1000, 1001
	for _, c := range []struct {
		what        string
		mode        os.FileMode
		owner, user uint32
		private     bool
	}{
		{"one's own", 0o600, self, self, true},
		{"one's own, only to be read", 0o400, self, self, true},
		{"one's own that the group may read", 0o640, self, self, false},
		{"another's that the group may read", 0o640, another, self, false},
		{"one of root that the group may read", 0o640, 0, self, true},
		{"one of root that the group may only read", 0o440, 0, self, true},
		{"one of root that the group may write", 0o660, 0, self, false},
		{"one of root that the group may run", 0o650, 0, self, false},
		{"one of root that everybody may read", 0o444, 0, self, false},
		{"one of root that the group may read, asked by root", 0o640, 0, 0, false},
	} {
		if got := isPrivate(c.mode, c.owner, c.user); got != c.private {
			t.Errorf("a file, %s (mode %04o), is private: %v", c.what, c.mode, got)
		}
	}
}
