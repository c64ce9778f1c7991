package consumer_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/alertfeed/consumer"
	"github.com/taizhang/taizhang/services/listen/listentest"
	"github.com/taizhang/taizhang/services/natsserver"
)

// damage changes a byte of each of the first n messages in the files of the stream while the server is stopped; -1 is
// all.
func (f *feed) damage(n int) {
	f.t.Helper()
	if err := f.server.Close(); err != nil {
		f.t.Fatal(err)
	}
	files := 0
	err := filepath.WalkDir(filepath.Join(f.dir, "nats"), func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) != ".blk" || err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		return os.WriteFile(path, bytes.Replace(content, []byte("specversion"), []byte("spacversion"), n), 0o600)
	})
	if err != nil || files != 1 {
		f.t.Fatalf("%d files changed: %v", files, err)
	}
	f.start()
}

func TestAServerThatDoesNotDeliverIsNamed(t *testing.T) { // not beside others, which wait longer for what is due
	consumer.SetDueWait(t, 300*time.Millisecond)
	for _, c := range []struct {
		name string
		stop func(*feed)
		says string
	}{
		{"a damaged message", func(f *feed) { f.damage(1) },
			"the server does not deliver 1 of the messages for the user ops; "},
		{"damaged messages", func(f *feed) { f.damage(-1) },
			"the server has 3 messages for the user ops and delivers none; "},
		{"a server that is told to wait", func(f *feed) {
			if _, err := f.js.PauseConsumer(f.t.Context(), alertfeed.StreamName, user,
				time.Now().Add(time.Hour)); err != nil {
				f.t.Fatal(err)
			}
		}, "the server has 3 messages for the user ops and delivers none; "},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFeed(t)
			for _, key := range []string{"A", "B"} {
				f.say(key, raised, at(1, 1))
			}
			f.head(alertfeed.End, at(1, 1))
			f.counted()
			c.stop(f)
			if _, _, err := f.board(f.nkey + ".state"); text.CodeOf(err) != text.Unavailable ||
				!strings.HasPrefix(err.Error(), c.says) {
				t.Errorf("the board: %v", err)
			}
			w := f.watch()
			wait(t, "people to be told", func() (string, bool) {
				told := strings.Join(w.told(), "\n")
				return told, strings.HasSuffix(told, "docs/alerting.md") &&
					strings.Contains(told, "the feed is interrupted, trying again: "+c.says)
			})
			w.finish()
		})
	}
}

func TestABoardEndsWhereNobodyAnswers(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	where := f.connection()
	where.Patience = 100 * time.Millisecond
	for url, code := range map[string]text.ErrorCode{
		"nats://" + listentest.FreeAddress(t): text.Unavailable, "http://127.0.0.1:1": text.Invalid, "127.0.0.1:1": text.Invalid} {
		where.URL = url
		if _, err := consumer.ReadBoard(t.Context(), where, f.nkey+".state"); text.CodeOf(err) != code {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestOneConnectionMoreThanAUserMayHaveIsRefusedInWords(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	key, err := nats.NkeyOptionFromSeed(f.nkey)
	if err != nil {
		t.Fatal(err)
	}
	for range natsserver.ConnectionsMax {
		nc, err := nats.Connect(f.url(), key)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
	}
	w := f.watch()
	if err := w.ended(); text.CodeOf(err) != text.Conflict ||
		!strings.Contains(err.Error(), "the user ops has the 8 connections to the NATS server "+f.url()) {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsLostIsSaidInWords(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	f.deleteDurable()
	var told []text.Text
	where := f.connection()
	where.Patience = 5 * time.Second
	where.Note = func(what text.Text) { told = append(told, what) }
	_, err := consumer.ReadBoard(t.Context(), where, f.nkey+".state")
	var e *text.Error
	if !errors.As(err, &e) || e.Code != text.NotFound || strings.Contains(e.What.Zh, "nats: ") ||
		!strings.Contains(e.What.En, "the server has no such consumer") {
		t.Errorf("the board: %v", err)
	}
	if len(told) != 1 ||
		!strings.HasPrefix(told[0].En, "waiting for the NATS server at "+f.url()+" to know the user ops: ") {
		t.Errorf("people were told %q", told)
	}
}
