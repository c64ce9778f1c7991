package natsserver

import (
	"fmt"
	"sync/atomic"

	"go.uber.org/zap"
)

// serverLog writes what the NATS server says to the log of this process: warnings and errors, and what it does for those who
// look for a fault.
type serverLog struct {
	log   *zap.Logger
	fatal atomic.Pointer[string] // the first thing that the server cannot go on with
}

func (l *serverLog) Noticef(format string, args ...any) { l.log.Debug(fmt.Sprintf(format, args...)) }
func (l *serverLog) Warnf(format string, args ...any)   { l.log.Warn(fmt.Sprintf(format, args...)) }
func (l *serverLog) Errorf(format string, args ...any)  { l.log.Error(fmt.Sprintf(format, args...)) }
func (l *serverLog) Debugf(string, ...any)              {}
func (l *serverLog) Tracef(string, ...any)              {}

// Fatalf keeps the process alive, unlike that of a server of its own.
func (l *serverLog) Fatalf(format string, args ...any) {
	said := fmt.Sprintf(format, args...)
	l.fatal.CompareAndSwap(nil, &said)
	l.log.Error(said)
}

// said returns the first thing that the server cannot go on with, or "".
func (l *serverLog) said() string {
	if s := l.fatal.Load(); s != nil {
		return *s
	}
	return ""
}
