package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// settingsOf returns what `taizhang serve --check-config` prints about a file of settings.
func settingsOf(t *testing.T, file string) string {
	t.Helper()
	out, err := exec.Command(taizhang(t), "--lang", "en", "serve", "--config", file, "--check-config").CombinedOutput()
	if err != nil {
		t.Fatalf("check the settings: %v\n%s", err, out)
	}
	return string(out)
}

func TestTheExampleOfTheSettingsIsValid(t *testing.T) {
	got := settingsOf(t, filepath.Join("systemd", "taizhang.conf"))
	for _, line := range []string{"data = /var/lib/taizhang", "listen = 127.0.0.1:8080",
		"admin-listen = 127.0.0.1:9464"} {
		if !strings.Contains(got, line+"  # systemd/taizhang.conf:") {
			t.Errorf("expected %q in\n%s", line, got)
		}
	}
}

// seed is the seed of the example in the documentation of NATS.
const seed = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY"

// TestWhatTheExampleOfTheSettingsOffersIsValid uses the lines that are comments, a group at a time.
func TestWhatTheExampleOfTheSettingsOffersIsValid(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("systemd", "taizhang.conf"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, file := range []string{"publisher.nk", "oidc.secret"} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(seed+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	selfSigned(t, filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key"))
	offered := regexp.MustCompile(`(?m)^#([a-z-]+) = `)
	groups := 0
	for group := range strings.SplitSeq(string(content), "\n\n") {
		if !offered.MatchString(group) {
			continue
		}
		groups++
		lines := offered.ReplaceAllString(strings.ReplaceAll(group, "/etc/taizhang", dir), "$1 = ")
		for _, m := range offered.FindAllStringSubmatch(group, -1) { // takes the place of the line above
			lines = regexp.MustCompile(`(?m)^`+m[1]+` = .*\n((?s:.*^`+m[1]+` = ))`).ReplaceAllString(lines, "$1")
		}
		if strings.Contains(lines, "\nnats = ") {
			lines = regexp.MustCompile(`(?m)^nats-listen = .*$`).ReplaceAllString(lines, "")
		}
		if strings.Contains(lines, "\noidc-issuer") {
			lines += "\npublic-url = https://ledger.example.cn"
		}
		file := filepath.Join(dir, "taizhang.conf")
		if err := os.WriteFile(file, []byte(lines), 0o600); err != nil {
			t.Fatal(err)
		}
		got := settingsOf(t, file)
		for _, m := range offered.FindAllStringSubmatch(group, -1) {
			if !regexp.MustCompile(`(?m)^` + m[1] + ` = .*  # ` + regexp.QuoteMeta(file)).MatchString(got) {
				t.Errorf("%s is not from the file:\n%s", m[1], got)
			}
		}
	}
	if groups < 4 {
		t.Errorf("expected groups of settings that are comments, got %d", groups)
	}
}
