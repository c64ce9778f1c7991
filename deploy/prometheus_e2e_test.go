//go:build e2e

package deploy

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// promtool runs promtool, of Debian's package prometheus, and returns what it printed.
func promtool(args ...string) (string, error) {
	out, err := exec.Command("promtool", args...).CombinedOutput()
	return string(out), err
}

const rulesFile = "prometheus/taizhang.rules.yml"

func readRules(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile(rulesFile)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestTheAlertRulesFireWhenTheyMust(t *testing.T) {
	for _, args := range [][]string{{"check", "rules", rulesFile}, {"check", "config", "prometheus/prometheus.yml"},
		{"check", "config", "kubernetes/scrape.yml"},
		{"test", "rules", "prometheus/taizhang.rules.test.yml"}} {
		if out, err := promtool(args...); err != nil {
			t.Errorf("promtool %q: %v\n%s", args, err, out)
		}
	}
}

// The expression of a rule may have several lines.
var (
	expression = regexp.MustCompile(`(?m)^        expr: .*(\n {10}.*)*`)
	alertName  = regexp.MustCompile(`(?m)^      - alert: (\w+)$`)
)

// TestAWrongRuleIsNoticed edits the rules and runs their tests.
func TestAWrongRuleIsNoticed(t *testing.T) {
	t.Parallel()
	rules := readRules(t)
	names := alertName.FindAllStringSubmatch(rules, -1)
	if len(names) < 20 || len(names) != len(expression.FindAllString(rules, -1)) {
		t.Fatalf("%d rules are read", len(names))
	}
	tests, err := os.ReadFile("prometheus/taizhang.rules.test.yml")
	if err != nil {
		t.Fatal(err)
	}
	run := func(edited string) string {
		dir := t.TempDir()
		for name, content := range map[string][]byte{"taizhang.rules.yml": []byte(edited),
			"taizhang.rules.test.yml": tests} {
			if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		out, err := promtool("test", "rules", filepath.Join(dir, "taizhang.rules.test.yml"))
		if err == nil {
			t.Errorf("the tests pass with\n%s", edited)
		}
		return out
	}
	none := run(expression.ReplaceAllString(rules, `        expr: vector(0) > 1`))
	always := run(expression.ReplaceAllString(rules, `        expr: vector(1)`))
	for _, name := range names {
		missed := regexp.MustCompile(`exp: .*alertname="` + name[1] + `"`).MatchString(none)
		wrong := regexp.MustCompile(`got: .*alertname="` + name[1] + `"`).MatchString(always)
		if !missed || !wrong {
			t.Errorf("no test notices that %s never fires (%v), or always (%v)", name[1], missed, wrong)
		}
	}
	out := run(strings.Replace(rules, "< 2 * 1024 ^ 3", "<= 2 * 1024 ^ 3", 1))
	if !strings.Contains(out, "TaizhangRoomLow") {
		t.Errorf("with another limit: %s", out)
	}
}

// TestEveryRunbookOfARuleIsThere looks for the headings to which the rules lead.
func TestEveryRunbookOfARuleIsThere(t *testing.T) {
	page, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	anchors := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllSubmatch(page, -1) {
		words := regexp.MustCompile(`[^a-z0-9 -]`).ReplaceAllString(strings.ToLower(string(m[1])), "")
		anchors[strings.ReplaceAll(words, " ", "-")] = true
	}
	runbook := regexp.MustCompile(`runbook_url: https://\S+/docs/operations\.md#(\S+)`)
	for _, m := range runbook.FindAllStringSubmatch(readRules(t), -1) {
		if !anchors[m[1]] {
			t.Errorf("docs/operations.md has no heading %s", m[1])
		}
	}
}

// prometheus is a real Prometheus that scrapes a server often.
type prometheus struct{ url string }

// startPrometheus starts Debian's Prometheus with the configuration of deploy/prometheus, which is changed to scrape a
// server four times a second.
func startPrometheus(t *testing.T, s *server) *prometheus {
	t.Helper()
	dir, address := t.TempDir(), freeAddress(t)
	edit := strings.NewReplacer("127.0.0.1:9464", strings.TrimPrefix(s.admin, "http://"), "127.0.0.1:9090", address,
		"scrape_interval: 15s", "scrape_interval: 250ms", "scrape_interval: 5s", "scrape_interval: 250ms",
		"evaluation_interval: 15s", "evaluation_interval: 250ms")
	for _, name := range []string{"prometheus.yml", "targets.yml", "taizhang.rules.yml"} {
		content, err := os.ReadFile(filepath.Join("prometheus", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(edit.Replace(string(content))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("prometheus", "--config.file="+filepath.Join(dir, "prometheus.yml"),
		"--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if content, _ := os.ReadFile(log.Name()); t.Failed() {
			t.Logf("log of Prometheus:\n%s", content)
		}
		_ = log.Close()
	})
	p := &prometheus{"http://" + address}
	await(t, "Prometheus is ready", func() bool {
		answer, err := http.Get(p.url + "/-/ready")
		if err == nil {
			_ = answer.Body.Close()
		}
		return err == nil && answer.StatusCode == http.StatusOK
	})
	return p
}

// ask asks the API of Prometheus and reads its answer.
func (p *prometheus) ask(t *testing.T, path string, query url.Values, into any) {
	t.Helper()
	answer, err := http.Get(p.url + path + "?" + query.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s %v: %s, %v\n%s", path, query, answer.Status, err, body)
	}
	if err := json.Unmarshal(body, &struct {
		Data any `json:"data"`
	}{into}); err != nil {
		t.Fatalf("%s: %v\n%s", path, err, body)
	}
}

// keyOf matches the public key of a ledger or a witness.
var keyOf = regexp.MustCompile(`\S+\+[0-9a-f]{8}\+\S+`)

// cosigned begins to seal a ledger, and carries the request to a witness and its answer back.
func cosigned(t *testing.T, dir string) {
	t.Helper()
	carried := t.TempDir()
	w, request, answer := filepath.Join(carried, "w"), filepath.Join(carried, "r.add-checkpoint"),
		filepath.Join(carried, "w1.cosig")
	log := keyOf.FindString(run(t, "--data", dir, "seal", "init", "taizhang.example/2026"))
	witness := keyOf.FindString(run(t, "witness", "init", "audit.example/w1", "--dir", w))
	policy := "log " + log + " file:///none\nwitness audit " + witness + " file:///by-hand\nquorum audit\n"
	if err := os.WriteFile(filepath.Join(dir, "seal", "policy.txt"), []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "witness", "trust", log, "--dir", w)
	run(t, "--data", dir, "seal", "--request", request)
	run(t, "witness", "cosign", request, "--dir", w, "--out", answer)
	run(t, "--data", dir, "seal", "add", answer)
}

// observedServer serves a ledger with all that metrics are about: a certificate, a feed, a user of NATS, and a
// checkpoint that a witness has cosigned.
func observedServer(t *testing.T) *server {
	t.Helper()
	dir, keys := newProvince(t), t.TempDir()
	writeCertificate(t, keys)
	cosigned(t, dir)
	run(t, "--data", dir, "nats", "user", "add", "office", "--nkey", filepath.Join(keys, "office.nk"))
	return serve(t, dir, "--tls-cert", filepath.Join(keys, "tls.crt"), "--tls-key", filepath.Join(keys, "tls.key"))
}

// metric matches the name of a metric of the server in a rule.
var metric = regexp.MustCompile(`\b(taizhang|go|process)_[a-z0-9_]+\b`)

func TestThePrometheusThatScrapesAServerHasWhatTheRulesAskFor(t *testing.T) {
	t.Parallel()
	s := observedServer(t)
	published(t, s.dir)
	p := startPrometheus(t, s)
	await(t, "the server is scraped", func() bool {
		var names []string
		p.ask(t, "/api/v1/label/__name__/values", url.Values{"match[]": {`{job="taizhang"}`}}, &names)
		return len(names) > 50
	})
	asked := map[string]bool{}
	for _, e := range expression.FindAllString(readRules(t), -1) {
		for _, name := range metric.FindAllString(e, -1) {
			asked[name] = true
		}
	}
	if len(asked) < 15 {
		t.Fatalf("the rules ask for %v", asked)
	}
	for name := range asked {
		var series []map[string]string
		p.ask(t, "/api/v1/series", url.Values{"match[]": {name + `{job="taizhang"}`}}, &series)
		if len(series) == 0 {
			t.Errorf("a rule asks for %s, which the server does not have", name)
		}
	}
	await(t, "all rules are evaluated", func() bool {
		var all struct {
			Groups []struct {
				Rules []struct{ Name, Health, LastError string }
			}
		}
		p.ask(t, "/api/v1/rules", nil, &all)
		for _, r := range all.Groups[0].Rules {
			if r.LastError != "" {
				t.Fatalf("%s: %s", r.Name, r.LastError)
			}
			if r.Health != "ok" {
				return false
			}
		}
		return len(all.Groups[0].Rules) > 20
	})
	var now struct {
		Alerts []struct {
			State               string
			Labels, Annotations map[string]string
		}
	}
	await(t, "there is no alert about a server that is well", func() bool {
		now.Alerts = nil
		p.ask(t, "/api/v1/alerts", nil, &now)
		return len(now.Alerts) == 0
	})
	s.stop(t)
	await(t, "the alert that it does not answer is pending", func() bool {
		now.Alerts = nil
		p.ask(t, "/api/v1/alerts", nil, &now)
		return len(now.Alerts) == 1 && now.Alerts[0].Labels["alertname"] == "TaizhangDown" &&
			strings.Contains(now.Alerts[0].Annotations["description"],
				strings.TrimPrefix(s.admin, "http://")+" 已 1 分钟没有应答")
	})
}
