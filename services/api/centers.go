package api

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
)

// whenParams are the parameters for the date and the state of knowledge of a question.
var whenParams = []param{
	{name: "asOf", words: text.Say("截至 `DATE`（YYYY-MM-DD，默认为上海当日）",
		"as of `DATE` (YYYY-MM-DD, default today in Shanghai)"), sort: lists.Day},
	{name: "knownAt", words: text.Say("只计到 `POINT` 为止入账的记录：台账位置、日期（指当日终了）或 RFC 3339 时间",
		"as known at `POINT`: a position of the ledger, a date (the end of that day) or a time of RFC 3339"),
		sort: lists.Point},
	atLeastParam,
}

var atLeastParam = param{
	name: "atLeast", words: text.Say("至少到台账 `POSITION` 为止；最多等 5 秒",
		"of `POSITION` of the ledger or later; waits for it up to 5 seconds"), sort: lists.Count}

func centerRoutes() []route {
	get := func(path, name string, short text.Text, params []param, handle func(*request) error,
		gives ...answer) route {
		return route{method: http.MethodGet, path: path, name: name, right: access.ReadLedger, short: short,
			params: params, gives: gives, handle: handle}
	}
	return []route{
		get("/v1/centers/{id}", "center",
			text.Say("一个中心：登记事实、状态、经费、未解除的预警", "one center: facts, status, money, open alerts"),
			whenParams, (*request).center,
			answer{http.StatusOK, jsonType, desk.Center{}, "the center; ETag is its revision, for If-Match"}),
		get("/v1/centers/{id}/history", "history",
			text.Say("一个中心的全部记录，逐行，与入账时一字不差",
				"all records of one center, line by line, as they are stored"),
			[]param{
				{name: "after", words: text.Say("只要台账 `POSITION` 之后的记录",
					"the records after `POSITION` of the ledger"), sort: lists.Count}, atLeastParam},
			(*request).history,
			answer{http.StatusOK, linesType, nil, "the stored lines, whose bytes are what is hashed"}),
		get("/v1/centers/{id}/story", "story",
			text.Say("逐条列出一个中心的全部记录：每条改变了什么",
				"replay a center's whole history: what each event changed"), whenParams, (*request).story,
			answer{http.StatusOK, linesType, desk.Chapter{},
				"a chapter a line; the last line is {\"end\": chapter}, without which the answer is not whole"}),
		get("/v1/centers/{id}/records/{record}", "entry", text.Say("一个中心的一条记录", "one record of a center"),
			[]param{atLeastParam}, (*request).entry,
			answer{http.StatusOK, jsonType, desk.HistoryEntry{}, "the record with what the ledger added to it"}),
		get("/v1/centers/{id}/alerts/{code}/{key}/{raisedOn}", "alert",
			text.Say("一条预警：规则、原文、数字、依据的记录、如何解除",
				"one alert: rule, words, figures, the events behind it, what clears it"), whenParams, (*request).alert,
			answer{http.StatusOK, jsonType, desk.Explanation{}, "the alert; the center - is that of the policies, " +
				"the key - is none, and x before base32 is any other text"}),
		get("/v1/explain", "explain",
			text.Say("说明预警：规则、原文、数字、依据的记录、如何解除",
				"explain alerts: rule, words, figures, the events behind them, what clears them"), append([]param{
				{name: "center", words: text.Say("中心编号 `ID`；办法参数的预警没有中心",
					"`ID` of a center; an alert of the policies has none"), sort: lists.CenterID},
				{name: "code", words: text.Say("预警代码 `CODE`，如 AL-EXE-02", "alert `CODE`, such as AL-EXE-02"),
					sort: lists.AlertCode, must: true},
				{name: "key", words: text.Say("对象 `KEY`（默认全部）", "`KEY` that it is about (default all)")},
				{name: "raisedOn", words: text.Say("发生 `DATE`（默认全部）",
					"`DATE` on which it was raised (default all)"), sort: lists.Day}}, whenParams...),
			(*request).explain,
			answer{http.StatusOK, jsonType, []desk.Explanation{}, "the alerts of that name, at least one"}),
	}
}

// when returns the date and the state of knowledge of a question. It fixes the date once, so that all parts of an
// answer have the same date even around midnight, and sends it to the client in a header.
func (q *request) when() (w desk.When, err error) {
	w = desk.When{AsOf: q.param("asOf"), KnownAt: q.param("knownAt")}
	now := q.s.Now()
	if w, err = w.Read(now); err != nil {
		return w, err
	}
	if w.AsOf == "" {
		w.AsOf = events.DateAt(now).String()
	}
	q.w.Header().Set(AsOfHeader, w.AsOf)
	if position, err := strconv.ParseUint(w.KnownAt, 10, 64); err == nil {
		q.setPosition(position)
	}
	return w, q.reachAtLeast()
}

