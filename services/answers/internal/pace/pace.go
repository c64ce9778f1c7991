// Package pace is how fast answers are made again while the ledger changes.
package pace

import "time"

// ShareMax is the most time for making answers that may be saved up. Only tests change it (package answerstest).
var ShareMax = time.Second
