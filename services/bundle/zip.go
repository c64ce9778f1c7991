package bundle

import (
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/taizhang/taizhang/events/text"
)

// A zip is read here, and not by archive/zip, because an auditor must not see other bytes than the verifier: the two
// directories of a zip (the headers before each file, and the list at the end) must agree, and every byte must belong
// to one of them or to one file. So nothing lies between, before or after the entries, and no two entries share bytes.
//
//	zip    = entry… list end64? end
//	entry  = local header (30 bytes, name, extra), data, descriptor?
//	list   = for each entry: header (46 bytes, name, extra, comment)
//	end64  = record of zip64 (56 bytes) and its locator (20 bytes), of a zip with many entries
//	end    = 22 bytes; a comment is refused
//
// Programs that pack anew differ in order, times, attributes, extra fields, compression and descriptors; all of these
// are accepted.
const (
	localHeader   = 0x04034b50
	listHeader    = 0x02014b50
	end64Header   = 0x06064b50
	locatorHeader = 0x07064b50
	endHeader     = 0x06054b50
	descriptor    = 0x08074b50

	localBytes   = 30
	listBytes    = 46
	end64Bytes   = 56
	locatorBytes = 20
	endBytes     = 22

	storedMethod  = 0
	deflateMethod = 8

	flagDescriptor = 1 << 3
	// flagsKnown are those that say nothing new of a name or content: how hard the compressor tried, a descriptor, and
	// that names are in UTF-8.
	flagsKnown = 1<<1 | 1<<2 | flagDescriptor | flagUTF8
	flagUTF8   = 1 << 11

	extra64 = 1 // the id of the extra field of zip64
	many16  = 1<<16 - 1
	many32  = 1<<32 - 1
)

var little = binary.LittleEndian

// entry is one entry of a zip.
type entry struct {
	name       string
	method     uint16
	flags      uint16
	crc        uint32
	size       int64 // as unpacked
	packed     int64
	header     int64 // the offset of its local header
	data, next int64 // the offsets of its data, and of what follows it
}

// notWhole is the error of a file that is no zip, or of which a part is missing.
func notWhole() error {
	return bad("这不是完整的 zip 文件：下载或复制可能中断，请重新取一份",
		"this is no complete zip file: a download or a copy may have been cut short; get it again")
}

// unclear is the error of a zip that programs may read in different ways.
func unclear(zh, en string) error {
	return bad("这个 zip 文件可以有不同的读法，不予采信：%[1]s",
		"this zip file can be read in different ways and is not trusted: %[2]s", zh, en)
}

// readZip returns the entries of a zip in the order of the file.
func readZip(r io.ReaderAt, size int64) ([]entry, error) {
	if size > BytesMax {
		return nil, bad("文件超过 4 GiB 的上限", "the file is over the limit of 4 GiB")
	}
	listAt, listEnd, count, err := readEnd(r, size)
	if err != nil {
		return nil, err
	}
	list, err := readList(io.NewSectionReader(r, listAt, listEnd-listAt), count)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b entry) int { return int(min(max(a.header-b.header, -1), 1)) })
	at := int64(0)
	for i := range list {
		e := &list[i]
		if e.header != at {
			return nil, unclear("各文件之前或之间有其他内容，或互相重叠",
				"there is something else before or between its files, or they overlap")
		}
		limit := listAt
		if i+1 < len(list) {
			limit = min(limit, list[i+1].header)
		}
		if err := e.locate(r, limit); err != nil {
			return nil, err
		}
		at = e.next
	}
	if at != listAt {
		return nil, unclear("文件与目录之间有其他内容", "there is something else between its files and its directory")
	}
	return list, nil
}

