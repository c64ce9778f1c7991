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
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

// composedNATS is a NATS server of compose.cluster.yaml.
type composedNATS struct {
	*natsProcess
	route string // the address for the other servers of the cluster
}

// TestTheNATSServersOfComposeCarryTheFeed starts the three servers with the commands and files of compose.cluster.yaml
// and with the secrets that secrets.sh makes. A ledger publishes to them, and their certificate is renewed.
func TestTheNATSServersOfComposeCarryTheFeed(t *testing.T) {
	dir, made := filepath.Join(t.TempDir(), "ledger"), secrets(t)
	run(t, "--data", dir, "account", "add", "li", "--role", "secadmin")
	seed := filepath.Join(made, "publisher.nk")
	accounts := run(t, "--data", dir, "nats", "config", "--new-nkey", seed)
	project := mustLoadCompose(t, composed[1].files...)
	var urls []string
	var servers []composedNATS
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
		servers = append(servers, composedNATS{p, routes[2*i+1]})
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
	for _, p := range servers {
		for file, want := range map[string]bool{"": false, "tls/tls": false, "nats/nats": true} {
			if got := admitsRoute(t, p.route, made, file); got != want {
				t.Errorf("who shows the certificate %q is taken for a server of the cluster: %v", file, got)
			}
		}
	}
	t.Setenv("SSL_CERT_FILE", filepath.Join(made, "ca.crt"))
	serve(t, dir, "--nats-listen", "off", "--nats", strings.Join(urls, ","), "--nats-nkey", seed)
	published(t, dir)

	renew := exec.Command("compose/secrets.sh", "--renew", "ledger.example.cn")
	renew.Env = append(os.Environ(), "SECRETS="+made)
	if out, err := renew.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	renewed, err := tls.LoadX509KeyPair(filepath.Join(made, "nats/nats.crt"), filepath.Join(made, "nats/nats.key"))
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range servers {
		if err := p.process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		await(t, "the server shows programs the new certificate", func() bool {
			key, err := nats.NkeyOptionFromSeed(seed)
			if err != nil {
				t.Fatal(err)
			}
			nc, err := nats.Connect(urls[i], key, nats.RootCAs(filepath.Join(made, "ca.crt")))
			if err != nil {
				return false
			}
			defer nc.Close()
			state, err := nc.TLSConnectionState()
			return err == nil && state.PeerCertificates[0].Equal(renewed.Leaf)
		})
		await(t, "the server shows the others the new certificate", func() bool {
			route := dialRoute(t, p.route, made, "nats/nats")
			defer route.Close()
			return route.ConnectionState().PeerCertificates[0].Equal(renewed.Leaf)
		})
	}
}

// dialRoute connects to a NATS server where the others of its cluster do. file is the path of a certificate to show,
// below the directory of secrets and without .crt and .key, or "".
func dialRoute(t *testing.T, address, made, file string) *tls.Conn {
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
	connection, err := tls.DialWithDialer(&net.Dialer{Timeout: startWait}, "tcp", address, config)
	if err != nil {
		t.Fatalf("the route %s has no TLS: %v", address, err)
	}
	return connection
}

// admitsRoute reports whether a NATS server takes who connects with a certificate for another server of its cluster.
func admitsRoute(t *testing.T, address, made, file string) bool {
	t.Helper()
	route := dialRoute(t, address, made, file)
	defer route.Close()
	if err := route.SetReadDeadline(time.Now().Add(startWait)); err != nil {
		t.Fatal(err)
	}
	// The server talks first. With TLS 1.3 it refuses a certificate after the client's part of the handshake.
	word := make([]byte, len("INFO "))
	_, err := io.ReadFull(route, word)
	return err == nil && string(word) == "INFO "
}
