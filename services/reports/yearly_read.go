package reports

import (
	"bytes"
	"context"
	"html"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// yearlyForm is the number of the form of the yearly report. Raise it when the page changes after a release, and keep
// making the earlier pages: a filed page names its form and is compared byte for byte.
const yearlyForm = 2

// yearlyOrigin is the provenance of a yearly report: everything from which it is computed again.
type yearlyOrigin struct {
	Form     int             `json:"form"`
	Year     int             `json:"year"`
	Center   events.CenterID `json:"center,omitzero"`
	On       events.Date     `json:"asOf"`
	Unit     table.Unit      `json:"unit"`
	Lang     string          `json:"lang"`
	Position uint64          `json:"position"`
	Record   string          `json:"record,omitzero"`  // the record at the position; "" if the account does not see it
	Centers  *string         `json:"centers,omitzero"` // see scope
	Version  string          `json:"version"`
}

// origin returns the provenance as JSON.
func (f *form) origin() (string, error) {
	o := yearlyOrigin{Form: f.inForm(), Year: f.Year, Center: f.Center, On: f.On, Unit: f.Unit, Lang: f.Lang,
		Position: f.position, Record: f.last.ID, Version: f.Version}
	if f.scope != nil {
		ids := f.scope.String()
		o.Centers = &ids
	}
	content, err := json.Marshal(&o, json.Deterministic(true))
	return string(content), err
}

// YearlyName is the name of the yearly report in the question of a Reproduction, as List is of a list.
const YearlyName = "report"

// CenterOf returns the one center that a report is about, or "" for several, by the question of its Reproduction.
func CenterOf(q lists.Question) events.CenterID {
	if q.List == YearlyName {
		return events.CenterID(q.Params["center"])
	}
	return q.Center()
}

// isPage reports whether a file is a yearly report by its name.
func isPage(name string) bool {
	return slices.Contains([]string{".html", ".htm"}, strings.ToLower(filepath.Ext(name)))
}

// pageBytesMax is the maximum size of a yearly report that is read.
const pageBytesMax = 64 << 20

var originTag = regexp.MustCompile(`<meta name="taizhang-report" content="([^"<>]*)"/>`)

// originOf reads the provenance of a yearly report.
func originOf(page []byte) (o yearlyOrigin, err error) {
	tag := originTag.FindSubmatch(page[:min(len(page), 1<<20)])
	if tag == nil {
		return o, notOurs("其中没有出处（旧版本程序写出的 HTML 没有）",
			"it has no provenance (HTML of earlier versions of the program has none)")
	}
	if err := json.Unmarshal([]byte(html.UnescapeString(string(tag[1]))), &o); err != nil || o.On == 0 ||
		o.On.Year() > events.YearMax || o.Year < events.YearMin || o.Lang != "zh" && o.Lang != "en" ||
		!o.Unit.Valid() {
		return o, notOurs("出处读不出来", "its provenance cannot be read")
	}
	if o.Form < 1 || o.Form > yearlyForm {
		return o, bad("报表按年度表版式 %d 写出，本程序认识的版式到 %d 为止：请用写出它的程序版本核对（文件中：%s）",
			"the report is in form %d of the yearly report and this program knows the forms up to %d: check it with "+
				"the version of the program that wrote it (in the file: %s)", o.Form, yearlyForm, o.Version)
	}
	return o, nil
}

// readingPage reads a yearly report, whose bytes will be compared.
func readingPage(ctx context.Context, name string, content io.ReaderAt, size int64) (*reproducing, error) {
	if size > pageBytesMax {
		return nil, bad("%s 超过 %d 字节的上限", "%s is over the limit of %d bytes", name, pageBytesMax)
	}
	page, err := io.ReadAll(io.NewSectionReader(content, 0, size))
	if err != nil {
		return nil, err
	}
	o, err := originOf(page)
	if err != nil {
		return nil, err
	}
	q := lists.Question{List: YearlyName, On: o.On,
		Params: map[string]string{"year": strconv.Itoa(o.Year), "unit": string(o.Unit)}}
	if o.Center != "" {
		q.Params["center"] = string(o.Center)
	}
	x := &reproducing{Reproduction: &Reproduction{Position: o.Position,
		Request: Request{Question: q, Lang: o.Lang, Form: HTML, Version: o.Version}}}
	if o.Centers != nil {
		x.seen = scopeOf(*o.Centers)
	}
	x.compute = func(at *lists.Books) error { return x.computePage(ctx, at, o, page) }
	return x, nil
}

// computePage computes the yearly report again and compares it with the file.
func (out *Reproduction) computePage(ctx context.Context, d *lists.Books, o yearlyOrigin, page []byte) error {
	y := Yearly{Year: o.Year, Center: o.Center, On: o.On, Lang: o.Lang, Unit: o.Unit, Version: o.Version,
		written: o.Form}
	f, err := y.compute(ctx, d)
	if err != nil {
		return err
	}
	if d.Partial && f.last.Position == 0 && f.position > 0 {
		f.last = lastRecord{events.Place{Position: f.position, RecordedAt: writtenIn(page)}, o.Record}
	}
	if o.Record == "" || f.last.Position > 0 && f.last.ID == "" {
		f.last.ID = o.Record // not compared: the writer of the file or the reader may not see that record
	}
	var whole bytes.Buffer
	if err := f.writeAll(&whole); err != nil {
		return err
	}
	again := whole.Bytes()
	if !bytes.Equal(page, again) { // an earlier version of the program may have written it
		again = []byte(text.Seen(whole.String()))
	}
	out.Rows = bytes.Count(again, []byte("\n"))
	out.Differs = firstLine(page, again)
	out.Exact = out.Differs == nil
	same := 0
	for same < min(len(page), len(again)) && page[same] == again[same] {
		same++
	}
	out.Cells = bytes.Count(page[:same], []byte("</td>"))
	return nil
}

// writtenTag finds when the record at the position of a page was written.
var writtenTag = regexp.MustCompile(`<p class="provenance">[^<]*(?:写入于|written) ([0-9T:.+-]+)`)

// writtenIn returns when the record at the position of a page was written, as the page says, or the zero time.
func writtenIn(page []byte) time.Time {
	tag := writtenTag.FindSubmatch(bytes.ReplaceAll(page, []byte("&#43;"), []byte("+")))
	if tag == nil {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339Nano, string(tag[1]))
	if err != nil {
		return time.Time{}
	}
	return at
}

// firstLine returns the first line in which a page differs from the page computed again, or nil.
func firstLine(page, again []byte) *Mismatch {
	if bytes.Equal(page, again) {
		return nil
	}
	in, of := strings.Split(string(page), "\n"), strings.Split(string(again), "\n")
	at := 0
	for at < min(len(in), len(of)) && in[at] == of[at] {
		at++
	}
	d := &Mismatch{Row: at + 1, row: -1, Why: text.Say("这一行与台账不符", "a line is not what the ledger gives")}
	switch {
	case at >= len(in) || len(in) == len(of)-1 && slices.Equal(in[at:], of[at+1:]):
		d.Why = text.Say("文件缺少这一行", "the file lacks this line")
	case at >= len(of) || len(in) == len(of)+1 && slices.Equal(in[at+1:], of[at:]):
		d.Why = text.Say("文件多出这一行", "the file has a line more")
	case strings.TrimSuffix(in[at], "\r") == of[at]:
		d.Why = text.Say("换行符与写出时不同：文件被别的程序保存过",
			"the ends of lines are not those that were written: another program saved the file")
	case strings.Contains(of[at], `<meta name="taizhang-report"`) ||
		strings.Contains(of[at], `<p class="provenance">`):
		d.Why = foreignOrigin
	}
	if at < len(in) {
		d.InFile = in[at]
	}
	if at < len(of) {
		d.InLedger = of[at]
	}
	return d
}
