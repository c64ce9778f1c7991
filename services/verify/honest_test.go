package verify_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/reports"
	"github.com/taizhang/taizhang/services/verify"
	"github.com/taizhang/taizhang/services/workbook"
)

// older returns the ledger as it was at its second sealing, without reports.
func (w *world) older() *world {
	c := *w
	c.lines, c.heads, c.figures = w.lines[:w.heads[1].Size], w.heads[:2], nil
	return &c
}

func given(name string, content []byte) func(*verify.Config) {
	return func(cfg *verify.Config) {
		cfg.Figures = []verify.File{{Name: name, Content: bytes.NewReader(content), Bytes: int64(len(content))}}
	}
}

func TestARemovedRecordWithItsCheckpointContradicts(t *testing.T) {
	w := newWorld(t)
	at := w.find(t, `"voucher":"V-1"`) - 1
	w.lines = slices.Delete(w.lines, int(at), int(at)+1)
	w.heads = slices.Delete(w.heads, 1, 2) // the first one past it
	expect(t, w.judge(t, w.bundle(t)), verify.Contradicted, "记录被抽走、插入或移位",
		"a record was removed, inserted or moved", "载有检查点 9，证据包中没有")
}

func TestAnOlderBundleIsATailCutOffAndNoSecondHistory(t *testing.T) {
	w := newWorld(t)
	v := w.judge(t, w.older().bundle(t), knowing(w.heads[2]))
	expect(t, v, verify.Contradicted, "证据包只到位置 9", "the bundle ends at position 9")
	if all := page(t, v); strings.Contains(all, "两部历史") || strings.Contains(all, "signed two") {
		t.Errorf("an honest older bundle is called a second history:\n%s", all)
	}
}

func TestAReportMadeAfterTheBundleAsksForANewerOne(t *testing.T) {
	w := newWorld(t)
	report := w.figures["执行.csv"]
	expect(t, w.judge(t, w.older().bundle(t), given("执行.csv", report)), verify.Unwitnessed,
		"报表 执行.csv 写于位置 12，证据包只到位置 9：请取一份更新的证据包",
		"the report 执行.csv was made at position 12, and the bundle ends at 9: ask for a newer bundle")
	w.figures = nil
	expect(t, w.judge(t, w.bundle(t), given("执行.csv", report)), verify.Holds)
}

