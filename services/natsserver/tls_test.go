package natsserver

import (
	"crypto/tls"
	"net"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"

	"github.com/taizhang/taizhang/services/listen/listentest"
)

func TestWithTLSAUserNeedsIt(t *testing.T) {
	cert := listentest.NewCertificate(t, "localhost")
	a, b := newReader(t, "a"), newReader(t, "b")
	s, err := Start(t.Context(), NATSConfig{Dir: t.TempDir(), Listen: "127.0.0.1:0", Users: usersOf(a),
		Log: zap.NewNop(), TLS: &tls.Config{Certificates: []tls.Certificate{cert.Certificate}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	admin, err := s.Connect()
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	w := newWorld(t, "nats://"+s.Addr(), admin, a, b)
	if err := s.SetUsers(t.Context(), usersOf(a, b)); err != nil {
		t.Fatal(err)
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, r := range []reader{a, b} {
		r.consumer(t, r.connect(t, w.url, nats.Secure(&tls.Config{RootCAs: cert.Pool})))
		if _, err := nats.Connect(w.url, nats.Nkey(r.Key, r.pair.Sign),
			nats.Secure(&tls.Config{RootCAs: cert.Pool, MaxVersion: tls.VersionTLS11})); err == nil {
			t.Error("a client of TLS 1.1 connects")
		}
		if _, err := nats.Connect(w.url, nats.Nkey(r.Key, r.pair.Sign)); err == nil {
			t.Error("a client that trusts nothing connects")
		}
	}
	raw, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = raw.Close() }()
	_ = raw.SetDeadline(time.Now().Add(time.Minute))
	if _, err := raw.Write([]byte("CONNECT {\"verbose\":true,\"nkey\":\"" + a.Key + "\"}\r\nPING\r\n")); err != nil {
		t.Fatal(err)
	}
	for buf := make([]byte, 4096); ; {
		n, err := raw.Read(buf)
		if err != nil {
			break // refused
		}
		if string(buf[:n]) == "+OK\r\n" || string(buf[:n]) == "PONG\r\n" {
			t.Fatalf("a client without TLS is answered %q", buf[:n])
		}
	}
}
