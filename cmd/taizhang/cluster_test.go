package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/kurrentstore/kurrenttest"
	"github.com/taizhang/taizhang/services/natsserver"
)

// clusterVariable names an EventStoreDB or KurrentDB for the tests instead of the server of kurrenttest. Each run
// uses a prefix of its own.
const clusterVariable = "TAIZHANG_TEST_ESDB"

// streamPrefix is the prefix of the names of streams in the cluster. patience is the time to wait for a cluster that
// is down; 0 for the default.
var (
	streamPrefix  string
	patience      time.Duration
	reachesInTest = time.Minute // so that a slow machine tells nothing
)

func cluster(t *testing.T) string {
	t.Helper()
	if url := os.Getenv(clusterVariable); url != "" {
		streamPrefix = "taizhang-test-" + uuid.NewString()[:8] + "."
		t.Cleanup(func() { streamPrefix = "" })
		return url
	}
	return kurrenttest.Start(t, kurrenttest.ClusterConfig{}).ConnectionString()
}

// The test imports a history through one copy, compares the answers of another copy, records through both in turn,
// and must detect a changed stream.
func TestTheWholeJobWithTheRecordInACluster(t *testing.T) {
	t.Parallel()
	url := cluster(t)
	one, other := filepath.Join(t.TempDir(), "one"), filepath.Join(t.TempDir(), "other")
	at := func(dir string, args ...string) []string {
		return append([]string{"--store", url, "--data", dir}, args...)
	}
	mustRun(t, at(one, "import", history(t, "edges"))...)
	for _, verb := range []string{"alerts --all", "execution", "centers"} {
		name := filepath.Join("..", "..", "aggregates", "testdata", "edges", "expected",
			strings.Fields(verb)[0]+".csv")
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		compareLines(t, name, ownColumns(t,
			mustRun(t, at(other, append([]string{"--as-of", "2026-10-31", "--output", "csv"},
				strings.Fields(verb)...)...)...), string(want)), string(want))
	}
	center := strings.Split(mustRun(t, at(one, "--as-of", "2026-10-31", "--output", "csv", "centers")...), "\n")[1][:7]
	for i, dir := range []string{one, other, one} {
		mustRun(t, at(dir, "record", "trial.recorded", "--center", center, "--on", "2026-10-31", "--role", "center",
			"--actor", "c",
			"--data", `{"trial":"cluster-`+string(rune('0'+i))+`","onProductionLine":false}`)...)
	}
	if out := mustRun(t, at(other, "--as-of", "2026-10-31", "check")...); !strings.Contains(out,
		"compared with the record") || !strings.Contains(out, "The ledger is sound.") {
		t.Errorf("check says\n%s", out)
	}
	if a, b := mustRun(t, at(one, "export")...), mustRun(t, at(other, "export")...); a != b {
		t.Error("the copies export other records")
	}
	if _, refused, code := taizhang(t, "--data", one, "record", "trial.recorded", "--center", center, "--on",
		"2026-10-31", "--role", "center", "--actor", "c",
		"--data", `{"trial":"astray","onProductionLine":false}`); code != 1 || !strings.Contains(refused, "--store") {
		t.Errorf("writing to a copy is answered with exit %d: %s", code, refused)
	}
	mustRun(t, "--data", one, "centers") // it may be read without its cluster

	tamper(t, url, "center-"+center)
	out, warning, _ := taizhang(t, at(one, "alerts", "--code", "AL-LED-01")...)
	if !strings.Contains(out, center) || !strings.Contains(warning, "AL-LED-01") {
		t.Errorf("a stream that hides events is answered with\n%s%s", out, warning)
	}
	_, refused, code := taizhang(t, at(one, "record", "trial.recorded", "--center", center, "--on", "2026-10-31",
		"--role", "center", "--actor", "c",
		"--data", `{"trial":"too-late","onProductionLine":false}`)...)
	if code != 1 || !strings.Contains(refused, "AL-LED-01") {
		t.Errorf("then a record is answered with exit %d: %s", code, refused)
	}
	for _, lang := range []string{"zh", "en"} {
		for _, verb := range []string{"check", "alerts", "alerts explain " + center + " AL-LED-01"} {
			out, warning, code := taizhang(t, at(one, append([]string{"--lang", lang}, strings.Fields(verb)...)...)...)
			if wrong := verb == "check"; wrong != (code == 1) || !strings.Contains(out, "AL-LED-01") ||
				!strings.Contains(warning, "AL-LED-01") {
				t.Errorf("then %s in %s is answered with exit %d\n%s%s", verb, lang, code, out, warning)
			}
			if lang == "zh" && strings.Contains(out+warning, "integrity") {
				t.Errorf("%s is not all in Chinese:\n%s%s", verb, out, warning)
			}
		}
	}
}

