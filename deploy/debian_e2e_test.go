//go:build e2e

package deploy

import (
	"bytes"
	"debug/elf"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// all asks for the packages of every architecture; without it the tests build those of amd64 alone.
var all = flag.Bool("all", false, "build and look at the packages of every architecture")

func arches() []string {
	if *all {
		return []string{"amd64", "arm64", "loong64"}
	}
	return []string{"amd64"}
}

// packages builds the packages of a version in a directory. binaries is the directory of programs that are built
// already, or "".
func packages(t *testing.T, out, binaries, version string, arches ...string) {
	t.Helper()
	cmd := exec.Command(filepath.Join("debian", "build.sh"), append([]string{version, out}, arches...)...)
	cmd.Env = append(os.Environ(), "BINARIES="+binaries)
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
}

// released returns the directory of the packages of version 0.0.0, which are built once for all tests.
func released(t *testing.T) string {
	t.Helper()
	out := filepath.Join(builds, "released")
	if _, err := os.Stat(out); err != nil {
		packages(t, out, "", "0.0.0", arches()...)
	}
	return out
}

// shipped returns a directory with the program of the tests, for the packages of amd64.
func shipped(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Link(taizhang(t), filepath.Join(dir, "taizhang-linux-amd64")); err != nil {
		t.Fatal(err)
	}
	return dir
}

const registration = `{"name":"甲中心","uscc":"91330106MAC1K2L32C","leadUnit":"甲","type":"pilot-base",` +
	`"services":["pilot"],"leadingIndustries":["生物医药"],"industryCode":"C2710","region":"330106",` +
	`"foundedOn":"2015-01-01","legalEntity":true,"newUnit":false,"usableAreaM2":9000,"equipmentFen":9000000000,` +
	`"relaxationRequested":false,"pilotFunction":true,"pilotDevicesSeparate":true,"fields":["other"],` +
	`"ethicsSensitive":false,"ethicsCommittee":false,"documents":[]}`

// ledger is the verb of the program as root types it in the machine.
func (m *machine) ledger(args ...string) string {
	m.t.Helper()
	return m.run(append([]string{"taizhang", "--lang", "en", "--data", "/var/lib/taizhang"}, args...)...)
}

// record records a center.
func (m *machine) record(center string) {
	m.t.Helper()
	m.ledger("record", "center.registered", "--center", center, "--on", "2025-01-10", "--role", "center",
		"--actor", "c-1", "--data", registration)
}

// has fails the test unless the ledger has a center.
func (m *machine) has(center string) {
	m.t.Helper()
	if said := m.ledger("replay", center); !strings.Contains(said, "甲中心") {
		m.t.Errorf("%s is not in the ledger: %s", center, said)
	}
}

// files fails the test unless files of the machine have their mode and owner.
func (m *machine) files(want ...string) {
	m.t.Helper()
	for _, line := range want {
		path := line[strings.LastIndex(line, " ")+1:]
		if got := m.run("stat", "-c", "%a %U %G %n", path); got != line {
			m.t.Errorf("expected %s, got %s", line, got)
		}
	}
}

func TestThePackageIsInstalledServesIsUpgradedAndRemoved(t *testing.T) {
	m, newer := startMachine(t), t.TempDir()
	packages(t, newer, shipped(t), "0.0.1", "amd64")
	host(t, "cp", filepath.Join(released(t), "taizhang_0.0.0_amd64.deb"),
		filepath.Join(newer, "taizhang_0.0.1_amd64.deb"), filepath.Join(m.root, "root"))
	m.installs()
	m.serves()
	m.startsAgain()
	m.backsUp()
	m.upgrades()
	m.removes()
}

// installs checks that the package makes the user and its directories, and starts nothing.
func (m *machine) installs() {
	m.t.Helper()
	m.run("dpkg", "-i", "/root/taizhang_0.0.0_amd64.deb")
	m.files("755 root root /usr/bin/taizhang", "750 root taizhang /etc/taizhang",
		"640 root taizhang /etc/taizhang/taizhang.conf", "750 taizhang taizhang /var/lib/taizhang",
		"750 taizhang taizhang /var/backups/taizhang", "644 root root /lib/systemd/system/taizhang.service")
	for _, unit := range []string{"taizhang.service", "taizhang-backup.timer"} {
		active, enabled := m.property(unit, "ActiveState"), m.property(unit, "UnitFileState")
		if active != "inactive" || enabled != "disabled" {
			m.t.Errorf("%s is %s and %s", unit, active, enabled)
		}
	}
	settings := m.run("taizhang", "serve", "--config", "/etc/taizhang/taizhang.conf", "--check-config")
	if !strings.Contains(settings, "data = /var/lib/taizhang") {
		m.t.Error(settings)
	}
}

// serves checks that the unit starts the server, as its user and confined, and that it records.
func (m *machine) serves() {
	m.t.Helper()
	m.write("/etc/systemd/system/taizhang.service.d/test.conf", "[Service]\nWatchdogSec=10\n") // 30 take long, and a busy machine may pause
	m.run("systemctl", "daemon-reload")
	m.run("systemctl", "enable", "--now", "taizhang") // returns when the server is ready
	status := m.property("taizhang", "StatusText")
	if !strings.HasPrefix(status, "台账 /var/lib/taizhang（位置 0）在 http://127.0.0.1:8080 提供服务") {
		m.t.Errorf("got %q", status)
	}
	ready := host(m.t, "nsenter", "-t", m.init, "-n", "curl", "-sS", "http://127.0.0.1:9464/readyz")
	if !strings.Contains(ready, `"ready":true`) {
		m.t.Error(ready)
	}
	m.files("700 taizhang taizhang /var/lib/taizhang/access",
		"600 taizhang taizhang /var/lib/taizhang/taizhang.sock")
	if user := m.run("stat", "-c", "%U", "/proc/"+m.property("taizhang", "MainPID")); user != "taizhang" {
		m.t.Errorf("the server runs as %s", user)
	}
	m.run("systemd-analyze", "security", "--no-pager", "--threshold="+exposureMax, "taizhang")
	m.record("ZJ-0001")
	fed := func() string { return m.property("taizhang", "WatchdogTimestampMonotonic") }
	before := fed()
	await(m.t, "the watchdog is fed", func() bool { return fed() != before })
}

// startsAgain checks that a server that hangs is ended by the watchdog, and that it is started again then, and when
// it was killed.
func (m *machine) startsAgain() {
	m.t.Helper()
	for _, signal := range []string{"STOP", "KILL"} {
		pid := m.property("taizhang", "MainPID")
		m.run("sh", "-c", "kill -"+signal+" "+pid)
		m.servesAfter("SIG"+signal, pid)
		m.has("ZJ-0001")
	}
}

// servesAfter waits until another process than pid serves.
func (m *machine) servesAfter(what, pid string) {
	m.t.Helper()
	await(m.t, "another process serves after "+what, func() bool {
		now := m.property("taizhang", "MainPID")
		return now != pid && now != "0" && m.property("taizhang", "ActiveState") == "active"
	})
}

// backsUp checks the backup beside the server, and its timer.
func (m *machine) backsUp() {
	m.t.Helper()
	m.run("systemctl", "start", "taizhang-backup") // returns when the backup is rehearsed
	m.run("taizhang", "doctor", "--config", "/etc/taizhang/taizhang.conf", "--backup",
		"/var/backups/taizhang/ledger.tar") // finds nothing wrong
	m.files("600 taizhang taizhang /var/backups/taizhang/ledger.tar",
		"600 taizhang taizhang /var/backups/taizhang/ledger.access.tar")
	m.run("systemctl", "enable", "--now", "taizhang-backup.timer")
	next := m.property("taizhang-backup.timer", "NextElapseUSecRealtime")
	if !strings.HasSuffix(next, " 17:30:00 UTC") {
		m.t.Errorf("the next backup is at %s, expected 01:30 in Shanghai", next)
	}
}

// upgrades checks that an upgrade leaves settings and data, and that the new program serves.
func (m *machine) upgrades() {
	m.t.Helper()
	settings := m.run("cat", "/etc/taizhang/taizhang.conf")
	m.write("/etc/taizhang/taizhang.conf", strings.Replace(settings, "lang = zh", "lang = en", 1))
	pid := m.property("taizhang", "MainPID")
	m.run("dpkg", "-i", "/root/taizhang_0.0.1_amd64.deb")
	m.servesAfter("the upgrade", pid)
	if status := m.property("taizhang", "StatusText"); !strings.HasPrefix(status, "serving the ledger") {
		m.t.Errorf("the settings are lost: %q", status)
	}
	m.files("640 root taizhang /etc/taizhang/taizhang.conf")
	m.has("ZJ-0001")
	m.record("ZJ-0002")

	// A server that does not start because of its settings does not leave half a package.
	m.write("/etc/taizhang/taizhang.conf", settings+"\nlissten = 127.0.0.1:80\n")
	if said := m.run("dpkg", "-i", "/root/taizhang_0.0.1_amd64.deb"); !strings.Contains(said, "服务未能启动") {
		m.t.Errorf("an upgrade with wrong settings: %s", said)
	}
	m.write("/etc/taizhang/taizhang.conf", settings)
	m.run("systemctl", "reset-failed", "taizhang")
	m.run("systemctl", "restart", "taizhang")
	m.has("ZJ-0002")
}

// removes checks that removing and purging the package stop the server and leave the data, which the package installed
// again serves.
func (m *machine) removes() {
	m.t.Helper()
	m.run("dpkg", "-r", "taizhang")
	states, _ := m.try("systemctl", "is-active", "taizhang", "taizhang-backup.timer") // fails, for they are not
	if strings.Contains("\n"+states, "\nactive") {
		m.t.Errorf("after the removal: %s", states)
	}
	m.run("dpkg", "-P", "taizhang")
	if _, err := m.try("test", "-e", "/etc/taizhang/taizhang.conf"); err == nil {
		m.t.Error("the purge left the settings")
	}
	m.files("750 taizhang taizhang /var/lib/taizhang", "600 taizhang taizhang /var/backups/taizhang/ledger.tar")
	m.run("dpkg", "-i", "/root/taizhang_0.0.1_amd64.deb")
	m.run("systemctl", "start", "taizhang")
	m.has("ZJ-0001")
	m.has("ZJ-0002")
}

// machines are the types of ELF files by the names of architectures in Debian and in RPM.
var machines = map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64, "loong64": elf.EM_LOONGARCH,
	"x86_64": elf.EM_X86_64, "aarch64": elf.EM_AARCH64}

