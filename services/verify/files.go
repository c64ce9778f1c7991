package verify

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/bundle"
	"github.com/taizhang/taizhang/services/seal"
)

// manifestKind is the kind of contradictions of manifests.
const manifestKind kind = "manifest"

// sums computes the sums of the files of a bundle, beside everything else.
type sums struct {
	found  map[string]bundle.Sums
	failed map[string]error // files that could not be read to their end
	done   chan struct{}
}

// sum begins to compute the sums of all files but the manifests.
func sum(ctx context.Context, b *bundle.Bundle) *sums {
	s := &sums{found: map[string]bundle.Sums{}, failed: map[string]error{}, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		for _, name := range b.Names() {
			if name == bundle.SHA256Name || name == bundle.SM3Name || ctx.Err() != nil {
				continue
			}
			content, err := b.File(name)
			if err == nil {
				s.found[name], err = bundle.SumsOf(content)
			}
			if err != nil {
				s.failed[name] = err
			}
		}
	}()
	return s
}

// checkManifests compares both manifests with the files.
func (v *Verdict) checkManifests(b *bundle.Bundle, s *sums) {
	<-s.done
	for _, name := range b.Names() {
		if err := s.failed[name]; err != nil {
			v.fails(Integrity, manifestKind, unreadableFile(name, text.Of(err)))
		}
	}
	listed, err := b.Manifests()
	if err != nil {
		v.fails(Integrity, manifestKind, text.Of(err))
		return
	}
	right := len(s.failed) == 0
	for _, name := range b.Names() {
		want, isListed := listed[name]
		got, isThere := s.found[name]
		if !isListed || !isThere {
			continue
		}
		if want.SHA256 != got.SHA256 {
			v.fails(Integrity, manifestKind, manifestDiffers(bundle.SHA256Name, name))
			right = false
		}
		if want.SM3 != got.SM3 {
			v.fails(Integrity, manifestKind, manifestDiffers(bundle.SM3Name, name))
			right = false
		}
	}
	if right {
		v.holds(Integrity, manifestsHold(len(listed)))
	}
}

// checkInformative compares the files that nothing vouches for with what the verifier has itself. They contradict
// nothing, so the verdict names them.
func (v *Verdict) checkInformative(b *bundle.Bundle, p *seal.Policy) {
	v.holds(Security, zipIsClean)
	if program, err := b.Read(bundle.VerifyName); err == nil {
		if bytes.Equal(program, bundle.VerifyPy) {
			v.holds(Security, verifyPyIsOurs)
		} else {
			v.notes(Security, "", verifyPyIsOther)
			v.unexamined(verifyPyUnexamined)
		}
	}
	v.unexamined(readmeUnexamined)
	v.unexamined(policyUnexamined)
	content, err := b.Read(bundle.PolicyName)
	if err != nil || p == nil {
		return
	}
	if proposed, err := seal.ParsePolicy(content); err == nil && proposed.Log.String() != p.Log.String() {
		v.notes(Security, "", proposedIsOther)
	} else if err != nil && !bytes.Contains(content, []byte(p.Log.String())) {
		v.notes(Security, "", proposedIsOther)
	}
}

// memoryBytesMax is the size up to which packed records are unpacked in memory, and not in a temporary file.
const memoryBytesMax = 64 << 20

// unpacked gives access to any place of the records of a bundle. Records that are stored unpacked are read where they
// lie; others are unpacked, to a temporary file if they are large. The caller calls done at the end.
func unpacked(b *bundle.Bundle, dir string) (at io.ReaderAt, done func(), err error) {
	if at := b.Section(bundle.RecordsName); at != nil {
		return at, func() {}, nil
	}
	content, err := b.File(bundle.RecordsName)
	if err != nil {
		return nil, nil, err
	}
	if b.Size(bundle.RecordsName) <= memoryBytesMax {
		all, err := io.ReadAll(content)
		return strings.NewReader(string(all)), func() {}, err
	}
	f, err := os.CreateTemp(dir, "taizhang-verify-*")
	if err != nil {
		return nil, nil, err
	}
	done = func() { f.Close(); os.Remove(f.Name()) }
	if _, err := io.Copy(f, content); err != nil {
		done()
		return nil, nil, err
	}
	return f, done, nil
}
