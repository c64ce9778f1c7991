package lists_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/lists"
)

func (r *plainRecord) says(text string) bool {
	found := false
	var look func(v any)
	look = func(v any) {
		switch v := v.(type) {
		case string:
			found = found || strings.Contains(plainFold(v), plainFold(text))
		case []any:
			for _, x := range v {
				look(x)
			}
		case map[string]any:
			for _, x := range v {
				look(x)
			}
		}
	}
	for _, s := range []string{r.By.Role, r.By.Actor, r.Doc, r.Note, r.Mode} {
		look(s)
	}
	for _, e := range r.Evidence {
		look(e.Name)
		look(e.SHA256)
	}
	look(r.Data)
	return found
}

func TestFindFindsWhatALoopOverTheRecordsFinds(t *testing.T) {
	t.Parallel()
	d := historyDesk(t, edgesPath)
	list := plainRecords(t, edgesPath)
	voided := plainVoided(list)
	between := func(lo, hi int64) func(*plainRecord) bool {
		return func(r *plainRecord) bool { v, ok := r.amount(); return ok && lo <= v && v <= hi }
	}
	for _, c := range []struct {
		params string
		wanted func(*plainRecord) bool
	}{
		{"", func(*plainRecord) bool { return true }},
		{"text=试验", func(r *plainRecord) bool { return r.says("试验") }},
		{"text=Ｇ-", func(r *plainRecord) bool { return r.says("g-") }},
		{"text=v1", func(r *plainRecord) bool { return r.says("V1") }},
		{"text=pilot", func(r *plainRecord) bool { return r.says("pilot") }},
		{"text=浙试[2024]30号", func(r *plainRecord) bool { return r.says("浙试〔2024〕30号") }},
		{"text=x-01", func(r *plainRecord) bool { return r.says("x-01") }},
		{"text=st-office", func(r *plainRecord) bool { return r.says("st-office") }},
		{"text=record", func(r *plainRecord) bool { return r.says("record") }},
		{"text=lines", func(r *plainRecord) bool { return r.says("lines") }},
		{"min=1000;max=50000.5", between(1000_00, 50000_50)},
		{"min=1000000", between(1000000_00, 1<<60)},
		{"max=0.01", between(0, 1)},
		{"payee=公司", func(r *plainRecord) bool {
			p, _ := r.Data["payee"].(string)
			return strings.Contains(p, "公司")
		}},
		{"doc=[2025]", func(r *plainRecord) bool { return strings.Contains(r.Doc, "〔2025〕") }},
		{"actor=X-01", func(r *plainRecord) bool { return r.By.Actor == "x-01" }},
		{"from=2025-03-01;to=2025-03-31", func(r *plainRecord) bool { return strings.HasPrefix(r.On, "2025-03-") }},
		{"on=2024-06-30", func(r *plainRecord) bool { return r.On <= "2024-06-30" }},
		{"kind=subsidy.received", func(r *plainRecord) bool { return r.Kind == "subsidy.received" }},
		{"center=FZ-0010", func(r *plainRecord) bool { return r.Center == "FZ-0010" }},
		{"kind=funds.spent;center=FZ-0010;min=10;to=2025-12-31", func(r *plainRecord) bool {
			v, _ := r.amount()
			return r.Kind == "funds.spent" && r.Center == "FZ-0010" && v >= 1000 && r.On <= "2025-12-31"
		}},
	} {
		for _, all := range []bool{false, true} {
			var want []string
			on := events.MustDate("2026-10-31").String()
			for _, r := range list {
				if r.Mode == "" {
					r.Mode = "enforce"
				}
				if r.On <= on && (all || !voided[r.Center+" "+r.ID]) && c.wanted(&r) {
					want = append(want, r.Center+" "+r.ID)
				}
			}
			params := c.params + ";limit=100000"
			if all {
				params += ";voided=true"
			}
			rows, _ := answered(t, d, "find", params)
			var got []string
			for _, r := range rows {
				if r["actor"] != "taizhang" { // the policy that a new ledger adopts is in no file
					got = append(got, r["center"]+" "+r["id"])
				}
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("find %s: %d records, a loop finds %d", params, len(got), len(want))
			}
		}
	}
}

func TestFindListsTheNewestOrTheOldestAndSaysHowManyMoreThereAre(t *testing.T) {
	t.Parallel()
	d := historyDesk(t, edgesPath)
	all, _ := answered(t, d, "find", "limit=100000;order=oldest")
	for i := 1; i < len(all); i++ {
		if a, b := all[i-1], all[i]; a["on"] > b["on"] ||
			a["on"] == b["on"] && len(a["position"]) == len(b["position"]) && a["position"] >= b["position"] {
			t.Fatalf("row %d, of %s at %s, is before one of %s at %s", i, a["on"], a["position"], b["on"],
				b["position"])
		}
	}
	oldest, table := answered(t, d, "find", "limit=7;order=oldest")
	if !slices.Equal(columnOf(oldest, "id"), columnOf(all[:7], "id")) {
		t.Error("the oldest seven are not the first seven of all")
	}
	if want := fmt.Sprintf("Records that match: %d; not listed: %d (limit).", len(all),
		len(all)-7); table.Missing[0].En != want {
		t.Errorf("says %q, want %q", table.Missing[0].En, want)
	}
	newest, _ := answered(t, d, "find", "limit=7")
	slices.Reverse(newest)
	if !slices.Equal(columnOf(newest, "id"), columnOf(all[len(all)-7:], "id")) {
		t.Error("the newest seven are not the last seven of all")
	}
	if rows, _ := answered(t, d, "find", "limit=9223372036854775807"); len(rows) != len(all) {
		t.Errorf("lists %d of %d without a limit to speak of", len(rows), len(all))
	}
	if rows, _ := answered(t, d, "find", ""); len(rows) != 200 {
		t.Errorf("lists %d by default", len(rows))
	}
}