// One process holds the key, and seals what it and the others have written.
func TestOneProcessSealsALedgerInACluster(t *testing.T) {
	url := cluster(t)
	one, other := filepath.Join(t.TempDir(), "one"), filepath.Join(t.TempDir(), "other")
	at := func(dir string, args ...string) []string {
		return append([]string{"--store", url, "--data", dir}, args...)
	}
	mustRun(t, at(one, "import", filepath.Join("testdata", "small.jsonl"))...)
	if _, said, code := taizhang(t, at(one, "seal", "init", "taizhang.zj/2026")...); code != 0 {
		t.Fatal(said)
	}
	mustRun(t, at(other, "record", "trial.recorded", "--center", "ZJ-0001", "--on", "2026-10-31", "--role", "center",
		"--actor", "c", "--data", `{"trial":"T-1","onProductionLine":false}`)...)
	for _, verb := range []string{"seal", "seal init taizhang.zj/2026", "seal init taizhang.other/2026"} {
		_, refused, code := taizhang(t, at(other, strings.Fields(verb)...)...)
		if code == 0 || !strings.Contains(refused, "seal") {
			t.Errorf("%s without the key is answered with exit %d: %s", verb, code, refused)
		}
		if verb == "seal" && !strings.Contains(refused, "If another process holds the key, it seals") {
			t.Errorf("without the key: %s", refused)
		}
	}
	if out := mustRun(t, at(one, "seal")...); !strings.HasPrefix(out, "sealed 11 records:") {
		t.Errorf("with the key: %s", out)
	}
	for _, dir := range []string{one, other} {
		out := mustRun(t, at(dir, "check")...)
		if !strings.Contains(out, "The ledger is sound.") ||
			strings.Contains(out, "checkpoints: 2, each compared with the ledger") != (dir == one) {
			t.Errorf("check of %s says\n%s", filepath.Base(dir), out)
		}
	}
	receipts := filepath.Join(t.TempDir(), "receipts")
	mustRun(t, at(one, "receipt", "10", "--out", receipts)...)
	line, err := os.ReadFile(filepath.Join(receipts, "10.json"))
	if err != nil || !strings.Contains(string(line), `"trial":"T-1"`) {
		t.Errorf("the receipt is of %s, %v", line, err)
	}
}

// The test opens a copy with another cluster, which has the same history except for the last records.
func TestACopyOfAnotherRecordIsFoundOut(t *testing.T) {
	dirs := []string{t.TempDir(), t.TempDir()}
	urls := []string{kurrenttest.Start(t, kurrenttest.ClusterConfig{}).ConnectionString(),
		kurrenttest.Start(t, kurrenttest.ClusterConfig{}).ConnectionString()}
	trial := func(url, dir, name string) []string {
		return []string{"--store", url, "--data", dir, "record", "trial.recorded", "--center", "ZJ-0001", "--on",
			"2026-10-31", "--role", "center", "--actor", "c",
			"--data", `{"trial":"` + name + `","onProductionLine":false}`}
	}
	for i := range urls {
		mustRun(t, "--store", urls[i], "--data", dirs[i], "import", filepath.Join("testdata", "small.jsonl"))
		mustRun(t, trial(urls[i], dirs[i], "of-"+string(rune('0'+i)))...)
	}
	before := mustRun(t, "--data", dirs[0], "export")
	_, refused, code := taizhang(t, trial(urls[1], dirs[0], "astray")...)
	if code != 1 || !strings.Contains(refused, "AL-LED-01") ||
		!strings.Contains(refused, "not that of the local copy") {
		t.Errorf("a copy of another record is answered with exit %d: %s", code, refused)
	}
	if mustRun(t, "--data", dirs[0], "export") != before {
		t.Error("the copy was written to")
	}
	mustRun(t, "--store", urls[0], "--data", dirs[0], "check")
	if a := mustRun(t, "--store", urls[1], "--data", dirs[1], "export"); strings.Contains(a, "astray") {
		t.Error("the other record was written to")
	}
}

