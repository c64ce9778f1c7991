package sealer_test

import "testing"

// BenchmarkRecord measures a record while nobody seals, and while a sealer looks at the clock a thousand times as
// often as it does in a server.
func BenchmarkRecord(b *testing.B) {
	for _, sealed := range []bool{false, true} {
		name := "alone"
		if sealed {
			name = "with a sealer"
		}
		b.Run(name, func(b *testing.B) {
			k := newKit(b)
			k.begin()
			if sealed {
				s := k.start()
				defer s.Close()
			}
			for b.Loop() {
				k.govern()
			}
		})
	}
}
