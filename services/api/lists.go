package api

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/answers"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// Page is a part of the answer to a list. All pages of one answer are based on one position of the ledger.
type Page struct {
	Items    []jsontext.Value `json:"items"`            // rows, in the form of the command line
	Next     *string          `json:"next"`             // the cursor of the next page; null on the last
	Position uint64           `json:"position"`         // the position of the ledger
	AsOf     string           `json:"asOf"`             // the date of the rows
	Missing  []text.Text      `json:"missing,omitzero"` // notes on what the rows leave out
}

// These are the numbers of rows of a page.
const (
	pageDefault = 50
	pageMax     = 1000
)

// A list with a limit of its own holds all its rows in memory at once.
const (
	limitParam  = "limit"
	pagedMax    = 10_000  // rows of all pages together
	ownLimitMax = 100_000 // rows of a file
)

// listParams are the parameters that every list has.
var listParams = []param{
	{name: "limit", words: text.Say("每页 `N` 行，至多 1000；对 csv 和 jsonl，未给出即全部",
		"`N` rows a page, at most 1000; csv and jsonl are whole unless it is given"), sort: lists.Count,
		def: strconv.Itoa(pageDefault)},
	{name: "cursor", words: text.Say("上一页的 `NEXT`", "`NEXT` of the page before"), sort: lists.AnyText},
	{name: "format", words: text.Say("`FORMAT`：json、jsonl、csv、xlsx 或 table；未给出时看 Accept",
		"`FORMAT`: json, jsonl, csv, xlsx or table; if it is not given, Accept says"), sort: lists.Choice,
		values: wordless("json", "jsonl", "csv", "xlsx", "table")},
	{name: "forExcel", words: text.Say("csv 供 Excel 或 WPS 打开：文本不会变成公式、数字或日期",
		"a csv for Excel or WPS: no text becomes a formula, a number or a date"), sort: lists.Flag},
}

// listRoutes returns the routes of all lists.
func listRoutes() (all []route) {
	for _, l := range lists.Lists {
		rt := route{method: http.MethodGet, path: "/v1/" + l.Name, name: l.Name, right: access.ReadLedger,
			short: l.Short,
			gives: []answer{{http.StatusOK, jsonType, Page{}, "a page of rows"},
				{http.StatusOK, linesType, nil, "all rows, one a line"},
				{http.StatusOK, csvType, nil, "all rows with their provenance"},
				{http.StatusOK, xlsxType, nil, "all rows with their provenance"},
				{http.StatusOK, table.WholeType, nil, "the whole table, with what is shown to people"}},
			handle: func(q *request) error { return q.list(l) }}
		for _, p := range l.Params {
			own := param{name: p.QueryName(), words: p.Words, sort: p.Sort, values: p.Values, def: p.Default,
				must: p.Must || p.Name == l.Argument}
			if p.Name == limitParam {
				own.words, own.def = text.Say("json 每页 `N` 行，至多 1000；其他格式最多 N 行（默认 %s）",
					"json has `N` rows a page, at most 1000; another format has at most N rows (default %s)",
					p.Default), ""
			}
			rt.params = append(rt.params, own)
		}
		rt.params = append(rt.params, whenParams...)
		for _, p := range listParams {
			if !slices.ContainsFunc(rt.params, func(own param) bool { return own.name == p.name }) {
				rt.params = append(rt.params, p)
			}
		}
		all = append(all, rt)
	}
	return all
}

// asking is a request for a list whose parameters were read.
type asking struct {
	*request
	list   *lists.List
	asked  answers.Asked
	from   int
	limit  int     // rows; 0 for all
	cursor *cursor // of the request
}

