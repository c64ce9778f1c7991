package api_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/api"
)

// TestAHeartbeatMovesTheIDPastWhatTheAccountDoesNotSee waits for a heartbeat with the position of records of other
// centers.
func TestAHeartbeatMovesTheIDPastWhatTheAccountDoesNotSee(t *testing.T) {
	t.Cleanup(api.PaceStreams(10*time.Millisecond, 100))
	x := live(t)
	x.begun(t, "ZJ-0001")
	token := "Bearer " + x.token(t, "zhongxin", access.Binding{Role: access.Center, Center: "ZJ-0001"})
	s := follow(t, x.Client(), x.URL+"/v1/stream", whole, "Authorization", token)
	expect := func(position int) { // in one of the lines that come; a heartbeat is a comment, and the id after it
		t.Helper()
		for {
			line, err := s.lines.ReadString('\n')
			if err != nil {
				t.Fatalf("no heartbeat of the position %d: %v", position, err)
			}
			if strings.HasPrefix(line, "data:") && !strings.Contains(line, "ZJ-0001") {
				t.Fatalf("the account does not see %s", line)
			}
			if line != fmt.Sprintf(": position %d\n", position) {
				continue
			}
			if id, err := s.lines.ReadString('\n'); err != nil || id != fmt.Sprintf("id: %d\n", position) {
				t.Fatalf("got %q, %v", id, err)
			}
			return
		}
	}
	expect(4) // the beginning
	expect(4) // a heartbeat, although nothing happened
	x.begun(t, "ZJ-0002")
	expect(7)
}

func TestAStreamIsResumedFromSoManyRecordsBack(t *testing.T) {
	const most = 3
	t.Cleanup(api.PaceStreams(time.Minute, most))
	x := live(t)
	x.begun(t, "ZJ-0001")
	open := follow(t, x.owner.Client(), x.owner.URL+"/v1/stream", whole)
	for i := range 4 {
		x.record(t, "ZJ-0001", spend(fmt.Sprint("V", i), 1))
	}
	const last = 8
	for open.last != fmt.Sprint(last) { // then every stream knows of the last record
		if _, err := open.next(); err != nil {
			t.Fatal(err)
		}
	}
	for after := last - most - 1; after < last; after++ {
		s := follow(t, x.owner.Client(), x.owner.URL+"/v1/stream", whole, "Last-Event-ID", fmt.Sprint(after))
		if after == last-most-1 {
			if m := s.expect(t, "reset"); m.id != fmt.Sprint(last) {
				t.Errorf("after %d: got %+v", after, m)
			}
			continue
		}
		m, err := s.next()
		for m.event == "alerts" {
			m, err = s.next()
		}
		if err != nil || m.event != "record" || m.id != fmt.Sprint(after+1) {
			t.Errorf("after %d: expected the next record, got %+v, %v", after, m, err)
		}
	}
}

// narrow is a listener whose connections buffer few bytes.
type narrow struct{ net.Listener }

const narrowBytes = 4096

func (n narrow) Accept() (net.Conn, error) {
	c, err := n.Listener.Accept()
	if err == nil {
		err = c.(*net.TCPConn).SetWriteBuffer(narrowBytes)
	}
	return c, err
}

// TestAStreamThatIsNotReadIsDropped checks that a client that reads nothing does not hold a stream for ever. The
// first record, the policy, is longer than the buffer of the connection.
func TestAStreamThatIsNotReadIsDropped(t *testing.T) {
	t.Cleanup(api.PaceStreams(time.Millisecond, 100))
	before := api.WaitForBodies(50 * time.Millisecond)
	t.Cleanup(func() { api.WaitForBodies(before) })
	x := live(t)
	x.begun(t, "ZJ-0001")
	server := httptest.NewUnstartedServer(x.api)
	server.Listener = narrow{server.Listener}
	ended := make(chan struct{})
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateClosed {
			close(ended)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	c, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.(*net.TCPConn).SetReadBuffer(narrowBytes); err != nil {
		t.Fatal(err)
	}
	token := x.token(t, "zhongxin", access.Binding{Role: access.Center, Center: "ZJ-0001"})
	if _, err := io.WriteString(c,
		"GET /v1/stream HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 0\r\nAuthorization: Bearer "+token+
			"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Error("the stream is still there")
	}
}
