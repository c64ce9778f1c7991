package reports

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
)

// exactly reports whether a file, all cells of which are those of the report, is also as the program writes it. A file
// that another program saved is not, and neither is one with bytes that belong to no cell. Text that earlier versions
// wrote with format characters counts as another program's.
func (r *Report) exactly(f file) bool {
	switch f := f.(type) {
	case *csvFile:
		same := &sameBytes{want: f.raw}
		return r.WriteCSV(same) == nil && len(same.want) == 0
	case *xlsxFile:
		return isPlainZip(f.content, f.size)
	}
	return false
}

// errDiffers ends a comparison.
var errDiffers = errors.New("it differs")

// sameBytes compares what is written to it with bytes that are wanted.
type sameBytes struct{ want []byte }

func (s *sameBytes) Write(p []byte) (int, error) {
	if !bytes.HasPrefix(s.want, p) {
		return 0, errDiffers
	}
	s.want = s.want[len(p):]
	return len(p), nil
}

// sameFile compares what is written to it with the bytes of a file.
type sameFile struct {
	content io.ReaderAt
	at      int64
}

func (s *sameFile) Write(p []byte) (int, error) {
	got := make([]byte, len(p))
	if n, err := s.content.ReadAt(got, s.at); n < len(p) {
		return 0, err
	}
	if !bytes.Equal(got, p) {
		return 0, errDiffers
	}
	s.at += int64(len(p))
	return len(p), nil
}

// isPlainZip reports whether every part of a zip is whole, and every other byte is what archive/zip writes around the
// parts: there is nothing before, between or after them, and no time, attribute, comment or extra field.
func isPlainZip(content io.ReaderAt, size int64) bool {
	in, err := zip.NewReader(content, size)
	if err != nil {
		return false
	}
	same := &sameFile{content: content}
	out := zip.NewWriter(same)
	for _, part := range in.File {
		if !isWhole(part) {
			return false
		}
		packed, err := part.OpenRaw()
		if err != nil {
			return false
		}
		const descriptor = 1 << 3
		w, err := out.CreateRaw(&zip.FileHeader{Name: part.Name, Method: part.Method, Flags: descriptor,
			CreatorVersion: 20, ReaderVersion: 20, CRC32: part.CRC32, CompressedSize64: part.CompressedSize64,
			UncompressedSize64: part.UncompressedSize64})
		if err != nil {
			return false
		}
		if _, err := io.Copy(w, packed); err != nil {
			return false
		}
	}
	return out.Close() == nil && same.at == size
}

// isWhole reports whether a part has the checksum that it should have.
func isWhole(part *zip.File) bool {
	unpacked, err := part.Open()
	if err != nil {
		return false
	}
	defer unpacked.Close()
	_, err = io.Copy(io.Discard, unpacked)
	return err == nil
}
