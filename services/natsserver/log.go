package natsserver

import (
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// linesPerSecond is how much of what the NATS server says is written down. It says something of each request that it refuses, so a
// user could fill the disk otherwise.
const linesPerSecond = 20

// serverLog writes what the NATS server says to the log of this process: warnings and errors, and what it does for those who
// look for a fault.
type serverLog struct {
	log *zap.Logger

	mu      sync.Mutex
	second  time.Time // in which it counts
	lines   int       // written in it
	dropped int
	fatal   string // the first thing that the server cannot go on with
}

func (l *serverLog) Noticef(format string, args ...any) { l.write(zap.DebugLevel, format, args...) }
func (l *serverLog) Warnf(format string, args ...any)   { l.write(zap.WarnLevel, format, args...) }
func (l *serverLog) Errorf(format string, args ...any)  { l.write(zap.ErrorLevel, format, args...) }
func (l *serverLog) Debugf(string, ...any)              {}
func (l *serverLog) Tracef(string, ...any)              {}

// Fatalf keeps the process alive, unlike that of a server of its own.
func (l *serverLog) Fatalf(format string, args ...any) {
	l.write(zap.ErrorLevel, format, args...)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fatal == "" {
		l.fatal = fmt.Sprintf(format, args...)
	}
}

// said returns the first thing that the server cannot go on with, or "".
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