// reachAtLeast waits until answers include the position that the request asks for.
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
	id := events.ParseCenter(q.PathValue("id"))
	// read before the answer: a newer ETag would let a write miss an event
	revision := q.s.Desk.Ledger.Register().Revision(id.Stream())
	c, err := q.desk.Center(q.Context(), when, string(id))
	if err != nil {
		return err
	}
	q.setPosition(c.Position)
	if when.KnownAt == "" {
		q.w.Header().Set("ETag", fmt.Sprintf(`"r%d"`, revision))
	}
	return q.json(http.StatusOK, c)
}

// setPosition sends the position of the ledger that the answer is based on.
func (q *request) setPosition(position uint64) {
	q.w.Header().Set(PositionHeader, strconv.FormatUint(position, 10))
}

// historyBatch is the number of events read at a time.
const historyBatch = 10_000

func (q *request) history() error {
	after := uint64(0)
	if given := q.param("after"); given != "" {
		var err error
		if after, err = strconv.ParseUint(given, 10, 64); err != nil {
			return fail(badRequest, "%q 不是台账位置", "%q is no position of the ledger", given).of("after")
		}
	}
	if err := q.reachAtLeast(); err != nil {
		return err
	}
	position := q.desk.Position() // later events do not belong to the answer
	q.setPosition(position)
	to := bufio.NewWriter(q.stream(linesType))
	for more := true; more; {
		read := 0
		err := q.desk.Events(q.Context(), after, historyBatch, q.PathValue("id"), func(e *events.Stored) error {
			if e.Position > position {
				more = false
				return nil
			}
			read, after = read+1, e.Position
			_, _ = to.Write(e.Bytes) // WriteByte returns the error of the writer
			return to.WriteByte('\n')
		})
		if err != nil {
			return err
		}
		more = more && read == historyBatch
	}
	return to.Flush()
}

// storyEnd is the last line of a story.
type storyEnd struct {
	End *desk.Chapter `json:"end"`
}

func (q *request) story() error {
	when, err := q.when()
	if err != nil {
		return err
	}
	to := q.stream(linesType)
	end, err := q.desk.Story(q.Context(), when, q.PathValue("id"), func(c *desk.Chapter) error {
		return writeLine(to, c)
	})
	if err != nil {
		return err
	}
	return writeLine(to, storyEnd{end})
}

// writeLine writes a value as one line of JSON.
func writeLine(to io.Writer, value any) error {
	line, err := json.Marshal(value)
	if err != nil {
		return err
	}
	_, err = to.Write(append(line, '\n'))
	return err
}

func (q *request) entry() error {
	if err := q.reachAtLeast(); err != nil {
		return err
	}
	e, err := q.desk.Entry(q.Context(), q.PathValue("id"), q.PathValue("record"))
	if err != nil {
		return err
	}
	return q.json(http.StatusOK, e)
}

func (q *request) explain() error {
	return q.explained(desk.AlertName{Center: q.param("center"), Code: q.param("code"), Key: q.param("key"),
		RaisedOn: q.param("raisedOn")},
		func(list []desk.Explanation) error { return q.json(http.StatusOK, list) })
}

// alert answers with one alert. Its address has the complete name.
func (q *request) alert() error {
	name := desk.AlertName{Center: q.PathValue("id"), Code: q.PathValue("code"), RaisedOn: q.PathValue("raisedOn")}
	if name.Center == "-" {
		name.Center = ""
	}
	notThere := fail(notFound, "没有这样的预警", "there is no such alert")
	var ok bool
	if name.Key, ok = desk.ParseKeyToken(q.PathValue("key")); !ok {
		return notThere
	}
	if _, err := events.ReadDate(name.RaisedOn); err != nil {
		return notThere
	}
	return q.explained(name, func(list []desk.Explanation) error {
		for i := range list { // Explain returns all keys for a name without a key
			if list[i].Key == name.Key {
				return q.json(http.StatusOK, &list[i])
			}
		}
		return notThere
	})
}

// explained answers with the alerts that have a name.
func (q *request) explained(name desk.AlertName, answer func([]desk.Explanation) error) error {
	when, err := q.when()
	if err != nil {
		return err
	}
	list, err := q.desk.Explain(q.Context(), when, name)
	if err != nil {
		return err
	}
	return answer(list)
}
