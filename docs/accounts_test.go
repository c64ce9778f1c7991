package docs

import (
	"bytes"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/services/access"
)

// rightRow is a row of the table of rights.
var rightRow = regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\| [^|]+ \\| ([^|]+) \\|$")

func TestThePageOfAccountsHasTheRightsOfTheProgram(t *testing.T) {
	page, err := os.ReadFile("accounts.md")
	if err != nil {
		t.Fatal(err)
	}
	_, page, _ = bytes.Cut(page, []byte("## Roles and rights"))
	table, _, _ := bytes.Cut(page, []byte("## Scope"))
	found := map[access.Right]bool{}
	for _, row := range rightRow.FindAllStringSubmatch(string(table), -1) {
		right := access.Right(row[1])
		found[right] = true
		var named []access.Role
		for _, name := range strings.Split(row[2], ", ") {
			named = append(named, access.Role(strings.Trim(name, "`")))
		}
		if row[2] == "every account" {
			named = append(access.Roles(), "")
		}
		want := slices.Clone(access.Rights[right])
		slices.Sort(named)
		slices.Sort(want)
		if !slices.Equal(named, want) {
			t.Errorf("%s: the page has %q, the program %q", right, named, want)
		}
	}
	for right := range access.Rights {
		if !found[right] {
			t.Errorf("the page does not name %s", right)
		}
	}
}
