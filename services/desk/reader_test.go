package desk_test

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
)

// questions holds every call of a Reader that takes a When, about one center or (for "") about all.
var questions = map[string]func(t testing.TB, r desk.Reader, when desk.When, center string) error{
	"list": func(t testing.TB, r desk.Reader, when desk.When, center string) error {
		_, err := r.List(t.Context(), when,
			lists.Question{List: "alerts", Params: map[string]string{"center": center}})
		return err
	},
	"center": func(t testing.TB, r desk.Reader, when desk.When, center string) error {
		_, err := r.Center(t.Context(), when, center)
		return err
	},
	"story": func(t testing.TB, r desk.Reader, when desk.When, center string) error {
		_, err := r.Story(t.Context(), when, center, func(*desk.Chapter) error { return nil })
		return err
	},
	"explain": func(t testing.TB, r desk.Reader, when desk.When, center string) error {
		_, err := r.Explain(t.Context(), when, desk.AlertName{Center: center, Code: "AL-USE-01"})
		return err
	},
	"report": func(t testing.TB, r desk.Reader, when desk.When, center string) error {
		_, err := r.Report(t.Context(), when,
			desk.ReportRequest{Question: lists.Question{List: "spending", Params: map[string]string{"center": center}},
				Lang: "en"}, io.Discard)
		return err
	},
	"yearly": func(t testing.TB, r desk.Reader, when desk.When, center string) error {
		return r.Yearly(t.Context(), when, desk.YearlyRequest{Year: 2025, Center: center, Unit: "yuan", Lang: "zh"},
			io.Discard)
	},
}

func TestAWhenThatCannotBeIsNamed(t *testing.T) {
	d := small(t)
	for _, c := range []struct {
		when  desk.When
		param string
	}{
		{asOf("2025-02-30"), "as-of"}, {asOf("today"), "as-of"}, {asOf("1999-12-31"), "as-of"},
		{asOf("2101-01-01"), "as-of"},
		{desk.When{KnownAt: "yesterday"}, "known-at"}, {desk.When{KnownAt: "-1"}, "known-at"},
		{desk.When{KnownAt: "7"}, "known-at"},
		{desk.When{KnownAt: "99999999999999999999"}, "known-at"}, {desk.When{KnownAt: "2026-11-01"}, "known-at"},
		{desk.When{KnownAt: "2026-11-01T12:00:01+08:00"}, "known-at"},
	} {
		for name, ask := range questions {
			t.Run(name+" "+c.when.AsOf+c.when.KnownAt,
				func(t *testing.T) { fails(t, ask(t, d, c.when, "ZJ-0001"), text.Invalid, c.param) })
		}
		_, err := d.Policies(t.Context(), c.when)
		fails(t, err, text.Invalid, c.param)
	}
}

func TestACenterThatTheLedgerDoesNotKnowIsNotFound(t *testing.T) {
	d := small(t)
	for name, ask := range questions {
		for _, when := range []desk.When{{}, {KnownAt: "1"}, {KnownAt: "2026-09-30"}} {
			t.Run(name+" "+when.KnownAt, func(t *testing.T) {
				center := "ZJ-0001" // which was not known then
				if when.KnownAt == "" {
					center = "ZJ-0002"
				}
				fails(t, ask(t, d, when, center), text.NotFound, "")
			})
		}
	}
}

func TestEveryListIsAnswered(t *testing.T) {
	d := small(t)
	// the date is that of the When
	table, err := d.List(t.Context(), asOf("2025-06-10"),
		lists.Question{List: "alerts", On: 1, Params: map[string]string{"severity": "red"}})
	if err != nil || len(table.Rows) != 1 || table.Position != 6 || !strings.Contains(table.Title.En, "2025-06-10") {
		t.Errorf("got %+v, %v", table, err)
	}
	for known, want := range map[string]string{"": "", "6": ", as known at position 6 of the ledger",
		"2026-10-01": ", as known at 2026-10-01 (position 6 of the ledger)"} {
		title := "Open alerts as of 2025-06-10" + want
		if table, err := d.List(t.Context(), desk.When{AsOf: "2025-06-10", KnownAt: known},
			lists.Question{List: "alerts"}); err != nil || table.Title.En != title {
			t.Errorf("the title known at %q: %+v, %v", known, table.Title, err)
		}
	}
	for _, c := range []struct {
		q     lists.Question
		code  text.ErrorCode
		param string
	}{
		{lists.Question{List: "nothing"}, text.NotFound, ""},
		{lists.Question{List: "alerts", Params: map[string]string{"severity": "pink"}}, text.Invalid, "severity"},
		{lists.Question{List: "alerts", Params: map[string]string{"colour": "red"}}, text.Invalid, "colour"},
		{lists.Question{List: "spending"}, text.Invalid, "center"},
		{lists.Question{List: "changes"}, text.Invalid, "since"},
		// the day is not over
		{lists.Question{List: "changes", Params: map[string]string{"since": "2026-11-01"}}, text.Invalid, "since"},
	} {
		_, err := d.List(t.Context(), desk.When{}, c.q)
		fails(t, err, c.code, c.param)
		_, err = d.Report(t.Context(), desk.When{}, desk.ReportRequest{Question: c.q, Lang: "zh"}, io.Discard)
		fails(t, err, c.code, c.param)
	}
}

