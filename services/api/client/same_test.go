package client_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/api/client"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/sealing"
)

func readerAt(s string) io.ReaderAt { return strings.NewReader(s) }

// shown returns an answer or an error in a form that shows all of it.
func shown(t testing.TB, answer any, err error) string {
	t.Helper()
	var param *text.Error
	name := ""
	if errors.As(err, &param) {
		name = param.Param
	}
	failed := ""
	if err != nil {
		failed = fmt.Sprintf("%s %s %+v", text.CodeOf(err), name, text.Of(err))
		var refused *desk.Refusal
		if errors.As(err, &refused) {
			failed += fmt.Sprintf(" %+v", *refused)
		}
		var batch *desk.BatchRefusal
		if errors.As(err, &batch) {
			failed += fmt.Sprintf(" %+v", *batch)
		}
		var moved *desk.RevisionError
		if errors.As(err, &moved) {
			failed += fmt.Sprintf(" %+v", *moved)
		}
		return failed
	}
	wire, err := json.Marshal(answer, json.Deterministic(true))
	if err != nil {
		t.Fatal(err)
	}
	return string(wire)
}

// asking is a call of a desk that returns its answer in a comparable form.
type asking struct {
	name string
	ask  func(t testing.TB, d desk.Desk) string
}

// parts returns the content of a file; that of a workbook part by part, because their order differs.
func parts(t testing.TB, file []byte) string {
	t.Helper()
	packed, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return string(file)
	}
	var all []string
	for _, f := range packed.File {
		part, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, f.Name+"\n"+string(content))
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// questions returns questions of every sort, right and wrong, for a ledger of one center.
func questions() (all []asking) {
	ctx := context.Background()
	whens := []desk.When{{}, {AsOf: "2025-12-31"}, {AsOf: "2025-12-31", KnownAt: "4"},
		{AsOf: "2025-12-31", KnownAt: "2026-10-01T00:00:04+08:00"}, {KnownAt: "99"}, {AsOf: "1999-13-01"}, {AsOf: "x"},
		{KnownAt: "昨天"}, {KnownAt: "2030-01-01"}}
	add := func(name string, ask func(t testing.TB, d desk.Desk) string) { all = append(all, asking{name, ask}) }
	for i, when := range whens {
		one := i < 4 // the when is right: of two mistakes either may be told
		for _, l := range lists.Lists {
			params := []map[string]string{{}}
			if l.Argument != "" {
				params = []map[string]string{{l.Argument: "甲"}, {l.Argument: "2025"}, {l.Argument: "ZJ-0001"},
					{l.Argument: "1"}}
			}
			switch l.Name {
			case "alerts":
				params = append(params, map[string]string{"all": "true"}, map[string]string{"code": "al-exe-02"},
					map[string]string{"code": "nonsense"}, map[string]string{"center": "ZJ-9999"})
			case "execution":
				params = append(params, map[string]string{"by": "total"}, map[string]string{"by": "moon"},
					map[string]string{"year": "25"})
			case "changes":
				params = append(params, map[string]string{"since": "3"}, map[string]string{"since": "2026-10-01"},
					map[string]string{"since": "3", "from-as-of": "2025-12-31", "by": "city"},
					map[string]string{"since": "3", "from-as-of": "2030-01-01"})
				if one {
					params = append(params, map[string]string{"since": "2099-01-01"})
				}
			}
			for _, p := range params {
				add(fmt.Sprint("list ", l.Name, p, when), func(t testing.TB, d desk.Desk) string {
					q := lists.Question{List: l.Name, Params: p}
					table, err := d.List(ctx, when, q)
					if err != nil {
						return shown(t, nil, err)
					}
					var whole bytes.Buffer
					if err := table.WriteWhole(&whole); err != nil {
						t.Fatal(err)
					}
					return whole.String()
				})
			}
		}
		for _, id := range []string{"ZJ-0001", "ZJ-9999", "", "../x", "a/b", "%2e"} {
			if id == "" && !one {
				continue
			}
			add(fmt.Sprint("center ", id, when), func(t testing.TB, d desk.Desk) string {
				c, err := d.Center(ctx, when, id)
				return shown(t, c, err)
			})
			add(fmt.Sprint("story ", id, when), func(t testing.TB, d desk.Desk) string {
				var told []string
				end, err := d.Story(ctx, when, id, func(c *desk.Chapter) error {
					told = append(told, shown(t, c, nil))
					return nil
				})
				return strings.Join(append(told, shown(t, end, err)), "\n")
			})
		}
		for _, name := range []desk.AlertName{
			{Center: "ZJ-0001", Code: "AL-EXE-03"}, {Center: "ZJ-0001", Code: "AL-USE-01"},
			{Center: "ZJ-0001", Code: "al-use-01", Key: "V2"},
			{Center: "ZJ-0001", Code: "AL-USE-01", RaisedOn: "2025-06-02"},
			{Center: "ZJ-0001", Code: "x"}, {Center: "ZJ-9999", Code: "x"}, {Code: "AL-POL-01"},
			{Center: "ZJ-0001", Code: "AL-USE-01", RaisedOn: "June"}} {
			if name.RaisedOn == "June" && !one {
				continue
			}
			add(fmt.Sprint("explain ", name, when), func(t testing.TB, d desk.Desk) string {
				list, err := d.Explain(ctx, when, name)
				return shown(t, list, err)
			})
		}
		add(fmt.Sprint("policies ", when), func(t testing.TB, d desk.Desk) string {
			all, err := d.Policies(ctx, when)
			if err != nil {
				return shown(t, nil, err)
			}
			texts := shown(t, all.Index(), nil)
			for _, p := range all.Adopted {
				texts += string(p.Text())
			}
			_, err = all.Current()
			return texts + fmt.Sprint(err)
		})
		for _, r := range []desk.YearlyRequest{
			{Year: 2025, Unit: "yuan", Lang: "zh"}, {Year: 2025, Center: "ZJ-0001", Unit: "wan", Lang: "en"},
			{Year: 2025, Center: "ZJ-9999", Unit: "wan", Lang: "en"}, {Year: 1, Unit: "yuan", Lang: "zh"}} {
			add(fmt.Sprint("yearly ", r, when), func(t testing.TB, d desk.Desk) string {
				var page strings.Builder
				err := d.Yearly(ctx, when, r, &page)
				return page.String() + shown(t, nil, err)
			})
		}
		for _, r := range []desk.ReportRequest{{Question: lists.Question{List: "execution"}, Lang: "zh"},
			{Question: lists.Question{List: "execution"}, Name: "a.CSV", ForExcel: true, Lang: "en"},
			{Question: lists.Question{List: "alerts", Params: map[string]string{"all": "true"}}, Name: "a.xlsx",
				ForExcel: true, Lang: "en"},
			{Question: lists.Question{List: "execution"}, ForExcel: true, Lang: "zh"},
			{Question: lists.Question{List: "execution"}, Name: "a.doc", Lang: "en"},
			{Question: lists.Question{List: "execution"}, Lang: "fr"},
			{Question: lists.Question{List: "alerts", Params: map[string]string{"code": "x"}}, Lang: "en"}} {
			add(fmt.Sprint("report ", r, when), func(t testing.TB, d desk.Desk) string {
				var file bytes.Buffer
				made, err := d.Report(ctx, when, r, &file)
				if err != nil {
					return shown(t, nil, err)
				}
				again, err := d.Reproduce(ctx,
					desk.Upload{Name: "dir/a" + map[bool]string{true: ".xlsx", false: ".csv"}[r.Name == "a.xlsx"],
						Content: bytes.NewReader(file.Bytes()), Bytes: int64(file.Len())})
				return fmt.Sprint(made, parts(t, file.Bytes())) + shown(t, again, err)
			})
		}
		add(fmt.Sprint("try ", when), func(t testing.TB, d desk.Desk) string {
			var told []string
			records := strings.Join([]string{line("ZJ-0001", overspent), line("ZJ-0001", reversed),
				line("ZJ-0001", spent), `{"id":1}`, "nonsense", ""}, "\n")
			err := d.Try(ctx, when, strings.NewReader(records),
				func(x *desk.Tried) error { told = append(told, shown(t, x, nil)); return nil })
			return strings.Join(append(told, shown(t, nil, err)), "\n")
		})
	}
	add("reproduce nonsense", func(t testing.TB, d desk.Desk) string {
		r, err := d.Reproduce(ctx, upload("x.csv", "a,b\n1,2\n"))
		return shown(t, r, err)
	})
	add("export", func(t testing.TB, d desk.Desk) string {
		var b strings.Builder
		n, err := d.Export(ctx, &b, nil)
		return fmt.Sprint(n, b.String()) + shown(t, nil, err)
	})
	add("events of nobody", func(t testing.TB, d desk.Desk) string {
		return shown(t, nil, d.Events(ctx, 0, 1, "ZJ-9999", nil))
	})
	for _, of := range []string{"", "ZJ-0001"} {
		for _, after := range []uint64{0, 3, 99} {
			for _, limit := range []int{0, 2, 100} {
				add(fmt.Sprint("events of ", of, after, limit), func(t testing.TB, d desk.Desk) string {
					var told []string
					err := d.Events(ctx, after, limit, of, func(s *events.Stored) error {
						told = append(told, fmt.Sprintf("%d %s %d %s %s %s %v\n%s", s.Position, s.Stream, s.Revision,
							s.ID, s.Kind, s.Body, s.RecordedAt, s.Bytes))
						return nil
					})
					return strings.Join(told, "\n") + shown(t, nil, err)
				})
			}
		}
	}
	for _, of := range [][2]string{{"ZJ-0001", draft("ZJ-0001", granted).ID}, {"ZJ-0001", "x"}, {"ZJ-9999", "x"},
		{"", ""}} {
		add(fmt.Sprint("entry ", of), func(t testing.TB, d desk.Desk) string {
			e, err := d.Entry(ctx, of[0], of[1])
			return shown(t, e, err)
		})
	}
	for _, r := range []desk.ReceiptRequest{{Position: 3}, {Position: 99}, {}, {Center: "ZJ-0009", Record: "x"},
		{Center: "ZJ-0001", Record: draft("ZJ-0001", granted).ID}, {Center: "ZJ-0001", Record: "x"}} {
		add(fmt.Sprint("receipt ", r), func(t testing.TB, d desk.Desk) string {
			receipt, err := d.Receipt(ctx, r)
			return shown(t, receipt, err)
		})
	}
	add("checkpoint", func(t testing.TB, d desk.Desk) string {
		c, err := d.Checkpoint(ctx)
		return shown(t, c, err)
	})
	add("seal", func(t testing.TB, d desk.Desk) string {
		s, err := d.Seal(ctx)
		return shown(t, s, err)
	})
	return all
}

func TestAClientAnswersAsTheDeskItself(t *testing.T) {
	x := small(t)
	if _, err := x.desk.Seals.Begin(t.Context(), sealing.Beginning{Origin: "taizhang.zj/2026"}); err != nil {
		t.Fatal(err)
	}
	for name, prefix := range map[string]string{"for programs": "", "for a command line": "-" + "-"} {
		t.Run(name, func(t *testing.T) {
			local := *x.desk
			local.Prefix = prefix
			c := ask(t, client.ClientOptions{URL: x.URL, Prefix: prefix, Patience: -1})
			differs := map[string]bool{}
			for _, q := range questions() {
				want, got := q.ask(t, &local), q.ask(t, c)
				if strings.Contains(got, "there is nothing at this address") { // a route to come
					continue
				}
				if sort, _, _ := strings.Cut(q.name, " "); want != got && !differs[sort] {
					t.Errorf("%s: expected\n%.1500s\ngot\n%.1500s", q.name, want, got)
					differs[sort] = true
				}
			}
		})
	}
}
