package bundle_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/taizhang/taizhang/events/text"
)

// ends are the offsets of the list of entries and of the end in a zip without zip64.
func ends(file []byte) (list, end int) {
	end = len(file) - 22
	return int(binary.LittleEndian.Uint32(file[end+16:])), end
}

func TestAZipThatCanBeReadInTwoWaysIsRefused(t *testing.T) {
	plain := written(t, whole())
	list, end := ends(plain)
	put32 := func(at int, v uint32) func([]byte) []byte {
		return func(b []byte) []byte { binary.LittleEndian.PutUint32(b[at:], v); return b }
	}
	for name, change := range map[string]func([]byte) []byte{
		"nothing":          func([]byte) []byte { return nil },
		"something before": func(b []byte) []byte { return append([]byte("MZ"), b...) },
		"something after":  func(b []byte) []byte { return append(b, "hidden"...) },
		"a comment": func(b []byte) []byte {
			b[end+20] = 6
			return append(b, "hidden"...)
		},
		"something before the list": func(b []byte) []byte {
			b = slices.Insert(b, list, []byte("hidden")...)
			binary.LittleEndian.PutUint32(b[end+6+16:], uint32(list+6))
			return b
		},
		"something after the list": func(b []byte) []byte {
			b = slices.Insert(b, end, []byte("hidden")...)
			binary.LittleEndian.PutUint32(b[end+6+12:], uint32(end+6-list))
			return b
		},
		"the name before the file is another": func(b []byte) []byte { b[30] ^= 1; return b },
		"the method before it is another":     func(b []byte) []byte { b[8] = 8; return b },
		"the size before it is another":       func(b []byte) []byte { b[22]++; return b },
		"the checksum before it is another":   func(b []byte) []byte { b[14]++; return b },
		"encrypted":                           func(b []byte) []byte { b[6] |= 1; b[list+8] |= 1; return b },
		"a size of 4 GiB":                     put32(list+24, 1<<32-1),
		"a size that is not there":            put32(list+24, 1<<31),
		"an offset outside":                   put32(list+42, 1<<31),
		"two entries share bytes": func(b []byte) []byte { // the second begins where the first does
			second := list + 46 + len("README.txt")
			return put32(second+42, 0)(b)
		},
		"more entries than there are":  func(b []byte) []byte { b[end+8], b[end+10] = 200, 200; return b },
		"fewer entries than there are": func(b []byte) []byte { b[end+8], b[end+10] = 1, 1; return b },
		"cut short":                    func(b []byte) []byte { return b[:len(b)-1] },
	} {
		if err := readAll(change(slices.Clone(plain))); text.CodeOf(err) != text.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDataBehindACompressedFileIsRefused hides bytes between the end of a compressed file and its descriptor.
func TestDataBehindACompressedFileIsRefused(t *testing.T) {
	items := itemsOf(t, written(t, whole()))
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := range items {
		h := &items[i].FileHeader
		raw, size := compressed(t, items[i].content), uint64(len(items[i].content))
		raw = append(raw, "hidden"...)
		h.Method, h.CRC32, h.CompressedSize64, h.UncompressedSize64 = zip.Deflate, crcOf(items[i].content),
			uint64(len(raw)), size
		out, err := w.CreateRaw(h)
		if err == nil {
			_, err = out.Write(raw)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := readAll(b.Bytes()); text.CodeOf(err) != text.Invalid {
		t.Errorf("it is read: %v", err)
	}
}

// TestABombIsReadNoFurtherThanItSays packs much more than the zip says, and less.
func TestABombIsReadNoFurtherThanItSays(t *testing.T) {
	for _, says := range []int64{-1000, -1, 1, 1000} {
		items := itemsOf(t, written(t, whole()))
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		for i := range items {
			h, content := &items[i].FileHeader, items[i].content
			size := int64(len(content))
			if h.Name == "records.jsonl" {
				content = bytes.Repeat(content, 1000)
				size = int64(len(content)) + says
			}
			raw := compressed(t, content)
			h.Method, h.CRC32, h.CompressedSize64, h.UncompressedSize64 = zip.Deflate, crcOf(content),
				uint64(len(raw)), uint64(size)
			out, err := w.CreateRaw(h)
			if err == nil {
				_, err = out.Write(raw)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if err := readAll(b.Bytes()); text.CodeOf(err) != text.Invalid {
			t.Errorf("%d bytes more than there are: %v", says, err)
		}
	}
}

// FuzzOpen reads anything as a bundle: it never panics, and what it accepts other programs read the same way.
func FuzzOpen(f *testing.F) {
	f.Add(written(f, whole()))
	f.Add(written(f, ofCenter()))
	items := itemsOf(f, written(f, ofCenter()))
	for i := range items {
		items[i].Method = zip.Deflate
	}
	f.Add(packed(f, items))
	f.Fuzz(func(t *testing.T, file []byte) {
		if readAll(file) != nil {
			return
		}
		b, err := opened(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range itemsOf(t, file) {
			if i.Name[len(i.Name)-1] == '/' {
				continue
			}
			if content, err := b.Read(i.Name); err != nil || !bytes.Equal(content, i.content) {
				t.Errorf("%s is read as %q, %v; elsewhere as %q", i.Name, content, err, i.content)
			}
		}
	})
}
