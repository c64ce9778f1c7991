package console

import (
	"slices"
	"testing"

	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/lists"
)

func TestEveryConditionOfAListHasALabel(t *testing.T) {
	for _, l := range lists.Lists {
		if _, ok := listTitles[l.Name]; !ok {
			t.Errorf("%s has no title", l.Name)
		}
		for _, p := range l.Params {
			if words := l.Label(p.Name); p.Name != "unit" && p.Name != "sort" && (words.Zh == "" || words.En == "") {
				t.Errorf("%s %s has no label", l.Name, p.Name)
			}
		}
	}
}

// TestThePagesOfARole checks that each path is in the table once, and that no menu is too long or names a page that
// its role may not see.
func TestThePagesOfARole(t *testing.T) {
	p := New(Config{})
	paths := map[string]bool{}
	for i := range p.screens {
		if s := &p.screens[i]; paths[s.path] || s.title.Zh == "" || s.title.En == "" || len(s.roles) == 0 {
			t.Errorf("%s is there twice, or has no title or no role", s.path)
		} else {
			paths[s.path] = true
		}
	}
	for role, menu := range menus {
		if len(menu) > 7 || !slices.Contains(access.Roles(), role) {
			t.Errorf("the menu of %s has %d items", role, len(menu))
		}
		for _, path := range menu {
			if paths[path] && p.screenAt(path, role) == nil {
				t.Errorf("the menu of %s has %s, which is not for it", role, path)
			}
		}
	}
}
