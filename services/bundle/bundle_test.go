package bundle_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/bundle"
)

func TestABundleHasTheFilesOfItsLayout(t *testing.T) {
	b, err := opened(written(t, whole()))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"README.txt", "checkpoint", "checkpoints/10", "checkpoints/2", "checkpoints/3",
		"figures/A (1).xlsx", "figures/拨付.csv", "manifest-sha256.txt", "manifest-sm3.txt", "policy.txt",
		"records.jsonl", "timestamps/3-1.note", "timestamps/3-1.tsr", "verify.py"}
	if got := b.Names(); !slices.Equal(got, want) {
		t.Errorf("the files are %q, expected %q", got, want)
	}
	if b.Center() != "" || !slices.Equal(b.EarlierSizes(), []uint64{2, 3, 10}) || len(b.ProofPositions()) != 0 ||
		!slices.Equal(b.Timestamps(), []string{"timestamps/3-1"}) || len(b.Figures()) != 2 {
		t.Errorf("read as %q, %v, %v, %v, %v", b.Center(), b.EarlierSizes(), b.ProofPositions(), b.Timestamps(),
			b.Figures())
	}
	if note, err := b.Earlier(10); err != nil || string(note) != "ten" {
		t.Errorf("the checkpoint of size 10 is %q, %v", note, err)
	}
	if note, err := b.Checkpoint(); err != nil || !bytes.Equal(note, whole().Checkpoint) {
		t.Errorf("the newest checkpoint is %q, %v", note, err)
	}
	at := make([]byte, 3)
	if _, err := b.Section("checkpoints/10").ReadAt(at, 0); err != nil || string(at) != "ten" {
		t.Errorf("a file that is stored is %q, %v", at, err)
	}
	next, stop := iter.Pull2(records(5)())
	defer stop()
	lines, also := 0, new(bytes.Buffer)
	for line, err := range b.Records(also) {
		if want, _, _ := next(); err != nil || !bytes.Equal(line, want) {
			t.Errorf("a line is %q, %v; expected %q", line, err, want)
		}
		lines++
	}
	if lines != 5 || int64(also.Len()) != b.Size("records.jsonl") {
		t.Errorf("%d lines, %d bytes of %d", lines, also.Len(), b.Size("records.jsonl"))
	}
}

func TestABundleOfOneCenterHasItsProofs(t *testing.T) {
	b, err := opened(written(t, ofCenter()))
	if err != nil {
		t.Fatal(err)
	}
	if b.Center() != "ZJ-0001" || !slices.Equal(b.ProofPositions(), []uint64{1, 2, 3, 4, 5}) {
		t.Errorf("read as %q with proofs %v", b.Center(), b.ProofPositions())
	}
	if p, err := b.Proof(4); err != nil || string(p) != "proof of 4" {
		t.Errorf("a proof is %q, %v", p, err)
	}
	hash := "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nAgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
	if p, err := b.Consistency(2); err != nil || string(p) != hash {
		t.Errorf("the proof from the checkpoint of size 2 is %q, %v", p, err)
	}
}

func TestTheManifestsListEveryOtherFile(t *testing.T) {
	for _, c := range []bundle.Contents{whole(), ofCenter()} {
		file := written(t, c)
		if err := readAll(file); err != nil {
			t.Error(err)
		}
		b, err := opened(file)
		if err != nil {
			t.Fatal(err)
		}
		sums, err := b.Manifests()
		if err != nil || len(sums) != len(b.Names())-2 {
			t.Errorf("%d sums of %d files, %v", len(sums), len(b.Names()), err)
		}
		content, err := b.Read("records.jsonl")
		if err != nil || sums["records.jsonl"].SHA256 != sha256.Sum256(content) {
			t.Errorf("records.jsonl has not its SHA-256, %v", err)
		}
	}
}

// TestTheBytesDependOnTheContentsAlone pins the bytes of two bundles. They change with the words of README.txt; any
// other change would be one of the layout or of how Go writes a zip, and must not happen unnoticed.
func TestTheBytesDependOnTheContentsAlone(t *testing.T) {
	for _, c := range []struct {
		contents func() bundle.Contents
		want     string
	}{
		{whole, "6709b870cddfb5bab0e481af2674b15f40648c531f85acc8e4dc444d97f24992"},
		{ofCenter, "42494879ae3fe7ee8e3c5bd5e607d1a3da31eba379cf8f838946d3766360f7c2"},
	} {
		file := written(t, c.contents())
		if !bytes.Equal(file, written(t, c.contents())) {
			t.Error("the same contents give other bytes")
		}
		if got := fmt.Sprintf("%x", sha256.Sum256(file)); got != c.want {
			t.Errorf("the SHA-256 of a bundle is %s, expected %s", got, c.want)
		}
	}
}

