package docs

import (
	"bytes"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
)

var update = flag.Bool("update", false, "write the pages anew")

// pages returns the pages that are written from the tables, by name.
func pages(t *testing.T) map[string]string {
	return map[string]string{"events.md": eventsPage(), "alerts.md": alertsPage(), "rules.md": rulesPage(),
		"sheets.md": sheetsPage(), "json.md": jsonPage(t)}
}

func TestThePagesSayWhatTheTablesSay(t *testing.T) {
	for name, page := range pages(t) {
		if *update {
			if err := os.WriteFile(name, []byte(page), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		written, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if string(written) != page {
			t.Errorf("%s differs from the tables of the program: run go generate ./docs and read the difference", name)
		}
	}
}

// linkTarget finds the links between and within the pages.
var linkTarget = regexp.MustCompile(`\]\((\w+\.md)?#([^)]+)\)`)

func TestEveryLinkOfThePagesLeadsSomewhere(t *testing.T) {
	pages := pages(t)
	for name, page := range pages {
		links := linkTarget.FindAllStringSubmatch(page, -1)
		if len(links) == 0 {
			t.Errorf("%s has no links", name)
		}
		for _, link := range links {
			to := link[1]
			if to == "" {
				to = name
			}
			if !strings.Contains(pages[to], `<a id="`+link[2]+`"></a>`) {
				t.Errorf("%s links to %s#%s, which is not there", name, to, link[2])
			}
		}
	}
}

// ruleID matches a whole rule id, and no word that only looks a little like one.
var ruleID = regexp.MustCompile(`^R\d\d(-\d+[a-z]?)?$`)

// rulesNamed lists every rule id that the program can name, with one place that names it.
func rulesNamed(t *testing.T) map[events.RuleID]string {
	named := map[events.RuleID]string{}
	for _, e := range events.Catalog {
		for _, id := range e.Rules {
			named[id] = "the kind " + string(e.Kind)
		}
	}
	for _, a := range aggregates.AlertCatalog {
		if len(a.Rules) == 0 {
			t.Errorf("%s names no rule", a.Code)
		}
		for _, id := range a.Rules {
			named[id] = "the alert " + string(a.Code)
		}
	}
	draft := policy.Builtin()
	for _, row := range draft.Uses {
		named[row.Rule] = "the use " + string(row.Use)
	}
	for _, row := range draft.Codes {
		named[row.Rule] = "the economic code " + row.Prefix
	}
	for _, row := range draft.Admission {
		named[row.Rule] = "the admission conditions"
	}
	files, err := filepath.Glob("../aggregates/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal("no source of aggregates: ", err)
	}
	set := token.NewFileSet()
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if s, err := strconv.Unquote(lit.Value); err == nil && ruleID.MatchString(s) {
					named[events.RuleID(s)] = set.Position(lit.Pos()).String()
				}
			}
			return true
		})
	}
	return named
}

func TestEveryRuleThatTheProgramNamesHasItsArticleAndWords(t *testing.T) {
	named := rulesNamed(t)
	if named["R09-9"] == "" || named["R20-6"] == "" || named[events.Overdrawn] == "" {
		t.Errorf("the search for rule ids found only %v", named)
	}
	for id, where := range named {
		rule := policy.Builtin().Rule(id)
		switch {
		case rule == nil:
			t.Errorf("%s, named by %s, is not in the policy's table of rules", id, where)
		case rule.Article == "" || rule.Words == "":
			t.Errorf("%s, named by %s, has no article or no words", id, where)
		case !strings.Contains(rulesPage(), `<a id="`+string(id)+`"></a>`):
			t.Errorf("%s, named by %s, is not on the page of rules", id, where)
		}
	}
}

// testName finds the tests that a page names.
var testName = regexp.MustCompile("`(Test[A-Z][A-Za-z0-9]*)`")

func TestEveryTestThatThePageOfSecurityNamesIsThere(t *testing.T) {
	page, err := os.ReadFile("security.md")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, name := range testName.FindAllStringSubmatch(string(page), -1) {
		named[name[1]] = true
	}
	if len(named) < 5 {
		t.Errorf("the search for tests found only %v", named)
	}
	err = filepath.WalkDir("..", func(path string, e fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for name := range named {
			if bytes.Contains(source, []byte("\nfunc "+name+"(")) {
				delete(named, name)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range named {
		t.Errorf("security.md names %s, which is not there", name)
	}
}
