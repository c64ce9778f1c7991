package deploy

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// dashboard is what Grafana reads of a dashboard, as far as the tests look at it.
type dashboard struct {
	UID           string
	Title         string
	SchemaVersion int
	Templating    struct {
		List []struct {
			Name, Type string
			Query      any
			AllValue   string
		}
	}
	Panels []panel
}

type panel struct {
	ID                       int
	Type, Title, Description string
	Datasource               datasource
	GridPos                  struct{ X, Y, W, H int }
	Targets                  []target
}

type datasource struct{ Type, UID string }

type target struct {
	RefID, Expr    string
	Datasource     datasource
	Range, Instant bool
}

// dashboards reads the dashboards.
func dashboards(t *testing.T) (all []dashboard) {
	t.Helper()
	files, err := filepath.Glob("grafana/dashboards/*.json")
	if err != nil || len(files) < 2 {
		t.Fatalf("the dashboards are %v, %v", files, err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var d dashboard
		if err := json.Unmarshal(content, &d); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if want := strings.TrimSuffix(filepath.Base(file), ".json"); d.UID != want {
			t.Errorf("%s has the uid %s", file, d.UID)
		}
		all = append(all, d)
	}
	return all
}

// oldestSchema is that of Grafana 9, which made a datasource an object.
const oldestSchema = 36

// uidCharMax is the limit of Grafana.
const uidCharMax = 40

var variable = regexp.MustCompile(`\$\{?(\w+)`)

// findings returns what would make Grafana show a dashboard wrongly.
func (d *dashboard) findings() (list []string) {
	found := func(format string, args ...any) { list = append(list, d.UID+": "+fmt.Sprintf(format, args...)) }
	if d.UID == "" || len(d.UID) > uidCharMax || d.Title == "" || d.SchemaVersion < oldestSchema ||
		len(d.Panels) == 0 {
		found("expected a uid of at most %d characters, a title, a schema from %d and panels", uidCharMax,
			oldestSchema)
	}
	names := map[string]bool{"__rate_interval": true}
	for _, v := range d.Templating.List {
		names[v.Name] = true
	}
	source := datasource{"prometheus", "${datasource}"}
	ids, cells := map[int]bool{}, map[[2]int]string{}
	for _, p := range d.Panels {
		if p.ID <= 0 || ids[p.ID] {
			found("the id %d of %s is not its own", p.ID, p.Title)
		}
		ids[p.ID] = true
		isHan := func(r rune) bool { return unicode.Is(unicode.Han, r) }
		if !strings.ContainsFunc(p.Title, isHan) || p.Description == "" {
			found("expected a title in Chinese and a description, got %q and %q", p.Title, p.Description)
		}
		if p.Datasource != source || len(p.Targets) == 0 {
			found("%s has the datasource %v and %d queries", p.Title, p.Datasource, len(p.Targets))
		}
		at := p.GridPos
		if at.X < 0 || at.Y < 0 || at.W <= 0 || at.H <= 0 || at.X+at.W > 24 {
			found("%s lies at %+v", p.Title, at)
		}
		for x := at.X; x < at.X+at.W; x++ {
			for y := at.Y; y < at.Y+at.H; y++ {
				if other := cells[[2]int{x, y}]; other != "" {
					found("%s lies on %s", p.Title, other)
				}
				cells[[2]int{x, y}] = p.Title
			}
		}
		refs := map[string]bool{}
		for _, q := range p.Targets {
			if q.RefID == "" || refs[q.RefID] || q.Datasource != source || q.Range == q.Instant {
				found("%s has the query %+v", p.Title, q)
			}
			refs[q.RefID] = true
			for _, m := range variable.FindAllStringSubmatch(q.Expr, -1) {
				if !names[m[1]] {
					found("%s asks for the variable %s, which is not there", p.Title, m[1])
				}
			}
		}
	}
	return list
}

func TestGrafanaCanShowTheDashboards(t *testing.T) {
	uids := map[string]bool{}
	for _, d := range dashboards(t) {
		for _, what := range d.findings() {
			t.Error(what)
		}
		if uids[d.UID] {
			t.Errorf("%s is there twice", d.UID)
		}
		uids[d.UID] = true
	}
	for name, spoil := range map[string]func(*dashboard){
		"lies on":            func(d *dashboard) { d.Panels[1].GridPos = d.Panels[0].GridPos },
		"is not its own":     func(d *dashboard) { d.Panels[1].ID = d.Panels[0].ID },
		"has the datasource": func(d *dashboard) { d.Panels[0].Datasource.UID = "P1809F7CD0C75ACF3" },
		"lies at":            func(d *dashboard) { d.Panels[0].GridPos.X = 23 },
		"has the query":      func(d *dashboard) { d.Panels[0].Targets[0].RefID = "" },
		"the variable job":   func(d *dashboard) { d.Panels[0].Targets[0].Expr = `up{job="$job"}` },
		"a schema from":      func(d *dashboard) { d.SchemaVersion = 1 },
	} {
		d := dashboards(t)[0]
		if spoil(&d); !strings.Contains(strings.Join(d.findings(), "\n"), name) {
			t.Errorf("a dashboard that is spoiled passes: %s: %v", name, d.findings())
		}
	}
}

// TestTheDatasourceKnowsHowOftenIsScraped compares two files: Grafana computes the range of rates from it.
func TestTheDatasourceKnowsHowOftenIsScraped(t *testing.T) {
	interval := func(file, pattern string) string {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m := regexp.MustCompile(pattern).FindSubmatch(content)
		if m == nil {
			t.Fatalf("%s does not have %s", file, pattern)
		}
		return string(m[1])
	}
	scraped := interval("prometheus/prometheus.yml", `job_name: taizhang\n\s+scrape_interval: (\S+)`)
	if known := interval("grafana/provisioning/datasources/prometheus.yml", `timeInterval: (\S+)`); known != scraped {
		t.Errorf("Grafana is told %s, and it is %s", known, scraped)
	}
}
