package imports

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/logstore"
	"github.com/taizhang/taizhang/services/spool"
)

// running is the jobs of a server over an empty ledger.
type running struct {
	*Jobs
	desk *desk.Local
	dir  string
	now  atomic.Int64 // Unix time, in seconds: the goroutine that runs the imports reads it too
}

func newRunning(t testing.TB) *running {
	t.Helper()
	store, err := logstore.Open(t.TempDir(), logstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	l, err := ledger.Open(t.Context(), store, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	r := &running{dir: t.TempDir()}
	r.now.Store(1_790_000_000)
	r.desk = &desk.Local{LocalConfig: desk.LocalConfig{Ledger: l, Now: time.Now, Spool: t.TempDir(),
		Account: ledger.Writer{Name: "kit", MayRecord: true}}}
	r.Jobs = New(Config{Spool: spool.New(r.dir, zap.NewNop()), Log: zap.NewNop(),
		Now: func() time.Time { return time.Unix(r.now.Load(), 0) }})
	t.Cleanup(func() { r.Stop(); <-r.Ended() })
	return r
}

// open opens an import of an account with a file.
func (r *running) open(t testing.TB, account, content string) *Job {
	t.Helper()
	x, err := r.Open(access.Principal{Account: account})
	if err == nil {
		err = x.Add("a.jsonl", strings.NewReader(content))
	}
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// run runs an import to its end.
func (r *running) run(t testing.TB, account, content string, o Order) (*Job, Progress) {
	t.Helper()
	x := r.open(t, account, content)
	o.Desk = r.desk
	s, err := r.Start(x, o)
	if err != nil {
		t.Fatal(err)
	}
	for !s.HasEnded() {
		s = r.Wait(t.Context(), x, time.Minute)
	}
	return x, s
}

func TestTheBadLinesOfAnImportAreBounded(t *testing.T) {
	r := newRunning(t)
	defer func(before int) { resultBytesMax = before }(resultBytesMax)
	resultBytesMax = 5000
	x, s := r.run(t, "yi", strings.Repeat("{}\n", 500), Order{})
	if s.State != Done || s.BadTotal != 500 {
		t.Fatalf("got %+v", s)
	}
	f, err := x.Result(BadLines)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if body, err := io.ReadAll(f); err != nil || len(body) > 5000 || len(body) < 2500 || body[len(body)-2] != '}' {
		t.Errorf("got %d bytes, %v: %.300s", len(body), err, body)
	}
}

func TestAnAccountSeesItsOwnImportsTheNewestFirst(t *testing.T) {
	r := newRunning(t)
	var want []string
	for i := range 3 {
		r.now.Add(1)
		_, s := r.run(t, "yi", "{}\n", Order{DryRun: i == 1, Request: fmt.Sprint(i)})
		want = append(want, s.ID)
		if s.DryRun != (i == 1) || s.Request != fmt.Sprint(i) || !slices.Equal(s.Files, []string{"a.jsonl"}) {
			t.Errorf("got %+v", s)
		}
	}
	r.run(t, "er", "{}\n", Order{})
	slices.Reverse(want)
	var got []string
	for _, s := range r.Of("yi") {
		got = append(got, s.ID)
	}
	if !slices.Equal(got, want) {
		t.Errorf("expected %v, got %v", want, got)
	}
	if _, err := r.Find(want[0], "er"); text.CodeOf(err) != text.NotFound {
		t.Errorf("another account gets %v", err)
	}
	r.now.Add(int64(keptFor/time.Second) + 1)
	if list := r.Of("yi"); len(list) != 0 {
		t.Errorf("after a day: %+v", list)
	}
	if left, err := os.ReadDir(r.dir); err != nil || len(left) != 0 {
		t.Errorf("the spool has %v, %v", left, err)
	}
}

// TestTheLastImportsOfAnAccountAreKept runs more dry runs than are kept of one account. Those of another account stay.
func TestTheLastImportsOfAnAccountAreKept(t *testing.T) {
	r := newRunning(t)
	_, other := r.run(t, "er", "{}\n", Order{DryRun: true})
	var ids []string
	for range keptAccountMax + 2 {
		r.now.Add(1)
		_, s := r.run(t, "yi", "{}\n", Order{DryRun: true})
		ids = append(ids, s.ID)
	}
	list := r.Of("yi")
	if len(list) != keptAccountMax || list[0].ID != ids[len(ids)-1] || list[len(list)-1].ID != ids[2] {
		t.Errorf("%d imports are kept, from %+v", len(list), list[len(list)-1])
	}
	for _, id := range ids[:2] {
		if _, err := r.Find(id, "yi"); text.CodeOf(err) != text.NotFound {
			t.Errorf("an import that is kept no more: %v", err)
		}
	}
	if _, err := r.Find(other.ID, "er"); err != nil {
		t.Errorf("the import of another account: %v", err)
	}
	if left, err := os.ReadDir(r.dir); err != nil || len(left) != keptAccountMax+1 {
		t.Errorf("the spool has %d directories, %v", len(left), err)
	}
}

// TestADryRunThatIsKeptHasItsRowsWithTheirAnswers judges a sheet over an empty ledger, which refuses its records.
func TestADryRunThatIsKeptHasItsRowsWithTheirAnswers(t *testing.T) {
	const sheet = "九月凭证\n凭证号,日期,中心编号,经费下达编号,用途,金额(元),收款单位,摘要\n" +
		"V-1,2026/9/1,ZJ-0018,G-1,中试,1,甲,x\n\nV-2,2026/9/1,ZJ-0018,G-1,中式,2,乙,x\n合计,,,,,3,,\n"
	r := newRunning(t)
	run := func(keep bool) *Job {
		x, err := r.Open(access.Principal{Account: "yi"})
		if err == nil {
			err = x.Add("a.csv", strings.NewReader(sheet))
		}
		if err != nil {
			t.Fatal(err)
		}
		s, err := r.Start(x, Order{Desk: r.desk, DryRun: true, Keep: keep, Sheets: desk.SheetTerms{Actor: "yi"}})
		if err != nil {
			t.Fatal(err)
		}
		for !s.HasEnded() {
			s = r.Wait(t.Context(), x, time.Minute)
		}
		if s.State != Done || s.Result.Refused != 2 {
			t.Fatalf("got %+v", s)
		}
		return x
	}
	x := run(true)
	f, err := x.Result(GridRows)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var got []string
	if err := EachRow(f, func(row *GridRow) error {
		fields := ""
		for _, why := range row.Reasons {
			fields += " " + why.Field
		}
		got = append(got, fmt.Sprintf("%d %s%s %s%s", row.Row, row.Kind, row.Answer, row.Cells[0], fields))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	want := []string{"2 vouchers 凭证号", "3 refused V-1 中心编号", "5 refused V-2 用途", "6  合计"}
	if !slices.Equal(got, want) {
		t.Errorf("expected %q, got %q", want, got)
	}
	upload, err := x.Uploaded(0)
	if err != nil {
		t.Fatal(err)
	}
	defer upload.Close()
	if body, err := io.ReadAll(upload); err != nil || string(body) != sheet {
		t.Errorf("the upload became %q, %v", body, err)
	}
	x = run(false)
	for _, name := range []string{GridRows, "0"} {
		if _, err := x.Result(name); text.CodeOf(err) != text.NotFound {
			t.Errorf("%s of a dry run that is not kept: %v", name, err)
		}
	}
}

func TestAnAccountHasALimitOfPlaces(t *testing.T) {
	r := newRunning(t)
	var list []*Job
	for range placesAccountMax {
		list = append(list, r.open(t, "yi", "{}\n"))
	}
	if _, err := r.Open(access.Principal{Account: "yi"}); !errors.Is(err, ErrPlaces) {
		t.Errorf("got %v", err)
	}
	for len(list) < placesAll {
		list = append(list, r.open(t, fmt.Sprint("other", len(list)), "{}\n"))
	}
	if _, err := r.Open(access.Principal{Account: "san"}); text.CodeOf(err) != text.Unavailable {
		t.Errorf("got %v", err)
	}
	for _, x := range list {
		r.Drop(x)
	}
	r.run(t, "yi", "{}\n", Order{})
}

func TestAnImportThatPanicsFailsAlone(t *testing.T) {
	r := newRunning(t)
	x := r.open(t, "yi", "{}\n")
	s, err := r.Start(x, Order{Desk: panicking{}})
	if err != nil {
		t.Fatal(err)
	}
	for !s.HasEnded() {
		s = r.Wait(t.Context(), x, time.Minute)
	}
	if s.State != Failed || s.Err == nil {
		t.Errorf("got %+v", s)
	}
	if _, s = r.run(t, "yi", "", Order{}); s.State != Done {
		t.Errorf("the next one: %+v", s)
	}
}

// panicking has no counter, so that a call of it panics.
type panicking struct{ desk.Keeper }
