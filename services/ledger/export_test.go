package ledger

import "testing"

// Announced returns how many records are announced and neither applied nor withdrawn.
func (l *Ledger) Announced() int {
	l.applier.mu.Lock()
	defer l.applier.mu.Unlock()
	return len(l.applier.announced)
}

// Locks returns how many locks of streams are kept.
func (l *Ledger) Locks() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.locks)
}

// SetSample sets, until the test ends, how many million steps the naive evaluations of a sample have together, and how many one has at
// the most.
func SetSample(t *testing.T, millions int64, largest float64) {
	was, wasLargest := sampleSteps, largestSteps
	t.Cleanup(func() { sampleSteps, largestSteps = was, wasLargest })
	sampleSteps, largestSteps = millions, largest
}
