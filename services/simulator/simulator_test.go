package simulator

import (
	"bytes"
	"iter"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/identifiers"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

func province40(seed uint64) Scenario {
	return Scenario{Seed: seed, Centers: 40, From: events.MustDate("2024-01-01"), To: events.MustDate("2026-12-31")}
}

func province80() Scenario {
	return Scenario{Seed: 1, Centers: 80, From: events.MustDate("2024-01-01"), To: events.MustDate("2026-10-31")}
}

// records is Records for configurations that must not fail.
func records(t *testing.T, cfg Scenario) iter.Seq[*events.Record] {
	return func(yield func(*events.Record) bool) {
		for r, err := range Records(cfg) {
			if err != nil {
				t.Fatal(err)
			}
			if !yield(r) {
				return
			}
		}
	}
}

func lines(t *testing.T, cfg Scenario) []byte {
	var b bytes.Buffer
	for r := range records(t, cfg) {
		line, err := events.EncodeRecord(r)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(line)
		b.WriteByte('\n')
	}
	return b.Bytes()
}

func TestEqualConfigurationsGiveEqualBytes(t *testing.T) {
	cfg := province40(7)
	cfg.Centers = 12
	first := lines(t, cfg)
	if !bytes.Equal(first, lines(t, cfg)) {
		t.Error("two runs of one configuration differ")
	}
	cfg.Seed = 8
	if bytes.Equal(first, lines(t, cfg)) {
		t.Error("another seed gives the same bytes")
	}
}

// told holds the kinds that simulated histories contain: those of section 4 except policies, which belong to the
// ledger.
var told = []events.Kind{
	"center.registered", "center.assigned", "facts.changed", "condition.judged", "waiver.granted",
	"relaxation.granted", "plan.appraised", "preliminary.reviewed", "plan.revised", "joint-appraisal.held",
	"special-meeting.decided", "plaque.awarded", "task-book.filed", "governance.recorded", "incident.recorded",
	"incident.closed", "credit.listed", "credit.delisted", "trial.recorded", "annual-report.submitted",
	"annual-report.reviewed", "annual-report.filed", "final-report.filed", "grade.decided", "grade.revised",
	"rectification.ordered", "rectification.submitted", "rectification.accepted", "interview.held",
	"qualification.revoked", "project.approved", "subsidy.granted", "subsidy.reversed", "subsidy.received",
	"funds.recovered", "matching.committed", "matching.received", "funds.spent", "spending.reversed", "use.ruled",
	"entrustment.signed", "separate-account.confirmed", "out-transfer.settled", "allocation.deferred",
	"deferral.released", "fund-preference.recorded", "audit-finding.opened", "audit-finding.closed", "alert.closed",
	"entry.voided",
}

func TestEveryKindOccursInAProvinceOfFortyCentersInThreeYears(t *testing.T) {
	for _, seed := range []uint64{1, 2, 3} {
		seen := map[events.Kind]int{}
		recording := 0
		for r := range records(t, province40(seed)) {
			seen[r.Kind]++
			if r.Mode == events.Recording {
				recording++
			}
		}
		if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, slices.Sorted(slices.Values(told))) {
			t.Errorf("seed %d: it tells of %v", seed, got)
		}
		if recording == 0 {
			t.Errorf("seed %d: no decision in record mode", seed)
		}
	}
}

