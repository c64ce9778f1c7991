package main

import (
	"github.com/taizhang/taizhang/services/api"
	"github.com/taizhang/taizhang/services/sealer"
)

// startSealer starts sealing the ledger that is served: daily, and at the stop. A ledger whose sealing was never begun
// is left alone. The caller closes the result when nothing is written any more, before the feed and the ledger.
func (a *app) startSealer(x *opened) *sealer.Sealer {
	cfg := sealer.Config{Seals: x.desk.Seals, Ledger: x.desk.Ledger, Client: sealer.NewClient(), Now: a.now,
		Log: a.log}
	if x.feed != nil {
		cfg.Publish = x.feed.PublishCheckpoints
	}
	return sealer.Start(cfg)
}

// sealStatus returns the function by which the server knows how the sealing goes.
func sealStatus(s *sealer.Sealer) func() (api.SealStatus, bool) {
	return func() (api.SealStatus, bool) {
		st, ok := s.Status()
		return api.SealStatus{Size: st.Size, At: st.At, Witnesses: st.Witnesses, Cosigned: st.Cosigned,
			Met: st.Met, Sealed: st.Sealed, Failed: st.Failed}, ok
	}
}
