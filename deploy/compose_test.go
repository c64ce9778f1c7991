package deploy

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// composed are the ways in which the compose files are used, each with its services.
var composed = []struct {
	files, services []string
}{
	{[]string{"compose.yaml"}, []string{"grafana", "ledger", "prometheus"}},
	{[]string{"compose.yaml", "compose.cluster.yaml"},
		[]string{"grafana", "kurrentdb", "ledger", "nats-1", "nats-2", "nats-3", "prometheus"}},
}

// loadCompose loads compose files as `docker compose` does, with the variables of env.example and all profiles.
func loadCompose(t *testing.T, dir string, files ...string) (*types.Project, error) {
	t.Helper()
	paths := make([]string, len(files))
	for i, file := range files {
		paths[i] = filepath.Join(dir, file)
	}
	options, err := cli.NewProjectOptions(paths, cli.WithWorkingDirectory(dir), cli.WithProfiles([]string{"*"}),
		cli.WithEnvFiles(filepath.Join(dir, "env.example")), cli.WithDotEnv)
	if err != nil {
		return nil, err
	}
	return options.LoadProject(t.Context())
}

func mustLoadCompose(t *testing.T, files ...string) *types.Project {
	t.Helper()
	project, err := loadCompose(t, "compose", files...)
	if err != nil {
		t.Fatalf("%v: %v", files, err)
	}
	return project
}

// pinned matches a reference to an image of one version: three numbers, and a variant perhaps.
var pinned = regexp.MustCompile(`^[a-z][a-z0-9/.-]*:v?\d+\.\d+\.\d+(-[a-z0-9.]+)?$`)

// encrypted are the ports of the services that take connections only over TLS.
var encrypted = map[string][]uint32{"ledger": {8443, 4222}, "nats-1": {4222}}

// composeFaults returns what is wrong with a service.
func composeFaults(s types.ServiceConfig) (faults []string) {
	say := func(format string, args ...any) {
		faults = append(faults, s.Name+": "+fmt.Sprintf(format, args...))
	}
	if !pinned.MatchString(s.Image) {
		say("the image %s is not pinned to a version", s.Image)
	}
	for _, p := range s.Ports {
		ip := net.ParseIP(p.HostIP)
		if (ip == nil || !ip.IsLoopback()) && !slices.Contains(encrypted[s.Name], p.Target) {
			say("port %d is published on %q without TLS", p.Target, p.HostIP)
		}
		if ip == nil {
			say("port %d is published on every address", p.Target)
		}
	}
	if s.MemLimit == 0 || s.PidsLimit == 0 {
		say("there is no limit on memory or processes")
	}
	if s.HealthCheck == nil || len(s.HealthCheck.Test) == 0 || s.HealthCheck.Disable {
		say("there is no health check")
	}
	if s.Restart != types.RestartPolicyUnlessStopped {
		say("it is not started again")
	}
	if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || len(s.CapAdd) > 0 || s.Privileged ||
		!slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
		say("it may do more than it needs")
	}
	if s.NetworkMode != "" || s.Pid != "" || s.Ipc != "" || len(s.Devices) > 0 {
		say("it shares what is the machine's")
	}
	if s.Logging == nil || s.Logging.Options["max-size"] == "" {
		say("its log has no end")
	}
	for _, v := range s.Volumes {
		if strings.HasSuffix(v.Source, ".key") || strings.HasSuffix(v.Source, ".crt") {
			say("%s is mounted as a file, so that a renewed one is not seen", v.Source)
		}
	}
	if len(s.Networks) == 0 || s.Networks["default"] != nil {
		say("it is in the network of all")
	}
	for name := range s.Environment {
		if strings.Contains(name, "PASSWORD") && !strings.HasSuffix(name, "_FILE") {
			say("a password is in the environment: %s", name)
		}
	}
	return faults
}

func TestEveryComposeFileLoadsAndItsServicesAreConfined(t *testing.T) {
	for _, c := range composed {
		project := mustLoadCompose(t, c.files...)
		if got := slices.Sorted(maps.Keys(project.Services)); !slices.Equal(got, c.services) {
			t.Errorf("%v has the services %v", c.files, got)
		}
		for _, s := range project.Services {
			for _, fault := range composeFaults(s) {
				t.Errorf("%v: %s", c.files, fault)
			}
			if s.StopGracePeriod == nil && s.Name == "ledger" {
				t.Error("the ledger needs longer to stop than is usual")
			}
			if limit := s.Ulimits["nofile"]; s.Name == "ledger" && (limit == nil || limit.Single < 8192) {
				t.Error("the ledger may not open a file for each of its connections")
			}
		}
		for _, network := range []string{"watch", "record", "alerts"} {
			if n, ok := project.Networks[network]; ok && !n.Internal {
				t.Errorf("%v: the network %s leads outside", c.files, network)
			}
		}
	}
	content, err := os.ReadFile("compose/compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range restoreFaults(recipe(string(content)), "/data/ledger") {
		t.Error(fault)
	}
	// Only the ledger may ask KurrentDB, which asks nobody for a password.
	for name, s := range mustLoadCompose(t, composed[1].files...).Services {
		if _, in := s.Networks["record"]; in != (name == "ledger" || name == "kurrentdb") {
			t.Errorf("%s is in the network of the record: %v", name, in)
		}
	}
}

