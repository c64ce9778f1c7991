package api

import "testing"

func TestACursorReadsBack(t *testing.T) {
	c := cursor{[8]byte{1}, [8]byte{2}, "2026-11-01", 1 << 40, 50, 1000}
	typed := c.String()
	if got, ok := parseCursor(typed); !ok || got != c {
		t.Errorf("expected %+v, got %+v, %v", c, got, ok)
	}
	for i := range typed {
		for _, other := range []string{typed[:i], typed[:i] + "A" + typed[i+1:], typed[:i] + "_" + typed[i+1:],
			typed[:i] + "!" + typed[i:]} {
			if got, ok := parseCursor(other); ok && other != typed {
				t.Errorf("%s is read as %+v", other, got)
			}
		}
	}
}

func FuzzParseCursor(f *testing.F) {
	f.Add((&cursor{asOf: "2026-11-01", position: 7, from: 1, limit: 1}).String())
	f.Fuzz(func(t *testing.T, typed string) {
		if c, ok := parseCursor(typed); ok && c.String() != typed {
			t.Errorf("%q reads as %+v, which is written %q", typed, c, c.String())
		}
	})
}
