package doctor

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"testing"
)

func TestWhoUsesAPortIsReportedAlsoIfThePortIsNotPermitted(t *testing.T) {
	served, denied := &Served{Process: 42}, os.NewSyscallError("bind", syscall.EACCES)
	taken := os.NewSyscallError("bind", syscall.EADDRINUSE)
	for name, c := range map[string]struct {
		err         error
		use         portUse
		served      *Served
		unreachable error
		state       State
		says        string
	}{
		"refused before a start": {err: denied, state: Warning, says: "are not permitted to this user"},
		"refused beside the server that has it": {err: denied, use: portUse{true, 42, "taizhang"}, served: served,
			state: OK, says: "of the server, process 42"},
		"refused beside a server that cannot be seen": {err: denied, use: portUse{isInUse: true}, served: served,
			state: NotExamined, says: "in use; it is not permitted to see"},
		"refused beside a server that cannot be asked": {err: denied, use: portUse{isInUse: true},
			unreachable: fs.ErrPermission, state: NotExamined, says: "in use; it is not permitted to see"},
		"refused and of another": {err: denied, use: portUse{true, 43, "nginx"}, served: served, state: Wrong,
			says: "in use by process 43 (nginx)"},
		"refused and not of the server": {err: denied, served: served, state: Warning, says: "does not listen there"},
		"of a server whose process is not known": {err: taken, use: portUse{isInUse: true}, served: &Served{},
			state: NotExamined, says: "in use; it is not permitted to see"},
		"in use":                    {err: taken, state: Wrong, says: "in use by another process"},
		"free":                      {state: OK, says: "free"},
		"of another machine":        {err: syscall.EADDRNOTAVAIL, state: Wrong, says: "no such address"},
		"of a name that is nowhere": {err: errors.New("nowhere"), state: Wrong, says: "nowhere"},
	} {
		k := config(t.TempDir())
		k.Served, k.Unreachable = c.served, c.unreachable
		t.Log(name)
		examine(t, k, func(x *examination) { x.listening("--listen 127.0.0.1:8443", 8443, c.err, c.use) }).
			says(Ports, c.state, c.says)
	}
}

func TestAServerIsAskedByItsNamesAndNotByEveryAddress(t *testing.T) {
	for _, c := range []struct {
		listen string
		hosts  []string
		state  State
		says   string
	}{
		{"127.0.0.1:8080", nil, OK, "only this machine"},
		{"0.0.0.0:8443", nil, Warning, "no host name is set"},
		{"0.0.0.0:8443", []string{"a", "b"}, OK, "it is asked as a, b"},
		{":8443", []string{"a"}, OK, "it is asked as a"},
		{"10.0.0.1:8443", []string{"a"}, OK, "it is asked as 10.0.0.1, a"},
	} {
		k := config(t.TempDir())
		k.Serving.Listen, k.Serving.Hosts = c.listen, c.hosts
		examine(t, k, (*examination).hosts).says(Hosts, c.state, c.says)
	}
}