// list answers a request for a list.
func (q *request) list(l *lists.List) error {
	a := &asking{request: q, list: l}
	a.asked.Question = lists.Question{List: l.Name, Params: map[string]string{}}
	for _, p := range l.Params {
		v := q.param(p.QueryName())
		if p.Name == limitParam && q.media == jsonType {
			v = strconv.Itoa(pagedMax)
		}
		if v != "" && v != p.Default {
			a.asked.Question.Params[p.Name] = v
		}
	}
	if err := a.readLimit(); err != nil {
		return err
	}
	if err := a.readForm(); err != nil {
		return err
	}
	if err := a.readCursor(); err != nil {
		return err
	}
	s, err := a.answer()
	if err != nil {
		return err
	}
	return a.send(s)
}

// readLimit reads the number of rows that are wanted. The list find has a limit of its own: in JSON the parameter
// limits a page, in other formats the list.
func (a *asking) readLimit() error {
	given := a.param("limit")
	own := slices.ContainsFunc(a.list.Params, func(p lists.Param) bool { return p.Name == limitParam })
	isPage, most := a.media == jsonType || given != "" && !own, pageMax
	if !isPage {
		most = ownLimitMax
	} else {
		a.limit = pageDefault
	}
	if given == "" {
		return nil
	}
	n, err := strconv.Atoi(given)
	switch {
	case err != nil || n < 1 || n > most:
		return fail(badRequest, "%q 应为 1 至 %d 的整数", "%q must be a whole number from 1 to %d", given,
			most).of("limit")
	case !isPage:
		return nil
	case a.media == xlsxType || a.media == table.WholeType:
		return fail(badRequest, "这种格式给出全部，不分页", "this format is whole and has no pages").of("limit")
	}
	a.limit = min(n, pageMax)
	return nil
}

// readForm finds the form of the answer. A CSV file or workbook has provenance; a page of CSV has only rows.
func (a *asking) readForm() error {
	forExcel := a.param("forExcel") != ""
	isFile := a.media == xlsxType || a.media == csvType && a.limit == 0
	if forExcel && (a.media != csvType || a.limit > 0) {
		return fail(badRequest, "只用于不带 limit 的 csv", "is for csv without a limit").of("forExcel")
	}
	switch f := &a.asked.Form; {
	case a.media == jsonType || a.media == linesType:
		*f = rowsInJSON // the same rows
	case a.media == table.WholeType:
		*f = wholeTable
	case !isFile:
		*f = rowsInCSV
	case a.media == csvType && !forExcel:
		*f = answers.Form{Name: a.media + " " + a.lang, IsFile: true, HasPoint: true, Make: a.plainCSV}
	case forExcel:
		*f = answers.Form{Name: "csv for excel " + a.lang, IsFile: true, HasPoint: true, Make: a.report}
	default:
		*f = answers.Form{Name: a.media + " " + a.lang, IsFile: true, HasPoint: true, IsLong: true, Make: a.report}
	}
	return nil
}

// readCursor reads the cursor, if there is one, and the date and point of the answer.
func (a *asking) readCursor() (err error) {
	given := a.param("cursor")
	if given != "" && a.limit == 0 {
		return fail(badRequest, "只用于分页", "is for pages only").of("cursor")
	}
	if given != "" {
		c, ok := parseCursor(given)
		if !ok {
			return fail(badRequest, "不是本服务给出的游标", "is no cursor of this service").of("cursor")
		}
		if a.given["asOf"] == "" {
			a.given["asOf"] = c.asOf // the day may have changed since
		}
		a.cursor = &c
	}
	if a.asked.When, err = a.when(); err != nil {
		return err
	}
	a.asked.Who, a.asked.Desk, a.asked.Prefix = &a.who, a.desk, a.prefix
	a.asked = a.s.Answers.Ask(a.asked.Request)
	if c := a.cursor; c != nil {
		switch {
		case c.question != a.asked.Bare || c.asOf != a.asked.When.AsOf:
			return fail(badRequest, "属于另一个查询", "is of another question").of("cursor")
		case c.epoch != a.s.Answers.Epoch():
			return errGone
		}
		a.from = c.from
		if a.param("limit") == "" {
			a.limit = c.limit
		}
	}
	return nil
}

