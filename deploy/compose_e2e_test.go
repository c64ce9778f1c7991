//go:build e2e

package deploy

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestTheNATSServersOfComposeCarryTheFeed starts the three servers as compose.cluster.yaml does, with the files that
// it mounts and those that secrets.sh makes, and has a ledger publish to them.
func TestTheNATSServersOfComposeCarryTheFeed(t *testing.T) {
	dir, made := filepath.Join(t.TempDir(), "ledger"), secrets(t)
	run(t, "--data", dir, "account", "add", "li", "--role", "secadmin")
	seed := filepath.Join(made, "publisher.nk")
	accounts := run(t, "--data", dir, "nats", "config", "--new-nkey", seed)
	project := mustLoadCompose(t, composed[1].files...)
	var urls []string
	var healthy []string // the addresses that the health checks ask
	var routes []string  // a name in the network of the servers, and the address that stands for it
	for i := range 3 {
		routes = append(routes, fmt.Sprintf("nats-%d:6222", i+1), freeAddress(t))
	}
	for i := range 3 {
		s := project.Services[fmt.Sprintf("nats-%d", i+1)]
		p := &natsProcess{t: t, dir: t.TempDir(), address: freeAddress(t)}
		monitor := freeAddress(t)
		here := strings.NewReplacer("0.0.0.0:4222", p.address, "127.0.0.1:8222", monitor,
			"0.0.0.0:6222", routes[2*i+1], "/var/lib/nats", filepath.Join(p.dir, "store"), "/run/nats",
			filepath.Join(made, "nats"), "/run/secrets", made)
		for _, v := range s.Volumes {
			if v.Type != "bind" || v.Target == "/run/nats" {
				continue
			}
			content := []byte(accounts)
			if name := filepath.Base(v.Target); name != "accounts.conf" {
				var err error
				if content, err = os.ReadFile(v.Source); err != nil {
					t.Fatal(err)
				}
			}
			p.write(filepath.Base(v.Target), here.Replace(string(content)))
		}
		if len(s.Command) != 3 || s.Command[0] != "nats-server" || s.Command[1] != "--config" {
			t.Fatalf("the command is %q", s.Command)
		}
		p.file = filepath.Base(s.Command[2])
		for name, value := range s.Environment {
			p.env = append(p.env, name+"="+strings.NewReplacer(routes...).Replace(*value))
		}
		p.start()
		urls = append(urls, "tls://"+p.address)
		healthy = append(healthy, here.Replace(s.HealthCheck.Test[len(s.HealthCheck.Test)-1]))
	}
	for _, url := range healthy {
		await(t, url+" answers", func() bool {
			answer, err := http.Get(url)
			if err != nil {
				return false
			}
			_ = answer.Body.Close()
			return answer.StatusCode == http.StatusOK
		})
	}
	for i := 1; i < len(routes); i += 2 {
		for file, want := range map[string]bool{"": false, "tls/tls": false, "nats/nats": true} {
			if got := admitsRoute(t, routes[i], made, file); got != want {
				t.Errorf("who shows the certificate %q is taken for a server of the cluster: %v", file, got)
			}
		}
	}
	t.Setenv("SSL_CERT_FILE", filepath.Join(made, "ca.crt"))
	serve(t, dir, "--nats-listen", "off", "--nats", strings.Join(urls, ","), "--nats-nkey", seed)
	published(t, dir)
}

// admitsRoute reports whether a NATS server takes who connects for another server of its cluster. file is the path of
// a certificate to show, below the directory of secrets and without .crt and .key, or "".
func admitsRoute(t *testing.T, address, made, file string) bool {
	t.Helper()
	authority, err := os.ReadFile(filepath.Join(made, "ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{RootCAs: x509.NewCertPool()}
	config.RootCAs.AppendCertsFromPEM(authority)
	if file != "" {
		pair, err := tls.LoadX509KeyPair(filepath.Join(made, file+".crt"), filepath.Join(made, file+".key"))
		if err != nil {
			t.Fatal(err)
		}
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	}
	// The server talks first. With TLS 1.3 it refuses a certificate after the client's part of the handshake.
	connection, err := tls.DialWithDialer(&net.Dialer{Timeout: startWait}, "tcp", address, config)
	if err != nil {
		t.Fatalf("the route %s has no TLS: %v", address, err)
	}
	defer connection.Close()
	if err := connection.SetReadDeadline(time.Now().Add(startWait)); err != nil {
		t.Fatal(err)
	}
	word := make([]byte, len("INFO "))
	_, err = io.ReadFull(connection, word)
	return err == nil && string(word) == "INFO "
}