func TestACenter(t *testing.T) {
	d := small(t)
	c, err := d.Center(t.Context(), asOf("2025-06-10"), "ZJ-0001")
	if err != nil {
		t.Fatal(err)
	}
	if c.Status != "registered" || c.Events != 5 || c.Facts.Name != "甲中心" || c.RegionName != "杭州市西湖区" ||
		c.Position != 6 || len(c.Execution) != 2 {
		t.Errorf("got %+v", c)
	}
	if len(c.Alerts) != 2 || c.Alerts[0].Code != "AL-EXE-01" || c.Alerts[1].Code != "AL-USE-01" ||
		c.Alerts[1].Key != "V2" || c.Alerts[1].RaisedOn.String() != "2025-06-02" {
		t.Errorf("alerts: %+v", c.Alerts)
	}
	form(t, c)
	early, err := d.Center(t.Context(), desk.When{AsOf: "2025-06-10", KnownAt: "2"}, "ZJ-0001")
	if err != nil || early.Position != 2 || early.Events != 1 || len(early.Alerts) != 0 {
		t.Errorf("known at position 2: %+v, %v", early, err)
	}
	form(t, early)
	_, err = d.Center(t.Context(), asOf("2025-01-09"), "ZJ-0001") // the day before it is registered
	fails(t, err, text.NotFound, "")
}

