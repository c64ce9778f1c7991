package api

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/lists"
)

// These are the limits on one answer of GET /v1/events. A line longer than eventsBytesMax is an answer of its own.
const (
	eventsDefault  = 1000
	eventsMax      = 10_000
	eventsBytesMax = 4 << 20
)

func eventRoutes() []route {
	return []route{{method: http.MethodGet, path: "/v1/events", name: "events", right: access.ReadLedger,
		handle: (*request).events,
		short:  text.Say("全部记录，逐行，与入账时一字不差", "all records, line by line, as they are stored"),
		params: []param{
			{name: "after", words: text.Say("只要台账 `POSITION` 之后的记录",
				"the records after `POSITION` of the ledger"), sort: lists.Count},
			{name: "limit", words: text.Say("最多 `N` 行（默认 1000，至多 10000）",
				"at most `N` lines (default 1000, at most 10000)"), sort: lists.Count},
			{name: "center", words: text.Say("只要此中心的记录", "the records of one center"), sort: lists.AnyText},
			whenParams[2]},
		gives: []answer{{http.StatusOK, linesType, nil,
			"stored lines in order; Link rel=next leads to those after them, if there are more now"}}}}
}

// errFull ends a page of events.
var errFull = errors.New("api: the page is full")

// events handles GET /v1/events.
func (q *request) events() error {
	after, err := q.count("after", 0, ^uint64(0)>>1)
	if err != nil {
		return err
	}
	limit, err := q.count("limit", eventsDefault, eventsMax)
	if err != nil {
		return err
	}
	if limit == 0 {
		return fail(badRequest, "至少为 1", "must be at least 1").of("limit")
	}
	if err := q.reachAtLeast(); err != nil {
		return err
	}
	var page []byte
	var lines, last uint64
	position := q.desk.Position() // the page ends at the position of now
	err = q.desk.Events(q.Context(), after, int(limit)+1, q.param("center"), func(s *events.Stored) error {
		if s.Position > position || lines == limit || lines > 0 && len(page)+len(s.Bytes) > eventsBytesMax {
			return errFull
		}
		page = append(append(page, s.Bytes...), '\n')
		lines, last = lines+1, s.Position
		return nil
	})
	full := errors.Is(err, errFull)
	if err != nil && !full {
		return err
	}
	h := q.w.Header()
	h.Set(PositionHeader, strconv.FormatUint(position, 10))
	if full && last < position {
		next := url.Values{"after": {strconv.FormatUint(last, 10)}, "limit": {strconv.FormatUint(limit, 10)}}
		if center := q.param("center"); center != "" {
			next.Set("center", center)
		}
		h.Set("Link", fmt.Sprintf(`</v1/events?%s>; rel="next"`, next.Encode()))
	}
	return q.send(http.StatusOK, linesType, page)
}

// count returns a parameter that is a whole number of at most most, or otherwise if it is not given.
func (q *request) count(name string, otherwise, most uint64) (uint64, error) {
	given := q.param(name)
	if given == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseUint(given, 10, 64)
	if err != nil || n > most {
		return 0, fail(badRequest, "%q 应为 0 至 %d 的整数", "%q must be a whole number from 0 to %d", given,
			most).of(name)
	}
	return n, nil
}
