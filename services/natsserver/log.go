package natsserver

import (
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// linesPerSecond is the maximum number of lines of the NATS server that are logged in a second. The server logs each
// request that it refuses, so without a limit a user could fill the disk.
const linesPerSecond = 20

// serverLog writes the log of the NATS server to the log of this process: warnings and errors, and its notices at the
// debug level.
type serverLog struct {
	log *zap.Logger

	mu      sync.Mutex
	second  time.Time // the current second
	lines   int       // the number of lines in it
	dropped int
	fatal   string // the first fatal message
}

func (l *serverLog) Noticef(format string, args ...any) { l.write(zap.DebugLevel, format, args...) }
func (l *serverLog) Warnf(format string, args ...any)   { l.write(zap.WarnLevel, format, args...) }
func (l *serverLog) Errorf(format string, args ...any)  { l.write(zap.ErrorLevel, format, args...) }
func (l *serverLog) Debugf(string, ...any)              {}
func (l *serverLog) Tracef(string, ...any)              {}

// Fatalf logs the message and does not end the process, unlike that of a separate server.
func (l *serverLog) Fatalf(format string, args ...any) {
	l.write(zap.ErrorLevel, format, args...)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fatal == "" {
		l.fatal = fmt.Sprintf(format, args...)
	}
}

// said returns the first fatal message of the server, or "".
func (l *serverLog) said() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fatal
}

func (l *serverLog) write(level zapcore.Level, format string, args ...any) {
	if !l.log.Core().Enabled(level) {
		return
	}
	l.mu.Lock()
	now := time.Now().Truncate(time.Second)
	dropped := 0
	if !now.Equal(l.second) {
		dropped, l.second, l.lines, l.dropped = l.dropped, now, 0, 0
	}
	l.lines++
	write := l.lines <= linesPerSecond
	if !write {
		l.dropped++
	}
	l.mu.Unlock()
	if dropped > 0 {
		l.log.Warn("lines of the NATS server left out", zap.Int("lines", dropped))
	}
	if write {
		l.log.Log(level, fmt.Sprintf(format, args...))
	}
}
