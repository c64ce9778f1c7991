package events

import (
	"errors"
	"slices"
	"testing"
	"time"
)

func sameAsTime(t *testing.T, day time.Time) {
	t.Helper()
	y, m, dd := day.Date()
	d := DateOf(y, int(m), dd)
	if gy, gm, gd := d.Civil(); gy != y || gm != int(m) || gd != dd || d.Year() != y {
		t.Fatalf("%v is the date %d-%d-%d", day, gy, gm, gd)
	}
	if d.String() != day.Format(time.DateOnly) || d.Chinese() != day.Format("2006年1月2日") {
		t.Fatalf("%v is shown as %s, %s", day, d, d.Chinese())
	}
	if back, err := ParseDate(d.String()); err != nil || back != d {
		t.Fatalf("%s is read back as %v, %v", d, back, err)
	}
	if next := DateAt(day.AddDate(0, 0, 1).Add(-8 * time.Hour)); next != d+1 {
		t.Fatalf("the day after %s is %s", d, next)
	}
}

func TestADateIsTheSameDayAsInTheTimePackageAndReadsBack(t *testing.T) {
	for day := time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() <= 2110; day = day.AddDate(0, 0, 1) {
		sameAsTime(t, day)
	}
	for day := time.Date(1000, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() <= 9999; day = day.AddDate(0, 0, 13) {
		sameAsTime(t, day)
	}
	for year := 1000; year <= 9999; year++ {
		sameAsTime(t, time.Date(year, 3, 0, 0, 0, 0, 0, time.UTC)) // the last of February
		sameAsTime(t, time.Date(year, 12, 31, 0, 0, 0, 0, time.UTC))
	}
}

func TestOnlyDatesThatExistAndAreWrittenInFullAreRead(t *testing.T) {
	for _, s := range []string{"", "2023-02-29", "2100-02-29", "2024-13-01", "2024-00-10", "2024-04-31", "2024-01-00",
		"2024-01-32",
		"0999-12-31", "0000-01-01", "2024-1-1", "24-01-01", "2024/01/01", "20240101", "2024-01-01T", " 2024-01-01",
		"2024-01-01 ",
		"+024-01-01", "-024-01-01", "2024-01-0a", "２０２４-01-01", "2024年1月", "2024-０1", "10000-01-01",
		"2024--1-01"} {
		d, err := ParseDate(s)
		if err == nil {
			t.Errorf("%q is read as %s", s, d)
			continue
		}
		var bad *badDate
		if !errors.As(err, &bad) {
			t.Fatalf("%q: %v has no Chinese", s, err)
		}
		checkText(t, bad.why)
	}
	if _, err := ParseDate("2000-02-29"); err != nil {
		t.Error(err)
	}
}

func TestAddMonthsKeepsTheDayOrTakesTheLastOfTheMonth(t *testing.T) {
	for _, c := range []struct {
		from   string
		months int
		want   string
	}{
		{"2024-02-29", 12, "2025-02-28"},
		{"2024-02-29", 36, "2027-02-28"},
		{"2024-02-29", 48, "2028-02-29"},
		{"2024-02-29", -24, "2022-02-28"},
		{"2025-02-28", -12, "2024-02-28"},
		{"2025-01-31", 1, "2025-02-28"},
		{"2025-08-31", -6, "2025-02-28"},
		{"2025-12-15", 1, "2026-01-15"},
		{"2025-01-15", -1, "2024-12-15"},
		{"2025-03-31", -24, "2023-03-31"},
		{"2025-03-31", 0, "2025-03-31"},
	} {
		if got := MustDate(c.from).AddMonths(c.months); got.String() != c.want {
			t.Errorf("%s and %d months is %s, want %s", c.from, c.months, got, c.want)
		}
	}
}

func TestADayBeginsAtMidnightInShanghai(t *testing.T) {
	for at, want := range map[string]string{
		"2025-05-05T15:59:59.999999999Z": "2025-05-05",
		"2025-05-05T16:00:00Z":           "2025-05-06",
		"2025-12-31T16:00:00Z":           "2026-01-01",
		"2024-02-28T23:59:00+08:00":      "2024-02-28",
		"2024-02-28T17:00:00-08:00":      "2024-02-29",
	} {
		instant, err := time.Parse(time.RFC3339Nano, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := DateAt(instant); got.String() != want {
			t.Errorf("%s is on %s in Shanghai, want %s", at, got, want)
		}
	}
}

func TestMonthsAndYearsEndOnTheirLastDay(t *testing.T) {
	var got []string
	for _, d := range []Date{YearEnd(2025), MonthEnd(2024, 2), MonthEnd(2025, 2), MonthEnd(2025, 4),
		MonthEnd(2025, 12)} {
		got = append(got, d.String())
	}
	if want := []string{"2025-12-31", "2024-02-29", "2025-02-28", "2025-04-30",
		"2025-12-31"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestNoDateIsShownAsNothing(t *testing.T) {
	if got := Date(0).String() + Date(0).Chinese(); got != "" {
		t.Errorf("the zero Date is shown as %q", got)
	}
}

func TestADateIsReadAsPeopleTypeIt(t *testing.T) {
	for typed, want := range map[string]string{
		"2026-10-31": "2026-10-31", "2026/10/31": "2026-10-31", "2026.10.31": "2026-10-31",
		"2026年10月31日": "2026-10-31", "2026 年 10 月 31 号": "2026-10-31",
		"2026年1月3日": "2026-01-03", "2026/1/3": "2026-01-03", "2026-1-03": "2026-01-03", "20261031": "2026-10-31",
		"２０２６年１０月３１日": "2026-10-31", "２０２６－１０－３１": "2026-10-31",
		"２０２６．１０．３１": "2026-10-31", "２０２６／１０／３１": "2026-10-31", " 2026-10-31\u200b": "2026-10-31",
		"2024-02-29": "2024-02-29",
		"2026-02-29": "", "2026-13-01": "", "2026-10/31": "", "26-10-31": "", "10/31/2026": "", "2026-10": "",
		"0999-01-01": "", "2026-10-31T12:00:00+08:00": "", "today": "", "": "", "2026年10月": "",
	} {
		got, err := ReadDate(typed)
		if got.String() != want || (err == nil) != (want != "") {
			t.Errorf("%q: expected %q, got %q, %v", typed, want, got, err)
		}
	}
	for d := DateOf(2000, 1, 1); d < DateOf(2101, 1, 1); d += 13 {
		for _, typed := range []string{d.String(), d.Chinese()} {
			if got, err := ReadDate(typed); got != d || err != nil {
				t.Fatalf("%s is read as %v, %v", typed, got, err)
			}
		}
	}
}
