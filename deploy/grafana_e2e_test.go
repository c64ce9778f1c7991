//go:build e2e

package deploy

import (
	"encoding/json"
	"net/url"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// rateInterval is what Grafana puts for $__rate_interval: four times the scrape interval that the datasource knows.
const rateInterval = "20s"

// rows asks Prometheus as a panel does, and returns how many of the values that it gets are numbers.
func (p *prometheus) rows(t *testing.T, q target, expr string) (numbers int) {
	t.Helper()
	var answer struct {
		Result []struct {
			Value  []json.RawMessage
			Values [][]json.RawMessage
		}
	}
	if q.Range {
		now := time.Now().Unix()
		p.ask(t, "/api/v1/query_range", url.Values{"query": {expr}, "start": {strconv.FormatInt(now-5, 10)},
			"end": {strconv.FormatInt(now, 10)}, "step": {"1"}}, &answer)
	} else {
		p.ask(t, "/api/v1/query", url.Values{"query": {expr}}, &answer)
	}
	for _, r := range answer.Result {
		for _, v := range append(r.Values, r.Value) {
			if len(v) == 2 && string(v[1]) != `"NaN"` {
				numbers++
			}
		}
	}
	return numbers
}

// TestEveryPanelHasSomethingToShow runs the queries of all panels, for all ledgers and for one, while a server is
// used.
func TestEveryPanelHasSomethingToShow(t *testing.T) {
	t.Parallel()
	s := observedServer(t)
	published(t, s.dir)
	p := startPrometheus(t, s)
	asks := 0
	use := func() {
		asks++
		recordIncident(t, s.dir, "G-"+strconv.Itoa(asks))
		refused := exec.Command(taizhang(t), "--data", s.dir, "record", "incident.closed", "--center", "ZJ-0001",
			"--on", "2026-11-02", "--role", "center", "--actor", "li", "--data", `{"incident":"G-1"}`)
		if err := refused.Run(); err == nil {
			t.Fatal("a record by a role that may not write it is accepted")
		}
		run(t, "--data", s.dir, "centers")
	}
	var instances []string
	await(t, "the variable of the dashboards has the server", func() bool {
		p.ask(t, "/api/v1/label/instance/values", url.Values{"match[]": {`up{job="taizhang"}`}}, &instances)
		return len(instances) == 1 && "http://"+instances[0] == s.admin
	})
	one := strings.ReplaceAll(regexp.QuoteMeta(instances[0]), `\`, `\\`) // as Grafana escapes a value in a string
	asked := 0
	use()
	for _, d := range dashboards(t) {
		for _, v := range d.Templating.List {
			if v.Type == "query" && v.AllValue != ".*" {
				t.Errorf("%s: all values of %s are %s", d.UID, v.Name, v.AllValue)
			}
		}
		for _, panel := range d.Panels {
			for _, q := range panel.Targets {
				for _, instance := range []string{".*", one} {
					expr := strings.NewReplacer("$__rate_interval", rateInterval, "$instance",
						instance).Replace(q.Expr)
					asked++
					await(t, d.UID+", "+panel.Title+": "+expr, func() bool {
						if p.rows(t, q, expr) > 0 {
							return true
						}
						use()
						return false
					})
				}
			}
		}
	}
	if asked < 80 {
		t.Errorf("%d queries were asked", asked)
	}
	if n := p.rows(t, target{}, `taizhang_open_alerts{instance="nowhere"}`); n != 0 {
		t.Errorf("a query of what is not there has %d values", n)
	}
}