func TestEveryRecordIsAcceptedWhenImportedInOrder(t *testing.T) {
	timeline := policy.Timeline{}.With(policy.Builtin())
	centers := map[events.CenterID]*aggregates.Center{}
	position := uint64(0)
	for line := range bytes.Lines(lines(t, province40(4))) {
		line = bytes.TrimSuffix(line, []byte("\n"))
		r, problems := events.DecodeRecord(line)
		if len(problems) > 0 {
			t.Fatalf("%v\n%s", problems, line)
		}
		if again, err := events.EncodeRecord(r); err != nil || !bytes.Equal(again, line) {
			t.Fatalf("does not survive decoding and encoding: %v\n%s\n%s", err, line, again)
		}
		c := centers[r.Center]
		if c == nil {
			c = aggregates.NewCenter(r.Center)
			centers[r.Center] = c
		}
		verdict := c.Judge(r, timeline)
		if verdict.Refused(r.Mode) {
			t.Fatalf("refused: %v\n%s", verdict.Against(r.Mode), line)
		}
		if r.Mode == events.Recording && (len(verdict.Breaches) == 0 || r.Doc == "") {
			t.Fatalf("record mode without a breach or a document\n%s", line)
		}
		position++
		recorded := &events.Recorded{Record: *r, Revision: c.Revision() + 1, Position: position,
			RecordedAt: morning(r.On),
			Entry:      events.Entry{Policy: verdict.Policy, Breaks: verdict.Breaks()}}
		if err := c.Apply(recorded); err != nil {
			t.Fatalf("%v\n%s", err, line)
		}
	}
	if len(centers) != 40 {
		t.Errorf("%d centers, want 40", len(centers))
	}
}

func TestSomeRecordsComeLateAndNoneOutsideTheTime(t *testing.T) {
	cfg := province40(5)
	all, late, misplaced := 0, 0, 0
	latest := cfg.From // what is entered today mostly happened today or days ago
	for r := range records(t, cfg) {
		if r.On < cfg.From || r.On > cfg.To {
			t.Fatalf("%s of %s on %v", r.Kind, r.Center, r.On)
		}
		all++
		latest = max(latest, r.On)
		switch ago := latest - r.On; {
		case ago > 80:
			misplaced++
		case ago > 14:
			late++
		}
	}
	if share := late * 1000 / all; share < 15 || share > 80 {
		t.Errorf("%d of %d records come more than two weeks late, want 1.5 to 8 per cent", late, all)
	}
	if misplaced > 0 {
		t.Errorf("%d records are entered more than 80 days after they happened", misplaced)
	}
}

func TestDefaultProvinceHasTheSizeAndTheAlertsOfARealOne(t *testing.T) {
	cfg := province80()
	timeline := policy.Timeline{}.With(policy.Builtin())
	centers := map[events.CenterID]*aggregates.Center{}
	all, vouchers := 0, 0
	for r := range records(t, cfg) {
		c := centers[r.Center]
		if c == nil {
			c = aggregates.NewCenter(r.Center)
			centers[r.Center] = c
		}
		all++
		if r.Kind == events.KindFundsSpent {
			vouchers++
		}
		if err := c.Apply(&events.Recorded{Record: *r, Revision: c.Revision() + 1, Position: uint64(all),
			RecordedAt: morning(cfg.To)}); err != nil {
			t.Fatal(err)
		}
	}
	if all < 15_000 || all > 20_000 {
		t.Errorf("%d records, want 15 000 to 20 000", all)
	}
	if share := vouchers * 100 / all; share < 75 || share > 85 {
		t.Errorf("%d %% of the records are vouchers, want about 80 %%", share)
	}
	raised, openRed := map[string]int{}, map[string]int{}
	for _, c := range centers {
		for _, a := range c.Evaluate(timeline, cfg.To).Alerts {
			family, _, _ := strings.Cut(strings.TrimPrefix(string(a.Code), "AL-"), "-")
			raised[family]++
			if a.Open() && a.Severity == aggregates.Red {
				openRed[family]++
			}
		}
	}
	for _, family := range strings.Fields(
		"ADM PRC TSK GOV SAF INC ETH RPT EVL AWD PRJ FND USE EXE OUT MAT RCT ITV REV AUD") {
		if raised[family] == 0 {
			t.Errorf("no alert of family %s", family)
		}
	}
	for _, family := range strings.Fields("USE EXE OUT") {
		if openRed[family] == 0 {
			t.Errorf("no open red alert of family %s", family)
		}
	}
}

func TestMemoryStaysSmallPerRecord(t *testing.T) {
	cfg := Scenario{Seed: 1, Centers: 100, From: events.MustDate("2024-01-01"), To: events.MustDate("2030-12-31"),
		VouchersPerYear: 900}
	const records, bytesPerRecordMax = 100_000, 1024
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	n := 0
	for _, err := range Records(cfg) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == records {
			runtime.GC()
			runtime.ReadMemStats(&after)
			break
		}
	}
	if n < records {
		t.Fatalf("%d records, want at least %d", n, records)
	}
	if held := int64(after.HeapAlloc) - int64(before.HeapAlloc); held > records*bytesPerRecordMax {
		t.Errorf("%d bytes held per record, want at most %d", held/records, bytesPerRecordMax)
	}
}

