// Package xlsxtest changes the parts of workbooks for tests.
package xlsxtest

import (
	"archive/zip"
	"bytes"
	"io"
	"regexp"
	"strconv"
	"testing"
)

// Rewrite replaces each part of an archive by the result of change; "" removes the part.
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

// Add adds parts to an archive, by name.
func Add(t testing.TB, b []byte, parts map[string]string) []byte {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, part := range in.File {
		if err := w.Copy(part); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range parts {
		p, err := w.Create(name)
		if err == nil {
			_, err = io.WriteString(p, text)
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

// column matches the element that describes a column in a sheet.
var column = regexp.MustCompile(`<col [^>]*min="(\d+)" max="(\d+)"`)

// ColumnsInOrder fails a test if a sheet of an archive does not describe its columns in order, each once: some
// programs reject such a file. It returns the number of sheets that describe columns.
func ColumnsInOrder(t testing.TB, b []byte) (sheets int) {
	t.Helper()
	Rewrite(t, b, func(name, text string) string {
		last := 0
		for _, m := range column.FindAllStringSubmatch(text, -1) {
			first, err1 := strconv.Atoi(m[1])
			end, err2 := strconv.Atoi(m[2])
			if err1 != nil || err2 != nil || first <= last || end < first {
				t.Errorf("in %s the columns %s to %s come after %d", name, m[1], m[2], last)
			}
			last = end
		}
		if last > 0 {
			sheets++
		}
		return text
	})
	return sheets
}