// readEnd reads the end of a zip and returns where the list of entries lies and how many there are.
func readEnd(r io.ReaderAt, size int64) (listAt, listEnd int64, count uint64, err error) {
	if size < endBytes {
		return 0, 0, 0, notWhole()
	}
	end := make([]byte, endBytes)
	if _, err := r.ReadAt(end, size-endBytes); err != nil && err != io.EOF {
		return 0, 0, 0, err
	}
	if little.Uint32(end) != endHeader {
		return 0, 0, 0, bad("这不是完整的 zip 文件，或末尾有注释或其他内容",
			"this is no complete zip file, or a comment or something else follows its end")
	}
	count = uint64(little.Uint16(end[10:]))
	listSize, at := uint64(little.Uint32(end[12:])), uint64(little.Uint32(end[16:]))
	if little.Uint16(end[4:]) != 0 || little.Uint16(end[6:]) != 0 ||
		little.Uint16(end[8:]) != little.Uint16(end[10:]) || little.Uint16(end[20:]) != 0 {
		return 0, 0, 0, notWhole()
	}
	limit := size - endBytes
	wide, err := readEnd64(r, limit)
	if err != nil {
		return 0, 0, 0, err
	}
	if wide != nil {
		many, listSize64, at64 := little.Uint64(wide[32:]), little.Uint64(wide[40:]), little.Uint64(wide[48:])
		if count != many && count != many16 || listSize != listSize64 && listSize != many32 ||
			at != at64 && at != many32 || little.Uint64(wide[24:]) != many {
			return 0, 0, 0, unclear("两个结尾不一致", "its two ends differ")
		}
		count, listSize, at = many, listSize64, at64
		limit -= locatorBytes + end64Bytes
	}
	if at > uint64(limit) || listSize != uint64(limit)-at {
		return 0, 0, 0, notWhole()
	}
	return int64(at), limit, count, nil
}

// readEnd64 returns the record of zip64 that ends at an offset together with its locator, or nil if there is none.
func readEnd64(r io.ReaderAt, end int64) ([]byte, error) {
	if end < locatorBytes+end64Bytes {
		return nil, nil
	}
	b := make([]byte, end64Bytes+locatorBytes)
	if _, err := r.ReadAt(b, end-int64(len(b))); err != nil {
		return nil, err
	}
	record, locator := b[:end64Bytes], b[end64Bytes:]
	if little.Uint32(locator) != locatorHeader {
		return nil, nil
	}
	if little.Uint32(record) != end64Header || little.Uint64(record[4:]) != end64Bytes-12 ||
		little.Uint32(record[16:]) != 0 || little.Uint32(record[20:]) != 0 ||
		little.Uint32(locator[4:]) != 0 || little.Uint32(locator[16:]) != 1 ||
		little.Uint64(locator[8:]) != uint64(end)-uint64(len(b)) {
		return nil, notWhole()
	}
	return record, nil
}

