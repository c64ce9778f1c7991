package console_test

import (
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/taizhang/taizhang/services/api"
)

// acceptsPages is what a browser accepts when it opens an address.
const acceptsPages = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"

func TestSortsOfProblemsArePagesForABrowser(t *testing.T) {
	x, center, _ := formOffice(t)
	stranger := newBrowser(t, "en", x.Client())
	for _, sort := range api.ProblemSorts() {
		for lang, b := range map[string]*browser{"zh": center, "en": stranger} {
			b.send(http.MethodGet, x.URL+sort.Type, "", []string{"Accept", acceptsPages})
			b.expect(sort.Type, http.StatusOK, sort.Title.In(lang))
			help := sort.Help.In(lang)
			_, first := utf8.DecodeRuneInString(help) // which becomes a capital letter
			b.shows(strings.TrimRight(help[first:], "。."))
			if isIn := strings.Contains(b.page.body, "<nav"); isIn != (b == center) {
				t.Errorf("%s has a menu: %v", sort.Type, isIn)
			}
		}
	}
	r, err := x.Client().Get(x.URL + "/problems/forbidden") // a program
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Body.Close()
	if got := r.Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("a program gets %s", got)
	}
}

func TestABrowserReadsWhyAnotherSiteIsRefused(t *testing.T) {
	x, center, _ := formOffice(t)
	before := x.desk.Position()
	for _, path := range []string{"/record/funds.spent", "/logout"} {
		center.send(http.MethodPost, x.URL+path, "do=write", []string{"Content-Type",
			"application/x-www-form-urlencoded", "Sec-Fetch-Site", "cross-site", "Accept", acceptsPages})
		center.expect(path, http.StatusForbidden, "没有这项权限")
		if center.shows("拒绝由其他网站发起的请求"); strings.Contains(center.page.body, "<nav") {
			t.Errorf("%s answers another site with a menu", path)
		}
	}
	center.send(http.MethodPost, x.URL+"/me", "x", []string{"Content-Encoding", "gzip", "Accept", acceptsPages,
		"Sec-Fetch-Site", "same-origin"})
	center.expect("/me", http.StatusUnsupportedMediaType, "不支持这种内容类型")
	if x.desk.Position() != before {
		t.Error("a refused form wrote")
	}
	if got := x.raw(http.MethodPost, "/record/funds.spent", "do=write", "Sec-Fetch-Site", "cross-site",
		"Content-Type", "application/x-www-form-urlencoded").Header.Get("Content-Type"); got !=
		"application/problem+json" {
		t.Errorf("a program gets %s", got)
	}
}

// TestABrokenFormIsAnsweredInWords sends forms with files that are cut off, have no boundary or are too large.
func TestABrokenFormIsAnsweredInWords(t *testing.T) {
	x, center, finance := formOffice(t)
	const part = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.csv\"\r\n\r\n"
	for name, broken := range map[string]struct{ media, body string }{
		"cut off":        {"multipart/form-data; boundary=b", part + "a,b"},
		"empty":          {"multipart/form-data; boundary=b", ""},
		"no boundary":    {"multipart/form-data", part},
		"another format": {"text/plain", "x"},
		"no part":        {"multipart/form-data; boundary=b", "rubbish"},
		"a long heading": {"multipart/form-data; boundary=b", "--b\r\nX: " + strings.Repeat("x", 1<<20)},
	} {
		for path, b := range map[string]*browser{"/import": center, "/verify": center, "/changes": center,
			"/record/funds.spent": center, "/policies": finance} {
			before := x.desk.Position()
			b.isExotic = true
			b.send(http.MethodPost, x.URL+path, broken.body, []string{"Content-Type", broken.media,
				"Sec-Fetch-Site", "same-origin", "Accept", acceptsPages})
			if b.page.StatusCode < 400 || b.page.StatusCode >= 500 || x.desk.Position() != before {
				t.Errorf("a form that is %s is answered by %s with %d", name, path, b.page.StatusCode)
			}
		}
	}
	large := "--b\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\n" + strings.Repeat("x", 2<<20)
	finance.send(http.MethodPost, x.URL+"/policies", large, []string{"Content-Type",
		"multipart/form-data; boundary=b", "Sec-Fetch-Site", "same-origin", "Accept", acceptsPages})
	finance.expect("/policies", http.StatusUnprocessableEntity, "办法参数")
	finance.shows("文件超过 1 兆字节的上限")
}
