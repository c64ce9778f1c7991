package api

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/imports"
	"github.com/taizhang/taizhang/services/lists"
)

// These are the limits on the upload of an import.
const (
	importBytesMax    = 256 << 20
	importWaitMax     = 30 * time.Second
	importsPath       = "/v1/imports/"
	uploadField       = "file" // of multipart/form-data
	multipartType     = "multipart/form-data"
	retryAfterBusySec = "30"
)

// ImportState is the progress of an import, and the problem for which it failed.
type ImportState struct {
	imports.Progress
	Problem *ProblemDetails `json:"problem,omitzero"`
}

func importRoutes() []route {
	choice := func(name string, values text.Vocabulary[string], zh, en string) param {
		return param{name: name, words: text.Text{Zh: zh, En: en}, sort: lists.Choice, values: values}
	}
	free := func(name, zh, en string) param {
		return param{name: name, words: text.Text{Zh: zh, En: en}, sort: lists.AnyText}
	}
	flag := func(name, zh, en string) param {
		return param{name: name, words: text.Text{Zh: zh, En: en}, sort: lists.Flag}
	}
	wait := param{name: "wait", words: text.Say("最多等 `SECONDS` 秒（至多 30），直到状态或进度有变化",
		"hold the answer up to `SECONDS`, at most 30, until the state or the progress changes"), sort: lists.Count}
	return []route{
		{method: http.MethodPost, path: "/v1/imports", name: "import", right: access.Bring, limit: importBytesMax,
			handle: (*request).importFiles,
			short: text.Say("导入文件：JSON Lines 或表格，可含多个中心",
				"import files: JSON Lines or sheets, of any centers"),
			params: []param{
				free("name", "直接作为请求内容上传时的文件名", "the name of the file, if the body is the file itself"),
				flag("acceptGood", "有错误的记录时仍写入其余记录",
					"write the good records although there are bad ones"),
				free("actor", "表格由谁经办", "who answers for the sheets"),
				free("role", "填表的角色", "the role that fills in the sheets"),
				choice("mode", events.Modes.Strings(), "表格的模式", "the mode of the sheets"),
				free("doc", "补录所依据的发文字号", "the document that record mode rests on"),
				flag("again", "与已作废记录相同的行，按下一个号重新入账",
					"take a row that is equal to a voided record again, under the next number"),
				flag("marked", "有错误的表格另存一份，标出错误的单元格",
					"make copies of bad sheets with the bad cells marked"),
				dryRunParam},
			takes: []body{{multipartType, nil}, {linesType, nil}, {xlsxType, nil}, {csvType, nil}, {octetsType, nil}},
			gives: []answer{{http.StatusAccepted, jsonType, ImportState{},
				"the import waits for its turn; Location is where it can be asked for"}}},
		{method: http.MethodGet, path: importsPath + "{id}", name: "importState", right: access.Bring,
			handle: (*request).importState,
			short: text.Say("一次导入的进度和结果，保留 24 小时",
				"the progress and the result of an import, kept for 24 hours"), params: []param{wait},
			gives: []answer{{http.StatusOK, jsonType, ImportState{}, "the state of the import"}}},
		{method: http.MethodGet, path: importsPath + "{id}/bad", name: "importBad", right: access.Bring,
			handle: (*request).importBad,
			short: text.Say("一次导入中有错误的行，至多 64 MiB",
				"the bad lines and rows of an import, up to 64 MiB of them"),
			gives: []answer{{http.StatusOK, linesType, desk.BadLine{}, "the bad lines, one a line"}}},
		{method: http.MethodGet, path: importsPath + "{id}/rows", name: "importRows", right: access.Bring,
			handle: (*request).importRows,
			short: text.Say("试算表格时每条记录的结果，至多 64 MiB",
				"the answers of a dry run to the records of the sheets, up to 64 MiB of them"),
			gives: []answer{{http.StatusOK, linesType, desk.JudgedRecord{},
				"one answer a line, in the order in which they were judged; empty unless it was a dry run"}}},
		{method: http.MethodGet, path: importsPath + "{id}/" + imports.MarkedCopies, name: "importMarked", right: access.Bring,
			handle: (*request).importMarked,
			short:  text.Say("标出错误单元格的表格", "copies of the bad sheets with the bad cells marked"),
			gives:  []answer{{http.StatusOK, xlsxType, nil, "the workbook"}}},
	}
}

// importFiles handles POST /v1/imports. It stores the upload in files, and reads them only when the upload is
// complete.
func (q *request) importFiles() error {
	x, err := q.s.Imports.Open(q.who)
	if err != nil {
		q.w.Header().Set("Retry-After", retryAfterBusySec)
		if errors.Is(err, imports.ErrPlaces) {
			err = &failure{tooMany, imports.ErrPlaces}
		}
		return err
	}
	if err := q.upload(x); err != nil {
		q.s.Imports.Drop(x)
		return err
	}
	o := imports.Order{Desk: q.desk, AcceptGood: q.param("acceptGood") != "", Again: q.param("again") != "",
		DryRun: q.param(dryRunParam.name) != "", Request: q.id,
		Sheets: desk.SheetTerms{Actor: q.param("actor"), Role: q.param("role"), Mode: q.param("mode"),
			Doc: q.param("doc")}}
	if q.param("marked") != "" {
		o.Marked = q.lang
	}
	state, err := q.s.Imports.Start(x, o)
	if err != nil {
		return err
	}
	q.w.Header().Set("Location", importsPath+state.ID)
	return q.json(http.StatusAccepted, ImportState{Progress: state})
}

