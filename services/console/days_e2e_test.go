//go:build e2e

package console_test

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/demo"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/sheets"
)

// dayPlan is the input of days.mjs.
type dayPlan struct {
	Program  string `json:"program"`            // the browser
	Pictures string `json:"pictures,omitempty"` // the directory for a picture of a day that failed
	Days     []day  `json:"days"`
}

// day is the work of an account on a day. The rest depends on what is to do.
type day struct {
	Name     string `json:"name"`
	Lang     string `json:"lang"` // zh or en: of the browser
	Base     string `json:"base"` // the address of the server
	Hand     string `json:"hand"` // the address of what the test does meanwhile
	Account  string `json:"account"`
	Password string `json:"password"`

	Sheet    string    `json:"sheet,omitempty"` // cells as a spreadsheet copies them
	File     string    `json:"file,omitempty"`  // the same sheet as a workbook
	Mistakes []mending `json:"mistakes,omitempty"`
	Records  int       `json:"records,omitempty"`  // of the sheet
	Center   string    `json:"center"`             // of the clerk
	Reported string    `json:"reported,omitempty"` // the date of the report
	City     string    `json:"city,omitempty"`     // the code of Hangzhou
	Rates    []string  `json:"rates,omitempty"`    // of the city on that date, as reported and as corrected
	Voucher  string    `json:"voucher,omitempty"`  // that corrects it
	Record   string    `json:"record,omitempty"`   // the address of that voucher
	Points   []string  `json:"points,omitempty"`   // at which a center is compared
	Position uint64    `json:"position,omitempty"` // of the ledger before the days
	Sample   []string  `json:"sample,omitempty"`   // the centers and vouchers that are drawn there
	Grant    string    `json:"grant,omitempty"`    // the one with the longest account book
	Pages    []string  `json:"pages,omitempty"`    // to go around
	Print    string    `json:"print,omitempty"`    // the file for the print of that book
	Doc      string    `json:"doc,omitempty"`      // a document number that no record has
}

// mending is a bad cell and what is typed into it.
type mending struct {
	Row     int    `json:"row"`
	Heading string `json:"heading"`
	Mend    string `json:"mend"`
}

// worked is a line of the output of days.mjs.
type worked struct {
	Day      int      `json:"day"` // the index in the plan
	Findings []string `json:"findings"`
	Tabs     int      `json:"tabs"` // how often Tab was pressed
	TookMs   float64  `json:"tookMs"`
}

// handOf returns what the script may ask of the test: what is in the ledger, and what others do while a page is open.
func handOf(t *testing.T, x *office) *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /position", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, x.desk.Position())
	})
	mux.HandleFunc("GET /records", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, len(recordsOf(t, x, "doc", r.URL.Query().Get("doc"))))
	})
	return mux
}

