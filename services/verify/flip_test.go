package verify_test

import (
	"bytes"
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

// informative lists the files that nothing vouches for.
var informative = []string{bundle.ReadmeName, bundle.PolicyName, bundle.VerifyName}

func TestFlippedBytesAreDetected(t *testing.T) {
	for name, f := range flippable(t) {
		t.Run(name, func(t *testing.T) { f.flip(t, f.few) })
	}
}

// flipped is a bundle of which bytes are flipped.
type flipped struct {
	*world
	file []byte
	only func(name string) bool // which files are flipped
	// the bytes of each file that the tests of every day flip; those of the tag e2e flip many more, or all
	few int
}

// flippable returns a bundle of the whole ledger without reports, one with each report, of which only the report is
// flipped, and one of a center.
func flippable(t *testing.T) map[string]*flipped {
	t.Helper()
	w := newWorld(t)
	w.stamp(t)
	figures := w.figures
	w.figures = nil
	center := w.ofCenter(t, "ZJ-0001")
	center.Figures = nil
	all := map[string]*flipped{
		"the whole ledger": {world: w, file: w.bundle(t), few: 4, only: func(string) bool { return true }},
		"one center": {world: w, file: pack(t, center), few: 2,
			only: func(name string) bool { return !slices.Contains(informative, name) }}}
	for name, content := range figures {
		w.figures = map[string][]byte{name: content}
		all[name] = &flipped{world: w, file: w.bundle(t), few: 10,
			only: func(of string) bool { return of == "figures/"+name }}
	}
	return all
}

// flip flips bytes of the files, of each some that are spread over it, once under the manifests as they are and once
// under new ones.
func (f *flipped) flip(t *testing.T, ofEach int) {
	t.Helper()
	files := filesOf(t, f.file)
	whole := f.judge(t, f.file, f.rooted(t))
	expect(t, whole, verify.Holds)
	type place struct {
		name string
		at   int
	}
	next := make(chan place)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for p := range next {
				f.flipOne(t, files, whole, p.name, p.at)
			}
		})
	}
	count := 0
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !f.only(name) {
			continue
		}
		flips := min(ofEach, len(files[name]))
		if slices.Contains(informative, name) { // compared as a whole: no byte is read on its own
			flips = min(flips, 200)
		}
		for i := range flips {
			next <- place{name, (2*i + 1) * len(files[name]) / (2 * flips)}
			count++
		}
	}
	close(next)
	workers.Wait()
	t.Logf("%d bytes flipped", count)
}

func (f *flipped) flipOne(t *testing.T, files map[string][]byte, whole *verify.Verdict, name string, at int) {
	changed := maps.Clone(files)
	changed[name] = bytes.Clone(files[name])
	changed[name][at] ^= 0xff
	if v := f.judgeBy(t, verify.VerifySeals, zipped(t, changed, false)); v.Result != verify.Contradicted {
		t.Errorf("byte %d of %s is flipped under the old manifests: %d", at, name, v.Result)
	}
	if name == bundle.SHA256Name || name == bundle.SM3Name {
		return
	}
	again := zipped(t, changed, true)
	v := f.judgeBy(t, verify.VerifySeals, again, f.rooted(t))
	if v.Result != verify.Contradicted && !slices.Contains(informative, name) {
		v = f.judge(t, again, f.rooted(t))
	}
	if v.Result != verify.Contradicted && !excused(name, v, whole, changed[name]) {
		t.Errorf("byte %d of %s is flipped under new manifests: %d\n%s", at, name, v.Result, page(t, v))
	}
}

// excused reports whether a changed file may contradict nothing: nothing vouches for it, and the verdict says that it
// was not examined, or the change made a signature line one of an unknown key, which the verdict names.
func excused(name string, v, whole *verify.Verdict, content []byte) bool {
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
