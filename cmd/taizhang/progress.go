package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/taizhang/taizhang/events/text"
)

// progressEvery is the interval at which the bar is drawn. barCells is its length.
const (
	progressEvery = 100 * time.Millisecond
	barCells      = 30
)

// progress draws a bar on standard error, if that is a terminal, during long work.
type progress struct {
	a     *app
	what  string
	shown bool
	last  time.Time
}

func (a *app) progress(zh, en string) *progress {
	return &progress{a: a, what: text.Text{Zh: zh, En: en}.In(a.lang)}
}

// isWatched reports whether standard error is a terminal.
func (a *app) isWatched() bool {
	f, ok := a.errOut.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// show draws the bar. It is cheap to call often. It does nothing without a terminal.
func (p *progress) show(done, total int64) {
	if total <= 0 || done < total && p.a.now().Sub(p.last) < progressEvery || !p.a.isWatched() {
		return
	}
	p.last, p.shown = p.a.now(), true
	part := float64(min(done, total)) / float64(total)
	full := int(part * barCells)
	fmt.Fprintf(p.a.errOut, "\r%s [%s%s] %3.0f%%", p.what, strings.Repeat("#", full),
		strings.Repeat(".", barCells-full), part*100)
}

// end erases the bar.
func (p *progress) end() {
	if p.shown {
		fmt.Fprint(p.a.errOut, "\r\x1b[K")
	}
}