func TestTheLedgerAloneStartsByDefault(t *testing.T) {
	options, err := cli.NewProjectOptions([]string{"compose/compose.yaml"}, cli.WithWorkingDirectory("compose"),
		cli.WithEnvFiles("compose/env.example"), cli.WithDotEnv)
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := slices.Sorted(maps.Keys(project.Services)); !slices.Equal(got, []string{"ledger"}) {
		t.Errorf("by default these start: %v", got)
	}
}

// TestAnEditedComposeFileIsCaught changes one line of compose.yaml at a time.
func TestAnEditedComposeFileIsCaught(t *testing.T) {
	whole, err := os.ReadFile("compose/compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	variables, err := os.ReadFile("compose/env.example")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, want string }{
		{"read_only: true", "read_olny: true", "read_olny"},
		{"prom/prometheus:v3.5.0", "prom/prometheus:latest", "is not pinned"},
		{"prom/prometheus:v3.5.0", "prom/prometheus", "is not pinned"},
		{`["127.0.0.1:9090:9090"]`, `["9090:9090"]`, `published on ""`},
		{`["127.0.0.1:3000:3000"]`, `["192.0.2.7:3000:3000"]`, "without TLS"},
		{"mem_limit: 2g", "mem_reservation: 2g", "no limit on memory"},
		{"read_only: true", "read_only: false", "may do more"},
		{"cap_drop: [ALL]", "cap_drop: [NET_RAW]", "may do more"},
		{"no-new-privileges:true", "seccomp:unconfined", "may do more"},
		{"test: [CMD, /taizhang, feed, status]", "disable: true", "no health check"},
		{"networks: [outside, watch]", "network_mode: host", "shares what is the machine's"},
		{"networks: [outside, watch]", "networks: [outsied]", "undefined network"},
		{"GF_SECURITY_ADMIN_PASSWORD__FILE: /run/secrets/grafana-password", "GF_SECURITY_ADMIN_PASSWORD: hello",
			"in the environment"},
		{"${TAIZHANG_LEDGER:-ledger}", "ledger-2", "restores over the ledger"},
		{"--data /data/ledger-2 restore", "restore", "restores over the ledger"},
		{"secrets: [grafana-password]", "secrets: [grafana-pasword]", "undefined secret"},
		{"./secrets/tls:/run/tls:ro", "./secrets/tls/tls.key:/run/tls/tls.key:ro", "renewed one is not seen"},
	} {
		dir := t.TempDir()
		changed := strings.Replace(string(whole), c.old, c.new, 1)
		if changed == string(whole) {
			t.Fatalf("compose.yaml has no %q", c.old)
		}
		for name, content := range map[string]string{"compose.yaml": changed, "env.example": string(variables)} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		var faults []string
		project, err := loadCompose(t, dir, "compose.yaml")
		if err != nil {
			faults = []string{err.Error()}
		} else {
			for _, s := range project.Services {
				faults = append(faults, composeFaults(s)...)
			}
			faults = append(faults, restoreFaults(recipe(changed),
				*project.Services["ledger"].Environment["TAIZHANG_DATA"])...)
		}
		if !strings.Contains(strings.Join(faults, "\n"), c.want) {
			t.Errorf("%s → %s: expected %q, got %v", c.old, c.new, c.want, faults)
		}
	}
}

