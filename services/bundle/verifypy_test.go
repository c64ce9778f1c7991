//go:build e2e

package bundle_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestVerifyPyAcceptsGoodBundles(t *testing.T) {
	p, o := newPython(t), smallLedger(t)
	for name, files := range map[string]map[string][]byte{
		"whole": listed(o.whole()), "center": listed(o.center("ZJ-0001")),
	} {
		for _, c := range []struct {
			what, trust, known string
			code               int
		}{
			{"without a trust file", "", "", 3},
			{"two of three", o.trust(), "", 0},
			{"all of three", strings.Replace(o.trust(), "two 2", "two all", 1), "", 0},
			{"a known checkpoint", o.trust(), string(o.earlier[1].note), 0},
		} {
			if a := p.check(files, c.trust, c.known); a.Code != c.code {
				t.Errorf("%s, %s: exit code %d, expected %d\n%s", name, c.what, a.Code, c.code, a.Out)
			}
		}
	}
}

// Whoever makes the manifests anew can change what nobody signed. verify.py must say that it did not examine that.
func TestVerifyPyMeetsEveryChangedByte(t *testing.T) {
	p, o := newPython(t), smallLedger(t)
	for _, files := range []map[string][]byte{listed(o.whole()), listed(o.center("ZJ-0001"))} {
		for _, name := range slices.Sorted(maps.Keys(files)) {
			notExamined := map[string]string{"README.txt": "README.txt", "policy.txt": "policy.txt",
				"verify.py": "verify.py", "figures/表.csv": "figures/表.csv",
				"timestamps/19-1.tsr": "time-stamp tokens"}[name]
			for at := 0; at < len(files[name]); at += 1 + len(files[name])/7 {
				changed := maps.Clone(files)
				changed[name] = slices.Clone(files[name])
				changed[name][at] ^= 1
				if a := p.check(changed, o.trust(), ""); a.Code != 1 {
					t.Errorf("%s, byte %d: exit code %d, expected 1\n%s", name, at, a.Code, a.Out)
				}
				if strings.HasPrefix(name, "manifest-") {
					continue
				}
				switch a := p.check(listed(changed), o.trust(), ""); {
				case a.Code == 1:
				case a.Code == 0 && notExamined != "" && strings.Contains(a.Out, notExamined):
				case a.Code != 2 && strings.Contains(a.Out, "the key is unknown"): // another name or id
				default:
					t.Errorf("%s, byte %d, new manifests: exit code %d\n%s", name, at, a.Code, a.Out)
				}
			}
		}
	}
}
