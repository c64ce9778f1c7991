package events

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/taizhang/taizhang/events/text"
)

var update = flag.Bool("update", false, "write the golden files that are missing; those that exist are never changed")

func goldenPath(kind Kind, version int) string {
	return filepath.Join("testdata", "golden", fmt.Sprintf("%s.v%d.json", kind, version))
}

func TestEveryVersionOfEveryKindEverStoredIsStillReadAsItWas(t *testing.T) {
	for _, want := range samples() {
		present := Lookup(want.Kind).Version
		want.Revision, want.Position, want.RecordedAt = 3, 12, time.Date(2026, 3, 16, 1, 2, 3, 4000, time.UTC)
		written, err := bodyOf(&want.Record, want.Entry)
		if err != nil {
			t.Fatal(err)
		}
		for version := 1; version <= present; version++ {
			path := goldenPath(want.Kind, version)
			body, err := os.ReadFile(path)
			if os.IsNotExist(err) && version == present && *update {
				body, err = append(written, '\n'), os.WriteFile(path, append(written, '\n'), 0o644)
			}
			if err != nil {
				t.Errorf("%s version %d has no golden file; go generate ./events writes it: %v", want.Kind,
					version, err)
				continue
			}
			body = bytes.TrimSuffix(body, []byte("\n"))
			got, err := DecodeEvent(Stored{Place: Place{Position: 12, Revision: 3, RecordedAt: want.RecordedAt},
				Stream: want.Stream(), ID: want.ID, Kind: want.Kind, Body: body})
			if err != nil {
				t.Errorf("%s: %v", path, err)
			} else if !reflect.DeepEqual(got, want) {
				t.Errorf("%s is read as\n%+v %+v\nwant\n%+v %+v", path, got, got.Data, want, want.Data)
			}
			if version == present && !bytes.Equal(body, written) {
				t.Errorf("%s is written today as\n%s\nand the golden file has\n%s", path, written, body)
			}
		}
	}
}

func TestEveryGoldenFileBelongsToAKindAndVersionOfTheCatalog(t *testing.T) {
	known := map[string]bool{}
	for _, e := range Catalog {
		for version := 1; version <= e.Version; version++ {
			known[goldenPath(e.Kind, version)] = true
		}
	}
	paths, err := filepath.Glob("testdata/golden/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if !known[path] {
			t.Errorf("%s is a golden file of no kind and version", path)
		}
	}
}

func TestAStoredEventOfAnUnknownKindVersionOrMemberIsAnError(t *testing.T) {
	r := sampleOf(KindMatchingCommitted)
	body, err := bodyOf(&r.Record, r.Entry)
	if err != nil {
		t.Fatal(err)
	}
	old, err := os.ReadFile(goldenPath(KindMatchingCommitted, 1))
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]Stored{
		"kind": {Kind: "matching.promised", Body: body},
		"version 0": {
			Kind: r.Kind, Body: bytes.Replace(body, []byte(`"version":2`), []byte(`"version":0`), 1)},
		"version 3": {
			Kind: r.Kind, Body: bytes.Replace(body, []byte(`"version":2`), []byte(`"version":3`), 1)},
		"member": {
			Kind: r.Kind, Body: bytes.Replace(body, []byte(`"enteredBy"`), []byte(`"enteredby"`), 1)},
		"member of data":        {Kind: r.Kind, Body: bytes.Replace(body, []byte(`"dueOn"`), []byte(`"dueDate"`), 1)},
		"new member in old one": {Kind: r.Kind, Body: bytes.Replace(old, []byte(`"level"`), []byte(`"tier"`), 1)},
		"data of another type":  {Kind: r.Kind, Body: []byte(`{"version":1,"on":"2025-03-04","data":[]}`)},
		"nothing":               {Kind: r.Kind},
		"two":                   {Kind: r.Kind, Body: append(bytes.Clone(body), body...)},
	} {
		s.Stream, s.Position = "center-ZJ-0007", 9
		got, err := DecodeEvent(s)
		if err == nil {
			t.Errorf("unknown %s is read as %+v", name, got)
			continue
		}
		isHan := func(r rune) bool { return unicode.Is(unicode.Han, r) }
		if why := text.Of(err); !strings.ContainsFunc(why.Zh, isHan) || strings.ContainsFunc(why.En, isHan) {
			t.Errorf("%s: the cause is %+v", name, why)
		}
	}
}
