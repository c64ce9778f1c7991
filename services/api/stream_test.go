package api_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/taizhang/taizhang/services/access"
)

// message is one message of a stream, as an EventSource dispatches it.
type message struct{ event, id, data string }

// source reads a stream as an EventSource does.
type source struct {
	lines *bufio.Reader
	close func() error
	last  string // the last id, which a message has that brings none
}

// follow opens a stream. more of it are name and value of headers in turn.
func follow(t testing.TB, c *http.Client, url string, limit int64, more ...string) *source {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	x := &source{}
	for i := 0; i < len(more); i += 2 {
		r.Header.Set(more[i], more[i+1])
		if more[i] == "Last-Event-ID" {
			x.last = more[i+1]
		}
	}
	answer, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "text/event-stream" {
		content, _ := io.ReadAll(answer.Body)
		t.Fatalf("got %d %s", answer.StatusCode, content)
	}
	x.lines = bufio.NewReader(io.LimitReader(answer.Body, limit))
	x.close = func() error { cancel(); return answer.Body.Close() }
	t.Cleanup(func() { _ = x.close() })
	return x
}

const whole = 1 << 40

// next returns the next message, or an error at the end of the stream. It skips a truncated message.
func (x *source) next() (m message, err error) {
	id, has := x.last, false
	for {
		line, err := x.lines.ReadString('\n')
		if err != nil {
			return message{}, err
		}
		line = strings.TrimSuffix(line, "\n")
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "":
			x.last = id
			if has {
				m.id = id
				return m, nil
			}
			m = message{}
		case name == "event":
			m.event = value
		case name == "id":
			id = value
		case name == "data":
			m.data, has = value, true
		}
	}
}

// expect returns the next message and checks its event.
func (x *source) expect(t testing.TB, event string) message {
	t.Helper()
	m, err := x.next()
	if err != nil || m.event != event {
		t.Fatalf("expected a message %s, got %+v, %v", event, m, err)
	}
	return m
}

// lines are all lines of the ledger as stored.
func (x *served) lines(t testing.TB) (list []string) {
	t.Helper()
	for s, err := range x.ledger.ReadAll(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, string(s.Bytes))
	}
	return list
}

func spend(voucher string, fen int) string {
	return fmt.Sprintf(
		`"kind":"funds.spent","on":"2025-06-02","by":{"role":"center","actor":"c-1"},"data":{"voucher":"%s","payee":"乙","use":"pilot","lines":[{"grant":"G1","amountFen":%d}],"summary":"中试"}`, voucher, fen)
}

// begun records the beginning of the life of a center.
func (x *served) begun(t testing.TB, center string) {
	t.Helper()
	for _, tail := range []string{registered, granted, received} {
		x.record(t, center, tail)
	}
}

func TestAStreamThatIsCutAnywhereHasEachRecordOnceAndInOrder(t *testing.T) {
	t.Run("of the whole ledger", func(t *testing.T) {
		x := live(t)
		x.cutAnywhere(t, func(string) bool { return true }, x.owner.Client(), x.owner.URL)
	})
	t.Run("within a scope", func(t *testing.T) {
		x := live(t)
		token := x.token(t, "zhongxin", access.Binding{Role: access.Center, Center: "ZJ-0002"})
		sees := func(line string) bool {
			return strings.Contains(line, `"stream":"policy"`) || strings.Contains(line, `"stream":"center-ZJ-0002"`)
		}
		x.cutAnywhere(t, sees, x.Client(), x.URL, "Authorization", "Bearer "+token)
	})
}

