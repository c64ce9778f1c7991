//go:build e2e

package console_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

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
	Records  int       `json:"records,omitempty"` // of the sheet
	Center   string    `json:"center"`            // of the clerk
	Doc      string    `json:"doc,omitempty"`     // a document number that no record has
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

// hand serves what somebody else does while a page is open.
func hand(t *testing.T, x *office) string {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /records", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, len(recordsOf(t, x, "doc", r.URL.Query().Get("doc"))))
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

// recordsOf returns the ids of the records that a condition of find selects.
func recordsOf(t *testing.T, x *office, name, value string) (ids []string) {
	found, err := x.desk.List(t.Context(), desk.When{}, lists.Question{List: "find", Params: map[string]string{name: value}})
	if err != nil {
		t.Error(err)
		return nil
	}
	for _, row := range found.Select("id").Rows {
		ids = append(ids, row[0].CSV())
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
		return day{Name: name, Lang: lang, Base: x.URL, Hand: hand(t, x), Account: account, Password: dayPassword,
			Center: string(province.Center)}
	}
	clerk := by("center", "clerk")
	fillSheet(t, province, &clerk)
	deferrals := by("finance", "deferrals")
	deferrals.Doc = "浙财科教〔2026〕900号"
	return []day{clerk, deferrals}
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

// TestDaysByKeysAlone does the day's work of the demo's roles, in each language on a province of its own.
func TestDaysByKeysAlone(t *testing.T) {
	p := dayPlan{Program: program(t, "chromium")}
	for _, lang := range []string{"zh", "en"} {
		x, province := serveDays(t)
		for _, d := range daysOf(t, x, province, lang) {
			if strings.Contains(d.Name+"-"+lang, *only) {
				p.Days = append(p.Days, d)
			}
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
	if seen != len(p.Days) {
		t.Errorf("%d of %d days were done", seen, len(p.Days))
	}
}
