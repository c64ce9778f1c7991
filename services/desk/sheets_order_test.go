package desk_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/services/desk"
)

const (
	receiptHeadings  = "到账凭证号,日期,中心编号,资金类别,经费下达编号,金额(元)\n"
	reversalHeadings = "冲销凭证号,被冲销凭证号,日期,中心编号,冲销原因\n"
)

// brought returns an import of sheets by an actor.
func brought(actor string, files ...desk.Upload) desk.ImportRequest {
	return desk.ImportRequest{Files: files, Sheets: desk.SheetTerms{Actor: actor}}
}

// sheetID returns the id of the record of a voucher sheet, by its number and the number of the correction.
func sheetID(voucher string) string {
	space := uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://github.com/taizhang/taizhang/sheets/vouchers"))
	return uuid.NewSHA1(space, []byte("ZJ-0001\x00"+voucher)).String()
}

// withGrant returns the small ledger with a second grant, G2, of 10,000 yuan. None of it is received.
func withGrant(t *testing.T) *desk.Local {
	t.Helper()
	d := small(t)
	record(t, d, strings.NewReplacer("G1", "G2", "100000", "1000000").Replace(granted))
	return d
}

// contents are the records of a ledger in their order, without what the ledger adds.
func contents(t *testing.T, d *desk.Local) string {
	t.Helper()
	var b bytes.Buffer
	if _, err := d.Export(t.Context(), &b, nil); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Each file depends on another one that is named after it in some order, and the rows of a file are not sorted by
// date.
func TestTheOrderInWhichSheetsAreNamedDecidesNothing(t *testing.T) {
	files := []desk.Upload{
		upload("a.csv", vouchers("V-2,2025-07-03,ZJ-0001,G2,中试,300.00,丙,样机,,,",
			"V-1,2025-07-02,ZJ-0001,G2,中试,500.00,丙,样机,,,")),
		upload("b.csv", reversalHeadings+"R-1,V-1,2025-07-02,ZJ-0001,误付\n"),
		upload("c.csv", receiptHeadings+"SK-1,2025-04-01,ZJ-0001,财政补助资金,G2,1000.00\n"),
		upload("d.jsonl", line(reversed)),
	}
	want := ""
	for _, order := range [][]int{{0, 1, 2, 3}, {2, 0, 1, 3}, {1, 0, 3, 2}, {3, 2, 1, 0}, {0, 2, 3, 1}} {
		d := withGrant(t)
		request := brought("c-1")
		for _, i := range order {
			request.Files = append(request.Files, files[i])
		}
		request.Bad = func(b desk.BadLine) { t.Errorf("%v: %+v", order, b) }
		if got, err := d.Import(t.Context(), request); err != nil || got.Accepted != 5 {
			t.Fatalf("%v: got %+v, %v", order, got, err)
		}
		got := contents(t, d)
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("%v: the ledger holds\n%s\nexpected\n%s", order, got, want)
		}
	}
	lines := strings.Split(strings.TrimSpace(want), "\n")
	for i, number := range []string{"R2", "SK-1", "V-1", "V-2", "R-1"} {
		if at := len(lines) - 5 + i; !strings.Contains(lines[at], `"`+number+`"`) &&
			!strings.Contains(lines[at], "："+number) {
			t.Errorf("record %d is %s, expected %s", at, lines[at], number)
		}
	}
}

