package consumer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/desk"
)

// ran runs a command for one event, and returns its output and the notes for people.
func ran(t *testing.T, ctx context.Context, line string, change ...func(*Command)) (out string, notes []string,
	dead []DeadLetter, err error) {
	t.Helper()
	var b bytes.Buffer
	c := Command{Line: line, Dead: filepath.Join(t.TempDir(), "dead"), Lang: "zh", Out: &b, Delay: time.Microsecond,
		Note: func(what text.Text) { notes = append(notes, what.En) }}
	for _, f := range change {
		f(&c)
	}
	e := &Event{Subject: subjectA, Cloud: []byte(`{"type":"taizhang.alert.cleared.v1"}`),
		Act: Act{At: "2026-11-29T12:00:00+08:00", Act: alertfeed.Cleared, Center: "ZJ-0001", Code: "AL-USE-01",
			Key:      "A\n\x00B",
			Severity: "red", RaisedOn: events.MustDate("2026-06-01"),
			ClearedOn: desk.Day{Date: events.MustDate("2026-07-01")}, Title: text.Say("禁止用途", "forbidden use")}}
	err = c.Run(ctx, e)
	content, _ := os.ReadFile(c.Dead)
	for l := range strings.Lines(string(content)) {
		var d DeadLetter
		if err := json.Unmarshal([]byte(l), &d); err != nil {
			t.Fatal(err)
		}
		dead = append(dead, d)
	}
	return b.String(), notes, dead, err
}

func TestACommandGetsTheEvent(t *testing.T) {
	out, notes, dead, err := ran(t, t.Context(), `cat; env | grep ^TAIZHANG_ALERT_ | sort`)
	want := `{"type":"taizhang.alert.cleared.v1"}
TAIZHANG_ALERT_ACT=cleared
TAIZHANG_ALERT_AT=2026-11-29T12:00:00+08:00
TAIZHANG_ALERT_CENTER=ZJ-0001
TAIZHANG_ALERT_CLEARED_ON=2026-07-01
TAIZHANG_ALERT_CODE=AL-USE-01
TAIZHANG_ALERT_KEY=A` + "\uFFFD\uFFFD" + `B
TAIZHANG_ALERT_RAISED_ON=2026-06-01
TAIZHANG_ALERT_SEVERITY=red
TAIZHANG_ALERT_SUBJECT=` + subjectA + `
TAIZHANG_ALERT_TITLE=禁止用途
`
	if err != nil || out != want || len(notes)+len(dead) != 0 {
		t.Errorf("%v %v: got\n%s", err, notes, out)
	}
}

func TestACommandThatFailsIsRunAgain(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tries")
	out, notes, dead, err := ran(t, t.Context(), `echo x >>`+file+`; test $(wc -l <`+file+`) = 3 && echo done`)
	if err != nil || out != "done\n" || len(notes) != 2 || len(dead) != 0 {
		t.Errorf("%v %q %q %v", err, out, notes, dead)
	}
}

func TestWhatACommandFailsForIsKept(t *testing.T) {
	_, notes, dead, err := ran(t, t.Context(), `echo first; echo 'no such ticket' >&2; exit 3`)
	if err != nil || len(dead) != 1 || len(notes) != runsMax {
		t.Fatalf("%v %q %v", err, notes, dead)
	}
	d := dead[0]
	if d.Runs != runsMax || string(d.Event) != `{"type":"taizhang.alert.cleared.v1"}` ||
		d.Error != "exit status 3: first no such ticket" {
		t.Errorf("got %+v", d)
	}
	if _, _, _, err := ran(t, t.Context(), "false", func(c *Command) { c.Dead = t.TempDir() }); err == nil {
		t.Error("what could not be written is passed over")
	}
}

func TestACommandThatTakesTooLongIsEnded(t *testing.T) {
	_, _, dead, err := ran(t, t.Context(), `sleep 1000 & sleep 1000`,
		func(c *Command) { c.Limit = 20 * time.Millisecond })
	if err != nil || len(dead) != 1 || !strings.Contains(dead[0].Error, "longer than 20ms") {
		t.Errorf("%v %+v", err, dead)
	}
}

func TestAnEndLetsACommandFinish(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	file := filepath.Join(t.TempDir(), "pipe")
	line := fmt.Sprintf(`touch %s; while test -e %[1]s; do sleep 0.01; done; echo done`, file)
	go func() {
		for {
			if _, err := os.Stat(file); err == nil {
				break
			}
			time.Sleep(time.Millisecond)
		}
		cancel()
		_ = os.Remove(file)
	}()
	if out, _, _, err := ran(t, ctx, line); err != nil || out != "done\n" {
		t.Errorf("%v %q", err, out)
	}
	if _, _, dead, err := ran(t, ctx, "false"); !errors.Is(err, context.Canceled) || len(dead) != 0 {
		t.Errorf("%v %v", err, dead)
	}
}