// TestEveryFileThatComposeMountsIsThere compares what is mounted with the repository and with what secrets.sh and the
// program make.
func TestEveryFileThatComposeMountsIsThere(t *testing.T) {
	made, base := secrets(t), absolute(t, "compose/secrets")
	taizhangNATSConfig(t, made)
	there := func(path string) bool {
		if below, err := filepath.Rel(base, path); err == nil && filepath.IsLocal(below) {
			path = filepath.Join(made, below)
		}
		_, err := os.Stat(path)
		return err == nil
	}
	for _, c := range composed {
		project := mustLoadCompose(t, c.files...)
		for _, s := range project.Services {
			for _, v := range s.Volumes {
				if v.Type == types.VolumeTypeBind && (!there(v.Source) || !v.ReadOnly) {
					t.Errorf("%s mounts %s, which is not there or not read-only", s.Name, v.Source)
				}
				if _, ok := project.Volumes[v.Source]; v.Type == types.VolumeTypeVolume && !ok {
					t.Errorf("%s mounts the volume %s, which is not there", s.Name, v.Source)
				}
			}
		}
		for name, secret := range project.Secrets {
			if !there(secret.File) {
				t.Errorf("the secret %s is of %s, which nobody makes", name, secret.File)
			}
			if strings.HasSuffix(secret.File, ".key") {
				t.Errorf("the secret %s is mounted as a file, so that a renewed one is not seen", name)
			}
		}
	}
}

