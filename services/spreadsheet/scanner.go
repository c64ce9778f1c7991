package spreadsheet

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"io"
	"strings"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// scanner reads one part of an archive as XML, within the limits on the unpacked size, the nesting and the size of a
// tag. XML that ends early or that declares entities is an error.
type scanner struct {
	io.Closer
	xml  *xml.Decoder
	open []xml.Name // the elements that are open, outermost first, with prefixes as they are written
	tag  int        // bytes since the last <
	src  io.Reader
	w    *Workbook
}

// scan opens a part.
func (w *Workbook) scan(part string) (*scanner, error) {
	f := w.parts[part]
	if f == nil {
		return nil, say("XLSX 文件不完整：缺少 %s", "the XLSX file is not whole: %s is missing", part)
	}
	if f.UncompressedSize64 > uint64(w.left) { // a quick refusal; the real size is checked while reading
		return nil, w.errExpands()
	}
	r, err := f.Open()
	if err != nil {
		return nil, errDamaged(err)
	}
	s := &scanner{Closer: r, src: inUTF8(r), w: w}
	s.xml = xml.NewDecoder(s)
	s.xml.CharsetReader = charset
	return s, nil
}

// inUTF8 returns XML in UTF-8 if it is in UTF-16, with or without a byte order mark. It leaves other XML unchanged.
func inUTF8(r io.Reader) io.Reader {
	b := bufio.NewReader(r)
	head, _ := b.Peek(2)
	for _, order := range []struct {
		unicode.Endianness
		mark, bracket string
	}{{unicode.LittleEndian, "\xff\xfe", "<\x00"}, {unicode.BigEndian, "\xfe\xff", "\x00<"}} {
		if string(head) == order.mark || string(head) == order.bracket {
			return unicode.UTF16(order.Endianness, unicode.UseBOM).NewDecoder().Reader(b)
		}
	}
	return b
}

// charset returns XML in UTF-8. The scanner has decoded UTF-16 already.
func charset(label string, r io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "utf8", "us-ascii", "ascii", "utf-16", "utf-16le", "utf-16be", "utf16":
		return r, nil
	case "iso-8859-1", "latin1":
		return charmap.ISO8859_1.NewDecoder().Reader(r), nil
	}
	return nil, say("其中的 XML 用了编码 %s，不能读取：请用表格软件打开，另存为 XLSX",
		"its XML is in the encoding %s, which is not read: open it in a spreadsheet program and save it as XLSX",
		Clip(label))
}

// read calls see with every element of a part.
func (w *Workbook) read(part string, see func(xml.StartElement) error) error {
	s, err := w.scan(part)
	if err != nil {
		return err
	}
	defer s.Close()
	for {
		t, err := s.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if e, ok := t.(xml.StartElement); ok {
			if err := see(e); err != nil {
				return err
			}
		}
	}
}

func (w *Workbook) errExpands() error {
	return say("解压后超过 %d 字节的上限", "the file expands to more than the limit of %d bytes", w.bytesMax)
}

// Read implements io.Reader under the limits.
func (s *scanner) Read(b []byte) (int, error) {
	n, err := s.src.Read(b)
	if s.w.left -= int64(n); s.w.left < 0 {
		return 0, s.w.errExpands()
	}
	for rest, found := b[:n], true; found; {
		var text []byte
		text, rest, found = bytes.Cut(rest, []byte("<"))
		if s.tag += len(text); s.tag > tagBytesMax {
			return 0, say("XML 中有超过 %d 字节的标记或文字", "the XML has a tag or a text of more than %d bytes",
				tagBytesMax)
		}
		if found {
			s.tag = 0
		}
	}
	return n, err
}

// next returns the next token, or io.EOF at the end of a complete document. The names of namespaces are not looked up:
// a spreadsheet is read by local names alone.
func (s *scanner) next() (xml.Token, error) {
	t, err := s.xml.RawToken()
	if err == io.EOF && len(s.open) > 0 {
		err = io.ErrUnexpectedEOF
	}
	if err == io.EOF {
		return nil, err
	}
	if err != nil {
		return nil, errDamaged(err)
	}
	switch e := t.(type) {
	case xml.Directive:
		return nil, say("XML 中有声明（DOCTYPE），不予读取", "the XML has a declaration (DOCTYPE) and is not read")
	case xml.StartElement:
		if s.open = append(s.open, e.Name); len(s.open) > depthMax {
			return nil, say("XML 嵌套超过 %d 层的上限", "the XML nests deeper than the limit of %d", depthMax)
		}
	case xml.EndElement:
		last := len(s.open) - 1
		if last < 0 || s.open[last] != e.Name {
			return nil, say("XLSX 文件已损坏或不完整：XML 元素 %s 的结束标记没有对应的开始标记",
				"the XLSX file is damaged or not whole: an XML element %s ends that is not open", Clip(e.Name.Local))
		}
		s.open = s.open[:last]
	}
	return t, nil
}

// within reports whether the scanner is within an element with a name.
func (s *scanner) within(name string) bool {
	for i := len(s.open) - 1; i >= 0; i-- {
		if s.open[i].Local == name {
			return true
		}
	}
	return false
}
