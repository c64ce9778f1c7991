package api

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"iter"
	"maps"
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
			own := param{name: apiName(p.Name), words: p.Words, sort: p.Sort, values: p.Values, def: p.Default,
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
	list     *lists.List
	question lists.Question
	when     desk.When
	form     string // the form of the snapshot: the media type, with what else distinguishes two files
	isFile   bool   // a file with provenance, which reproduce checks
	bare     [8]byte
	id       questionID
	from     int
	limit    int     // rows; 0 for all
	cursor   *cursor // of the request
}

// list answers a request for a list.
func (q *request) list(l *lists.List) error {
	a := &asking{request: q, list: l, question: lists.Question{List: l.Name, Params: map[string]string{}}}
	for _, p := range l.Params {
		v := q.param(apiName(p.Name))
		if p.Name == limitParam && q.media == jsonType {
			v = strconv.Itoa(pagedMax)
		}
		if v != "" && v != p.Default {
			a.question.Params[p.Name] = v
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
	s, err := a.snapshot()
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

// readForm finds the form of the snapshot. A CSV file or workbook has provenance; a page of CSV has only rows.
func (a *asking) readForm() error {
	forExcel := a.param("forExcel") != ""
	a.isFile = a.media == xlsxType || a.media == csvType && a.limit == 0
	if forExcel && (a.media != csvType || a.limit > 0) {
		return fail(badRequest, "只用于不带 limit 的 csv", "is for csv without a limit").of("forExcel")
	}
	switch {
	case a.media == jsonType || a.media == linesType:
		a.form = jsonType // the same rows
	case a.media == table.WholeType:
		a.form = a.media
	case !a.isFile:
		a.form = rowsOfCSV
	case forExcel:
		a.form = "csv for excel " + a.lang
	default:
		a.form = a.media + " " + a.lang
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
	if a.when, err = a.request.when(); err != nil {
		return err
	}
	a.identify()
	if c := a.cursor; c != nil {
		switch {
		case c.question != a.bare || c.asOf != a.when.AsOf:
			return fail(badRequest, "属于另一个查询", "is of another question").of("cursor")
		case c.epoch != a.epoch():
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

// identify computes the hash of everything that the answer depends on, and returns it.
func (a *asking) identify() questionID {
	h := sha256.New()
	put := func(parts ...string) {
		for _, p := range parts {
			_, _ = fmt.Fprintf(h, "%d:%s,", len(p), p) // writing to a hash never fails
		}
	}
	office, sees := a.scope()
	put(a.question.List, a.form, a.prefix, office)
	for _, name := range slices.Sorted(maps.Keys(a.question.Params)) {
		put(name, a.question.Params[name])
	}
	copy(a.bare[:], h.Sum(nil))
	epoch := a.epoch()
	put(a.when.AsOf, string(epoch[:]), sees)
	if a.isFile || a.form == table.WholeType { // their titles contain the point
		put(a.when.KnownAt)
	}
	h.Sum(a.id[:0])
	return a.id
}

// epoch returns the beginning of a hash of the epoch of the ledger.
func (q *request) epoch() (e [8]byte) {
	sum := sha256.Sum256([]byte(q.s.Access.Epoch()))
	copy(e[:], sum[:])
	return e
}

// snapshot returns the answer that the wanted page is part of.
func (a *asking) snapshot() (*snapshot, error) {
	var s *snapshot
	var isMade bool
	var err error
	if a.cursor != nil {
		if s = a.s.snapshots.find(snapshotID{a.id, a.cursor.position}); s == nil {
			return nil, errGone
		}
		err = a.sameAs(s)
	} else {
		atLeast, _ := strconv.ParseUint(a.param("atLeast"), 10, 64) // checked before
		// a user at a terminal must find what the command before has written
		if a.prefix == flagPrefix {
			atLeast = a.position()
		}
		s, isMade, err = a.s.snapshots.answer(a.Context(),
			asked{knownKey{a.id, a.when.KnownAt}, a.position, atLeast, a.make})
	}
	if err == nil && !isMade { // when this request made it, the desk has checked the right to read it
		err = a.s.Access.ReadAgain(a.who, a.question, a.isFile)
	}
	return s, err
}

// sameAs returns an error if the cursor's answer is not based on the point or position that the request asks for.
func (a *asking) sameAs(s *snapshot) error {
	if atLeast, _ := strconv.ParseUint(a.param("atLeast"), 10, 64); atLeast > s.id.position {
		return fail(badRequest, "游标属于较早的位置", "the cursor is of an earlier position").of("atLeast")
	}
	point := a.when.KnownAt
	if point == "" || point == strconv.FormatUint(s.id.position, 10) || a.s.snapshots.isKnown(s, point) {
		return nil
	}
	return fail(badRequest, "属于另一个已知时点", "is of another point").of("cursor")
}

// make makes the answer. It uses the rows of before, unless that is nil.
func (a *asking) make(before *snapshot) (*snapshot, error) {
	var last *lists.Answer
	if before != nil {
		last = before.answer
	}
	if last == nil || !last.IsByCenter() { // making such a list takes very little time
		end, err := a.turn(a.when, a.question.Center(), a.isHeavy())
		if err != nil {
			return nil, err
		}
		defer end()
	}
	s := &snapshot{asOf: a.when.AsOf}
	for range scopeAttempts {
		if err := a.ask(s, last); err != nil {
			return nil, err
		}
		if s.id.question = a.id; a.identify() == s.id.question {
			return s, nil
		}
	}
	return nil, fail(unavailable, "账号可见的范围正在变动，请稍后再试",
		"what the account sees is changing; try again later")
}

// scopeAttempts is how often an answer is made again because the scope of the principal changed meanwhile.
const scopeAttempts = 3

// These are the encodings of rows of pages.
var (
	inJSON = lists.Encoding{Name: "json", Append: table.AppendJSON}
	inCSV  = lists.Encoding{Name: "csv", Append: table.AppendCSV}
)

// rowsOfCSV is the form of a page of CSV.
const rowsOfCSV = "rows of csv"

// ask asks the desk.
func (a *asking) ask(s *snapshot, before *lists.Answer) (err error) {
	ctx, forExcel := a.Context(), a.param("forExcel") != ""
	switch {
	case a.form == jsonType:
		s.answer, err = a.desk.Answer(ctx, a.when, a.question, inJSON, before)
	case a.form == rowsOfCSV:
		if s.answer, err = a.desk.Answer(ctx, a.when, a.question, inCSV, before); err == nil {
			var names bytes.Buffer
			err = s.answer.WriteCSV(&names) // the table has no rows
			s.above = names.Bytes()
		}
	case a.form == table.WholeType:
		var file bytes.Buffer
		t, err := a.desk.List(ctx, a.when, a.question)
		if err == nil {
			err = t.WriteWhole(&file)
		}
		if err != nil {
			return err
		}
		s.id.position, s.count, s.above = t.Position, len(t.Rows), file.Bytes()
		return nil
	case a.media == csvType && !forExcel:
		var file *desk.ReportPieces
		if file, err = a.desk.ReportCSV(ctx, a.when, a.question, a.lang, before); err == nil {
			s.above, s.answer, s.under = file.Above, file.Answer, file.Under
		}
	default:
		var file bytes.Buffer
		made, err := a.desk.Report(ctx, a.when, desk.ReportRequest{
			Question: a.question, Name: "list." + endings[a.media], ForExcel: forExcel, Lang: a.lang}, &file)
		if err != nil {
			return err
		}
		s.id.position, s.count, s.above = made.Position, made.Rows, file.Bytes()
		return nil
	}
	if err == nil {
		s.id.position, s.count = s.answer.Position, s.answer.Rows.Len()
	}
	return err
}

// send answers with a page of a snapshot, or with all of it.
func (a *asking) send(s *snapshot) error {
	h := a.w.Header()
	a.setPosition(s.id.position)
	h.Set(RowsHeader, strconv.Itoa(s.count))
	to := s.count
	if a.limit > 0 {
		to = min(a.from+a.limit, s.count)
	}
	next := ""
	if to < s.count {
		next = (&cursor{a.bare, a.epoch(), s.asOf, s.id.position, to, a.limit}).String()
		h.Set("Link", "<"+a.link(next)+">; rel=\"next\"")
	}
	h.Set("ETag", a.etag(s, to))
	if matches(a.request.Header.Values("If-None-Match"), h.Get("ETag")) {
		a.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	if a.media != jsonType && a.media != table.WholeType {
		h.Set("Content-Disposition",
			fmt.Sprintf(`attachment; filename="%s-%s-p%d.%s"`, a.list.Name, s.asOf, s.id.position, endings[a.media]))
	}
	if a.limit == 0 {
		return a.sendWhole(s)
	}
	body, err := s.page(a.media, a.from, to, next)
	if err != nil {
		return err
	}
	return a.request.send(http.StatusOK, a.media, body)
}

// endings are how the names of files end.
var endings = map[string]string{csvType: "csv", xlsxType: "xlsx", linesType: "jsonl"}

// sendWhole answers with a whole file, row by row.
func (a *asking) sendWhole(s *snapshot) error {
	bytes := len(s.above) + len(s.under)
	if s.answer != nil {
		bytes += s.answer.Rows.Bytes()
	}
	a.w.Header().Set("Content-Type", withCharset(a.media))
	a.w.Header().Set("Content-Length", strconv.Itoa(bytes))
	a.w.WriteHeader(http.StatusOK)
	w := gathers.Get().(*bufio.Writer)
	defer gathers.Put(w)
	w.Reset(a.w)
	defer w.Reset(nil)
	_, _ = w.Write(s.above) // Flush returns the error of the writer
	if s.answer != nil {
		for text := range s.answer.Rows.Text() {
			if _, err := w.Write(text); err != nil {
				return err
			}
		}
	}
	_, _ = w.Write(s.under)
	return w.Flush()
}

// gathers are writers that combine small writes.
var gathers = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, writeChunkBytes) }}

// page returns the body of a page.
func (s *snapshot) page(media string, from, to int, next string) ([]byte, error) {
	body := make([]byte, 0, 16<<10)
	if media != jsonType {
		body = append(body, s.above...)
		for row := range s.rows(from, to) {
			body = append(body, row...)
		}
		return body, nil
	}
	body = append(body, `{"items":[`...)
	for row := range s.rows(from, to) {
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
	body = strconv.AppendUint(append(body, `,"position":`...), s.id.position, 10)
	body = append(append(append(body, `,"asOf":"`...), s.asOf...), '"')
	if len(s.answer.Missing) > 0 {
		missing, err := json.Marshal(s.answer.Missing)
		if err != nil {
			return nil, err
		}
		body = append(append(body, `,"missing":`...), missing...)
	}
	return append(body, "}\n"...), nil
}

// rows yields some rows, each with a line feed.
func (s *snapshot) rows(from, to int) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if from >= to {
			return
		}
		for row := range s.answer.Rows.From(from) {
			if from++; !yield(row) || from == to {
				return
			}
		}
	}
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
func (a *asking) etag(s *snapshot, to int) string {
	h := sha256.New()
	// writing to a hash never fails
	_, _ = fmt.Fprintf(h, "%x %d %s %d %d %s %s", a.id, s.id.position, a.media, a.from, to, a.lang, a.s.Build)
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
