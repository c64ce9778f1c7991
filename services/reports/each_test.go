package reports_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/reports"
	"github.com/taizhang/taizhang/services/table"
)

// fileOf returns a file with a content.
func fileOf(name, content string) reports.File {
	return reports.File{Name: name, Content: strings.NewReader(content), Bytes: int64(len(content))}
}

// csvOf returns the answer to a question as plain CSV.
func csvOf(t *testing.T, d *lists.Books, q lists.Question) string {
	t.Helper()
	made, err := reports.Make(t.Context(), d, reports.Request{Question: q, Lang: "zh", Form: reports.CSV, Version: "v1"})
	if err != nil {
		t.Fatalf("%s: %v", q.List, err)
	}
	var b bytes.Buffer
	if err := made.WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// reportsAt returns reports of every list, of the yearly report and of some of them edited, at the position of now.
func reportsAt(t *testing.T, d *lists.Books, on string) (files []reports.File) {
	t.Helper()
	position := d.Register.Position()
	for _, l := range lists.Lists {
		q := questionOf(t, d, l, on)
		if q.Params["since"] != "" {
			q.Params["since"] = "3"
		}
		content := csvOf(t, d, askable(t, d, q))
		files = append(files, fileOf(fmt.Sprintf("%s-%d.csv", l.Name, position), content))
		lines := strings.Split(content, "\n")
		last := len(lines) - 2
		lines[last] = strings.Map(func(r rune) rune { // other digits in the last line
			if r == '1' {
				return '7'
			}
			return r
		}, lines[last])
		files = append(files, fileOf(fmt.Sprintf("%s-%d-edited.csv", l.Name, position), strings.Join(lines, "\n")))
	}
	for _, center := range []events.CenterID{"", d.Register.IDs()[0]} {
		y := reports.Yearly{Year: 2025, Center: center, On: events.MustDate("2025-12-31"), Lang: "zh", Unit: table.Yuan}
		var b bytes.Buffer
		if err := y.WriteHTML(t.Context(), d, &b); err != nil {
			t.Fatal(err)
		}
		files = append(files, fileOf(fmt.Sprintf("yearly-%s-%d.html", center, position), b.String()),
			fileOf(fmt.Sprintf("yearly-%s-%d-edited.html", center, position),
				strings.Replace(b.String(), "</td>", "1</td>", 1)))
	}
	return files
}

// The test reproduces reports of every list at several positions in one pass and one by one.
func TestReportsInOnePassAreThoseOneByOne(t *testing.T) {
	d := small(t, "甲", "乙")
	var files []reports.File
	for range 3 { // the newest first
		files = append(reportsAt(t, d, "2025-12-31"), files...)
		record(t, d, fmt.Sprintf(`"kind":"funds.spent","on":"2025-07-01","by":{"role":"center","actor":"c-1"},"data":{`+
			`"voucher":"W%d","payee":"丙","use":"pilot","lines":[{"grant":"00123","amountFen":110}],"summary":"中试"}`,
			d.Register.Position()))
	}
	ahead := small(t, "甲", "乙", "丙", "丁", "戊", "己", "庚", "辛") // ends at a later position
	empty := csvOf(t, newDesk(t, ""), request(reports.CSV, "centers", "2025-12-31").Question)
	files = append(files, fileOf("empty.csv", empty), fileOf("none.csv", "a,b\n1,2\n"), fileOf("none.txt", ""),
		fileOf("beyond.csv", csvOf(t, ahead, request(reports.CSV, "centers", "2025-12-31").Question)))
	seen, differ := map[int]bool{}, 0
	var last uint64
	err := reports.ReproduceEach(t.Context(), d, files, func(i int, got *reports.Reproduction, err error) error {
		f := files[i]
		want, wantErr := reports.Reproduce(t.Context(), d, f.Name, f.Content, f.Bytes)
		if !reflect.DeepEqual(got, want) || fmt.Sprint(err) != fmt.Sprint(wantErr) {
			t.Errorf("%s: %+v, %v; one by one %+v, %v", f.Name, got, err, want, wantErr)
		}
		if got != nil && got.Differs != nil {
			differ++
		}
		if got != nil && got.Differs != nil && !strings.Contains(f.Name, "edited") && f.Name != "beyond.csv" {
			t.Errorf("%s: %+v", f.Name, got.Differs)
		}
		if got != nil && f.Name != "beyond.csv" { // it is answered without any read models
			if got.Position < last {
				t.Errorf("%s at position %d comes after position %d", f.Name, got.Position, last)
			}
			last = got.Position
		}
		if seen[i] {
			t.Errorf("%s comes twice", f.Name)
		}
		seen[i] = true
		return nil
	})
	if err != nil || len(seen) != len(files) || differ < len(lists.Lists) {
		t.Errorf("%d of %d files, %d of them differ, %v", len(seen), len(files), differ, err)
	}
}

func TestOnePassEndsWithAnErrorOfItsCaller(t *testing.T) {
	d := small(t, "甲")
	files := reportsAt(t, d, "2025-12-31")
	enough := errors.New("enough")
	calls := 0
	each := func(int, *reports.Reproduction, error) error { calls++; return enough }
	if err := reports.ReproduceEach(t.Context(), d, files, each); err != enough || calls != 1 {
		t.Errorf("%d calls, %v", calls, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := reports.ReproduceEach(ctx, d, files, func(int, *reports.Reproduction, error) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a canceled pass: %v", err)
	}
}
