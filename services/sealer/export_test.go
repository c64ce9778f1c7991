package sealer

import (
	"cmp"
	"time"
)

// StartFast starts a sealer that looks at the clock every millisecond. At a stop it waits for the witnesses for
// stopAsking, or as long as any sealer for 0.
func StartFast(cfg Config, stopAsking time.Duration) *Sealer {
	return start(cfg, pace{look: time.Millisecond, stopAsking: cmp.Or(stopAsking, usualPace.stopAsking)})
}
