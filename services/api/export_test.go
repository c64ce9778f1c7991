package api

import "time"

// WaitForPositions sets how long requests wait for a position, and returns what it was.
func WaitForPositions(d time.Duration) (before time.Duration) {
	before, reachWait = reachWait, d
	return before
}

// KeyToken returns the key of an alert as it stands in an address.
var KeyToken = keyToken
