package docs

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	publicKey = regexp.MustCompile(`[a-z0-9./-]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+=*`)
	treeRoot  = regexp.MustCompile(`^[A-Za-z0-9+/]{43}=$`)
	treeSize  = regexp.MustCompile(`^[1-9][0-9]*$`)
	signedAt  = regexp.MustCompile(`\b(audit|finance|archive)(?: cosigned the checkpoint of \d+ records at | at | 于 |，| )` +
		`(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)`)
)

// addTo adds a value to those that a page shows under a name, unless it is there already.
func addTo(shown map[string][]string, name, value string) {
	if !slices.Contains(shown[name], value) {
		shown[name] = append(shown[name], value)
	}
}

// TestAPageOfAuditShowsOneRun finds the answers of another run among those of a page: each name has one public key,
// each size of the ledger one root, and a witness signs a checkpoint once.
func TestAPageOfAuditShowsOneRun(t *testing.T) {
	for _, name := range []string{"audit.md", filepath.Join("zh", "audit.md")} {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		keys, roots, times := map[string][]string{}, map[string][]string{}, map[string][]string{}
		var alone []string // the roots that stand without a size
		size := ""
		for line := range strings.Lines(string(content)) {
			for _, key := range publicKey.FindAllString(line, -1) {
				owner, _, _ := strings.Cut(key, "+")
				addTo(keys, owner, key)
			}
			for _, m := range signedAt.FindAllStringSubmatch(line, -1) {
				addTo(times, m[1], m[2]+" "+m[3])
			}
			switch line = strings.TrimSpace(line); {
			case treeRoot.MatchString(line) && size != "":
				addTo(roots, size, line)
			case treeRoot.MatchString(line):
				alone = append(alone, line)
			}
			if size = ""; treeSize.MatchString(line) {
				size = line
			}
		}
		for what, shown := range map[string]map[string][]string{"public key": keys, "root": roots} {
			for of, values := range shown {
				if len(values) > 1 {
					t.Errorf("%s: %s has more than one %s: %q", name, of, what, values)
				}
			}
		}
		signed := slices.Concat(slices.Collect(maps.Values(roots))...)
		for _, root := range alone {
			if !slices.Contains(signed, root) {
				t.Errorf("%s: %s is the root of no checkpoint of the page", name, root)
			}
		}
		if len(keys) != 4 || len(roots) != 2 || len(alone) != 2 {
			t.Errorf("%s: expected the keys of 4 names, the roots of 2 sizes and 2 roots computed, got %v, %v, %v",
				name, keys, roots, alone)
		}
		for who, checkpoints := range map[string]int{"audit": 1, "finance": 2, "archive": 1} {
			if n := len(times[who]); n == 0 || n > checkpoints {
				t.Errorf("%s: %s signed at %q, and signs %d checkpoints", name, who, times[who], checkpoints)
			}
		}
	}
}
