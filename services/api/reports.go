package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"unicode/utf8"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// reportBytesMax is the largest size of a report to reproduce.
const reportBytesMax = 64 << 20

func reportRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/v1/yearly", name: "yearly", right: access.ReadLedger,
			short: text.Say("年度经费执行与合规情况表（HTML，供打印报送）：一个中心或全省",
				"the yearly report as HTML to print and file: of one center or the province"),
			params: append([]param{
				{name: "year", words: text.Say("财政年度 `YEAR`", "fiscal `YEAR`"), sort: lists.Year, must: true},
				{name: "center", words: text.Say("中心编号 `ID`（默认全省）",
					"`ID` of a center (default the province)"), sort: lists.CenterID},
				{name: "unit", words: text.Say("金额单位 `UNIT`：元或万元",
					"`UNIT` of amounts: yuan, or wan for 10,000 yuan"), sort: lists.Choice,
					values: table.Units.Strings(), def: "yuan"}}, whenParams...),
			gives:  []answer{{http.StatusOK, htmlType, nil, "one page that needs no other file"}},
			handle: (*request).yearly},
		{method: http.MethodPost, path: "/v1/reproduce", name: "reproduce", right: access.ReadLedger,
			short: text.Say("核对一份报表：按其出处重新计算，逐格比较数值和显示，HTML 逐字节比较",
				"check a report: compute it again at its position and compare every cell and how it shows, of HTML "+
					"every byte"),
			params: []param{{name: "name", words: text.Say("文件 `NAME`", "`NAME` of the file"), must: true}},
			takes:  []body{{xlsxType, nil}, {csvType, nil}, {htmlType, nil}, {octetsType, nil}}, limit: reportBytesMax,
			gives: []answer{{http.StatusOK, jsonType, desk.Reproduced{},
				"whether it is what the ledger gives, or its first difference"}}, handle: (*request).reproduce},
		{method: http.MethodGet, path: "/v1/export", name: "export", right: access.ReadLedger,
			short:  text.Say("全部记录，交换格式", "all records in the interchange form"),
			gives:  []answer{{http.StatusOK, linesType, nil, "a record a line, in the order of the ledger"}},
			handle: (*request).export},
	}
}

func (q *request) yearly() error {
	when, err := q.when()
	if err != nil {
		return err
	}
	year, err := strconv.Atoi(q.param("year"))
	if err != nil {
		return fail(badRequest, "%q 应为年份", "%q must be a year", q.param("year")).of("year")
	}
	r := desk.YearlyRequest{Year: year, Center: q.param("center"), Unit: q.param("unit"), Lang: q.lang}
	if r.Unit == "" {
		r.Unit = "yuan"
	}
	page, err := q.yearlyPage(when, r)
	if err != nil {
		return err
	}
	q.w.Header().Set("Content-Security-Policy", pagePolicy)
	return q.send(http.StatusOK, htmlType, page)
}

// yearlyPage makes the report when its turn comes. The turn ends before the page is sent, so that others do not
// wait for a client that reads slowly.
func (q *request) yearlyPage(when desk.When, r desk.YearlyRequest) ([]byte, error) {
	center := events.ParseCenter(r.Center)
	end, err := q.s.Answers.Turn(q.Context(), when, center, center == "")
	if err != nil {
		return nil, err
	}
	defer end()
	var page bytes.Buffer // kept in memory so that an error while it is made becomes a problem
	err = q.desk.Yearly(q.Context(), when, r, &page)
	return page.Bytes(), err
}

// pagePolicy forbids a page everything except its own styles.
const pagePolicy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; " +
	"frame-ancestors 'none'"

func (q *request) reproduce() error {
	if err := q.checkContentType(xlsxType, csvType, htmlType, octetsType, "text/plain"); err != nil {
		return err
	}
	name := q.param("name")
	if utf8.RuneCountInString(name) > valueCharsMax {
		return fail(badRequest, "超过 %d 个字符", "is longer than %d characters", valueCharsMax).of("name")
	}
	file, size, err := q.spool()
	if err != nil {
		return err
	}
	defer file.Close()
	end, err := q.s.Answers.Turn(q.Context(), desk.When{}, "", true)
	if err != nil {
		return err
	}
	defer end()
	r, err := q.desk.Reproduce(q.Context(), desk.Upload{Name: name, Content: file, Bytes: size})
	if err != nil {
		return err
	}
	return q.json(http.StatusOK, r)
}

// spool writes the body to a file without a name, which vanishes when it is closed.
func (q *request) spool() (file *os.File, size int64, err error) {
	file, err = q.s.Imports.Spool.File()
	if err != nil {
		return nil, 0, fmt.Errorf("api: spool a body: %w", err)
	}
	defer func() {
		if err != nil {
			_ = file.Close() // the file has no name, so it vanishes
		}
	}()
	var read *readError
	size, err = io.Copy(q.s.Imports.Spool.Writer(file), readErrors{q.Body})
	if errors.As(err, &read) {
		err = bodyError(read.cause)
	}
	return file, size, err
}

func (q *request) export() error {
	q.w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="records-p%d.jsonl"`, q.position()))
	_, err := q.desk.Export(q.Context(), q.stream(linesType), nil)
	return err
}
