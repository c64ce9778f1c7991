package api

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
)

// whenParams say what a question is asked as of.
var whenParams = []param{
	{name: "asOf", words: text.Say("截至 `DATE`（YYYY-MM-DD，默认为上海当日）", "as of `DATE` (YYYY-MM-DD, default today in Shanghai)"), sort: lists.Day},
	{name: "knownAt", words: text.Say("只计到 `POINT` 为止入账的记录：台账位置、日期（指当日终了）或 RFC 3339 时间", "as known at `POINT`: a position of the ledger, a date (the end of that day) or a time of RFC 3339"), sort: lists.Point},
	{name: "atLeast", words: text.Say("至少到台账 `POSITION` 为止；最多等 5 秒", "of `POSITION` of the ledger or later; waits for it up to 5 seconds"), sort: lists.Count},
}

func centerRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/v1/centers/{id}", name: "center", right: access.ReadLedger,
			short:  text.Say("一个中心：登记事实、状态、经费、未解除的预警", "one center: facts, status, money, open alerts"),
			params: whenParams, gives: []answer{{http.StatusOK, jsonType, desk.Center{}, "the center; ETag is its revision"}}, handle: (*request).center},
	}
}

// when returns what a question is asked as of. Its date is resolved here, once, so that midnight cannot fall between two parts
// of an answer, and told to the client.
func (q *request) when() (w desk.When, err error) {
	w = desk.When{AsOf: q.param("asOf"), KnownAt: q.param("knownAt")}
	now := q.s.Now()
	if err := w.Check(now); err != nil {
		return w, err
	}
	if w.AsOf == "" {
		w.AsOf = events.DateAt(now).String()
	}
	q.w.Header().Set(AsOfHeader, w.AsOf)
	return w, q.reachAtLeast()
}

// reachAtLeast waits until the ledger has reached the position that the request asks for.
func (q *request) reachAtLeast() error {
	if q.param("atLeast") == "" {
		return nil
	}
	position, err := strconv.ParseUint(q.param("atLeast"), 10, 64)
	if err != nil {
		return fail(badRequest, "%q 不是台账位置", "%q is no position of the ledger", q.param("atLeast")).of("atLeast")
	}
	ctx, cancel := context.WithTimeout(q.Context(), reachWait)
	defer cancel()
	err = q.desk.Reaches(ctx, position)
	if text.CodeOf(err) == text.Unavailable && q.Context().Err() == nil {
		return fail(behind, "台账尚未到达位置 %d", "the ledger has not reached the position %d yet", position)
	}
	return err
}

// reachWait is how long a request waits for a position.
var reachWait = 5 * time.Second // a variable for tests

func (q *request) center() error {
	when, err := q.when()
	if err != nil {
		return err
	}
	id := events.CenterID(q.PathValue("id"))
	revision := q.s.Desk.Ledger.Register().Revision(id.Stream()) // before the answer: an ETag that is too new would let a write pass unseen
	c, err := q.desk.Center(q.Context(), when, string(id))
	if err != nil {
		return err
	}
	q.w.Header().Set(PositionHeader, strconv.FormatUint(c.Position, 10))
	if when.KnownAt == "" {
		q.w.Header().Set("ETag", fmt.Sprintf(`"r%d"`, revision))
	}
	return q.json(http.StatusOK, c)
}
