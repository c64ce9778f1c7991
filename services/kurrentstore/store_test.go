package kurrentstore

import (
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/storetest"
	"github.com/taizhang/taizhang/services/kurrentstore/kurrenttest"
)

func TestTheStoreKeepsTheContractOverTheRealClientAndRealGRPC(t *testing.T) {
	storetest.Run(t, func(t *testing.T) events.Store {
		srv := kurrenttest.Start(t, roomy(kurrenttest.ClusterConfig{}))
		return openOn(t, srv.ConnectionString(), standardLimits())
	})
}
