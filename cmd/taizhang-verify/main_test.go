package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

// call runs the program in this process.
func call(t *testing.T, args ...string) (code int, out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), args, &o, &e)
	return code, o.String(), e.String()
}

func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWhatIsNoBundleContradictsInWords(t *testing.T) {
	for name, content := range map[string]string{"empty.zip": "", "text.zip": "no zip", "end.zip": "PK\x05\x06" +
		strings.Repeat("\x00", 18)} {
		code, out, errOut := call(t, file(t, name, content))
		if code != 1 || errOut != "" || !strings.Contains(out, "不能作为证据包读取：") ||
			!strings.Contains(out, "it cannot be read as a bundle: ") {
			t.Errorf("%s: %d %q %q", name, code, out, errOut)
		}
	}
}

func TestALanguageIsAskedForAndJSONHasTheSame(t *testing.T) {
	path := file(t, "a.zip", "no zip")
	if _, out, _ := call(t, path, "--lang", "zh"); strings.Contains(out, "Verdict") || !strings.Contains(out, "结论") {
		t.Errorf("in Chinese: %s", out)
	}
	if _, out, _ := call(t, path, "--lang", "en"); !strings.Contains(out, "Verdict") || strings.Contains(out, "结论") {
		t.Errorf("in English: %s", out)
	}
	code, out, _ := call(t, path, "--output", "json")
	var v struct {
		Exit       int    `json:"exit"`
		Result     string `json:"result"`
		Properties []struct {
			State     string `json:"state"`
			Sentences []struct {
				Mark string `json:"mark"`
				Zh   string `json:"zh"`
			} `json:"sentences"`
		} `json:"properties"`
		Unprovable []any `json:"cannotBeProven"`
	}
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if code != 1 || v.Exit != 1 || v.Result != "contradicted" || len(v.Properties) != 4 || len(v.Unprovable) < 4 ||
		v.Properties[3].State != "failed" || len(v.Properties[3].Sentences) == 0 ||
		v.Properties[3].Sentences[0].Zh == "" {
		t.Errorf("%d %s", code, out)
	}
}

func TestWrongUsageHasItsOwnCode(t *testing.T) {
	zip := file(t, "a.zip", "no zip")
	const key = "taizhang.zj/2026+"
	for name, test := range map[string]struct {
		args []string
		says string
	}{
		"no file":                   {nil, "expected one file"},
		"two files":                 {[]string{zip, zip}, "expected one file"},
		"an unknown flag":           {[]string{zip, "--score"}, "没有选项 --score\nunknown flag: --score\n"},
		"an unknown short flag":     {[]string{zip, "-s"}, "没有选项 -s\nunknown flag: -s\n"},
		"a flag without its value":  {[]string{zip, "--trust"}, "--trust 需要一个值\n--trust needs a value\n"},
		"a flag with a wrong value": {[]string{zip, "--thorough=x"}, "--thorough 的值 \"x\" 不对\n"},
		"an unknown language":       {[]string{zip, "--lang", "fr"}, "--lang must be zh or en"},
		"an unknown output":         {[]string{zip, "--output", "csv"}, "--output can only be json"},
		"a file that is not there":  {[]string{zip + "x"}, "文件"},
		"a directory":               {[]string{t.TempDir()}, "is not a regular file"},
		"no trust file there":       {[]string{zip, "--trust", zip + "x"}, "there is no file"},
		"a trust file without log":  {[]string{zip, "--trust", file(t, "p", "# nothing\n")}, "--trust: "},
		"a trust file of no quorum": {[]string{zip, "--trust", file(t, "p",
			"log "+key+"\nquorum none\n")}, "--trust: "},
		"a trust file that is a device": {[]string{zip, "--trust", os.DevNull}, "is not a regular file"},
		"a known that is a directory":   {[]string{zip, "--known", t.TempDir()}, "is not a regular file"},
		"a known that is too large": {[]string{zip, "--known", file(t, "c", strings.Repeat("x", 1<<20+1))},
			"is too large"},
		"roots that are a device":    {[]string{zip, "--tsa-roots", os.DevNull}, "is not a regular file"},
		"a figure that is no report": {[]string{zip, "--figures", file(t, "pic.pdf", "x")}, "pic.pdf 不能用"},
		"an empty figure":            {[]string{zip, "--figures", file(t, "empty.xlsx", "")}, "--figures: "},
		"an empty trust file":        {[]string{zip, "--trust", file(t, "p", "")}, "--trust: "},
		"a known that is none":       {[]string{zip, "--known", file(t, "c", "x")}, "--known: "},
		"roots that are none":        {[]string{zip, "--tsa-roots", file(t, "r.pem", "x")}, "has no certificate"},
		"a figure that is not there": {[]string{zip, "--figures", zip + "x"}, "there is no file"},
	} {
		code, out, errOut := call(t, test.args...)
		if code != 2 || out != "" || !strings.Contains(errOut, test.says) {
			t.Errorf("%s: %d %q %q", name, code, out, errOut)
		}
	}
}

func TestHelpAndVersion(t *testing.T) {
	code, out, _ := call(t, "--help")
	if code != 0 || !strings.Contains(out, "--trust") || !strings.Contains(out, "退出码") ||
		!strings.Contains(out, "Exit") || strings.Contains(out, "string") || !strings.Contains(out, "--trust FILE") {
		t.Errorf("%d %s", code, out)
	}
	if code, out, _ := call(t, "--version"); code != 0 || !strings.HasPrefix(out, "taizhang-verify ") {
		t.Errorf("%d %s", code, out)
	}
}
