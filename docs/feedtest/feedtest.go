// Package feedtest compares messages of the alert feed with its documents. It is for tests.
package feedtest

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/taizhang/taizhang/docs"
)

// Validate returns how a message differs from docs/asyncapi.json and docs/schemas, or nil. Members that the documents
// do not name are a difference here, while readers ignore them.
func Validate(subject, contentType string, body []byte) error {
	d, err := load()
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("the body is no JSON: %w", err)
	}
	event, _ := value.(map[string]any)
	for _, m := range d.messages {
		if m.Name != event["type"] {
			continue
		}
		if !m.subject.MatchString(subject) {
			return fmt.Errorf("%s is on the subject %s", m.Name, subject)
		}
		if contentType != m.ContentType {
			return fmt.Errorf("the header content-type is %q, not %q", contentType, m.ContentType)
		}
		if err := m.payload.Validate(value); err != nil {
			return fmt.Errorf("the event: %w", err)
		}
		name, _ := event["dataschema"].(string)
		data := d.data[name]
		if data == nil {
			return fmt.Errorf("there is no schema %q", name)
		}
		if err := data.Validate(event["data"]); err != nil {
			return fmt.Errorf("the data: %w", err)
		}
		return nil
	}
	return fmt.Errorf("the document has no message of the type %v", event["type"])
}

type documents struct {
	compiler *jsonschema.Compiler
	messages []*message
	data     map[string]*jsonschema.Schema // of docs/schemas, by id
}

// message is a message of docs/asyncapi.json.
type message struct {
	Name        string `json:"name"`
	ContentType string `json:"contentType"`
	subject     *regexp.Regexp
	payload     *jsonschema.Schema
}

// asyncAPI is what is read of docs/asyncapi.json.
type asyncAPI struct {
	Channels map[string]struct {
		Address    string `json:"address"`
		Parameters map[string]struct {
			Enum []string `json:"enum"`
		} `json:"parameters"`
		Messages map[string]struct{} `json:"messages"`
	} `json:"channels"`
	Components struct {
		Messages map[string]*message `json:"messages"`
	} `json:"components"`
}

// documentURL is the URL under which docs/asyncapi.json is registered while its schemas are compiled.
const documentURL = "https://taizhang.invalid/asyncapi.json"

var load = sync.OnceValues(func() (*documents, error) {
	d := &documents{compiler: jsonschema.NewCompiler(), data: map[string]*jsonschema.Schema{}}
	d.compiler.DefaultDraft(jsonschema.Draft2020)
	d.compiler.AssertFormat()
	if err := d.add(documentURL, docs.AsyncAPI); err != nil {
		return nil, err
	}
	files, err := docs.Schemas.ReadDir("schemas")
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		content, err := docs.Schemas.ReadFile("schemas/" + f.Name())
		if err != nil {
			return nil, err
		}
		var named struct {
			ID string `json:"$id"`
		}
		if err := json.Unmarshal(content, &named); err != nil {
			return nil, err
		}
		if err := d.add(named.ID, content); err != nil {
			return nil, err
		}
		if d.data[named.ID], err = d.compiler.Compile(named.ID); err != nil {
			return nil, err
		}
	}
	var a asyncAPI
	if err := json.Unmarshal(docs.AsyncAPI, &a); err != nil {
		return nil, err
	}
	for _, channel := range a.Channels {
		address := regexp.QuoteMeta(channel.Address)
		for name, p := range channel.Parameters {
			values := `[^. *>]+`
			if len(p.Enum) > 0 {
				values = "(?:" + strings.Join(p.Enum, "|") + ")"
			}
			address = strings.ReplaceAll(address, regexp.QuoteMeta("{"+name+"}"), values)
		}
		for name := range channel.Messages {
			m := a.Components.Messages[name]
			m.subject = regexp.MustCompile("^" + address + "$")
			if m.payload, err = d.compiler.Compile(documentURL + "#/components/messages/" + name +
				"/payload"); err != nil {
				return nil, err
			}
			d.messages = append(d.messages, m)
		}
	}
	return d, nil
})

// add makes a document known under an address.
func (d *documents) add(address string, content []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(content))
	if err != nil {
		return err
	}
	shut(value)
	return d.compiler.AddResource(address, value)
}

// shut forbids members that a schema does not name.
func shut(value any) {
	switch v := value.(type) {
	case map[string]any:
		if v["type"] == "object" && v["properties"] != nil {
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
