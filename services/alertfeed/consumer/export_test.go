package consumer

import (
	"testing"
	"time"
)

// SetDueWait changes how long a message that is there may take to come, until the end of a test that runs beside no other.
func SetDueWait(t *testing.T, d time.Duration) {
	before := dueWait
	dueWait = d
	t.Cleanup(func() { dueWait = before })
}