// TestTheSecretsAreWhatTheContainersTake looks at the certificates, at who may read the keys, and at a second run.
func TestTheSecretsAreWhatTheContainersTake(t *testing.T) {
	made := secrets(t)
	read := func(name string) []byte {
		t.Helper()
		content, err := os.ReadFile(filepath.Join(made, name))
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	trusted := x509.NewCertPool()
	if !trusted.AppendCertsFromPEM(read("ca.crt")) {
		t.Fatal("ca.crt is no certificate")
	}
	// Programs on other machines ask the NATS servers by the names of the ledger's machine.
	for file, names := range map[string][]string{
		"tls/tls":   {"ledger.example.cn", "ledger", "localhost", "127.0.0.1"},
		"nats/nats": {"nats-1", "nats-2", "nats-3", "ledger.example.cn", "localhost", "127.0.0.1"}} {
		pair, err := tls.X509KeyPair(read(file+".crt"), read(file+".key"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if _, err := pair.Leaf.Verify(x509.VerifyOptions{Roots: trusted, DNSName: name}); err != nil {
				t.Errorf("%s.crt: %v", file, err)
			}
		}
		// Whoever has a certificate for clients may connect as a NATS server.
		if slices.Contains(pair.Leaf.ExtKeyUsage, x509.ExtKeyUsageClientAuth) != (file == "nats/nats") {
			t.Errorf("%s.crt is for %v", file, pair.Leaf.ExtKeyUsage)
		}
	}
	// Grafana is user 472 of the group 0 in its image, the ledger of the group 10001; root has no capabilities.
	for name, want := range map[string]string{"ca.key": "0600 0:0", "tls/tls.key": "0640 0:10001",
		"nats/nats.key": "0640 0:0", "grafana-password": "0400 472:0", "tls/tls.crt": "0644 0:0", "ca.crt": "0644 0:0",
		".": "0755 0:0", "tls": "0755 0:0", "nats": "0755 0:0"} {
		info, err := os.Stat(filepath.Join(made, name))
		if err != nil {
			t.Fatal(err)
		}
		owner := info.Sys().(*syscall.Stat_t)
		if got := fmt.Sprintf("%04o %d:%d", info.Mode().Perm(), owner.Uid, owner.Gid); got != want {
			t.Errorf("%s is %s, expected %s", name, got, want)
		}
	}
}

// TestACertificateIsRenewedOnlyWhenAsked runs secrets.sh again on what it made.
func TestACertificateIsRenewedOnlyWhenAsked(t *testing.T) {
	made := secrets(t)
	again := func(args ...string) ([]byte, error) {
		cmd := exec.Command("compose/secrets.sh", args...)
		cmd.Env = append(os.Environ(), "SECRETS="+made)
		return cmd.CombinedOutput()
	}
	pairs := func() (all []tls.Certificate) {
		for _, file := range []string{"tls/tls", "nats/nats"} {
			pair, err := tls.LoadX509KeyPair(filepath.Join(made, file+".crt"), filepath.Join(made, file+".key"))
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, pair)
		}
		return all
	}
	before := pairs()
	if out, err := again("other.example.cn"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for i, pair := range pairs() {
		if !pair.Leaf.Equal(before[i].Leaf) {
			t.Error("a second run replaces a certificate that is in use")
		}
	}
	if out, err := again("--renew", "other.example.cn"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	after := pairs()
	for i, pair := range after {
		if pair.Leaf.Equal(before[i].Leaf) || pair.Leaf.VerifyHostname("other.example.cn") != nil {
			t.Errorf("the certificate of %v is not renewed", pair.Leaf.DNSNames)
		}
	}
	// What an authority of the office signed stays.
	own := filepath.Join(made, "tls", "tls")
	selfSigned(t, own+".crt", own+".key")
	if out, err := again("--renew", "third.example.cn"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if kept := pairs(); kept[0].Leaf.Subject.CommonName != "localhost" || kept[1].Leaf.Equal(after[1].Leaf) {
		t.Error("a certificate of another authority is replaced, or that of this one is not")
	}
	if err := os.Remove(filepath.Join(made, "ca.key")); err != nil {
		t.Fatal(err)
	}
	if out, err := again("--renew", "third.example.cn"); err == nil ||
		!strings.Contains(string(out), "put ca.key back") {
		t.Errorf("without the key of the authority: %v\n%s", err, out)
	}
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// taizhangNATSConfig makes accounts.conf and the publisher's key in a directory.
func taizhangNATSConfig(t *testing.T, dir string) {
	t.Helper()
	ledger := filepath.Join(t.TempDir(), "ledger")
	run(t, "--data", ledger, "account", "add", "li", "--role", "secadmin")
	accounts := run(t, "--data", ledger, "nats", "config", "--new-nkey", filepath.Join(dir, "publisher.nk"))
	if err := os.WriteFile(filepath.Join(dir, "accounts.conf"), []byte(accounts), 0o644); err != nil {
		t.Fatal(err)
	}
}

// imageEnvironment returns the environment that the Dockerfile sets.
func imageEnvironment(t *testing.T) (all []string) {
	t.Helper()
	dockerfile, err := os.ReadFile("image/Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(dockerfile)) {
		if value, ok := strings.CutPrefix(line, "ENV "); ok {
			all = append(all, strings.TrimSpace(value))
		}
	}
	return all
}

// checkContainerConfig runs a command line of the ledger in a container with --check-config, and returns the settings
// that it shows. replaced has pairs of a path in the container and the one here that stands for it, also in the file
// of settings.
func checkContainerConfig(t *testing.T, command, environment []string, config string,
	replaced *strings.Replacer) string {
	t.Helper()
	content, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "taizhang.conf")
	if err := os.WriteFile(file, []byte(replaced.Replace(string(content))), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(taizhang(t))
	for _, word := range append(slices.Clone(command), "--check-config") {
		if strings.HasSuffix(word, "/taizhang.conf") {
			word = file
		}
		cmd.Args = append(cmd.Args, replaced.Replace(word))
	}
	for _, pair := range append(imageEnvironment(t), environment...) {
		cmd.Env = append(cmd.Env, replaced.Replace(pair))
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%q: %v\n%s", cmd.Args, err, out)
	}
	return string(out)
}

// ownKeys copies the keys of a directory of secrets for the user of the tests. In a container the ledger has another
// user than root, and its group may read the keys, which are root's.
func ownKeys(t *testing.T, made string) string {
	t.Helper()
	own := t.TempDir()
	for _, name := range []string{"tls/tls.key", "publisher.nk"} {
		content, err := os.ReadFile(filepath.Join(made, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(own, filepath.Base(name)), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return own
}

// TestTheLedgersCommandLinesAreRight has the program read each command line of the ledger with its environment.
func TestTheLedgersCommandLinesAreRight(t *testing.T) {
	made := secrets(t)
	taizhangNATSConfig(t, made)
	own := ownKeys(t, made)
	replaced := strings.NewReplacer("/run/tls/tls.key", filepath.Join(own, "tls.key"),
		"/data/publisher.nk", filepath.Join(own, "publisher.nk"), "/run/tls/", made+"/tls/", "/run/secrets/", made+"/")
	for i, want := range [][]string{
		{"data = /data/ledger ", "listen = 0.0.0.0:8443 ", "nats-listen = 0.0.0.0:4222 ", "store =  "},
		{"data = /data/ledger ", "store = esdb://kurrentdb:2113?tls=false ", "nats-listen = off ",
			"nats = tls://nats-1:4222,tls://nats-2:4222,tls://nats-3:4222 "},
	} {
		s := mustLoadCompose(t, composed[i].files...).Services["ledger"]
		var environment []string
		for name, value := range s.Environment {
			environment = append(environment, name+"="+*value)
		}
		out := checkContainerConfig(t, s.Command, environment, "compose/taizhang.conf", replaced)
		for _, line := range want {
			if !strings.Contains("\n"+out, "\n"+line) {
				t.Errorf("%v: expected %q in\n%s", composed[i].files, line, out)
			}
		}
		// The ports that are published are those on which it listens.
		for _, p := range s.Ports {
			if !strings.Contains(out, fmt.Sprintf("listen = 0.0.0.0:%d ", p.Target)) {
				t.Errorf("%v: port %d is published, and nobody listens", composed[i].files, p.Target)
			}
		}
	}
	targets, err := os.ReadFile("compose/targets.yml")
	if err != nil || !strings.Contains(string(targets), `"ledger:9464"`) {
		t.Errorf("Prometheus does not ask the ledger: %v", err)
	}
}
