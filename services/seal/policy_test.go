package seal_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/services/seal"
)

// witnesses are the witnesses of the policies below, with their keys.
var witnesses = []string{"audit", "finance", "archive", "bureau"}

// written replaces LOG and the names in capitals by keys.
func written(policy string, log seal.Signer, keys map[string]seal.Signer) string {
	policy = strings.ReplaceAll(policy, "LOG", log.Key.String())
	for name, k := range keys {
		policy = strings.ReplaceAll(policy, strings.ToUpper(name), k.Key.String())
	}
	return policy
}

func keysOf(t testing.TB) map[string]seal.Signer {
	keys := map[string]seal.Signer{}
	for _, name := range witnesses {
		keys[name] = signer(t, name+".example/w1", seal.WitnessKey)
	}
	return keys
}

const fourWitnesses = `# Whom the office trusts.

log LOG https://ledger.example
witness audit AUDIT https://audit.example/witness
	witness finance	FINANCE  http://finance.example:8080
witness archive ARCHIVE file:///by-hand
witness bureau BUREAU https://bureau.example
`

func TestAQuorumIsMetByEnoughWitnesses(t *testing.T) {
	log, keys := signer(t, origin, seal.LogKey), keysOf(t)
	for _, c := range []struct {
		policy   string
		cosigned string // the sets of witnesses by which it is just met
	}{
		{"quorum finance", "finance"},
		{"group g any audit finance\nquorum g", "audit|finance"},
		{"group g 1 audit\nquorum g", "audit"},
		{"group g all audit finance archive\nquorum g", "audit finance archive"},
		{"group g 2 audit finance archive\nquorum g", "audit finance|audit archive|finance archive"},
		{"group g any audit finance\ngroup h all g archive\ngroup unused any bureau\nquorum h",
			"audit archive|finance archive"},
		{"group g all audit finance\ngroup h all archive bureau\ngroup k any g h\nquorum k",
			"audit finance|archive bureau"},
	} {
		p, err := seal.ParsePolicy([]byte(written(fourWitnesses+c.policy+"\n", log, keys)))
		if err != nil {
			t.Fatal(err)
		}
		for set := range 1 << len(witnesses) {
			s := seal.Sign(checkpoint, log)
			n := 0
			for i, name := range witnesses {
				if set>>i&1 == 1 {
					s.Add(s.Cosign(keys[name], at))
					n++
				}
			}
			want := false
			for enough := range strings.SplitSeq(c.cosigned, "|") {
				all := true
				for name := range strings.FieldsSeq(enough) {
					_, err := s.CosignedBy(keys[name].Key)
					all = all && err == nil
				}
				want = want || all
			}
			met, cosigned := p.Quorum(s)
			if met != want || len(cosigned) != n {
				t.Errorf("%q with the witnesses %04b: met %v with %d, expected %v", c.policy, set, met, len(cosigned),
					want)
			}
		}
	}
}

func TestAQuorumIsNotMetByWrongSignatures(t *testing.T) {
	log, keys := signer(t, origin, seal.LogKey), keysOf(t)
	p, err := seal.ParsePolicy([]byte(written(fourWitnesses+"quorum audit", log, keys)))
	if err != nil {
		t.Fatal(err)
	}
	whole := func() *seal.Signed {
		s := seal.Sign(checkpoint, log)
		s.Add(s.Cosign(keys["audit"], at))
		return s
	}
	if met, cosigned := p.Quorum(whole()); !met || cosigned[0].Name != "audit" || !cosigned[0].At.Equal(at) {
		t.Fatalf("met %v by %v", met, cosigned)
	}
	if !p.Witnesses[0].Online() || !p.Witnesses[1].Online() || p.Witnesses[2].Online() ||
		p.URL != "https://ledger.example" {
		t.Errorf("the policy is read as %+v", p)
	}
	for name, change := range map[string]func(s *seal.Signed){
		"the log did not sign":                func(s *seal.Signed) { s.Lines = s.Lines[1:] },
		"the log's signature is wrong":        func(s *seal.Signed) { s.Lines[0].Signature[3] ^= 1 },
		"the cosignature is wrong":            func(s *seal.Signed) { s.Lines[1].Signature[3] ^= 1 },
		"the cosignature of another is wrong": func(s *seal.Signed) { addWrong(s, keys["bureau"]) },
		"wrong, and the log's one is missing": func(s *seal.Signed) { s.Lines = nil; addWrong(s, keys["bureau"]) },
		"the checkpoint is of another log":    func(s *seal.Signed) { s.Origin = "taizhang.js/2026" },
	} {
		s := whole()
		change(s)
		if met, _ := p.Quorum(s); met {
			t.Errorf("%s: met", name)
		}
	}
	s := whole()
	addWrong(s, signer(t, "x", seal.WitnessKey))
	if met, _ := p.Quorum(s); !met {
		t.Error("a wrong line of a key that the policy does not name: not met")
	}
}

func addWrong(s *seal.Signed, by seal.Signer) {
	line := s.Cosign(by, at)
	line.Signature[20] ^= 1
	s.Add(line)
}

