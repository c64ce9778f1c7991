package ledger_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/ledger/ledgertest"
)

// given imports records that the caller has read.
func given(t *testing.T, l *ledger.Ledger, acceptGood bool, records ...ledger.Given) (ledger.ImportReport,
	[]ledger.BadRecord) {
	t.Helper()
	return imports(t, l, ledger.ImportConfig{Given: records, GivenBytes: 100, AcceptGood: acceptGood})
}

// at returns the origin of a row of a sheet.
func at(row int) ledger.Origin { return ledger.Origin{File: "sheet.csv", Sheet: 1, Line: row} }

func TestWhatIsGivenIsJudgedAndWrittenLikeLines(t *testing.T) {
	l, store := newLedger(t)
	problem := events.Problems{{Field: "金额(元)", Reason: text.Say("不是金额", "is no amount")}}
	list := []ledger.Given{{Origin: at(2), Record: record(t, "a", registered)},
		{Origin: at(3), Record: record(t, "b", granted)}, {Origin: at(5), Problems: problem},
		{Origin: at(6), Record: record(t, "o", orphaned)}}
	report, bad := given(t, l, false, list...)
	if want := (ledger.ImportReport{Read: 4, Refused: 2}); report != want || count(t, store) != 0 {
		t.Errorf("got %+v", report)
	}
	if len(bad) != 2 || bad[0].Line != 5 || bad[0].Breaches[0].Field != "金额(元)" || bad[1].Line != 6 ||
		bad[1].ID != idOf("o") {
		t.Errorf("got %+v", bad)
	}
	if report, _ := given(t, l, true, list...); report.Accepted != 2 || count(t, store) != 3 {
		t.Errorf("got %+v", report)
	}
	if report, _ := given(t, l, true, list...); report.Repeated != 2 {
		t.Errorf("again: got %+v", report)
	}
	if report, bad := given(t, l, false); report != (ledger.ImportReport{}) || len(bad) != 0 {
		t.Errorf("of an empty file: got %+v, %+v", report, bad)
	}
}

func TestWhatARuleRefusesIsTakenInRecordModeWhereThatIsGiven(t *testing.T) {
	l, _ := newLedger(t)
	file := file(t, line("a", registered), line("b", granted), line("c", received))
	imports(t, l, ledger.ImportConfig{Files: ledgertest.Files(t, file)})
	recorded := strings.Replace(overspent, `"data"`, `"mode":"record","doc":"浙财科教〔2025〕9号","data"`, 1)
	list := []ledger.Given{
		{Origin: at(2), Record: record(t, "d", spent),
			Recording: record(t, "d",
				strings.Replace(spent, `"data"`, `"mode":"record","doc":"浙财科教〔2025〕9号","data"`, 1))},
		{Origin: at(3), Record: record(t, "e", overspent), Recording: record(t, "e", recorded)},
		{Origin: at(4), Record: record(t, "f", orphaned), Recording: record(t, "f", orphaned)},
	}
	report, bad := given(t, l, true, list...)
	if report.Accepted != 2 || len(bad) != 1 || bad[0].Line != 4 {
		t.Fatalf("got %+v, %+v", report, bad)
	}
	if report, _ := given(t, l, true, list...); report.Repeated != 2 || report.Refused != 1 {
		t.Errorf("again: got %+v", report)
	}
	for _, stored := range storedOf(t, l) {
		rec, err := events.DecodeEvent(stored)
		if err != nil {
			t.Fatal(err)
		}
		if want := rec.ID == idOf("e") || rec.ID == idOf("b"); (rec.Mode == events.Recording) != want {
			t.Errorf("%s %s is in mode %s", rec.Kind, rec.ID, rec.Mode)
		}
	}
}

func TestOtherContentUnderAnIdNamesTheRecordThatIsThereAndWhatDiffers(t *testing.T) {
	l, _ := newLedger(t)
	first := file(t, line("a", registered), line("b", granted), line("c", received), line("d", spent))
	imports(t, l, ledger.ImportConfig{Files: ledgertest.Files(t, first)})
	other := strings.NewReplacer(`40000`, `40001`, `c-1`, `c-2`).Replace(spent)
	_, bad := given(t, l, false, ledger.Given{Origin: at(7), Record: record(t, "d", other)})
	if len(bad) != 1 || len(bad[0].Breaches) != 2 || bad[0].Breaches[1].Field != "data.lines" {
		t.Fatalf("of a sheet, for which the actor is no content: got %+v", bad)
	}
	_, bad = imports(t, l, ledger.ImportConfig{Files: ledgertest.Files(t, file(t, line("d", other)))})
	if len(bad) != 1 || len(bad[0].Breaches) != 3 {
		t.Fatalf("got %+v", bad)
	}
	why := bad[0].Breaches
	for i, want := range []string{"funds spent, 2025-06-01, 400.00 yuan, by c-1, at position 5 of the ledger",
		`is "c-1" in the record that is there`, "is G1 400.00 in the record that is there"} {
		if !strings.Contains(why[i].Reason.En, want) {
			t.Errorf("got %+v, want %q", why[i], want)
		}
	}
	if why[0].Field != "id" || why[1].Field != "by.actor" || why[2].Field != "data.lines" {
		t.Errorf("got %+v", why)
	}
	_, bad = given(t, l, false,
		ledger.Given{Origin: at(7), Record: record(t, "x", strings.Replace(spent, "V1", "V7", 1))},
		ledger.Given{Origin: at(9), Record: record(t, "x", strings.Replace(spent, "V1", "V8", 1))})
	if len(bad) != 1 || !strings.Contains(bad[0].Breaches[0].Reason.En, "sheet.csv, row 7") {
		t.Errorf("earlier in the files: got %+v", bad)
	}
}

