package reports_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/taizhang/taizhang/services/reports"
)

func TestAReportAsWrittenIsExactAndItsCellsAreCounted(t *testing.T) {
	d := small(t, "甲", "乙, 丙", "-00123")
	for _, form := range forms {
		path := write(t, d, request(form, "spending", "2025-12-31", "center", "ZJ-0001"))
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		r, err := reports.Reproduce(t.Context(), d, path, bytes.NewReader(content), int64(len(content)))
		if err != nil || r.Differs != nil || !r.Exact || r.Cells < 3*8 {
			t.Fatalf("%s: %+v, %v", form, r, err)
		}
		step := 1
		if form == reports.XLSX {
			step = 37 // of some ten thousand bytes
		}
		for i := 0; i < len(content); i += step {
			changed := bytes.Clone(content)
			changed[i] ^= 0xff
			r, err := reports.Reproduce(t.Context(), d, path, bytes.NewReader(changed), int64(len(changed)))
			if err == nil && r.Exact {
				t.Fatalf("%s: byte %d of %d is changed, and the report is exact", form, i, len(content))
			}
		}
	}
}

func TestWhatAnotherProgramSavedIsEqualButNotExact(t *testing.T) {
	d := small(t, "甲")
	path := write(t, d, request(reports.CSV, "spending", "2025-12-31", "center", "ZJ-0001"))
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, saved := range map[string][]byte{
		"with the line ends of Windows": bytes.ReplaceAll(content, []byte("\n"), []byte("\r\n")),
		"with a blank line at its end":  append(bytes.Clone(content), '\n'),
		"with a byte order mark":        append([]byte("\uFEFF"), content...),
	} {
		r, err := reports.Reproduce(t.Context(), d, path, bytes.NewReader(saved), int64(len(saved)))
		if err != nil || r.Differs != nil || r.Exact {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}
