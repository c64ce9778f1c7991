package verify_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/bundle"
	"github.com/taizhang/taizhang/services/seal"
	"github.com/taizhang/taizhang/services/verify"
)

// every is the number of bytes from one that is flipped to the next one.
var every = flag.Int("every", 997, "flip every so many bytes of a bundle")

// informative lists the files that nothing vouches for.
var informative = []string{bundle.ReadmeName, bundle.PolicyName, bundle.VerifyName}

func TestEveryFlippedByteIsMet(t *testing.T) { flipBytes(t, *every) }

// flipBytes flips bytes of every file of a small bundle, once under the manifests as they are and once under new ones.
func flipBytes(t *testing.T, step int) {
	w := newWorld(t)
	w.stamp(t)
	file := w.bundle(t)
	files := filesOf(t, file)
	whole := w.judge(t, file, w.rooted(t))
	expect(t, whole, verify.Holds)
	type flip struct {
		name string
		at   int
	}
	var flips []flip
	n := 0
	for _, name := range slices.Sorted(maps.Keys(files)) {
		for at := range files[name] {
			if n++; n%step == 0 {
				flips = append(flips, flip{name, at})
			}
		}
	}
	next := make(chan flip)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for f := range next {
				changed := maps.Clone(files)
				changed[f.name] = bytes.Clone(files[f.name])
				changed[f.name][f.at] ^= 0xff
				if v := w.judge(t, zipped(t, changed, false), w.rooted(t)); v.Result != verify.Contradicted {
					t.Errorf("byte %d of %s is flipped under the old manifests: %d", f.at, f.name, v.Result)
				}
				if f.name == bundle.SHA256Name || f.name == bundle.SM3Name {
					continue
				}
				v := w.judge(t, zipped(t, changed, true), w.rooted(t))
				if why := w.excused(f.name, v, whole, changed[f.name]); v.Result != verify.Contradicted && !why {
					t.Errorf("byte %d of %s is flipped under new manifests: %d\n%s", f.at, f.name, v.Result, page(t,
						v))
				}
			}
		})
	}
	for _, f := range flips {
		next <- f
	}
	close(next)
	workers.Wait()
	t.Logf("%d bytes flipped", len(flips))
}

// excused reports whether a changed file may contradict nothing: nothing vouches for it, and the verdict says that it
// was not examined, or the change made a signature line one of an unknown key, which the verdict names.
func (w *world) excused(name string, v, whole *verify.Verdict, content []byte) bool {
	if slices.Contains(informative, name) {
		return slices.ContainsFunc(v.Unexamined, func(s text.Text) bool { return strings.Contains(s.En, name) })
	}
	signed, err := seal.ParseSigned(content)
	if err != nil || name != bundle.CheckpointName {
		return false
	}
	for _, l := range signed.Lines {
		named := fmt.Sprintf("the signature line of %s (id %08x) in %s", l.Name, l.ID, name)
		if slices.ContainsFunc(v.Unexamined, func(s text.Text) bool { return strings.HasPrefix(s.En, named) }) {
			return len(v.Unexamined) > len(whole.Unexamined)
		}
	}
	return false
}
