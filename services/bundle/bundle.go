package bundle

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/taizhang/taizhang/events"
)

// Bundle is an open bundle. It reads from the file that it was opened from, which must stay open.
type Bundle struct {
	r       io.ReaderAt
	entries []entry // without folders, sorted by name
	center  events.CenterID
}

// Open reads which files a bundle has. It refuses a file that is no zip, a zip that programs could read in different
// ways, files that are missing or do not belong to a bundle, and more than the limits. It reads no content but
// center.txt: whoever reads a file finds out whether it is damaged. Every error about the bundle is text.Invalid.
func Open(r io.ReaderAt, size int64) (*Bundle, error) {
	entries, err := readZip(r, size)
	if err != nil {
		return nil, err
	}
	b := &Bundle{r: r}
	for _, e := range entries {
		if p, _ := partOf(e.name); p != folder {
			b.entries = append(b.entries, e)
		}
	}
	slices.SortFunc(b.entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	if err := b.check(); err != nil {
		return nil, err
	}
	if b.find(CenterName) == nil {
		return b, nil
	}
	content, err := b.Read(CenterName)
	if err != nil {
		return nil, err
	}
	id, ok := strings.CutSuffix(string(content), "\n")
	if !ok || !events.ValidCenter(events.CenterID(id)) {
		return nil, bad("%s 中不是中心编号", "%s does not hold the id of a center", CenterName)
	}
	b.center = events.CenterID(id)
	return b, nil
}

// check returns an error unless the bundle has the files that its kind has, each once.
func (b *Bundle) check() error {
	seen, total := map[string]bool{}, int64(0)
	for i := range b.entries {
		e := &b.entries[i]
		if p, _ := partOf(e.name); p == foreign {
			return bad("%s 不属于证据包", "%s does not belong to a bundle", e.name)
		}
		// the name on a system that does not tell A from a
		folded := strings.ToLower(e.name)
		if seen[folded] {
			return bad("有两个文件都叫 %s", "two files are called %s", e.name)
		}
		seen[folded] = true
		if total += e.size; total > BytesMax {
			return bad("所有文件合计超过 4 GiB 的上限", "all files together are over the limit of 4 GiB")
		}
		if limit := limitOf(e.name); e.size > limit {
			return bad("%s 超过 %d 字节的上限", "%s is over the limit of %d bytes", e.name, limit)
		}
	}
	for _, name := range required {
		if b.find(name) == nil {
			return bad("缺少 %s：这不是证据包，或不完整（文件应在压缩包的最上一层）",
				"%s is missing: this is no bundle, or it is incomplete (the files belong at the top of the zip)", name)
		}
	}
	return b.checkPairs()
}

// checkPairs returns an error unless each token has its note, and the files of one center are there if and only if
// the bundle is of one.
func (b *Bundle) checkPairs() error {
	oneCenter := b.find(CenterName) != nil
	for i := range b.entries {
		name, other := b.entries[i].name, ""
		switch p, _ := partOf(name); {
		case p == token:
			other = strings.TrimSuffix(name, tokenEnd) + noteEnd
		case p == note:
			other = strings.TrimSuffix(name, noteEnd) + tokenEnd
		case p == consistency:
			other = strings.TrimSuffix(name, consistencyEnd)
		case p == earlier && oneCenter:
			other = name + consistencyEnd
		}
		if other != "" && b.find(other) == nil {
			return bad("有 %s 而缺少 %s", "there is %s but not %s", name, other)
		}
		if p, _ := partOf(name); !oneCenter && (p == consistency || p == proof) {
			return bad("%s 只属于一个中心的证据包，而这里没有 %s",
				"%s belongs to a bundle of one center alone, and there is no %s", name, CenterName)
		}
	}
	return nil
}

func (b *Bundle) find(name string) *entry {
	i, ok := slices.BinarySearchFunc(b.entries, name, func(e entry, name string) int {
		return strings.Compare(e.name, name)
	})
	if !ok {
		return nil
	}
	return &b.entries[i]
}

// Center returns the center that the bundle is of, or "" for a bundle of the whole ledger.
func (b *Bundle) Center() events.CenterID { return b.center }

// Names returns the names of all files, sorted by their bytes.
func (b *Bundle) Names() []string {
	names := make([]string, len(b.entries))
	for i := range b.entries {
		names[i] = b.entries[i].name
	}
	return names
}

// Size returns the size of a file, or -1 if the bundle does not have it.
func (b *Bundle) Size(name string) int64 {
	if e := b.find(name); e != nil {
		return e.size
	}
	return -1
}

// File returns the content of a file. Its reader returns an error at the end if the file is damaged.
func (b *Bundle) File(name string) (io.Reader, error) {
	e := b.find(name)
	if e == nil {
		return nil, bad("缺少 %s", "%s is missing", name)
	}
	return e.open(b.r), nil
}

// Section gives access to any place of a file that lies unpacked in the zip, and returns nil for a file that does not.
// It does not check whether the content is damaged.
func (b *Bundle) Section(name string) io.ReaderAt {
	if e := b.find(name); e != nil && e.method == storedMethod {
		return io.NewSectionReader(b.r, e.data, e.size)
	}
	return nil
}

// Read returns the whole content of a file. It is for files other than the records.
func (b *Bundle) Read(name string) ([]byte, error) {
	f, err := b.File(name)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(f)
}

// Records yields the stored lines, without their newlines, in the order of the file. A line is valid until the next
// one. It writes every byte of the file to also, unless that is nil. An error is yielded last.
func (b *Bundle) Records(also io.Writer) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		f, err := b.File(RecordsName)
		if err != nil {
			yield(nil, err)
			return
		}
		if also != nil {
			f = io.TeeReader(f, also)
		}
		in := bufio.NewReaderSize(f, int(min(b.Size(RecordsName), events.LineBytesMax)+1))
		for n := 1; ; n++ {
			line, err := in.ReadSlice('\n')
			switch {
			case err == io.EOF && len(line) == 0:
				return
			case err == io.EOF:
				err = bad("%s 末尾没有换行", "%s does not end with a newline", RecordsName)
			case errors.Is(err, bufio.ErrBufferFull):
				err = bad("%s 第 %d 行过长", "%s: line %d is too long", RecordsName, n)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(bytes.TrimSuffix(line, []byte("\n")), nil) {
				return
			}
		}
	}
}

