package reports_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/reports"
)

// fourCenters is a ledger of the records of four centers of the history "edges".
func fourCenters(t *testing.T) *lists.Books {
	t.Helper()
	content, err := os.ReadFile(historyOf(t, "edges"))
	must(t, err)
	d := newDeskAt(t, "", func() time.Time { return time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC) })
	for _, id := range []string{"FZ-0015", "FZ-0020", "FZ-0034", "FZ-0036"} {
		// one after another: an import of several centers has no fixed order
		path := filepath.Join(t.TempDir(), "history.jsonl")
		lines := regexp.MustCompile(`(?m)^.*"center":"`+id+`".*\n`).FindAll(content, -1)
		must(t, os.WriteFile(path, bytes.Join(lines, nil), 0o644))
		importFile(t, d, path)
	}
	return d
}

// A list that changes must raise lists.Form and still answer in each earlier form; see lists.Form.
func TestTheReportsOfEveryFormAreReproduced(t *testing.T) {
	d := fourCenters(t)
	for form := 1; form < lists.Form; form++ {
		paths, err := filepath.Glob(fmt.Sprintf("testdata/form-%d/*", form))
		must(t, err)
		if len(paths) < 30 {
			t.Errorf("there are only %d reports of form %d", len(paths), form)
		}
		for _, path := range paths {
			if o, err := reproduceFile(t, d, path); err != nil || o.Differs != nil {
				t.Errorf("%s: %+v, %v", path, o, err)
			}
		}
	}
}

func TestAReportOfAnUnknownFormIsSaidToBeSo(t *testing.T) {
	d := small(t, "乙", "丙")
	for _, form := range []reports.FileFormat{reports.CSV, reports.ForExcel} {
		content, err := os.ReadFile(write(t, d, request(form, "execution", "2025-12-31")))
		must(t, err)
		now := fmt.Sprintf("#listForm,%d", lists.Form)
		for _, c := range []struct{ fact, says string }{
			{now, ""}, {"#listForm,1", ""}, {"#listForm,", ""},
			{"#listForm,x", "the form of the lists in its provenance is not a number"},
			{"#listForm,0", "not a number"},
			{"#listForm,77", "the report is in form 77 of the lists and this program knows the forms up to"},
		} {
			path := filepath.Join(t.TempDir(), "report.csv")
			must(t, os.WriteFile(path, []byte(strings.Replace(string(content), now, c.fact, 1)), 0o644))
			_, err := reproduceFile(t, d, path)
			if got := fmt.Sprint(err); c.says == "" && err != nil || !strings.Contains(got, c.says) {
				t.Errorf("%s: %v", c.fact, err)
			}
		}
	}
}

// The provenance has the other inputs of a list: the prefix of parameters, and the scope of an account.
func TestAReportIsReproducedForWhoeverAsks(t *testing.T) {
	d := fourCenters(t)
	within := func(ids ...events.CenterID) *lists.Books {
		scoped := *d
		scoped.Register = d.Register.Within(func(id events.CenterID) bool { return slices.Contains(ids, id) })
		return &scoped
	}
	flags := within("FZ-0015", "FZ-0020")
	flags.Prefix = "--"
	cut := request(reports.CSV, "find", "2025-06-30", "limit", "5")
	for _, r := range []reports.Request{
		request(reports.XLSX, "execution", "2025-06-30"), request(reports.ForExcel, "due", "2025-06-30"), cut} {
		path := write(t, flags, r)
		for name, c := range map[string]struct {
			by        *lists.Books
			forbidden bool
		}{"all": {d, false}, "the same": {within("FZ-0015", "FZ-0020"), false},
			"more": {within("FZ-0015", "FZ-0020", "FZ-0034"), false}, "less": {within("FZ-0015"), true}} {
			o, err := reproduceFile(t, c.by, path)
			if refused := errors.As(err, new(*text.Error)); refused != c.forbidden || err == nil && o.Differs != nil {
				t.Errorf("%s by %s: %+v, %v", r.Question.List, name, o, err)
			}
		}
	}
}
