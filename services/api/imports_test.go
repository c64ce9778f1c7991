package api_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/api"
	"github.com/taizhang/taizhang/services/desk"
)

// form returns a multipart form with files, each as name and content, and its content type.
func form(t testing.TB, files ...string) (body, media string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		part, err := w.CreateFormFile("file", files[i])
		if err == nil {
			_, err = io.WriteString(part, files[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), w.FormDataContentType()
}

// ended waits until an import has ended.
func (x *served) ended(t testing.TB, r reply) api.ImportState {
	t.Helper()
	s := decoded[api.ImportState](t, r, 202)
	if r.Header.Get("Location") != "/v1/imports/"+s.ID {
		t.Fatalf("the location is %q", r.Header.Get("Location"))
	}
	for s.State == "waiting" || s.State == "running" {
		s = into[api.ImportState](t, x.get(t, "/v1/imports/"+s.ID+"?wait=30"))
	}
	return s
}

func vouchers(rows ...string) string {
	return "凭证号,日期,中心编号,经费下达编号,用途,金额(元),收款单位,摘要,经济分类,外拨,委托任务书编号\n" +
		strings.Join(rows, "\n") + "\n"
}

func TestFilesAreImportedTogether(t *testing.T) {
	x := live(t)
	x.begun(t, "ZJ-0001")
	lines := object("ZJ-0001", spent) + "\n" + object("ZJ-0002", registered) + "\n"
	body, media := form(t, "a.jsonl", lines, "b.csv", vouchers("V-1,2025-07-02,ZJ-0001,G1,中试,1.00,丙,样机,,,"))
	s := x.ended(t, x.ask(t, "POST", "/v1/imports?actor=c-1", body, "Content-Type", media))
	if s.State != "done" || s.Result == nil || s.Result.Read != 3 || s.Result.Accepted != 3 || s.BadTotal != 0 ||
		s.Done == 0 || s.Problem != nil {
		t.Fatalf("got %+v %+v", s, s.Result)
	}
	s = x.ended(t, x.ask(t, "POST", "/v1/imports?name=a.jsonl", lines, "Content-Type", "application/jsonl"))
	if s.State != "done" || s.Result.Repeated != 2 {
		t.Errorf("again: %+v", s)
	}
	if n := len(x.lines(t)); n != 7 {
		t.Errorf("there are %d records", n)
	}
	for _, path := range []string{"/bad"} {
		if r := x.get(t, "/v1/imports/"+s.ID+path).ok(t); r.body != "" {
			t.Errorf("got %q", r.body)
		}
	}
	x.get(t, "/v1/imports/"+s.ID+"/marked.xlsx").problem(t, 404, "not-found")
}

func TestAnImportIsTriedFirst(t *testing.T) {
	x := live(t)
	x.begun(t, "ZJ-0001")
	s := x.ended(t, x.ask(t, "POST", "/v1/imports?name=a.jsonl&dryRun=true", object("ZJ-0001", fined), "Content-Type",
		"application/jsonl"))
	if s.State != "done" || !s.DryRun || s.Result.Accepted != 1 || len(s.Result.Centers) != 1 ||
		len(s.Result.Centers[0].Opened) == 0 {
		t.Errorf("got %+v %+v", s, s.Result)
	}
	if r := x.get(t, "/v1/imports/"+s.ID+"/rows").ok(t); s.Rows != 0 || r.body != "" {
		t.Errorf("of lines of JSON there are %d rows: %s", s.Rows, r.body)
	}
	rows := vouchers("V-1,2025-07-02,ZJ-0001,G1,罚款,1.00,丙,样机,,,", "V-2,2025-07-02,ZJ-0001,G1,中试,x,丙,样机,,,")
	s = x.ended(t, x.ask(t, "POST", "/v1/imports?name=b.csv&actor=c-1&dryRun=true&again=true&marked=true", rows,
		"Content-Type", "text/csv"))
	if s.State != "done" || s.Rows != 2 || s.BadTotal != 1 || !s.Marked || s.Result.Accepted != 1 ||
		len(s.Result.Opens) == 0 {
		t.Errorf("got %+v %+v", s, s.Result)
	}
	if r := x.get(t, "/v1/imports/"+s.ID+"/rows").ok(t); strings.Count(r.body, "\n") != 2 ||
		!strings.Contains(r.body, `"answer":"accepted","id":"`) || !strings.Contains(r.body, `"field":"金额(元)"`) {
		t.Errorf("got %s", r.body)
	}
	x.get(t, "/v1/imports/"+s.ID+"/marked.xlsx").ok(t)
	if n := len(x.lines(t)); n != 4 {
		t.Errorf("there are %d records", n)
	}
}

func TestARecordSaysWhatItMovesIfAsked(t *testing.T) {
	x := live(t)
	x.begun(t, "ZJ-0001")
	a := decoded[desk.BatchAnswer](t,
		x.ask(t, "POST", "/v1/records?moves=true", object("ZJ-0001", fined), "Content-Type", "application/json"), 201)
	if a.Moves == nil || len(a.Moves.Opened) == 0 || a.AsOf.IsNone() {
		t.Errorf("got %+v", a)
	}
	if a = decoded[desk.BatchAnswer](t, x.ask(t, "POST", "/v1/records", object("ZJ-0001", spent), "Content-Type",
		"application/json"), 201); a.Moves != nil || !a.AsOf.IsNone() {
		t.Errorf("without being asked: got %+v", a)
	}
}

func TestAServerThatStopsTakesNoImports(t *testing.T) {
	x := live(t)
	end := x.upload(t)
	x.uploading(t, 1)
	x.api.Stop()
	x.ask(t, "POST", "/v1/imports?name=a.jsonl", object("ZJ-0001", registered), "Content-Type",
		"application/jsonl").problem(t, 503, "unavailable")
	if answer := end(); answer != nil && answer.StatusCode != 503 {
		t.Errorf("of an upload under way: %d", answer.StatusCode)
	}
	x.uploading(t, 0)
}

// uploading waits until the spool has count imports.
func (x *served) uploading(t testing.TB, count int) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; {
		list, err := os.ReadDir(x.spool)
		if err == nil && len(list) == count {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("expected %d imports, got %d, %v", count, len(list), err)
		}
	}
}

func TestBadLinesAndMarkedCopiesAreKeptForTheirAccount(t *testing.T) {
	x := live(t)
	x.begun(t, "ZJ-0001")
	n := len(x.lines(t))
	body, media := form(t, "b.csv", vouchers("V-1,2025-07-02,ZJ-0001,G1,中试,9000000.00,丙,样机,,,",
		"V-2,2025-07-02,ZJ-0001,G1,中试,x,丙,样机,,,"))
	s := x.ended(t, x.ask(t, "POST", "/v1/imports?actor=c-1&marked=true", body, "Content-Type", media))
	if s.State != "done" || s.Result.Refused != 2 || s.Result.Accepted != 0 || s.BadTotal != 2 || len(s.Bad) != 2 ||
		!s.Marked || s.Bad[0].File != "b.csv" || len(s.Bad[0].Reasons) == 0 {
		t.Fatalf("got %+v %+v", s, s.Result)
	}
	if got := len(x.lines(t)); got != n {
		t.Errorf("%d records were written", got-n)
	}
	if r := x.get(t, "/v1/imports/"+s.ID+"/bad").ok(t); strings.Count(r.body, "\n") != 2 ||
		!strings.Contains(r.body, `"line":2`) || r.Header.Get("Content-Type") != "application/jsonl" {
		t.Errorf("got %s", r.body)
	}
	marked := x.get(t, "/v1/imports/"+s.ID+"/marked.xlsx").ok(t)
	if f, err := excelize.OpenReader(strings.NewReader(marked.body)); err != nil || len(f.GetSheetList()) == 0 {
		t.Errorf("the marked copies: %v", err)
	}
	other := x.token(t, "caizheng", access.Binding{Role: access.Finance})
	for _, path := range []string{"", "/bad", "/marked.xlsx"} {
		x.as(t, other, "GET", "/v1/imports/"+s.ID+path, "").problem(t, 404, "not-found")
	}
	denied := map[string]bool{}
	if err := x.access.Desk(access.Local("kit", "local")).Log(t.Context(),
		access.LogQuestion{Account: "caizheng", Kind: access.LogDenied}, func(e *access.LogEntry) error {
			denied[e.Object] = true
			return nil
		}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"", "/bad", "/marked.xlsx"} {
		if !denied["/v1/imports/"+s.ID+path] {
			t.Errorf("the access log does not say that %q was asked for; it has %v", path, denied)
		}
	}
}

func TestAnUploadThatIsNoImportIsRefused(t *testing.T) {
	x := live(t)
	post := func(query, body, media string) reply {
		t.Helper()
		return x.ask(t, "POST", "/v1/imports"+query, body, "Content-Type", media)
	}
	body, media := form(t, "a.jsonl", "")
	empty, emptyMedia := form(t)
	post("", body, "text/plain").problem(t, 415, "unsupported-media-type")
	post("", body, "multipart/form-data").problem(t, 400, "bad-request")
	post("", body[:len(body)/2], media).problem(t, 400, "bad-request")
	post("", strings.Replace(body, `name="file"`, `name="fill"`, 1), media).problem(t, 400, "bad-request")
	post("", empty, emptyMedia).problem(t, 400, "bad-request")
	post("?name=x", body, media).problem(t, 400, "bad-request")
	post("", "{}", "application/jsonl").problem(t, 400, "bad-request")
	// an actor is for sheets
	s := x.ended(t, post("?actor=c-1&name=a.jsonl", object("ZJ-0001", registered), "application/jsonl"))
	if s.State != "failed" || s.Problem == nil || s.Problem.Param != "actor" {
		t.Errorf("got %+v", s)
	}
	x.get(t, "/v1/imports/"+s.ID+"?wait=31").problem(t, 400, "bad-request")
	x.get(t, "/v1/imports/none").problem(t, 404, "not-found")
	admin := x.token(t, "rizhi", access.Binding{Role: access.LogAdmin})
	x.as(t, admin, "POST", "/v1/imports", "no form", "Content-Type", "text/plain").problem(t, 403, "forbidden")
	if n := len(x.lines(t)); n != 0 {
		t.Errorf("there are %d records", n)
	}
}

// upload sends a request whose body is not complete yet.
func (x *served) upload(t testing.TB) (end func() *http.Response) {
	t.Helper()
	content, to := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, "POST", x.owner.URL+"/v1/imports?name=a.jsonl", content)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/jsonl")
	done := make(chan *http.Response, 1)
	go func() {
		answer, err := x.owner.Client().Do(r)
		if err != nil {
			t.Error(err)
		} else {
			_ = answer.Body.Close()
		}
		done <- answer
	}()
	_, _ = io.WriteString(to, "\n") // returns when the server reads
	return func() *http.Response { _ = to.Close(); return <-done }
}

