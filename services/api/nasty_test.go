package api_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/services/api"
)

// nasty are values that no parameter may fail on.
var nasty = []string{"", "0", "-1", "99999999999999999999", "2026-02-30", "2100-12-31", "\x00\u202e\xff", "../..",
	"true", "AL-EXE-01", "ZJ-0001", strings.Repeat("9", 200)}

// TestNoValueOfAParameterIsAFailure sends these values to every route that reads, one at a time.
func TestNoValueOfAParameterIsAFailure(t *testing.T) {
	x := small(t)
	inPath := regexp.MustCompile(`\{\w+\}`)
	asked := 0
	ask := func(path string) {
		asked++
		if r := x.get(t, path); r.StatusCode >= 500 && r.StatusCode != 503 {
			t.Errorf("%s: got %d %s", path, r.StatusCode, r.body)
		}
	}
	defer api.WaitForPositions(api.WaitForPositions(1))
	seen := map[string]int{} // parameters with their words: those of all lists are tried on two of them
	for _, rt := range api.Routes() {
		if rt.Method != http.MethodGet || rt.Path == "/v1/stream" {
			continue
		}
		must := url.Values{}
		for _, p := range rt.Params {
			if p.Must {
				must.Set(p.Name, map[string]string{
					"year": "2025", "since": "2", "center": "ZJ-0001", "code": "AL-EXE-01"}[p.Name])
			}
		}
		params := slices.DeleteFunc(slices.Clone(rt.Params), func(p api.DescribedParam) bool {
			seen[p.Name+p.Words.En]++
			return seen[p.Name+p.Words.En] > 2
		})
		for _, value := range nasty {
			if inPath.MatchString(rt.Path) {
				ask(inPath.ReplaceAllLiteralString(rt.Path, url.PathEscape(value)) + "?" + must.Encode())
			}
			for _, p := range params {
				values := url.Values{p.Name: {value}}
				for name := range must {
					if name != p.Name {
						values.Set(name, must.Get(name))
					}
				}
				ask(strings.NewReplacer("{id}", "ZJ-0001").Replace(rt.Path) + "?" + values.Encode())
			}
		}
	}
	if asked < 500 {
		t.Errorf("only %d requests were sent", asked)
	}
}