func serveHand(t *testing.T, mux *http.ServeMux) (address string) {
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

// recordsOf returns the ids of the records that a condition of find selects.
func recordsOf(t *testing.T, x *office, name, value string) (ids []string) {
	for _, row := range cells(x.asked(t, "find", name, value), "id") {
		ids = append(ids, row[0])
	}
	return ids
}

// dayPassword is the password of each account.
const dayPassword = "a day's work by keys 7"

// serveDays serves a copy of the province whose accounts have a password.
func serveDays(t *testing.T) (*office, *demo.Province) {
	t.Helper()
	x, province := serveProvince(t)
	for _, a := range province.Accounts() {
		if _, err := x.owner.SetPassword(t.Context(), a.Name, access.NewPassword{Password: dayPassword}); err != nil {
			t.Fatal(err)
		}
	}
	return x, province
}

// daysOf returns the days of the roles on a server.
func daysOf(t *testing.T, x *office, province *demo.Province, lang string) []day {
	t.Helper()
	by := func(account, name string) day {
		return day{Name: name, Lang: lang, Base: x.URL, Hand: serveHand(t, handOf(t, x)), Account: account,
			Password: dayPassword, Center: string(province.Center)}
	}
	clerk := by("center", "clerk")
	fillSheet(t, province, &clerk)
	deferrals := by("finance", "deferrals")
	deferrals.Doc = "浙财科教〔2026〕900号"
	head := by("finance", "explained")
	explain(t, x, province, &head)
	auditor := by("auditor", "audit")
	drawSample(t, x, &auditor)
	accountant := by("center", "book")
	accountant.Grant, accountant.Print = longestBook(t, x, province), filepath.Join(t.TempDir(), "book.pdf")
	office := by("office", "grades")
	office.Doc = "浙科委办〔2026〕900号"
	list := []day{clerk, deferrals, head, auditor, accountant, office}
	if lang == "zh" {
		rounds := by("finance", "rounds")
		rounds.Pages = []string{"/me", "/import", "/record", "/changes", "/record/subsidy.granted?center=" + rounds.Center,
			"/execution?by=city&year=2026&scope=fiscal", "/verify", "/policies"}
		list = append(list, rounds)
	}
	return list
}

// explain fills in the rates of Hangzhou, and the voucher that was entered late.
func explain(t *testing.T, x *office, province *demo.Province, d *day) {
	t.Helper()
	d.Reported = province.ReportedOn.String()
	for _, when := range []desk.When{{AsOf: d.Reported, KnownAt: d.Reported}, {AsOf: d.Reported}} {
		got, err := x.desk.List(t.Context(), when, lists.Question{List: "execution", Params: map[string]string{"by": "city",
			"scope": "fiscal", "year": d.Reported[:4]}})
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range cells(got, "city", "ratePercent") {
			if strings.HasPrefix(row[0], demo.Hangzhou) {
				d.City, d.Rates = row[0], append(d.Rates, row[1])
			}
		}
	}
	d.Voucher = province.BackDated.Data.(*events.FundsSpent).Voucher
	d.Record = fmt.Sprintf("/centers/%s/records/%s", province.BackDated.Center, province.BackDated.ID)
	if len(d.Rates) != 2 || d.Rates[0] == d.Rates[1] {
		t.Fatalf("the rates of Hangzhou are %v", d.Rates)
	}
}

// drawSample draws the sample that the auditor must get.
func drawSample(t *testing.T, x *office, d *day) {
	t.Helper()
	d.Points = []string{"2026-03-31", "2026-09-30"}
	d.Position = x.desk.Position()
	for _, row := range cells(x.asked(t, "sample", "year", "2026", "n", "12", "position",
		strconv.FormatUint(d.Position, 10)), "center", "voucher") {
		d.Sample = append(d.Sample, row[0]+" "+row[1])
	}
}

// longestBook returns the grant of the center with the most vouchers.
func longestBook(t *testing.T, x *office, province *demo.Province) (grant string) {
	t.Helper()
	most := 0
	asked := x.asked(t, "spending", "center", string(province.Center), "by", "grant")
	for _, row := range cells(asked, "grant", "vouchers") {
		if n := atoi(t, row[1]); n > most {
			grant, most = row[0], n
		}
	}
	return grant
}

// fillSheet fills in the sheet with mistakes, as it is copied and as a file, and how its cells are mended.
func fillSheet(t *testing.T, province *demo.Province, d *day) {
	t.Helper()
	var book bytes.Buffer
	err := province.WriteSheet(&book)
	d.File = filepath.Join(t.TempDir(), demo.SheetName)
	if err == nil {
		err = os.WriteFile(d.File, book.Bytes(), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	shown, err := sheets.Show(bytes.NewReader(book.Bytes()), int64(book.Len()))
	if err != nil || len(shown) != 1 {
		t.Fatalf("%d tables, %v", len(shown), err)
	}
	lines := []string{strings.Join(shown[0].Headings, "\t")}
	grant := ""
	for _, row := range shown[0].Rows {
		lines = append(lines, strings.Join(row.Cells, "\t"))
		if grant == "" {
			for j, heading := range shown[0].Names {
				if heading == "经费下达编号" {
					grant = row.Cells[j]
				}
			}
		}
	}
	d.Sheet, d.Records = strings.Join(lines, "\n")+"\n", len(shown[0].Rows)
	good := map[string]string{"日期": province.Today.String(), "金额(元)": "12.50", "用途": "中试", "经费下达编号": grant}
	for _, m := range demo.Mistakes {
		d.Mistakes = append(d.Mistakes, mending{m.Row, m.Heading, good[m.Heading]})
	}
}

// trialOf returns a trial of a form, on a small ledger of its own.
func trialOf(t *testing.T, name string) day {
	t.Helper()
	x, _, finance := formOffice(t)
	x.access.Demo = true // a given password need not be changed
	if _, err := x.owner.SetPassword(t.Context(), "zhongxin", access.NewPassword{Password: dayPassword}); err != nil {
		t.Fatal(err)
	}
	mux := handOf(t, x)
	mux.HandleFunc("POST /move", func(_ http.ResponseWriter, r *http.Request) {
		x.clock.move(time.Duration(atoi(t, r.URL.Query().Get("hours"))) * time.Hour)
	})
	mux.HandleFunc("POST /midnight", func(_ http.ResponseWriter, r *http.Request) {
		b := newBrowser(t, "zh", x.Client())
		b.carry(x, r.URL.Query().Get("session"))
		for day := events.DateAt(x.clock.now()); events.DateAt(x.clock.now()) == day; {
			x.clock.move(29 * time.Minute)
			b.get(x.URL + "/me") // the session is used now and then
		}
	})
	mux.HandleFunc("POST /write", func(http.ResponseWriter, *http.Request) {
		finance.get(x.URL + "/record/subsidy.reversed?center=ZJ-0001")
		sendForm(finance, "write", url.Values{"grant": {"G1"}, "amountFen": {"10"}, "reason": {"调整"}})
	})
	return day{Name: name, Lang: "zh", Base: x.URL, Hand: serveHand(t, mux), Account: "zhongxin", Password: dayPassword}
}

// trials are the names of the trials of trials.mjs.
var trials = []string{"typing", "twice", "lost", "session", "ended", "midnight", "meanwhile", "refusal", "hostile"}

// TestDaysByKeysAlone does the day's work of the demo's roles in Chinese. With -whole it does it in each language, on
// a province of its own.
func TestDaysByKeysAlone(t *testing.T) {
	p := dayPlan{Program: program(t, "chromium")}
	langs := []string{"zh"}
	if *whole {
		langs = append(langs, "en")
	}
	for _, lang := range langs {
		x, province := serveDays(t)
		for _, d := range daysOf(t, x, province, lang) {
			if strings.Contains(d.Name+"-"+lang, *only) {
				p.Days = append(p.Days, d)
			}
		}
	}
	for _, name := range trials {
		if strings.Contains(name, *only) {
			p.Days = append(p.Days, trialOf(t, name))
		}
	}
	if *picturesDir != "" {
		var err error
		if p.Pictures, err = filepath.Abs(*picturesDir); err != nil {
			t.Fatal(err)
		}
	}
	seen := 0
	runScript(t, "days.mjs", p, func(line []byte) {
		var w worked
		if err := json.Unmarshal(line, &w); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		seen++
		at := p.Days[w.Day]
		t.Logf("%s in %s: Tab %d times, %.0f ms", at.Name, at.Lang, w.Tabs, w.TookMs)
		for _, finding := range w.Findings {
			t.Errorf("%s in %s: %s", at.Name, at.Lang, finding)
		}
	})
	for _, d := range p.Days {
		if d.Print != "" {
			checkBook(t, d)
		}
	}
	if seen != len(p.Days) {
		t.Errorf("%d of %d days were done", seen, len(p.Days))
	}
}

// checkBook checks the print of an account book: A4 upright, headings on each sheet that has lines, and room for three
// seals at the end.
func checkBook(t *testing.T, d day) {
	t.Helper()
	book := readSheets(t, d.Print)
	if len(book) < 2 {
		t.Errorf("the account book of %s has %d sheets, which do not show whether headings are repeated", d.Grant,
			len(book))
	}
	words := map[string][]string{"zh": {"日期", "凭证号", "摘要", "到账", "支出", "结余"},
		"en": {"Date", "Voucher", "Summary", "Received", "Spent", "Balance"}}[d.Lang]
	seals := map[string][]string{"zh": {"制表：", "复核：", "负责人："}, "en": {"Madeby:", "Checkedby:", "Head:"}}[d.Lang]
	for k := range book {
		s := &book[k]
		if math.Abs(s.Width-595) > 1 || math.Abs(s.Height-842) > 1 {
			t.Errorf("sheet %d is %v by %v points, not A4", k+1, s.Width, s.Height)
		}
		for _, word := range words {
			if !s.has(word) {
				t.Errorf("sheet %d of the account book in %s lacks the heading %s: %v", k+1, d.Lang, word, s.words())
			}
		}
	}
	last := &book[len(book)-1]
	for _, seal := range seals {
		if !last.has(seal) {
			t.Errorf("the last sheet of the account book in %s has no place for %s", d.Lang, seal)
		}
	}
}