// The test follows the instructions of docs/kurrentdb.md for a lost cluster.
func TestAnotherClusterIsBegunFromACopy(t *testing.T) {
	old, fresh := t.TempDir(), t.TempDir()
	mustRun(t, "--store", kurrenttest.Start(t, kurrenttest.ClusterConfig{}).ConnectionString(), "--data", old,
		"import", filepath.Join("testdata", "small.jsonl"))
	all := mustRun(t, "--data", old, "export")
	file := filepath.Join(t.TempDir(), "all.jsonl")
	if err := os.WriteFile(file, []byte(all), 0o600); err != nil {
		t.Fatal(err)
	}
	url := kurrenttest.Start(t, kurrenttest.ClusterConfig{}).ConnectionString()
	mustRun(t, "--store", url, "--data", fresh, "import", file)
	// of several centers
	sorted := func(lines string) string { return strings.Join(slices.Sorted(strings.Lines(lines)), "") }
	if got := mustRun(t, "--store", url, "--data", t.TempDir(), "export"); sorted(got) != sorted(all) {
		t.Errorf("the new cluster has other records:\n%s", got)
	}
}

// tamper makes the server hide all events of a stream except the last.
func tamper(t *testing.T, url, stream string) {
	t.Helper()
	config, err := esdb.ParseConnectionString(url)
	if err != nil {
		t.Fatal(err)
	}
	client, err := esdb.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var m esdb.StreamMetadata
	m.SetMaxCount(1)
	if _, err := client.SetStreamMetadata(t.Context(), streamPrefix+stream,
		esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}, m); err != nil {
		t.Fatal(err)
	}
}

func TestAWrongConnectionIsRefusedWithoutItsPassword(t *testing.T) {
	for _, url := range []string{"esdb://admin:secret@localhost:2113?tls=false", "mongodb://secret",
		"esdb://localhost?keepAliveInterval=10", "esdb://"} {
		_, errOut, code := taizhang(t, "--store", url, "--data", t.TempDir(), "centers")
		if code != 1 || errOut == "" || strings.Contains(errOut, "secret") {
			t.Errorf("%s: exit %d, %s", url, code, errOut)
		}
	}
	help, _, _ := taizhang(t, "--help")
	if !strings.Contains(help, "--store") {
		t.Error("help does not know --store")
	}
}

func TestOfAClusterThatIsDownTheCopyIsNamed(t *testing.T) {
	server := kurrenttest.Start(t, kurrenttest.ClusterConfig{})
	url, dir := server.ConnectionString(), filepath.Join(t.TempDir(), "copy")
	mustRun(t, "--store", url, "--data", dir, "import", history(t, "edges"))
	centers := mustRun(t, "--store", url, "--data", dir, "--as-of", "2026-10-31", "centers")
	server.Close()
	patience, reachesInTest = 2*time.Second, 10*time.Millisecond
	t.Cleanup(func() { patience, reachesInTest = 0, time.Minute })
	for lang, want := range map[string][]string{
		"en": {"the cluster does not answer yet; waiting ...\n", "does not answer", "Without --store the copy in " +
			dir}, "zh": {"集群还没有应答，继续等待……\n", "没有应答", "不加 --store 可查询 " + dir}} {
		out, errOut, code := taizhang(t, "--store", url, "--data", dir, "--lang", lang, "--as-of",
			"2026-10-31", "centers")
		for _, w := range want {
			if code == 0 || out != "" || !strings.Contains(errOut, w) {
				t.Errorf("exit %d, %q, %q does not say %q", code, out, errOut, w)
			}
		}
	}
	if again := mustRun(t, "--data", dir, "--as-of", "2026-10-31", "centers"); again != centers {
		t.Errorf("the copy answers\n%s\nand the cluster answered\n%s", again, centers)
	}
}

