package memstore_test

import (
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/events/storetest"
)

func TestMemstoreKeepsTheContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) events.Store { return memstore.New(storetest.UnsteadyClock()) })
}