func TestOneImportRunsEightWaitAndTheNinthIsSentAway(t *testing.T) {
	x := live(t)
	var ends []func() *http.Response
	for range 9 { // an upload has its place from its beginning
		ends = append(ends, x.upload(t))
	}
	x.uploading(t, 9)
	r := x.ask(t, "POST", "/v1/imports?name=a.jsonl", "\n", "Content-Type", "application/jsonl")
	if r.problem(t, 503, "unavailable"); r.Header.Get("Retry-After") == "" {
		t.Error("there is no Retry-After")
	}
	for _, end := range ends {
		if answer := end(); answer != nil && answer.StatusCode != 202 {
			t.Errorf("got %d", answer.StatusCode)
		}
	}
	for x.ask(t, "POST", "/v1/imports?name=a.jsonl", "\n", "Content-Type", "application/jsonl").StatusCode == 503 {
		// until they have run
	}
}

func TestAnAccountDoesNotTakeAllPlaces(t *testing.T) {
	x := live(t)
	token, other := x.token(t, "yi", access.Binding{Role: access.Center, Center: "ZJ-0001"}),
		x.token(t, "er", access.Binding{Role: access.Center, Center: "ZJ-0002"})
	const head = "POST /v1/imports?name=a.jsonl HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\nContent-Type: " +
		"application/jsonl\r\nAuthorization: Bearer "
	for range 3 {
		x.dialTo(t, x.Server, head+token+"\r\n\r\n\n")
	}
	x.uploading(t, 3)
	x.as(t, token, "POST", "/v1/imports?name=a.jsonl", "\n", "Content-Type", "application/jsonl").problem(t, 429,
		"too-many-requests")
	if r := x.as(t, other, "POST", "/v1/imports?name=a.jsonl", "\n", "Content-Type",
		"application/jsonl"); r.StatusCode != 202 {
		t.Errorf("another account gets %d", r.StatusCode)
	}
}

