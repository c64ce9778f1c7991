package lists

import "time"

// Measure makes Books report the time for which each answer makes writers wait.
func (d *Books) Measure(stood func(time.Duration)) { d.stood = stood }
