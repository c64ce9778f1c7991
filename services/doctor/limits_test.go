package doctor

import (
	"math"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTooLittleMemoryIsDetected(t *testing.T) {
	c := config(t.TempDir())
	for memory, state := range map[int64]State{0: NotExamined, 512 << 20: OK, 200 << 20: Warning, 100 << 20: Wrong} {
		c.MemoryBytes = memory
		examine(t, c, func(x *examination) { x.events = 200_000 }, (*examination).memory).says(Memory, state,
			"") // 51 MiB
	}
	if limit := groupLimit(os.Getpid()); limit <= 0 {
		t.Errorf("got %d", limit)
	}
}

func TestTooFewOpenFilesAreDetected(t *testing.T) {
	c := config(t.TempDir())
	examine(t, c, (*examination).openFiles).says(OpenFiles, OK, "the limit of this login")
	c.Connections = math.MaxInt32
	f := examine(t, c, (*examination).openFiles).says(OpenFiles, Warning, "under full load 2147483903 are needed")
	if f.Do.En == "" {
		t.Error("nothing to do")
	}
	if limit, err := openFilesOf(os.Getpid()); err != nil || limit == 0 {
		t.Errorf("got %d, %v", limit, err)
	}
	c.Served = &Served{Process: 1 << 30, Build: "v1"} // which is gone
	examine(t, c, (*examination).openFiles).says(OpenFiles, NotExamined, "it is not there")
}

func TestTheSocketIsLookedAt(t *testing.T) {
	long := filepath.Join(t.TempDir(), strings.Repeat("long", 30))
	examine(t, config(long), (*examination).socket).says(Socket, Warning, "others such as curl only up to 107")
	dir := t.TempDir()
	write(t, filepath.Join(dir, "taizhang.sock"), "", 0o600)
	examine(t, config(dir), (*examination).socket).says(Socket, Wrong, "is no socket")
	if err := os.Remove(filepath.Join(dir, "taizhang.sock")); err != nil {
		t.Fatal(err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, "taizhang.sock")})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	_ = l.Close()
	examine(t, config(dir), (*examination).socket).says(Socket, OK, "a process that has ended left it")
}

func taken(t *testing.T) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

func TestAPortThatIsTakenIsWrongUnlessTheServerHasIt(t *testing.T) {
	c := config(t.TempDir())
	c.Serving.Listen = taken(t)
	f := examine(t, c, (*examination).ports).says(Ports, Wrong, "in use by process")
	if !strings.Contains(f.Commands[0], "ss -ltnp") {
		t.Errorf("got %q", f.Commands)
	}
	c.Served = &Served{Process: os.Getpid(), UID: uint32(os.Getuid()), Build: "v1"}
	examine(t, c, (*examination).ports).says(Ports, OK, "of the server, process")
	c.Unreachable = os.ErrDeadlineExceeded // it hangs, and holds its port
	examine(t, c, (*examination).ports).says(Ports, OK, "of the server, process")
	c.Served.Process, c.Unreachable = 1, nil
	examine(t, c, (*examination).ports).says(Ports, Wrong, "in use by process")

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	c.Served, c.Serving.Admin, c.Serving.NATS, c.Serving.Listen = nil, l.Addr().String(), "127.0.0.1:0",
		"203.0.113.7:8080"
	e := examine(t, c, (*examination).ports)
	e.says(Ports, OK, "admin-listen "+l.Addr().String()+": free")
	e.says(Ports, OK, "nats-listen 127.0.0.1:0: any free port")
	e.says(Ports, Wrong, "listen 203.0.113.7:8080: this machine has no such address")
	c.Served = &Served{Process: os.Getpid(), Build: "v1"}
	examine(t, c, (*examination).ports).says(Ports, Warning, "does not listen there")
}

func TestAPortForRootIsOfNoUseToAnotherUser(t *testing.T) {
	c := config(t.TempDir())
	c.Serving.Listen = "127.0.0.1:1"
	e := examine(t, c, (*examination).ports)
	if os.Geteuid() != 0 {
		e.says(Ports, Wrong, "are not permitted")
		return
	}
	e.says(Ports, OK, "free")
	if err := os.Chown(c.Dir, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	examine(t, c, (*examination).ports).says(Ports, Warning,
		"ports below 1024 are for root, and the user who serves (65534)")
}

func TestAServerForOtherMachinesNeedsANameAndTLS(t *testing.T) {
	c := config(t.TempDir())
	c.Serving = Serving{Listen: "127.0.0.1:0"}
	examine(t, c, (*examination).hosts).says(Hosts, OK, "only this machine")
	c.Serving = Serving{Listen: "0.0.0.0:0", Insecure: true}
	e := examine(t, c, (*examination).hosts)
	e.says(Hosts, Warning, "no host name is set")
	e.says(Hosts, Warning, "without TLS")
	c.Serving = Serving{Listen: ":0", Hosts: []string{"ledger.example.cn"}, Insecure: true, Proxied: true}
	e = examine(t, c, (*examination).hosts)
	e.says(Hosts, OK, "ledger.example.cn")
	for _, f := range e.Findings {
		if f.Topic == Hosts && f.State != OK {
			t.Errorf("%s", f.Found.En)
		}
	}
}

func TestSizesAndTimesAreInWords(t *testing.T) {
	for n, want := range map[int64]string{12: "12 bytes", 9 << 10: "9216 bytes", 64 << 20: "64 MiB",
		29 << 30: "29 GiB"} {
		if got := size(n).En; got != want {
			t.Errorf("%d: got %s, expected %s", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{19 * time.Microsecond: "19 µs", -90 * time.Second: "90.0 seconds",
		3 * time.Hour: "3 hours", 50 * time.Hour: "2 days"} {
		if got := span(d).En; got != want {
			t.Errorf("%v: got %s, expected %s", d, got, want)
		}
	}
}