func TestBreakingTheLoopEndsTheSimulation(t *testing.T) {
	for stop := 1; stop < 40; stop++ {
		n := 0
		for range records(t, province40(1)) {
			if n++; n == stop {
				break
			}
		}
		if n != stop {
			t.Errorf("got %d records, want %d", n, stop)
		}
	}
}

func TestIdentifiersAreRightButForAFewEarlyCreditCodes(t *testing.T) {
	cfg := Scenario{Seed: 1, Centers: 400, From: events.MustDate("2024-01-01"), To: events.MustDate("2025-06-30"),
		VouchersPerYear: 1}
	codes, wrong := 0, 0
	for r := range records(t, cfg) {
		if _, ok := identifiers.ParseDocumentNumber(r.Doc); r.Doc != "" && !ok {
			t.Errorf("%q is not a document number", r.Doc)
		}
		data, ok := r.Data.(*events.CenterRegistered)
		if !ok {
			continue
		}
		codes++
		if region, ok := identifiers.ParseRegion(data.Region); !ok || region.County == "" ||
			!strings.Contains(data.Name, region.County) {
			t.Errorf("%s is not the region of %s", data.Region, data.Name)
		}
		if !rightCheck(data.USCC) {
			wrong++
		}
	}
	if codes != 400 || wrong == 0 || wrong > codes/15 {
		t.Errorf("%d of %d codes have a wrong check character", wrong, codes)
	}
}

// rightCheck reports whether the check character of a credit code is right, computed as in GB 32100-2015 with
// powers of 3 as weights.
func rightCheck(code string) bool {
	sum, weight := 0, 1
	for i := range 17 {
		sum += strings.IndexByte(usccAlphabet, code[i]) * weight
		weight = weight * 3 % 31
	}
	return len(code) == 18 && code[17] == usccAlphabet[(31-sum%31)%31]
}

func TestConfigurationsOutOfTheirLimitsAreRefused(t *testing.T) {
	sound := province40(1)
	for name, change := range map[string]func(*Scenario){
		"centers: ":            func(c *Scenario) { c.Centers = -1 },
		"vouchers a year":      func(c *Scenario) { c.VouchersPerYear = VouchersPerYearMax + 1 },
		"from: the year":       func(c *Scenario) { c.From = 0 },
		"to: the year":         func(c *Scenario) { c.To = events.MustDate("2099-01-01") },
		"is before the first ": func(c *Scenario) { c.To = c.From - 1 },
	} {
		cfg := sound
		change(&cfg)
		n := 0
		for r, err := range Records(cfg) {
			n++
			if r != nil || err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%s: record %v, error %v", name, r, err)
			}
		}
		if n != 1 {
			t.Errorf("%s: yielded %d times, want once", name, n)
		}
	}
}

func TestAnyProvinceCanBeSimulated(t *testing.T) {
	for _, cfg := range []Scenario{
		{Seed: 1, Centers: 0, From: events.MustDate("2024-01-01"), To: events.MustDate("2026-12-31")},
		{Seed: 1, Centers: 3, From: events.MustDate("2024-02-29"), To: events.MustDate("2024-02-29")},
		{Seed: 1, Centers: 1, From: events.MustDate("2020-06-15"), To: events.MustDate("2021-06-15")},
		{Seed: 1, Centers: 2, From: events.MustDate("2001-01-01"), To: events.MustDate("2031-12-31"),
			VouchersPerYear: 10},
	} {
		for r := range records(t, cfg) {
			if r.Mode == events.Recording && r.Doc == "" {
				t.Errorf("%s in record mode has no document", r.Kind)
			}
		}
	}
}

func BenchmarkRecords(b *testing.B) {
	cfg := province80()
	n := 0
	for b.Loop() {
		for _, err := range Records(cfg) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/record")
}
