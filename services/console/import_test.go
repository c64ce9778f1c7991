package console_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/demo"
)

// drop sends a file by the form of /import, with other fields: names and values in turn.
func drop(b *browser, x *office, name string, content []byte, fields ...string) *page {
	b.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i := 0; i+1 < len(fields); i += 2 {
		_ = form.WriteField(fields[i], fields[i+1]) // into memory
	}
	part, err := form.CreateFormFile("file", name)
	if err == nil {
		_, err = part.Write(content)
	}
	if err != nil {
		b.Fatal(err)
	}
	_ = form.Close() // into memory
	return b.send(http.MethodPost, x.URL+"/import", body.String(),
		[]string{"Content-Type", form.FormDataContentType(), "Sec-Fetch-Site", "same-origin"})
}

// ended asks for the page of an import until it has ended.
func (b *browser) ended() *page {
	b.Helper()
	for b.page.Header.Get("Refresh") != "" {
		b.get(b.page.Request.URL.String())
	}
	return b.page
}

// mendValues returns the fields of the rows that can be mended, and those beside which there is a reason.
func mendValues(b *browser) (values url.Values, wrong []string) {
	b.Helper()
	values = url.Values{}
	for input := range b.page.all("input") {
		if name := attr(input, "name"); strings.HasPrefix(name, "c.") {
			values.Set(name, attr(input, "value"))
			if attr(input, "aria-invalid") == "true" {
				wrong = append(wrong, name)
			}
		}
	}
	return values, wrong
}

// labelOf returns the words of the label of a field.
func labelOf(b *browser, field string) string {
	for label := range b.page.all("label") {
		if attr(label, "for") == field {
			return says(label)
		}
	}
	return ""
}

// act sends the form of the page of an import.
func act(b *browser, do string, values url.Values) *page {
	b.Helper()
	values.Set("do", do)
	b.send(http.MethodPost, b.page.Request.URL.String(), values.Encode(),
		[]string{"Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin"})
	return b.ended()
}

// dropSheet has the sheet of the demo judged.
func dropSheet(b *browser, x *office, p *demo.Province) *page {
	b.Helper()
	var sheet bytes.Buffer
	if err := p.WriteSheet(&sheet); err != nil {
		b.Fatal(err)
	}
	drop(b, x, demo.SheetName, sheet.Bytes())
	return b.ended()
}

// mendAll returns the fields of the sheet of the demo with its mistakes mended, and the names of those that were
// wrong, each of which must be marked.
func mendAll(b *browser, province *demo.Province) (values url.Values, wrong []string) {
	b.Helper()
	values, wrong = mendValues(b)
	if len(wrong) != len(demo.Mistakes) {
		b.Fatalf("%v are marked on %s", wrong, b.page.body)
	}
	mends := map[string]string{"日期": province.Today.String(), "金额(元)": "12.50", "用途": "中试"}
	for name, now := range values { // the grant of a good row
		if strings.Contains(labelOf(b, name), "经费下达编号") && now[0] != "G-9999-01" {
			mends["经费下达编号"] = now[0]
		}
	}
	for i, name := range wrong {
		want := demo.Mistakes[i]
		label := labelOf(b, name)
		if !strings.Contains(label, want.Heading) || !strings.Contains(name, "."+strconv.Itoa(want.Row)+".") {
			b.Errorf("expected a reason at %v, got it at %s %s", want, name, label)
		}
		values.Set(name, mends[want.Heading])
	}
	return values, wrong
}

// TestAClerkMendsASheetAndSubmitsIt goes the way of the center's clerk with the sheet of the demo.
func TestAClerkMendsASheetAndSubmitsIt(t *testing.T) {
	x, province := serveProvince(t)
	b := newBrowser(t, "zh", x.Client())
	x.enter(b, "center")
	before := position(x, b)
	b.get(x.URL + "/import")
	b.shows("凭证", "或粘贴")
	dropSheet(b, x, province)
	b.shows("有错误，尚未提交", "可以入账 4", "有错误 5")
	values, wrong := mendAll(b, province)
	judged := b.page.Request.URL.String()
	b.outlive(x, "center", judged, values)
	if again, _ := mendValues(b); again.Get(wrong[0]) != values.Get(wrong[0]) {
		t.Errorf("after signing in again a mended cell has %q", again.Get(wrong[0]))
	}
	b.get(judged)
	// a submission with changed cells is judged instead
	if act(b, "submitGood", values); position(x, b) != before {
		t.Fatal("what was not shown was written")
	}
	b.shows("已先重新判断", "可以入账 9", "有错误 0", "提交 9 条记录")
	shown := b.page.Request.URL.String()
	if shown == judged {
		t.Fatal("the mended sheet is no import of its own")
	}
	act(b, "submit", url.Values{})
	b.shows("已入账 9")
	if got := atoi(t, position(x, b)) - atoi(t, before); got != 9 {
		t.Fatalf("%d records were written", got)
	}
	after := position(x, b)
	b.get(shown)
	b.shows("已提交：")
	act(b, "submit", url.Values{})
	if b.shows("没有重复记账", "此前已入账 9"); position(x, b) != after {
		t.Error("a second submission wrote")
	}
	b.get(x.URL + "/imports")
	b.shows("已入账", "已提交", "有错误，尚未提交", "凭证（待更正）（已改）.xlsx")
	if strings.Contains(says(b.page.doc), "可以提交") {
		t.Error("a sheet that was submitted is said to be ready to submit")
	}
	b.get(judged)
	act(b, "submitGood", url.Values{})
	if b.shows("部分此前已入账", "可以入账的 4 条此前已入账，没有重复记账"); position(x, b) != after {
		t.Error("a second submission of the good rows wrote")
	}
	b.get(judged)
	for _, link := range []string{"下载标出错误的表格", "下载表格"} {
		file := fetch(b, b.link(link))
		if !strings.HasPrefix(file, "PK") {
			t.Errorf("%s leads to %.40q", link, file)
		}
	}
	x.add("other", access.Binding{Role: access.Center, Center: "ZJ-0002"}, "")
	other := newBrowser(t, "zh", x.Client())
	x.enter(other, "other")
	if other.get(judged).StatusCode != http.StatusNotFound {
		t.Error("another account sees the import")
	}
}

