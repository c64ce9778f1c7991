// Package xlsxtest takes workbooks apart for tests.
package xlsxtest

import (
	"archive/zip"
	"bytes"
	"io"
	"testing"
)

// Rewrite changes the parts of an archive: what change returns is written instead, "" leaves a part out.
func Rewrite(t testing.TB, b []byte, change func(name, text string) string) []byte {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, part := range in.File {
		r, err := part.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		changed := change(part.Name, string(text))
		if changed == "" {
			continue
		}
		p, err := w.Create(part.Name)
		if err == nil {
			_, err = io.WriteString(p, changed)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