// importStateOf returns the state of an import with its problem. The problem has the id of the request that started
// the import, under which the log has the cause, and clips what that request gave.
func (q *request) importStateOf(state imports.Progress) ImportState {
	s := ImportState{Progress: state}
	if state.Err != nil {
		started := *q
		started.id = state.Request
		started.given = map[string]string{"actor": state.Sheets.Actor, "role": state.Sheets.Role,
			"mode": state.Sheets.Mode, "doc": state.Sheets.Doc}
		s.Problem = problemOf(state.Err, &started)
	}
	return s
}

// upload reads the files of a request: the parts of a form, or the body as one file.
func (q *request) upload(x *imports.Job) error {
	media, params, err := mime.ParseMediaType(q.Header.Get("Content-Type"))
	if err != nil {
		return fail(unsupportedType, "须有内容类型", "the type of the content must be given")
	}
	switch media {
	case multipartType:
		return q.uploadParts(x, params["boundary"])
	case linesType, otherNames[linesType], xlsxType, csvType, octetsType:
		name := q.param("name")
		if name == "" {
			return fail(badRequest, "须给出文件名", "the name of the file must be given").of("name")
		}
		return addFile(x, name, q.Body)
	}
	return fail(unsupportedType, "须为 multipart/form-data，或 JSON Lines、xlsx、csv 文件本身",
		"must be multipart/form-data, or a file of JSON Lines, xlsx or csv itself")
}

func (q *request) uploadParts(x *imports.Job, boundary string) error {
	if q.param("name") != "" {
		return fail(badRequest, "只用于直接上传一个文件", "is for a body that is the file itself").of("name")
	}
	if boundary == "" {
		return fail(badRequest, "multipart/form-data 须有 boundary", "multipart/form-data must have a boundary")
	}
	parts := multipart.NewReader(q.Body, boundary)
	for {
		part, err := parts.NextRawPart()
		switch {
		case err == io.EOF && x.FileCount() == 0:
			return fail(badRequest, "没有文件：字段应名为 %s", "there is no file: the field must be named %s",
				uploadField)
		case err == io.EOF:
			return nil
		case err != nil:
			return bodyError(err)
		case part.FormName() != uploadField || partFileName(part) == "":
			return fail(badRequest, "每个字段都应是名为 %s 的文件；其余放在问号后的参数中",
				"every field must be a file named %s; everything else is a parameter after the question mark",
				uploadField)
		}
		if err := addFile(x, partFileName(part), part); err != nil {
			return err
		}
	}
}

// partFileName returns the name of a file as the client sent it, with its folders. Messages name the file by it;
// it is never used as a path.
func partFileName(part *multipart.Part) string {
	// a part without a name is refused later
	_, params, _ := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	return params["filename"]
}

// addFile adds one uploaded file to an import.
func addFile(x *imports.Job, name string, content io.Reader) error {
	err := x.Add(name, readErrors{content})
	var read *readError
	if errors.As(err, &read) {
		return bodyError(read.cause)
	}
	return err
}

// readErrors marks errors of reading, which are faults of the client; errors of writing are not.
type readErrors struct{ io.Reader }

type readError struct{ cause error }

func (e *readError) Error() string { return e.cause.Error() }

// Read implements io.Reader.
func (r readErrors) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && err != io.EOF {
		err = &readError{err}
	}
	return n, err
}

// ownImport returns the import in the address of a request. The import of another account is reported as not
// found, and the access log has the attempt.
func (q *request) ownImport() (*imports.Job, error) {
	x, err := q.s.Imports.Find(q.PathValue("id"), q.who.Account)
	if err != nil {
		q.s.Access.NoteDenied(q.who, q.plan.right, q.URL.Path)
	}
	return x, err
}

func (q *request) importState() error {
	x, err := q.ownImport()
	if err != nil {
		return err
	}
	wait, err := q.waitTime()
	if err != nil {
		return err
	}
	return q.json(http.StatusOK, q.importStateOf(q.s.Imports.Wait(q.Context(), x, wait)))
}

func (q *request) waitTime() (time.Duration, error) {
	if q.param("wait") == "" {
		return 0, nil
	}
	seconds, err := strconv.ParseUint(q.param("wait"), 10, 16)
	wait := time.Duration(seconds) * time.Second
	if err != nil || wait > importWaitMax {
		return 0, fail(badRequest, "应为 0 至 %d 的整数", "must be a whole number from 0 to %d",
			int(importWaitMax.Seconds())).of("wait")
	}
	return wait, nil
}

func (q *request) importBad() error    { return q.importResult(imports.BadLines, linesType) }
func (q *request) importRows() error   { return q.importResult(imports.JudgedRows, linesType) }
func (q *request) importMarked() error { return q.importResult(imports.MarkedCopies, xlsxType) }

// importResult answers with a file of the results of an import.
func (q *request) importResult(name, media string) error {
	x, err := q.ownImport()
	if err != nil {
		return err
	}
	f, err := x.Result(name)
	if err != nil {
		return err
	}
	defer f.Close() // harmless: the file was only read
	to := q.stream(media)
	if strings.HasSuffix(name, ".xlsx") {
		q.w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	}
	q.w.WriteHeader(http.StatusOK) // needed for an empty file
	_, err = io.Copy(to, f)
	return err
}
