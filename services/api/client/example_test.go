package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/api"
	"github.com/taizhang/taizhang/services/api/client"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/lists"
)

// serveExample serves the ledger of one center. It returns the address, a file with the token of an account of the
// finance department that may record, and what ends the server.
func serveExample() (url, tokenFile string, end func()) {
	ctx := context.Background()
	must := func(err error) {
		if err != nil {
			log.Fatal(err)
		}
	}
	dir, err := os.MkdirTemp("", "example-")
	must(err)
	clock := func() time.Time { return now }
	l, err := ledger.Open(ctx, memstore.New(clock), ledger.Config{})
	must(err)
	accounts, err := access.Open(ctx, access.AccountsConfig{Store: memstore.New(clock), Ledger: l, Now: clock})
	must(err)
	local := desk.Local{LocalConfig: desk.LocalConfig{
		Ledger: l, Now: clock, Spool: dir, Account: ledger.Writer{Name: "local:kit", MayRecord: true}}}
	for _, tail := range []string{registered, granted, received, spent} {
		_, err := local.Record(ctx, draft("ZJ-0001", tail))
		must(err)
	}
	office := accounts.Desk(access.Local("kit", "local"))
	_, err = office.AddAccount(ctx,
		access.NewAccount{Account: "finance-1", Binding: access.Binding{Role: access.Finance, MayRecord: true}})
	must(err)
	made, err := office.AddToken(ctx,
		access.NewToken{Account: "finance-1", Name: "examples", May: []string{access.MayRecord}})
	must(err)
	tokenFile = filepath.Join(dir, "token")
	must(os.WriteFile(tokenFile, []byte(made.Secret+"\n"), 0o600))
	a := api.New(api.ServerConfig{Desk: local, Access: accounts, Now: clock, Spool: filepath.Join(dir, "spool")})
	s := httptest.NewServer(a)
	return s.URL, tokenFile, func() {
		a.Stop()
		s.Close()
		must(a.Close(ctx))
		must(accounts.Close())
		l.Close()
		must(os.RemoveAll(dir))
	}
}

func Example() {
	url, tokenFile, end := serveExample() // https://ledger.example.cn, /etc/taizhang/token
	defer end()
	ctx := context.Background()
	c, err := client.New(client.ClientOptions{URL: url, TokenFile: tokenFile})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	me, err := c.Me(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(me.Account, me.Role)
	center, err := c.Center(ctx, desk.When{AsOf: "2025-12-31"}, "ZJ-0001")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(center.Facts.Name, center.Status, center.Execution[0].RatePercent())
	// Output:
	// finance-1 finance
	// 甲中心 registered 40.00
}

func ExampleClient_List() {
	url, tokenFile, end := serveExample()
	defer end()
	c, err := client.New(client.ClientOptions{URL: url, TokenFile: tokenFile})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	t, err := c.List(context.Background(), desk.When{AsOf: "2025-12-31"},
		lists.Question{List: "execution", Params: map[string]string{"year": "2025", "scope": "province"}})
	if err != nil {
		log.Fatal(err)
	}
	if err := t.Select("center", "fiscalYear", "receivedFen", "executedFen").WriteCSV(os.Stdout); err != nil {
		log.Fatal(err)
	}
	// Output:
	// center,fiscalYear,receivedFen,executedFen
	// ZJ-0001,2025,100000,40000
}

// A record has an id, so bringing it again is answered with the first result. A record that breaks the Measures is
// refused with every reason.
func ExampleClient_Record() {
	url, tokenFile, end := serveExample()
	defer end()
	c, err := client.New(client.ClientOptions{URL: url, TokenFile: tokenFile})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	good := desk.Draft{ID: "0198c0de-0000-4000-8000-000000000001", Kind: "subsidy.granted", Center: "ZJ-0001",
		On: "2025-04-01", Mode: desk.RecordMode, Doc: "浙财科教〔2025〕9号",
		Data: []byte(`{"grant":"G9","category":"other","source":"province-other","fiscalYear":2025,"amountFen":500}`)}
	bad := desk.Draft{ID: "0198c0de-0000-4000-8000-000000000002", Kind: "subsidy.received", Center: "ZJ-0001",
		On: "2025-04-02", Data: []byte(`{"grant":"G9","amountFen":501}`)}
	for _, d := range []desk.Draft{good, good, bad} {
		r, err := c.Record(context.Background(), d)
		var no *desk.Refusal
		switch {
		case errors.As(err, &no):
			fmt.Println("refused:", no.Breaches[0].Reason.En)
		case err != nil:
			log.Fatal(err)
		default:
			fmt.Println(r.Answer, "at position", r.Position)
		}
	}
	// Output:
	// accepted at position 6
	// repeated at position 6
	// refused: receipts of 5.01 yuan in all are above the net 5.00 yuan
}

func ExampleClient_Import() {
	url, tokenFile, end := serveExample()
	defer end()
	c, err := client.New(client.ClientOptions{URL: url, TokenFile: tokenFile})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	lines := line("ZJ-0002", registered) + "\nnonsense\n"
	done, err := c.Import(context.Background(), desk.ImportRequest{
		Files:      []desk.Upload{{Name: "new.jsonl", Content: strings.NewReader(lines), Bytes: int64(len(lines))}},
		AcceptGood: true,
		Bad:        func(b desk.BadLine) { fmt.Println(b.File, "line", b.Line, b.Reasons[0].Reason.En) },
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(done.Accepted, "written,", done.Refused, "refused")
	// Output:
	// new.jsonl line 2 not valid JSON in UTF-8 at byte 1: invalid character 'o' in literal null (expecting 'u')
	// 1 written, 1 refused
}
