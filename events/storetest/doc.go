// Package storetest holds the contract of events.Store as tests, which every backend runs. It also has Faulty, a store
// whose appends fail in the ways in which real appends fail, for tests of callers.
//
// A backend's test is one call:
//
//	storetest.Run(t, func(t *testing.T) events.Store { return memstore.New(storetest.UnsteadyClock()) })
package storetest
