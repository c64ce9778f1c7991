//go:build !race

package logstore

const thin = 1
