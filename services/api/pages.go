package api

import (
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzhttp"
)

// isPage reports whether a request that no route takes is for the pages of the browser: every path is theirs but
// those of the API.
func (s *Server) isPage(r *http.Request) bool {
	path := r.URL.Path
	return s.Pages != nil && strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") &&
		path != "/v1" && !strings.HasPrefix(path, "/v1/")
}

// secretPages are the first parts of the paths of pages that may show a secret: passwords, keys and codes.
var secretPages = []string{"/login", "/logout", "/me"}

// page lets the pages answer a request. They authenticate it themselves, and limit its form. Pages with secrets are
// not compressed, because the size of a compressed answer could reveal a secret in it to somebody on the network.
func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	q := s.request(w, r)
	q.plan = &plan{route: route{path: "a page"}}
	defer q.observe()
	defer q.recovered()
	if coding := r.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		q.fail(fail(unsupportedType, "请求内容不能压缩", "the body must not be compressed"))
		return
	}
	for _, path := range secretPages {
		if r.URL.Path == path || strings.HasPrefix(r.URL.Path, path+"/") {
			w.Header().Set(gzhttp.HeaderNoCompression, "secrets")
		}
	}
	r.Body = &pacedBody{ReadCloser: r.Body, c: http.NewResponseController(q.w)}
	s.Pages.ServeHTTP(q.w, r)
	if r.Pattern != "" {
		q.plan.path = r.Pattern[strings.Index(r.Pattern, "/"):]
	}
	if q.w.status == 0 {
		q.w.WriteHeader(http.StatusOK)
	}
}
