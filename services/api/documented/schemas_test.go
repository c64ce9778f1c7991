package documented

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/taizhang/taizhang/docs"
)

// documentURL is the URL of the document while its schemas are compiled.
const documentURL = "https://taizhang.invalid/openapi.json"

// compile prepares the schemas of the document. In a test an object may have no members beyond the document:
// clients ignore unknown members, but the document must describe all of them.
func (w *world) compile() {
	w.t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(docs.OpenAPI))
	if err != nil {
		w.t.Fatal(err)
	}
	shut(value)
	w.schemas, w.compiler = map[string]*jsonschema.Schema{}, jsonschema.NewCompiler()
	w.compiler.DefaultDraft(jsonschema.Draft2020)
	w.compiler.AssertFormat()
	if err := w.compiler.AddResource(documentURL, value); err != nil {
		w.t.Fatal(err)
	}
}

// shut forbids members that a schema does not name.
func shut(value any) {
	switch v := value.(type) {
	case map[string]any:
		if _, closed := v["additionalProperties"]; v["type"] == "object" && v["properties"] != nil && !closed {
			v["additionalProperties"] = false
		}
		for _, each := range v {
			shut(each)
		}
	case []any:
		for _, each := range v {
			shut(each)
		}
	}
}

// schema returns a schema of an answer.
func (w *world) schema(op operation, status int, media string) *jsonschema.Schema {
	w.t.Helper()
	escape := strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D")
	at := "#/paths/" + escape.Replace(op.path) + "/" + strings.ToLower(op.method) + "/responses/" +
		strconv.Itoa(status)
	if name := op.Responses.Status(status).Ref; name != "" {
		at = name
	}
	at += "/content/" + escape.Replace(media) + "/schema"
	if w.schemas[at] == nil {
		compiled, err := w.compiler.Compile(documentURL + at)
		if err != nil {
			w.t.Fatal(err)
		}
		w.schemas[at] = compiled
	}
	return w.schemas[at]
}

// isDocumented checks an answer against the document: its status, its media type, and the schema of its body.
func (w *world) isDocumented(t failer, what string, op operation, a answer) {
	if why := w.undocumented(op, a); why != "" {
		t.Errorf("%s: %d: %s\n%.1000s", what, a.status, why, a.body)
	}
}

// undocumented returns the difference between an answer and the document, or "".
func (w *world) undocumented(op operation, a answer) string {
	if a.header.Get("X-Request-Id") == "" {
		return "it has no request id"
	}
	described := op.Responses.Status(a.status)
	if described == nil {
		return "the document has no such status"
	}
	if a.status == http.StatusNotModified {
		return ""
	}
	media, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
	content := described.Value.Content[media]
	if content == nil {
		return "the document has no such media type: " + media
	}
	if content.Schema == nil {
		return ""
	}
	bodies := []string{string(a.body)}
	if media == "application/jsonl" {
		bodies = strings.Split(strings.TrimSuffix(string(a.body), "\n"), "\n")
	}
	for _, body := range bodies {
		if body == "" {
			continue // no lines
		}
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
		if err != nil {
			return "it is no JSON: " + err.Error()
		}
		if err := w.schema(op, a.status, media).Validate(value); err != nil {
			return err.Error()
		}
		if media == "application/problem+json" {
			switch p := value.(map[string]any); {
			case p["requestId"] != a.header.Get("X-Request-Id"):
				return "the request id of the problem is not that of the header"
			case p["detail"] == "" || p["title"] == "":
				return "the problem says nothing"
			}
		}
	}
	return ""
}
