package verify_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"iter"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/bundle"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/logstore"
	"github.com/taizhang/taizhang/services/reports"
	"github.com/taizhang/taizhang/services/seal"
	"github.com/taizhang/taizhang/services/verify"
	"github.com/taizhang/taizhang/services/workbook"
)

// world is a sealed ledger, with all that an attacker at the ledger's side can change: its stored lines, its
// checkpoints, its reports and its own key. He has no key of a witness.
type world struct {
	log       seal.Signer
	witnesses []seal.Signer // audit, finance, archive
	trust     []byte        // the auditor's trust file: two of three
	lines     [][]byte
	heads     []*seal.Signed // from the oldest
	figures   map[string][]byte
	ofOne     []byte // the yearly report of ZJ-0001
	tokens    []bundle.Timestamp
}

const origin = "taizhang.zj/2026"

// start is when the first record is written; each next one is a minute later.
var start = time.Date(2026, 11, 1, 1, 0, 0, 0, time.UTC)

// made is the ledger that every test begins with.
var made = sync.OnceValues(makeWorld)

// newWorld returns a copy of a ledger of two centers that was sealed three times, each time cosigned by two witnesses,
// with a report of each form.
func newWorld(t testing.TB) *world {
	t.Helper()
	w, err := made()
	if err != nil {
		t.Fatal(err)
	}
	c := *w
	c.lines = slices.Clone(w.lines)
	c.heads = nil
	for _, h := range w.heads {
		c.heads = append(c.heads, copyOf(h))
	}
	c.figures = maps.Clone(w.figures)
	return &c
}

func copyOf(h *seal.Signed) *seal.Signed {
	return &seal.Signed{Checkpoint: h.Checkpoint, Lines: slices.Clone(h.Lines)}
}

// maker makes a world over a real ledger in a real store.
type maker struct {
	*world
	ledger *ledger.Ledger
	store  *logstore.Store
	now    time.Time
	after  *events.SealedAfter // of the next seal
}

func newMaker(dir string) (*maker, error) {
	m := &maker{world: &world{figures: map[string][]byte{}}, now: start}
	var err error
	if m.log, err = seal.NewSigner(origin, seal.LogKey); err != nil {
		return nil, err
	}
	policy := fmt.Sprintf("log %s https://ledger.example\n", m.log.Key.String())
	for _, name := range []string{"audit", "finance", "archive"} {
		signer, err := seal.NewSigner(name+".example/w1", seal.WitnessKey)
		if err != nil {
			return nil, err
		}
		m.witnesses = append(m.witnesses, signer)
		policy += fmt.Sprintf("witness %s %s file:///by-hand\n", name, signer.Key.String())
	}
	m.trust = []byte(policy + "group two 2 audit finance archive\nquorum two\n")
	clock := func() time.Time { m.now = m.now.Add(time.Minute); return m.now }
	if m.store, err = logstore.Open(dir, logstore.Options{Clock: clock, SegmentBytes: 64 << 10}); err != nil {
		return nil, err
	}
	m.ledger, err = ledger.Open(context.Background(), m.store, ledger.Config{})
	return m, err
}

func (m *maker) close() { m.ledger.Close(); m.store.Close() }

// record writes a record of a center.
func (m *maker) record(center, tail string) error {
	text := fmt.Sprintf(`{"id":"%s","center":"%s",%s}`, uuid.NewSHA1(uuid.NameSpaceOID, []byte(center+tail)), center,
		tail)
	rec, problems := events.DecodeRecord([]byte(text))
	if len(problems) > 0 {
		return fmt.Errorf("%s: %v", text, problems)
	}
	_, err := m.ledger.Record(context.Background(), rec, ledger.Writer{Name: "clerk", MayRecord: true})
	return err
}