func TestEveryPackageHoldsTheStaticProgramOfItsMachineAndIsTheSameWhenBuiltAgain(t *testing.T) {
	built, again := released(t), t.TempDir()
	packages(t, again, shipped(t), "0.0.0", arches()...)
	files, err := os.ReadDir(built)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		name, unpacked := f.Name(), t.TempDir()
		one, err := os.ReadFile(filepath.Join(built, name))
		if err != nil {
			t.Fatal(err)
		}
		other, err := os.ReadFile(filepath.Join(again, name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(one, other) {
			t.Errorf("%s has other bytes when it is built again", name)
		}
		path := filepath.Join(built, name)
		var listed, arch string
		if filepath.Ext(name) == ".deb" {
			arch = strings.TrimSpace(host(t, "dpkg-deb", "-f", path, "Architecture"))
			if depends := host(t, "dpkg-deb", "-f", path, "Depends", "Pre-Depends", "Recommends"); depends != "" {
				t.Errorf("%s needs %s", name, depends)
			}
			listed = host(t, "dpkg-deb", "-c", path)
			host(t, "dpkg-deb", "-x", path, unpacked)
		} else {
			arch = host(t, "rpm", "-qp", "--qf", "%{ARCH}", path)
			host(t, "rpm", "-K", path) // digests
			for need := range strings.Lines(host(t, "rpm", "-qp", "--requires", path)) {
				if !regexp.MustCompile(`^(rpmlib\(|config\(taizhang\)|/bin/sh)`).MatchString(need) {
					t.Errorf("%s needs %s", name, need)
				}
			}
			listed = host(t, "rpm", "-qpl", path)
			unpack := exec.Command("sh", "-c", `rpm2archive - <"$1" | tar -xz`, "unpack", path)
			unpack.Dir = unpacked
			if out, err := unpack.CombinedOutput(); err != nil {
				t.Fatalf("%s: %v\n%s", name, err, out)
			}
		}
		for _, file := range []string{"/usr/bin/taizhang", "lib/systemd/system/taizhang.service",
			"lib/systemd/system/taizhang-backup.timer", "/usr/lib/sysusers.d/taizhang.conf",
			"/etc/taizhang/taizhang.conf", "/usr/share/doc/taizhang/copyright",
			"/usr/share/doc/taizhang/docs/zh/README.md",
			"/usr/share/bash-completion/completions/taizhang"} {
			if !strings.Contains(listed, file+"\n") {
				t.Errorf("%s has no %s", name, file)
			}
		}
		program, err := elf.Open(filepath.Join(unpacked, "usr/bin/taizhang"))
		if err != nil {
			t.Fatal(err)
		}
		defer program.Close()
		if program.Machine != machines[arch] {
			t.Errorf("%s is for %s and its program for %v", name, arch, program.Machine)
		}
		for _, p := range program.Progs {
			if p.Type == elf.PT_INTERP {
				t.Errorf("%s: the program is not static", name)
			}
		}
	}
	if want := map[bool]int{false: 2, true: 5}[*all]; len(files) != want {
		t.Errorf("expected %d packages, got %v", want, files)
	}
}
