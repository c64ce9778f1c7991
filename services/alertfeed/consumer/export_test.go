package consumer

import (
	"testing"
	"time"
)

// SetDueWait changes dueWait until the end of a test. The test must not run in parallel.
func SetDueWait(t *testing.T, d time.Duration) {
	before := dueWait
	dueWait = d
	t.Cleanup(func() { dueWait = before })
}
