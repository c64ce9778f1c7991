package aggregates_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

func load(t testing.TB, file string) (map[events.CenterID]*aggregates.Center, []events.CenterID) {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var from io.Reader = f
	if strings.HasSuffix(file, ".gz") {
		if from, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	tl := policy.Timeline{}.With(policy.Builtin())
	cs := map[events.CenterID]*aggregates.Center{}
	var order []events.CenterID
	s := bufio.NewScanner(from)
	s.Buffer(nil, 1<<21)
	n := 0
	for s.Scan() {
		n++
		r, p := events.DecodeRecord(s.Bytes())
		if len(p) > 0 {
			t.Fatal(n, p)
		}
		c := cs[r.Center]
		if c == nil {
			c = aggregates.NewCenter(r.Center)
			cs[r.Center] = c
			order = append(order, r.Center)
		}
		v := c.Judge(r, tl)
		if v.Refused(r.Mode) {
			t.Errorf("%s:%d %s %s %s refused: %+v", file, n, r.Center, r.Kind, r.Mode, v.Against(r.Mode))
			continue
		}
		if err := c.Apply(&events.Recorded{Record: *r, Revision: c.Revision() + 1, Position: uint64(n)}); err != nil {
			t.Fatal(n, err)
		}
	}
	sort.Slice(order, func(i, j int) bool { return order[i] < order[j] })
	return cs, order
}

func TestData(t *testing.T) {
	base := "../testdata/"
	tl := policy.Timeline{}.With(policy.Builtin())
	for _, h := range []struct {
		dir  string
		file string
		sets map[string]string
	}{
		{"zhejiang-2026", "history.jsonl.gz", map[string]string{"expected-2025-12-31": "2025-12-31", "expected-2026-08-31": "2026-08-31"}},
		{"edges", "history.jsonl", map[string]string{"expected": "2026-10-31", "expected-2025-06-30": "2025-06-30", "expected-2024-06-30": "2024-06-30"}},
	} {
		cs, order := load(t, base+h.dir+"/"+h.file)
		for set, date := range h.sets {
			d := events.MustDate(date)
			var al, ex, ce []string
			for _, id := range order {
				e := cs[id].Evaluate(tl, d)
				if e.Status == "" {
					continue
				}
				ce = append(ce, fmt.Sprintf("%s,%s,%d", id, e.Status, e.Events))
				for _, x := range e.Executions {
					low := ""
					if x.Low {
						low = "yes"
					}
					ex = append(ex, fmt.Sprintf("%s,%d,%s,%d,%d,%d,%d,%d,%d,%d,%d,%s,%s", id, x.Year, x.Scope, x.GrantedFen, x.CarriedInFen, x.ReceivedFen, x.AvailableFen(), x.SpentAllFen, x.IneligibleFen, x.ExecutedFen(), x.BalanceFen(), x.RatePercent(), low))
				}
				for _, a := range e.Alerts {
					al = append(al, fmt.Sprintf("%s,%s,%s,%s,%s,%s", id, a.Code, a.Key, a.Severity, a.RaisedOn, a.ClearedOn))
				}
			}
			diff(t, base+h.dir+"/"+set+"/alerts.csv", al)
			diff(t, base+h.dir+"/"+set+"/execution.csv", ex)
			diff(t, base+h.dir+"/"+set+"/centers.csv", ce)
		}
		if h.dir == "zhejiang-2026" {
			f, _ := os.Open(base + h.dir + "/attempts-expected.csv")
			rows, _ := csv.NewReader(f).ReadAll()
			want := map[string]string{}
			for _, r := range rows {
				want[r[0]] = r[1]
			}
			b, _ := os.ReadFile(base + h.dir + "/attempts.jsonl")
			for _, l := range bytes.Split(bytes.TrimSpace(b), []byte("\n")) {
				r, p := events.DecodeRecord(l)
				got := "accepted"
				var why any = p
				if len(p) > 0 {
					got = "refused"
				} else {
					v := cs[r.Center].Judge(r, tl)
					if v.Refused(r.Mode) {
						got = "refused"
						why = v
					}
				}
				if got != want[r.ID.String()] {
					t.Errorf("attempt %s: got %s want %s: %+v", l, got, want[r.ID.String()], why)
				}
			}
		}
	}
}

func diff(t *testing.T, file string, got []string) {
	b, _ := os.ReadFile(file)
	want := strings.Split(strings.TrimSpace(string(b)), "\n")[1:]
	in := map[string]bool{}
	for _, w := range want {
		in[w] = true
	}
	has := map[string]bool{}
	n := 0
	for _, g := range got {
		has[g] = true
		if !in[g] {
			n++
			if n < 25 {
				t.Errorf("%s: + %s", file, g)
			}
		}
	}
	for _, w := range want {
		if !has[w] {
			n++
			if n < 50 {
				t.Errorf("%s: - %s", file, w)
			}
		}
	}
	if n == 0 && len(got) == len(want) {
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("order %s", got[i])
				break
			}
		}
	}
	t.Logf("%s %d lines, %d wrong", file, len(want), n)
}