func TestWritingRefusesWhatCannotBeInABundle(t *testing.T) {
	for name, change := range map[string]func(*bundle.Contents){
		"two reports of one name": func(c *bundle.Contents) { c.Figures = append(c.Figures, report("a (1).XLSX", "")) },
		"a report with a folder":  func(c *bundle.Contents) { c.Figures[0].Name = "../x.csv" },
		"a device of Windows":     func(c *bundle.Contents) { c.Figures[0].Name = "nul.csv" },
		"no report":               func(c *bundle.Contents) { c.Figures[0].Name = "x.docx" },
		"a large policy":          func(c *bundle.Contents) { c.Policy = make([]byte, 2<<20) },
	} {
		c := whole()
		change(&c)
		if err := bundle.Write(t.Context(), io.Discard, c); text.CodeOf(err) != text.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	c, calls := whole(), 0
	c.Records = func() iter.Seq2[[]byte, error] { calls++; return records(calls)() }
	if err := bundle.Write(t.Context(), io.Discard, c); err == nil || !strings.Contains(err.Error(), "changed") {
		t.Errorf("records that change while they are written: %v", err)
	}
	c = whole()
	broken := errors.New("broken")
	c.Records = func() iter.Seq2[[]byte, error] {
		return func(yield func([]byte, error) bool) { yield(nil, broken) }
	}
	if err := bundle.Write(t.Context(), io.Discard, c); !errors.Is(err, broken) {
		t.Errorf("records that cannot be read: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := bundle.Write(ctx, io.Discard, whole()); !errors.Is(err, context.Canceled) {
		t.Errorf("ended: %v", err)
	}
}

func TestABundlePackedAnewIsAccepted(t *testing.T) {
	list := itemsOf(t, written(t, ofCenter()))
	slices.Reverse(list)
	for i := range list {
		list[i].Modified = time.Date(2027, 3, 4, 5, 6, 7, 0, time.UTC)
		list[i].Method = zip.Deflate
	}
	folders := []item{{FileHeader: zip.FileHeader{Name: "checkpoints/"}}, {FileHeader: zip.FileHeader{Name: "proofs/"}}}
	file := packed(t, append(folders, list...))
	if err := readAll(file); err != nil {
		t.Error(err)
	}
	if b, err := opened(file); err != nil || b.Section("records.jsonl") != nil {
		t.Errorf("packed records lie unpacked in the zip, %v", err)
	}
}

// TestManyEntriesAreRead has more files than a zip without zip64 can have.
func TestManyEntriesAreRead(t *testing.T) {
	c := ofCenter()
	c.Positions = nil
	for p := range uint64(66_000) {
		c.Positions = append(c.Positions, p+1)
	}
	b, err := opened(written(t, c))
	if err != nil || len(b.ProofPositions()) != 66_000 {
		t.Fatal(err)
	}
}

// TestEveryChangedByteIsDetected changes every byte of a bundle. Everything in it is then refused, but what no reader
// looks at: versions, times and attributes.
func TestEveryChangedByteIsDetected(t *testing.T) {
	c := whole()
	c.VerifyPy, c.Earlier, c.Timestamps = []byte("x"), nil, nil
	file := written(t, c)
	want := itemsOf(t, file)
	harmless := 0
	for i := range file {
		file[i] ^= 0x20
		if err := readAll(file); err == nil {
			harmless++
			if got := itemsOf(t, file); !slices.EqualFunc(got, want, func(a, b item) bool {
				return a.Name == b.Name && bytes.Equal(a.content, b.content)
			}) {
				t.Errorf("byte %d changes what another program reads", i)
			}
		}
		file[i] ^= 0x20
	}
	// in each local header the version, time and date; in the list also the version of the writer, the attributes
	// and where a comment would be
	if most := len(want) * (6 + 16); harmless > most {
		t.Errorf("%d changed bytes are not detected, expected at most %d", harmless, most)
	}
}

func TestABundleWithoutAFileOrWithAnotherIsRefused(t *testing.T) {
	for _, c := range []bundle.Contents{whole(), ofCenter()} {
		list := itemsOf(t, written(t, c))
		for i := range list {
			without := slices.Delete(slices.Clone(list), i, i+1)
			if err := readAll(packed(t, without)); text.CodeOf(err) != text.Invalid {
				t.Errorf("without %s: %v", list[i].Name, err)
			}
			twice := append(slices.Clone(list), list[i])
			if err := readAll(packed(t, twice)); text.CodeOf(err) != text.Invalid {
				t.Errorf("with %s twice: %v", list[i].Name, err)
			}
		}
		for _, name := range []string{"../x", "/etc/passwd", `figures\x.csv`, "x.txt", "checkpoints/01", "figures/x.docx",
			"checkpoints/x", "timestamps/1.tsr", "timestamps/1-0.tsr", "proofs/0.tlog-proof", "README.TXT", "figures/",
			"a/../checkpoint", "./checkpoint", "figures/a (1).xlsx", "C:/x", "checkpoints/-1", "checkpoints/+1"} {
			more := append(slices.Clone(list), item{zip.FileHeader{Name: name}, []byte("x")})
			if name == "figures/" {
				more[len(more)-1].content = nil
				more = append(more, item{FileHeader: zip.FileHeader{Name: "other/"}})
			}
			if err := readAll(packed(t, more)); text.CodeOf(err) != text.Invalid {
				t.Errorf("with %s: %v", name, err)
			}
		}
	}
}

func TestALineThatIsTooLongOrUnfinishedIsNamed(t *testing.T) {
	list := itemsOf(t, written(t, whole()))
	at := slices.IndexFunc(list, func(i item) bool { return i.Name == "records.jsonl" })
	for content, want := range map[string]string{
		"{}\n{}": "does not end",
		"{}\n" + strings.Repeat("x", events.LineBytesMax+1) + "\n": "line 2 is too long",
	} {
		list[at].content = []byte(content)
		b, err := opened(packed(t, list))
		if err != nil {
			t.Fatal(err)
		}
		var last error
		for _, err := range b.Records(nil) {
			last = err
		}
		if text.CodeOf(last) != text.Invalid || !strings.Contains(last.Error(), want) {
			t.Errorf("expected %q, got %v", want, last)
		}
	}
}
