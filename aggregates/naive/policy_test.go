package naive_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates/naive"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

// history returns payloads as the events of one center, in the given order.
func history(on []string, data ...events.Payload) []events.Recorded {
	var out []events.Recorded
	for i, p := range data {
		place := uint64(i + 1)
		out = append(out, events.Recorded{Revision: place, Position: place,
			Record: events.Record{ID: uuid.New(), Center: "ZJ-0001", On: events.MustDate(on[i]), Data: p}})
	}
	return out
}

func grade(year int, name string) events.Payload {
	return &events.GradeDecided{Year: year, Grade: name}
}

func TestAPolicyOfThreeFailuresCountsThreeYearsAndAtMostOneGap(t *testing.T) {
	three, err := policy.Parse(bytes.Replace(policy.Builtin().Text(), []byte(`"value": 2, "unit": "years"`),
		[]byte(`"value": 3, "unit": "years"`), 1))
	if err != nil {
		t.Fatal(err)
	}
	days := []string{"2024-01-02", "2024-01-03", "2025-06-01", "2026-06-01", "2027-06-01", "2028-06-01"}
	registered, plaque := &events.CenterRegistered{}, &events.PlaqueAwarded{}
	for _, c := range []struct {
		name   string
		policy *policy.Policy
		grades []events.Payload
		want   []string
	}{
		{"two failures in a row revoke under the draft", policy.Builtin(),
			[]events.Payload{grade(2024, "unqualified"), grade(2025, "unqualified")},
			[]string{"AL-REV-01 2025 2026-06-01"}},
		{"two failures in a row do not revoke when three are asked for", three,
			[]events.Payload{grade(2024, "unqualified"), grade(2025, "unqualified")}, nil},
		{"three failures in a row revoke when three are asked for", three,
			[]events.Payload{grade(2024, "unqualified"), grade(2025, "unqualified"), grade(2026, "unqualified")},
			[]string{"AL-REV-01 2026 2027-06-01"}},
		{"one ungraded year among three failures is for a human to rule", three,
			[]events.Payload{grade(2024, "unqualified"), grade(2026, "unqualified"), grade(2027, "unqualified")},
			[]string{"AL-REV-03 2027 2027-06-01"}},
		{"two ungraded years among the failures are not", three,
			[]events.Payload{grade(2024, "unqualified"), grade(2027, "unqualified")}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := append([]events.Payload{registered, plaque}, c.grades...)
			e := naive.Evaluate(history(days, data...), policy.Timeline{}.With(c.policy),
				events.MustDate("2028-12-31"))
			var got []string
			for _, a := range e.Alerts {
				if a.Code == "AL-REV-01" || a.Code == "AL-REV-03" {
					got = append(got, string(a.Code)+" "+a.Key+" "+a.RaisedOn.String())
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("alerts %q, want %q", got, c.want)
			}
		})
	}
}

func TestBeforeAnyPolicyNothingIsJudged(t *testing.T) {
	e := naive.Evaluate(history([]string{"2024-01-02", "2024-01-03", "2024-01-04"}, &events.CenterRegistered{},
		&events.PlaqueAwarded{}, grade(2023, "unqualified")), policy.Timeline{}, events.MustDate("2026-12-31"))
	if e.Status != "active" || e.Events != 3 || len(e.Alerts) != 0 {
		t.Errorf("status %s, %d events, alerts %v; want active, 3, none", e.Status, e.Events, e.Alerts)
	}
}
