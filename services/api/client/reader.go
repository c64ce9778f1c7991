package client

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/api"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// query returns the parameters of a question.
func query(when desk.When) url.Values {
	q := url.Values{}
	set(q, "asOf", when.AsOf)
	set(q, "knownAt", when.KnownAt)
	return q
}

// set sets a parameter unless its value is empty.
func set(q url.Values, name, value string) {
	if value != "" {
		q.Set(name, value)
	}
}

// read sends a request that may be repeated.
func (c *Client) read(ctx context.Context, path string, query url.Values, accept string) (*answer, error) {
	return c.do(ctx, &call{path: path, query: query, accept: accept, repeat: true})
}

// question returns the parameters of a question for a list.
func question(when desk.When, q lists.Question) url.Values {
	params := query(when)
	for name, value := range q.Params {
		set(params, apiName(name), value)
	}
	return params
}

// List implements desk.Reader.
func (c *Client) List(ctx context.Context, when desk.When, q lists.Question) (*table.Table, error) {
	q, _, err := q.Read()
	if err != nil {
		return nil, err
	}
	a, err := c.read(ctx, pathOf(q.List), question(when, q), table.WholeType)
	if err != nil {
		return nil, inTerms(err)
	}
	defer a.Close()
	t, err := table.ReadWhole(a)
	if err != nil {
		return nil, c.badAnswer(err)
	}
	return t, nil
}

// badAnswer returns the error for an answer that could not be read: that of the connection or, if it is sound,
// that of the content.
func (c *Client) badAnswer(err error) error {
	var own *text.Error
	switch {
	case errors.As(err, &own):
		return own
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return c.unreachable(errCut)
	}
	return c.unreadable(err)
}

// Center implements desk.Reader.
func (c *Client) Center(ctx context.Context, when desk.When, id string) (*desk.Center, error) {
	if id == "" {
		return nil, lists.UnknownCenter("")
	}
	return one[desk.Center](c.read(ctx, pathOf("centers", id), query(when), ""))
}

// lines reads an answer of JSON Lines and calls each with one value at a time. An error of each ends it and is
// returned unchanged.
func lines[T any](a *answer, err error, each func(*T) error) error {
	if err != nil {
		return inTerms(err)
	}
	defer a.Close()
	dec := jsontext.NewDecoder(a)
	for {
		if dec.PeekKind() == 0 { // the end, or an error that the next read returns
			_, err := dec.ReadToken()
			if err == io.EOF {
				return nil
			}
			return a.c.badAnswer(err)
		}
		value := new(T)
		if err := json.UnmarshalDecode(dec, value); err != nil {
			return a.c.badAnswer(err)
		}
		if err := each(value); err != nil {
			return err
		}
	}
}

// storyLine is a line of a story: a chapter, or the end.
type storyLine struct {
	End *desk.Chapter `json:"end"`
	desk.Chapter
}

// Story implements desk.Reader.
func (c *Client) Story(ctx context.Context, when desk.When, id string,
	each func(*desk.Chapter) error) (end *desk.Chapter, err error) {
	if id == "" {
		return nil, lists.UnknownCenter("")
	}
	a, err := c.read(ctx, pathOf("centers", id, "story"), query(when), linesType)
	err = lines(a, err, func(l *storyLine) error {
		switch {
		case end != nil:
			return c.unreadable(errors.New("more follows the end of a story"))
		case l.End != nil:
			end = l.End
			return nil
		}
		return each(&l.Chapter)
	})
	if err == nil && end == nil {
		err = c.unreachable(errCut)
	}
	if err != nil {
		return nil, err
	}
	return end, nil
}

// Explain implements desk.Reader.
func (c *Client) Explain(ctx context.Context, when desk.When, alert desk.AlertName) ([]desk.Explanation, error) {
	q := query(when)
	set(q, "center", alert.Center)
	set(q, "code", alert.Code)
	set(q, "key", alert.Key)
	set(q, "raisedOn", alert.RaisedOn)
	list, err := one[[]desk.Explanation](c.read(ctx, pathOf("explain"), q, ""))
	if err != nil {
		return nil, err
	}
	return *list, nil
}

// Try implements desk.Reader. The records are sent while answers come.
func (c *Client) Try(ctx context.Context, when desk.When, records io.Reader, each func(*desk.Tried) error) error {
	if err := desk.CheckTry(when); err != nil {
		return err
	}
	a, err := c.do(ctx, &call{method: "POST", path: pathOf("try"), query: query(when), accept: linesType,
		media: linesType, once: true, repeat: true,
		body: func() (io.Reader, error) { return records, nil }})
	return lines(a, err, each)
}