func TestANameThatIsTakenIsRefusedWithTheRecordThatTookIt(t *testing.T) {
	l, _ := newLedger(t)
	first := file(t, line("a", registered), line("b", granted), line("c", received), line("d", spent))
	imports(t, l, ledger.ImportConfig{Files: ledgertest.Files(t, first)})
	_, bad := given(t, l, false, ledger.Given{Origin: at(2), Record: record(t, "x", spent)},
		ledger.Given{Origin: at(3), Record: record(t, "y", granted)})
	if len(bad) != 2 {
		t.Fatalf("got %+v", bad)
	}
	for i, want := range []string{"funds spent, 2025-06-01, 400.00 yuan, by c-1, at position 5",
		"subsidy granted, 2025-02-01, 1,000.00 yuan, by f-1, at position 3"} {
		if got := bad[i].Breaches[0]; !strings.Contains(got.Reason.En, want) {
			t.Errorf("got %+v, want %q", got, want)
		}
	}
}

func storedOf(t *testing.T, l *ledger.Ledger) (list []events.Stored) {
	t.Helper()
	for s, err := range l.ReadStream(t.Context(), "center-ZJ-0001", 0) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	return list
}

// rowsOf returns records of a sheet with the further ids #1, #2 and so on.
func rowsOf(t *testing.T, actor string, tails ...string) (list []ledger.Given) {
	t.Helper()
	for i, tail := range tails {
		name := fmt.Sprint("row", i)
		list = append(list, ledger.Given{
			Origin: at(i + 2), Record: record(t, name,
				strings.Replace(tail, `"actor":"c-1"`, `"actor":"`+actor+`"`, 1)),
			NextID: func(n int) uuid.UUID { return idOf(fmt.Sprintf("%s#%d", name, n)) }})
	}
	return list
}

// voiding returns a voiding of the record with a name.
func voiding(name string) string {
	return fmt.Sprintf(
		`"kind":"entry.voided","on":"2025-08-01","by":{"role":"center","actor":"c-1"},"data":{"event":"%s","reason":"错"}`, idOf(name))
}

// Somebody else records or voids the records of a sheet between judging and writing.
func TestRowsThatSomebodyElseBringsOrVoidsDuringAnImport(t *testing.T) {
	for name, c := range map[string]struct {
		meanwhile func(*ledger.Ledger)
		want      ledger.ImportReport
		ids       []string // of the last records
	}{
		"a colleague the same": {
			func(l *ledger.Ledger) { write(t, l, "row0", strings.Replace(spent, "c-1", "c-9", 1)) },
			ledger.ImportReport{Read: 2, Accepted: 1, Repeated: 1}, []string{"row0", "row1"}},
		"a colleague another amount": {
			func(l *ledger.Ledger) { write(t, l, "row0", strings.Replace(spent, "40000", "1", 1)) },
			ledger.ImportReport{Read: 2, Refused: 1}, []string{"row0"}},
		"one that is voided at once": {func(l *ledger.Ledger) {
			write(t, l, "row0", strings.Replace(spent, "40000", "1", 1))
			write(t, l, "v", voiding("row0"))
		}, ledger.ImportReport{Read: 2, Accepted: 2}, []string{"v", "row0#1", "row1"}},
	} {
		t.Run(name, func(t *testing.T) {
			l, store := newLedger(t)
			imports(t, l, ledger.ImportConfig{
				Files: ledgertest.Files(t, file(t, line("a", registered), line("b", granted), line("c", received)))})
			once := false
			report, bad := imports(t, l, ledger.ImportConfig{Given: rowsOf(t, "c-1", spent, fined), GivenBytes: 100,
				Progress: func(done, total int64) {
					if done >= total/2 && !once {
						once = true
						c.meanwhile(l)
					}
				}})
			if report != c.want || len(bad) != c.want.Refused {
				t.Errorf("got %+v, %+v", report, bad)
			}
			held := storedOf(t, l)
			for i, name := range c.ids {
				if got := held[len(held)-len(c.ids)+i].ID; got != idOf(name) {
					t.Errorf("record %d is %s, not %s", i, got, name)
				}
			}
			if answers(l.Register()) != answers(open(t, store).Register()) {
				t.Error("the ledger does not answer what is stored")
			}
		})
	}
}

// Wherever an import of sheets was interrupted, the next one finishes it.
func TestAnInterruptedImportOfRowsIsFinishedByTheNextOne(t *testing.T) {
	corrected := strings.Replace(spent, "40000", "30000", 1)
	for n := int64(1); n <= 4; n++ {
		store := memstore.New(ticking())
		l := open(t, store)
		for i, tail := range []string{registered, granted, received} {
			write(t, l, fmt.Sprint(i), tail)
		}
		write(t, l, "row1", spent)
		list := append([]ledger.Given{{Origin: at(9), Record: record(t, "v", voiding("row1"))}},
			rowsOf(t, "c-1", fined, corrected)...)
		cfg := ledger.ImportConfig{Given: list, GivenBytes: 100, Account: importer}
		_, err := open(t, &endsAt{Store: failsAt(store, n), end: func() {}}).Import(t.Context(), cfg)
		there := count(t, store) - 5
		if (err == nil) != (there == 3) {
			t.Fatalf("stopped at append %d: %v with %d records", n, err, there)
		}
		again := open(t, store)
		if report, bad := imports(t, again, cfg); report.Repeated != there || report.Accepted != 3-there ||
			len(bad) > 0 {
			t.Errorf("stopped at append %d with %d there: got %+v, %+v", n, there, report, bad)
		}
		if held := storedOf(t, again); held[len(held)-1].ID != idOf("row1#1") || len(held) != 7 {
			t.Errorf("stopped at append %d: the last of %d records is %s", n, len(held), held[len(held)-1].ID)
		}
	}
}
