//go:build e2e

package bundle_test

import (
	"archive/zip"
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/taizhang/taizhang/services/bundle"
)

func TestVerifyPyAcceptsGoodBundles(t *testing.T) {
	p, o := newPython(t), smallLedger(t)
	unsigned := strings.Replace(string(o.earlier[1].note), "— "+o.origin+" ", "— on.paper/ ", 1)
	typed, _, _ := strings.Cut(string(o.earlier[1].note), "\n\n")
	public := ed25519.PublicKey(bytes.Repeat([]byte{1}, 32))
	for name, files := range map[string]map[string][]byte{
		"whole": listed(o.whole()), "center": listed(o.center("ZJ-0001")),
	} {
		for _, c := range []struct {
			what, trust, known string
			code               int
		}{
			{"without a trust file", "", "", 3},
			{"two of three", o.trust(), "", 0},
			{"all of three", strings.Replace(o.trust(), "two 2", "two all", 1), "", 0},
			{"a known checkpoint", o.trust(), string(o.earlier[1].note), 0},
			{"one that was typed from paper", o.trust(), unsigned, 0},
			{"one that Windows kept", o.trust(),
				"\uFEFF" + strings.ReplaceAll(string(o.earlier[1].note), "\n", "\r\n"), 0},
			{"one without its last newline", o.trust(), strings.TrimSuffix(string(o.earlier[1].note), "\n"), 0},
			{"three lines", o.trust(), typed, 0},
			{"three lines that Windows kept", o.trust(), strings.ReplaceAll(typed, "\n", "\r\n") + "\r\n", 0},
			{"three lines of another history", o.trust(), strings.Replace(typed, typed[len(typed)-44:],
				o.earlier[0].root.String(), 1), 1},
			{"two lines", o.trust(), typed[:len(typed)-45], 2},
			{"one of no record", o.trust(), string(o.checkpoint(0, 0).note), 0},
			{"the trust file of another ledger", strings.Replace(o.trust(), o.key, vkeyOf("a.test", 1, public), 1), "", 3},
			{"another key of the ledger", strings.Replace(o.trust(), o.key, vkeyOf(o.origin, 1, public), 1), "", 1},
		} {
			if a := p.check(files, c.trust, c.known); a.Code != c.code {
				t.Errorf("%s, %s: exit code %d, expected %d\n%s", name, c.what, a.Code, c.code, a.Out)
			} else if c.code < 2 && strings.HasPrefix(c.what, "three") != strings.Contains(a.Out, "has no signature line") {
				t.Errorf("%s, %s: %s", name, c.what, a.Out)
			}
		}
	}
}

// TestVerifyPyAcceptsTheNamesOfReportsThatBundlesHave compares which names of reports both programs accept. A name
// that some system cannot have is refused.
func TestVerifyPyAcceptsTheNamesOfReportsThatBundlesHave(t *testing.T) {
	p, o := newPython(t), smallLedger(t)
	for name, code := range map[string]int{"r.htm": 0, "X.XLSX": 0, "E.CSV": 0, "执行　情况.xlsx": 0, "a\u00a0b.html": 0,
		"\ue000.csv": 0, strings.Repeat("表", 81) + ".csv": 0, strings.Repeat("表", 82) + ".csv": 1, "r.pdf": 1, ".csv": 1,
		" a.csv": 1, "a .csv": 1, "a.\u3000.csv": 1, "a..csv": 1, "..csv": 1, "a\u202eb.csv": 1, "a\u200bb.csv": 1, "a\tb.csv": 1,
		"a\u0085b.csv": 1, "con.csv": 1, "Com1.x.csv": 1, "com0.csv": 0, "a:b.csv": 1, "a*.csv": 1, `a\b.csv`: 1, "a.cſv": 1,
		"表.CSV": 1, "a/b.csv": 1, "ab\xff.csv": 1} {
		files := o.whole()
		files["figures/"+name] = []byte("a,b\n")
		packed := zipped(t, listed(files))
		if a := p.checkZip(packed, o.trust(), ""); a.Code != code {
			t.Errorf("%q: verify.py %d, expected %d\n%s", name, a.Code, code, a.Out)
		}
		if _, err := bundle.Open(bytes.NewReader(packed), int64(len(packed))); (err == nil) != (code == 0) {
			t.Errorf("%q: the Go reads %v", name, err)
		}
	}
}