func TestUploadsLeaveRoomForTheLedger(t *testing.T) {
	x := live(t)
	x.api.Imports.Spool.Keep = 1 << 62
	x.ask(t, "POST", "/v1/imports?name=a.jsonl", "{}\n", "Content-Type", "application/jsonl").problem(t, 503,
		"unavailable")
	x.ask(t, "POST", "/v1/reproduce?name=a.csv", "x", "Content-Type", "text/csv").problem(t, 503, "unavailable")
	if list, err := os.ReadDir(x.spool); err != nil || len(list) != 0 {
		t.Errorf("got %v, %v", list, err)
	}
}

func TestTheSpoolHoldsNothingAfterARestart(t *testing.T) {
	x := live(t)
	s := x.ended(t, x.ask(t, "POST", "/v1/imports?name=a.jsonl", "{}\n", "Content-Type", "application/jsonl"))
	if s.BadTotal != 1 {
		t.Fatalf("got %+v", s)
	}
	list, err := os.ReadDir(x.spool)
	if err != nil || len(list) != 1 {
		t.Fatalf("got %v, %v", list, err)
	}
	own := filepath.Join(x.spool, "own.txt") // the spool may be a link to a directory with other things
	if err := os.WriteFile(own, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	again := api.New(api.ServerConfig{Desk: x.desk, Access: x.access, Now: x.clock.now, Build: "v1", Spool: x.spool})
	again.Stop()
	if err := again.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if list, err := os.ReadDir(x.spool); err != nil || len(list) != 1 || list[0].Name() != "own.txt" {
		t.Errorf("got %v, %v", list, err)
	}
	if info, err := os.Stat(x.spool); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("got %v, %v", info.Mode(), err)
	}
}