// cutAnywhere follows the stream of an account that sees some lines, while others write, over connections that are
// cut after any number of bytes.
func (x *served) cutAnywhere(t *testing.T, sees func(line string) bool, c *http.Client, url string, head ...string) {
	const each = 60
	var writers sync.WaitGroup
	for _, center := range []string{"ZJ-0001", "ZJ-0002", "ZJ-0003"} {
		writers.Go(func() {
			x.begun(t, center)
			for i := range each {
				x.record(t, center, spend(fmt.Sprint("V", i), 1))
			}
		})
	}
	defer writers.Wait()
	const all = 3*(3+each) + 1
	written := func() bool { return x.ledger.Register().Position() == all }
	var got, want []string
	cuts, last := 0, "0"
	bytesMax := int64(200_000) // the first record is a policy, of some 50 KB
	for want == nil || len(got) < len(want) {
		if want == nil && written() {
			want = slices.DeleteFunc(x.lines(t), func(line string) bool { return !sees(line) })
		}
		s := follow(t, c, url+"/v1/stream", 1+rand.Int64N(bytesMax),
			append([]string{"Last-Event-ID", last}, head...)...)
		for first := len(got) == 0; (want == nil || len(got) < len(want)) && !(first && len(got) > 0); {
			m, err := s.next()
			if err != nil {
				break
			}
			switch m.event {
			case "record":
				got, bytesMax = append(got, m.data), 8000
				if !strings.HasPrefix(m.data, fmt.Sprintf(`{"position":%s,`, m.id)) {
					t.Fatalf("the id of a record is its position; got %+v", m)
				}
			case "alerts":
				if center := m.data[len(`{"center":"`):][:7]; !sees(`"stream":"center-` + center + `"`) {
					t.Fatalf("the account does not see %s", m.data)
				}
			default:
				t.Fatalf("got %+v", m)
			}
			if want == nil && written() {
				want = slices.DeleteFunc(x.lines(t), func(line string) bool { return !sees(line) })
			}
		}
		last = s.last
		_ = s.close()
		cuts++
	}
	if !slices.Equal(got, want) {
		t.Errorf("after %d cuts: expected %d records once and in order, got %d", cuts, len(want), len(got))
	}
}

func TestAStreamEndsWithTheRightToIt(t *testing.T) {
	x := live(t)
	x.begun(t, "ZJ-0001")
	office := x.access.Desk(access.Local("kit", "socket"))
	for name, end := range map[string]func(account, token string) error{
		"a token that is revoked": func(_, token string) error {
			_, err := office.RevokeToken(t.Context(), token)
			return err
		},
		"an account disabled": func(account, _ string) error {
			_, err := office.Disable(t.Context(), account)
			return err
		},
		"an account bound anew": func(account, _ string) error {
			_, err := office.Bind(t.Context(), account, access.Binding{Role: access.Center, Center: "ZJ-0002"})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			account := "a" + strconv.Itoa(rand.IntN(1_000_000))
			if _, err := office.AddAccount(t.Context(), access.NewAccount{
				Account: account, Binding: access.Binding{Role: access.Center, Center: "ZJ-0001"}}); err != nil {
				t.Fatal(err)
			}
			made, err := office.AddToken(t.Context(), access.NewToken{Account: account, Name: "test"})
			if err != nil {
				t.Fatal(err)
			}
			s := follow(t, x.Client(), x.URL+"/v1/stream", whole, "Authorization", "Bearer "+made.Secret)
			if err := end(account, made.ID); err != nil {
				t.Fatal(err)
			}
			x.record(t, "ZJ-0001", spend(account, 1))
			s.expect(t, "bye")
			if m, err := s.next(); !errors.Is(err, io.EOF) {
				t.Errorf("expected the end, got %+v, %v", m, err)
			}
		})
	}
}

func TestAnAccountHasSoManyStreams(t *testing.T) {
	x := live(t)
	token := "Bearer " + x.token(t, "zhongxin", access.Binding{Role: access.Center, Center: "ZJ-0001"})
	var open []*source
	for range 50 {
		open = append(open, follow(t, x.Client(), x.URL+"/v1/stream", whole, "Authorization", token))
	}
	send(t, x.Client(), x.URL, "GET", "/v1/stream", "", "Authorization", token).problem(t, 429, "too-many-requests")
	_ = open[0].close()
	for deadline := time.Now().Add(30 * time.Second); ; { // until the server has seen it
		answer, err := x.Client().Do(request(t, x.URL+"/v1/stream", token))
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode == 200 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("got %d", answer.StatusCode)
		}
	}
}

func request(t testing.TB, url, authorization string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", authorization)
	return r
}

