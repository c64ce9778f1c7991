package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/listen/listentest"
	"github.com/taizhang/taizhang/services/logstore"
	"github.com/taizhang/taizhang/services/natsserver/natstest"
)

func TestALedgerInUseCanBeAskedButNotWritten(t *testing.T) {
	dir := t.TempDir()
	small := filepath.Join("testdata", "small.jsonl")
	mustRun(t, "--data", dir, "import", small)
	inUse, err := logstore.Open(dir, logstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, errOut, code := taizhang(t, "--data", dir, "import", small)
	if code != 1 || !strings.Contains(errOut, "in use by another process") {
		t.Errorf("exit %d: %s", code, errOut)
	}
	_, errOut, code = taizhang(t, "--data", dir, "--lang", "zh", "policy", "adopt",
		filepath.Join("..", "..", "aggregates", "policy", "zj-2024-draft.json"))
	if code != 1 || !strings.Contains(errOut, "正被另一个进程使用") {
		t.Errorf("exit %d: %s", code, errOut)
	}
	if out := mustRun(t, "--data", dir, "--as-of", "2025-12-31", "--output", "csv", "centers"); !strings.Contains(out,
		"ZJ-0001,registered,6") {
		t.Errorf("got %s", out)
	}
	if err := inUse.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAnEventThatCannotBeReadIsAnAlertAndFailsTheCheck(t *testing.T) {
	dir := t.TempDir()
	mustRun(t, "--data", dir, "import", filepath.Join("testdata", "small.jsonl"))
	store, err := logstore.Open(dir, logstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for stream, revision := range map[events.StreamID]uint64{events.PolicyStream: 1, "center-ZJ-0002": 1} {
		odd := []events.Proposed{{ID: uuid.New(), Kind: "policy.adopted", Body: events.MustObject(`{"version":9}`)}}
		if _, err := store.Append(t.Context(), stream, revision, odd); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if out := mustRun(t, "--data", dir, "--output", "csv", "alerts", "--code", "AL-LED-01"); strings.Count(out,
		"AL-LED-01") != 2 {
		t.Errorf("got %s", out)
	}
	for _, center := range []string{"-", "ZJ-0002"} {
		if out := mustRun(t, "--data", dir, "alerts", "explain", center, "AL-LED-01"); !strings.Contains(out,
			"version 9") || !strings.Contains(out, "policy adopted") {
			t.Errorf("%s: got %s", center, out)
		}
	}
	if out, _, code := taizhang(t, "--data", dir, "check"); code != 1 || strings.Count(out, "version 9") != 2 {
		t.Errorf("exit %d: %s", code, out)
	}
}

func TestAnInterruptEndsTheWorkAndSaysWhatIsSafe(t *testing.T) {
	dir := t.TempDir()
	mustRun(t, "--data", dir, "import", filepath.Join("testdata", "small.jsonl"))
	key := filepath.Join(t.TempDir(), "ops.nk")
	natstest.NewUser(t).WriteSeed(t, key)
	for args, says := range map[string]string{
		"--data " + t.TempDir() + " import " + filepath.Join("testdata",
			"small.jsonl"): "taizhang: interrupted; what was written is safe, run it again to finish\n",
		"--data " + dir + " alerts": "taizhang: interrupted\n",
		"alerts board --nats nats://" + listentest.FreeAddress(t) + " --nkey " + key: "taizhang: interrupted\n",
	} {
		var out, errOut bytes.Buffer
		a := newApp(strings.Fields(args), &out, &errOut, func(string) string { return "" })
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		root := a.root()
		root.SetArgs(strings.Fields(args))
		if code := a.exitCode(ctx, root.ExecuteContext(ctx)); code != 1 || !strings.HasSuffix(errOut.String(), says) {
			t.Errorf("%s: exit %d: %s", args, code, errOut.String())
		}
	}
}

func TestWhatWasKnownAtAnInstantStaysTheAnswer(t *testing.T) {
	dir := t.TempDir()
	mustRun(t, "--data", dir, "import", filepath.Join("testdata", "small.jsonl"))
	known := time.Now().Format(time.RFC3339Nano)
	ask := func() string {
		return mustRun(t, "--data", dir, "--as-of", "2025-12-31", "--known-at", known, "--output", "csv",
			"alerts", "--all")
	}
	before := ask()
	mustRun(t, "--data", dir, "record", "entry.voided", "--center", "ZJ-0001", "--on", "2025-06-30", "--role",
		"center", "--actor", "c-1",
		"--data", `{"event":"11111111-0000-4000-8000-000000000007","reason":"重复"}`)
	if after := ask(); after != before || !strings.Contains(before, "AL-USE-01") {
		t.Errorf("before:\n%safter:\n%s", before, after)
	}
	if now := mustRun(t, "--data", dir, "--as-of", "2025-12-31", "--output", "csv", "alerts", "--all"); now == before {
		t.Error("the voiding changed nothing")
	}
}
