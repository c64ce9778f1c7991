//go:build !e2e && race

package feedsim

const seedsOfOne = 5 // the race detector makes each five times as long

// accountsOf is the number of worlds that run at the same time on one server that is never stopped.
const accountsOf = 16
