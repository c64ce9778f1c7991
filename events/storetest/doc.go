// Package storetest is the contract of events.Store as tests, run by every backend, and Faulty, a store whose appends
// fail as real ones do, to test callers with.
//
// A backend's test is one call:
//
//	storetest.Run(t, func(t *testing.T) events.Store { return memstore.New(storetest.UnsteadyClock()) })
package storetest
