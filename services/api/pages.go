package api

import (
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzhttp"
)

// pageBytesMax is how long a form of a page may be.
const pageBytesMax = 8 << 10

// pages are the pages of a browser by the first part of their paths, as metrics and the log name them.
var pages = map[string]*plan{
	"":       {route: route{path: "/", limit: pageBytesMax}},
	"login":  {route: route{path: "/login", limit: pageBytesMax}},
	"logout": {route: route{path: "/logout", limit: pageBytesMax}},
	"me":     {route: route{path: "/me", limit: pageBytesMax}},
	"static": {route: route{path: "/static"}},
}

// pageOf returns which page a request asks for, or nil.
func (s *Server) pageOf(r *http.Request) *plan {
	if s.Pages == nil {
		return nil
	}
	first, rest, isLonger := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if first == "" && isLonger || strings.HasPrefix(rest, "/") {
		return nil // //evil.example is nobody's page
	}
	return pages[first]
}

// page has the pages answer a request. They find out by themselves who asks. What they answer is not compressed: how long it gets
// would tell somebody on the network of the secrets in it.
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
