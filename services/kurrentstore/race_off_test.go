//go:build !race

package kurrentstore

const (
	thin         = 1
	raceDetector = false
)
