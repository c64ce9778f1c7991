package reports_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/services/reports"
)

// A report of an earlier program is equal as long as its list is; where it is not, nobody need have edited it.
func TestAReportInAnotherFormOfTheListsIsSaidToBeSo(t *testing.T) {
	d := small(t, "乙", "丙")
	for _, form := range []reports.Form{reports.CSV, reports.ForExcel} {
		content, err := os.ReadFile(write(t, d, request(form, "execution", "2025-12-31")))
		must(t, err)
		for _, c := range []struct {
			name, fact string
			hint       bool
		}{{"the same form", "#listForm,1", false}, {"another form", "#listForm,7", true}, {"no form", "", true}, {"nonsense", "#listForm,x", true}} {
			end := "\n"
			if form == reports.ForExcel {
				end = "\r\n"
			}
			line := c.fact
			if line != "" {
				line += end
			}
			text := strings.Replace(string(content), "#listForm,1"+end, line, 1)
			for name, want := range map[string]string{"as written": text, "with another column": strings.Replace(text, "上年结转", "结转", 1)} {
				path := filepath.Join(t.TempDir(), "report.csv")
				must(t, os.WriteFile(path, []byte(want), 0o644))
				got := reproduce(t, d, path).Differs
				if equal := name == "as written" && c.name != "nonsense"; equal != (got == nil) {
					t.Errorf("%s, %s: got %+v", c.name, name, got)
				} else if !equal && c.hint != strings.HasSuffix(got.Why.En, "; the report was written in another form of this list; check it with the version of the program that wrote it (in the file: v1)") {
					t.Errorf("%s, %s: the reason is %q", c.name, name, got.Why.En)
				}
			}
		}
	}
}
