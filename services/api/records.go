package api

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
)

// recordsBytesMax limits the body of POST /v1/records, and recordsMax the number of records in it.
const (
	recordsBytesMax = 4 << 20
	recordsMax      = 1000
)

// These are headers of a request with records and of its answer.
const (
	keyHeader           = "Idempotency-Key"
	replayedHeader      = "Idempotent-Replayed"
	idempotencyCharsMax = 200
)

// dryRunParam asks for the effects of records without writing them.
var dryRunParam = param{name: "dryRun", words: text.Say("只判断，不写入", "judge, and write nothing"),
	sort: lists.Flag}

// movesParam asks which alerts the records opened and cleared, and which money they moved.
var movesParam = param{name: "moves", words: text.Say("并答复记录产生、解除了哪些预警，带来哪些资金变化",
	"answer also which alerts the records opened and cleared, and which money they moved"), sort: lists.Flag}

func recordRoutes() []route {
	return []route{{method: http.MethodPost, path: "/v1/records", name: "record", right: access.Bring,
		limit: recordsBytesMax, handle: (*request).record,
		short: text.Say("写入一个中心的一条或多条记录：要么全部入账，要么都不入账",
			"bring one record or several of one center: all of them are written, or none"),
		params: []param{dryRunParam, movesParam},
		takes:  []body{{jsonType, desk.Draft{}}, {linesType, desk.Draft{}}},
		gives: []answer{{http.StatusCreated, jsonType, desk.BatchAnswer{},
			"all records are in the ledger, at least one of them new"},
			{http.StatusOK, jsonType, desk.BatchAnswer{},
				"all records were in the ledger already; or the verdict of a dry run"}}}}
}

// record handles POST /v1/records.
func (q *request) record() error {
	if err := q.checkContentType(jsonType, linesType); err != nil {
		return err
	}
	revision, err := ifMatch(q.Header.Get("If-Match"))
	if err != nil {
		return err
	}
	content, err := q.content()
	if err != nil {
		return err
	}
	media, _ := q.contentType() // checked
	d, err := readDrafts(content, media)
	if err != nil {
		return err
	}
	if err := q.identify(d.list); err != nil {
		return err
	}
	answer, err := q.desk.Batch(q.Context(),
		desk.Batch{Drafts: d.list, IfRevision: revision, DryRun: q.param(dryRunParam.name) != "",
			Moves: q.param(movesParam.name) != ""})
	if err != nil {
		return d.refused(err)
	}
	return q.recorded(answer)
}

// content reads the body, up to the limit of the route.
func (q *request) content() ([]byte, error) {
	// A stated length alone must not reserve memory, so the buffer begins small. MinRead is needed to find the
	// end.
	content := bytes.NewBuffer(make([]byte, 0, min(max(q.ContentLength, 0), readChunkBytes)+bytes.MinRead))
	_, err := content.ReadFrom(q.Body)
	return content.Bytes(), bodyError(err)
}

// recorded answers with the written records, or with the result of a dry run.
func (q *request) recorded(a *desk.BatchAnswer) error {
	h := q.w.Header()
	h.Set(PositionHeader, strconv.FormatUint(a.Position, 10))
	if a.DryRun {
		h.Set(AsOfHeader, a.AsOf.String())
		return q.batchAnswer(http.StatusOK, a)
	}
	h.Set("ETag", fmt.Sprintf(`"r%d"`, a.Revision))
	if len(a.Results) == 1 && a.Center != "" {
		h.Set("Location", fmt.Sprintf("/v1/centers/%s/records/%s", a.Center, a.Results[0].ID))
	}
	if a.Answer == desk.Repeated {
		h.Set(replayedHeader, "true")
		return q.batchAnswer(http.StatusOK, a)
	}
	return q.batchAnswer(http.StatusCreated, a)
}

func (q *request) batchAnswer(status int, a *desk.BatchAnswer) error {
	content, err := a.AppendJSON(make([]byte, 0, answerBytes*(len(a.Results)+1)))
	if err != nil {
		return err
	}
	return q.send(status, jsonType, append(content, '\n'))
}

// answerBytes is the usual size of the answer to a record.
const answerBytes = 320

// ifMatch returns the revision in the header If-Match, or nil.
func ifMatch(header string) (*uint64, error) {
	if header == "" {
		return nil, nil
	}
	digits, ok := strings.CutPrefix(header, `"r`)
	if ok {
		digits, ok = strings.CutSuffix(digits, `"`)
	}
	revision, err := strconv.ParseUint(digits, 10, 64)
	if !ok || err != nil || strconv.FormatUint(revision, 10) != digits {
		return nil, fail(badRequest, `应为中心的 ETag，例如 "r271"`,
			`must be the ETag of a center, such as "r271"`).of("If-Match")
	}
	return &revision, nil
}

// identify gives each draft without an id one that is computed from the account, the Idempotency-Key and its place
// in the request. The server invents no ids, so a repeated request has the same ids.
func (q *request) identify(drafts []desk.Draft) error {
	keys := q.Header.Values(keyHeader)
	if len(keys) == 0 {
		for i := range drafts {
			if drafts[i].ID == "" {
				return fail(badRequest, "第 %d 条记录没有 id；请求也没有 Idempotency-Key",
					"record %d has no id, and the request has no Idempotency-Key", i+1).of("id")
			}
		}
		return nil
	}
	key := keys[0]
	if len(keys) > 1 || key == "" || len(key) > idempotencyCharsMax ||
		strings.ContainsFunc(key, func(r rune) bool { return r < '!' || r > '~' }) {
		return fail(badRequest, "应为 1 至 %d 个可见的 ASCII 字符", "must be 1 to %d visible ASCII characters",
			idempotencyCharsMax).of(keyHeader)
	}
	for i := range drafts {
		if drafts[i].ID != "" {
			return fail(badRequest, "第 %d 条记录已有 id，不能再用 Idempotency-Key",
				"record %d has an id, so there can be no Idempotency-Key", i+1).of(keyHeader)
		}
		drafts[i].ID = keyedID(q.who.Account, key, i)
	}
	return nil
}

// keyedIDs is the UUID namespace of ids computed from an Idempotency-Key. It must never change: a request may be
// repeated years later.
var keyedIDs = uuid.MustParse("7d0f2b52-9a1c-5a5e-8a65-6f1c1f0f6c7e")

// keyedID returns the id of the record with an index in a request. Neither the account nor the key contains a
// blank.
func keyedID(account, key string, index int) string {
	return uuid.NewSHA1(keyedIDs, fmt.Appendf(nil, "%s %s %d", account, key, index)).String()
}
