package console

import (
	"net/http"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
)

// Screen is a row of the table of pages, for the tests in browsers.
type Screen struct {
	Path  string // in the form of http.ServeMux
	Title text.Text
	Roles []access.Role
}

// Screens returns the pages that users open. The address that a page asks by itself is not one.
func Screens() (all []Screen) {
	for _, s := range screens() {
		if !s.unattended {
			all = append(all, Screen{s.path, s.title, s.roles})
		}
	}
	return all
}

// SetPageRows sets the number of rows that a page of a list has, and returns what sets it back.
func SetPageRows(n int) (back func()) {
	before := pageRows
	pageRows = n
	return func() { pageRows = before }
}

// PageThatPanics returns a page whose handler panics.
func (p *Pages) PageThatPanics() http.Handler {
	return p.page(func(*visit) error { panic("the handler of a page") })
}