// Whoever makes the manifests anew can change what nobody signed. verify.py must say that it did not examine that.
func TestVerifyPyMeetsEveryChangedByte(t *testing.T) {
	p, o := newPython(t), smallLedger(t)
	for _, files := range []map[string][]byte{listed(o.whole()), listed(o.center("ZJ-0001"))} {
		for _, name := range slices.Sorted(maps.Keys(files)) {
			notExamined := map[string]string{"README.txt": "README.txt", "policy.txt": "policy.txt",
				"verify.py": "verify.py", "figures/表.csv": "figures/表.csv",
				"timestamps/19-1.tsr": "time-stamp tokens"}[name]
			for at := 0; at < len(files[name]); at += 1 + len(files[name])/7 {
				changed := maps.Clone(files)
				changed[name] = slices.Clone(files[name])
				changed[name][at] ^= 1
				if a := p.check(changed, o.trust(), ""); a.Code != 1 {
					t.Errorf("%s, byte %d: exit code %d, expected 1\n%s", name, at, a.Code, a.Out)
				}
				if strings.HasPrefix(name, "manifest-") {
					continue
				}
				switch a := p.check(listed(changed), o.trust(), ""); {
				case a.Code == 1:
				case a.Code == 0 && notExamined != "" && strings.Contains(a.Out, notExamined):
				case a.Code != 2 && strings.Contains(a.Out, "not a key of the trust file"): // another name or id
				default:
					t.Errorf("%s, byte %d, new manifests: exit code %d\n%s", name, at, a.Code, a.Out)
				}
			}
		}
	}
}

// resealed returns a ledger with a changed line. The attacker has the ledger's key, but no key of a witness. He made
// everything after it anew: the tree, the records of sealing and the checkpoints. Their cosignatures are gone, or are
// those of the true checkpoints.
func resealed(t *testing.T, position int, change func(line string) string, keepCosignatures bool) *office {
	o := smallLedger(t)
	o.lines[position-1] = []byte(change(string(o.lines[position-1])))
	for _, c := range append(slices.Clone(o.earlier), o.newest) {
		if c.size < int64(position) {
			continue
		}
		old := *c
		_, cosignatures, _ := strings.Cut(string(c.note), "— "+o.origin)
		_, cosignatures, _ = strings.Cut(cosignatures, "\n")
		*c = *o.checkpoint(c.size)
		if keepCosignatures {
			c.note = append(c.note, cosignatures...)
		}
		for i := range o.lines[c.size:] {
			line := &o.lines[int(c.size)+i]
			if bytes.Contains(*line, []byte(old.root.String())) {
				*line = replaced(*line, old.root.String(), c.root.String())
				if !keepCosignatures {
					*line = regexp.MustCompile(`"cosigners":\[.*\]`).ReplaceAll(*line, []byte(`"cosigners":[]`))
				}
			}
		}
	}
	return o
}