// readList reads the list of entries.
func readList(list *io.SectionReader, count uint64) ([]entry, error) {
	if count > entriesMax || int64(count) > list.Size()/listBytes {
		return nil, bad("zip 文件中的文件过多，或目录不完整",
			"the zip has too many files, or its directory is incomplete")
	}
	entries := make([]entry, 0, count)
	in := newCounted(list)
	for range count {
		e, err := readListed(in)
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	if in.read != list.Size() {
		return nil, unclear("目录之后有其他内容", "something else follows its directory")
	}
	return entries, nil
}

// readListed reads one header of the list.
func readListed(in *counted) (e entry, err error) {
	h, err := in.take(listBytes)
	if err != nil {
		return e, err
	}
	if little.Uint32(h) != listHeader || little.Uint16(h[34:]) != 0 {
		return e, notWhole()
	}
	e.flags, e.method, e.crc = little.Uint16(h[8:]), little.Uint16(h[10:]), little.Uint32(h[16:])
	packed, size, header := little.Uint32(h[20:]), little.Uint32(h[24:]), little.Uint32(h[42:])
	nameBytes, extraBytes, commentBytes := little.Uint16(h[28:]), little.Uint16(h[30:]), little.Uint16(h[32:])
	name, err := in.take(int(nameBytes))
	if err != nil {
		return e, err
	}
	e.name = string(name)
	extra, err := in.take(int(extraBytes))
	if err != nil {
		return e, err
	}
	wide := widths{extra: extra}
	e.size, e.packed, e.header = wide.of(size), wide.of(packed), wide.of(header)
	if wide.missing {
		return e, notWhole()
	}
	if _, err := in.take(int(commentBytes)); err != nil {
		return e, err
	}
	return e, e.check()
}

// check returns an error for an entry that a bundle cannot have.
func (e *entry) check() error {
	shown := text.Printable(e.name)
	switch {
	case !utf8.ValidString(e.name):
		return bad("有文件名不是 UTF-8：请用按 UTF-8 写文件名的程序（如 7-Zip）重新打包",
			"the name of a file is not in UTF-8: pack it with a program that writes names in UTF-8, such as 7-Zip")
	case shown != e.name || strings.Contains(e.name, `\`) || strings.HasPrefix(e.name, "/") || e.name == "" ||
		slices.ContainsFunc(strings.Split(strings.TrimSuffix(e.name, "/"), "/"),
			func(s string) bool { return s == "" || s == "." || s == ".." }):
		return bad("文件名 %s 指向包外，或不能用作文件名",
			"the name %s leads outside, or can be the name of no file", shown)
	case e.flags&^flagsKnown != 0:
		return bad("%s 已加密，或用了不支持的 zip 功能",
			"%s is encrypted, or uses a feature of zip that is not supported", shown)
	case e.method != storedMethod && e.method != deflateMethod:
		return bad("%s 的压缩方式不支持：请用普通的 zip 重新打包",
			"%s is compressed in a way that is not supported: pack it as plain zip", shown)
	case e.method == storedMethod && e.size != e.packed:
		return unclear("文件的两个大小不一致", "the two sizes of a file differ")
	case strings.HasSuffix(e.name, "/") && e.size != 0:
		return unclear("文件夹有内容", "a folder has content")
	case e.size < 0 || e.packed < 0 || e.header < 0 || e.size > BytesMax || e.packed > BytesMax || e.header > BytesMax:
		return bad("%s 超过 4 GiB 的上限", "%s is over the limit of 4 GiB", shown)
	}
	return nil
}

// locate reads the local header of an entry, which must agree with the list, and its descriptor, if there is one. It
// sets where the data begins and where the entry ends, which is at the limit.
func (e *entry) locate(r io.ReaderAt, limit int64) error {
	if limit-e.header < localBytes {
		return notWhole()
	}
	h := make([]byte, localBytes)
	if _, err := r.ReadAt(h, e.header); err != nil {
		return err
	}
	nameBytes, extraBytes := int64(little.Uint16(h[26:])), int64(little.Uint16(h[28:]))
	e.data = e.header + localBytes + nameBytes + extraBytes
	if little.Uint32(h) != localHeader || e.data > limit || e.packed > limit-e.data {
		return notWhole()
	}
	rest := make([]byte, nameBytes+extraBytes)
	if _, err := r.ReadAt(rest, e.header+localBytes); err != nil && len(rest) > 0 {
		return err
	}
	if string(rest[:nameBytes]) != e.name || little.Uint16(h[8:]) != e.method || little.Uint16(h[6:]) != e.flags {
		return e.twice()
	}
	if e.next = e.data + e.packed; e.flags&flagDescriptor != 0 {
		return e.readDescriptor(r, limit)
	}
	wide := widths{extra: rest[nameBytes:]}
	size, packed := wide.of(little.Uint32(h[22:])), wide.of(little.Uint32(h[18:]))
	if wide.missing || size != e.size || packed != e.packed || little.Uint32(h[14:]) != e.crc {
		return e.twice()
	}
	return nil
}

func (e *entry) twice() error {
	return unclear(e.name+" 的两处说明不一致", "it describes "+e.name+" twice, and differently")
}

// readDescriptor reads the descriptor between the data of an entry and the limit. It may begin with a signature, and
// its two sizes have 4 or 8 bytes each.
func (e *entry) readDescriptor(r io.ReaderAt, limit int64) error {
	n := limit - e.next
	if n != 12 && n != 16 && n != 20 && n != 24 {
		return unclear("各文件之间有其他内容", "there is something else between its files")
	}
	b := make([]byte, n)
	if _, err := r.ReadAt(b, e.next); err != nil {
		return err
	}
	if n == 16 || n == 24 {
		if little.Uint32(b) != descriptor {
			return e.twice()
		}
		b = b[4:]
	}
	want := little.AppendUint32(nil, e.crc)
	if len(b) == 12 {
		want = little.AppendUint32(little.AppendUint32(want, uint32(e.packed)), uint32(e.size))
	} else {
		want = little.AppendUint64(little.AppendUint64(want, uint64(e.packed)), uint64(e.size))
	}
	if !bytes.Equal(b, want) {
		return e.twice()
	}
	e.next = limit
	return nil
}

// widths reads numbers of a header in order. A number of 32 bits that is all ones stands for the next one of the extra
// field of zip64.
type widths struct {
	extra   []byte
	wide    []byte // what is left of the field of zip64
	sought  bool
	missing bool
}

func (w *widths) of(n uint32) int64 {
	if n != many32 {
		return int64(n)
	}
	for !w.sought && len(w.extra) >= 4 {
		id, size := little.Uint16(w.extra), int(little.Uint16(w.extra[2:]))
		if w.extra = w.extra[4:]; size > len(w.extra) {
			break
		}
		if id == extra64 {
			w.wide, w.sought = w.extra[:size], true
		}
		w.extra = w.extra[size:]
	}
	if len(w.wide) < 8 {
		w.missing = true
		return 0
	}
	n64 := little.Uint64(w.wide)
	w.wide = w.wide[8:]
	return int64(min(n64, 1<<62)) // over every limit
}

// counted reads the list of entries and counts its bytes.
type counted struct {
	src  io.Reader
	read int64
	buf  []byte
}

func newCounted(list io.Reader) *counted {
	return &counted{src: bufio.NewReader(list), buf: make([]byte, many16)}
}

// take reads exactly n bytes, which are valid until the next call.
func (c *counted) take(n int) ([]byte, error) {
	got, err := io.ReadFull(c.src, c.buf[:n])
	c.read += int64(got)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil, notWhole()
	}
	return c.buf[:n], err
}

// open returns the content of an entry as unpacked. Reading fails at its end unless it has the size and the checksum
// that the zip says, and never yields more than that size.
func (e *entry) open(r io.ReaderAt) io.Reader {
	packed := bufio.NewReader(io.NewSectionReader(r, e.data, e.packed))
	if e.method == storedMethod {
		return &checked{src: packed, packed: packed, e: e}
	}
	return &checked{src: flate.NewReader(packed), packed: packed, e: e}
}

// checked reads the content of an entry and checks it.
type checked struct {
	src    io.Reader
	packed *bufio.Reader // all of it must be used
	e      *entry
	read   int64
	crc    uint32
}

// Read implements io.Reader.
func (c *checked) Read(p []byte) (int, error) {
	left := c.e.size - c.read
	switch {
	case len(p) == 0:
		return 0, nil
	case left == 0:
		p = make([]byte, 1) // there must be nothing more
	case int64(len(p)) > left:
		p = p[:left]
	}
	n, err := c.src.Read(p)
	if left == 0 && n > 0 {
		return 0, c.damaged()
	}
	c.crc = crc32.Update(c.crc, crc32.IEEETable, p[:n])
	c.read += int64(n)
	var corrupt flate.CorruptInputError
	switch {
	case err == io.ErrUnexpectedEOF || errors.As(err, &corrupt):
		return n, c.damaged()
	case err != io.EOF:
		return n, err
	case c.read != c.e.size || c.crc != c.e.crc:
		return n, c.damaged()
	}
	if _, err := c.packed.Peek(1); err != io.EOF {
		return n, c.damaged()
	}
	return n, io.EOF
}

func (c *checked) damaged() error {
	return bad("%[1]s 损坏：大小或校验和与 zip 所说不符",
		"%[1]s is damaged: its size or checksum is not what the zip says", c.e.name)
}
