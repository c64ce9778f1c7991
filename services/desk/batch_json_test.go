package desk_test

import (
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
)

func TestTheAnswerToABatchIsWrittenAsMarshalDoes(t *testing.T) {
	plain := desk.RecordAnswer{ID: uuid.MustParse("0191d3a0-0000-7000-8000-00000000002a"), Answer: desk.Accepted,
		Position: 1 << 60, Revision: 7,
		RecordedAt: "2026-10-31T12:00:00.000001Z", Policy: "zj-2024-draft@2", Center: "ZJ-0001",
		Kind: events.KindFundsSpent}
	odd := plain
	odd.Answer, odd.Policy, odd.Kind = "\"results\":[]", "丙\\\n\u2028<&>", ""
	with := func(change func(*desk.RecordAnswer)) desk.RecordAnswer {
		r := plain
		change(&r)
		return r
	}
	results := []desk.RecordAnswer{plain, odd, {},
		with(func(r *desk.RecordAnswer) { r.Breaks = []events.RuleID{"R04-2"} }),
		with(func(r *desk.RecordAnswer) { r.Warnings = []text.Text{text.Say("迟", "late")} }),
		with(func(r *desk.RecordAnswer) { r.Opens = []desk.Alert{{Code: "AL-EXE-02"}} }),
		with(func(r *desk.RecordAnswer) { r.Clears = []desk.Alert{} }),
		with(func(r *desk.RecordAnswer) { r.Withdraws = []desk.Alert{{Code: "AL-EXE-02"}} }),
		with(func(r *desk.RecordAnswer) { r.AsOf = desk.Day{Date: events.MustDate("2026-10-31")} })}
	for _, a := range []desk.BatchAnswer{{}, {Answer: desk.Accepted, Center: "ZJ-0001", Results: results[:1]},
		{Results: results},
		{Answer: "\"results\":[]", DryRun: true, Revision: 9, Position: 8, Results: results[2:4],
			Refused: []desk.RefusedInBatch{{Index: 1}},
			AsOf:    desk.Day{Date: events.MustDate("2026-10-31")},
			Moves:   &desk.Moves{Opened: []desk.Alert{{Code: "AL-EXE-02"}}}}} {
		want, err := json.Marshal(&a)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := a.AppendJSON([]byte("before ")); err != nil || string(got) != "before "+string(want) {
			t.Errorf("%v\n%s\nwant\n%s", err, got, want)
		}
	}
}
