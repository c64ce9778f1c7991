package desk_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/seal"
)

// now is the present of the tests.
var now = time.Date(2026, 11, 1, 12, 0, 0, 0, events.Shanghai)

// asOf is a When for a date.
func asOf(date string) desk.When { return desk.When{AsOf: date} }

// over opens a desk over a store.
func over(t testing.TB, store events.Store) *desk.Local {
	t.Helper()
	l, err := ledger.Open(t.Context(), store, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	root := func(ctx context.Context, position uint64, see func(*events.Stored)) ([sha256.Size]byte, error) {
		return seal.Root(ctx, store, position, see)
	}
	return &desk.Local{LocalConfig: desk.LocalConfig{
		Ledger: l, Root: root, Account: ledger.Writer{Name: "clerk", MayRecord: true},
		Now: func() time.Time { return now }, Version: "v1", Spool: t.TempDir()}}
}

// newStore returns an empty store whose events are recorded from 2026-10-01 on, a second apart.
func newStore() *memstore.Store {
	at := time.Date(2026, 10, 1, 0, 0, 0, 0, events.Shanghai)
	return memstore.New(func() time.Time { at = at.Add(time.Second); return at })
}

// small returns a desk over the records of one center. Its positions: 1 the policy, 2 registered, 3 granted, 4
// received, 5 spent, 6 fined.
func small(t testing.TB) *desk.Local {
	t.Helper()
	d := over(t, newStore())
	for _, tail := range life {
		record(t, d, tail)
	}
	return d
}

// These are records of a center.
const (
	registered = `"kind":"center.registered","on":"2025-01-10","by":{"role":"center","actor":"c-1"},"data":{"name":"甲中心","uscc":"91330106MAC1K2L32C","leadUnit":"甲","type":"pilot-base","services":["pilot"],"leadingIndustries":["生物医药"],"industryCode":"C2710","region":"330106","foundedOn":"2015-01-01","legalEntity":true,"newUnit":false,"usableAreaM2":9000,"equipmentFen":9000000000,"relaxationRequested":false,"pilotFunction":true,"pilotDevicesSeparate":true,"fields":["other"],"ethicsSensitive":false,"ethicsCommittee":false,"documents":[]}`
	granted    = `"kind":"subsidy.granted","on":"2025-02-01","by":{"role":"finance","actor":"f-1"},"mode":"record","doc":"浙财科教〔2025〕1号","data":{"grant":"G1","category":"other","source":"province-other","fiscalYear":2025,"amountFen":100000}`
	received   = `"kind":"subsidy.received","on":"2025-03-01","by":{"role":"finance","actor":"f-1"},"data":{"grant":"G1","amountFen":100000}`
	spent      = `"kind":"funds.spent","on":"2025-06-01","by":{"role":"center","actor":"c-1"},"data":{"voucher":"V1","payee":"乙","use":"pilot","lines":[{"grant":"G1","amountFen":40000}],"summary":"中试"}`
	fined      = `"kind":"funds.spent","on":"2025-06-02","by":{"role":"center","actor":"c-1"},"data":{"voucher":"V2","payee":"乙","use":"fine","lines":[{"grant":"G1","amountFen":1000}],"summary":"罚款"}`
	reversed   = `"kind":"spending.reversed","on":"2025-07-01","by":{"role":"center","actor":"c-1"},"data":{"voucher":"V2","reversalVoucher":"R2","reason":"误付"}`
	overspent  = `"kind":"funds.spent","on":"2025-06-03","by":{"role":"center","actor":"c-1"},"data":{"voucher":"V3","payee":"乙","use":"pilot","lines":[{"grant":"G1","amountFen":900000}],"summary":"中试"}`
)

var life = []string{registered, granted, received, spent, fined}

// line is a record of ZJ-0001 in the interchange form; its id follows from its tail.
func line(tail string) string {
	return fmt.Sprintf(`{"id":"%s","center":"ZJ-0001",%s}`, uuid.NewSHA1(uuid.NameSpaceOID, []byte(tail)), tail)
}

func draft(t testing.TB, tail string) desk.Draft {
	t.Helper()
	var d desk.Draft
	if err := json.Unmarshal([]byte(line(tail)), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func record(t testing.TB, d *desk.Local, tail string) *desk.RecordAnswer {
	t.Helper()
	r, err := d.Record(t.Context(), draft(t, tail))
	if err != nil {
		t.Fatalf("%s: %v", tail, err)
	}
	return r
}

// newVersion returns the built-in policy under another version.
func newVersion(t testing.TB, version string) desk.Policy {
	t.Helper()
	p, problems := desk.ParsePolicy(bytes.Replace(desk.BuiltinPolicy().Text(), []byte(`"version": "2"`),
		[]byte(`"version": "`+version+`"`), 1))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return p
}

func adopt(t testing.TB, d *desk.Local, p desk.Policy) *desk.RecordAnswer {
	t.Helper()
	adoption, err := p.Adoption()
	if err != nil {
		t.Fatal(err)
	}
	r, err := d.Record(t.Context(), adoption)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// fails checks that an error has a code and, unless it is "", a parameter.
func fails(t testing.TB, err error, code text.ErrorCode, param string) {
	t.Helper()
	var about *text.Error
	switch {
	case err == nil:
		t.Errorf("expected the error %s %s, got none", code, param)
	case text.CodeOf(err) != code:
		t.Errorf("expected the code %s, got %s: %v", code, text.CodeOf(err), err)
	case param != "" && (!errors.As(err, &about) || about.Param != param):
		t.Errorf("expected an error about %s, got %v", param, err)
	}
}

// refusal checks that an error is a refusal and returns its reasons, each as "rule field: words".
func refusal(t testing.TB, err error) (reasons []string) {
	t.Helper()
	no := desk.RefusedBy(err, "")
	if no == nil {
		t.Fatalf("expected a refusal, got %v", err)
	}
	for _, r := range no.Reasons {
		reasons = append(reasons, strings.TrimSpace(string(r.Rule)+" "+r.Field)+": "+r.Reason.En)
	}
	return reasons
}

// null matches a member, or an element of a list, that is null. Only dates and rates may be null.
var null = regexp.MustCompile(`"\w*":null|[\[,]null`)

// mayBeNull are the members that may be null.
var mayBeNull = []string{`"on":null`, `"asOf":null`, `"clearedOn":null`, `"ratePercent":null`}

// form returns the JSON of an answer. It checks that only dates and rates are null, and that the answer is the
// same after it is read back.
func form(t testing.TB, answer any) string {
	t.Helper()
	b, err := json.Marshal(answer, json.Deterministic(true))
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range null.FindAllString(string(b), -1) {
		if !slices.Contains(mayBeNull, found) {
			t.Errorf("%s in %s", found, b)
		}
	}
	again := reflect.New(reflect.TypeOf(answer))
	if err := json.Unmarshal(b, again.Interface(), json.RejectUnknownMembers(true)); err != nil {
		t.Errorf("%v: %s", err, b)
	}
	if c, err := json.Marshal(again.Interface(), json.Deterministic(true)); err != nil || string(c) != string(b) {
		t.Errorf("read back it is %v\n%s\nexpected\n%s", err, c, b)
	}
	return string(b)
}

// upload is a file of some content.
func upload(name, content string) desk.Upload {
	return desk.Upload{Name: name, Content: strings.NewReader(content), Bytes: int64(len(content))}
}
