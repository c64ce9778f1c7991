//go:build !e2e && !race

package feedsim

const seedsOfOne = 8

// accountsOf is the number of worlds that run at the same time on one server that is never stopped.
const accountsOf = 48
