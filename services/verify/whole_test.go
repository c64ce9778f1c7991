package verify_test

import (
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/taizhang/taizhang/services/verify"
)

func TestAWholeBundleHolds(t *testing.T) {
	w := newWorld(t)
	v := w.judge(t, w.bundle(t))
	expect(t, v, verify.Holds)
	for _, p := range v.Properties {
		expectState(t, v, p.Code, verify.Passed)
	}
}

// TestTheJSONSaysWhatThePageSays reads verdicts back from their JSON: it gives the same page in both languages.
func TestTheJSONSaysWhatThePageSays(t *testing.T) {
	w, edited := newWorld(t), newWorld(t)
	edited.edit(t, edited.find(t, `"voucher":"V-1"`), "乙公司", "丙公司")
	for name, v := range map[string]*verify.Verdict{
		"whole":              w.judge(t, w.bundle(t)),
		"contradicted":       w.judge(t, edited.bundle(t)),
		"without trust file": w.judge(t, w.bundle(t), untrusting),
		"of one center":      w.judge(t, pack(t, w.ofCenter(t, "ZJ-0001")), knowing(w.heads[1])),
		"no bundle":          w.judge(t, []byte("no zip")),
	} {
		t.Run(name, func(t *testing.T) {
			out, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			var read verify.Verdict
			if err := json.Unmarshal(out, &read, json.RejectUnknownMembers(true)); err != nil {
				t.Fatal(err)
			}
			if got, want := page(t, &read), page(t, v); got != want {
				t.Errorf("the page of the JSON is\n%s\nand that of the verdict\n%s", got, want)
			}
			if read.Result != v.Result || read.Code != v.Result.Code() {
				t.Errorf("the JSON has the result %d %q, expected %d", read.Result, read.Code, v.Result)
			}
		})
	}
}