func TestRecordsAreTriedOneByOne(t *testing.T) {
	x := live(t)
	x.begun(t, "ZJ-0001")
	n := len(x.lines(t))
	var body strings.Builder
	const lines = 2000 // more than the buffers of a connection hold
	for i := range lines {
		body.WriteString(object("ZJ-0001", spend(fmt.Sprint("V", i), 1)) + "\n")
	}
	r := x.ask(t, "POST", "/v1/try", body.String()+"{}\n", "Content-Type", "application/jsonl").ok(t)
	if got := strings.Count(r.body, `"answer":"accepted"`); got != lines ||
		!strings.Contains(r.body, fmt.Sprintf(`{"line":%d,"id":"","answer":"refused"`, lines+1)) {
		t.Errorf("%d lines are accepted: %.300s", got, r.body)
	}
	if got := len(x.lines(t)); got != n {
		t.Errorf("%d records were written", got-n)
	}
	if r := x.ask(t, "POST", "/v1/try", "", "Content-Type", "application/jsonl").ok(t); r.body != "" {
		t.Errorf("got %q", r.body)
	}
	x.ask(t, "POST", "/v1/try", "", "Content-Type", "text/plain").problem(t, 415, "unsupported-media-type")
}

func TestAnImportThatIsStoppedIsFinishedByBringingItAgain(t *testing.T) {
	x := live(t)
	x.begun(t, "ZJ-0001")
	var body strings.Builder
	const lines = 5000
	for i := range lines {
		body.WriteString(object("ZJ-0001", strings.Replace(governed, `"by"`, fmt.Sprintf(`"note":"%d","by"`, i), 1)) +
			"\n")
	}
	s := decoded[api.ImportState](t,
		x.ask(t, "POST", "/v1/imports?name=a.jsonl", body.String(), "Content-Type", "application/jsonl"), 202)
	for s.State == "waiting" {
		s = into[api.ImportState](t, x.get(t, "/v1/imports/"+s.ID+"?wait=30"))
	}
	x.api.Stop()
	if err := x.api.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	s = into[api.ImportState](t, x.get(t, "/v1/imports/"+s.ID))
	if s.State == "failed" && s.Problem.Status != 503 || s.State == "waiting" || s.State == "running" {
		t.Errorf("got %+v", s)
	}
	again, err := x.desk.Import(t.Context(), desk.ImportRequest{
		Files: []desk.Upload{{Name: "a.jsonl", Content: strings.NewReader(body.String()), Bytes: int64(body.Len())}}})
	if err != nil || again.Read != lines || again.Accepted+again.Repeated != lines {
		t.Errorf("again: %+v, %v", again, err)
	}
	if n := len(x.lines(t)); n != 4+lines {
		t.Errorf("there are %d records", n)
	}
}
