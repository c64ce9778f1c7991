package ledger

import (
	"fmt"

	"github.com/go-json-experiment/json"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
)

// plainMoney recomputes balances from stored bytes, without code of the aggregates: it adds up the movements of money
// in the order of the stream.
type plainMoney struct {
	moves  []plainMove
	voided map[string]bool
}

// plainMove is the part of a stored event that plainMoney reads.
type plainMove struct {
	id   string
	kind events.Kind
	data plainData
}

type plainData struct {
	Grant     string     `json:"grant"`
	Match     string     `json:"match"`
	Voucher   string     `json:"voucher"`
	Event     string     `json:"event"`
	AmountFen events.Fen `json:"amountFen"`
	Lines     []struct {
		Grant     string     `json:"grant"`
		AmountFen events.Fen `json:"amountFen"`
	} `json:"lines"`
}

// read adds the next event of the stream.
func (m *plainMoney) read(s events.Stored) error {
	switch s.Kind {
	case events.KindSubsidyGranted, events.KindMatchingCommitted, events.KindSubsidyReceived,
		events.KindMatchingReceived,
		events.KindFundsRecovered, events.KindFundsSpent, events.KindSpendingReversed, events.KindEntryVoided:
	default:
		return nil
	}
	var body struct {
		Data plainData `json:"data"`
	}
	if err := json.Unmarshal(s.Body, &body); err != nil {
		return fmt.Errorf("ledger: read money of position %d: %w", s.Position, err)
	}
	if s.Kind == events.KindEntryVoided {
		if m.voided == nil {
			m.voided = map[string]bool{}
		}
		m.voided[body.Data.Event] = true
		return nil
	}
	m.moves = append(m.moves, plainMove{s.ID.String(), s.Kind, body.Data})
	return nil
}

// plainSums holds the balance of every grant and match. Local holds the names of the matches.
type plainSums struct {
	balanceFen map[string]events.Fen
	local      map[string]bool
	orphans    []string // reversed vouchers that do not exist or are reversed twice
}

func (m *plainMoney) sums() plainSums {
	sums := plainSums{balanceFen: map[string]events.Fen{}, local: map[string]bool{}}
	vouchers := map[string]*plainData{}
	for i := range m.moves {
		v := &m.moves[i]
		if m.voided[v.id] {
			continue
		}
		switch d := &v.data; v.kind {
		case events.KindSubsidyGranted:
			sums.balanceFen[d.Grant] += 0
		case events.KindMatchingCommitted:
			sums.balanceFen[d.Match] += 0
			sums.local[d.Match] = true
		case events.KindSubsidyReceived:
			sums.balanceFen[d.Grant] += d.AmountFen
		case events.KindMatchingReceived:
			sums.balanceFen[d.Match] += d.AmountFen
		case events.KindFundsRecovered:
			sums.balanceFen[d.Grant] -= d.AmountFen
		case events.KindFundsSpent:
			vouchers[d.Voucher] = d
			for _, line := range d.Lines {
				sums.balanceFen[line.Grant] -= line.AmountFen
			}
		case events.KindSpendingReversed:
			spent := vouchers[d.Voucher]
			if spent == nil {
				sums.orphans = append(sums.orphans, d.Voucher)
				continue
			}
			for _, line := range spent.Lines {
				sums.balanceFen[line.Grant] += line.AmountFen
			}
			delete(vouchers, d.Voucher)
		}
	}
	return sums
}

// conserves compares the balances of the read model with the recomputed ones, grant by grant, and compares their sums
// with the balances of the scopes at the end of the last year.
func (p *proof) conserves(r *projections.Register, m *plainMoney) {
	sums := m.sums()
	for _, voucher := range sums.orphans {
		p.add("冲销的凭证 %q 不存在或已冲销",
			"voucher %q is reversed and is not there, or was reversed before", voucher)
	}
	kept := r.Balances(p.center)
	for grant, fen := range sums.balanceFen {
		if v, ok := kept[grant]; !ok || v != fen {
			p.add("%q 的余额记为 %s 元，按原始记录重算为 %s 元",
				"the balance of %q is kept as %s yuan, recomputed from the stored bytes it is %s yuan", grant,
				events.FormatYuan(v), events.FormatYuan(fen))
		}
		delete(kept, grant)
	}
	for grant, fen := range kept {
		p.add("%q 有余额 %s 元，原始记录中没有此项", "%q has a balance of %s yuan and is not in the stored bytes",
			grant, events.FormatYuan(fen))
	}
	if p.lastOn == 0 {
		return
	}
	var fiscalFen, localFen events.Fen
	for grant, fen := range sums.balanceFen {
		p.balanceFen += fen
		if sums.local[grant] {
			localFen += fen
		} else {
			fiscalFen += fen
		}
	}
	year := p.lastOn.Year()
	for _, e := range r.Evaluation(p.center, events.YearEnd(year)).Executions {
		switch {
		case e.Year != year:
		case e.Scope == aggregates.FiscalScope:
			fiscalFen -= e.BalanceFen()
		case e.Scope == aggregates.LocalScope:
			localFen -= e.BalanceFen()
		}
	}
	if fiscalFen != 0 || localFen != 0 {
		p.add("经费余额之和与口径余额相差：财政 %s 元，地方 %s 元",
			"the balances of the grants and of the scopes differ: fiscal by %s yuan, local by %s yuan",
			events.FormatYuan(fiscalFen), events.FormatYuan(localFen))
	}
}
