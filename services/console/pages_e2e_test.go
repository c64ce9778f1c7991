//go:build e2e

package console_test

import (
	"flag"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/services/access"
)

// These are for work on a page: directories of files to look at, and which pages to open.
var (
	update      = flag.Bool("update", false, "make the pictures of the documentation anew")
	picturesDir = flag.String("pictures", "", "the directory in which TestPictures makes a picture of every page")
	only        = flag.String("only", "", "a part of the names of the pages to open, or \"\" for all")
	printsDir   = flag.String("prints", "", "the directory for the prints of TestPagesInABrowser")
	whole       = flag.Bool("whole", false, "check everything on each page as every role, not as one of its roles")
)

// widths are the windows of the offices, in pixels.
var widths = []int{1280, 1920}

// asked returns the stops that the flag only leaves.
func asked(stops []stop) []stop {
	return slices.DeleteFunc(stops, func(s stop) bool { return !strings.Contains(s.Name, *only) })
}

// TestPagesInABrowser opens every page as each second role that has it, in both languages by turns. axe and both
// widths see each page as one of its roles, in one language. Papers are printed. With -whole, everything is checked as
// every role in both languages, and every page is printed.
func TestPagesInABrowser(t *testing.T) {
	x, province := serveProvince(t)
	stops := asked(stopsOf(t, x, province))
	p := plan{Base: x.URL, Program: program(t, "chromium"), Script: true, Widths: widths}
	t.Run("with everything checked", func(t *testing.T) {
		p := p
		p.Axe, p.Stops = true, inTurn(once(stops, "zh", "en"))
		if *whole {
			p.Stops = stops
		}
		walk(t, "walk.mjs", p)
	})
	t.Run("as other roles", func(t *testing.T) {
		p := p
		p.Widths, p.Stops = widths[:1], secondRoles(inTurn(stops))
		if *whole {
			p.Stops = stops
		}
		walk(t, "walk.mjs", p)
	})
	t.Run("without JavaScript", func(t *testing.T) {
		p := p
		p.Script, p.Widths, p.Stops = false, widths[:1], inTurn(once(stops, "zh", "en"))
		walk(t, "walk.mjs", p)
	})
	t.Run("on paper", func(t *testing.T) {
		p := p
		p.Widths, p.Stops = widths[:1], once(stops, "zh")
		if !*whole {
			p.Stops = slices.DeleteFunc(p.Stops, func(s stop) bool { return !slices.Contains(papers, s.Name) })
			if len(p.Stops) != len(papers) && *only == "" {
				t.Errorf("%d of the papers %v are pages", len(p.Stops), papers)
			}
		}
		printAll(t, p)
	})
}

// papers are the pages that offices print and file. Lists are alike, so some stand for all.
var papers = []string{"overview", "centers-id", "centers-id-records-record", "centers-id-grants-grant",
	"centers-id-alerts-code-key-raisedOn", "letter", "execution", "deferrals", "alerts", "trace-2", "changes-2",
	"sample-2", "yearly", "yearly-2", "inbox-4"}

// secondRoles returns the stops of each page as its second role, its fourth one, and so on.
func secondRoles(stops []stop) (some []stop) {
	roles := map[string]int{}
	for _, s := range stops {
		if roles[s.Name]++; roles[s.Name]%2 == 0 {
			some = append(some, s)
		}
	}
	return some
}

// inTurn returns one stop of each page of each role, the next one in the other language.
func inTurn(stops []stop) (some []stop) {
	langs, seen := []string{"zh", "en"}, map[string]int{}
	for _, s := range stops {
		key := s.Role + " " + s.Name
		if _, isSeen := seen[key]; !isSeen {
			seen[key] = len(seen)
		}
		if s.Lang == langs[seen[key]%len(langs)] {
			some = append(some, s)
		}
	}
	return some
}

// TestPictures takes the pictures of the documentation anew and compares them with those that are there; with -update
// it replaces them. With -pictures it makes a picture of every page at each width in both languages instead.
func TestPictures(t *testing.T) {
	x, province := serveProvince(t)
	p := plan{Base: x.URL, Program: program(t, "chromium"), Script: true, Widths: widths, Pictures: *picturesDir}
	if p.Pictures != "" {
		p.Stops = once(asked(stopsOf(t, x, province)), "zh", "en")
		walk(t, "walk.mjs", p)
		return
	}
	p.Widths, p.Exact, p.Pictures = widths[:1], true, t.TempDir()
	p.Stops = asked(picturesOf(t, x, province))
	walk(t, "walk.mjs", p)
	if t.Failed() {
		return // a page that is wrong makes no picture
	}
	if *update {
		keepPictures(t, p)
		return
	}
	for i := range p.Stops {
		comparePicture(t, p.Pictures, p.Stops[i].picture())
	}
}

// sumOfABC is the SHA-256 of the text abc, as FIPS 180-2 has it.
const sumOfABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

// TestOtherBrowsers signs in by the keyboard with the browsers that offices have, changes the password, opens each
// page of a finance office, asks a list by its form, chooses a file of
// evidence and takes a file.
func TestOtherBrowsers(t *testing.T) {
	shop := workshop(t)
	programs := map[string]string{"firefox-esr": program(t, "firefox-esr")}
	for _, version := range []string{"86", "90", "108"} {
		programs["chromium-"+version] = filepath.Join(shop, "chromium-"+version)
	}
	x, province := serveProvince(t)
	stops := once(slices.DeleteFunc(asked(stopsOf(t, x, province)),
		func(s stop) bool { return s.Role != "finance" || s.Name == "imports-id" }), "zh") // it is of another account
	x.access.Demo = false // a given password must be changed
	for _, name := range slices.Sorted(maps.Keys(programs)) {
		t.Run(name, func(t *testing.T) {
			x.add(name, access.Binding{Role: access.Finance, MayRecord: true}, typedGiven) // as the demo's
			tour := []stop{{Name: "login", Act: "enter", Account: name, Given: typedGiven, Chosen: typedChosen}}
			for _, s := range stops {
				tour = append(tour, stop{Name: s.Name, Act: "open", Address: s.Address})
			}
			tour = append(tour, stop{Name: "form", Act: "ask", Address: "/find", Field: "#f-center",
				Value: string(province.Center), Leads: "center=" + string(province.Center)},
				stop{Name: "evidence", Act: "attach", Address: "/record/subsidy.granted",
					Field: `[id="evidence[0].file"]`, Value: "abc", Leads: sumOfABC},
				stop{Name: "export", Act: "take", Address: "/execution", Link: `.exports a[href*="xlsx"]`})
			for i := range tour {
				tour[i].Role, tour[i].Lang = name, "zh"
			}
			walk(t, "tour.mjs", plan{Base: x.URL, Program: programs[name], Widths: widths[:1], Stops: tour})
		})
	}
}