func TestAStreamTellsWhoseAlertsMovedBeforeTheRecordThatCompletesThem(t *testing.T) {
	x := live(t)
	x.begun(t, "ZJ-0001")
	s := follow(t, x.owner.Client(), x.owner.URL+"/v1/stream", whole)
	x.record(t, "ZJ-0001", fined)
	m := s.expect(t, "alerts")
	if !strings.Contains(m.data, `"center":"ZJ-0001"`) || !strings.Contains(m.data, `"opened":[{"code":`) ||
		!strings.Contains(m.data, `"position":5`) {
		t.Errorf("got %s", m.data)
	}
	if m.id == "5" {
		t.Error("the alerts have the id of a position whose record is yet to come")
	}
	if m := s.expect(t, "record"); m.id != "5" {
		t.Errorf("got %+v", m)
	}
	// Cut after the alerts and before the record: both come again.
	s = follow(t, x.owner.Client(), x.owner.URL+"/v1/stream", whole, "Last-Event-ID", "4")
	s.expect(t, "alerts")
	s.expect(t, "record")
}

func TestAStreamThatCannotBeResumedIsReset(t *testing.T) {
	x := live(t)
	x.begun(t, "ZJ-0001")
	resume := func(id string) message {
		t.Helper()
		return follow(t, x.owner.Client(), x.owner.URL+"/v1/stream?lastEventId="+id, whole).expect(t, "reset")
	}
	if m := resume("99"); m.id != "4" || !strings.Contains(m.data, `"position":4`) {
		t.Errorf("ahead of the ledger: %+v", m)
	}
	open := follow(t, x.owner.Client(), x.owner.URL+"/v1/stream", whole)
	x.clock.move(24 * time.Hour)
	if m := open.expect(t, "day"); m.id != "4" || m.data != `{"asOf":"2026-11-02","position":4}` {
		t.Errorf("at midnight: %+v", m)
	}
	if m := resume("4"); m.id != "4" {
		t.Errorf("over midnight: %+v", m)
	}
	x.record(t, "ZJ-0001", spent)
	open.expect(t, "alerts") // the spending moved them
	if m := open.expect(t, "record"); m.id != "5" {
		t.Errorf("got %+v", m)
	}
	x.record(t, "ZJ-0001", fined)
	s := follow(t, x.owner.Client(), x.owner.URL+"/v1/stream", whole, "Last-Event-ID", "5")
	for m, err := s.next(); ; m, err = s.next() {
		if err != nil || m.event == "reset" {
			t.Fatalf("after midnight: %+v, %v", m, err)
		}
		if m.event == "record" {
			break
		}
	}
	for _, bad := range []string{"-1", "x", "99999999999999999999"} {
		x.get(t, "/v1/stream?lastEventId="+bad).problem(t, 400, "bad-request")
	}
}

func TestAStreamIsResumedAtAServerThatHasStartedSince(t *testing.T) {
	x := live(t)
	x.begun(t, "ZJ-0001")
	x.begun(t, "ZJ-0002")
	x.record(t, "ZJ-0001", fined)
	token := x.token(t, "zhongxin", access.Binding{Role: access.Center, Center: "ZJ-0001"})
	if x.api.IsGathering() {
		t.Error("a server looks for moves although nobody follows")
	}
	whileOpen := follow(t, x.owner.Client(), x.owner.URL+"/v1/stream?lastEventId=7", whole)
	first := whileOpen.expect(t, "alerts")
	for name, ask := range map[string]func() *source{
		"the owner": func() *source {
			return follow(t, x.owner.Client(), x.owner.URL+"/v1/stream?lastEventId=4", whole)
		},
		"a center": func() *source {
			return follow(t, x.Client(), x.URL+"/v1/stream?lastEventId=4", whole, "Authorization", "Bearer "+token)
		},
	} {
		s := ask()
		var alerts, records []string
		for len(records) == 0 || records[len(records)-1] != "8" {
			m, err := s.next()
			if err != nil {
				t.Fatal(err)
			}
			switch m.event {
			case "alerts":
				alerts = append(alerts, m.data)
			case "record":
				records = append(records, m.id)
			default:
				t.Fatalf("%s: got %+v", name, m)
			}
		}
		want := []string{"5", "6", "7", "8"}
		if name == "a center" {
			want = []string{"8"}
		}
		if !slices.Equal(records, want) || !slices.Contains(alerts, first.data) ||
			strings.Contains(strings.Join(alerts, ""), "ZJ-0002") && name == "a center" {
			t.Errorf("%s: got the records %v and the alerts %v", name, records, alerts)
		}
	}
	if !x.api.IsGathering() {
		t.Error("nobody looks for moves although there are streams")
	}
}

