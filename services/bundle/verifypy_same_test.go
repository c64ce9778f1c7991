//go:build e2e

package bundle_test

import (
	"archive/zip"
	"bytes"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// programs builds the programs and returns a function that runs a line of bash with them in a directory.
func programs(t *testing.T) (dir string, run func(line string) (out string, code int)) {
	bin, dir := t.TempDir(), t.TempDir()
	for _, name := range []string{"taizhang", "taizhang-verify"} {
		build := exec.Command("go", "build", "-o", filepath.Join(bin, name), "../../cmd/"+name)
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	return dir, func(line string) (string, int) {
		c := exec.Command("bash", "-c", line)
		c.Dir, c.Env = dir, append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "LANG=C.UTF-8")
		out, _ := c.CombinedOutput()
		return string(out), c.ProcessState.ExitCode()
	}
}

// sealTwice makes a ledger, three witnesses and bundles of all records and of one center.
const sealTwice = `set -e
taizhang simulate --seed 7 --centers 3 --from 2024-01-01 --to 2025-06-30 --out records.jsonl
taizhang --data prov import records.jsonl
taizhang --data prov seal init taizhang.zj/2026 >log
echo "log $(cat log) https://ledger.test" >trust
for w in w1 w2 w3; do
	taizhang witness init $w.test/w --dir $w >$w.key
	taizhang witness trust $(cat log) --dir $w
	echo "witness $w $(cat $w.key) file:///by-hand" >>trust
done
printf 'group two 2 w1 w2 w3\nquorum two\n' >>trust
cp trust prov/seal/policy.txt
taizhang --data prov execution --as-of 2025-12-31 --out "执行　情况.xlsx"
taizhang --data prov execution --as-of 2025-12-31 --out "$(printf 'no\302\240break.XLSX')"
taizhang --data prov delayed --as-of 2025-12-31 --out E.CSV
taizhang --data prov report --year 2025 --as-of 2025-12-31 --out year.html
mv year.html r.htm
for day in 1 2 3; do
	taizhang --data prov record audit-finding.opened --center ZJ-0001 --on 2026-01-15 --role auditor --actor sj-01 \
		--data "{\"finding\":\"F-$day\",\"text\":\"look\"}"
	for w in w1 w2; do
		taizhang --data prov seal --request $w.add-checkpoint --witness $w
		taizhang witness cosign $w.add-checkpoint --dir $w --out $w.$day.cosig
		rm $w.add-checkpoint
	done
	taizhang --data prov seal add w1.$day.cosig w2.$day.cosig
	[ $day != 1 ] || taizhang --data prov seal show --out known
done
taizhang --data prov record audit-finding.opened --center ZJ-0002 --on 2026-01-15 --role auditor --actor sj-01 \
	--data '{"finding":"F-9","text":"look"}'
taizhang --data prov bundle --out figures.zip --figures "执行　情况.xlsx" no*break.XLSX E.CSV r.htm
taizhang --data prov bundle --out whole.zip
taizhang --data prov bundle --out center.zip --center ZJ-0001
`

// TestVerifyPyJudgesAsTaizhangVerify edits bundles at random and compares the exit codes of both programs. What only
// taizhang-verify examines, figures and tokens, is not in these bundles, but for one whole bundle with figures. The
// test also gives both the same files of the auditor, as other programs save them. A test of package verify compares
// both with ledgers that were edited and signed again.
func TestVerifyPyJudgesAsTaizhangVerify(t *testing.T) {
	dir, run := programs(t)
	if out, code := run(sealTwice); code != 0 {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	p := newPython(t)
	trust, known := filepath.Join(dir, "trust"), filepath.Join(dir, "known")
	path := filepath.Join(dir, "edited.zip")
	random := rand.New(rand.NewPCG(7, 8))
	both := func(what string, bundle []byte, options ...string) (code int) {
		t.Helper()
		if err := os.WriteFile(path, bundle, 0o600); err != nil {
			t.Fatal(err)
		}
		a := p.ask(append([]string{path}, options...))
		out, code := run("taizhang-verify edited.zip --lang en " + strings.Join(options, " "))
		if code != a.Code {
			t.Errorf("%s: taizhang-verify %d, verify.py %d\n%s\n%s", what, code, a.Code, out, a.Out)
		}
		return code
	}
	read := func(name string) []byte {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	if code := both("figures.zip", read("figures.zip"), "--trust", trust, "--known", known); code != 0 {
		t.Errorf("figures.zip: exit code %d", code)
	}
	for _, own := range []string{"trust", "known"} {
		content := string(read(own))
		typed, _, _ := strings.Cut(content, "\n\n")
		for what, c := range map[string]struct {
			content string
			code    int
		}{
			"a byte order mark":     {"\uFEFF" + content, 0},
			"line ends of Windows":  {strings.ReplaceAll(content, "\n", "\r\n"), 0},
			"no last newline":       {strings.TrimSuffix(content, "\n"), 0},
			"an empty line at last": {content + "\n", 0},
			"a comment in GBK":      {content + "# \xcc\xa8\xd5\xcb\n", 2},
			"a control character":   {content + "\x01\n", 2},
			"its first lines":       {typed, 0}, // of a checkpoint all but the signatures, of a trust file all
			"nothing":               {"", 2},
		} {
			path := p.file("own", []byte(c.content))
			options := []string{"--trust", path}
			if own == "known" {
				options = []string{"--trust", trust, "--known", path}
			}
			if code := both(own+" with "+what, read("whole.zip"), options...); code != c.code {
				t.Errorf("%s with %s: exit code %d, expected %d", own, what, code, c.code)
			}
		}
	}
	for _, name := range []string{"whole.zip", "center.zip"} {
		good, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if code := both(name, good, "--trust", trust, "--known", known); code != 0 {
			t.Fatalf("%s: exit code %d", name, code)
		}
		if code := both(name+" without a trust file", good); code != 3 {
			t.Errorf("%s without a trust file: exit code %d", name, code)
		}
		files := unzipped(t, good)
		names := slices.Sorted(maps.Keys(files))
		codes := map[int]int{}
		for range *editsOfEachBundle {
			edited := maps.Clone(files)
			which := names[random.IntN(len(names))]
			if random.IntN(2) == 0 { // half of all edits are of the files that matter most, or least
				which = []string{"records.jsonl", "checkpoint", "README.txt", "policy.txt"}[random.IntN(4)]
			}
			how := edit(random, edited, names, which)
			anew := random.IntN(4) > 0
			if anew {
				edited = listed(edited)
			}
			what := fmt.Sprintf("%s: %s, manifests made anew: %v", name, how, anew)
			options := [][]string{{"--trust", trust}, {"--trust", trust, "--known", known}, nil}[random.IntN(3)]
			codes[both(what, zipped(t, edited), options...)]++
		}
		t.Logf("%s: exit codes of %d edits: %v", name, *editsOfEachBundle, codes)
		if codes[1] < *editsOfEachBundle/2 || codes[0]+codes[3] == 0 {
			t.Errorf("%s: the edits are too much alike: %v", name, codes)
		}
	}
}

// editsOfEachBundle is small, for the tests of a change.
var editsOfEachBundle = flag.Int("edits", 20, "edits of each bundle that both verifiers judge")

// edit edits a file of a bundle, or its place in it, and returns what it did.
func edit(random *rand.Rand, files map[string][]byte, names []string, which string) string {
	content := slices.Clone(files[which])
	at := random.IntN(len(content) + 1)
	lines := strings.SplitAfter(string(content), "\n")
	line := random.IntN(len(lines))
	switch random.IntN(9) {
	case 0:
		delete(files, which)
		return "without " + which
	case 1:
		from := names[random.IntN(len(names))]
		files[which] = files[from]
		return which + " is " + from
	case 2:
		files[which+strconv.Itoa(random.IntN(10))] = content
		return which + " doubled under another name"
	case 3:
		files[which] = content[:at]
		return fmt.Sprintf("%s cut at %d", which, at)
	case 4:
		files[which] = []byte(strings.Join(slices.Delete(lines, line, line+1), ""))
		return fmt.Sprintf("%s without line %d", which, line)
	case 5:
		other := random.IntN(len(lines))
		lines[line], lines[other] = lines[other], lines[line]
		files[which] = []byte(strings.Join(lines, ""))
		return fmt.Sprintf("%s: lines %d and %d change places", which, line, other)
	case 6:
		files[which] = []byte(strings.Join(slices.Insert(lines, line, lines[line]), ""))
		return fmt.Sprintf("%s: line %d twice", which, line)
	case 7:
		files[which] = slices.Insert(content, at, '0'+byte(random.IntN(10)))
		return fmt.Sprintf("%s: a digit at %d", which, at)
	default:
		if at < len(content) {
			content[at] ^= 1 << random.IntN(8)
		}
		files[which] = content
		return fmt.Sprintf("%s: a bit at %d", which, at)
	}
}

// unzipped returns the files of a zip.
func unzipped(t *testing.T, bundle []byte) map[string][]byte {
	z, err := zip.NewReader(bytes.NewReader(bundle), int64(len(bundle)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err == nil {
			files[f.Name], err = io.ReadAll(r)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}