func TestARecordThatMayHaveBeenStoredIsSaidToBeSo(t *testing.T) {
	server := kurrenttest.Start(t, kurrenttest.ClusterConfig{})
	at := func(args ...string) []string {
		return append([]string{"--store", server.ConnectionString(), "--data", filepath.Join(t.TempDir(), "copy")},
			args...)
	}
	mustRun(t, at("import", filepath.Join("testdata", "small.jsonl"))...)
	server.Break(kurrenttest.Every(kurrenttest.Append, 1, kurrenttest.Fault{Strike: kurrenttest.Stall}))
	patience = 2 * time.Second
	t.Cleanup(func() { patience = 0 })
	for lang, want := range map[string][]string{
		"en": {"whether this was recorded is unknown", "with the same id",
			"The cause: the event store does not answer"},
		"zh": {"是否已入账尚不确定", "以同一记录编号再写一次", "原因：事件库没有应答"},
	} {
		out, errOut, code := taizhang(t, at("--lang", lang, "record", "trial.recorded", "--center", "ZJ-0001", "--on",
			"2026-10-31", "--role", "center",
			"--actor", "c", "--data", `{"trial":"in-doubt","onProductionLine":false}`)...)
		for _, w := range want {
			if code == 0 || out != "" || !strings.Contains(errOut, w) {
				t.Errorf("exit %d, %q, %q does not say %q", code, out, errOut, w)
			}
		}
	}
}

