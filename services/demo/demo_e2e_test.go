//go:build e2e

package demo_test

import "testing"

func TestTheProvinceHasWorkOnAnyDay(t *testing.T) {
	for _, day := range []string{"2026-01-02", "2026-03-31", "2026-05-02", "2026-10-01", "2027-01-20", "2027-02-28"} {
		t.Run(day, func(t *testing.T) { hasWork(t, day) })
	}
}
