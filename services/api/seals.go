package api

import (
	"net/http"
	"strconv"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/desk"
)

func sealRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/v1/checkpoint", name: "checkpoint", right: access.ReadCheckpoint,
			short:  text.Say("最新的检查点，由台账私钥签名", "the newest checkpoint, signed with the ledger's key"),
			gives:  []answer{{http.StatusOK, jsonType, desk.Checkpoint{}, "the checkpoint; note is the signed note"}},
			handle: (*request).checkpoint},
		{method: http.MethodPost, path: "/v1/checkpoint", name: "seal", right: access.SealLedger,
			short: text.Say("封存台账：签出现在的检查点", "seal the ledger: sign a checkpoint of it as it is now"),
			gives: []answer{{http.StatusOK, jsonType, desk.Sealed{},
				"the newest checkpoint; new is false if nothing was written since it"}},
			handle: (*request).seal},
		{method: http.MethodGet, path: "/v1/centers/{id}/records/{record}/receipt", name: "receipt",
			right:  access.ReadLedger,
			short:  text.Say("一条记录的回执：证明它在检查点之内", "the receipt of a record: it lies in a checkpoint"),
			params: []param{atLeastParam},
			gives:  []answer{{http.StatusOK, jsonType, desk.Receipt{}, "the stored line, and the proof"}},
			handle: (*request).receipt},
		{method: http.MethodGet, path: "/v1/receipts/{position}", name: "receiptAt", right: access.ReadLedger,
			short: text.Say("台账一个位置上的记录的回执", "the receipt of the record at a position of the ledger"),
			gives: []answer{{http.StatusOK, jsonType, desk.Receipt{},
				"the stored line, and the proof; 404 also for a record that the account may not read"}},
			handle: (*request).receiptAt},
	}
}

func (q *request) checkpoint() error {
	c, err := q.desk.Checkpoint(q.Context())
	if err != nil {
		return err
	}
	q.setPosition(c.Position)
	return q.json(http.StatusOK, c)
}

func (q *request) seal() error {
	s, err := q.desk.Seal(q.Context())
	if err != nil {
		return err
	}
	q.setPosition(s.Position)
	return q.json(http.StatusOK, s)
}

func (q *request) receipt() error {
	if err := q.reachAtLeast(); err != nil {
		return err
	}
	return q.receiptOf(desk.ReceiptRequest{Center: q.PathValue("id"), Record: q.PathValue("record")})
}

func (q *request) receiptAt() error {
	position, err := strconv.ParseUint(q.PathValue("position"), 10, 64)
	if err != nil {
		return fail(notFound, "没有这个位置", "there is no such position")
	}
	return q.receiptOf(desk.ReceiptRequest{Position: position})
}

func (q *request) receiptOf(r desk.ReceiptRequest) error {
	receipt, err := q.desk.Receipt(q.Context(), r)
	if err != nil {
		return err
	}
	return q.json(http.StatusOK, receipt)
}
