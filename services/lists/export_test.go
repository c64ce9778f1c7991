package lists

import "time"

// Measure makes a source report how long each answer let writers wait.
func (d *Books) Measure(stood func(time.Duration)) { d.stood = stood }
