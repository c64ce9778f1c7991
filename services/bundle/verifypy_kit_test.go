//go:build e2e

package bundle_test

import (
	"archive/zip"
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm3"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// office keeps a small ledger and seals it. It is written from the specifications with golang.org/x/mod alone. It uses
// neither package seal nor Write, so that an error there does not hide one in verify.py.
type office struct {
	t         *testing.T
	origin    string
	key       string // the log's verifier key
	signer    note.Signer
	witnesses []witness
	lines     [][]byte
	revisions map[string]int
	at        time.Time
	newest    *sealed
	earlier   []*sealed
}

type witness struct {
	name string
	key  string // its verifier key
	seed ed25519.PrivateKey
}

// sealed is a checkpoint with its cosignatures.
type sealed struct {
	size      int64
	root      tlog.Hash
	note      []byte
	cosigners []string // as a record of sealing has them
}

func newOffice(t *testing.T) *office {
	o := &office{t: t, origin: "taizhang.test/2026", revisions: map[string]int{},
		at: time.Date(2026, 11, 1, 1, 0, 0, 123456000, time.UTC)}
	seeds := rand.NewChaCha8([32]byte{1})
	key, vkey, err := note.GenerateKey(seeds, o.origin)
	if err == nil {
		o.signer, err = note.NewSigner(key)
	}
	if err != nil {
		t.Fatal(err)
	}
	o.key = vkey
	for _, name := range []string{"audit.test/w1", "finance.test/w1", "archive.test/w1"} {
		public, private, err := ed25519.GenerateKey(seeds)
		if err != nil {
			t.Fatal(err)
		}
		o.witnesses = append(o.witnesses, witness{name, vkeyOf(name, 4, public), private})
	}
	return o
}

func keyID(name string, kind byte, public []byte) []byte {
	sum := sha256.Sum256(append([]byte(name+"\n"+string(kind)), public...))
	return sum[:4]
}

func vkeyOf(name string, kind byte, public []byte) string {
	return fmt.Sprintf("%s+%x+%s", name, keyID(name, kind, public),
		base64.StdEncoding.EncodeToString(append([]byte{kind}, public...)))
}

// trust returns a trust file that asks for two of the three witnesses.
func (o *office) trust() string {
	text := "# ours\nlog " + o.key + " https://ledger.test\n"
	for i, w := range o.witnesses {
		text += fmt.Sprintf("witness w%d %s https://w%d.test\n", i+1, w.key, i+1)
	}
	return text + "group two 2 w1 w2 w3\nquorum two\n"
}

// record appends a record to a stream.
func (o *office) record(stream, kind, data string) {
	o.revisions[stream]++
	o.at = o.at.Add(time.Minute)
	id := sha256.Sum256(fmt.Append(nil, len(o.lines)))
	role := map[string]string{"ledger": "program"}[stream]
	if role == "" {
		role = "admin"
	}
	o.lines = append(o.lines, fmt.Appendf(nil,
		`{"position":%d,"stream":"%s","revision":%d,"recordedAt":"%s","id":"%x-%x-%x-%x-%x","kind":"%s","event":`+
			`{"version":1,"on":"%s","by":{"role":"%s","actor":"taizhang"},"data":%s}}`,
		len(o.lines)+1, stream, o.revisions[stream], o.at.Format("2006-01-02T15:04:05.000000Z"), id[:4], id[4:6], id[6:8],
		id[8:10], id[10:16], kind, o.at.Format(time.DateOnly), role, data))
}

// stored returns the hashes of the tree as golang.org/x/mod keeps them.
func (o *office) stored() tlog.HashReaderFunc {
	var all []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) (found []tlog.Hash, err error) {
		for _, i := range indexes {
			found = append(found, all[i])
		}
		return found, nil
	})
	for i, line := range o.lines {
		more, err := tlog.StoredHashes(int64(i), line, reader)
		if err != nil {
			o.t.Fatal(err)
		}
		all = append(all, more...)
	}
	return reader
}

func (o *office) root(size int64) tlog.Hash {
	if size == 0 {
		return sha256.Sum256(nil)
	}
	root, err := tlog.TreeHash(size, o.stored())
	if err != nil {
		o.t.Fatal(err)
	}
	return root
}