func TestFindReadsEveryTextAsItWasMeant(t *testing.T) {
	lines := append(funded("ZJ-0001"),
		spentLine("ZJ-0001", "V1", "2025-06-01", `甲\"乙\\丙\"有限公司`, 100, `第一行\n第二行 \u4e2d试ABC`),
		spentLine("ZJ-0001", "V2", "2025-06-02", `丁（杭州）公司`, 200,
			`\",\"enteredBy\":\"x\",\"data\":{\"amountFen\":5`),
		spentLine("ZJ-0001", "V3", "2025-06-03", `amountFen`, 300, `仪器　ＰＣＲ－９６　型`),
		spentLine("ZJ-0001", "V4", "2025-06-04", `尾随反斜杠\\`, 400, `\\\"`),
		voidedLine("ZJ-0001", "ZJ-0001V3"))
	d := historyDesk(t, historyFile(t, lines...))
	for params, want := range map[string]string{
		`text=中试;kind=funds.spent`: "V1", `text=中试abc`: "V1", `payee="乙\丙"`: "V1", `payee=丁(杭州)`: "V2",
		`text=〔杭州］`: "V2", `text=enteredby":"X`: "V2",
		`text=pcr-96 型;voided=true`: "V3", `text=pcr-96`: "", `text=amountfen;kind=funds.spent;voided=true`: "V2 V3",
		`min=0.05;max=0.05`: "",
		`min=2;max=2.99`:    "V2", `payee=斜杠\`: "V4", `text=\"`: "V4", "text=误录": "entry.voided",
		"text=2025〕1号": "subsidy.granted", "text=c-1;kind=entry.voided": "entry.voided", "text=actor": "",
		"text=,": "policy.adopted V2", "text=" + historyID("ZJ-0001V4"): "V4",
		"text=" + historyID("ZJ-0001V3"): "entry.voided", "payee=误": "",
		"actor=Ｃ-1;kind=entry.voided": "entry.voided", "actor=c": "",
		"actor=importer;kind=entry.voided": "entry.voided", "doc=浙财科教(2025)１号": "subsidy.granted", "doc=不": "",
		`text=";kind=funds.spent`: "V1 V2 V4",
		"payee=丁\u200b(杭州)\u202c": "V2", "payee=丁;center=zj-0001": "V2",
	} {
		rows, _ := answered(t, d, "find", params+";order=oldest")
		var got []string
		for _, r := range rows {
			if r["kind"] == "funds.spent" {
				got = append(got, r["content"][:2])
			} else {
				got = append(got, r["kind"])
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("find %s: %q, want %q", params, got, want)
		}
	}
	rows, _ := answered(t, d, "find", "text=PCR;voided=true")
	if r := rows[0]; r["voidedBy"] != historyID("void ZJ-0001V3") || r["amountFen"] != "300" ||
		r["payee"] != "amountFen" || r["center"] != "ZJ-0001" {
		t.Errorf("%v", r)
	}
}

// An event of an old version has another form, and an unreadable event must be reported.
func TestFindReadsOldVersionsAndSaysWhatItCannotRead(t *testing.T) {
	store := memstore.New(time.Now)
	d := deskOver(t, store)
	importInto(t, d, historyFile(t, funded("ZJ-0001")...))
	const frame = `"on":"2025-03-04","by":{"role":"local-gov","actor":"l-1"},"mode":"enforce","enteredBy":"a","data":`
	batch := []events.Proposed{
		{ID: uuid.MustParse(historyID("old")), Kind: events.KindMatchingCommitted,
			Body: events.MustObject(`{"version":1,` + frame +
				`{"match":"PT-1","fiscalYear":2025,"level":"city","amountFen":777,"dueDate":"2025-09-30"}}`)},
		{ID: uuid.MustParse(historyID("odd")), Kind: events.KindMatchingReceived,
			Body: events.MustObject(`{"version":1, ` + frame + ` {"amountFen" : 555, "match":"PT-1"}}`)},
		{ID: uuid.MustParse(historyID("bad")), Kind: events.KindMatchingReceived,
			Body: events.MustObject(`{"version":9,` + frame + `{}}`)},
	}
	if _, err := store.Append(t.Context(), "center-ZJ-0001", 3, batch); err != nil {
		t.Fatal(err)
	}
	d = deskOver(t, store)
	rows, table := answered(t, d, "find", "text=pt-1;order=oldest")
	if got := columnOf(rows, "amountFen"); !slices.Equal(got, []string{"777", "555"}) {
		t.Errorf("found %v", rows)
	}
	if len(table.Missing) != 1 ||
		!strings.Contains(table.Missing[0].En, "cannot be read and were not searched (see check): 1.") {
		t.Errorf("says %v", table.Missing)
	}
}

func TestFindRefusesWhatCannotBe(t *testing.T) {
	d := historyDesk(t, historyFile(t, funded("ZJ-0001")...))
	for _, params := range []map[string]string{{"min": "2", "max": "1"}, {"from": "2025-02-01", "to": "2025-01-31"},
		{"kind": "funds.lost"}, {"limit": "0"}, {"min": "-1"}} {
		var bad *text.Error
		if _, err := d.Ask(t.Context(), lists.Question{List: "find", On: historyEnd, Params: params}); !errors.As(err,
			&bad) || bad.Text().Zh == "" {
			t.Errorf("%v: %v", params, err)
		}
	}
}