func TestACorrectedRowIsTakenUnderTheNextNumber(t *testing.T) {
	d := small(t)
	d.Prefix = "--"
	voiding := func(voucher, on string) string {
		return fmt.Sprintf(
			`"kind":"entry.voided","on":"%s","by":{"role":"center","actor":"c-1"},"data":{"event":"%s","reason":"金额有误"}`, on, sheetID(voucher))
	}
	for i, c := range []struct {
		row   string // of the sheet; or else
		void  string // the record that is voided
		again bool
		want  string // the counts: read, accepted, repeated, refused
		why   string
	}{
		{row: row("V-1", "1.00"), want: "1 0 0"},
		{row: row("V-1", "2.00"), want: "0 0 1", why: "other content"},
		{void: "V-1"},
		{row: row("V-1", "1.00"), want: "0 0 1", why: "voided on 2026-09-02, record "},
		{row: row("V-1", "1.00"), want: "0 0 1", why: "原因：金额有误；如应重新入账，是作废有误，请用 --again"},
		{row: row("V-1", "2.00"), want: "1 0 0"},
		{row: row("V-1", "2.00"), want: "0 1 0"},
		{row: row("V-1", "2.00"), again: true, want: "0 1 0"},
		{row: row("V-1", "1.00"), want: "0 0 1", why: "voided on 2026-09-02"},
		{row: row("V-1", "1.00"), again: true, want: "0 0 1", why: "other content"},
		{row: row("V-1", "3.00"), want: "0 0 1", why: "other content"},
		{void: "V-1#1"},
		{row: row("V-1", "3.00"), want: "1 0 0"},
		{row: row("V-1", "2.00"), want: "0 0 1", why: "voided on 2026-09-11"},
		{void: "V-1#2"},
		{row: row("V-1", "1.00"), want: "0 0 1", why: "voided on 2026-09-02"},
		{row: row("V-1", "1.00"), again: true, want: "1 0 0"},
		{row: row("V-1", "1.00"), want: "0 1 0"},
	} {
		if c.void != "" {
			record(t, d, voiding(c.void, fmt.Sprintf("2026-09-%02d", max(1, i))))
			continue
		}
		why := ""
		request := brought("c-1", upload("s.csv", vouchers(c.row)))
		request.Again = c.again
		request.Bad = func(b desk.BadLine) {
			for _, r := range b.Each() {
				why += r.Field + ": " + r.Reason.Zh + r.Reason.En
			}
		}
		got, err := d.Import(t.Context(), request)
		if err != nil {
			t.Fatalf("%d: %v", i, err)
		}
		if counted := fmt.Sprint(got.Accepted, got.Repeated, got.Refused); counted != c.want ||
			!strings.Contains(why, c.why) || (c.why == "") != (why == "") {
			t.Errorf("%d: %s is %s because %q, expected %s because %q", i, c.row, counted, why, c.want, c.why)
		}
	}
	held := contents(t, d)
	for _, id := range []string{sheetID("V-1"), sheetID("V-1#1"), sheetID("V-1#2"), sheetID("V-1#3")} {
		if !strings.Contains(held, `{"id":"`+id+`"`) {
			t.Errorf("no record has the id %s", id)
		}
	}
}

// A record that is voided earlier in the same import counts as voided.
func TestAVoidingAndTheCorrectedRowComeInOneImport(t *testing.T) {
	d := small(t)
	if _, err := d.Import(t.Context(), brought("c-1", upload("s.csv", vouchers(row("V-1", "1.00"))))); err != nil {
		t.Fatal(err)
	}
	voiding := line(fmt.Sprintf(
		`"kind":"entry.voided","on":"2026-09-01","by":{"role":"center","actor":"c-1"},"data":{"event":"%s","reason":"金额有误"}`, sheetID("V-1")))
	files := []desk.Upload{upload("s.csv", vouchers(row("V-1", "2.00"))), upload("v.jsonl", voiding)}
	for i, want := range []desk.Imported{{Read: 2, Accepted: 2}, {Read: 2, Repeated: 2}} {
		if got, err := d.Import(t.Context(), brought("c-1", files...)); err != nil ||
			fmt.Sprint(counts(got)) != fmt.Sprint(want) {
			t.Errorf("%d: got %+v, %v", i, got, err)
		}
	}
	first := brought("c-1", upload("s.csv", vouchers(row("V-1", "1.00"))), upload("v.jsonl", voiding))
	if got, err := d.Import(t.Context(), first); err != nil || got.Refused != 1 || got.Repeated != 1 {
		t.Errorf("the first row: got %+v, %v", got, err)
	}
}

