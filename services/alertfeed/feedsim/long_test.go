//go:build e2e

package feedsim

const seedsOfOne = 15 // a minute; -feedsim.seeds for a long run

// accountsOf is the number of worlds that run at the same time on one server that is never stopped. More of them
// are not faster, and each waits longer.
const accountsOf = 24
