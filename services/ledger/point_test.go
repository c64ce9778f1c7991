package ledger_test

import (
	"testing"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/ledger"
)

func TestAPointIsAPositionATimeOrTheEndOfADay(t *testing.T) {
	midnight := time.Date(2026, 4, 1, 0, 0, 0, 0, events.Shanghai)
	for text, want := range map[string]ledger.Point{
		"4912":                          {Position: 4912},
		"0":                             ledger.Empty,
		"2026-03-31T09:00:00+08:00":     {At: midnight.Add(-15 * time.Hour)},
		"2026-03-31T01:00:00.000001Z":   {At: midnight.Add(-15*time.Hour + time.Microsecond)},
		"2026-03-31":                    {At: midnight.Add(-1)},
		"２０２６/3/31":                     {At: midnight.Add(-1)},
		"2026年3月31日":                    {At: midnight.Add(-1)},
		"2028-02-29T23:59:59.999+08:00": {At: time.Date(2028, 2, 29, 23, 59, 59, 999e6, events.Shanghai)},
	} {
		if got, err := ledger.ParsePoint(text); err != nil || got.Position != want.Position || !got.At.Equal(want.At) {
			t.Errorf("%s is read as %v, %v", text, got, err)
		}
	}
	day, err := ledger.ParsePoint("2026-03-31")
	if err != nil {
		t.Fatal(err)
	}
	if !day.Knows(events.Place{Position: 1, RecordedAt: midnight.Add(-time.Microsecond)}) ||
		day.Knows(events.Place{Position: 1, RecordedAt: midnight}) {
		t.Error("a day does not end at midnight in Shanghai")
	}
	first := events.Place{Position: 1, RecordedAt: time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)}
	if ledger.Empty.IsNow() || ledger.Empty.Knows(first) {
		t.Error("the empty ledger knows an event")
	}
	for _, text := range []string{"", "-1", "march", "2026-02-29", "2026-03-31 09:00", "99999999999999999999"} {
		if got, err := ledger.ParsePoint(text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}