// Export implements desk.Reader.
func (c *Client) Export(ctx context.Context, to io.Writer, progress desk.Progress) (count int, err error) {
	a, err := c.read(ctx, pathOf("export"), nil, linesType)
	if err != nil {
		return 0, inTerms(err)
	}
	defer a.Close()
	counted := &counting{to: to, progress: progress, total: a.ContentLength}
	_, err = io.CopyBuffer(counted, a, make([]byte, copyBytes))
	return counted.lines, err
}

const copyBytes = 64 << 10

// counting counts the lines that are written through it.
type counting struct {
	to       io.Writer
	lines    int
	bytes    int64
	total    int64
	progress desk.Progress
}

func (w *counting) Write(p []byte) (int, error) {
	n, err := w.to.Write(p)
	for _, b := range p[:n] {
		if b == '\n' {
			w.lines++
		}
	}
	w.bytes += int64(n)
	if w.progress != nil {
		w.progress(w.bytes, w.total)
	}
	return n, err
}

// Position implements desk.Reader: the position of the latest answer, 0 before the first.
func (c *Client) Position() uint64 { return c.position.Load() }

// Reaches implements desk.Reader.
func (c *Client) Reaches(ctx context.Context, position uint64) error {
	for {
		a, err := c.read(ctx, pathOf("policies"), url.Values{"atLeast": {strconv.FormatUint(position, 10)}}, "")
		if err == nil {
			a.Close()
			return nil
		}
		var no *refusal
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			return text.Errorf(text.Unavailable, "台账尚未到达位置 %d",
				"the ledger has not reached the position %d yet", position)
		case !errors.As(err, &no) || no.Type != "/problems/behind":
			return inTerms(err)
		}
	}
}

// eventsPiece is the number of events that one request asks for.
const eventsPiece = 1000

// Events implements desk.Reader.
func (c *Client) Events(ctx context.Context, after uint64, limit int, of string,
	each func(*events.Stored) error) error {
	for upTo := uint64(0); limit > 0; {
		n := min(limit, eventsPiece)
		q := url.Values{"after": {strconv.FormatUint(after, 10)}, "limit": {strconv.Itoa(n)}}
		set(q, "center", of)
		a, err := c.read(ctx, pathOf("events"), q, linesType)
		if err != nil {
			return inTerms(err)
		}
		if upTo == 0 { // later events do not belong to the answer
			upTo = c.Position()
		}
		more := a.Header.Get("Link") != ""
		read, err := c.storedLines(a, func(s *events.Stored) error {
			after = s.Position
			if s.Position > upTo {
				more = false
				return nil
			}
			limit--
			return each(s)
		})
		if err != nil || !more || read == 0 {
			return err
		}
	}
	return nil
}

// storedLines reads an answer of stored lines.
func (c *Client) storedLines(a *answer, each func(*events.Stored) error) (read int, err error) {
	defer a.Close()
	parser := events.NewLineParser()
	from := bufio.NewReaderSize(a, copyBytes)
	var long []byte
	for ; ; read++ {
		line, err := from.ReadSlice('\n')
		if err == bufio.ErrBufferFull {
			if long, err = readLong(from, append(long[:0], line...)); err == nil {
				line = long
			}
		}
		switch {
		case err == io.EOF && len(line) == 0:
			return read, nil
		case err == io.EOF:
			return read, c.unreachable(errCut)
		case err != nil:
			return read, c.badAnswer(err)
		}
		s, bad := parser.Parse(line[:len(line)-1])
		if bad != "" {
			return read, c.unreadable(fmt.Errorf("a stored line with a wrong %s", bad))
		}
		if err := each(&s); err != nil {
			return read, err
		}
	}
}

// lineBytesMax is the largest size of a stored line: of an event with the longest body and the values added by the
// ledger.
const lineBytesMax = events.BodyBytesMax + 4<<10

// readLong reads the rest of a long line.
func readLong(from *bufio.Reader, line []byte) ([]byte, error) {
	for {
		part, err := from.ReadSlice('\n')
		line = append(line, part...)
		if err != bufio.ErrBufferFull {
			return line, err
		}
		if len(line) > lineBytesMax {
			return nil, errLong
		}
	}
}

// Follow implements desk.Reader. It continues after a lost connection and after a restart of the server.
func (c *Client) Follow(ctx context.Context, after uint64, each func(*events.Stored) error) error {
	for {
		err := c.Events(ctx, after, 1<<30, "", func(s *events.Stored) error {
			after = s.Position
			return each(s)
		})
		if err != nil {
			return err
		}
		if err := c.awaitMore(ctx, after); err != nil {
			return err
		}
	}
}

