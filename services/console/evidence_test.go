package console_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// withFile returns a form with a file of evidence as a browser without scripts sends it, and its media type.
func withFile(b *browser, act string, with url.Values, name string, content []byte) (body []byte, media string) {
	b.Helper()
	values := formValues(b)
	maps.Copy(values, with)
	values.Set("do", act)
	var sent bytes.Buffer
	form := multipart.NewWriter(&sent)
	for field, all := range values {
		for _, v := range all {
			if !strings.HasSuffix(field, ".file") {
				_ = form.WriteField(field, v) // into memory
			}
		}
	}
	part, err := form.CreateFormFile("evidence[0].file", name)
	if err == nil {
		_, err = part.Write(content)
	}
	if err != nil {
		b.Fatal(err)
	}
	_ = form.Close() // into memory
	return sent.Bytes(), form.FormDataContentType()
}

func (b *browser) sendFile(body []byte, media string) *page {
	b.Helper()
	return b.send(http.MethodPost, b.page.Request.URL.String(), string(body),
		[]string{"Content-Type", media, "Sec-Fetch-Site", "same-origin"})
}

func TestTheServerHashesAFileOfEvidence(t *testing.T) {
	x, center, _ := formOffice(t)
	before := x.desk.Position()
	center.get(x.URL + "/record/funds.spent")
	content := []byte("发票\n")
	center.sendFile(withFile(center, "try", voucherValues, `C:\票据\发票.pdf`, content))
	center.shows("可以入账")
	tried := formValues(center)
	if tried.Get("evidence[0].name") != "发票.pdf" || tried.Get("payee") != "乙公司" ||
		tried.Get("evidence[0].sha256") != fmt.Sprintf("%x", sha256.Sum256(content)) || x.desk.Position() != before {
		t.Fatalf("got %v", tried)
	}
	sendForm(center, "write", url.Values{"evidence[1].file": {"合同.pdf"}})
	if center.page.StatusCode != http.StatusUnprocessableEntity || x.desk.Position() != before {
		t.Errorf("a file that is not hashed is answered with %d", center.page.StatusCode)
	}
	center.shows("合同.pdf", "还没有计算校验值")
	if sendForm(center, "write", nil); len(center.passed) != 1 || x.desk.Position() != before+1 {
		t.Fatalf("it was not written: %s", says(center.page.doc))
	}
	center.shows("发票.pdf")
}

func TestAFileOfEvidenceThatCannotBeReadLosesNoField(t *testing.T) {
	x, center, _ := formOffice(t)
	before := x.desk.Position()
	for name, broken := range map[string]struct {
		content []byte
		cut     int
		says    string
	}{"empty": {nil, 0, "是空的"}, "cut off": {[]byte("abc"), 40, "文件没有传完"}} {
		center.get(x.URL + "/record/funds.spent")
		body, media := withFile(center, "write", voucherValues, "发票.pdf", broken.content)
		center.sendFile(body[:len(body)-broken.cut], media)
		if center.page.StatusCode != http.StatusUnprocessableEntity || x.desk.Position() != before {
			t.Errorf("a file that is %s is answered with %d", name, center.page.StatusCode)
		}
		center.shows(broken.says)
		if v := formValues(center); v.Get("payee") != "乙公司" || v.Get("evidence[0].sha256") != "" {
			t.Errorf("a file that is %s leaves %v", name, v)
		}
	}
	center.get(x.URL + "/record/funds.spent")
	body, media := withFile(center, "try", voucherValues, "发票.pdf", bytes.Repeat([]byte("x"), 2<<20))
	x.clock.move(31 * time.Minute)
	center.sendFile(body, media)
	x.enter(center, "zhongxin")
	center.get(x.URL + center.page.Request.URL.Query().Get("next"))
	if v := formValues(center); v.Get("payee") != "乙公司" {
		t.Errorf("after signing in again: %v", v)
	}
}

func TestAFormWithoutFilesTakesNone(t *testing.T) {
	x, _, finance := formOffice(t)
	for _, path := range []string{"/grading", "/me/home"} {
		finance.send(http.MethodPost, x.URL+path, "--b--\r\n", []string{"Content-Type",
			"multipart/form-data; boundary=b", "Sec-Fetch-Site", "same-origin"})
		finance.expect(path, http.StatusBadRequest, "无法完成")
	}
	finance.send(http.MethodPost, x.URL+"/verify", strings.Repeat("x", 9<<10), []string{"Content-Type",
		"application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin"})
	finance.expect("/verify", http.StatusBadRequest, "无法完成")
}
