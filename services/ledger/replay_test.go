package ledger_test

import (
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/ledger/ledgertest"
)

// The test rebuilds histories twice: from events as DecodeEvent decodes them, and from replayed events whose vouchers
// are overwritten as soon as they are applied. Both must answer and judge alike.
func TestNothingKeepsThePayloadOfAReplayedVoucher(t *testing.T) {
	files := []string{simulated(t, 1200, 4), testdata(t, "edges"), testdata(t, "ahead")}
	for _, path := range files {
		l, store := newLedger(t)
		imports(t, l, ledger.ImportConfig{Files: ledgertest.Files(t, path)})
		want, got := projections.NewRegister(), projections.NewRegister()
		replayer, vouchers := events.NewReplayer(1), 0
		for s, err := range store.ReadAll(t.Context(), 0) {
			if err != nil {
				t.Fatal(err)
			}
			decoded, err := events.DecodeEvent(s)
			if err != nil {
				t.Fatal(err)
			}
			var replayed events.Recorded
			if err := replayer.Decode(&s, &replayed); err != nil {
				t.Fatal(err)
			}
			if err1, err2 := want.Apply(&decoded), got.Apply(&replayed); err1 != nil || err2 != nil {
				t.Fatal(err1, err2)
			}
			if p, ok := replayed.Data.(*events.FundsSpent); ok {
				vouchers++
				for i := range p.Lines {
					p.Lines[i] = events.SpendingLine{Grant: "overwritten", AmountFen: -1}
				}
				if p.OutTransfer != nil {
					p.OutTransfer.TaskBook = "overwritten"
				}
				*p = events.FundsSpent{Voucher: "overwritten", Payee: "overwritten", Use: "overwritten",
					EconCode: "overwritten", OwnFen: -1}
			}
			replayer.Reset()
		}
		if vouchers == 0 {
			t.Errorf("%s has no voucher", path)
		}
		if a, b := answers(want), answers(got); a != b {
			t.Errorf("%s: replayed, it answers\n%s\ndecoded, it answered\n%s", path, b, a)
		}
	}
}
