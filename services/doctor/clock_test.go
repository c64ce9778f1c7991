package doctor

import (
	"context"
	"encoding/binary"
	"net"
	"testing"
	"time"
)

// timeServer answers SNTP with a clock that is ahead, and returns its address. change may spoil an answer.
func timeServer(t *testing.T, ahead time.Duration, change func(answer []byte)) string {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	put := func(b []byte, at time.Time) {
		binary.BigEndian.PutUint32(b, uint32(at.Unix()+2208988800))
		binary.BigEndian.PutUint32(b[4:], uint32(int64(at.Nanosecond())<<32/int64(time.Second)))
	}
	go func() {
		for asked := make([]byte, 100); ; {
			n, from, err := c.ReadFrom(asked)
			if err != nil {
				return
			}
			answer := make([]byte, 48)
			if n != 48 || asked[0] != 0x23 {
				answer[1] = 16 // which the test sees
			}
			answer[0], answer[1] = 4<<3|4, answer[1]|2
			copy(answer[24:32], asked[40:48])
			put(answer[32:], time.Now().Add(ahead))
			put(answer[40:], time.Now().Add(ahead))
			change(answer)
			_, _ = c.WriteTo([]byte("not an answer"), from)
			_, _ = c.WriteTo(answer, from)
		}
	}()
	return c.LocalAddr().String()
}

func TestTheClockIsComparedWithATimeServer(t *testing.T) {
	for _, c := range []struct {
		ahead  time.Duration
		change func([]byte)
		state  State
		says   string
	}{
		{0, nil, OK, "the clock is"},
		{2*time.Minute + 5*time.Second, nil, Wrong, "behind by 2 minutes"},
		{-2*time.Minute - 5*time.Second, nil, Wrong, "ahead by 2 minutes"},
		{30 * time.Second, nil, Warning, "behind by"},
		{0, func(b []byte) { b[0] |= 3 << 6 }, NotExamined, "it is not synchronised itself"},
		{0, func(b []byte) { b[1] = 0 }, NotExamined, "it is not synchronised itself"},
		{0, func(b []byte) { b[40] -= 1 }, NotExamined, "its answer cannot be right"},
	} {
		if c.change == nil {
			c.change = func([]byte) {}
		}
		k := config(t.TempDir())
		k.NTP = timeServer(t, c.ahead, c.change)
		examine(t, k, (*examination).clock).says(Clock, c.state, c.says)
	}
}

func TestATimeServerThatDoesNotAnswerIsNotWaitedForLong(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	// an answer to another question counts for nothing
	other := timeServer(t, 0, func(b []byte) { b[24] ^= 1 })
	if _, err := askNTP(ctx, other); because(err).En != "no answer" {
		t.Errorf("got %v", err)
	}
	if _, err := askNTP(t.Context(), "127.0.0.1:1"); because(err).En != "it refuses connections" {
		t.Errorf("got %v", err)
	}
	if _, err := askNTP(t.Context(), "no such host.invalid"); err == nil {
		t.Error("no error for a host that is not there")
	}
}

func TestATimeOfNTPGoesOnIn2036(t *testing.T) {
	for seconds, want := range map[uint32]string{0xffffffff: "2036-02-07T06:28:15Z", 0: "2036-02-07T06:28:16Z"} {
		b := binary.BigEndian.AppendUint32(nil, seconds)
		if got := ntpTime(append(b, 0, 0, 0, 0)).UTC().Format(time.RFC3339); got != want {
			t.Errorf("%d is %s, expected %s", seconds, got, want)
		}
	}
}
