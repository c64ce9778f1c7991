package doctor

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/taizhang/taizhang/services/listen/listentest"
)

// until writes a certificate that is valid from an hour ago for a time, with its key.
func until(t *testing.T, from, left time.Duration, names ...string) (cert, key string) {
	t.Helper()
	pair, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ledger"},
		NotBefore: time.Now().Add(from), NotAfter: time.Now().Add(left), DNSNames: names}
	der, err := x509.CreateCertificate(rand.Reader, template, template, pair.Public(), pair)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(pair)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	return write(t, filepath.Join(dir, "tls.crt"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE",
			Bytes: der})), 0o644),
		write(t, filepath.Join(dir, "tls.key"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY",
			Bytes: secret})), 0o600)
}

func TestTheEndOfACertificateIsReportedInTime(t *testing.T) {
	const day = 24 * time.Hour
	for _, c := range []struct {
		from, left time.Duration
		state      State
		says       string
	}{
		{-day, 90 * day, OK, "is valid until"},
		{-day, 20 * day, Warning, "for 19 days"},
		{-day, 3*day + time.Hour, Wrong, "for 3 days"},
		{-2 * day, -day, Wrong, "ended on"},
		{day, 90 * day, Wrong, "of ledger is not valid before"},
	} {
		k := config(t.TempDir())
		k.Serving.TLSCert, k.Serving.TLSKey = until(t, c.from, c.left, "ledger.example.cn")
		examine(t, k, (*examination).certificates).says(Certificate, c.state, c.says)
	}
}

func TestACertificateMustFitItsKeyAndItsNames(t *testing.T) {
	c := config(t.TempDir())
	c.Serving.TLSCert, c.Serving.TLSKey = until(t, -time.Hour, 2000*time.Hour, "ledger.example.cn",
		"*.office.example.cn")
	c.Serving.Hosts = []string{"ledger.example.cn", "a.office.example.cn"}
	examine(t, c, (*examination).certificates).says(Certificate, OK, "is for every name")
	c.Serving.Listen, c.Serving.Hosts = "127.0.0.2:0", []string{"other.example.cn"}
	examine(t, c, (*examination).certificates).says(Certificate, Wrong, "is not for other.example.cn")
	c.Serving.Listen, c.Serving.Hosts = "10.0.0.1:0", nil
	examine(t, c, (*examination).certificates).says(Certificate, Wrong, "is not for 10.0.0.1")

	dir := t.TempDir()
	other := filepath.Join(dir, "other.key")
	listentest.NewCertificate(t, "other").Write(t, filepath.Join(dir, "other.crt"), other)
	c.Serving.TLSKey = other
	examine(t, c, (*examination).certificates).says(Certificate, Wrong, "are no certificate with its key")
	c.Serving.TLSKey = filepath.Join(dir, "none")
	examine(t, c, (*examination).certificates).says(Certificate, Wrong, "none: it is not there")
	c.Serving.TLSCert = write(t, filepath.Join(dir, "empty.crt"), "hello", 0o644)
	examine(t, c, (*examination).certificates).says(Certificate, Wrong, "holds no certificate in PEM")
	c.Serving.TLSCert = write(t, filepath.Join(dir, "bad.crt"),
		"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", 0o644)
	examine(t, c, (*examination).certificates).says(Certificate, Wrong, "cannot be read")
}

func TestTheCertificatesOfTheIssuerAreLookedAt(t *testing.T) {
	c := config(t.TempDir())
	ended, _ := until(t, -48*time.Hour, -24*time.Hour)
	good, _ := until(t, -48*time.Hour, 2000*time.Hour)
	soon, _ := until(t, -48*time.Hour, 24*time.Hour)
	for state, files := range map[State][]string{Wrong: {ended, ended}, Warning: {ended, good}, OK: {good, soon}} {
		var all string
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all += string(content)
		}
		c.Serving.OIDCCA = write(t, filepath.Join(c.Dir, "ca.crt"), all, 0o644)
		f := examine(t, c, (*examination).certificates).says(Certificate, state, " trusted certificate")
		if state != OK && !slices.Contains(f.Commands, "systemctl restart taizhang") {
			t.Errorf("got %q", f.Commands)
		}
	}
	c.Serving.OIDCCA = soon
	examine(t, c, (*examination).certificates).says(Certificate, Warning, "1 trusted certificates, that of ledger")
	c.Serving.OIDCCA = filepath.Join(c.Dir, "none")
	examine(t, c, (*examination).certificates).says(Certificate, Wrong, "it is not there")
}