// seal records the statement about the checkpoint before, signs a checkpoint and has some witnesses cosign it.
func (o *office) seal(by ...int) {
	before := sealed{root: o.root(0)}
	if o.newest != nil {
		before = *o.newest
		o.earlier = append(o.earlier, o.newest)
	}
	o.record("ledger", "ledger.sealed", fmt.Sprintf(`{"origin":"%s","key":"%s","size":%d,"root":"%s","cosigners":[%s]}`,
		o.origin, o.key, before.size, before.root, strings.Join(before.cosigners, ",")))
	o.newest = o.checkpoint(int64(len(o.lines)), by...)
}

// checkpoint signs a checkpoint of some size and has some witnesses cosign it, each half a minute after the other.
func (o *office) checkpoint(size int64, by ...int) *sealed {
	c := &sealed{size: size, root: o.root(size)}
	text := fmt.Sprintf("%s\n%d\n%s\n", o.origin, c.size, c.root)
	signed, err := note.Sign(&note.Note{Text: text}, o.signer)
	if err != nil {
		o.t.Fatal(err)
	}
	c.note = signed
	for i, n := range by {
		w, at := o.witnesses[n], o.at.Add(time.Duration(i+1)*30*time.Second)
		c.note = append(c.note, w.cosign(text, at)...)
		c.cosigners = append(c.cosigners, fmt.Sprintf(`{"name":"%s","at":"%s"}`, w.name, at.Format(time.RFC3339)))
	}
	return c
}

// cosign returns the line of a cosignature, with its newline.
func (w witness) cosign(text string, at time.Time) string {
	signature := ed25519.Sign(w.seed, fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", at.Unix(), text))
	line := binary.BigEndian.AppendUint64(keyID(w.name, 4, w.seed.Public().(ed25519.PublicKey)), uint64(at.Unix()))
	return fmt.Sprintf("— %s %s\n", w.name, base64.StdEncoding.EncodeToString(append(line, signature...)))
}

// smallLedger returns a ledger of two centers that was sealed four times, and has two records after the last.
func smallLedger(t *testing.T) *office {
	o := newOffice(t)
	o.record("policy", "policy.adopted", `{"id":"zj","version":"1"}`)
	for day := range 4 {
		for i := range 2 + day {
			o.record(fmt.Sprintf("center-ZJ-000%d", i%2+1), "annual-report.filed", fmt.Sprintf(`{"year":%d}`, 2025+day))
		}
		if day == 3 {
			o.seal(0, 1, 2)
		} else {
			o.seal(day, (day+1)%3)
		}
		o.at = o.at.Add(24 * time.Hour)
	}
	o.record("center-ZJ-0002", "annual-report.filed", `{"year":2030}`)
	o.record("center-ZJ-0001", "annual-report.filed", `{"year":2030}`)
	return o
}

// common returns the files that both kinds of bundles have, but the manifests.
func (o *office) common() map[string][]byte {
	files := map[string][]byte{"README.txt": []byte("read me\n"), "policy.txt": []byte(o.trust()),
		"verify.py": []byte("print('look elsewhere')\n"), "checkpoint": o.newest.note}
	for _, c := range o.earlier {
		files[fmt.Sprintf("checkpoints/%d", c.size)] = c.note
	}
	return files
}

// whole returns the files of the bundle of the whole ledger.
func (o *office) whole() map[string][]byte {
	files := o.common()
	files["records.jsonl"] = append(bytes.Join(o.lines, []byte("\n")), '\n')
	files["figures/表.csv"] = []byte("年度,金额\n")
	files[fmt.Sprintf("timestamps/%d-1.note", o.newest.size)] = o.newest.note
	stamped := sha256.Sum256(o.newest.note)
	files[fmt.Sprintf("timestamps/%d-1.tsr", o.newest.size)] = append([]byte("a token of "), stamped[:]...)
	return files
}

// center returns the files of the bundle of one center.
func (o *office) center(id string) map[string][]byte {
	files, stored := o.common(), o.stored()
	files["center.txt"], files["records.jsonl"] = []byte(id+"\n"), nil
	for i, line := range o.lines[:o.newest.size] {
		if bytes.Contains(line, []byte(`"stream":"center-`)) &&
			!bytes.Contains(line, fmt.Appendf(nil, `"stream":"center-%s"`, id)) {
			continue
		}
		files["records.jsonl"] = append(append(files["records.jsonl"], line...), '\n')
		hashes, err := tlog.ProveRecord(o.newest.size, int64(i), stored)
		if err != nil {
			o.t.Fatal(err)
		}
		files[fmt.Sprintf("proofs/%d.tlog-proof", i+1)] = fmt.Appendf(nil, "c2sp.org/tlog-proof@v1\nindex %d\n%s\n%s",
			i, rows(hashes), o.newest.note)
	}
	for _, c := range o.earlier {
		hashes, err := tlog.ProveTree(o.newest.size, c.size, stored)
		if err != nil {
			o.t.Fatal(err)
		}
		files[fmt.Sprintf("checkpoints/%d.consistency", c.size)] = []byte(rows(hashes))
	}
	return files
}

// rows returns hashes in base64, one a line.
func rows(hashes []tlog.Hash) (text string) {
	for _, h := range hashes {
		text += h.String() + "\n"
	}
	return text
}

// listed returns the files with both manifests, which it makes anew.
func listed(files map[string][]byte) map[string][]byte {
	all := maps.Clone(files)
	delete(all, "manifest-sha256.txt")
	delete(all, "manifest-sm3.txt")
	var one, two []byte
	for _, name := range slices.Sorted(maps.Keys(all)) {
		one = fmt.Appendf(one, "%x  %s\n", sha256.Sum256(all[name]), name)
		two = fmt.Appendf(two, "SM3 (%s) = %x\n", name, sm3.Sum(all[name]))
	}
	all["manifest-sha256.txt"], all["manifest-sm3.txt"] = one, two
	return all
}

// zipped returns a zip of files.
func zipped(t *testing.T, files map[string][]byte) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write(files[name])
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

// python runs verify.py many times in one process.
type python struct {
	t   *testing.T
	dir string
	in  io.Writer
	out *bufio.Scanner
}

// pythonLoop reads a list of arguments, or an expression, a line. It answers with the exit code and what was printed,
// or with the value.
const pythonLoop = `
import functools, io, json, sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import verify
verify.ed25519 = functools.lru_cache(None)(verify.ed25519)

def fault_of(call):
    try:
        call()
    except verify.Fault as fault:
        return bool(fault.zh and fault.en)

answers = sys.stdout
for line in sys.stdin:
    asked = json.loads(line)
    if isinstance(asked, str):
        print(json.dumps({"value": eval(asked)}), file=answers, flush=True)
        continue
    printed = io.BytesIO()
    sys.stdout = sys.stderr = text = io.TextIOWrapper(printed, "utf-8", write_through=True)
    try:
        code = verify.main(asked)
    except SystemExit as exit:
        code = exit.code
    sys.stdout, sys.stderr = answers, sys.__stderr__
    print(json.dumps({"code": code, "out": printed.getvalue().decode()}), file=answers, flush=True)
`

func newPython(t *testing.T) *python {
	source, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command("python3", "-c", pythonLoop, source)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close(); _ = c.Wait() })
	p := &python{t: t, dir: t.TempDir(), in: in, out: bufio.NewScanner(out)}
	p.out.Buffer(nil, 1<<24)
	return p
}

