//go:build e2e

package verify_test

import (
	"math"
	"testing"
)

func TestEveryFlippedByteIsDetected(t *testing.T) {
	for name, f := range flippable(t) {
		t.Run(name, func(t *testing.T) { f.flip(t, math.MaxInt) })
	}
}
