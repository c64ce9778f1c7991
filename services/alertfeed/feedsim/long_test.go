//go:build e2e

package feedsim

const seedsOfOne = 150 // some minutes; -feedsim.seeds for a long run
