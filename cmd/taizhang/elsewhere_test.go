package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/events/text"
)

// TestABackupGoesNowhereIntoTheDirectoryOfTheLedger tries places for a backup. The ledger is in lair/ledger, and its
// directory of accounts is a link to vault.
func TestABackupGoesNowhereIntoTheDirectoryOfTheLedger(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, dir := range []string{"lair/ledger/sub/deep", "vault/in", "far", "out/ledger", "lair/ledger2"} {
		if err := os.MkdirAll(dir, 0o750); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range map[string]string{"lair/ledger/access": "../../vault", "lair/ledger/away": "../../out",
		"link": "lair/ledger", "far/up": "../lair/ledger/sub/deep",
		"one.access": "vault", "two.tar.partial": "lair/ledger", "three.access.tar.partial": "lair/ledger/sub",
		"four.tar": "lair/ledger/b.tar"} {
		if err := os.Symlink(to, name); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"lair/ledger/b.tar", "out/b.tar"} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	work, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for to, refused := range map[string]string{
		"lair/ledger":              "lair/ledger is the directory",
		"lair/ledger/":             "lair/ledger/ is the directory",
		"link":                     "link is the directory",
		work + "/lair/ledger":      work + "/lair/ledger is the directory",
		"lair/ledger/../ledger":    "lair/ledger is the directory",
		"far/up/../..":             "lair/ledger is the directory",
		"lair/ledger/sub":          "lair/ledger/sub is in the directory",
		"lair/ledger/new/deep":     "lair/ledger/new/deep is in the directory",
		"lair/ledger/new.tar":      "lair/ledger/new.tar is in the directory",
		"lair/ledger/b.tar":        "lair/ledger/b.tar is in the directory",
		"link/new.tar":             "link/new.tar is in the directory",
		"far/up":                   "far/up is in the directory",
		"far/up/../new":            "lair/ledger/sub/new is in the directory",
		"lair/ledger/access":       "lair/ledger/access is in the directory",
		"vault":                    "vault is in the directory",
		"vault/in/new.tar":         "vault/in/new.tar is in the directory",
		"one":                      "one.access is in the directory",
		"two.tar":                  "two.tar.partial is the directory",
		"three.tar":                "three.access.tar.partial is in the directory",
		"four.tar":                 "lair/ledger/b.tar is in the directory",
		"three":                    "",
		"lair":                     "",
		"lair/ledger2":             "",
		"lair/ledger.tar":          "",
		"lair/ledger/away":         "lair/ledger/away.access is in the directory",
		"lair/ledger/away/b.tar":   "",
		"lair/ledger/away/new":     "",
		"far/up/../../../../out":   "",
		"out/ledger/sub":           "",
		"new/deep/ledger":          "",
		work + "/../new":           "",
		"lair/ledger/../ledger2/x": "",
	} {
		for _, dir := range []string{"lair/ledger", "link", "lair/ledger/.", "far/up/../.."} {
			a := newApp(nil, io.Discard, io.Discard, os.Getenv)
			if a.dir, err = straight(dir); err != nil {
				t.Fatal(err)
			}
			at, isFile, err := copyAt(nil, to)
			if err == nil {
				err = a.isElsewhere(at, isFile)
			}
			if refused == "" && err != nil ||
				refused != "" && (err == nil || !strings.HasPrefix(err.Error(), refused) ||
					text.CodeOf(err) != text.Invalid) {
				t.Errorf("a backup of %s to %s: %v", dir, to, err)
			}
		}
	}
}

func TestAPathWithoutTwoDotsIsToTheSamePlace(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.MkdirAll("a/b/c", 0o750); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{"link": "a/b/c", "a/self": "../a", "dangling": "nowhere/x"} {
		if err := os.Symlink(to, name); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{"x": "x", "link/x": "link/x", "a/../x": "x", "link/..": "a/b",
		"link/../x/y": "a/b/x/y", "../x": "../x", "a/self/../a/b/../new/": "a/new",
		"link/../../../dangling": "dangling", "..": "..", "/..": "/", "/../x": "/x", "x/..": "", "x/../a": "",
		"dangling/../x": ""} {
		got, err := straight(path)
		if want == "" {
			if err == nil {
				t.Errorf("%s is %s", path, got)
			}
			continue
		}
		if err != nil || got != want {
			t.Errorf("%s is %s, %v; want %s", path, got, err, want)
		}
		if got != filepath.Clean(got) && strings.Contains(path, "..") {
			t.Errorf("%s is %s", path, got)
		}
	}
}