// The tests of attacks are of somebody who makes both manifests anew.
func TestVerifyPyMeetsAttacks(t *testing.T) {
	p, good := newPython(t), smallLedger(t)
	year := func(line string) string { return strings.Replace(line, `"year":2026`, `"year":2029`, 1) }
	lines := func(o *office, with func(lines []string) []string) map[string][]byte {
		files := o.whole()
		all := with(strings.Split(strings.TrimSuffix(string(files["records.jsonl"]), "\n"), "\n"))
		files["records.jsonl"] = []byte(strings.Join(all, "\n") + "\n")
		return files
	}
	at := slices.IndexFunc(good.lines, func(line []byte) bool { return year(string(line)) != string(line) }) + 1
	renumbered := func(lines []string) []string {
		for i, line := range lines {
			_, rest, _ := strings.Cut(line, `,"stream"`)
			lines[i] = fmt.Sprintf(`{"position":%d,"stream"%s`, i+1, rest)
		}
		return lines
	}
	for _, c := range []struct {
		what  string
		files map[string][]byte
		known string
		code  int
		says  string
	}{
		{"a record edited, nothing else", lines(good, func(l []string) []string {
			l[at-1] = year(l[at-1])
			return l
		}), "", 1, "between positions 5 and 8 a record was changed, removed, inserted or moved"},
		{"a record edited, all sealed anew", resealed(t, at, year, false).whole(), "", 0, "the checkpoint of 4 records meets"},
		{"the same for who knows a checkpoint past it", resealed(t, at, year, false).whole(),
			string(good.earlier[1].note), 1, "the first 8 records are not those of the checkpoint that you kept"},
		{"the same with the old cosignatures", resealed(t, at, year, true).whole(), "", 1, "signature is wrong"},
		{"the first record edited, all sealed anew", resealed(t, 1, func(line string) string {
			return strings.Replace(line, `"version":"1"`, `"version":"2"`, 1)
		}, false).whole(), "", 3, "no checkpoint meets the quorum"},
		{"the tail dropped", lines(good, func(l []string) []string { return l[:15] }), "", 1, "the last are left out"},
		{"the tail dropped with its checkpoints", func() map[string][]byte {
			o := smallLedger(t)
			o.lines, o.newest, o.earlier = o.lines[:o.earlier[2].size], o.earlier[2], o.earlier[:2]
			return o.whole()
		}(), string(good.newest.note), 1, "the checkpoint that you kept is of 19 records, the bundle has 13"},
		{"a record left out", lines(good, func(l []string) []string { return slices.Delete(l, at-1, at) }), "", 1,
			"expected position"},
		{"a record left out, positions made anew", lines(good, func(l []string) []string {
			return renumbered(slices.Delete(l, at-1, at))
		}), "", 1, "a record is missing or inserted"},
		{"two records change places", lines(good, func(l []string) []string {
			l[2], l[3] = l[3], l[2]
			return renumbered(l)
		}), "", 1, "records.jsonl, line"},
		{"a record inserted at the end, in the time of the first", lines(good, func(l []string) []string {
			return append(l, strings.NewReplacer(`"position":2`, `"position":22`, `"revision":1`, `"revision":10`).Replace(l[1]))
		}), "", 1, "is before the line above"},
		{"a day that is none", lines(good, func(l []string) []string {
			l[20] = strings.Replace(l[20], "2026-11-05T", "2026-11-31T", 1)
			return l
		}), "", 1, "no time"},
		{"cosigned before it was recorded", func() map[string][]byte {
			o := smallLedger(t)
			o.at = o.at.Add(-30 * 24 * time.Hour)
			o.newest = o.checkpoint(o.newest.size, 0, 1)
			return o.whole()
		}(), "", 1, "was cosigned before its last record was recorded"},
		{"recorded before the cosignature that it names", func() map[string][]byte {
			o := smallLedger(t)
			o.newest.cosigners = []string{`{"name":"audit.test/w1","at":"2026-12-31T00:00:00Z"}`}
			o.seal(0, 1)
			return o.whole()
		}(), "", 1, "it is back-dated"},
		{"another history, honestly sealed", func() map[string][]byte {
			o := newOffice(t)
			o.record("policy", "policy.adopted", `{"id":"zj","version":"9"}`)
			for range 9 {
				o.record("center-ZJ-0001", "annual-report.filed", `{"year":2025}`)
			}
			o.seal(0, 1)
			return o.whole()
		}(), string(good.earlier[0].note), 1, "are not those of the checkpoint that you kept"},
		{"a checkpoint of no record as the newest", func() map[string][]byte {
			o := smallLedger(t)
			files := o.whole()
			files["checkpoint"] = o.checkpoint(0, 0, 1).note
			return files
		}(), "", 1, "checkpoints/4 is not an earlier checkpoint"},
		{"a checkpoint of another bundle", func() map[string][]byte {
			files, o := good.whole(), newOffice(t)
			o.record("policy", "policy.adopted", "{}")
			o.seal(0, 1)
			files["checkpoints/2"] = o.newest.note
			return files
		}(), "", 1, "the records do not give the root of checkpoints/2"},
		{"an earlier checkpoint under another size", func() map[string][]byte {
			files := good.whole()
			files["checkpoints/5"] = files["checkpoints/4"]
			return files
		}(), "", 1, "checkpoints/5 is not an earlier checkpoint"},
		{"a checkpoint left out that a record of sealing states", func() map[string][]byte {
			files := good.whole()
			delete(files, "checkpoints/8")
			return files
		}(), "", 1, "the sealing record at position 13 cites a checkpoint of 8 records, which the bundle lacks"},
		{"a cosignature left out that a record of sealing states", func() map[string][]byte {
			files := good.whole()
			files["checkpoints/8"] = files["checkpoints/8"][:bytes.LastIndex(files["checkpoints/8"], []byte("—"))]
			return files
		}(), "", 1, "or which lacks a cosignature that is cited"},
		{"a statement of another root", func() map[string][]byte {
			o := smallLedger(t)
			o.newest.root[0] ^= 1
			o.seal(0, 1)
			return o.whole()
		}(), "", 1, "cites a checkpoint of 19 records with another root"},
	} {
		a := p.check(listed(c.files), good.trust(), c.known)
		if a.Code != c.code || !strings.Contains(a.Out, c.says) {
			t.Errorf("%s: exit code %d, expected %d and %q\n%s", c.what, a.Code, c.code, c.says, a.Out)
		}
	}
}