// chapters returns the chapters of ZJ-0001 and the end.
func chapters(t testing.TB, r desk.Reader, when desk.When) (list []*desk.Chapter) {
	t.Helper()
	end, err := r.Story(t.Context(), when, "ZJ-0001", func(c *desk.Chapter) error {
		list = append(list, c)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return append(list, end)
}

func TestAStory(t *testing.T) {
	d := small(t)
	list := chapters(t, d, asOf("2025-12-31"))
	form(t, list)
	if len(list) != 6 {
		t.Fatalf("expected 5 chapters and the end, got %d", len(list))
	}
	for i, c := range list[:5] {
		if c.Position != uint64(i+2) || c.Revision != uint64(i+1) || c.EnteredBy != "clerk" || c.Record == nil {
			t.Errorf("chapter %d: %+v", i, c)
		}
	}
	if c := list[0]; c.Changed.Status != "registered" || c.Changed.StatusBefore != "" {
		t.Errorf("the registration moved %+v", c.Changed)
	}
	if c := list[1]; !c.Recorded() || c.Mode != desk.RecordMode || len(c.Changed.Money) != 1 ||
		c.Changed.Money[0].GrantedFen != 100000 {
		t.Errorf("the grant moved %+v", c.Changed)
	}
	if c := list[4]; len(c.Changed.Opened) != 1 || c.Changed.Opened[0].Key != "V2" {
		t.Errorf("the fine moved %+v", c.Changed)
	}
	if end := list[5]; end.AsOf.String() != "2025-12-31" || end.Record != nil || end.RecordedAt != "" ||
		!end.Lapsed.Alerts() {
		t.Errorf("the end: %+v", end)
	}
	if known := chapters(t, d, desk.When{AsOf: "2025-12-31", KnownAt: "3"}); len(known) != 3 {
		t.Errorf("known at position 3: %d chapters", len(known))
	}
	enough := errors.New("enough")
	read := 0
	_, err := d.Story(t.Context(), desk.When{}, "ZJ-0001", func(*desk.Chapter) error { read++; return enough })
	if !errors.Is(err, enough) || read != 1 {
		t.Errorf("after an error of each: %d chapters, %v", read, err)
	}
}

func TestAnAlertIsExplained(t *testing.T) {
	d := small(t)
	record(t, d, reversed)
	explain := func(when desk.When, name desk.AlertName) ([]desk.Explanation, error) {
		return d.Explain(t.Context(), when, name)
	}
	for _, name := range []desk.AlertName{
		{Center: "ZJ-0001", Code: "AL-USE-01"}, {Center: "ZJ-0001", Code: "al-use-01", Key: "V2"},
		{Center: "ZJ-0001", Code: "禁止用途支出"}, {Center: "ZJ-0001", Code: "Spent on a forbidden use", Key: "V2"},
		{Center: "ZJ-0001", Code: "AL-USE-01", RaisedOn: "2025-06-02"},
	} {
		list, err := explain(asOf("2025-06-10"), name)
		if err != nil || len(list) != 1 {
			t.Fatalf("%+v: %+v, %v", name, list, err)
		}
		x := list[0]
		if x.Center != "ZJ-0001" || x.Key != "V2" || x.ClearedOn.Date != 0 || x.Policy != "zj-2024-draft@2" ||
			x.Rules[0].Words == "" || x.Cleared.Zh == "" {
			t.Errorf("got %+v", x)
		}
		if x.Who != text.Say("省转化中心 甲中心", "center 甲中心") || x.Office != events.CenterRole ||
			x.About != text.Say("凭证号 V2", "voucher V2") || x.Reason.Zh == "" {
			t.Errorf("about %+v, responsible %s %+v, because %+v", x.About, x.Office, x.Who, x.Reason)
		}
		if n := len(x.Figures); x.Figures[n-2].Value != "乙" || x.Figures[n-1].Value != "罚款" ||
			x.Figures[n-1].Shown.Zh != "罚款" {
			t.Errorf("the figures of the record: %+v", x.Figures)
		}
		if len(x.Because) != 1 || x.Because[0].Position != 6 || x.Because[0].Kind != "funds.spent" ||
			x.Because[0].On.String() != "2025-06-02" {
			t.Errorf("because %+v", x.Because)
		}
		if table := desk.ExplanationTable(list, "zh"); len(table.Rows) < 4 {
			t.Errorf("rows: %+v", table.Rows)
		}
		form(t, list)
	}
	list, err := explain(asOf("2025-12-31"), desk.AlertName{Center: "ZJ-0001", Code: "AL-USE-01"})
	if err != nil || list[0].ClearedOn.String() != "2025-07-01" {
		t.Fatalf("cleared: %+v, %v", list, err)
	}
	if by := list[0].ClearedBy; by == nil || by.Position != 7 || by.Kind != "spending.reversed" ||
		by.On != list[0].ClearedOn || by.By.Actor != "c-1" {
		t.Errorf("cleared by %+v because %+v", by, list[0].Because)
	}
	form(t, list)
	if rows := desk.ExplanationTable(list, "zh").Rows; rows[len(rows)-1][4].Data != "clearedBy" {
		t.Errorf("the last row: %+v", rows[len(rows)-1])
	}
	list, err = explain(desk.When{AsOf: "2025-12-31", KnownAt: "6"},
		desk.AlertName{Center: "ZJ-0001", Code: "AL-USE-01"})
	if err != nil || list[0].ClearedOn.Date != 0 || list[0].ClearedBy != nil || list[0].Position != 6 ||
		list[0].AsOf.String() != "2025-12-31" {
		t.Errorf("known before it was cleared: %+v, %v", list, err)
	}
	list, err = explain(asOf("2026-01-31"), desk.AlertName{Center: "ZJ-0001", Code: "AL-EXE-01"})
	if err != nil || len(list) == 0 || list[0].ClearedOn.Date == 0 || list[0].ClearedBy != nil {
		t.Errorf("cleared by time alone: %+v, %v", list, err)
	}
	for _, c := range []struct {
		name  desk.AlertName
		code  text.ErrorCode
		param string
	}{
		{desk.AlertName{Center: "ZJ-0001", Code: "AL-USE-01", RaisedOn: "2025-06-31"}, text.Invalid, "raised-on"},
		{desk.AlertName{Center: "ZJ-0001", Code: "AL-USE-01", RaisedOn: "2025-06-03"}, text.NotFound, ""},
		{desk.AlertName{Center: "ZJ-0001", Code: "AL-USE-01", Key: "V1"}, text.NotFound, ""},
		{desk.AlertName{Center: "ZJ-0001", Code: "nonsense"}, text.NotFound, ""},
		{desk.AlertName{Code: "AL-USE-01"}, text.NotFound, ""}, // the policies have none
	} {
		_, err := explain(asOf("2025-12-31"), c.name)
		fails(t, err, c.code, c.param)
	}
	_, err = explain(asOf("2025-12-31"), desk.AlertName{Center: "ZJ-0001", Code: "禁用用途支出"})
	if err == nil || !strings.Contains(text.Of(err).Zh, "是否指 禁止用途支出") {
		t.Errorf("a mistyped title: %v", err)
	}
}

func TestThePolicies(t *testing.T) {
	d := over(t, newStore())
	none, err := d.Policies(t.Context(), desk.When{})
	if err != nil || len(none.Adopted) != 1 && len(none.Adopted) != 0 {
		t.Fatalf("of an empty ledger: %+v, %v", none, err)
	}
	d = small(t)
	adopt(t, d, newVersion(t, "3"))
	all, err := d.Policies(t.Context(), asOf("2025-01-01"))
	if err != nil || len(all.Adopted) != 2 || all.InForce.Name() != "zj-2024-draft@3" {
		t.Fatalf("got %+v, %v", all, err)
	}
	if p, err := all.Find("zj-2024-draft@2"); err != nil || p.Name() != "zj-2024-draft@2" {
		t.Errorf("found %v, %v", p.Name(), err)
	}
	_, err = all.Find("zj-2024-draft@9")
	fails(t, err, text.NotFound, "")
	known, err := d.Policies(t.Context(), desk.When{AsOf: "2025-01-01", KnownAt: "6"})
	if err != nil || len(known.Adopted) != 1 {
		t.Errorf("known before: %+v, %v", known, err)
	}
	early, err := d.Policies(t.Context(), asOf("2010-01-01"))
	if err != nil || early.InForce != nil || early.Reading == nil {
		t.Fatalf("before any is in force: %+v, %v", early, err)
	}
	_, err = early.Current()
	fails(t, err, text.NotFound, "")
	if _, problems := desk.ParsePolicy([]byte("{")); len(problems) == 0 {
		t.Error("half a policy is none")
	}
	fails(t, desk.WriteTemplate(io.Discard, "nothing", desk.BuiltinPolicy()), text.NotFound, "")
	for _, k := range desk.SheetNames() {
		if err := desk.WriteTemplate(io.Discard, k.Code, desk.BuiltinPolicy()); err != nil {
			t.Errorf("%s: %v", k.Code, err)
		}
	}
}

func TestAReportIsReproduced(t *testing.T) {
	d := small(t)
	for _, name := range []string{"r.csv", "r.xlsx", ""} {
		var file bytes.Buffer
		made, err := d.Report(t.Context(), asOf("2025-12-31"),
			desk.ReportRequest{Question: lists.Question{
				List: "spending", Params: map[string]string{"center": "ZJ-0001"}}, Name: name, Lang: "zh"}, &file)
		if err != nil || made.Rows != 2 || made.Position != 6 {
			t.Fatalf("%s: %+v, %v", name, made, err)
		}
		again, err := d.Reproduce(t.Context(), upload(cmp.Or(name, "r.csv"), file.String()))
		if err != nil || !again.Equal || again.Rows != 2 || again.Position != 6 || again.Version != "v1" ||
			again.Question.On.String() != "2025-12-31" {
			t.Fatalf("%s: %+v, %v", name, again, err)
		}
		form(t, again)
		if name != "r.csv" {
			continue
		}
		edited, err := d.Reproduce(t.Context(), upload(name, strings.Replace(file.String(), "罚款", "差旅", 1)))
		if err != nil || edited.Equal || edited.Differs == nil || len(edited.Table("en").Rows) != 1 {
			t.Errorf("edited: %+v, %v", edited, err)
		}
	}
	for _, r := range []struct {
		req   desk.ReportRequest
		param string
	}{
		{desk.ReportRequest{Question: lists.Question{List: "centers"}, Name: "r.txt", Lang: "zh"}, ""},
		{desk.ReportRequest{Question: lists.Question{List: "centers"}, Name: "r.csv", Lang: "fr"}, "lang"},
		{desk.ReportRequest{Question: lists.Question{List: "centers"}, ForExcel: true}, "lang"},
	} {
		_, err := d.Report(t.Context(), desk.When{}, r.req, io.Discard)
		fails(t, err, text.Invalid, r.param)
		fails(t, r.req.Check(), text.Invalid, r.param)
	}
	_, err := d.Reproduce(t.Context(), upload("r.csv", "no report"))
	fails(t, err, text.Invalid, "")
}

func TestTheYearlyReport(t *testing.T) {
	d := small(t)
	for _, center := range []string{"", "ZJ-0001"} {
		var page bytes.Buffer
		err := d.Yearly(t.Context(), asOf("2025-12-31"),
			desk.YearlyRequest{Year: 2025, Center: center, Unit: "wan", Lang: "zh"}, &page)
		if err != nil || !strings.Contains(page.String(), `<html lang="zh">`) {
			t.Errorf("%q: %v", center, err)
		}
	}
	for _, c := range []struct {
		req   desk.YearlyRequest
		param string
	}{
		{desk.YearlyRequest{Unit: "yuan", Lang: "zh"}, "year"},
		{desk.YearlyRequest{Year: 2101, Unit: "yuan", Lang: "zh"}, "year"},
		{desk.YearlyRequest{Year: 2025, Lang: "zh"}, "unit"},
		{desk.YearlyRequest{Year: 2025, Unit: "yuan", Lang: `"><script>`}, "lang"},
		{desk.YearlyRequest{Year: 2027, Unit: "yuan", Lang: "zh"}, ""}, // it has not begun
	} {
		fails(t, d.Yearly(t.Context(), desk.When{}, c.req, io.Discard), text.Invalid, c.param)
	}
}

func TestWhatIsExportedGivesTheSameAnswersElsewhere(t *testing.T) {
	d := small(t)
	var lines bytes.Buffer
	count, err := d.Export(t.Context(), &lines, nil)
	if err != nil || count != 6 || strings.Count(lines.String(), "\n") != 6 {
		t.Fatalf("exported %d, %v", count, err)
	}
	other := over(t, newStore())
	if done, err := other.Import(t.Context(), desk.ImportRequest{
		Files: []desk.Upload{upload("all.jsonl", lines.String())}}); err != nil || done.Refused != 0 {
		t.Fatalf("imported %+v, %v", done, err)
	}
	answers := func(d *desk.Local) string {
		c, err := d.Center(t.Context(), asOf("2025-12-31"), "ZJ-0001")
		if err != nil {
			t.Fatal(err)
		}
		return form(t, c)
	}
	if a, b := answers(d), answers(other); a != b {
		t.Errorf("got\n%s\nand\n%s", a, b)
	}
}

func TestTryingWritesNothing(t *testing.T) {
	d := small(t)
	file := strings.Join([]string{line(reversed), line(overspent), line(spent), `{"id":`, line(`"kind":"no.such"`)},
		"\n")
	var tried []*desk.Tried
	each := func(x *desk.Tried) error { tried = append(tried, x); return nil }
	if err := d.Try(t.Context(), asOf("2025-12-31"), strings.NewReader(file), each); err != nil {
		t.Fatal(err)
	}
	form(t, tried)
	var answers []string
	for i, x := range tried {
		answers = append(answers, x.Answer)
		if x.Line != i+1 {
			t.Errorf("line %d is %+v", i+1, x)
		}
	}
	if want := []string{desk.Accepted, desk.Refused, desk.Accepted, desk.Refused,
		desk.Refused}; !slices.Equal(answers, want) {
		t.Fatalf("expected %v, got %v", want, answers)
	}
	if x := tried[0]; len(x.Clears) != 1 || x.Clears[0].Key != "V2" || x.Center != "ZJ-0001" {
		t.Errorf("the reversal: %+v", x)
	}
	if x := tried[1]; len(x.Reasons) == 0 || x.Reasons[0].Rule != "overdrawn" {
		t.Errorf("the overdraft: %+v", x.Reasons)
	}
	if x := tried[3]; x.ID != "" || len(x.Reasons) == 0 {
		t.Errorf("half a line: %+v", x)
	}
	if p := d.Ledger.Register().Position(); p != 6 {
		t.Errorf("the ledger is at position %d", p)
	}
	fails(t, d.Try(t.Context(), desk.When{KnownAt: "3"}, strings.NewReader(file), each), text.Invalid, "known-at")
	fails(t, d.Try(t.Context(), asOf("x"), strings.NewReader(file), each), text.Invalid, "as-of")
}
