//go:build !e2e && !race

package feedsim

const seedsOfOne = 12
