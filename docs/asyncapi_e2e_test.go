//go:build e2e

package docs

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// parseAsyncAPI prints whatever the parser of AsyncAPI has to say about a document, and each message whose example has
// the schema that it has read.
const parseAsyncAPI = `
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";
import Ajv from "ajv";
import formats from "ajv-formats";
const ajv = new Ajv({ strict: false });
formats(ajv);
ajv.addFormat("int64", { type: "number", validate: Number.isInteger });
const { document, diagnostics } = await new Parser().parse(readFileSync(process.argv[2], "utf8"));
for (const d of diagnostics) console.log(d.path.join("."), d.message);
for (const message of document?.allMessages().all() ?? []) {
  const valid = ajv.compile(message.payload().json());
  for (const example of message.examples().all()) console.log(message.name(), valid(example.payload()));
}
`

// TestTheDocumentOfTheFeedIsReadByAnotherParser reads the document as a program of another office would.
func TestTheDocumentOfTheFeedIsReadByAnotherParser(t *testing.T) {
	dir := t.TempDir()
	install := exec.CommandContext(t.Context(), "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts",
		"@asyncapi/parser@3.6.6")
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	parse := func(document []byte) string {
		for name, content := range map[string][]byte{"parse.mjs": []byte(parseAsyncAPI), "asyncapi.json": document} {
			if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		c := exec.CommandContext(t.Context(), "node", "parse.mjs", "asyncapi.json")
		c.Dir = dir
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return string(out)
	}
	const messages = "taizhang.alert.raised.v1 true\ntaizhang.alert.cleared.v1 true\ntaizhang.alert.withdrawn.v1 " +
		"true\ntaizhang.head.v1 true\ncheckpoint true\n"
	if got := parse(AsyncAPI); got != messages {
		t.Errorf("expected\n%sgot\n%s", messages, got)
	}
	if got := parse(bytes.Replace(AsyncAPI, []byte(`"clearedOn": null`), []byte(`"clearedOn": "2026-10-31"`),
		1)); got != strings.Replace(messages, "true", "false", 1) {
		t.Errorf("an alert that is open and was cleared passes:\n%s", got)
	}
}