func TestVerifyPyMeetsAttacksOnTheBundleOfACenter(t *testing.T) {
	p, o := newPython(t), smallLedger(t)
	other, dropped := "checkpoints/4.consistency", "proofs/2.tlog-proof"
	for what, edit := range map[string]func(files map[string][]byte){
		"a proof left out":            func(f map[string][]byte) { delete(f, dropped) },
		"a record left out":           func(f map[string][]byte) { f["records.jsonl"] = cut(f["records.jsonl"], 1) },
		"a record and its proof":      func(f map[string][]byte) { f["records.jsonl"] = cut(f["records.jsonl"], 1); delete(f, dropped) },
		"the proof of another record": func(f map[string][]byte) { f[dropped] = f["proofs/1.tlog-proof"] },
		"an extra line in a proof":    func(f map[string][]byte) { f[dropped] = replaced(f[dropped], "\nindex", "\nextra AAAA\nindex") },
		"another checkpoint in it": func(f map[string][]byte) {
			f[dropped] = replaced(f[dropped], string(o.newest.note), string(o.earlier[0].note))
		},
		"the id of another center":     func(f map[string][]byte) { f["center.txt"] = []byte("ZJ-0002\n") },
		"a center that is none":        func(f map[string][]byte) { f["center.txt"] = []byte("zj\n") },
		"a consistency proof left out": func(f map[string][]byte) { delete(f, other) },
		"one without a checkpoint":     func(f map[string][]byte) { f["checkpoints/3.consistency"] = f[other] },
		"another consistency proof":    func(f map[string][]byte) { f[other] = f["checkpoints/8.consistency"] },
		"the records of all centers":   func(f map[string][]byte) { f["records.jsonl"] = o.whole()["records.jsonl"] },
	} {
		files := o.center("ZJ-0001")
		edit(files)
		if a := p.check(listed(files), o.trust(), ""); a.Code != 1 {
			t.Errorf("%s: exit code %d, expected 1\n%s", what, a.Code, a.Out)
		}
	}
	a := p.check(listed(o.center("ZJ-0001")), o.trust(), string(o.checkpoint(7, 0).note))
	if a.Code != 0 || !strings.Contains(a.Out, "the checkpoint that you kept (7 records): "+
		"the bundle has none of that size") {
		t.Errorf("a known checkpoint of another size: exit code %d\n%s", a.Code, a.Out)
	}
}

// cut returns lines without one of them, counted from 0.
func cut(lines []byte, which int) []byte {
	return bytes.Join(slices.Delete(bytes.SplitAfter(lines, []byte("\n")), which, which+1), nil)
}

func replaced(content []byte, was, is string) []byte {
	return bytes.Replace(content, []byte(was), []byte(is), 1)
}

// A ledger goes on under a new origin after a restore. The verdict names both origins.
func TestVerifyPyNamesTheOriginBefore(t *testing.T) {
	p, o := newPython(t), smallLedger(t)
	old, after := o.origin, fmt.Sprintf(`],"after":{"origin":"%s","key":"%s","size":25,"root":"%s"}}`, o.origin, o.key, o.newest.root)
	o.origin, o.earlier, o.newest = "taizhang.test/2027", nil, nil
	key, vkey, err := note.GenerateKey(rand.NewChaCha8([32]byte{4}), o.origin)
	if err != nil {
		t.Fatal(err)
	}
	if o.signer, err = note.NewSigner(key); err != nil {
		t.Fatal(err)
	}
	o.key = vkey
	o.seal()
	last := len(o.lines) - 1
	o.lines[last] = replaced(o.lines[last], "]}", after)
	o.newest = o.checkpoint(o.newest.size, 0, 1)
	a := p.check(listed(o.whole()), o.trust(), "")
	if a.Code != 0 || !strings.Contains(a.Out, old+" with 25 records") || !strings.Contains(a.Out, o.origin) {
		t.Errorf("exit code %d\n%s", a.Code, a.Out)
	}
	o.lines[last] = replaced(o.lines[last], old, "taizhang.else/2026")
	o.newest = o.checkpoint(o.newest.size, 0, 1)
	if a := p.check(listed(o.whole()), o.trust(), ""); a.Code != 1 {
		t.Errorf("after another origin: exit code %d\n%s", a.Code, a.Out)
	}
}

