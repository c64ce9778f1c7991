//go:build e2e

package main

import (
	"flag"
	"maps"
	"path/filepath"
	"testing"
)

// Every script must give the same output, byte for byte, on files, beside a server and through a URL. These scripts
// are left out, each for the given reason.
var (
	notBesideSocket = map[string]string{
		"doctor.txt": "it says whether there is a server",
		"feed.txt":   "the feed runs in a server alone, and the script has none",
		"log.txt":    "the log of what opens the ledger is that of the server",
		"torn.txt":   "a server cuts a torn end off when it starts, before a verb can tell of it",

		"bundle.txt":     "sealing begins with the server stopped",
		"cosign.txt":     "as bundle.txt",
		"seal.txt":       "as bundle.txt",
		"seal_after.txt": "as bundle.txt",
		"seal_sm2.txt":   "as bundle.txt",
		"witness.txt":    "a witness asks no ledger",
	}
	notAtURL = map[string]string{
		"doctor.txt": notBesideSocket["doctor.txt"],
		"feed.txt":   notBesideSocket["feed.txt"],
		"log.txt":    notBesideSocket["log.txt"],
		"torn.txt":   notBesideSocket["torn.txt"],

		"bundle.txt":     notBesideSocket["bundle.txt"],
		"cosign.txt":     "as bundle.txt",
		"seal.txt":       "as bundle.txt",
		"seal_after.txt": "as bundle.txt",
		"seal_sm2.txt":   "as bundle.txt",
		"witness.txt":    notBesideSocket["witness.txt"],

		"account.txt": "the rights of the owner are not to be had over HTTP: he binds an account in one step, and " +
			"lists all of the access log",
		"nats.txt":      "as account.txt",
		"sheets.txt":    "a token fills in sheets under the role of its account, and the script does so for several",
		"template.txt":  "as sheets.txt",
		"trysheets.txt": "as sheets.txt",
		"words.txt":     "as sheets.txt",
		"typed.txt":     "as account.txt",
		"replay.txt":    "what an account records for another office is listed as such",
		"whole.txt":     "an export holds policies beside records, and no one account may bring both",
	}
)

var allScripts = flag.Bool("all", false, "run all scripts beside a server and at one: a quarter of an hour")

// TestScriptsBesideAServer and TestScriptsAtAServer run one script in eight each, because each command starts a
// server.
func TestScriptsBesideAServer(t *testing.T) {
	runScripts(t, besideSocket, allBut(t, 1, notBesideSocket))
}

func TestScriptsAtAServer(t *testing.T) {
	runScripts(t, besideURL, allBut(t, 6, notAtURL))
}

// allBut returns the scripts to leave out: those of not, and of the others all but each eighth one.
func allBut(t *testing.T, first int, not map[string]string) map[string]string {
	t.Helper()
	all, err := filepath.Glob("testdata/script/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	out, n := maps.Clone(not), 0
	for _, file := range all {
		name := filepath.Base(file)
		if out[name] != "" {
			continue
		}
		if n%8 != first && !*allScripts {
			out[name] = "is not one of the eighth part"
		}
		n++
	}
	return out
}
