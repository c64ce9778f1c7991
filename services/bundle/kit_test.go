package bundle_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/taizhang/taizhang/services/bundle"
)

// records returns n lines that look like records. A bundle does not judge what they say.
func records(n int) func() iter.Seq2[[]byte, error] {
	return func() iter.Seq2[[]byte, error] {
		return func(yield func([]byte, error) bool) {
			for i := range n {
				line := fmt.Appendf(nil, `{"position":%d,"stream":"center-ZJ-0001","summary":"支出%d"}`, i+1, i)
				if !yield(line, nil) {
					return
				}
			}
		}
	}
}

func report(name, content string) bundle.Figure {
	return bundle.Figure{Name: name, Content: strings.NewReader(content), Bytes: int64(len(content))}
}

// whole returns the contents of a small bundle of a whole ledger.
func whole() bundle.Contents {
	return bundle.Contents{
		Records:    records(5),
		Checkpoint: []byte("taizhang.test/2026\n5\nroot\n\n— taizhang.test/2026 AAAA\n"),
		Earlier:    map[uint64][]byte{2: []byte("two"), 10: []byte("ten"), 3: []byte("three")},
		Timestamps: []bundle.Timestamp{{Size: 3, N: 1, Token: []byte{0x30, 0}, Note: []byte("three")}},
		Figures:    []bundle.Figure{report("拨付.csv", "中心,金额\n"), report("A (1).xlsx", "PK")},
		Policy:     []byte("log x\n"), VerifyPy: []byte("print()\n"),
	}
}

// ofCenter returns the contents of a small bundle of one center.
func ofCenter() bundle.Contents {
	c := whole()
	c.Center, c.Positions = "ZJ-0001", []uint64{1, 2, 3, 4, 5}
	c.Proof = func(position uint64) ([]byte, error) { return fmt.Append(nil, "proof of ", position), nil }
	c.Consistency = map[uint64][]tlog.Hash{2: {{1}, {2}}, 3: nil, 10: {{3}}}
	return c
}

func written(t testing.TB, c bundle.Contents) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := bundle.Write(t.Context(), &b, c); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func opened(file []byte) (*bundle.Bundle, error) {
	return bundle.Open(bytes.NewReader(file), int64(len(file)))
}

// readAll opens a bundle and reads everything in it, as a verifier does.
func readAll(file []byte) error {
	b, err := opened(file)
	if err != nil {
		return err
	}
	listed, err := b.Manifests()
	if err != nil {
		return err
	}
	for _, name := range b.Names() {
		f, err := b.File(name)
		if err != nil {
			return err
		}
		sums, err := bundle.SumsOf(f)
		if err != nil {
			return err
		}
		if want, ok := listed[name]; ok && sums != want {
			return fmt.Errorf("%s has other sums", name)
		}
	}
	for _, err := range b.Records(io.Discard) {
		if err != nil {
			return err
		}
	}
	return nil
}

// item is an entry of a zip that a test packs by hand.
type item struct {
	zip.FileHeader
	content []byte
}

// itemsOf returns the entries of a zip.
func itemsOf(t testing.TB, file []byte) (list []item) {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, item{zip.FileHeader{Name: f.Name, Method: f.Method}, content})
	}
	return list
}

// packed returns a zip of entries, as Go's standard library packs it: with descriptors.
func packed(t testing.TB, list []item) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := range list {
		out, err := w.CreateHeader(&list[i].FileHeader)
		if err == nil {
			_, err = out.Write(list[i].content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func crcOf(content []byte) uint32 { return crc32.ChecksumIEEE(content) }

// compressed returns a content as deflate packs it.
func compressed(t testing.TB, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err == nil {
		_, err = w.Write(content)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
