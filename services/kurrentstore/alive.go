package kurrentstore

import (
	"bytes"
	"io"
	"log"
	"sync"
)

// lastWords is the text that the client writes to the standard logger before it ends the process because it cannot
// read the creation date of an event. One bad event must not end the process of the ledger.
const lastWords = "Failed to parse created date as int from"

var (
	aliveMu sync.Mutex
	alive   *survivor
)

// keepAlive puts a writer in front of the standard logger's writer, unless it did so before. This writer panics at
// lastWords. The panic comes before the exit and is caught where the client was called. All other lines are written
// as before.
func keepAlive() {
	aliveMu.Lock()
	defer aliveMu.Unlock()
	if w, ok := log.Writer().(*survivor); ok && w == alive {
		return
	}
	alive = &survivor{to: log.Writer()}
	log.SetOutput(alive)
}

type survivor struct{ to io.Writer }

// Write implements io.Writer.
func (w *survivor) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte(lastWords)) {
		panic("an event's date of creation cannot be read")
	}
	return w.to.Write(b)
}