type pythonAnswer struct {
	Code  int
	Out   string
	Value any
}

func (p *python) ask(question any) (a pythonAnswer) {
	p.t.Helper()
	line, err := json.Marshal(question)
	if err == nil {
		_, err = p.in.Write(append(line, '\n'))
	}
	if err != nil {
		p.t.Fatal(err)
	}
	if !p.out.Scan() {
		p.t.Fatalf("python3 ended at %.300s", line)
	}
	if err := json.Unmarshal(p.out.Bytes(), &a); err != nil {
		p.t.Fatal(err)
	}
	return a
}

// file writes a file and returns its path.
func (p *python) file(name string, content []byte) string {
	path := filepath.Join(p.dir, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		p.t.Fatal(err)
	}
	return path
}

// check runs verify.py on the zip of some files. trust and known are contents of files, or "".
func (p *python) check(files map[string][]byte, trust, known string) pythonAnswer {
	p.t.Helper()
	return p.checkZip(zipped(p.t, files), trust, known)
}

func (p *python) checkZip(bundle []byte, trust, known string) pythonAnswer {
	p.t.Helper()
	arguments := []string{p.file("bundle.zip", bundle)}
	if trust != "" {
		arguments = append(arguments, "--trust", p.file("trust", []byte(trust)))
	}
	if known != "" {
		arguments = append(arguments, "--known", p.file("known", []byte(known)))
	}
	return p.ask(arguments)
}