var errGone = fail(gone, "这一查询的后续各页已不再保留，请从头再查",
	"the pages of this answer are kept no more; ask again from the first").of("cursor")

// answer returns the answer that the wanted page is part of.
func (a *asking) answer() (*answers.Snapshot, error) {
	atLeast, _ := strconv.ParseUint(a.param("atLeast"), 10, 64) // checked before
	if a.cursor == nil {
		// a user at a terminal must find what the command before has written
		if a.prefix == flagPrefix {
			atLeast = a.position()
		}
		return a.asked.Answer(a.Context(), atLeast)
	}
	s, err := a.asked.At(a.cursor.position, atLeast)
	switch {
	case errors.Is(err, answers.ErrGone):
		err = errGone
	case errors.Is(err, answers.ErrEarlier):
		err = fail(badRequest, "游标属于较早的位置", "the cursor is of an earlier position").of("atLeast")
	case errors.Is(err, answers.ErrOtherPoint):
		err = fail(badRequest, "属于另一个已知时点", "is of another point").of("cursor")
	}
	return s, err
}

// These are the forms that are the same in both languages.
var (
	rowsInJSON = answers.Rows(lists.Encoding{Name: "json", Append: table.AppendJSON})
	rowsInCSV  = answers.Form{Name: "rows of csv", Make: makeRowsInCSV}
	wholeTable = answers.Form{Name: table.WholeType, HasPoint: true, Make: makeWholeTable}
)

var inCSV = lists.Encoding{Name: "csv", Append: table.AppendCSV}

func makeRowsInCSV(ctx context.Context, r *answers.Request, before *lists.Answer) (answers.Content, error) {
	answer, err := r.Desk.Answer(ctx, r.When, r.Question, inCSV, before)
	if err != nil {
		return answers.Content{}, err
	}
	var names bytes.Buffer
	err = answer.WriteCSV(&names) // the table has no rows
	c := answers.ContentOf(answer)
	c.Above = names.Bytes()
	return c, err
}

func makeWholeTable(ctx context.Context, r *answers.Request, _ *lists.Answer) (answers.Content, error) {
	var file bytes.Buffer
	t, err := r.Desk.List(ctx, r.When, r.Question)
	if err == nil {
		err = t.WriteWhole(&file)
	}
	if err != nil {
		return answers.Content{}, err
	}
	return answers.Content{Position: t.Position, Above: file.Bytes(), Count: len(t.Rows)}, nil
}

// plainCSV makes a CSV file with provenance.
func (a *asking) plainCSV(ctx context.Context, r *answers.Request, before *lists.Answer) (answers.Content, error) {
	file, err := r.Desk.ReportCSV(ctx, r.When, r.Question, a.lang, before)
	if err != nil {
		return answers.Content{}, err
	}
	c := answers.ContentOf(file.Answer)
	c.Above, c.Under = file.Above, file.Under
	return c, nil
}

// report makes any other file with provenance.
func (a *asking) report(ctx context.Context, r *answers.Request, _ *lists.Answer) (answers.Content, error) {
	var file bytes.Buffer
	made, err := r.Desk.Report(ctx, r.When, desk.ReportRequest{Question: r.Question, Name: "list." + endings[a.media],
		ForExcel: a.param("forExcel") != "", Lang: a.lang}, &file)
	if err != nil {
		return answers.Content{}, err
	}
	return answers.Content{Position: made.Position, Above: file.Bytes(), Count: made.Rows}, nil
}

