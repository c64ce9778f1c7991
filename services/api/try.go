package api

import (
	"errors"
	"net/http"

	"github.com/go-json-experiment/json"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/desk"
)

// tryBytesMax limits the body of POST /v1/try.
const tryBytesMax = 64 << 20

func tryRoutes() []route {
	return []route{{method: http.MethodPost, path: "/v1/try", name: "try", right: access.ReadLedger,
		limit: tryBytesMax, handle: (*request).try,
		short:  text.Say("试算记录：每条单独判断，不写入", "judge each record alone, and write nothing"),
		params: []param{whenParams[0]},
		takes:  []body{{linesType, desk.Draft{}}},
		gives:  []answer{{http.StatusOK, linesType, desk.Tried{}, "one answer for each line, in order"}}}}
}

// try handles POST /v1/try. Answers are sent while the rest of the body arrives, so a client must read while it
// sends.
func (q *request) try() error {
	if err := q.checkContentType(linesType, otherNames[linesType]); err != nil {
		return err
	}
	when, err := q.when()
	if err != nil {
		return err
	}
	_ = http.NewResponseController(q.w).EnableFullDuplex() // HTTP/2 always has it
	to := q.stream(linesType)
	err = q.desk.Try(q.Context(), when, readErrors{q.Body}, func(t *desk.Tried) error {
		line, err := json.Marshal(t)
		if err != nil {
			return err
		}
		_, err = to.Write(append(line, '\n'))
		return err
	})
	var read *readError
	switch {
	case errors.As(err, &read):
		return bodyError(read.cause)
	case err == nil && q.w.status == 0:
		q.w.WriteHeader(http.StatusOK) // the body had no line
	}
	return err
}
