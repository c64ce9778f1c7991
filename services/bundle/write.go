package bundle

import (
	"archive/zip"
	"bufio"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/seal"
)

// Contents are the contents of a bundle.
type Contents struct {
	Center     events.CenterID                 // "" for the whole ledger
	Records    func() iter.Seq2[[]byte, error] // stored lines without newlines; called twice, with the same result
	Checkpoint []byte                          // the newest signed checkpoint
	Earlier    map[uint64][]byte               // the earlier ones by their sizes
	Timestamps []Timestamp
	Figures    []Figure
	Policy     []byte
	VerifyPy   []byte

	// only for a bundle of one center
	Consistency map[uint64][]tlog.Hash // from the checkpoint of a size to the newest
	Positions   []uint64               // of the records
	// returns the inclusion proof of a record, as its file has it; called twice for each
	Proof func(position uint64) ([]byte, error)
}

// Timestamp is a token N about the checkpoint of a size, with the exact bytes stamped.
type Timestamp struct {
	Size, N     uint64
	Token, Note []byte
}

// Figure is a report, whose content must not change while the bundle is written.
type Figure struct {
	Name    string // of a file, without a folder
	Content io.ReaderAt
	Bytes   int64
}

// source is a file of a bundle that is written.
type source struct {
	name string
	copy func(to io.Writer) error // called twice, with the same content
	size int64
	crc  uint32
	Sums
}

// Write writes a bundle. Its bytes depend on the contents alone. It does not judge the contents, but refuses what Open
// would refuse: names that cannot be files and sizes over the limits. It reads the records and the figures twice,
// first for their sums, and keeps none of them in memory.
func Write(ctx context.Context, to io.Writer, c Contents) error {
	files, err := c.files()
	if err != nil {
		return err
	}
	total := int64(0)
	for i := range files {
		f := &files[i]
		if err := f.sum(ctx); err != nil {
			return fmt.Errorf("bundle: read %s: %w", f.name, err)
		}
		if total += f.size; total > BytesMax {
			return bad("证据包超过 4 GiB 的上限", "the bundle is over the limit of 4 GiB")
		}
		if limit := limitOf(f.name); f.size > limit {
			return bad("%s 超过 %d 字节的上限", "%s is over the limit of %d bytes", f.name, limit)
		}
	}
	files = append(files, manifests(files)...)
	slices.SortFunc(files, byName)
	w := zip.NewWriter(to)
	for i := range files {
		if err := files[i].write(ctx, w); err != nil {
			return fmt.Errorf("bundle: write %s: %w", files[i].name, err)
		}
	}
	return w.Close()
}

func byName(a, b source) int { return strings.Compare(a.name, b.name) }

// files returns all files but the manifests, sorted by name.
func (c *Contents) files() ([]source, error) {
	var list []source
	add := func(name string, content []byte) {
		list = append(list, source{name: name, copy: copyOf(content)})
	}
	add(ReadmeName, []byte(readme(c.Center)))
	add(CheckpointName, c.Checkpoint)
	add(PolicyName, c.Policy)
	add(VerifyName, c.VerifyPy)
	list = append(list, source{name: RecordsName, copy: c.copyRecords})
	for size, note := range c.Earlier {
		add(EarlierName(size), note)
	}
	for _, t := range c.Timestamps {
		add(TimestampName(t.Size, t.N)+tokenEnd, t.Token)
		add(TimestampName(t.Size, t.N)+noteEnd, t.Note)
	}
	seen := map[string]bool{}
	for _, f := range c.Figures {
		folded := strings.ToLower(f.Name)
		if seen[folded] {
			return nil, bad("有两份报表都叫 %s，放进同一个包无法区分；请改名后再试",
				"two reports are called %s and could not be told apart in one bundle; rename one of them", f.Name)
		}
		seen[folded] = true
		if err := validFigure(f.Name); err != nil {
			return nil, err
		}
		list = append(list, source{name: path.Join(figuresDir, f.Name),
			copy: func(to io.Writer) error {
				_, err := io.Copy(to, io.NewSectionReader(f.Content, 0, f.Bytes))
				return err
			}})
	}
	if c.Center != "" {
		add(CenterName, []byte(c.Center+"\n"))
		for size, hashes := range c.Consistency {
			add(ConsistencyName(size), seal.HashLines(hashes))
		}
		for _, position := range c.Positions {
			list = append(list, source{name: ProofName(position), copy: func(to io.Writer) error {
				content, err := c.Proof(position)
				if err == nil {
					_, err = to.Write(content)
				}
				return err
			}})
		}
	}
	slices.SortFunc(list, byName)
	return list, nil
}

func copyOf(content []byte) func(io.Writer) error {
	return func(to io.Writer) error {
		_, err := to.Write(content)
		return err
	}
}

// copyRecords writes the records as a file: each line with a newline.
func (c *Contents) copyRecords(to io.Writer) error {
	w := bufio.NewWriterSize(to, summerBytes)
	for line, err := range c.Records() {
		if err != nil {
			return err
		}
		if _, err := w.Write(line); err != nil {
			return err
		}
		if err := w.WriteByte('\n'); err != nil {
			return err
		}
	}
	return w.Flush()
}

// sum reads the file for its size and sums.
func (f *source) sum(ctx context.Context) error {
	s := NewSummer()
	err := f.copy(io.MultiWriter(s, &measured{f: f, ctx: ctx}))
	f.Sums = s.Sums()
	return err
}

// measured adds up the size and the checksum of a file, and ends the work with its context.
type measured struct {
	f   *source
	ctx context.Context
}

// Write implements io.Writer.
func (m *measured) Write(p []byte) (int, error) {
	m.f.crc = crc32.Update(m.f.crc, crc32.IEEETable, p)
	m.f.size += int64(len(p))
	return len(p), m.ctx.Err()
}

// manifests returns the two manifests of the files.
func manifests(files []source) []source {
	var sha, sm strings.Builder
	for i := range files {
		sha.WriteString(formatSHA256(files[i].name, files[i].SHA256))
		sm.WriteString(formatSM3(files[i].name, files[i].SM3))
	}
	of := func(name, content string) source {
		return source{name: name, copy: copyOf([]byte(content)), size: int64(len(content)),
			crc: crc32.ChecksumIEEE([]byte(content))}
	}
	return []source{of(SHA256Name, sha.String()), of(SM3Name, sm.String())}
}

// attributes are those of a regular file with mode 0644 on Unix, which is the system that the entries name.
const (
	attributes = 0o100644 << 16
	madeOnUnix = 3<<8 | 20
	needs      = 20          // version 2.0 of zip
	firstDay   = 1<<5 | 1<<0 // 1980-01-01, the first date that a zip can have
)

// write writes the file into a zip. Its content must be what sum read.
func (f *source) write(ctx context.Context, w *zip.Writer) error {
	header := zip.FileHeader{Name: f.name, CreatorVersion: madeOnUnix, ReaderVersion: needs, Flags: flagUTF8,
		Method: zip.Store, CRC32: f.crc, ExternalAttrs: attributes, CompressedSize64: uint64(f.size),
		UncompressedSize64: uint64(f.size)}
	//lint:ignore SA1019 CreateRaw writes this member, and takes no notice of Modified.
	header.ModifiedDate = firstDay
	entry, err := w.CreateRaw(&header)
	if err != nil {
		return err
	}
	again := source{name: f.name}
	if err := f.copy(io.MultiWriter(entry, &measured{f: &again, ctx: ctx})); err != nil {
		return err
	}
	if again.size != f.size || again.crc != f.crc {
		return errors.New("the content changed while it was read")
	}
	return nil
}
