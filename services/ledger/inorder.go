package ledger

import (
	"context"
	"iter"
	"runtime"
	"sync"
)

// inOrder calls work with the items of a source on all processors and passes the results to sink on the caller's
// goroutine, in the order of the source. It buffers at most a few items for each processor. It ends with the first
// error of the source, of sink or of ctx.
func inOrder[In, Out any](ctx context.Context, source iter.Seq2[In, error], work func(In) Out,
	sink func(Out) error) error {
	type job struct {
		in  In
		out chan Out
	}
	ctx, cancel := context.WithCancel(ctx)
	workers := runtime.GOMAXPROCS(0)
	jobs, results := make(chan job), make(chan chan Out, 2*workers)
	var failed error // of the source; read after wg.Wait
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(results)
		defer close(jobs)
		for in, err := range source {
			if err != nil {
				failed = err
				return
			}
			j := job{in, make(chan Out, 1)}
			select {
			case results <- j.out:
			case <-ctx.Done():
				return
			}
			select {
			case jobs <- j:
			case <-ctx.Done():
				return
			}
		}
	})
	for range workers {
		wg.Go(func() {
			for j := range jobs {
				j.out <- work(j.in)
			}
		})
	}
	err := drain(ctx, results, sink)
	cancel()
	wg.Wait()
	if err != nil {
		return err
	}
	return failed
}

func drain[Out any](ctx context.Context, results <-chan chan Out, sink func(Out) error) error {
	for out := range results {
		select {
		case v := <-out:
			if err := sink(v); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return ctx.Err()
}
