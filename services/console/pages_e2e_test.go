//go:build e2e

package console_test

import (
	"testing"

	"github.com/taizhang/taizhang/services/access"
)

// widths are the windows of the offices, in pixels.
var widths = []int{1280, 1920}

// TestPagesInABrowser opens every page as every role in both languages.
func TestPagesInABrowser(t *testing.T) {
	x := serve(t)
	x.add("li", access.Binding{Role: access.Finance}, "")
	p := plan{Base: x.URL, Program: program(t, "chromium"), Script: true, Axe: true, Widths: widths}
	for _, lang := range []string{"zh", "en"} {
		p.Stops = append(p.Stops,
			stop{Name: "login", Role: "nobody", Lang: lang, Address: "/login"},
			stop{Name: "me", Role: "finance", Lang: lang, Address: "/me", Session: x.session("li")})
	}
	walk(t, "walk.mjs", p)
}
