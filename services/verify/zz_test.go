package verify_test

import "testing"

func BenchmarkZZ(b *testing.B) {
	w := newWorld(b)
	file := w.bundle(b)
	for b.Loop() {
		w.judge(b, file)
	}
}