func TestAReportOfAnAccountThatSeesSomeCentersSaysSo(t *testing.T) {
	m, err := newMaker(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer m.close()
	var report bytes.Buffer
	for _, step := range []func() error{
		func() error { return m.record("ZJ-0001", registration("甲中心", "91330106MAC1K2L32C")) },
		func() error { return m.record("ZJ-0002", registration("乙中心", "52330200MJ8765437Q")) },
		func() error {
			d := m.books()
			d.Register = d.Register.Within(func(id events.CenterID) bool { return id == "ZJ-0001" })
			r, err := reports.Make(context.Background(), d, reports.Request{Lang: "zh", Form: reports.CSV,
				Version: "v1", Question: lists.Question{List: "centers", On: events.MustDate("2025-12-31")}})
			if err != nil {
				return err
			}
			return workbook.WriteReport(r, &report)
		},
		func() error { return m.seal(0, 1) },
		m.read,
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	m.figures["名册.csv"] = report.Bytes()
	v := m.judge(t, m.bundle(t))
	expect(t, v, verify.Holds, "报表 figures/名册.csv 只含 1 个中心", "is about 1 of the centers")
	if len(v.Figures) != 1 || !slices.Equal(v.Figures[0].Within, []events.CenterID{"ZJ-0001"}) {
		t.Errorf("%+v", v.Figures)
	}
}

func TestAKnownCheckpointIsReadHoweverItWasKept(t *testing.T) {
	w := newWorld(t)
	file := w.bundle(t)
	kept := string(w.heads[1].Bytes())
	windows := "\uFEFF" + strings.ReplaceAll(kept, "\n", "\r\n")
	typed, _, _ := strings.Cut(kept, "\n\n")
	const note = "留存的检查点没有签名行：按您给出的三行比对"
	for name, content := range map[string]string{"as it was": kept, "as Windows keeps it": windows,
		"without the last newline": strings.TrimSuffix(kept, "\n"), "three lines": typed,
		"three lines of Windows": strings.ReplaceAll(typed, "\n", "\r\n") + "\r\n"} {
		t.Run(name, func(t *testing.T) {
			known := func(content string) func(*verify.Config) {
				return func(cfg *verify.Config) { cfg.Known = []byte(content) }
			}
			v := w.judge(t, file, known(content))
			expect(t, v, verify.Holds, "留存的检查点（9 条）是本台账的开头部分")
			if said := strings.Contains(page(t, v), note); said != strings.HasPrefix(name, "three") {
				t.Errorf("unsigned: %v\n%s", said, page(t, v))
			}
			other := strings.Replace(content, w.heads[1].Root.String(), w.heads[0].Root.String(), 1)
			expect(t, w.judge(t, file, known(other)), verify.Contradicted, "这不是同一部历史")
		})
	}
	// In the bundle itself nothing but the form of the specification counts.
	for _, content := range []string{windows, typed, strings.TrimSuffix(kept, "\n")} {
		files := filesOf(t, file)
		files["checkpoints/9"] = []byte(content)
		expect(t, w.judge(t, zipped(t, files, true)), verify.Contradicted, "checkpoints/9：不是检查点")
	}
}

func TestAReportOfTheAuditorThatCannotBeReadIsNoContradiction(t *testing.T) {
	w := newWorld(t)
	report := string(w.figures["执行.csv"])
	w.figures = nil
	file := w.bundle(t)
	for name, content := range map[string]string{"pic.pdf": "%PDF", "empty": "", "empty.xlsx": "", "其他.csv": "a,b\n",
		"其他.html": "<html>"} {
		t.Run(name, func(t *testing.T) {
			_, err := verify.Verify(t.Context(), verify.Config{Content: strings.NewReader("no zip"), Bytes: 6,
				Figures: []verify.File{{Name: name, Content: strings.NewReader(content), Bytes: int64(len(content))}}})
			var of *text.Error
			if !errors.As(err, &of) || of.Param != "figures" ||
				!strings.Contains(of.What.Zh, "您给出的 "+name+" 不能用") {
				t.Errorf("%v", err)
			}
		})
	}
	// Its provenance asks what no list answers, which is found only when it is computed again. In a bundle that
	// contradicts.
	senseless := strings.Replace(report, `""list"":""execution""`, `""list"":""spending""`, 1)
	_, err := verify.Verify(t.Context(), verify.Config{Trust: w.trust, Content: bytes.NewReader(file),
		Bytes: int64(len(file)), Figures: []verify.File{
			{Name: "x/执行.csv", Content: strings.NewReader(senseless), Bytes: int64(len(senseless))}}})
	var of *text.Error
	if !errors.As(err, &of) || of.Param != "figures" || !strings.Contains(of.What.Zh, "x/执行.csv") {
		t.Errorf("%v", err)
	}
	w.figures = map[string][]byte{"执行.csv": []byte(senseless)}
	expect(t, w.judge(t, w.bundle(t)), verify.Contradicted, "报表 figures/执行.csv 无法重算")
	// Two files of one name in two folders are told apart.
	v := w.judge(t, file, func(cfg *verify.Config) {
		other := strings.Replace(report, "123456.03", "123456.04", 1)
		cfg.Figures = []verify.File{
			{Name: "x1/执行.csv", Content: strings.NewReader(report), Bytes: int64(len(report))},
			{Name: "x2/执行.csv", Content: strings.NewReader(other), Bytes: int64(len(other))}}
	})
	expect(t, v, verify.Contradicted, "报表 x1/执行.csv：", "报表 x2/执行.csv：单元格与台账不符")
}

func TestAFigureOfManyRecordsNamesTheNewestAndHowManyThereAre(t *testing.T) {
	m, err := newMaker(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer m.close()
	steps := []func() error{
		func() error { return m.record("ZJ-0001", registration("甲中心", "91330106MAC1K2L32C")) },
		func() error { return m.record("ZJ-0001", grant) },
		func() error { return m.record("ZJ-0001", receipt) },
	}
	for n := range 7 {
		steps = append(steps, func() error { return m.record("ZJ-0001", voucher(n+1)) })
	}
	steps = append(steps, func() error { return m.report("执行.csv", reports.CSV, "execution", nil) },
		func() error { return m.report("名册.csv", reports.CSV, "centers", nil) },
		func() error { return m.seal(0, 1) }, m.read)
	for _, step := range steps {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	figures := m.figures
	edited := func(name, old, new string) []byte {
		if !bytes.Contains(figures[name], []byte(old)) {
			t.Fatalf("%s lacks %s:\n%s", name, old, figures[name])
		}
		m.figures = map[string][]byte{name: bytes.Replace(figures[name], []byte(old), []byte(new), 1)}
		return m.bundle(t)
	}
	expect(t, m.judge(t, edited("执行.csv", "864192.28", "864192.29")), verify.Contradicted,
		"；所据记录共 7 条，以下是最新的 5 条；所据记录：位置 7，",
		"; records behind it: 7, of which these are the newest 5; the record behind it: position 7, ")
	expect(t, m.judge(t, edited("名册.csv", "甲中心", "丙中心")), verify.Contradicted,
		"；这一行没有指明所据记录，该中心最近的记录：位置 11，",
		"the row points to no record, and the newest record of the center is: position 11, ")
}
