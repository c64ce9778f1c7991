//go:build e2e

package feedsim

const seedsOfOne = 300