// awaitMore waits until the server has events after a position.
func (c *Client) awaitMore(ctx context.Context, after uint64) error {
	a, err := c.do(ctx, &call{path: pathOf("stream"), accept: "text/event-stream", repeat: true,
		head: map[string]string{"Last-Event-ID": strconv.FormatUint(after, 10)}})
	if err != nil {
		return inTerms(err)
	}
	defer a.Close()
	scan := bufio.NewScanner(a)
	scan.Buffer(nil, lineBytesMax)
	for scan.Scan() {
		name, value, _ := strings.Cut(scan.Text(), ": ")
		position, err := strconv.ParseUint(value, 10, 64)
		if name == "event" && value == "reset" || name == "id" && err == nil && position > after {
			return nil
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	timer := time.NewTimer(waitMin) // the connection was lost; the next request shows whether the server is back
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// Entry implements desk.Reader.
func (c *Client) Entry(ctx context.Context, center, id string) (*desk.HistoryEntry, error) {
	if center == "" {
		return nil, lists.UnknownCenter("")
	}
	return one[desk.HistoryEntry](c.read(ctx, pathOf("centers", center, "records", id), nil, ""))
}

// Policies implements desk.Reader.
func (c *Client) Policies(ctx context.Context, when desk.When) (*desk.Policies, error) {
	index, err := one[desk.PolicyIndex](c.read(ctx, pathOf("policies"), query(when), ""))
	if err != nil {
		return nil, err
	}
	return index.Policies(func(ref events.PolicyRef) ([]byte, error) {
		a, err := c.read(ctx, pathOf("policies", ref.ID, ref.Version), nil, "*/*")
		if err != nil {
			return nil, inTerms(err)
		}
		defer a.Close()
		return io.ReadAll(io.LimitReader(a, desk.PolicyBytesMax+1))
	})
}

// Report implements desk.Reader.
func (c *Client) Report(ctx context.Context, when desk.When, r desk.ReportRequest,
	to io.Writer) (*desk.ReportMade, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	var err error
	if r.Question, _, err = r.Question.Read(); err != nil {
		return nil, err
	}
	q := question(when, r.Question)
	q.Set("lang", r.Lang)
	switch {
	case strings.EqualFold(filepath.Ext(r.Name), ".xlsx"): // a workbook needs no variant for Excel
		q.Set("format", "xlsx")
	case r.ForExcel:
		q.Set("forExcel", "true")
		fallthrough
	default:
		q.Set("format", "csv")
	}
	a, err := c.read(ctx, pathOf(r.Question.List), q, "*/*")
	if err != nil {
		return nil, inTerms(err)
	}
	defer a.Close()
	rows, err := strconv.Atoi(a.Header.Get(api.RowsHeader))
	if err != nil {
		return nil, c.unreadable(err)
	}
	position, err := strconv.ParseUint(a.Header.Get(api.PositionHeader), 10, 64)
	if err != nil {
		return nil, c.unreadable(err)
	}
	_, err = io.CopyBuffer(onlyWriter{to}, a, make([]byte, copyBytes))
	return &desk.ReportMade{Rows: rows, Position: position}, err
}

// onlyWriter hides the ReadFrom of a file, which would report errors of reading as its own.
type onlyWriter struct{ io.Writer }

// Yearly implements desk.Reader.
func (c *Client) Yearly(ctx context.Context, when desk.When, r desk.YearlyRequest, to io.Writer) error {
	if err := r.Check(); err != nil {
		return err
	}
	q := query(when)
	q.Set("year", strconv.Itoa(r.Year))
	q.Set("unit", r.Unit)
	q.Set("lang", r.Lang)
	set(q, "center", r.Center)
	a, err := c.read(ctx, pathOf("yearly"), q, "text/html")
	if err != nil {
		return inTerms(err)
	}
	defer a.Close()
	_, err = io.CopyBuffer(onlyWriter{to}, a, make([]byte, copyBytes))
	return err
}

// Reproduce implements desk.Reader.
func (c *Client) Reproduce(ctx context.Context, file desk.Upload) (*desk.Reproduced, error) {
	return one[desk.Reproduced](
		c.do(ctx, &call{method: "POST", path: pathOf("reproduce"), query: url.Values{"name": {file.Name}},
			media: "application/octet-stream", repeat: true,
			bytes: file.Bytes, body: func() (io.Reader, error) {
				return io.NewSectionReader(file.Content, 0, file.Bytes), nil
			}}))
}

// Checkpoint implements desk.Reader.
func (c *Client) Checkpoint(ctx context.Context) (*desk.Checkpoint, error) {
	return one[desk.Checkpoint](c.read(ctx, pathOf("checkpoint"), nil, ""))
}

// Receipt implements desk.Reader.
func (c *Client) Receipt(ctx context.Context, r desk.ReceiptRequest) (*desk.Receipt, error) {
	if r.Center == "" {
		return one[desk.Receipt](c.read(ctx, pathOf("receipts", strconv.FormatUint(r.Position, 10)), nil, ""))
	}
	return one[desk.Receipt](c.read(ctx, pathOf("centers", r.Center, "records", r.Record, "receipt"), nil, ""))
}