// Manifests reads the two manifests and returns the sums that they list for every other file. It returns an error
// unless both list each file once.
func (b *Bundle) Manifests() (map[string]Sums, error) {
	var names []string
	for _, name := range b.Names() {
		if name != SHA256Name && name != SM3Name {
			names = append(names, name)
		}
	}
	read := func(manifest string, parse func(string) (string, string, bool)) ([][32]byte, error) {
		content, err := b.Read(manifest)
		if err != nil {
			return nil, err
		}
		return readManifest(manifest, content, names, parse)
	}
	shas, err := read(SHA256Name, parseSHA256)
	if err != nil {
		return nil, err
	}
	sms, err := read(SM3Name, parseSM3)
	if err != nil {
		return nil, err
	}
	sums := make(map[string]Sums, len(names))
	for i, name := range names {
		sums[name] = Sums{shas[i], sms[i]}
	}
	return sums, nil
}

// numbers returns the numbers in the names of all files of a part, from the smallest.
func (b *Bundle) numbers(of part) (list []uint64) {
	for i := range b.entries {
		if p, n := partOf(b.entries[i].name); p == of {
			list = append(list, n)
		}
	}
	slices.Sort(list)
	return list
}

// Checkpoint returns the newest signed checkpoint.
func (b *Bundle) Checkpoint() ([]byte, error) { return b.Read(CheckpointName) }

// EarlierSizes returns the sizes of the earlier checkpoints, from the smallest, as the names of their files say.
func (b *Bundle) EarlierSizes() []uint64 { return b.numbers(earlier) }

// Earlier returns an earlier signed checkpoint.
func (b *Bundle) Earlier(size uint64) ([]byte, error) { return b.Read(EarlierName(size)) }

// EarlierName returns the name of the file of an earlier checkpoint.
func EarlierName(size uint64) string { return numberName(checkpointsDir, size, "") }

// Consistency returns the file with the proof that the newest checkpoint extends an earlier one.
func (b *Bundle) Consistency(size uint64) ([]byte, error) { return b.Read(ConsistencyName(size)) }

// ConsistencyName returns the name of the file with the proof of an earlier checkpoint.
func ConsistencyName(size uint64) string { return numberName(checkpointsDir, size, consistencyEnd) }

// ProofPositions returns the positions of the records that have an inclusion proof, from the smallest.
func (b *Bundle) ProofPositions() []uint64 { return b.numbers(proof) }

// Proof returns the inclusion proof of the record at a position.
func (b *Bundle) Proof(position uint64) ([]byte, error) { return b.Read(ProofName(position)) }

// ProofName returns the name of the file with the inclusion proof of the record at a position.
func ProofName(position uint64) string { return numberName(proofsDir, position, proofEnd) }

// Timestamps returns the names of the tokens, sorted, without their extensions: NAME.tsr is the token and NAME.note
// the bytes stamped.
func (b *Bundle) Timestamps() (stems []string) {
	for i := range b.entries {
		if stem, ok := strings.CutSuffix(b.entries[i].name, tokenEnd); ok {
			stems = append(stems, stem)
		}
	}
	return stems
}

// TimestampName returns such a name: of token n of the checkpoint of a size.
func TimestampName(size, n uint64) string { return fmt.Sprintf("%s%d-%d", timestampsDir, size, n) }

// Figures returns the names of the reports, sorted.
func (b *Bundle) Figures() (names []string) {
	for i := range b.entries {
		if p, _ := partOf(b.entries[i].name); p == figure {
			names = append(names, b.entries[i].name)
		}
	}
	return names
}
