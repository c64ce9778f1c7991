package supervisor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"
)

// Supervisor is the service manager of this process, or none: then its methods do nothing.
type Supervisor struct {
	socket   string        // its address; "" for none
	watchdog time.Duration // the time after which it ends a process that was not alive; 0 for no watchdog
	log      *zap.Logger
}

// Find returns the service manager that the environment names. A name in NOTIFY_SOCKET that begins with @ is an
// abstract socket. WATCHDOG_USEC counts only for the process WATCHDOG_PID, if the environment has that. What the
// environment names and cannot be used is logged: the process runs without it.
func Find(getenv func(string) string, log *zap.Logger) *Supervisor {
	s := &Supervisor{socket: getenv("NOTIFY_SOCKET"), log: log}
	if s.socket == "" {
		return s
	}
	if pid := getenv("WATCHDOG_PID"); pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return s
	}
	if set := getenv("WATCHDOG_USEC"); set != "" {
		micros, err := strconv.ParseInt(set, 10, 64)
		if s.watchdog = time.Duration(micros) * time.Microsecond; err != nil || s.watchdog/time.Microsecond !=
			time.Duration(micros) || micros <= 1 {
			s.watchdog = 0
			log.Warn("the watchdog is not fed: expected microseconds", zap.String("WATCHDOG_USEC", set))
		}
	}
	return s
}

// Status shows a line of text as the state of the service.
func (s *Supervisor) Status(line string) { s.notify("STATUS=" + oneLine(line)) }

// Ready reports that the process serves, with a line of text as its state.
func (s *Supervisor) Ready(line string) { s.notify("READY=1\nSTATUS=" + oneLine(line)) }

// Stopping reports that the process ends. It is the last sign of life, so that a graceful stop has the whole time of
// the watchdog.
func (s *Supervisor) Stopping() { s.notify("STOPPING=1\nWATCHDOG=1") }

// Watch feeds the watchdog until ctx ends: twice in its time it asks alive, and reports that the process is alive
// unless that returns an error. alive has until the next time to return.
func (s *Supervisor) Watch(ctx context.Context, alive func(context.Context) error) {
	if s.watchdog == 0 {
		return
	}
	every := time.NewTicker(s.watchdog / 2)
	defer every.Stop()
	for {
		asked, cancel := context.WithTimeout(ctx, s.watchdog/2)
		err := alive(asked)
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			s.log.Error("the watchdog is not fed, because the server is not alive", zap.Error(err))
		default:
			s.notify("WATCHDOG=1")
		}
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
	}
}

// notifyWait bounds the time in which the service manager must take a datagram.
const notifyWait = time.Second

// notify sends one datagram. It connects each time, because the service manager may have been replaced.
func (s *Supervisor) notify(state string) {
	if s.socket == "" {
		return
	}
	c, err := net.Dial("unixgram", s.socket)
	if err == nil {
		err = c.SetWriteDeadline(time.Now().Add(notifyWait)) // a manager whose queue is full must not block serve
		if err == nil {
			_, err = fmt.Fprint(c, state)
		}
		err = errors.Join(err, c.Close())
	}
	if err != nil {
		s.log.Warn("the service manager was not notified", zap.String("state", state), zap.Error(err))
	}
}

// oneLine returns a text without the line breaks that would end a value.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
