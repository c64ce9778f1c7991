//go:build !e2e && race

package feedsim

const seedsOfOne = 5 // the race detector makes each five times as long
