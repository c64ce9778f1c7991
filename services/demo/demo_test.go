package demo_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/demo"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/logstore"
	"github.com/taizhang/taizhang/services/table"
)

// province is a filled store with a counter over it.
type province struct {
	*demo.Province
	store *logstore.Store
	desk  *desk.Local
}

// fill makes the province of a day, at eight in the morning.
func fill(t *testing.T, day string) province {
	t.Helper()
	year, month, date := events.MustDate(day).Civil()
	now := time.Date(year, time.Month(month), date, 8, 0, 0, 0, events.Shanghai)
	store, err := logstore.Open(t.TempDir(), logstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	p, err := demo.Fill(t.Context(), store, now)
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(t.Context(), store, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return province{p, store, &desk.Local{LocalConfig: desk.LocalConfig{Ledger: l, Spool: t.TempDir(), Version: "v1",
		Account: ledger.Writer{Name: "c-test"}, Now: func() time.Time { return now },
		Root: func(context.Context, uint64, func(*events.Stored)) (sum [sha256.Size]byte, err error) {
			return sum, nil
		}}}}
}

// list returns the rows of a list with these columns.
func (p *province) list(t *testing.T, w desk.When, name string, params map[string]string,
	columns ...string) [][]string {
	t.Helper()
	got, err := p.desk.List(t.Context(), w, lists.Question{List: name, Params: params})
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for _, row := range got.Select(columns...).Rows {
		rows = append(rows, table.Fields(row))
	}
	return rows
}

func TestTheProvinceHasWorkForEveryOffice(t *testing.T) { hasWork(t, "2026-11-30") }

// hasWork tests what the province of a day promises.
func hasWork(t *testing.T, day string) {
	t.Helper()
	p := fill(t, day)
	p.checkWork(t)
	p.checkRecordingTimes(t)
	p.checkCorrections(t)
	p.checkSheet(t)
}

func (p *province) checkWork(t *testing.T) {
	t.Helper()
	if n := len(p.list(t, desk.When{}, "centers", nil, "center")); n != 80 {
		t.Errorf("%d centers, want 80", n)
	}
	undecided := 0
	for _, row := range p.list(t, desk.When{}, "deferrals", nil, "low", "state") {
		if row[0] == "yes" && (row[1] == "to-be-decided" || row[1] == "overdue") {
			undecided++
		}
	}
	if undecided < 5 {
		t.Errorf("%d low centers are undecided, want at least 5", undecided)
	}
	if n := len(p.list(t, desk.When{}, "alerts", map[string]string{"code": "AL-EVL-01"}, "center")); n < 10 {
		t.Errorf("%d grades are overdue, want at least 10", n)
	}
}

func (p *province) checkRecordingTimes(t *testing.T) {
	t.Helper()
	centers, last := 0, events.Date(0)
	for e, err := range p.store.ReadAll(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		rec, err := events.DecodeEvent(e)
		if err != nil {
			t.Fatal(err)
		}
		if last = events.DateAt(e.RecordedAt); rec.Center == "" || rec.ID == p.BackDated.ID {
			continue
		}
		centers++
		if late := last - rec.On; late < 0 || late > 20 {
			t.Errorf("%s of %s on %v was recorded %d days later", rec.Kind, rec.Center, rec.On, late)
		}
	}
	if centers+1 != p.Records || last != p.Today-1 {
		t.Errorf("%d records until %v", centers+1, last)
	}
}

func (p *province) checkCorrections(t *testing.T) {
	t.Helper()
	rate := func(w desk.When) string {
		rows := p.list(t, w, "execution", map[string]string{"by": "city", "scope": "fiscal",
			"year": fmt.Sprint(p.ReportedOn.Year())}, "city", "ratePercent")
		i := slices.IndexFunc(rows, func(row []string) bool { return strings.HasPrefix(row[0], demo.Hangzhou) })
		if i < 0 {
			t.Fatalf("no row of Hangzhou in %v", rows)
		}
		return rows[i][1]
	}
	reported := p.ReportedOn.String()
	was, is := rate(desk.When{AsOf: reported, KnownAt: reported}), rate(desk.When{AsOf: reported})
	if was == is {
		t.Errorf("the rate of Hangzhou as of %s is %s, as was known then", reported, is)
	}
	corrected := map[string]bool{}
	for _, row := range p.list(t, desk.When{}, "changes", map[string]string{"from-as-of": reported, "since": reported,
		"figure": "executed", "scope": "fiscal"}, "center", "correctedFen") {
		corrected[row[0]] = corrected[row[0]] || row[1] != "0" && row[1] != ""
	}
	for _, rec := range []*events.Record{p.Voided, p.BackDated} {
		if !corrected[string(rec.Center)] {
			t.Errorf("nothing of %s was corrected", rec.Center)
		}
		if region := p.desk.Ledger.Register().Facts(rec.Center, p.Today).Region; region[:4] != demo.Hangzhou {
			t.Errorf("%s is in %s", rec.Center, region)
		}
	}
}

func (p *province) checkSheet(t *testing.T) {
	t.Helper()
	var b bytes.Buffer
	if err := p.WriteSheet(&b); err != nil {
		t.Fatal(err)
	}
	var found []demo.Mistake
	got, err := p.desk.Import(t.Context(), desk.ImportRequest{DryRun: true,
		Files:  []desk.Upload{{Name: demo.SheetName, Content: bytes.NewReader(b.Bytes()), Bytes: int64(b.Len())}},
		Sheets: desk.SheetTerms{Actor: "c-test"},
		Bad: func(bad desk.BadLine) {
			for _, why := range bad.Each() {
				found = append(found, demo.Mistake{Row: why.Line, Heading: why.Field})
			}
		}})
	if err != nil {
		t.Fatal(err)
	}
	if got.Accepted < 3 || !slices.Equal(found, demo.Mistakes) {
		t.Errorf("%d good rows, mistakes %v, want %v", got.Accepted, found, demo.Mistakes)
	}
}

func TestEachRoleHasOneAccount(t *testing.T) {
	p := &demo.Province{Center: "ZJ-0001", Department: "省经信厅"}
	seen := map[string]bool{}
	for _, a := range p.Accounts() {
		if seen[string(a.Role)] {
			t.Errorf("%s has two accounts", a.Role)
		}
		seen[string(a.Role)] = true
	}
	if len(seen) != 9 {
		t.Errorf("%d roles, want 9", len(seen))
	}
}
