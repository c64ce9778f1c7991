package api

import "context"

// work is what a server does beside answering requests.
type work struct {
	jobs    *jobs
	gather  *gatherer
	streams streams
}

func newWork(cfg *ServerConfig) work {
	return work{jobs: newJobs(cfg.Spool, cfg.Now, cfg.Log, cfg.Metrics), gather: newGatherer(cfg.Desk, cfg.Now, cfg.Log)}
}

// stop lets streams say goodbye and end, cancels the imports that wait and ends the one that runs between two writes.
func (w *work) stop() {
	w.gather.cancel()
	w.jobs.cancel()
}

// wait returns when nothing of it is done any more after stop, or when ctx ends.
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
