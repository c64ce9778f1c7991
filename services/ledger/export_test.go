package ledger

import "testing"

// Announced returns the number of records that are announced and neither applied nor withdrawn.
func (l *Ledger) Announced() int {
	l.applier.mu.Lock()
	defer l.applier.mu.Unlock()
	return len(l.applier.announced)
}

// Locks returns the number of locks of streams.
func (l *Ledger) Locks() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.locks)
}

// SetSample sets, until the end of the test, the budget of a sample in million steps, and the maximum number of steps
// of one evaluation.
func SetSample(t *testing.T, millions int64, largest float64) {
	was, wasLargest := sampleSteps, largestSteps
	t.Cleanup(func() { sampleSteps, largestSteps = was, wasLargest })
	sampleSteps, largestSteps = millions, largest
}
