package verify_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/services/bundle"
	"github.com/taizhang/taizhang/services/verify"
)

// otherWorld returns another sealed ledger with the same trust file, so that files of it can be put into a bundle.
func otherWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.edit(t, w.find(t, `"voucher":"V-1"`), "乙公司", "丁公司")
	w.edit(t, 2, `"leadUnit":"甲"`, `"leadUnit":"乙"`)
	w.resignWitnessed(t)
	for name := range w.figures {
		w.figures[name] = bytes.ReplaceAll(w.figures[name], []byte("1"), []byte("2"))
	}
	return w
}

func TestEveryFileLeftOutDoubledOrFromElsewhereContradicts(t *testing.T) {
	w := newWorld(t)
	for kind, contents := range map[string]func(*world) bundle.Contents{
		"of the ledger":     (*world).contents,
		"of the center one": func(w *world) bundle.Contents { return w.ofCenter(t, "ZJ-0001") },
	} {
		files, others := filesOf(t, pack(t, contents(w))), filesOf(t, pack(t, contents(otherWorld(t))))
		for _, name := range slices.Sorted(maps.Keys(files)) {
			t.Run(kind+" "+name, func(t *testing.T) {
				left := maps.Clone(files)
				delete(left, name)
				expect(t, w.judge(t, zipped(t, left, false)), verify.Contradicted)
				v := w.judge(t, zipped(t, left, true))
				if strings.HasPrefix(name, "manifest-") || strings.HasPrefix(name, "figures/") {
					// A report that was never there is missed by nobody.
				} else if v.Result != verify.Contradicted {
					t.Errorf("left out under new manifests: %d", v.Result)
				}
				expect(t, w.judge(t, doubled(t, files, name)), verify.Contradicted, "两个文件")
				if bytes.Equal(files[name], others[name]) {
					return
				}
				taken := maps.Clone(files)
				taken[name] = others[name]
				expect(t, w.judge(t, zipped(t, taken, false)), verify.Contradicted)
				if !strings.HasPrefix(name, "manifest-") {
					expect(t, w.judge(t, zipped(t, taken, true)), verify.Contradicted)
				}
			})
		}
	}
}

// doubled packs files with one of them twice.
func doubled(t *testing.T, files map[string][]byte, name string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, n := range append(slices.Sorted(maps.Keys(files)), name) {
		add(t, z, &zip.FileHeader{Name: n}, files[n])
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func add(t *testing.T, z *zip.Writer, h *zip.FileHeader, content []byte) {
	t.Helper()
	to, err := z.CreateHeader(h)
	if err == nil {
		_, err = to.Write(content)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestAFileThatDoesNotBelongContradicts(t *testing.T) {
	w := newWorld(t)
	files := filesOf(t, w.bundle(t))
	for _, name := range []string{"../evil.txt", "/etc/passwd", `a\b.txt`, "checkpoints/../../x", "virus.exe",
		"figures/a.exe",
		"checkpoints/05", "checkpoints/x", "CHECKPOINT", "figures/../checkpoint", "timestamps/9-1.tsr", "center.txt"} {
		more := maps.Clone(files)
		more[name] = []byte("x")
		expect(t, w.judge(t, zipped(t, more, true)), verify.Contradicted)
	}
}

func TestABundleOverTheLimitContradicts(t *testing.T) {
	w := newWorld(t)
	files := filesOf(t, w.bundle(t))
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate, CompressedSize64: uint64(len(files[name])),
			UncompressedSize64: uint64(len(files[name]))}
		if name == bundle.RecordsName {
			h.UncompressedSize64 = 5 << 30
		}
		to, err := z.CreateRaw(h)
		if err == nil {
			_, err = to.Write(files[name])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	expect(t, w.judge(t, b.Bytes()), verify.Contradicted, "4 GiB")
	// A zip that is that large itself is not even read.
	v, err := verify.Verify(t.Context(), verify.Config{Content: bytes.NewReader(nil), Bytes: 5 << 30})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, v, verify.Contradicted, "4 GiB")
}

func TestABundlePackedAnewHolds(t *testing.T) {
	w := newWorld(t)
	files := filesOf(t, w.bundle(t))
	names := slices.Sorted(maps.Keys(files))
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	z.RegisterCompressor(zip.Deflate, func(to io.Writer) (io.WriteCloser, error) { return flate.NewWriter(to, 9) })
	for _, folder := range []string{"checkpoints/", "figures/"} {
		if _, err := z.CreateHeader(&zip.FileHeader{Name: folder, Modified: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range names {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Now()}
		h.SetMode(0o640)
		add(t, z, h, files[name])
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	expect(t, w.judge(t, b.Bytes()), verify.Holds)
}

func FuzzNoBundlePanics(f *testing.F) {
	w := newWorld(f)
	f.Add(w.bundle(f))
	f.Add(pack(f, w.ofCenter(f, "ZJ-0001")))
	f.Add([]byte("PK\x05\x06"))
	f.Fuzz(func(t *testing.T, file []byte) {
		v := w.judge(t, file)
		if page(t, v) == "" {
			t.Error("the verdict is empty")
		}
	})
}

// TestNoChangedBundlePanics changes bytes of the zip itself, also several, and cuts it.
func TestNoChangedBundlePanics(t *testing.T) {
	w := newWorld(t)
	w.figures = nil
	file := w.bundle(t)
	random := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		changed := bytes.Clone(file)
		for range 1 + random.IntN(4) {
			at := random.IntN(len(changed))
			if random.IntN(2) == 0 { // more often in the directory at the end
				at = len(changed) - 1 - random.IntN(min(len(changed), 1500))
			}
			binary.NativeEndian.PutUint16(changed[min(at, len(changed)-2):], uint16(random.Uint32()))
		}
		if random.IntN(8) == 0 {
			changed = changed[:random.IntN(len(changed))]
		}
		w.judge(t, changed)
	}
}
