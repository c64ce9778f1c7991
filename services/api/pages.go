package api

import (
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzhttp"
)

// pageBytesMax is the largest size of a form of a page.
const pageBytesMax = 8 << 10

// pages are the pages of the browser by the first part of their paths, as metrics and the log name them.
var pages = map[string]*plan{
	"":       {route: route{path: "/", limit: pageBytesMax}},
	"login":  {route: route{path: "/login", limit: pageBytesMax}},
	"logout": {route: route{path: "/logout", limit: pageBytesMax}},
	"me":     {route: route{path: "/me", limit: pageBytesMax}},
	"static": {route: route{path: "/static"}},
}

// pageOf returns the page that a request asks for, or nil.
func (s *Server) pageOf(r *http.Request) *plan {
	if s.Pages == nil {
		return nil
	}
	first, rest, isLonger := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if first == "" && isLonger || strings.HasPrefix(rest, "/") {
		return nil // such as //evil.example
	}
	return pages[first]
}

// page lets the pages answer a request. They authenticate it themselves. Their answers are not compressed, because
// the size of a compressed answer could reveal secrets in it to somebody on the network.
func (s *Server) page(w http.ResponseWriter, r *http.Request, page *plan) {
	q := s.request(w, r)
	q.plan = page
	defer q.observe()
	defer q.recovered()
	if err := q.limitBody(); err != nil {
		q.fail(err)
		return
	}
	w.Header().Set(gzhttp.HeaderNoCompression, "pages")
	s.Pages.ServeHTTP(q.w, r)
	if q.w.status == 0 {
		q.w.WriteHeader(http.StatusOK)
	}
}
