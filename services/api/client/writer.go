package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/api"
	"github.com/taizhang/taizhang/services/desk"
)

// Record implements desk.Writer. The draft needs an id: with it, the record is written once even if it is sent
// several times. By may be left out; the server then fills in the role and the name of the account.
func (c *Client) Record(ctx context.Context, d desk.Draft) (*desk.RecordAnswer, error) {
	if err := d.Check(); err != nil && d.By != (desk.DraftBy{}) {
		return nil, err
	}
	done, err := c.Batch(ctx, desk.Batch{Drafts: []desk.Draft{d}, Moves: d.Moves})
	var no *desk.BatchRefusal
	switch {
	case errors.As(err, &no):
		refusal := &desk.Refusal{Reused: no.Reused}
		for _, r := range no.Refused {
			refusal.Breaches = append(refusal.Breaches, r.Reasons...)
		}
		return nil, refusal
	case err != nil:
		return nil, err
	case len(done.Results) != 1:
		return nil, c.unreadable(fmt.Errorf("%d results for one record", len(done.Results)))
	}
	done.Results[0].Moved(done.Moves, done.AsOf)
	return &done.Results[0], nil
}

// Batch implements desk.Writer.
func (c *Client) Batch(ctx context.Context, b desk.Batch) (*desk.BatchAnswer, error) {
	body, err := json.Marshal(b.Drafts, jsontext.AllowDuplicateNames(true)) // the server names the duplicate member
	if err != nil {
		return nil, text.Errorf(text.Invalid, "记录不是有效的 JSON 或 UTF-8", "a record is not valid JSON or UTF-8")
	}
	q := &call{method: http.MethodPost, path: pathOf("records"), query: url.Values{}, media: jsonType,
		body: content(body), bytes: int64(len(body)), repeat: true}
	if b.DryRun {
		q.query.Set("dryRun", "true")
	}
	if b.Moves {
		q.query.Set("moves", "true")
	}
	if b.IfRevision != nil {
		q.head = map[string]string{"If-Match": fmt.Sprintf(`"r%d"`, *b.IfRevision)}
	}
	a, err := c.do(ctx, q)
	var no *refusal
	if errors.As(err, &no) && no.Revision != nil && b.IfRevision != nil {
		return nil, &desk.RevisionError{Center: events.CenterID(b.Drafts[0].Center), Expected: *b.IfRevision,
			Actual: *no.Revision, Missed: no.Missed}
	}
	return one[desk.BatchAnswer](a, err)
}

// Seal implements desk.Writer. If nothing was written since the newest checkpoint, another one is not made, so the
// request may be repeated.
func (c *Client) Seal(ctx context.Context) (*desk.Sealed, error) {
	return one[desk.Sealed](c.do(ctx, &call{method: http.MethodPost, path: pathOf("checkpoint"), repeat: true}))
}

// Import implements desk.Writer. It uploads the files and, when the import has ended, fetches the bad lines and
// the marked copies. If ctx ends before, the server continues with what it has received.
func (c *Client) Import(ctx context.Context, r desk.ImportRequest) (*desk.Imported, error) {
	state, err := c.startImport(ctx, &r)
	for err == nil && state.State != importDone && state.State != importFailed {
		if r.Progress != nil && state.Total > 0 {
			r.Progress(state.Done, state.Total)
		}
		state, err = one[importState](
			c.read(ctx, pathOf("imports", state.ID), url.Values{"wait": {strconv.Itoa(importWaitSeconds)}}, ""))
	}
	if err != nil {
		return nil, err
	}
	if state.BadTotal > 0 && r.Bad != nil {
		a, err := c.read(ctx, pathOf("imports", state.ID, "bad"), nil, linesType)
		if err := lines(a, err, func(b *desk.BadLine) error { r.Bad(*b); return nil }); err != nil {
			return nil, err
		}
	}
	if state.Rows > 0 && r.Judged != nil {
		a, err := c.read(ctx, pathOf("imports", state.ID, "rows"), nil, linesType)
		if err := lines(a, err, func(j *desk.JudgedRecord) error { r.Judged(*j); return nil }); err != nil {
			return nil, err
		}
	}
	switch {
	case state.Problem != nil && state.Problem.Code != "":
		err = inTerms(&refusal{*state.Problem})
	case state.State == importFailed:
		err = text.Errorf(text.Internal, "导入失败", "the import failed")
	}
	if state.Result == nil {
		return nil, err
	}
	if state.Marked && r.Marked != nil && err == nil {
		err = c.fetchMarked(ctx, state.ID, r.Marked)
		state.Result.Marked = err == nil
	}
	return state.Result, err
}

// importState is the state of an import.
type importState struct {
	ID       string              `json:"id"`
	State    string              `json:"state"`
	Done     int64               `json:"done"`
	Total    int64               `json:"total"`
	Result   *desk.Imported      `json:"result"` // when it is done, or if it failed after it had written records
	BadTotal int                 `json:"badTotal"`
	Rows     int                 `json:"rows"`
	Marked   bool                `json:"marked"`  // there are copies of the bad sheets
	Problem  *api.ProblemDetails `json:"problem"` // why it failed, or what failed after it was written
}

// These are the states in which an import has ended, and how long a request waits for the next state.
const (
	importDone        = "done"
	importFailed      = "failed"
	importWaitSeconds = 20
)

// startImport uploads the files of an import.
func (c *Client) startImport(ctx context.Context, r *desk.ImportRequest) (*importState, error) {
	q := url.Values{}
	set(q, "actor", r.Sheets.Actor)
	set(q, "role", r.Sheets.Role)
	set(q, "mode", r.Sheets.Mode)
	set(q, "doc", r.Sheets.Doc)
	for name, is := range map[string]bool{"acceptGood": r.AcceptGood, "again": r.Again, "dryRun": r.DryRun} {
		if is {
			q.Set(name, "true")
		}
	}
	if r.Marked != nil {
		q.Set("marked", "true")
		q.Set("lang", r.Marked.Lang)
	}
	boundary := multipart.NewWriter(io.Discard).Boundary()
	return one[importState](
		c.do(ctx, &call{method: http.MethodPost, path: pathOf("imports"), query: q,
			media: "multipart/form-data; boundary=" + boundary,
			body:  func() (io.Reader, error) { return uploading(r.Files, boundary) }}))
}

// uploading returns files as a form, which it streams.
func uploading(files []desk.Upload, boundary string) (io.Reader, error) {
	var parts []io.Reader
	var head strings.Builder
	w := multipart.NewWriter(&head)
	if err := w.SetBoundary(boundary); err != nil {
		return nil, err
	}
	for _, f := range files {
		if _, err := w.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {
				mime.FormatMediaType("form-data",
					map[string]string{"name": "file", "filename": f.Name})}}); err != nil {
			return nil, err
		}
		parts = append(parts, strings.NewReader(head.String()), io.NewSectionReader(f.Content, 0, f.Bytes))
		head.Reset()
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return io.MultiReader(append(parts, strings.NewReader(head.String()))...), nil
}

// fetchMarked writes the copies of bad sheets.
func (c *Client) fetchMarked(ctx context.Context, id string, to *desk.MarkedTo) error {
	a, err := c.read(ctx, pathOf("imports", id, "marked.xlsx"), nil, "*/*")
	if err != nil {
		return inTerms(err)
	}
	defer a.Close()
	return to.Create(func(w io.Writer) error {
		_, err := io.CopyBuffer(onlyWriter{w}, a, make([]byte, copyBytes))
		return err
	})
}
