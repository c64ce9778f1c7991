package lists_test

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// sealOf returns the seal that names no checkpoint before it.
func sealOf() *events.LedgerSealed {
	return &events.LedgerSealed{Origin: "taizhang.test/2024", Key: "taizhang.test/2024+00000000+AQ==",
		Root: events.RootOfNothing}
}

// aPosition is a position in a text for people.
var aPosition = regexp.MustCompile(`(?i)(位置 |position | up to )\d+`)

// apartFromPositions returns all that a table says but positions.
func apartFromPositions(t *testing.T, answer *table.Table) string {
	t.Helper()
	for i, c := range answer.Columns {
		if !strings.Contains(strings.ToLower(c.Name), "position") {
			continue
		}
		for _, row := range answer.Rows {
			row[i] = table.Cell{}
		}
	}
	var b bytes.Buffer
	fmt.Fprintln(&b, answer.Title, answer.Notes, answer.Missing, answer.Totals, answer.CutRows)
	if err := answer.WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	return aPosition.ReplaceAllString(b.String(), "$1#")
}

// copySealed returns the books of a new ledger with the events of another in their order, and a seal after every few
// of them. It also returns the position that an earlier position of the other ledger has in the new one.
func copySealed(t *testing.T, from *lists.Books, each int, earlier uint64) (d *lists.Books, earlierHere uint64) {
	t.Helper()
	store := memstore.New(sameInstant)
	d = deskOver(t, store)
	for e, err := range from.Ledger.ReadAll(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		body, err := events.ParseObject(e.Body)
		if err != nil {
			t.Fatal(err)
		}
		places, err := store.Append(t.Context(), e.Stream, e.Revision-1,
			[]events.Proposed{{ID: e.ID, Kind: e.Kind, Body: body}})
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Ledger.Reaches(t.Context(), places[0].Position); err != nil {
			t.Fatal(err)
		}
		if e.Position == earlier {
			earlierHere = places[0].Position
		}
		if int(e.Position)%each == 0 {
			if _, err := d.Ledger.Seal(t.Context(), sealOf()); err != nil {
				t.Fatal(err)
			}
		}
	}
	return d, earlierHere
}

// The test asks every list about a history with all special cases, without and with seals in it. Every list, figure
// and alert is the same; the seals are only among the records found by their kind.
func TestSealsChangeNoAnswer(t *testing.T) {
	plain := historyDesk(t, historyFile(t, append(busyCenter("ZJ-0001"), busyCenter("ZJ-0002")...)...))
	before := plain.Register.Position() / 2
	sealed, sealedBefore := copySealed(t, plain, 3, before)
	if plain.Register.Position()*4/3 != sealed.Register.Position() {
		t.Fatalf("positions %d and %d", plain.Register.Position(), sealed.Register.Position())
	}
	on := events.MustDate("2026-08-31")
	asked, askedSealed := questions(on, before), questions(on, sealedBefore)
	for i, q := range asked {
		if q.List == "sample" { // it is drawn by the root of all records, the seals among them
			continue
		}
		want, got := ask(t, plain, q), ask(t, sealed, askedSealed[i])
		if q.Params["kind"] == string(events.KindLedgerSealed) {
			if len(want.Missing) != 0 || len(got.Missing) != 1 { // those after the date
				t.Errorf("the seals found by their kind are %+v and %+v", got.Rows, got.Missing)
			}
			continue
		}
		if want, got := apartFromPositions(t, want), apartFromPositions(t, got); got != want {
			t.Errorf("%s %v: %s", q.List, q.Params, firstDifference(got, want))
		}
	}
	for name, r := range map[string][2]*projections.Register{"now": {plain.Register, sealed.Register},
		"earlier": {knownAt(t, plain, before), knownAt(t, sealed, sealedBefore)}} {
		if want, got := alertsOf(r[0], on), alertsOf(r[1], on); want != got {
			t.Errorf("alerts as known %s: %s", name, firstDifference(got, want))
		}
	}
}

// firstDifference returns the first line in which two texts differ.
func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("with seals\n%s\nwithout\n%s", g[i], w[i])
		}
	}
	return fmt.Sprintf("%d lines with seals, %d without", len(g), len(w))
}

func ask(t *testing.T, d *lists.Books, q lists.Question) *table.Table {
	t.Helper()
	answer, err := d.Ask(t.Context(), q)
	if err != nil {
		t.Fatalf("%s %v: %v", q.List, q.Params, err)
	}
	return answer
}

func alertsOf(r *projections.Register, on events.Date) string {
	var b strings.Builder
	for a := range r.Alerts(on, projections.AlertFilter{All: true}) {
		fmt.Fprintf(&b, "%+v\n", a)
	}
	return b.String()
}

func TestSealsAreFoundByTheirKindAlone(t *testing.T) {
	d := deskOver(t, memstore.New(sameInstant))
	importInto(t, d, historyFile(t, funded("ZJ-0001")...))
	place, err := d.Ledger.Seal(context.Background(), sealOf())
	if err != nil {
		t.Fatal(err)
	}
	q := lists.Question{List: "find", On: events.DateAt(place.RecordedAt) + 100_000,
		Params: map[string]string{"kind": "台账封存"}}
	found := ask(t, d, q)
	if len(found.Rows) != 1 || fmt.Sprint(found.Rows[0][8].Data) != fmt.Sprint(place.Position) ||
		found.Rows[0][1].Data != nil {
		t.Errorf("found %+v", found.Rows)
	}
	q.Params = map[string]string{"text": "taizhang.test"}
	if found := ask(t, d, q); len(found.Rows) != 0 {
		t.Errorf("a text finds %+v", found.Rows)
	}
	q.Params = map[string]string{"kind": "ledger.sealed", "text": "TAIZHANG.TEST"}
	if found := ask(t, d, q); len(found.Rows) != 1 {
		t.Errorf("kind and text find %+v", found.Rows)
	}
}

// sameInstant is a clock that stands still.
func sameInstant() time.Time { return time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC) }

// knownAt returns the read models as of a position.
func knownAt(t *testing.T, d *lists.Books, position uint64) *projections.Register {
	t.Helper()
	r, err := d.Ledger.KnownAt(t.Context(), ledger.Point{Position: position})
	if err != nil {
		t.Fatal(err)
	}
	return r
}
