package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/ledger"
)

// full is a store that accepts one record per append, and two records of each center.
type full struct{ events.Store }

func (full) AppendBytesMax() int { return 1 }

func (f full) Append(ctx context.Context, s events.StreamID, expected uint64,
	batch []events.Proposed) ([]events.Place, error) {
	if expected == 2 {
		return nil, errors.New("no space")
	}
	return f.Store.Append(ctx, s, expected, batch)
}

// An import that fails after writing a part reports the number of written records. An import that fails before
// writing reports only the error.
func TestAnImportThatFailsHalfwaySaysWhatIsWritten(t *testing.T) {
	file, err := os.ReadFile(filepath.Join("testdata", "small.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ lang, output, out, errOut string }{
		{"zh", tableOutput, "写入 3，早已有 0，拒绝 0。\n", "导入没有完成：已写入 3 条，"},
		{"en", tableOutput, " 3 written, 0 there already, 0 refused.\n",
			"The import did not finish: 3 records were written, "},
		{"en", jsonOutput, `"accepted":3,"repeated":0,"refused":0,`,
			"The import did not finish: 3 records were written, "},
		{"en", csvOutput, "file,line,", "The import did not finish: 3 records were written, "},
	} {
		l, err := ledger.Open(t.Context(), full{memstore.New(time.Now)}, ledger.Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		d := &desk.Local{LocalConfig: desk.LocalConfig{
			Ledger: l, Account: ledger.Writer{Name: "local:kit", MayRecord: true}, Now: time.Now, Spool: t.TempDir()}}
		imports := func() (out, errOut string) {
			var o, e bytes.Buffer
			a := newApp(nil, &o, &e, func(string) string { return "" })
			a.lang, a.output = c.lang, c.output
			cmd := &cobra.Command{}
			cmd.SetContext(t.Context())
			r := desk.ImportRequest{
				Files: []desk.Upload{{Name: "small.jsonl", Content: bytes.NewReader(file), Bytes: int64(len(file))}}}
			if err := a.importInto(cmd, d, r, ""); err == nil || !strings.Contains(err.Error(), "no space") {
				t.Errorf("%s: got %v", c.output, err)
			}
			return o.String(), e.String()
		}
		if out, errOut := imports(); !strings.Contains(out, c.out) || !strings.HasPrefix(errOut, c.errOut) {
			t.Errorf("%s: expected %q and %q, got %q and %q", c.output, c.out, c.errOut, out, errOut)
		}
		if out, errOut := imports(); out+errOut != "" {
			t.Errorf("%s: nothing more is written: got %q and %q", c.output, out, errOut)
		}
	}
}

func TestAnErrorOfASheetNamesItsFile(t *testing.T) {
	dir := t.TempDir()
	mustRun(t, "--data", dir, "import", filepath.Join("testdata", "small.jsonl"))
	alone := filepath.Join(t.TempDir(), "alone.csv")
	if err := os.WriteFile(alone, []byte("凭证号,日期,中心编号,经费下达编号,用途,金额(元),收款单位,摘要\n"),
		0o600); err != nil {
		t.Fatal(err)
	}
	for _, verb := range [][]string{{"try", alone}, {"import", alone, "--actor", "c-1"}} {
		out, errOut, code := taizhang(t, append([]string{"--data", dir, "--output", "json"}, verb...)...)
		var said toldError
		if err := json.Unmarshal([]byte(errOut), &said); err != nil || out != "" || code != 1 || said.Place != alone ||
			said.Code != text.Invalid {
			t.Errorf("%s: exit %d, %q, %q, %v", verb[0], code, out, errOut, err)
		}
	}
}
