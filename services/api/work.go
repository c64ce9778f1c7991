package api

import "context"

// work holds the activities of a server beside answering requests.
type work struct {
	jobs    *jobs
	gather  *gatherer
	streams streams
}

func newWork(cfg *ServerConfig) work {
	return work{jobs: newJobs(cfg.Spool, cfg.Now, cfg.Log, cfg.Metrics),
		gather: newGatherer(cfg.Desk, cfg.Now, cfg.Log)}
}

// stop ends streams with a last message, cancels the waiting imports, and ends the running one between two writes.
func (w *work) stop() {
	w.gather.cancel()
	w.jobs.cancel()
}

// wait waits until all activities have ended after stop, or ctx ends.
func (w *work) wait(ctx context.Context) error {
	for _, ended := range []<-chan struct{}{w.gather.done, w.jobs.ran} {
		select {
		case <-ended:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