// send answers with a page of a snapshot, or with all of it.
func (a *asking) send(s *answers.Snapshot) error {
	h := a.w.Header()
	a.setPosition(s.Position)
	h.Set(RowsHeader, strconv.Itoa(s.Count))
	to := s.Count
	if a.limit > 0 {
		to = min(a.from+a.limit, s.Count)
	}
	next := ""
	if to < s.Count {
		next = (&cursor{a.asked.Bare, a.s.Answers.Epoch(), s.AsOf, s.Position, to, a.limit}).String()
		h.Set("Link", "<"+a.link(next)+">; rel=\"next\"")
	}
	h.Set("ETag", a.etag(s, to))
	if matches(a.request.Header.Values("If-None-Match"), h.Get("ETag")) {
		a.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	if a.media != jsonType && a.media != table.WholeType {
		h.Set("Content-Disposition",
			fmt.Sprintf(`attachment; filename="%s-%s-p%d.%s"`, a.list.Name, s.AsOf, s.Position, endings[a.media]))
	}
	if a.limit == 0 {
		return a.sendWhole(s)
	}
	body, err := pageOf(s, a.media, a.from, to, next)
	if err != nil {
		return err
	}
	return a.request.send(http.StatusOK, a.media, body)
}

// endings are how the names of files end.
var endings = map[string]string{csvType: "csv", xlsxType: "xlsx", linesType: "jsonl"}

// sendWhole answers with a whole file, row by row.
func (a *asking) sendWhole(s *answers.Snapshot) error {
	a.w.Header().Set("Content-Type", withCharset(a.media))
	a.w.Header().Set("Content-Length", strconv.Itoa(s.Bytes()))
	a.w.WriteHeader(http.StatusOK)
	w := gathers.Get().(*bufio.Writer)
	defer gathers.Put(w)
	w.Reset(a.w)
	defer w.Reset(nil)
	if _, err := s.WriteTo(w); err != nil {
		return err
	}
	return w.Flush()
}

// gathers are writers that combine small writes.
var gathers = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, writeChunkBytes) }}

// pageOf returns the body of a page.
func pageOf(s *answers.Snapshot, media string, from, to int, next string) ([]byte, error) {
	body := make([]byte, 0, 16<<10)
	if media != jsonType {
		body = append(body, s.Above...)
		for row := range s.Rows(from, to) {
			body = append(body, row...)
		}
		return body, nil
	}
	body = append(body, `{"items":[`...)
	for row := range s.Rows(from, to) {
		body = append(append(body, row[:len(row)-1]...), ',')
	}
	if to > from {
		body = body[:len(body)-1]
	}
	body = append(body, `],"next":`...)
	if next == "" {
		body = append(body, "null"...)
	} else {
		body = append(append(append(body, '"'), next...), '"')
	}
	body = strconv.AppendUint(append(body, `,"position":`...), s.Position, 10)
	body = append(append(append(body, `,"asOf":"`...), s.AsOf...), '"')
	if len(s.Answer.Missing) > 0 {
		missing, err := json.Marshal(s.Answer.Missing)
		if err != nil {
			return nil, err
		}
		body = append(append(body, `,"missing":`...), missing...)
	}
	return append(body, "}\n"...), nil
}

// link returns the address of the next page.
func (a *asking) link(next string) string {
	values := url.Values{}
	for name, value := range a.given {
		values.Set(name, value)
	}
	values.Set("cursor", next)
	if a.media == csvType || a.media == linesType {
		values.Set("format", endings[a.media])
	}
	return a.URL.EscapedPath() + "?" + values.Encode()
}

// etag returns the ETag of an answer: a hash of the question with its date, the position, the form and the rows.
// It is weak, because the answer may be compressed.
func (a *asking) etag(s *answers.Snapshot, to int) string {
	h := sha256.New()
	// writing to a hash never fails
	_, _ = fmt.Fprintf(h, "%x %d %s %d %d %s %s", a.asked.ID, s.Position, a.media, a.from, to, a.lang, a.s.Build)
	return fmt.Sprintf(`W/"%x"`, h.Sum(nil)[:12])
}

// matches reports whether a header If-None-Match names an ETag.
func matches(headers []string, etag string) bool {
	opaque := strings.TrimPrefix(etag, "W/")
	for _, header := range headers {
		for one := range strings.SplitSeq(header, ",") {
			if one = strings.TrimSpace(one); one == "*" || strings.TrimPrefix(one, "W/") == opaque {
				return true
			}
		}
	}
	return false
}