func TestVerifyPyReadsBundlesHoweverPacked(t *testing.T) {
	p, o := newPython(t), smallLedger(t)
	files := listed(o.whole())
	names := slices.Sorted(maps.Keys(files))
	pack := func(entries ...zipEntry) []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for _, e := range entries {
			w, err := z.CreateHeader(&zip.FileHeader{Name: e.name, Method: e.method, Modified: time.Now()})
			if err == nil {
				_, err = w.Write(e.content)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	var stored, backwards []zipEntry
	for _, name := range names {
		stored = append(stored, zipEntry{name, zip.Store, files[name]})
		backwards = append([]zipEntry{{name, zip.Deflate, files[name]}}, backwards...)
	}
	folder := t.TempDir()
	for _, name := range names {
		path := filepath.Join(folder, name)
		err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, files[name], 0o600))
		if err != nil {
			t.Fatal(err)
		}
	}
	trust := p.file("trust", []byte(o.trust()))
	if a := p.ask([]string{folder, "--trust", trust}); a.Code != 0 {
		t.Errorf("a folder: exit code %d\n%s", a.Code, a.Out)
	}
	if err := os.Symlink(filepath.Join(folder, "checkpoint"), filepath.Join(folder, "figures", "x.csv")); err != nil {
		t.Fatal(err)
	}
	if a := p.ask([]string{folder, "--trust", trust}); a.Code != 1 {
		t.Errorf("a folder with a link: exit code %d\n%s", a.Code, a.Out)
	}
	for what, c := range map[string]struct {
		bundle []byte
		code   int
	}{
		"stored":               {pack(stored...), 0},
		"backwards":            {pack(backwards...), 0},
		"with folders":         {pack(append([]zipEntry{{"checkpoints/", zip.Store, nil}}, stored...)...), 0},
		"a file twice":         {pack(append(stored, stored[0])...), 1},
		"a file more":          {pack(append(stored, zipEntry{"notes.txt", zip.Store, []byte("hello")})...), 1},
		"a path outside":       {pack(append(stored, zipEntry{"../figures/x.csv", zip.Store, nil})...), 1},
		"an absolute path":     {pack(append(stored, zipEntry{"/checkpoint", zip.Store, nil})...), 1},
		"a backslash":          {pack(append(stored, zipEntry{`figures\x.csv`, zip.Store, nil})...), 1},
		"a path within":        {pack(append(stored, zipEntry{"figures/../checkpoint", zip.Store, nil})...), 1},
		"cut short":            {pack(stored...)[:3000], 1},
		"no zip":               {[]byte("PK no zip"), 1},
		"nothing":              {nil, 1},
		"an unknown method":    {bytes.ReplaceAll(pack(stored...), []byte("\x14\x00\x08\x00\x00\x00"), []byte("\x14\x00\x08\x00\x63\x00")), 1},
		"encrypted":            {bytes.ReplaceAll(pack(stored...), []byte("\x14\x00\x08\x00"), []byte("\x14\x00\x09\x00")), 1},
		"a changed byte in it": {bytes.Replace(pack(stored...), []byte("read me"), []byte("lead me"), 1), 1},
	} {
		if a := p.checkZip(c.bundle, o.trust(), ""); a.Code != c.code {
			t.Errorf("%s: exit code %d, expected %d\n%s", what, a.Code, c.code, a.Out)
		}
	}
	for _, name := range names { // with a record of it in the manifests, and without
		one := maps.Clone(files)
		delete(one, name)
		if a := p.check(one, o.trust(), ""); a.Code != 1 {
			t.Errorf("without %s: exit code %d\n%s", name, a.Code, a.Out)
		}
	}
	huge := pack(append(stored, zipEntry{"figures/huge.csv", zip.Store, []byte("huge")})...)
	list := bytes.LastIndex(huge, []byte("figures/huge.csv")) - 46 // the entry in the list of files, with its size at 24
	binary.LittleEndian.PutUint32(huge[list+24:], 0xfffffffe)
	if a := p.checkZip(huge, o.trust(), ""); a.Code != 1 || !strings.Contains(a.Out, "larger than 4 GiB") {
		t.Errorf("over 4 GiB: exit code %d\n%s", a.Code, a.Out)
	}
}