// seal records and signs a checkpoint, and has some witnesses cosign it a little later.
func (m *maker) seal(witnesses ...int) error {
	p := &events.LedgerSealed{Origin: m.log.Name, Key: m.log.Key.String(), Root: events.RootOfNothing,
		Cosigners: []events.Cosigner{}, After: m.after}
	if n := len(m.heads); n > 0 {
		before := m.heads[n-1]
		p.Size, p.Root = before.Size, before.Root.String()
		for _, by := range m.witnesses {
			if at, err := before.CosignedBy(by.Key); err == nil {
				p.Cosigners = append(p.Cosigners, events.Cosigner{Name: by.Name, At: at.Format(time.RFC3339)})
			}
		}
	}
	place, err := m.ledger.Seal(context.Background(), p)
	if err != nil {
		return err
	}
	root, err := seal.Root(context.Background(), m.store, place.Position, nil)
	if err != nil {
		return err
	}
	head := seal.Sign(seal.Checkpoint{Origin: m.log.Name, Size: place.Position, Root: root}, m.log)
	for _, i := range witnesses {
		m.now = m.now.Add(time.Minute)
		head.Add(head.Cosign(m.witnesses[i], m.now))
	}
	m.heads = append(m.heads, head)
	return nil
}

// registration is that of a center with a name and a USCC.
func registration(name, uscc string) string {
	return fmt.Sprintf(`"kind":"center.registered","on":"2025-01-10","by":{"role":"center","actor":"c-1"},"data":{`+
		`"name":%q,"uscc":%q,"leadUnit":"甲","type":"pilot-base","services":["pilot"],`+
		`"leadingIndustries":["生物医药"],"industryCode":"C2710","region":"330106","foundedOn":"2015-01-01",`+
		`"legalEntity":true,"newUnit":false,`+
		`"usableAreaM2":9000,"equipmentFen":9000000000,"relaxationRequested":false,"pilotFunction":true,`+
		`"pilotDevicesSeparate":true,"fields":["other"],"ethicsSensitive":false,"ethicsCommittee":false,`+
		`"documents":[]}`, name, uscc)
}

const (
	grant = `"kind":"subsidy.granted","on":"2025-02-01","by":{"role":"finance","actor":"f-1"},"mode":"record",` +
		`"doc":"浙财科教〔2025〕1号","data":{"grant":"G-1","category":"other","source":"province-other",` +
		`"fiscalYear":2025,"amountFen":500000000}`
	receipt = `"kind":"subsidy.received","on":"2025-03-01","by":{"role":"finance","actor":"f-1"},"data":{` +
		`"grant":"G-1","amountFen":400000000}`
	trial = `"kind":"trial.recorded","on":"2025-06-07","by":{"role":"center","actor":"c-1"},"data":{` +
		`"trial":"T-1","onProductionLine":false}`
)

func voucher(n int) string {
	return fmt.Sprintf(`"kind":"funds.spent","on":"2025-06-%02d","by":{"role":"center","actor":"c-1"},"data":{`+
		`"voucher":"V-%d","payee":"乙公司","use":"pilot","lines":[{"grant":"G-1","amountFen":%d}],"summary":"中试"}`,
		n, n, 12345600+n)
}