func TestTheSameSheetOfAColleagueIsThereAlready(t *testing.T) {
	receipt := upload("r.csv", receiptHeadings+"SK-1,2025-04-01,ZJ-0001,财政补助资金,G2,500.00\n")
	d := withGrant(t)
	if _, err := d.Import(t.Context(), brought("c-1", receipt)); err != nil {
		t.Fatal(err)
	}
	held := contents(t, d)
	for name, c := range map[string]struct {
		request desk.ImportRequest
		want    desk.Imported
	}{
		"another actor": {brought("c-2", receipt), desk.Imported{Read: 1, Repeated: 1}},
		"another role": {desk.ImportRequest{
			Files: []desk.Upload{receipt}, Sheets: desk.SheetTerms{Actor: "c-1", Role: "finance"}},
			desk.Imported{Read: 1, Refused: 1}},
		"another amount": {
			brought("c-1", upload("r.csv", receiptHeadings+"SK-1,2025-04-01,ZJ-0001,财政补助资金,G2,500.01\n")),
			desk.Imported{Read: 1, Refused: 1}},
		"as JSON": {desk.ImportRequest{
			Files: []desk.Upload{upload("a.jsonl", strings.Replace(line(spent), "c-1", "c-2", 1))}},
			desk.Imported{Read: 1, Refused: 1}},
	} {
		if got, err := d.Import(t.Context(), c.request); err != nil || fmt.Sprint(counts(got)) != fmt.Sprint(c.want) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
	if contents(t, d) != held {
		t.Error("the first did not stay")
	}
}

// Two colleagues import the same sheets at once: each row is written once.
func TestTwoActorsImportTheSameSheetsAtOnce(t *testing.T) {
	d := small(t)
	var rows []string
	for i := range 200 {
		rows = append(rows, row(fmt.Sprintf("V-%d", i), "1.00"))
	}
	var wg sync.WaitGroup
	got := make([]*desk.Imported, 2)
	for i := range got {
		wg.Go(func() {
			var err error
			if got[i], err = d.Import(t.Context(),
				brought(fmt.Sprintf("c-%d", i), upload("s.csv", vouchers(rows...)))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	if a, b := got[0], got[1]; a.Accepted+b.Accepted != 200 || a.Repeated+b.Repeated != 200 ||
		a.Refused+b.Refused != 0 {
		t.Errorf("got %+v and %+v", a, b)
	}
	if p := d.Ledger.Register().Position(); p != 6+200 {
		t.Errorf("the ledger is at position %d", p)
	}
}

func TestADryRunOfSheetsAnswersRecordByRecord(t *testing.T) {
	d := withGrant(t)
	if _, err := d.Import(t.Context(), brought("c-1", upload("s.csv", vouchers(row("V-0", "1.00"))))); err != nil {
		t.Fatal(err)
	}
	held := contents(t, d)
	var told []string
	request := brought("c-2",
		upload("v.csv", vouchers(row("V-0", "1.00"), row("V-1", "100.00"),
			"V-2,2025-07-03,ZJ-0001,G2,罚款,400.00,丙,样机,,,", row("V-3", "much"),
			"V-2,2025-07-03,ZJ-0001,G1,罚款,89.00,丙,样机,,,", row("V-4", "5000.00"))),
		upload("r.csv", receiptHeadings+"SK-1,2025-04-01,ZJ-0001,财政补助资金,G2,500.00\n"))
	request.DryRun = true
	request.Judged = func(j desk.JudgedRecord) {
		form(t, j)
		said := fmt.Sprintf("%s %v %s %s %d", j.File, j.Rows, j.Answer, j.Number, j.AmountFen)
		for _, b := range j.Balances {
			said += fmt.Sprintf(" %s %d→%d", b.Grant, b.BeforeFen, b.AfterFen)
		}
		for _, r := range j.Reasons {
			said += fmt.Sprintf(" %d %s", r.Row, r.Field)
		}
		told = append(told, said)
	}
	got, err := d.Import(t.Context(), request)
	if err != nil || !got.DryRun ||
		fmt.Sprint(counts(got)) != fmt.Sprint(desk.Imported{Read: 6, Accepted: 3, Repeated: 1, Refused: 2}) {
		t.Fatalf("got %+v, %v", got, err)
	}
	want := []string{
		"r.csv [2] accepted SK-1 50000 G2 0→50000",
		"v.csv [5] refused V-3 0 5 金额(元)",
		"v.csv [2] repeated V-0 100",
		"v.csv [3] accepted V-1 10000 G1 58900→48900",
		"v.csv [7] refused V-4 500000 7 金额(元)",
		"v.csv [4 6] accepted V-2 48900 G1 48900→40000 G2 50000→10000",
	}
	if !slices.Equal(told, want) {
		t.Errorf("told\n%s\nexpected\n%s", strings.Join(told, "\n"), strings.Join(want, "\n"))
	}
	if !slices.ContainsFunc(got.Opens, func(a desk.MovedAlert) bool {
		return a.Center == "ZJ-0001" && a.Code == "AL-USE-01" && a.Key == "V-2"
	}) {
		t.Errorf("opens %+v", got.Opens)
	}
	if contents(t, d) != held {
		t.Error("something was written")
	}
	request.DryRun, request.AcceptGood, request.Judged = false, true, nil
	if written, err := d.Import(t.Context(), request); err != nil || form(t, written.Opens) != form(t, got.Opens) ||
		form(t, written.Clears) != form(t, got.Clears) {
		t.Errorf("written, it opened and cleared\n%+v\n%+v\nforeseen\n%+v\n%+v", written.Opens, written.Clears,
			got.Opens, got.Clears)
	}
}

func TestARecordSaysWhichAlertsItOpenedAndCleared(t *testing.T) {
	d := small(t)
	asked := draft(t, reversed)
	asked.Moves = true
	got, err := d.Record(t.Context(), asked)
	if err != nil || len(got.Clears) != 1 || got.Clears[0].Code != "AL-USE-01" || got.Clears[0].Key != "V2" ||
		len(got.Opens) != 0 || got.AsOf.String() != "2026-11-01" {
		t.Errorf("got %+v, %v", got, err)
	}
	form(t, got)
	if got, err = d.Record(t.Context(), asked); err != nil || got.Answer != desk.Repeated || len(got.Clears) != 0 {
		t.Errorf("again: got %+v, %v", got, err)
	}
	later := draft(t, strings.NewReplacer("V1", "V9", "2025-06-01", "2026-11-02", "40000", "1").Replace(spent))
	if got, err = d.Record(t.Context(), later); err != nil || got.Clears != nil || len(got.Warnings) != 1 ||
		!strings.Contains(got.Warnings[0].En, "2026-11-02") {
		t.Errorf("without being asked: got %+v, %v", got, err)
	}
}

func TestDoubtsAboutWhatIsTakenAreTold(t *testing.T) {
	d := small(t)
	odd := strings.Replace(line(strings.Replace(spent, "V1", "V7", 1)), `"data"`, `"doc":"第3号","data"`, 1)
	future := line(strings.NewReplacer("V1", "V8", "2025-06-01", "2062-06-01", "40000", "1").Replace(spent))
	lines := upload("a.jsonl", strings.Replace(odd, "40000", "1", 1)+"\n"+future)
	for range 2 { // what is there already is told of too
		got, err := d.Import(t.Context(), desk.ImportRequest{Files: []desk.Upload{lines}})
		if err != nil || got.Refused != 0 || got.WarningsTotal != 2 || len(got.Warnings) != 2 {
			t.Fatalf("got %+v, %v", got, err)
		}
		for i, want := range []string{"document number", "the date 2062-06-01 lies after today, 2026-11-01"} {
			if w := got.Warnings[i]; w.File != "a.jsonl" || w.Line != i+1 || !strings.Contains(w.Warning.En, want) {
				t.Errorf("got %+v, expected %q", w, want)
			}
		}
		form(t, got)
	}
	var tried *desk.Tried
	if err := d.Try(t.Context(), desk.When{}, strings.NewReader(future),
		func(t *desk.Tried) error { tried = t; return nil }); err != nil || len(tried.Warnings) != 1 {
		t.Errorf("tried: %+v, %v", tried, err)
	}
}
