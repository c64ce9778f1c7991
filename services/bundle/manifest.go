package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"strings"

	"github.com/emmansun/gmsm/sm3"
)

// Sums are the two sums of a file.
type Sums struct{ SHA256, SM3 [32]byte }

// Summer computes the Sums of what is written to it. The two are computed at the same time, on two processors if
// there are. Its Sums must be called once, at the end, also after an error.
type Summer struct {
	buffer []byte
	sha    hash.Hash
	sm     hash.Hash
	full   chan []byte // to the goroutine that computes SM3
	free   chan []byte // from it
	done   chan struct{}
}

// summerBytes is the number of bytes that a Summer hashes at a time.
const summerBytes = 1 << 18

// NewSummer returns a Summer to which nothing was written.
func NewSummer() *Summer {
	return &Summer{sha: sha256.New(), sm: sm3.New()}
}

// Write implements io.Writer. It returns no error.
func (s *Summer) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		n := min(len(rest), summerBytes-len(s.buffer))
		s.buffer, rest = append(s.buffer, rest[:n]...), rest[n:]
		if len(s.buffer) == summerBytes {
			s.flush()
		}
	}
	return len(p), nil
}

// flush hashes the full buffer and takes another one. The goroutine starts with the first full buffer, so small files
// need none.
func (s *Summer) flush() {
	if s.full == nil {
		s.full, s.free, s.done = make(chan []byte, 8), make(chan []byte, 10), make(chan struct{})
		for range cap(s.free) - 1 {
			s.free <- make([]byte, 0, summerBytes)
		}
		go func() {
			defer close(s.done)
			for b := range s.full {
				s.sm.Write(b)
				s.free <- b[:0]
			}
		}()
	}
	s.sha.Write(s.buffer)
	s.full <- s.buffer
	s.buffer = <-s.free
}

// Sums returns the sums of everything that was written.
func (s *Summer) Sums() (sums Sums) {
	if s.full != nil {
		close(s.full)
		<-s.done
	}
	s.sha.Write(s.buffer)
	s.sm.Write(s.buffer)
	s.sha.Sum(sums.SHA256[:0])
	s.sm.Sum(sums.SM3[:0])
	return sums
}

// SumsOf returns the sums of a content.
func SumsOf(content io.Reader) (Sums, error) {
	s := NewSummer()
	_, err := io.Copy(s, content)
	return s.Sums(), err
}

// formatSHA256 and formatSM3 return the line of a file in a manifest.
func formatSHA256(name string, sum [32]byte) string { return fmt.Sprintf("%x  %s\n", sum, name) }

func formatSM3(name string, sum [32]byte) string { return fmt.Sprintf("SM3 (%s) = %x\n", name, sum) }

// parseSHA256 and parseSM3 are their inverses.
func parseSHA256(line string) (name, sum string, ok bool) {
	sum, name, ok = strings.Cut(line, "  ")
	return name, sum, ok
}

func parseSM3(line string) (name, sum string, ok bool) {
	rest, ok := strings.CutPrefix(line, "SM3 (")
	i := strings.LastIndex(rest, ") = ")
	if !ok || i < 0 {
		return "", "", false
	}
	return rest[:i], rest[i+len(") = "):], true
}

// readManifest reads a manifest, which lists each of the files once, in the order of their names.
func readManifest(manifest string, content []byte, names []string,
	parse func(line string) (name, sum string, ok bool)) (sums [][32]byte, err error) {
	sums = make([][32]byte, len(names))
	for i, name := range names {
		line, rest, ok := bytes.Cut(content, []byte("\n"))
		listed, sum, parsed := parse(string(line))
		raw, err := hex.DecodeString(sum)
		switch {
		case !ok && len(line) == 0:
			return nil, bad("%s 没有列出 %s", "%s does not list %s", manifest, name)
		case !ok || !parsed || err != nil || len(raw) != 32 || sum != strings.ToLower(sum):
			return nil, bad("%s 第 %d 行读不出来", "%s: line %d cannot be read", manifest, i+1)
		case listed != name:
			return nil, bad("%s 第 %d 行应为 %s：清单须按文件名顺序列出每个文件各一次",
				"%s: line %d should be of %s: a manifest lists every file once, in the order of names", manifest, i+1,
				name)
		}
		sums[i] = [32]byte(raw)
		content = rest
	}
	if len(content) > 0 {
		return nil, bad("%s 列出的文件比包内的多", "%s lists more files than there are", manifest)
	}
	return sums, nil
}
