package documented

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/services/access"
)

// The texts of a voucher that a program might take for more than text.
const (
	formula = `=cmd|'/c calc'!A1`
	script  = `<script>alert(1)</script>`
)

// TestHostileTextStaysTextInEveryFormat asks for a voucher whose payee is a formula and whose summary is a script.
func TestHostileTextStaysTextInEveryFormat(t *testing.T) {
	w := newWorld(t)
	get := func(path string) answer {
		a := w.send("GET", path, w.tokens[access.Finance], nil, nil)
		if a.status != http.StatusOK {
			t.Fatalf("%s: %d %s", path, a.status, a.body)
		}
		return a
	}
	const list = "/v1/spending?center=" + home
	var page struct{ Items []map[string]any }
	if err := json.Unmarshal(get(list).body, &page); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(page.Items, func(row map[string]any) bool {
		return row["payee"] == formula && row["summary"] == script
	}) {
		t.Errorf("json has other texts: %v", page.Items)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(get(list+"&format=jsonl").body)), "\n") {
		if err := json.Unmarshal([]byte(line), new(map[string]any)); err != nil {
			t.Errorf("jsonl: %v in %s", err, line)
		}
	}
	cells := func(path string) (all []string) {
		r := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(get(path).body), "\ufeff")))
		r.FieldsPerRecord, r.LazyQuotes = -1, false
		rows, err := r.ReadAll()
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		return slices.Concat(rows...)
	}
	if got := cells(list + "&format=csv&limit=100"); !slices.Contains(got, formula) || !slices.Contains(got, script) {
		t.Errorf("csv for programs has other texts: %q", got)
	}
	for _, cell := range cells(list + "&format=csv&forExcel=true") {
		if strings.HasPrefix(cell, "=cmd") || strings.HasPrefix(cell, "\t=") {
			t.Errorf("a cell of the csv for spreadsheet programs is a formula: %q", cell)
		}
	}
	if book := get(list + "&format=xlsx").text(t); strings.Contains(book, "<f>") || strings.Contains(book, "<f ") ||
		!strings.Contains(book, "=cmd|") || strings.Contains(book, script) {
		t.Error("the workbook has a formula, or not the text")
	}
	for _, path := range []string{"/v1/yearly?year=2025&center=" + home, "/v1/yearly?year=2025"} {
		if got := get(path); strings.Contains(string(got.body), script) ||
			!strings.HasPrefix(got.header.Get("Content-Type"), "text/html") {
			t.Errorf("%s has a script", path)
		}
	}
	for _, path := range []string{"/problems/" + strings.ReplaceAll(script, "/", "%2F"),
		"/v1/me?" + "%3Cscript%3E=1"} {
		got := w.send("GET", path, w.tokens[access.Finance], map[string]string{"Accept": "*/*"}, nil)
		if media := got.header.Get("Content-Type"); media != "application/problem+json" ||
			got.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: the problem is %s and may be taken for something else", path, media)
		}
	}
}

// TestATextInAStreamIsNoMessage follows the ledger while a record with line breaks in its note is brought: it stays
// one message.
func TestATextInAStreamIsNoMessage(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", w.url+"/v1/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+w.tokens[access.Finance])
	resp, err := w.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	part := make([]byte, 1<<16)
	if _, err := resp.Body.Read(part); err != nil { // it has begun
		t.Fatal(err)
	}
	record := `{"id":"11111111-2222-4333-8444-555555555555","kind":"subsidy.received","center":"ZJ-0001","on":"2026-06-01","data":{"grant":"G1","amountFen":1},"note":"a\n\nevent: reset\ndata: x\n\n"}`
	if a := w.send("POST", "/v1/records", w.tokens[access.Finance], map[string]string{
		"Content-Type": "application/json"}, strings.NewReader(record)); a.status != http.StatusCreated {
		t.Fatalf("%d %s", a.status, a.body)
	}
	got := ""
	for !strings.Contains(got, "11111111-2222-4333-8444-555555555555") || !strings.HasSuffix(got, "\n\n") {
		n, err := resp.Body.Read(part)
		if err != nil {
			t.Fatal(err)
		}
		got += string(part[:n])
	}
	if strings.Contains(got, "\nevent: reset") {
		t.Errorf("a note became a message:\n%s", got)
	}
}
