//go:build e2e

package feedsim

const seedsOfOne = 100 // some minutes; -feedsim.seeds for a long run

// accountsOf is how many worlds share a server that is never stopped, and run at the same time: more of them are not
// done sooner, and each waits for longer.
const accountsOf = 24
