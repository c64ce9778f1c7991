//go:build !race

package main

const underRace = false

var scriptsLeft map[string]string