func makeWorld() (*world, error) {
	m, err := newMaker(filepath.Join(shared, "ledger"))
	if err != nil {
		return nil, err
	}
	defer m.close()
	for _, step := range []func() error{
		func() error { return m.record("ZJ-0001", registration("甲中心", "91330106MAC1K2L32C")) },
		func() error { return m.record("ZJ-0002", registration("乙中心", "52330200MJ8765437Q")) },
		func() error { return m.record("ZJ-0001", grant) },
		func() error { return m.seal(0, 1) },
		func() error { return m.record("ZJ-0002", grant) },
		func() error { return m.record("ZJ-0001", receipt) },
		func() error { return m.record("ZJ-0001", voucher(1)) },
		func() error { return m.seal(1, 2) },
		func() error { return m.record("ZJ-0001", voucher(2)) },
		func() error { return m.record("ZJ-0002", receipt) },
		func() error { return m.record("ZJ-0002", voucher(3)) },
		func() error { return m.report("执行.csv", reports.CSV, "execution", nil) },
		func() error {
			return m.report("支出.xlsx", reports.XLSX, "spending", map[string]string{"center": "ZJ-0001"})
		},
		func() (err error) { m.ofOne, err = m.yearly("ZJ-0001"); return err },
		func() (err error) { m.figures["年度表.html"], err = m.yearly(""); return err },
		func() error { return m.seal(0, 1, 2) },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return m.world, m.read()
}

// read reads the stored lines.
func (m *maker) read() error {
	m.lines = nil
	for s, err := range m.store.ReadAll(context.Background(), 0) {
		if err != nil {
			return err
		}
		m.lines = append(m.lines, bytes.Clone(s.Bytes))
	}
	return nil
}

func (m *maker) books() *lists.Books {
	root := func(ctx context.Context, position uint64, see func(*events.Stored)) ([sha256.Size]byte, error) {
		return seal.Root(ctx, m.store, position, see)
	}
	return &lists.Books{Ledger: m.ledger, Register: m.ledger.Register(), Root: root}
}

// report makes a report and keeps it with the figures.
func (m *maker) report(name string, form reports.FileFormat, list string, params map[string]string) error {
	r, err := reports.Make(context.Background(), m.books(), reports.Request{Lang: "zh", Form: form, Version: "v1",
		Question: lists.Question{List: list, On: events.MustDate("2025-12-31"), Params: params}})
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := workbook.WriteReport(r, &b); err != nil {
		return err
	}
	m.figures[name] = b.Bytes()
	return nil
}

// yearly makes the yearly report of a center, or of all for "".
func (m *maker) yearly(center events.CenterID) ([]byte, error) {
	var b bytes.Buffer
	y := reports.Yearly{Year: 2025, Center: center, On: events.MustDate("2025-12-31"), Lang: "zh", Unit: "yuan",
		Version: "v1"}
	err := y.WriteHTML(context.Background(), m.books(), &b)
	return b.Bytes(), err
}

// root returns the root of the first lines.
func (w *world) root(size uint64) tlog.Hash {
	var t seal.Tree
	for _, line := range w.lines[:size] {
		t.Add(line)
	}
	return t.Root()
}

// edit replaces a text in the line at a position. Each text has its place once.
func (w *world) edit(t testing.TB, position uint64, old, new string) {
	t.Helper()
	line := w.lines[position-1]
	if bytes.Count(line, []byte(old)) != 1 {
		t.Fatalf("%s has %q %d times", line, old, bytes.Count(line, []byte(old)))
	}
	w.lines[position-1] = bytes.Replace(line, []byte(old), []byte(new), 1)
}

// find returns the position of the line that has a text.
func (w *world) find(t testing.TB, text string) uint64 {
	t.Helper()
	i := slices.IndexFunc(w.lines, func(line []byte) bool { return bytes.Contains(line, []byte(text)) })
	if i < 0 {
		t.Fatalf("no line has %q", text)
	}
	return uint64(i + 1)
}

// renumber gives every line the position at which it lies, and the revision that follows in its stream.
func (w *world) renumber(t testing.TB) {
	t.Helper()
	revisions, parser := map[events.StreamID]uint64{}, events.NewLineParser()
	for i, line := range w.lines {
		s, bad := parser.Parse(line)
		if bad != "" {
			t.Fatalf("%s: %s", line, bad)
		}
		revisions[s.Stream]++
		s.Position, s.Revision = uint64(i+1), revisions[s.Stream]
		w.lines[i] = events.AppendStored(nil, &s)
	}
}

// resign makes the ledger consistent again, as somebody with the key of the log can: the roots in the records
// ledger.sealed, and the checkpoints whose root changed. With keep, the new checkpoints carry the old cosignatures.
func (w *world) resign(t testing.TB, keep bool) {
	t.Helper()
	for i, line := range w.lines {
		if !bytes.Contains(line, []byte(`"kind":"ledger.sealed"`)) {
			continue
		}
		_, rest, _ := bytes.Cut(line, []byte(`"size":`))
		digits, rest, _ := bytes.Cut(rest, []byte(`,"root":"`))
		old, _, _ := bytes.Cut(rest, []byte(`"`))
		size, err := strconv.ParseUint(string(digits), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		w.lines[i] = bytes.Replace(line, old, []byte(w.root(size).String()), 1)
	}
	for i, h := range w.heads {
		if h.Size > uint64(len(w.lines)) || w.root(h.Size) == h.Root {
			continue
		}
		w.heads[i] = seal.Sign(seal.Checkpoint{Origin: h.Origin, Size: h.Size, Root: w.root(h.Size)}, w.log)
		if keep {
			w.heads[i].Lines = append(w.heads[i].Lines, h.Lines[1:]...)
		}
	}
}

// contents returns what a bundle of the whole ledger holds.
func (w *world) contents() bundle.Contents {
	c := bundle.Contents{Earlier: map[uint64][]byte{}, Policy: w.trust, VerifyPy: bundle.VerifyPy,
		Timestamps: w.tokens, Checkpoint: w.heads[len(w.heads)-1].Bytes(),
		Records: func() iter.Seq2[[]byte, error] {
			return func(yield func([]byte, error) bool) {
				for _, line := range w.lines {
					if !yield(line, nil) {
						return
					}
				}
			}
		}}
	for _, h := range w.heads[:len(w.heads)-1] {
		c.Earlier[h.Size] = h.Bytes()
	}
	for _, name := range slices.Sorted(maps.Keys(w.figures)) {
		content := w.figures[name]
		c.Figures = append(c.Figures, bundle.Figure{Name: name, Content: bytes.NewReader(content),
			Bytes: int64(len(content))})
	}
	return c
}

// bundle packs a bundle, with manifests that are right.
func (w *world) bundle(t testing.TB) []byte {
	t.Helper()
	return pack(t, w.contents())
}

func pack(t testing.TB, c bundle.Contents) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := bundle.Write(t.Context(), &b, c); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// judge verifies a bundle, with the auditor's trust file unless configure takes it away.
func (w *world) judge(t testing.TB, file []byte, configure ...func(*verify.Config)) *verify.Verdict {
	t.Helper()
	return w.judgeBy(t, verify.Verify, file, configure...)
}

// judgeBy does the same as judge by a given function.
func (w *world) judgeBy(t testing.TB, by func(context.Context, verify.Config) (*verify.Verdict, error), file []byte,
	configure ...func(*verify.Config)) *verify.Verdict {
	t.Helper()
	cfg := verify.Config{Program: "taizhang-verify v1", Name: "a.zip", Content: bytes.NewReader(file),
		Bytes: int64(len(file)), Trust: w.trust}
	for _, c := range configure {
		c(&cfg)
	}
	v, err := by(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// With these a verdict is made without a trust file, or with a checkpoint that the auditor kept.
func untrusting(cfg *verify.Config) { cfg.Trust = nil }

func knowing(h *seal.Signed) func(*verify.Config) {
	return func(cfg *verify.Config) { cfg.Known = h.Bytes() }
}

// page returns the verdict in both languages.
func page(t testing.TB, v *verify.Verdict) string {
	t.Helper()
	var b strings.Builder
	if err := v.Write(&b, ""); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// expect compares the result, and looks for sentences on the page.
func expect(t testing.TB, v *verify.Verdict, result verify.Result, sentences ...string) {
	t.Helper()
	all := page(t, v)
	if v.Result != result {
		t.Fatalf("the result is %d, expected %d:\n%s", v.Result, result, all)
	}
	for _, s := range sentences {
		if !strings.Contains(all, s) {
			t.Errorf("the verdict lacks %q:\n%s", s, all)
		}
	}
}

// expectState compares the state of a property.
func expectState(t testing.TB, v *verify.Verdict, code verify.PropertyCode, state verify.State) {
	t.Helper()
	for _, p := range v.Properties {
		if p.Code == code && p.State != state {
			t.Errorf("%s is %s, expected %s:\n%s", code, p.State, state, page(t, v))
		}
	}
}

// filesOf returns the files of a zip by name.
func filesOf(t testing.TB, file []byte) map[string][]byte {
	t.Helper()
	b, err := bundle.Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, name := range b.Names() {
		if files[name], err = b.Read(name); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// zipped packs files in the order of names. With anew, both manifests are computed anew.
func zipped(t testing.TB, files map[string][]byte, anew bool) []byte {
	t.Helper()
	names := slices.Sorted(maps.Keys(files))
	if anew {
		files = maps.Clone(files)
		var sha, sm strings.Builder
		for _, name := range names {
			if name == bundle.SHA256Name || name == bundle.SM3Name {
				continue
			}
			sums, err := bundle.SumsOf(bytes.NewReader(files[name]))
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&sha, "%x  %s\n", sums.SHA256, name)
			fmt.Fprintf(&sm, "SM3 (%s) = %x\n", name, sums.SM3)
		}
		files[bundle.SHA256Name], files[bundle.SM3Name] = []byte(sha.String()), []byte(sm.String())
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range names {
		to, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err == nil {
			_, err = to.Write(files[name])
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
