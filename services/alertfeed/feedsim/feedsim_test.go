package feedsim

import (
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

var (
	oneSeed = flag.Uint64("feedsim.seed", 0, "run the world of this seed alone; with -feedsim.mix")
	oneMix  = flag.String("feedsim.mix", "", "run the worlds of this mix alone")
	seeds   = flag.Int("feedsim.seeds", seedsOfOne, "how many worlds of each mix are run")
)

// stepsOf is the number of steps in a world.
const stepsOf = 16

// job is a world to run.
type job struct {
	mix  *mix
	seed uint64
}

func TestNothingIsFalseMissedOrActedOnTwice(t *testing.T) {
	var jobs []job
	if *oneMix != "" && !slices.ContainsFunc(mixes, func(m mix) bool { return m.name == *oneMix }) {
		t.Fatalf("there is no mix %q", *oneMix)
	}
	for s := range *seeds { // of all mixes in turn, so that slow ones and quick ones run beside each other
		for i := range mixes {
			if m := &mixes[i]; *oneMix == m.name || *oneMix == "" {
				jobs = append(jobs, job{m, uint64(s) + 1})
			}
		}
	}
	if *oneSeed != 0 {
		jobs = jobs[:0]
		for i := range mixes {
			if *oneMix == "" || mixes[i].name == *oneMix {
				jobs = append(jobs, job{&mixes[i], *oneSeed})
			}
		}
	}
	dir := t.TempDir()
	shared := newHost(t, filepath.Join(dir, "shared"), accountsOf, false)
	queue := make(chan job)
	var workers sync.WaitGroup
	var failed atomic.Int32
	for account := range accountsOf {
		workers.Go(func() {
			for j := range queue {
				if failed.Load() >= failedMax {
					continue
				}
				t.Run(fmt.Sprintf("%s/%d", j.mix.name, j.seed), func(t *testing.T) {
					runWorld(t, j, shared, account)
					if t.Failed() {
						failed.Add(1)
					}
				})
			}
		})
	}
	for _, j := range jobs {
		queue <- j
	}
	close(queue)
	workers.Wait()
}

// failedMax is the number of worlds that may fail before the test stops.
const failedMax = 5

func runWorld(t *testing.T, j job, shared *host, account int) {
	dir := t.TempDir()
	h := shared
	if j.mix.ownServer {
		h, account = newHost(t, filepath.Join(dir, "server"), 1, j.mix.child), 0
	}
	w, err := newWorld(t, j.mix, j.seed, h, account, dir)
	if err != nil {
		t.Fatal(err)
	}
	w.verbose = *oneSeed != 0
	if err := w.run(stepsOf); err != nil {
		w.fails("the world: %v", err)
	}
	if report := w.report(); report != "" {
		t.Error(report)
	}
	if err := w.deleteStream(); err != nil { // for the next world in the account
		t.Error(err)
	}
}