type zipEntry struct {
	name    string
	method  uint16
	content []byte
}

// Whatever the bytes are, verify.py answers with a verdict. The loop in kit ends at an exception.
func TestVerifyPyAnswersWhateverItReads(t *testing.T) {
	p, o := newPython(t), smallLedger(t)
	random := rand.New(rand.NewPCG(5, 6))
	for _, files := range []map[string][]byte{o.whole(), o.center("ZJ-0002")} {
		good := zipped(t, listed(files))
		for range 60 {
			changed := slices.Clone(good)
			for range 1 + random.IntN(3) {
				changed[random.IntN(len(changed))] ^= byte(1 + random.IntN(255))
			}
			if a := p.checkZip(changed, o.trust(), string(o.newest.note)); a.Code != 0 && a.Code != 1 {
				t.Errorf("exit code %d\n%s", a.Code, a.Out)
			}
		}
		names := slices.Sorted(maps.Keys(files))
		for range 120 {
			changed := maps.Clone(files)
			name := names[random.IntN(len(names))]
			content := slices.Clone(files[name])
			from := random.IntN(len(content) + 1)
			to := min(len(content), from+random.IntN(30))
			junk := [][]byte{nil, []byte("\x00\xff\n"), []byte("99999999999999999999999"), []byte("{\"a\":[[[["), []byte("— "),
				content[:from], []byte(strings.Repeat("[", 3000))}[random.IntN(7)]
			changed[name] = slices.Replace(content, from, to, junk...)
			if a := p.check(listed(changed), o.trust(), string(o.newest.note)); a.Code == 2 {
				t.Errorf("%s: exit code %d\n%s", name, a.Code, a.Out)
			}
		}
	}
}

// A record of sealing that the log's key has signed may still be anything.
func TestVerifyPyAnswersWhateverIsSealed(t *testing.T) {
	p := newPython(t)
	for _, data := range []string{"{}", "[]", "1", `{"origin":1,"key":2,"size":3,"root":4}`, `{"origin":"taizhang.test/2026",` +
		`"key":"KEY","size":1e3,"root":""}`, `{"origin":"taizhang.test/2026","key":"KEY","size":-1,"root":"ROOT","cosigners":[]}`,
		`{"origin":"taizhang.test/2026","key":"KEY","size":0,"root":"ROOT","cosigners":[{"name":"","at":"99999"}]}`,
		`{"origin":"taizhang.test/2026","key":"KEY","size":0,"root":"ROOT","cosigners":[{"name":"","at":"0001-01-01T00:00:00"}]}`,
		`{"origin":"taizhang.test/2026","key":"KEY","size":0,"root":"ROOT","cosigners":{},"after":[1,2]}`,
		`{"origin":"\ud800","key":"\ud800+1+1","size":0,"root":"\ud800"}`,
		`{"size":` + strings.Repeat("9", 5000) + `}`, strings.Repeat("[", 100000) + strings.Repeat("]", 100000),
		`{"origin":"a","origin":"a"}`} {
		o := newOffice(t)
		root := o.root(0)
		o.record("ledger", "ledger.sealed", strings.NewReplacer("KEY", o.key, "ROOT", root.String()).Replace(data))
		o.newest = o.checkpoint(1, 0, 1)
		if a := p.check(listed(o.whole()), o.trust(), ""); a.Code != 1 || !strings.Contains(a.Out, "position 1") {
			t.Errorf("%.100s: exit code %d\n%s", data, a.Code, a.Out)
		}
	}
}

