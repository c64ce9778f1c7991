package consumer_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/services/alertfeed/consumer"
)

// certificate returns one for 127.0.0.1 and the path of what trusts it.
func certificate(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, path
}

func TestAWatchOverTLSTrustsWhatItIsTold(t *testing.T) {
	t.Parallel()
	cert, ca := certificate(t)
	f := newFeedWith(t, &tls.Config{Certificates: []tls.Certificate{cert}})
	f.say("A", raised, at(1, 1))
	w := f.watch(func(w *consumer.Watch) { w.CA = ca })
	w.sees("raised A")
	f.read()
	w.finish("raised A")
	for _, trusts := range []string{"", f.nkey} {
		w := consumer.Watch{Connection: f.connection(), State: f.nkey + ".state", Do: func(context.Context, *consumer.Event) error { return nil }}
		w.CA, w.Patience = trusts, 100*time.Millisecond
		if err := w.Run(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "tls-ca: ") {
			t.Errorf("trusting %q: %v", trusts, err)
		}
	}
}
