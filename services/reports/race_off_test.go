//go:build !race

package reports_test

const underRace = false
