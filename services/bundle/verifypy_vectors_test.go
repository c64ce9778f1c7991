//go:build e2e

package bundle_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/sm3"
	"golang.org/x/mod/sumdb/tlog"
)

// holds fails unless an expression of Python is true.
func (p *python) holds(format string, a ...any) {
	p.t.Helper()
	expression := fmt.Sprintf(format, a...)
	if answer := p.ask(expression); answer.Value != true {
		p.t.Errorf("%.400s is %v, expected True", expression, answer.Value)
	}
}

func bytesOf(b []byte) string { return fmt.Sprintf("bytes.fromhex('%x')", b) }

// The vectors are of RFC 8032, section 7.1.
func TestVerifyPyVerifiesEd25519(t *testing.T) {
	p := newPython(t)
	for _, v := range []struct{ public, message, signature string }{
		{"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
			"e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155" +
				"5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
		{"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
			"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
				"085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
		{"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
			"6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac" +
				"18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
	} {
		p.holds("verify.ed25519(bytes.fromhex('%s'), bytes.fromhex('%s'), bytes.fromhex('%s'))",
			v.public, v.message, v.signature)
	}
	seeds := rand.NewChaCha8([32]byte{2})
	for n := range 24 {
		public, private, err := ed25519.GenerateKey(seeds)
		if err != nil {
			t.Fatal(err)
		}
		message := make([]byte, n)
		_, _ = seeds.Read(message)
		signature := ed25519.Sign(private, message)
		p.holds("verify.ed25519(%s, %s, %s)", bytesOf(public), bytesOf(message), bytesOf(signature))
		signature[seeds.Uint64()%64] ^= 1 << (seeds.Uint64() % 8)
		p.holds("not verify.ed25519(%s, %s, %s)", bytesOf(public), bytesOf(message), bytesOf(signature))
	}
	// RFC 8032, section 5.1.7: S of a signature is below the order of the group
	_, private, _ := ed25519.GenerateKey(seeds)
	public, signature := private.Public().(ed25519.PublicKey), ed25519.Sign(private, nil)
	p.holds("not verify.ed25519(%s, b'', %s[:32] + (int.from_bytes(%[2]s[32:], 'little') + verify.ORDER)"+
		".to_bytes(32, 'little'))", bytesOf(public), bytesOf(signature))
	p.holds("not verify.ed25519(%s, b'', %s[:63])", bytesOf(public), bytesOf(signature))
	p.holds("not verify.ed25519(b'\\xff' * 32, b'', %s)", bytesOf(signature))
}

// The vectors are of GB/T 32905-2016, appendix A.
func TestVerifyPyHashesSM3(t *testing.T) {
	p := newPython(t)
	digest := "(lambda s, data: (s.update(data[:len(data) // 3]), s.update(data[len(data) // 3:])) and s.digest())" +
		"(verify.%s(), %s).hex() == '%s'"
	for _, made := range []string{"SM3", "new_sm3"} {
		p.holds(digest, made, "b'abc'", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0")
		p.holds(digest, made, "b'abcd' * 16", "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732")
		for n := range 130 {
			data := []byte(strings.Repeat("章", n)[:n])
			sum := sm3.Sum(data)
			p.holds(digest, made, bytesOf(data), hex.EncodeToString(sum[:]))
		}
	}
}

// The leaves and roots are those of the tests of the Certificate Transparency implementations of RFC 6962.
func TestVerifyPyHashesTreesAndChecksProofs(t *testing.T) {
	p := newPython(t)
	p.holds("verify.EMPTY_ROOT.hex() == 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'")
	p.holds("verify.node_hash(verify.node_hash(*[verify.leaf_hash(bytes.fromhex(x)) for x in ('', '00')]), " +
		"verify.node_hash(*[verify.leaf_hash(bytes.fromhex(x)) for x in ('10', '2021')])).hex() == " +
		"'d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7'")
	p.holds("verify.fold([bytes.fromhex('d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7'), " +
		"verify.node_hash(*[verify.leaf_hash(bytes.fromhex(x)) for x in ('3031', '40414243')]), " +
		"verify.leaf_hash(bytes.fromhex('5051525354555657'))]).hex() == " +
		"'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c'")

	o := newOffice(t)
	for range 20 {
		o.record("policy", "policy.adopted", "{}")
	}
	stored := o.stored()
	for size := int64(1); size <= int64(len(o.lines)); size++ {
		root := o.root(size)
		var good, bad []string
		for i := range size {
			path, err := tlog.ProveRecord(size, i, stored)
			if err != nil {
				t.Fatal(err)
			}
			call := func(path []tlog.Hash, index int64) string {
				return fmt.Sprintf("verify.includes(%s, %d, verify.leaf_hash(%s), %d, %s)", list(path), index,
					bytesOf(o.lines[i]), size, bytesOf(root[:]))
			}
			good = append(good, call(path, i))
			bad = append(bad, call(path, i+1), call(append(path[:len(path):len(path)], root), i))
			if len(path) > 0 {
				bad = append(bad, call(path[1:], i), call(path[:len(path)-1], i))
				path[int(i)%len(path)][i%32] ^= 1
				bad = append(bad, call(path, i))
			}
		}
		for old := int64(0); old <= size; old++ {
			var path []tlog.Hash
			if old > 0 {
				var err error
				if path, err = tlog.ProveTree(size, old, stored); err != nil {
					t.Fatal(err)
				}
			}
			before := o.root(old)
			call := func(path []tlog.Hash, old int64) string {
				return fmt.Sprintf("verify.extends(%s, %d, %s, %d, %s)", list(path), old, bytesOf(before[:]), size,
					bytesOf(root[:]))
			}
			good = append(good, call(path, old))
			bad = append(bad, call(append(path[:len(path):len(path)], root), old), call(path, size+1))
			if len(path) > 0 {
				bad = append(bad, call(path[1:], old), call(path[:len(path)-1], old))
				path[int(old)%len(path)][old%32] ^= 1
				bad = append(bad, call(path, old))
			}
		}
		p.holds("all([%s])", strings.Join(good, ", "))
		p.holds("not any([%s])", strings.Join(bad, ", "))
	}
}

// list returns hashes as a list of Python.
func list(hashes []tlog.Hash) string {
	var all []string
	for _, h := range hashes {
		all = append(all, bytesOf(h[:]))
	}
	return "[" + strings.Join(all, ", ") + "]"
}

// realCheckpoint is a checkpoint that a public log signed and public witnesses cosigned in 2026.
const realCheckpoint = `arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIp` +
	`wtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59R` +
	`A23oHP7Ry1k3ZFWwQ=
— transparency.dev/DEV:witness-little-garden 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3` +
	`v7sEodkRAErumC2q44vdgJY096st5BQ==
— witness1.smartit.nu/witness1 pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmNWVu` +
	`E0tgh0XwzdZsDsUAQ==
— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrA` +
	`WfBw==
— witness.stagemole.eu Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUvVr+AJmIY/2TUFucgKi7lI7cUiOvKFY` +
	`e/TmN9DAg==
`

const (
	realLog       = "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
	realWitnesses = `witness.stagemole.eu+67f7aea0+BEqSG3yu9YrmcM3BHvQYTxwFj3uSWakQepafafpUqklv
transparency.dev/DEV:witness-little-garden+d8042a87+BCtusOxINQNUTN5Oj8HObRkh2yHf/MwYaGX4CPdiVEPM
witness1.smartit.nu/witness1+a48c820f+BPSFWg9G6KPiO7QPryYO5Xq4oYJJ+kAvLKLSimDhoxMO
remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2`
)

func TestVerifyPyReadsARealCheckpoint(t *testing.T) {
	p := newPython(t)
	quoted := fmt.Sprintf("%q.encode()", realCheckpoint)
	p.holds("verify.Checkpoint(%s, '').size == 1432088532", quoted)
	p.holds("verify.Checkpoint(%s, '').signed_by(verify.Key('%s'))", quoted, realLog)
	changed := strings.Replace(quoted, "1432088532", "1432088533", 1)
	p.refuses("verify.Checkpoint(%s, '').signed_by(verify.Key('%s'))", changed, realLog)
	for _, witness := range strings.Split(realWitnesses, "\n") {
		p.holds("verify.Checkpoint(%s, '').cosigned_by(verify.Key('%s')) == 0x6a122120", quoted, witness)
		p.refuses("verify.Checkpoint(%s, '').cosigned_by(verify.Key('%s'))", changed, witness)
	}
	p.holds("verify.Checkpoint(%s, '').cosigned_by(verify.Key('witness.navigli.sunlight.geomys.org+a3e00fe2+"+
		"BNy/co4C1Hn1p+INwJrfUlgz7W55dSZReusH/GhUhJ/G')) is None", quoted)
}

// refuses fails unless an expression raises a Fault.
func (p *python) refuses(format string, a ...any) {
	p.t.Helper()
	p.holds("fault_of(lambda: %s)", fmt.Sprintf(format, a...))
}

func TestVerifyPyRefusesWhatIsNoCheckpointOrKey(t *testing.T) {
	p := newPython(t)
	for what, change := range map[string]func(string) string{
		"an extension line":         func(s string) string { return strings.Replace(s, "=\n\n", "=\nmore\n\n", 1) },
		"two lines":                 func(s string) string { return strings.Replace(s, "1432088532\n", "", 1) },
		"no line":                   func(string) string { return "" },
		"a leading zero":            func(s string) string { return strings.Replace(s, "1432", "01432", 1) },
		"a sign":                    func(s string) string { return strings.Replace(s, "1432", "+1432", 1) },
		"a short root":              func(s string) string { return strings.Replace(s, "U7WM79jr", "U7WM", 1) },
		"base64 with a free bit":    func(s string) string { return strings.Replace(s, "C4Ro=", "C4Rp=", 1) },
		"a hyphen for the dash":     func(s string) string { return strings.Replace(s, "— remora", "- remora", 1) },
		"two spaces":                func(s string) string { return strings.Replace(s, "— remora", "—  remora", 1) },
		"a plus in a name":          func(s string) string { return strings.Replace(s, "remora", "rem+ora", 1) },
		"a wide space in a name":    func(s string) string { return strings.Replace(s, "remora", "rem\u3000ora", 1) },
		"no newline at the end":     func(s string) string { return strings.TrimSuffix(s, "\n") },
		"an empty line at the end":  func(s string) string { return s + "\n" },
		"carriage returns":          func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
		"a tab":                     func(s string) string { return strings.Replace(s, "arche", "\tarche", 1) },
		"no signature":              func(s string) string { return s[:strings.Index(s, "\n\n")+2] },
		"a signature of four bytes": func(s string) string { return s + "— remora.n621.de 2net5w==\n" },
		"two lines of one key":      func(s string) string { return s + s[strings.Index(s, "— remora"):] },
		"more than 64 KiB":          func(s string) string { return strings.Repeat("a", 1<<16) + s },
	} {
		if change(realCheckpoint) == realCheckpoint {
			t.Errorf("%s changes nothing", what)
		}
		p.refuses("verify.Checkpoint(%q.encode(), '')", change(realCheckpoint))
	}
	p.refuses(`verify.Checkpoint(b'\xff' + %q.encode(), '')`, realCheckpoint)
	for _, key := range []string{"", "a", "a+b", "bananas.sigstore.dev+12344556", "rekor.sigstore.dev+12345678+AwEB",
		strings.Replace(realLog, "ba2f06c0", "BA2F06C0", 1), strings.Replace(realLog, "ba2f06c0", "00000000", 1),
		strings.Replace(realLog, "arche", "arches", 1), strings.Replace(realLog, "AU0v", "BU0v", 1), realLog + "=",
		strings.Replace(realLog, "+AU0v", "+Ag0v", 1)} {
		p.refuses("verify.Key(%q)", key)
	}
}

// The first policy is the example of tlog-policy, with keys.
func TestVerifyPyReadsTrustFiles(t *testing.T) {
	p, o := newPython(t), newOffice(t)
	seeds := rand.NewChaCha8([32]byte{3})
	text := "log " + o.key + " https://log.test\n"
	for _, name := range []string{"X1", "X2", "X3", "Y1", "Y2", "Y3"} {
		public, _, err := ed25519.GenerateKey(seeds)
		if err != nil {
			t.Fatal(err)
		}
		text += fmt.Sprintf("witness %s %s https://%[1]s.test\n", name, vkeyOf(name+".test", 4, public))
		switch name {
		case "X3":
			text += "\ngroup X-witnesses 2 X1 X2 X3\n\n"
		case "Y3":
			text += "group Y-witnesses any Y1 Y2 Y3\n\ngroup X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n"
		}
	}
	for cosigned, met := range map[string]bool{"": false, "X1 X2": false, "X1 X2 Y3": true, "X1 Y1 Y2 Y3": false,
		"X1 X3 Y1": true, "X1 X2 X3": false, "Y1 Y2 Y3": false, "X1 X2 X3 Y1 Y2 Y3": true} {
		p.holds("verify.Trust(%q.encode()).met(%q.split()) == %s", text, cosigned,
			map[bool]string{true: "True", false: "False"}[met])
	}
	for what, accepted := range map[string]string{
		"comments and spaces":       "# one\n\n \t# two\n" + strings.ReplaceAll(text, " ", " \t "),
		"line ends of Windows":      "\ufeff" + strings.ReplaceAll(text, "\n", "\r\n"),
		"no newline at the end":     strings.TrimSuffix(text, "\n"),
		"one witness as the quorum": strings.Replace(text, "quorum X-and-Y", "quorum X1", 1),
		"names in Chinese":          strings.ReplaceAll(text, "X-and-Y", "\u738b"),
		"a URL that is a file":      strings.Replace(text, "https://X1.test", "file:///by-hand", 1),
	} {
		t.Run(what, func(t *testing.T) { p.holds("verify.Trust(%s).log is not None", bytesOf([]byte(accepted))) })
	}
	line := func(beginning string) string {
		from := strings.Index(text, beginning)
		return text[from : from+strings.Index(text[from:], "\n")+1]
	}
	own, err := base64.StdEncoding.DecodeString(strings.SplitN(o.key, "+", 3)[2])
	if err != nil {
		t.Fatal(err)
	}
	itself := "witness w " + vkeyOf("w.test", 4, own[1:]) + " https://w.test\n"
	many := ""
	for i, member := 0, "X-and-Y"; i < 82; i++ { // beside six witnesses and three groups
		many += fmt.Sprintf("group g%d any %s\n", i, member)
		member = fmt.Sprintf("g%d", i)
	}
	p.holds("verify.Trust(%q.encode()).log is not None", text+strings.Replace(many, "group g81 any g80\n", "", 1))
	for what, refused := range map[string]string{
		"the log's key for a witness":      text + itself,
		"a witness's key for the log":      itself + text,
		"a witness named any":              strings.ReplaceAll(text, "X1", "any"),
		"a group named log":                strings.ReplaceAll(text, "X-and-Y", "log"),
		"bytes that are no UTF-8":          strings.ReplaceAll(text, "X-and-Y", "\u738b\x80"),
		"a comment in another encoding":    text + "# \xcc\xa8\xd5\xcb\n",
		"a wide space in a line":           strings.Replace(text, "quorum X", "quorum\u3000X", 1),
		"a URL that is none":               strings.Replace(text, "https://log.test", "log.test", 1),
		"a URL of a scheme alone":          strings.Replace(text, "https://log.test", "https://", 1),
		"more than 90 names":               text + many,
		"an invisible character in a name": strings.Replace(text, o.key, vkeyOf("a\u200bb", 1, own[1:]), 1),
		"nothing":                          "",
		"no log":                           strings.Replace(text, line("log"), "", 1),
		"two logs":                         line("log") + text,
		"a log without a URL":              strings.Replace(text, " https://log.test", "", 1),
		"a witness without a URL":          strings.Replace(text, " https://X1.test", "", 1),
		"a witness as the log":             strings.Replace(text, o.key, o.witnesses[0].key, 1),
		"a log as a witness":               line("log") + "witness w " + o.key + " https://w.test\nquorum w\n",
		"no quorum":                        strings.Replace(text, "quorum X-and-Y\n", "", 1),
		"two quorums":                      text + "quorum X1\n",
		"quorum none":                      strings.Replace(text, "quorum X-and-Y", "quorum none", 1),
		"an unknown quorum":                strings.Replace(text, "quorum X-and-Y", "quorum X-and-Z", 1),
		"a quorum before":                  "quorum X1\n" + strings.Replace(text, "quorum X-and-Y\n", "", 1),
		"a name twice":                     text + "group X1 any X-and-Y\n",
		"a key twice":                      line("witness X1") + strings.Replace(text, "witness X1", "witness X9", 1),
		"a group named none":               strings.Replace(text, "X-and-Y", "none", 2),
		"an unknown member":                strings.Replace(text, "any Y1", "any Y9", 1),
		"a member twice":                   strings.Replace(text, "any Y1", "any Y1 Y1", 1),
		"a member of two groups":           strings.Replace(text, "any Y1", "any X1", 1),
		"a threshold of nought":            strings.Replace(text, "2 X1", "0 X1", 1),
		"a negative threshold":             strings.Replace(text, "2 X1", "-1 X1", 1),
		"a threshold too high":             strings.Replace(text, "2 X1", "4 X1", 1),
		"a comment behind":                 strings.Replace(text, "https://log.test", "https://log.test # ours", 1),
		"an unknown word":                  text + "quibble X1\n",
		"a control character":              text + "# \x01\n",
	} {
		t.Run(what, func(t *testing.T) {
			if refused == text {
				t.Error("it changes nothing")
			}
			p.refuses("verify.Trust(%s)", bytesOf([]byte(refused)))
		})
	}
}
