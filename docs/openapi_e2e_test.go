//go:build e2e

package docs

import (
	"os/exec"
	"testing"
)

// TestTheDocumentOfTheAPIPassesALinter checks the document with another reader of OpenAPI than the Go one.
func TestTheDocumentOfTheAPIPassesALinter(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "npx", "--yes", "@redocly/cli@2.77.0", "lint",
		"openapi.json").CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
