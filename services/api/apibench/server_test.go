package apibench

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/services/listen/listentest"
	"github.com/taizhang/taizhang/services/logstore/baseline"
	"github.com/taizhang/taizhang/services/simulator/simulatortest"
)

// server is a process that answers at an address.
type server struct {
	address string
	process int
	tls     *tls.Config // nil without TLS
	// the processor time of the processes that work for it; nil if there are none
	others func(testing.TB) time.Duration
}

func (x *server) dial() (io.ReadWriteCloser, error) {
	if x.tls != nil {
		return tls.Dial("tcp", x.address, x.tls)
	}
	return net.Dial("tcp", x.address)
}

// processorTime returns the processor time of the process and its helpers, in ticks of 10 ms.
func (x *server) processorTime(b testing.TB) time.Duration {
	b.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", x.process))
	if err != nil {
		b.Fatal(err)
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:])) // from the third field on
	user, errUser := strconv.Atoi(fields[11])
	system, errSystem := strconv.Atoi(fields[12])
	if errUser != nil || errSystem != nil {
		b.Fatalf("unreadable %s", stat)
	}
	used := time.Duration(user+system) * 10 * time.Millisecond
	if x.others != nil {
		used += x.others(b)
	}
	return used
}

// build builds the program.
func build(b testing.TB) string {
	b.Helper()
	program := filepath.Join(b.TempDir(), "taizhang")
	if out, err := exec.Command("go", "build", "-o", program,
		"github.com/taizhang/taizhang/cmd/taizhang").CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	return program
}

// newLedger makes a ledger of a simulated province, and centers that can spend for the writers. It returns its
// directory, and a token that may read all and record for all.
func newLedger(b testing.TB, program string) (dir, token string) {
	b.Helper()
	file, own, dir := filepath.Join(b.TempDir(), "history.jsonl"), filepath.Join(b.TempDir(), "own.jsonl"),
		filepath.Join(b.TempDir(), "ledger")
	simulatortest.History(b, file, simulatortest.Centers(*records), *records)
	var lines bytes.Buffer
	for c := range ownCenters {
		for i, tail := range []string{registered, granted, received} {
			fmt.Fprintf(&lines, `{"id":"%s","center":"%s",%s}`+"\n", idOf(fmt.Sprint(c, " ", i)), centerOf(c), tail)
		}
	}
	if err := os.WriteFile(own, lines.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
	run := func(args ...string) string {
		cmd := exec.Command(program, append([]string{"--data", dir}, args...)...)
		var failed strings.Builder
		cmd.Stderr = &failed
		out, err := cmd.Output()
		if err != nil {
			b.Fatalf("%v: %v: %s", args, err, failed.String())
		}
		return strings.TrimSpace(string(out))
	}
	run("import", file)
	run("import", own)
	run("account", "add", "bench", "--role", "st-office", "--may-record")
	return dir, run("token", "add", "bench", "--name", "bench", "--may", "record")
}

const (
	registered = `"kind":"center.registered","on":"2025-01-10","by":{"role":"center","actor":"c-1"},"data":{"name":"甲中心","uscc":"91330106MAC1K2L32C","leadUnit":"甲","type":"pilot-base","services":["pilot"],"leadingIndustries":["生物医药"],"industryCode":"C2710","region":"330106","foundedOn":"2015-01-01","legalEntity":true,"newUnit":false,"usableAreaM2":9000,"equipmentFen":9000000000,"relaxationRequested":false,"pilotFunction":true,"pilotDevicesSeparate":true,"fields":["other"],"ethicsSensitive":false,"ethicsCommittee":false,"documents":[]}`
	granted    = `"kind":"subsidy.granted","on":"2025-02-01","by":{"role":"finance","actor":"f-1"},"mode":"record","doc":"浙财科教〔2025〕1号","data":{"grant":"G1","category":"other","source":"province-other","fiscalYear":2025,"amountFen":100000000000}`
	received   = `"kind":"subsidy.received","on":"2025-03-01","by":{"role":"finance","actor":"f-1"},"data":{"grant":"G1","amountFen":100000000000}`
)

func centerOf(n int) string { return fmt.Sprintf("BENCH-%04d", n) }

func idOf(name string) uuid.UUID { return uuid.NewSHA1(uuid.NameSpaceOID, []byte("apibench "+name)) }

// record is the n-th record: a voucher of a center.
func record(center, n int) []byte {
	return fmt.Appendf(nil,
		`{"id":"%s","center":"%s","kind":"funds.spent","on":"2025-06-01","by":{"role":"center","actor":"c-1"},"data":{"voucher":"V-%d","payee":"某某仪器有限公司","use":"pilot","lines":[{"grant":"G1","amountFen":100}],"summary":"中试设备耗材"}}`,
		idOf(fmt.Sprint("voucher ", n)), centerOf(center), n)
}

// startServe starts the program on a directory until the benchmark ends.
func startServe(b testing.TB, program, dir string, cert certificate) *server {
	b.Helper()
	args := []string{"--data", dir, "serve", "--listen", "127.0.0.1:0", "--nats-listen", "off"}
	if cert.config != nil {
		args = append(args, "--tls-cert", cert.cert, "--tls-key", cert.key)
	}
	return start(b, exec.Command(program, args...), cert)
}

// start starts a process whose first line names its address as a URL.
func start(b testing.TB, cmd *exec.Cmd, cert certificate) *server {
	b.Helper()
	log, err := os.Create(filepath.Join(b.TempDir(), "log"))
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close()
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait() // the bare server ends by the signal
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		text, _ := os.ReadFile(log.Name())
		b.Fatalf("%v: %s", err, text)
	}
	_, address, _ := strings.Cut(line, "://")
	address, _, _ = strings.Cut(strings.TrimSpace(address), " ")
	return &server{address: address, process: cmd.Process.Pid, tls: cert.config}
}

// bareServer is the variable that makes this binary a bare server. Its value is "plain", or the names of a
// certificate and its key.
const bareServer = "TAIZHANG_BARE_SERVER"

func startBare(b testing.TB, cert certificate) *server {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	how := "plain"
	if cert.config != nil {
		how = cert.cert + " " + cert.key
	}
	cmd.Env = append(os.Environ(), bareServer+"="+how, "GOGC=200", "TMPDIR="+b.TempDir())
	return start(b, cmd, cert)
}

// serveBare answers GET with ?bytes= bytes, and POST after the body is durable.
func serveBare() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("bare://%s\n", l.Addr())
	to, err := baseline.NewAppender(os.TempDir())
	if err != nil {
		return err
	}
	page := bytes.Repeat([]byte("x"), 16<<20)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.Method == http.MethodGet {
			n, _ := strconv.Atoi(r.URL.Query().Get("bytes")) // of the benchmark
			_, _ = w.Write(page[:n])
			return
		}
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = to.Append(body)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_, _ = w.Write(page[:300])
	})
	how := os.Getenv(bareServer)
	if cert, key, secure := strings.Cut(how, " "); secure {
		return http.ServeTLS(l, h, cert, key)
	}
	return http.Serve(l, h)
}

// certificate is a certificate with its key as files, and how a client trusts it; the zero value is none.
type certificate struct {
	cert, key string
	config    *tls.Config
}

func newCertificate(b testing.TB) certificate {
	b.Helper()
	made := listentest.NewCertificate(b, "localhost")
	c := certificate{cert: filepath.Join(b.TempDir(), "cert.pem"), key: filepath.Join(b.TempDir(), "key.pem"),
		config: &tls.Config{RootCAs: made.Pool, ServerName: "localhost"}}
	made.Write(b, c.cert, c.key)
	return c
}
