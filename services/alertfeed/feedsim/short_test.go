//go:build !e2e && !race

package feedsim

const seedsOfOne = 8

// accountsOf is how many worlds share a server that is never stopped, and run at the same time.
const accountsOf = 48
