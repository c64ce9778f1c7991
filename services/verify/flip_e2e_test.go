//go:build e2e

package verify_test

import (
	"flag"
	"math"
	"testing"
)

var everyByte = flag.Bool("all", false, "flip every byte of each file: many minutes")

// TestManyFlippedBytesAreDetected flips hundreds of bytes of each file, or all.
func TestManyFlippedBytesAreDetected(t *testing.T) {
	ofEach := 150
	if *everyByte {
		ofEach = math.MaxInt
	}
	for name, f := range flippable(t) {
		t.Run(name, func(t *testing.T) { f.flip(t, ofEach) })
	}
}