// fetch returns the content of a file.
func fetch(b *browser, address string) string {
	b.Helper()
	answer, err := b.client.Get(address)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		b.Fatalf("%s is answered with %s, %v", address, answer.Status, err)
	}
	return string(content)
}

func atoi(t testing.TB, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// importer returns a browser of the center of a small office.
func importer(t *testing.T, lang string) (*office, *browser) {
	t.Helper()
	x := serve(t)
	x.add("zhongxin", access.Binding{Role: access.Center, Center: "ZJ-0001"}, "")
	b := newBrowser(t, lang, x.Client())
	x.enter(b, "zhongxin")
	return x, b
}

func TestAFileThatIsNoSheetIsRefusedInWords(t *testing.T) {
	x, b := importer(t, "zh")
	for name, c := range map[string]struct{ content, want string }{
		"空.csv":   {"", "文件是空的"},
		"a.jsonl": {`{"id":"x"}`, "不是表格"},
		"a.pdf":   {"%PDF-1.7\n", "PDF"},
		"b.csv":   {"甲,乙,丙\n1,2,3\n", "标题"},
		"c.xlsx":  {"PK\x03\x04 and nothing else", ""},
	} {
		b.isExotic = true
		drop(b, x, name, []byte(c.content))
		if b.ended(); !strings.Contains(says(b.page.doc), c.want) || b.page.StatusCode >= 500 ||
			!strings.Contains(b.page.body, `class="wrong"`) {
			t.Errorf("%s is answered with %d %s", name, b.page.StatusCode, says(b.page.doc))
		}
	}
	drop(b, x, "", nil)
	b.shows("没有选择文件")
	drop(b, x, "a.csv", []byte("凭证号\n"), "paste", "凭证号\t日期\n1\t2\n")
	b.shows("一次只导入一个文件")
}

func TestPastedCellsAreJudgedAndHostileOnesAreInert(t *testing.T) {
	x, b := importer(t, "en")
	const hostile = `'><script>alert(1)</script>` + "\u202e"
	drop(b, x, "", nil, "paste", "凭证号\t日期\t中心编号\t经费下达编号\t用途\t金额(元)\t收款单位\t摘要\t外拨\n"+
		"=1+1\t2026-01-02\tZJ-0001\tG1\t中试\t=2*3\t"+hostile+"\t@x\t否\n")
	b.isExotic = true // the names of columns are Chinese
	b.ended()
	b.shows("has mistakes, not submitted", "Row 2 金额(元)")
	values, wrong := mendValues(b)
	if len(wrong) == 0 || strings.Contains(b.page.body, "<script>alert") {
		t.Fatalf("got %v on %s", wrong, b.page.body)
	}
	for _, name := range wrong { // a row without any value of its columns is no row any more
		values.Set(name, "=HYPERLINK(\"http://x\")"+hostile)
	}
	act(b, "judge", values)
	b.shows("has mistakes")
	if file := fetch(b, b.link("The sheet")); !strings.HasPrefix(file, "PK") {
		t.Errorf("got %.40q", file)
	}
}

// A line that stands twice is one voucher of the double amount, so both rows say so above the button that submits.
func TestEqualRowsOfAVoucherAreMarkedBeforeTheyAreSubmitted(t *testing.T) {
	x, b, _ := formOffice(t)
	row := "记-7\t2026-03-02\tZJ-0001\tG1\t中试\t12.50\t甲\t检测\t否\n"
	drop(b, x, "", nil, "paste", "凭证号\t日期\t中心编号\t经费下达编号\t用途\t金额(元)\t收款单位\t摘要\t外拨\n"+row+row)
	b.ended()
	b.shows("可以入账 1", "提交 1 条记录")
	said := says(b.page.doc)
	_, read, found := strings.Cut(said, "请核对 ")
	if heading, _, _ := strings.Cut(read, "提交 1 条记录"); !found || strings.Contains(said, "没有读取的部分") ||
		strings.Count(heading, "与第 2 行是同一凭证") != 2 || strings.Count(heading, "与第 3 行是同一凭证") != 2 {
		t.Errorf("got %s", said)
	}
}

func TestATemplateIsForTheKindsOfTheRole(t *testing.T) {
	x, b := importer(t, "zh")
	b.get(x.URL + "/import")
	if file := fetch(b, b.link("凭证")); !strings.HasPrefix(file, "PK") {
		t.Errorf("got %.40q", file)
	}
	if b.get(x.URL+"/import?template=grades").StatusCode != http.StatusNotFound {
		t.Error("a center gets the sheet of grades")
	}
}