func TestADamagedCopyIsMadeAnew(t *testing.T) {
	url, dir := kurrenttest.Start(t, kurrenttest.ClusterConfig{}).ConnectionString(),
		filepath.Join(t.TempDir(), "copy")
	mustRun(t, "--store", url, "--data", dir, "import", filepath.Join("testdata", "small.jsonl"))
	centers := mustRun(t, "--data", dir, "--as-of", "2026-10-31", "centers")
	name := filepath.Join(dir, "segment-000001.log")
	log, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	log[bytes.Index(log, []byte("ZJ-0001"))] ^= 1
	if err := os.WriteFile(name, log, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, at := range [][]string{{"--data", dir}, {"--data", dir, "--store", url}} {
		for lang, want := range map[string][]string{
			"en": {"is damaged at byte", "may be thrown away: move the directory away", "--store"},
			"zh": {"损坏", "可以舍弃：把该目录移走", "--store"},
		} {
			_, errOut, code := taizhang(t, append(at, "--lang", lang, "centers")...)
			for _, w := range want {
				if code != 1 || !strings.Contains(errOut, w) || strings.Contains(errOut, "restore") {
					t.Errorf("%v: exit %d, %q does not say %q", at, code, errOut, w)
				}
			}
		}
	}
	if err := os.Rename(dir, dir+"-damaged"); err != nil {
		t.Fatal(err)
	}
	if again := mustRun(t, "--store", url, "--data", dir, "--as-of", "2026-10-31", "centers"); again != centers {
		t.Errorf("the new copy answers\n%s\nand the old one answered\n%s", again, centers)
	}
}

// TestAServerKeepsRecordAndAccountsInTheCluster serves a cluster through one copy, and then through another one.
func TestAServerKeepsRecordAndAccountsInTheCluster(t *testing.T) {
	url := cluster(t)
	mustRun(t, "--store", url, "--data", filepath.Join(t.TempDir(), "import"), "import",
		filepath.Join("testdata", "small.jsonl"))
	token := ""
	for i := range 2 {
		a, o := servedApp(filepath.Join(t.TempDir(), "copy"))
		a.cluster, a.prefix, a.patience = url, streamPrefix, patience
		started := make(chan string, 1)
		ended := make(chan error, 1)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() {
			ended <- a.serve(ctx, o, func(x *opened, address string) (err error) {
				if i == 0 {
					token, err = centerToken(ctx, x)
				}
				started <- address
				return err
			})
		}()
		select {
		case address := <-started:
			c := &http.Client{Transport: &http.Transport{}}
			if status, body := get(t, c, address+"/v1/centers/ZJ-0001", "Authorization",
				"Bearer "+token); status != http.StatusOK || !strings.Contains(body, `"center":"ZJ-0001"`) {
				t.Errorf("through copy %d: got %d %s", i, status, body)
			}
			c.CloseIdleConnections()
			if out := mustRun(t, "--store", url, "--data", a.dir, "--output", "csv", "backup",
				filepath.Join(t.TempDir(), "copy.tar")); strings.Count(out, "\n") != 3 {
				t.Errorf("the backup beside the server has\n%s", out)
			}
		case err := <-ended:
			t.Fatal(err)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(filepath.Join(a.dir, accessName, "segment-000001.log")); err != nil {
			t.Error(err)
		}
	}
}

// TestTwoServersOfOneClusterShareAFeed serves a cluster through two copies, each of which publishes to the same
// stream.
func TestTwoServersOfOneClusterShareAFeed(t *testing.T) {
	url := cluster(t)
	mustRun(t, "--store", url, "--data", filepath.Join(t.TempDir(), "import"), "import",
		filepath.Join("testdata", "small.jsonl"))
	e, p := newExternal(t), newProgram(t, "gov")
	e.start(natsserver.Configuration(e.key, []natsserver.User{{Name: p.name, Key: p.key.Public}}))
	var servers []*feedServer
	for range 2 {
		servers = append(servers, startFeed(t, filepath.Join(t.TempDir(), "copy"), func(a *app, o *serveOptions) {
			e.elsewhere(a, o)
			a.cluster, a.prefix, a.patience = url, streamPrefix, patience
		}))
		if len(servers) == 1 {
			p.add(servers[0].opened)
			if _, err := servers[0].feed.Admit(t.Context()); err != nil {
				t.Fatal(err)
			}
			p.connect(e.url())
		}
	}
	p.catchUp(servers[0])
	p.acts = nil
	want := []string{}
	for i := range 10 {
		id := fmt.Sprint("T", i)
		servers[i%2].trial(id)
		want = append(want, "raised AL-SAF-01 "+id)
	}
	p.catchUp(servers[1])
	if slices.Sort(p.acts); !slices.Equal(p.acts, want) {
		t.Errorf("got %q", p.acts)
	}
	for _, f := range servers {
		f.settled()
		p.mustKnow(f.app.dir)
	}
}

// centerToken makes an account of a center and returns a token of it.
func centerToken(ctx context.Context, x *opened) (string, error) {
	office := x.access.Desk(access.Local("test", "local"))
	if _, err := office.AddAccount(ctx, access.NewAccount{
		Account: "center-1", Binding: access.Binding{Role: access.Center, Center: "ZJ-0001"}}); err != nil {
		return "", err
	}
	made, err := office.AddToken(ctx, access.NewToken{Account: "center-1", Name: "test"})
	if err != nil {
		return "", err
	}
	return made.Secret, nil
}

// TestAccountsInAClusterAreThoseOfEveryCopy adds an account through one copy and gives it a token through another.
func TestAccountsInAClusterAreThoseOfEveryCopy(t *testing.T) {
	url := cluster(t)
	one, other := filepath.Join(t.TempDir(), "one"), filepath.Join(t.TempDir(), "other")
	at := func(dir string, args ...string) []string {
		return append([]string{"--store", url, "--data", dir, "--output", "csv"}, args...)
	}
	mustRun(t, at(one, "account", "add", "cai", "--role", "finance")...)
	mustRun(t, at(one, "import", filepath.Join("testdata", "small.jsonl"))...)
	mustRun(t, at(other, "token", "add", "cai", "--name", "x")...)
	if out := mustRun(t, at(one, "account", "list")...); !strings.Contains(out, "\ncai,finance,,,,,,1,") {
		t.Errorf("the accounts are\n%s", out)
	}
	if out := mustRun(t, at(other, "access-log", "--center", "ZJ-0001", "--limit", "1")...); !strings.Contains(out,
		",write,local:") {
		t.Errorf("the access log is\n%s", out)
	}
	if out := mustRun(t, at(one, "backup", filepath.Join(t.TempDir(), "copy.tar"))...); strings.Count(out, "\n") != 3 {
		t.Errorf("the backup has\n%s", out)
	}
}
