package events

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"
)

func TestEveryKindOfTheCatalogIsComplete(t *testing.T) {
	roles := []Role{STOffice, Finance, IndustryDept, LocalGov, CenterRole, Auditor, Admin, Program}
	seen := map[Kind]bool{}
	for _, e := range Catalog {
		checkText(t, e.Title)
		checkText(t, e.About)
		if !Areas.Has(e.Area) {
			t.Errorf("%s belongs to no area", e.Kind)
		}
		if !ValidName(string(e.Kind)) || seen[e.Kind] {
			t.Errorf("%q is no name for a kind, or is there twice", e.Kind)
		}
		seen[e.Kind] = true
		if e.Version < 1 || len(e.upcasts) != e.Version-1 {
			t.Errorf("%s is at version %d and has %d upcasts", e.Kind, e.Version, len(e.upcasts))
		}
		if len(e.Roles) == 0 {
			t.Errorf("nobody may write %s", e.Kind)
		}
		for _, r := range e.Roles {
			if !slices.Contains(roles, r) || !e.Allows(r) {
				t.Errorf("%s may be written by %q", e.Kind, r)
			}
		}
		if e.Decision && len(e.Rules) == 0 {
			t.Errorf("the decision %s names no rule", e.Kind)
		}
		if got := Lookup(e.Kind); got == nil || got.Kind != e.Kind {
			t.Errorf("looking up %s finds %v", e.Kind, got)
		}
		if a, b := e.Blank(), e.Blank(); a == b && reflect.TypeOf(a).Elem().Size() > 0 {
			t.Errorf("two blank payloads of %s are the same", e.Kind)
		}
	}
	if Lookup("grant.subsidised") != nil {
		t.Error("an unknown kind is found")
	}
}

// payloadTypes lists the exported struct types of payloads*.go that are not a part of another type.
func payloadTypes(t *testing.T) []string {
	files, err := filepath.Glob("payloads*.go")
	if err != nil {
		t.Fatal(err)
	}
	structs, parts := map[string]*ast.StructType{}, map[string]bool{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok && spec.Name.IsExported() {
				if s, ok := spec.Type.(*ast.StructType); ok {
					structs[spec.Name.Name] = s
				}
			}
			return true
		})
	}
	for _, s := range structs {
		ast.Inspect(s, func(n ast.Node) bool {
			if field, ok := n.(*ast.Field); ok {
				ast.Inspect(field.Type, func(n ast.Node) bool {
					if id, ok := n.(*ast.Ident); ok {
						parts[id.Name] = true
					}
					return true
				})
			}
			return true
		})
	}
	var names []string
	for name := range structs {
		if !parts[name] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func TestEveryPayloadTypeIsInTheCatalogOnceUnderItsOwnName(t *testing.T) {
	var names []string
	for _, e := range Catalog {
		name := reflect.TypeOf(e.Blank()).Elem().Name()
		names = append(names, name)
		words := strings.FieldsFunc(string(e.Kind), func(r rune) bool { return r == '.' || r == '-' })
		for i, w := range words {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
		if got := strings.Join(words, ""); got != name {
			t.Errorf("the payload of %s is the type %s", e.Kind, name)
		}
	}
	slices.Sort(names)
	if want := payloadTypes(t); !slices.Equal(names, want) {
		t.Errorf("the catalog has %v\npayloads*.go have %v", names, want)
	}
}

func TestEverySampleHasEveryMemberOfItsKind(t *testing.T) {
	for i := range Catalog {
		e := &Catalog[i]
		if !slices.ContainsFunc(samples(), func(r Recorded) bool { return r.Kind == e.Kind }) {
			t.Errorf("%s has no sample in samples_test.go", e.Kind)
			continue
		}
		data := dataOf(t, e.Kind)
		for _, m := range e.Members() {
			if !strings.Contains(data, `"`+m.Name+`":`) {
				t.Errorf("the sample of %s has no %s", e.Kind, m.Name)
			}
			if m.Type == "" || strings.ContainsFunc(m.Type, unicode.IsUpper) && !strings.HasPrefix(m.Type, "{") {
				t.Errorf("%s of %s has the type %q", m.Name, e.Kind, m.Type)
			}
		}
	}
}
