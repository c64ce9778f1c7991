//go:build e2e

package main

import (
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScriptsThatMount types what users type on a real file system. It needs root, loop devices, and mkfs.ext4 of
// e2fsprogs, and fails without them.
func TestScriptsThatMount(t *testing.T) {
	small, err := filepath.Abs(filepath.Join("testdata", "small.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "e2e"),
		Setup: func(env *testscript.Env) error {
			env.Setenv("LANG", "en_US.UTF-8")
			env.Setenv("SMALL", small)
			return nil
		},
	})
}
