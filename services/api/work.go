package api

import (
	"context"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/imports"
)

var errClosing = text.Errorf(text.Unavailable, "服务正在停止，请稍后再试", "the server is stopping; try again later")

// work holds the activities of a server beside answering requests.
type work struct {
	imports *imports.Jobs
	gather  *gatherer
	streams streams
}

func newWork(cfg *ServerConfig) work {
	return work{imports: cfg.Imports, gather: newGatherer(cfg.Desk, cfg.Now, cfg.Log)}
}

// stop ends streams with a last message, cancels the waiting imports, and ends the running one between two writes.
func (w *work) stop() {
	w.gather.cancel()
	w.imports.Stop()
}

// wait waits until all activities have ended after stop, or ctx ends.
func (w *work) wait(ctx context.Context) error {
	for _, ended := range []<-chan struct{}{w.gather.done, w.imports.Ended()} {
		select {
		case <-ended:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