// One page has one language if asked for, and all its times are of Shanghai.
func TestVerifyPyAnswersInALanguage(t *testing.T) {
	p, o := newPython(t), smallLedger(t)
	question := []string{p.file("bundle.zip", zipped(t, listed(o.whole()))), "--trust",
		p.file("trust", []byte(o.trust()))}
	_, stated, _ := strings.Cut(o.newest.cosigners[0], `"at":"`)
	at, err := time.Parse(time.RFC3339, strings.TrimSuffix(stated, `"}`))
	if err != nil {
		t.Fatal(err)
	}
	shown := at.Add(8 * time.Hour).Format("2006-01-02 15:04:05")
	for lang, titles := range map[string][]string{
		"en": {"Holds\n", "Not examined\n", "Cannot be proven\n", "Verdict\n", "(Shanghai time): w1 " + shown},
		"zh": {"相符\n", "未核验\n", "不能证明\n", "结论\n", "（北京时间）：w1 " + shown},
	} {
		a := p.ask(append(slices.Clone(question), "--lang", lang))
		for _, title := range titles {
			if !strings.Contains(a.Out, title) {
				t.Errorf("%s: %q is not in\n%s", lang, title, a.Out)
			}
		}
		chinese := strings.Contains(strings.ReplaceAll(a.Out, "表.csv", ""), "检查点")
		if a.Code != 0 || chinese != (lang == "zh") || strings.Contains(a.Out, "quorum") == (lang == "zh") {
			t.Errorf("%s: exit code %d\n%s", lang, a.Code, a.Out)
		}
	}
}

func TestVerifyPyIsAProgram(t *testing.T) {
	o, dir := smallLedger(t), t.TempDir()
	write := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good, bad := write("good.zip", zipped(t, listed(o.whole()))), write("bad.zip", zipped(t, o.common()))
	trust, none := write("trust", []byte(o.trust())), write("none", []byte("log "+o.key+" https://x.test\nquorum none\n"))
	for _, c := range []struct {
		code      int
		arguments []string
	}{
		{0, []string{good, "--trust", trust}},
		{0, []string{"--trust=" + trust, "--known", write("known", o.earlier[0].note), good}},
		{1, []string{bad, "--trust", trust}},
		{1, []string{bad}},
		{2, []string{good, "--trust", none}},
		{2, []string{bad, "--trust", none}},
		{2, []string{good, "--trust", dir + "/missing"}},
		{2, []string{good, "--known", trust}},
		{2, []string{good, "--what"}},
		{2, []string{good, "--trust", trust, "--lang", "fr"}},
		{2, []string{good, "--trust", "/dev/null"}},
		{2, []string{good, "--known", dir}},
		{2, []string{"/dev/null"}},
		{2, []string{good, "--trus", trust}},
		{2, []string{dir + "/missing.zip"}},
		{2, nil},
		{3, []string{good}},
		{0, []string{"--help"}},
	} {
		run := exec.Command("python3", append([]string{"-W", "error", "-B", "verify.py"}, c.arguments...)...)
		run.Env = append(os.Environ(), "LC_ALL=C", "PYTHONIOENCODING=ascii") // a terminal that has no Chinese
		out, err := run.CombinedOutput()
		if code := run.ProcessState.ExitCode(); code != c.code || bytes.Contains(out, []byte("Traceback")) {
			t.Errorf("%v: exit code %d, expected %d (%v)\n%s", c.arguments, code, c.code, err, out)
		}
	}
	for arguments, says := range map[string]string{"--what": "用法不对：", "no.zip": "文件 no.zip 不存在\n",
		"verify.py --trust no.txt": "文件 no.txt 不存在\n", ".. --known ..": "不是普通文件"} {
		for _, lang := range []string{"--lang zh", "--lang=en", ""} {
			out, _ := exec.Command("python3", strings.Fields("-B verify.py "+arguments+" "+lang)...).CombinedOutput()
			english := regexp.MustCompile(`there is|wrong usage|regular file`).Match(out)
			if strings.Contains(string(out), says) == (lang == "--lang=en") || english == (lang == "--lang zh") {
				t.Errorf("%s %s: %s", arguments, lang, out)
			}
		}
	}
	old := exec.Command("python3", "-c", "import ast; ast.parse(open('verify.py').read(), feature_version=(3, 9))")
	if out, err := old.CombinedOutput(); err != nil {
		t.Errorf("Python 3.9 cannot read it: %v\n%s", err, out)
	}
	source, err := os.ReadFile("verify.py")
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(source), "\n") {
		if n := len([]rune(line)); n > 119 {
			t.Errorf("verify.py:%d: %d columns", i+1, n)
		}
	}
}
