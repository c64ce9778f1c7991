//go:build !race

package kurrentstore

const thin = 1