func TestStreamsSayGoodbyeWhenTheServerStops(t *testing.T) {
	x := live(t)
	s := follow(t, x.owner.Client(), x.owner.URL+"/v1/stream", whole)
	x.api.Stop()
	s.expect(t, "bye")
	if _, err := s.next(); !errors.Is(err, io.EOF) {
		t.Errorf("expected the end, got %v", err)
	}
}

func TestEventsAreTheLinesAsStored(t *testing.T) {
	x := small(t)
	want := x.lines(t)
	var got []string
	path, pages := "/v1/events?limit=2", 0
	for path != "" {
		r := x.get(t, path).ok(t)
		if r.Header.Get("Ledger-Position") != "6" || r.Header.Get("Content-Type") != "application/jsonl" {
			t.Errorf("got %v", r.Header)
		}
		for line := range bytes.Lines([]byte(r.body)) {
			got = append(got, string(bytes.TrimSuffix(line, []byte("\n"))))
		}
		path, pages = "", pages+1
		if link := r.Header.Get("Link"); link != "" {
			path = strings.TrimSuffix(strings.TrimPrefix(link, "<"), `>; rel="next"`)
		}
	}
	if !slices.Equal(got, want) || pages != 3 {
		t.Errorf("expected %d lines on 3 pages, got %d on %d", len(want), len(got), pages)
	}
	if r := x.get(t, "/v1/events?after=6").ok(t); r.body != "" || r.Header.Get("Link") != "" {
		t.Errorf("after the end: %q %v", r.body, r.Header)
	}
	if r := x.get(t, "/v1/events?center=ZJ-0001&after=3").ok(t); r.body != strings.Join(want[3:], "\n")+"\n" {
		t.Errorf("of a center: %s", r.body)
	}
	x.get(t, "/v1/events?center=ZJ-0009").problem(t, 404, "not-found")
	for _, bad := range []string{
		"after=-1", "limit=0", "limit=10001", "limit=x", "after=" + strconv.FormatUint(1<<63, 10)} {
		x.get(t, "/v1/events?"+bad).problem(t, 400, "bad-request")
	}
}

func TestACenterThatMovesLeavesTheOpenStreamOfItsOldOffice(t *testing.T) {
	x := live(t)
	x.begun(t, "ZJ-0001")
	x.begun(t, "ZJ-0002") // both of 330106
	open := func(name, region string) *source {
		return follow(t, x.Client(), x.URL+"/v1/stream", whole, "Authorization",
			"Bearer "+x.token(t, name, access.Binding{Role: access.LocalGov, Region: region}))
	}
	record := func(s *source) string {
		t.Helper()
		for {
			if m, err := s.next(); err != nil || m.event == "record" {
				return m.data
			}
		}
	}
	old, other := open("hangzhou", "3301"), open("ningbo", "3302")
	x.record(t, "ZJ-0001", spent)
	if got := record(old); !strings.Contains(got, `"stream":"center-ZJ-0001"`) {
		t.Errorf("before the move: %s", got)
	}
	x.record(t, "ZJ-0001",
		`"kind":"center.assigned","on":"2025-07-01","by":{"role":"st-office","actor":"s-1"},"data":{"industryDept":"省经信厅","localGov":"330203"}`)
	x.record(t, "ZJ-0001", fined)
	for _, kind := range []string{"center.assigned", "funds.spent"} {
		if got := record(other); !strings.Contains(got, `"stream":"center-ZJ-0001"`) ||
			!strings.Contains(got, `"kind":"`+kind) {
			t.Errorf("the new office, for %s: %s", kind, got)
		}
	}
	x.record(t, "ZJ-0002", spent)
	if got := record(old); !strings.Contains(got, `"stream":"center-ZJ-0002"`) {
		t.Errorf("the old office: %s", got)
	}
}