func TestAPolicyThatIsWrongIsRefused(t *testing.T) {
	log, keys := signer(t, origin, seal.LogKey), keysOf(t)
	for policy, want := range map[string]string{
		"":                                    "the line of the log is missing",
		"quorum none":                         "quorum none asks for no witness",
		fourWitnesses:                         "the line of the quorum is missing",
		fourWitnesses + "quorum none":         "line 8: quorum none asks for no witness",
		fourWitnesses + "quorum":              "expected quorum NAME",
		fourWitnesses + "quorum audit bureau": "expected quorum NAME",
		fourWitnesses + "quorum nobody":       `no line before defines "nobody"`,
		fourWitnesses + "quorum audit\nquorum audit":               "line 9: there may be only one line quorum",
		fourWitnesses + "log LOG https://x.example\nquorum audit":  "only one line log",
		fourWitnesses + "witness x AUDIT https://x.example":        "stands in another line too",
		fourWitnesses + "witness audit BUREAU https://x.example":   `two lines have the name "audit"`,
		fourWitnesses + "group audit any bureau":                   `two lines have the name "audit"`,
		fourWitnesses + "group g 0 audit":                          "a number from 1 to 1",
		fourWitnesses + "group g 2 audit":                          "a number from 1 to 1",
		fourWitnesses + "group g 01 audit":                         "a number from 1 to 1",
		fourWitnesses + "group g most audit":                       "a number from 1 to 1",
		fourWitnesses + "group g all":                              "expected group NAME",
		fourWitnesses + "group g any audit audit":                  "a member of a group already",
		fourWitnesses + "group g any audit\ngroup h all g audit":   "a member of a group already",
		fourWitnesses + "group g any g":                            `no line before defines "g"`,
		fourWitnesses + "group g any h\ngroup h any audit":         `no line before defines "h"`,
		fourWitnesses + "group none any audit":                     "cannot be a name",
		fourWitnesses + "quorum audit # and this is a comment":     "a comment has a line of its own",
		fourWitnesses + "quorum\u3000audit":                        "spaces other than blanks",
		fourWitnesses + "quorum\vaudit":                            "characters that are not text",
		fourWitnesses + "quorum\xff":                               "characters that are not text",
		fourWitnesses + "witnesses audit":                          `"witnesses" is unknown`,
		"log LOG":                                                  "expected log KEY URL",
		"log LOG ledger.example":                                   "is no URL",
		"log AUDIT https://ledger.example":                         "expected type 0x01, got 0x04",
		"log LOG\nwitness":                                         "line 1: expected log KEY URL",
		"witness x LOG https://x.example":                          "expected type 0x04, got 0x01",
		"witness x AUDIT":                                          "expected witness NAME KEY URL",
		"witness x AUDITx https://x.example":                       "the public key",
		"log LOG https://a.example" + strings.Repeat("\n", 65<<10): "more than 64 KiB",
	} {
		_, err := seal.ParsePolicy([]byte(written(policy, log, keys)))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: expected %q, got %v", policy, want, err)
		}
	}
	many := fourWitnesses
	for i, member := 0, "audit"; i < 87; i++ {
		many += fmt.Sprintf("group g%d any %s\n", i, member)
		member = fmt.Sprintf("g%d", i)
	}
	if _, err := seal.ParsePolicy([]byte(written(many, log, keys))); err == nil ||
		!strings.Contains(err.Error(), "more than 90 witnesses and groups") {
		t.Errorf("91 witnesses and groups: %v", err)
	}
	// The log may not be its own witness, under another name and type.
	own := seal.Key{Name: "own", Type: seal.WitnessKey, Public: log.Public}
	for _, order := range []string{"log LOG https://a.example\nwitness own OWN file:///by-hand",
		"witness own OWN file:///by-hand\nlog LOG https://a.example"} {
		policy := strings.ReplaceAll(order, "OWN", own.String())
		if _, err := seal.ParsePolicy([]byte(written(policy, log, nil) + "\nquorum own")); err == nil {
			t.Errorf("%q is accepted", policy)
		}
	}
}

func TestAPolicyOfAWindowsEditorIsRead(t *testing.T) {
	policy := written("\uFEFF"+fourWitnesses+"quorum audit\n", signer(t, origin, seal.LogKey), keysOf(t))
	if p, err := seal.ParsePolicy([]byte(strings.ReplaceAll(policy, "\n", "\r\n"))); err != nil ||
		len(p.Witnesses) != 4 {
		t.Errorf("read %+v, %v", p, err)
	}
}

func FuzzParsePolicy(f *testing.F) {
	log, keys := signer(f, origin, seal.LogKey), keysOf(f)
	f.Add([]byte(written(fourWitnesses+"group g 2 audit finance archive\ngroup h any g bureau\nquorum h\n", log,
		keys)))
	f.Add([]byte(written(fourWitnesses+"quorum audit", log, keys)))
	s := seal.Sign(checkpoint, log)
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := seal.ParsePolicy(b); err == nil {
			if met, _ := p.Quorum(s); met {
				t.Errorf("%q is met without a witness", b)
			}
		}
	})
}
