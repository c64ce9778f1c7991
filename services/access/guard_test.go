package access

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/memstore"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/sealing"
)

const (
	registered = `"kind":"center.registered","on":"2025-01-10","by":{"role":"center","actor":"c-1"},"data":{"name":"甲中心","uscc":"91330106MAC1K2L32C","leadUnit":"甲","type":"pilot-base","services":["pilot"],"leadingIndustries":["生物医药"],"industryCode":"C2710","region":"REGION","foundedOn":"2015-01-01","legalEntity":true,"newUnit":false,"usableAreaM2":9000,"equipmentFen":9000000000,"relaxationRequested":false,"pilotFunction":true,"pilotDevicesSeparate":true,"fields":["other"],"ethicsSensitive":false,"ethicsCommittee":false,"documents":[]}`
	assigned   = `"kind":"center.assigned","on":"2025-02-01","by":{"role":"st-office","actor":"s-1"},"data":{"industryDept":"省经信厅","localGov":"330106"}`
	governance = `"kind":"governance.recorded","on":"2025-03-01","data":{"item":"team"}`
	granted    = `"kind":"subsidy.granted","on":"2025-02-01","doc":"浙财科教〔2025〕1号","data":{"grant":"G1","category":"other","source":"province-other","fiscalYear":2025,"amountFen":100000}`
	recording  = `"mode":"record",` + granted
	revoked    = `"kind":"qualification.revoked","on":"2025-03-01","data":{"reason":"考核不合格"}`
)

// draft returns a draft of a center; its id follows from its text.
func draft(t testing.TB, center, tail string) desk.Draft {
	t.Helper()
	d := desk.Draft{ID: uuid.NewSHA1(uuid.NameSpaceOID, []byte(center+tail)).String(), Center: center}
	if err := json.Unmarshal([]byte("{"+tail+"}"), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// kit is an Access over a ledger of three centers: ZJ-0001 in 330106, ZJ-0002 in 330203, and ZJ-0003 in 330203,
// for which 330106 and the department 省经信厅 are responsible.
type kit struct {
	*Access
	local desk.Local
}

func newKit(t testing.TB) *kit {
	t.Helper()
	at := start.AddDate(0, -1, 0)
	l, err := ledger.Open(t.Context(), memstore.New(func() time.Time { at = at.Add(time.Second); return at }),
		ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	now := func() time.Time { return start }
	a, err := Open(t.Context(), AccountsConfig{Store: newStore(), Ledger: l, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	k := &kit{a, desk.Local{LocalConfig: desk.LocalConfig{Ledger: l, Now: now, Version: "v1", Spool: t.TempDir()}}}
	d := k.Guard(k.local, owner)
	for i, region := range []string{"330106", "330203", "330203"} {
		if _, err := d.Record(t.Context(),
			draft(t, fmt.Sprint("ZJ-000", i+1), strings.ReplaceAll(registered, "REGION", region))); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.Record(t.Context(), draft(t, "ZJ-0003", assigned)); err != nil {
		t.Fatal(err)
	}
	return k
}

// as returns a desk of a new account.
func (k *kit) as(t testing.TB, name string, b Binding) desk.Desk {
	t.Helper()
	return k.Guard(k.local, add(t, k.Access, name, b))
}

func centersOf(t testing.TB, d desk.Desk) (list []string) {
	t.Helper()
	err := d.Events(t.Context(), 0, 100, "", func(s *events.Stored) error {
		if id, ok := s.Stream.Center(); ok && !slices.Contains(list, string(id)) {
			list = append(list, string(id))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestAnAccountSeesTheCentersOfItsScope(t *testing.T) {
	k := newKit(t)
	all := []string{"ZJ-0001", "ZJ-0002", "ZJ-0003"}
	for i, c := range []struct {
		b    Binding
		want []string
	}{
		{Binding{Role: STOffice}, all},
		{Binding{Role: Finance}, all},
		{Binding{Role: Auditor}, all},
		{Binding{Role: Center, Center: "ZJ-0002"}, []string{"ZJ-0002"}},
		{Binding{Role: Center, Center: "ZJ-0009"}, nil},
		{Binding{Role: LocalGov, Region: "33"}, all},
		{Binding{Role: LocalGov, Region: "3302"}, []string{"ZJ-0002"}},
		{Binding{Role: LocalGov, Region: "330106"}, []string{"ZJ-0001", "ZJ-0003"}},
		{Binding{Role: IndustryDept, Departments: []string{"省卫健委", "省 经信厅"}}, []string{"ZJ-0003"}},
		{Binding{Role: IndustryDept, Departments: []string{"省卫健委"}}, nil},
	} {
		if got := centersOf(t, k.as(t, fmt.Sprint("account", i), c.b)); !slices.Equal(got, c.want) {
			t.Errorf("%+v: expected %v, got %v", c.b, c.want, got)
		}
	}
}

func TestADepartmentWithoutCentersIsWarnedOf(t *testing.T) {
	k := newKit(t)
	add(t, k.Access, "dept", Binding{Role: IndustryDept, Departments: []string{"省经信厅"}})
	for _, c := range []struct {
		b    Binding
		want int
	}{{Binding{Role: IndustryDept, Departments: []string{"省经信厅", "省经信"}}, 1},
		{Binding{Role: LocalGov, Region: "32"}, 1}, {Binding{Role: LocalGov, Region: "3301"}, 0}} {
		if shown, err := k.Desk(owner).Bind(t.Context(), "dept", c.b); err != nil || len(shown.Warnings) != c.want {
			t.Errorf("%+v: %+v, %v", c.b, shown, err)
		}
	}
}

// calls calls every method of a desk that asks about a center, or about all for "".
var calls = map[string]func(ctx context.Context, d desk.Desk, center string) error{
	"List": func(ctx context.Context, d desk.Desk, center string) error {
		_, err := d.List(ctx, desk.When{},
			lists.Question{List: "spending", Params: map[string]string{"center": center}})
		return err
	},
	"Center": func(ctx context.Context, d desk.Desk, center string) error {
		_, err := d.Center(ctx, desk.When{}, center)
		return err
	},
	"Story": func(ctx context.Context, d desk.Desk, center string) error {
		_, err := d.Story(ctx, desk.When{}, center, func(*desk.Chapter) error { return nil })
		return err
	},
	"Explain": func(ctx context.Context, d desk.Desk, center string) error {
		_, err := d.Explain(ctx, desk.When{}, desk.AlertName{Center: center, Code: "AL-BLD-01"})
		return err
	},
	"Events": func(ctx context.Context, d desk.Desk, center string) error {
		return d.Events(ctx, 0, 9, center, func(*events.Stored) error { return nil })
	},
	"Entry": func(ctx context.Context, d desk.Desk, center string) error {
		_, err := d.Entry(ctx, center, uuid.NewString())
		return err
	},
	"Report": func(ctx context.Context, d desk.Desk, center string) error {
		q := lists.Question{List: "spending", Params: map[string]string{"center": center}}
		_, err := d.Report(ctx, desk.When{}, desk.ReportRequest{Question: q, Lang: "zh"}, io.Discard)
		return err
	},
	"Yearly": func(ctx context.Context, d desk.Desk, center string) error {
		return d.Yearly(ctx, desk.When{}, desk.YearlyRequest{Year: 2025, Center: center, Unit: "yuan", Lang: "zh"},
			io.Discard)
	},
	"Record": func(ctx context.Context, d desk.Desk, center string) error {
		_, err := d.Record(ctx, desk.Draft{ID: uuid.NewString(), Kind: "governance.recorded", Center: center,
			On: "2025-03-01", Data: []byte(`{"item":"team"}`)})
		return err
	},
	"Batch": func(ctx context.Context, d desk.Desk, center string) error {
		_, err := d.Batch(ctx, desk.Batch{
			DryRun: true, Drafts: []desk.Draft{
				{ID: uuid.NewString(), Kind: "governance.recorded", Center: center, On: "2025-03-01",
					Data: []byte(`{"item":"team"}`)}}})
		return err
	},
	"Receipt": func(ctx context.Context, d desk.Desk, center string) error {
		_, err := d.Receipt(ctx, desk.ReceiptRequest{Center: center, Record: uuid.NewString()})
		return err
	},

	// These methods are about no single center.
	"Checkpoint": func(ctx context.Context, d desk.Desk, _ string) error {
		_, err := d.Checkpoint(ctx)
		return err
	},
	"Seal": func(ctx context.Context, d desk.Desk, _ string) error {
		_, err := d.Seal(ctx)
		return err
	},
	"Try": func(ctx context.Context, d desk.Desk, _ string) error {
		return d.Try(ctx, desk.When{}, strings.NewReader(""), func(*desk.Tried) error { return nil })
	},
	"Export": func(ctx context.Context, d desk.Desk, _ string) error {
		_, err := d.Export(ctx, io.Discard, nil)
		return err
	},
	"Follow": func(ctx context.Context, d desk.Desk, _ string) error {
		return d.Follow(ctx, 0, func(*events.Stored) error { return io.EOF })
	},
	"Reproduce": func(ctx context.Context, d desk.Desk, _ string) error {
		_, err := d.Reproduce(ctx, desk.Upload{Name: "x.csv", Content: strings.NewReader("x"), Bytes: 1})
		return err
	},
	"Import": func(ctx context.Context, d desk.Desk, _ string) error {
		_, err := d.Import(ctx, desk.ImportRequest{})
		return err
	},
	"Policies": func(ctx context.Context, d desk.Desk, _ string) error {
		_, err := d.Policies(ctx, desk.When{})
		return err
	},
}

// noSecret are the methods that every principal may call.
var noSecret = []string{"Position", "Reaches"}

// aboutOne are the methods that can ask about a single center.
var aboutOne = []string{"List", "Center", "Story", "Explain", "Events", "Entry", "Report", "Yearly", "Record", "Batch",
	"Receipt"}

func TestEveryMethodOfADeskIsGuarded(t *testing.T) {
	k := newKit(t)
	desks := map[Role]desk.Desk{"": k.Guard(k.local, Principal{Account: "new", Source: "192.0.2.1"})}
	for i, role := range Roles() {
		b := Binding{Role: role}
		switch role {
		case Center:
			b.Center = "ZJ-0001"
		case LocalGov:
			b.Region = "33"
		case IndustryDept:
			b.Departments = []string{"省经信厅"}
		}
		desks[role] = k.as(t, fmt.Sprint("account", i), b)
	}
	may := func(role Role, method string) bool {
		switch method {
		case "Policies":
			return slices.Contains(Rights[ReadPolicies], role)
		case "Checkpoint":
			return slices.Contains(Rights[ReadCheckpoint], role)
		case "Seal":
			return slices.Contains(Rights[SealLedger], role)
		case "Record", "Batch", "Import":
			return slices.Contains(Rights[Bring], role)
		}
		return slices.Contains(Rights[ReadLedger], role)
	}
	kind := reflect.TypeFor[desk.Desk]()
	for i := range kind.NumMethod() {
		method := kind.Method(i).Name
		if slices.Contains(noSecret, method) {
			continue
		}
		call := calls[method]
		if call == nil {
			t.Errorf("nothing says who may call %s", method)
			continue
		}
		for role, d := range desks {
			err := call(t.Context(), d, "")
			if refused := code(err) == text.Forbidden ||
				code(err) == text.Unauthenticated; refused == may(role, method) {
				t.Errorf("%q calls %s: %v", role, method, err)
			}
		}
	}
}

// TestACenterThatIsNotSeenIsNotLookedUp uses a desk without a ledger: any look-up would crash.
func TestACenterThatIsNotSeenIsNotLookedUp(t *testing.T) {
	k := newKit(t)
	d := k.Guard(desk.Local{LocalConfig: desk.LocalConfig{Now: k.Now}},
		add(t, k.Access, "c1", Binding{Role: Center, Center: "ZJ-0001"}))
	for _, method := range aboutOne {
		for _, center := range []string{"ZJ-0002", "ZJ-9999"} { // one that there is and one that there is not
			err := calls[method](t.Context(), d, center)
			if want := lists.UnknownCenter(events.CenterID(center)); code(err) != text.NotFound ||
				err.Error() != want.Error() {
				t.Errorf("%s of %s: %v", method, center, err)
			}
		}
	}
	var denied []string
	for _, e := range logOf(t, k.Access, LogQuestion{Kind: LogDenied, Center: "ZJ-0002"}) {
		denied = append(denied, e.Verb)
	}
	if len(denied) != len(aboutOne) {
		t.Errorf("the log has the denials %v", denied)
	}
}

func TestWhoWritesAsWhom(t *testing.T) {
	k := newKit(t)
	fin, rec := Binding{Role: Finance}, Binding{Role: Finance, MayRecord: true}
	for i, c := range []struct {
		name   string
		b      Binding
		may    []string // of the token; nil for all
		center string
		tail   string
		want   text.ErrorCode
	}{
		{"by left out", fin, nil, "ZJ-0001", granted, ""},
		// the same grant
		{"by of the account", fin, nil, "ZJ-0001", granted + `,"by":{"role":"finance","actor":"NAME"}`, text.Refused},
		{"the role alone", fin, nil, "ZJ-0002", granted + `,"by":{"role":"finance"}`, ""},
		{"another role", fin, nil, "ZJ-0001", granted + `,"by":{"role":"st-office","actor":"NAME"}`, text.Forbidden},
		{"another person", fin, nil, "ZJ-0001", granted + `,"by":{"role":"finance","actor":"li"}`, text.Forbidden},
		{"a kind of another role", fin, nil, "ZJ-0001", governance, text.Refused},
		{"record mode without the right", fin, nil, "ZJ-0001", recording, text.Forbidden},
		{"record mode without the token", rec, []string{}, "ZJ-0001", recording, text.Forbidden},
		{"record mode", rec, nil, "ZJ-0003", recording, ""},
		{"for another office", rec, nil, "ZJ-0002", governance + `,"by":{"role":"center","actor":"c-1"}`, ""},
		{"for another office under his own name", rec, nil, "ZJ-0002",
			governance + `,"by":{"role":"center","actor":"NAME"}`, text.Forbidden},
		{"for another office without the token", rec, []string{}, "ZJ-0003",
			governance + `,"by":{"role":"center","actor":"c-1"}`, text.Forbidden},
		{"as an administrator", rec, nil, "ZJ-0003", governance + `,"by":{"role":"admin","actor":"boss"}`,
			text.Forbidden},
		{"a revocation without the token", Binding{Role: STOffice}, []string{}, "ZJ-0003", revoked, text.Forbidden},
		{"a revocation", Binding{Role: STOffice}, nil, "ZJ-0003", revoked, text.Refused},
		{"a revocation by another role", fin, nil, "ZJ-0003", revoked, text.Refused},
		{"a center of its own", Binding{Role: Center, Center: "ZJ-0001"}, nil, "ZJ-0001", governance, ""},
		{"a center of another", Binding{Role: Center, Center: "ZJ-0002"}, nil, "ZJ-0001", governance, text.NotFound},
		{"a center before its registration", Binding{Role: Center, Center: "ZJ-0008"}, nil, "ZJ-0008",
			strings.ReplaceAll(strings.Replace(registered, "c-1", "NAME", 1), "REGION", "330106"), ""},
		{"secadmin of a center", Binding{Role: SecAdmin}, nil, "ZJ-0001", governance, text.NotFound},
		{"sysadmin", Binding{Role: SysAdmin}, nil, "ZJ-0001", governance, text.Forbidden},
		{"logadmin", Binding{Role: LogAdmin}, nil, "ZJ-0001", governance, text.Forbidden},
	} {
		name := fmt.Sprint("account", i)
		p := add(t, k.Access, name, c.b)
		if c.may != nil {
			p.May = c.may
		}
		one := draft(t, c.center, strings.ReplaceAll(c.tail, "NAME", name))
		got, err := k.Guard(k.local, p).Record(t.Context(), one)
		if code(err) != c.want {
			t.Errorf("%s: expected %q, got %v", c.name, c.want, err)
		}
		if err != nil {
			continue
		}
		entry, err := k.Guard(k.local, owner).Entry(t.Context(), c.center, got.ID.String())
		if err != nil || entry.EnteredBy != name {
			t.Errorf("%s: entered by %+v, %v", c.name, entry, err)
		}
	}
	recorded := 0
	_, err := k.Guard(k.local, owner).Story(t.Context(), desk.When{}, "ZJ-0002", func(c *desk.Chapter) error {
		if c.Recorded() {
			recorded++
		}
		return nil
	})
	if err != nil || recorded != 1 {
		t.Errorf("%d records for another office are listed, %v", recorded, err)
	}
}

func TestAPolicyIsAdoptedByASecurityAdministratorAlone(t *testing.T) {
	k := newKit(t)
	adoption, err := newPolicy(t).Adoption()
	if err != nil {
		t.Fatal(err)
	}
	adoption.By = desk.DraftBy{}
	for _, c := range []struct {
		b    Binding
		by   desk.DraftBy
		may  []string
		want text.ErrorCode
	}{
		{b: Binding{Role: Finance}, want: text.Refused},
		{b: Binding{Role: Finance, MayRecord: true}, by: desk.DraftBy{Role: "admin", Actor: "boss"},
			want: text.Forbidden},
		{b: Binding{Role: SysAdmin}, want: text.Forbidden},
		{b: Binding{Role: SecAdmin}, may: []string{}, want: text.Forbidden},
		{b: Binding{Role: SecAdmin}},
	} {
		p := add(t, k.Access, fmt.Sprint("a", len(k.state.accounts)), c.b)
		if c.may != nil {
			p.May = c.may
		}
		adoption.By = c.by
		if _, err := k.Guard(k.local, p).Record(t.Context(), adoption); code(err) != c.want {
			t.Errorf("%+v: %v", c.b, err)
		}
	}
}

func newPolicy(t testing.TB) desk.Policy {
	t.Helper()
	p, problems := desk.ParsePolicy(bytes.Replace(desk.BuiltinPolicy().Text(), []byte(`"version": "2"`),
		[]byte(`"version": "3"`), 1))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return p
}

func TestAnImportTakesWhatTheAccountMayBring(t *testing.T) {
	k := newKit(t)
	d := k.as(t, "c1", Binding{Role: Center, Center: "ZJ-0001"})
	lineOf := func(center, actor, more string) string {
		return fmt.Sprintf(`{"id":"%s","center":"%s","by":{"role":"center","actor":"%s"},%s%s}`+"\n", uuid.New(),
			center, actor, more, governance)
	}
	content := lineOf("ZJ-0001", "c1", "") + lineOf("ZJ-0002", "c1", "") + lineOf("ZJ-7777", "c1", "") +
		lineOf("ZJ-0001", "another", "") + lineOf("ZJ-0001", "c1", `"mode":"record","doc":"浙科发〔2025〕1号",`)
	var bad []string
	r := desk.ImportRequest{
		Files:      []desk.Upload{{Name: "x.jsonl", Content: strings.NewReader(content), Bytes: int64(len(content))}},
		AcceptGood: true,
		Bad: func(b desk.BadLine) {
			bad = append(bad, fmt.Sprint(b.Line, b.Reasons[0].Field, " ", b.Reasons[0].Reason.En))
		}}
	done, err := d.Import(t.Context(), r)
	if err != nil || done.Accepted != 1 || done.Refused != 4 {
		t.Fatalf("%+v, %v", done, err)
	}
	if len(bad) != 4 || bad[0] != "2center the ledger has no center ZJ-0002" ||
		bad[1] != "3center the ledger has no center ZJ-7777" {
		t.Errorf("%q", bad)
	}
	var tried []string
	err = d.Try(t.Context(), desk.When{}, strings.NewReader(content),
		func(x *desk.Tried) error { tried = append(tried, x.Answer); return nil })
	if err != nil || slices.Contains(tried[1:], desk.Accepted) {
		t.Errorf("tried: %v, %v", tried, err)
	}
	denied := map[string]uint64{}
	for _, e := range logOf(t, k.Access, LogQuestion{Kind: LogDenied, Account: "c1"}) {
		denied[e.Verb] += uint64(e.Count)
	}
	if denied["import"] != 4 || denied["try"] != 4 {
		t.Errorf("the log has of denials %v", denied)
	}
}

func TestFollowingEndsWhenTheAccountDoes(t *testing.T) {
	k := newKit(t)
	for name, end := range map[string]func(p Principal) error{
		"disabled": func(p Principal) error {
			_, err := k.Desk(owner).Disable(context.Background(), p.Account)
			return err
		},
		"revoked": func(p Principal) error {
			_, err := k.Desk(owner).RevokeToken(context.Background(), p.TokenID)
			return err
		},
		"rebound": func(p Principal) error {
			_, err := k.Desk(owner).Bind(context.Background(), p.Account, Binding{Role: Center, Center: "ZJ-0001"})
			return err
		},
	} {
		p := add(t, k.Access, name, Binding{Role: Finance})
		began, ended := make(chan struct{}, 100), make(chan error, 1)
		go func() {
			ended <- k.Guard(k.local, p).Follow(context.Background(), 0, func(*events.Stored) error {
				began <- struct{}{}
				return nil
			})
		}()
		<-began
		if err := end(p); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-ended:
			if code(err) != text.Unauthenticated {
				t.Errorf("%s: %v", name, err)
			}
		case <-time.After(time.Minute):
			t.Fatalf("%s: it goes on", name)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	err := k.as(t, "fin", Binding{Role: Finance}).Follow(ctx, 0, func(*events.Stored) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("its own context ended: %v", err)
	}
}

// endless is a file that always has more lines, until too much of it was read. first is called before the first
// line.
type endless struct {
	first func()
	ends  time.Time
}

// ReadAt implements io.ReaderAt.
func (e *endless) ReadAt(p []byte, off int64) (int, error) {
	if first := e.first; first != nil {
		e.first, e.ends = nil, time.Now().Add(10*time.Second)
		first()
	}
	if time.Now().After(e.ends) {
		return 0, io.EOF
	}
	for i := range p {
		p[i] = "{}\n"[(off+int64(i))%3]
	}
	return len(p), nil
}

func TestAnImportEndsWhenTheAccountDoes(t *testing.T) {
	k := newKit(t)
	p := add(t, k.Access, "gone", Binding{Role: Finance})
	file := &endless{first: func() {
		if _, err := k.Desk(owner).Disable(context.Background(), p.Account); err != nil {
			t.Error(err)
		}
	}}
	_, err := k.Guard(k.local, p).Import(t.Context(), desk.ImportRequest{
		Files: []desk.Upload{{Name: "x.jsonl", Content: file, Bytes: 1 << 50}}, Bad: func(desk.BadLine) {}})
	if code(err) != text.Unauthenticated {
		t.Errorf("got %v", err)
	}
}

func TestReadsOfMoneyAndHistoryAreInTheLog(t *testing.T) {
	k := newKit(t)
	d := k.as(t, "shen", Binding{Role: Auditor})
	for _, method := range []string{"List", "Center", "Story", "Events", "Entry", "Report", "Yearly"} {
		_ = calls[method](t.Context(), d, "ZJ-0001")
	}
	_, _ = d.List(t.Context(), desk.When{}, lists.Question{List: "centers"})
	_, _ = d.List(t.Context(), desk.When{},
		lists.Question{List: "centers", Params: map[string]string{"nonsense": "1"}})
	var verbs []string
	for _, e := range logOf(t, k.Access, LogQuestion{Kind: LogRead}) {
		verbs = append(verbs, e.Verb)
		if e.Account != "shen" || e.Center != "ZJ-0001" || e.Source != "192.0.2.1" || e.Count != 1 {
			t.Errorf("%+v", e)
		}
	}
	slices.Sort(verbs)
	if want := []string{"center", "entry", "events", "list", "report", "story", "yearly"}; !slices.Equal(verbs, want) {
		t.Errorf("the log has %v", verbs)
	}
}

func TestTheLogShowsTheWritesOfTheLedgerInTheOrderOfTime(t *testing.T) {
	k := newKit(t)
	list := logOf(t, k.Access, LogQuestion{})
	var kinds []string
	for i, e := range list {
		kinds = append(kinds, e.Kind)
		if i > 0 && e.At < list[i-1].At {
			t.Errorf("%+v after %+v", e, list[i-1])
		}
	}
	if want := []string{LogWrite, LogWrite, LogWrite, LogWrite, LogWrite, LogAct}; !slices.Equal(kinds, want) {
		// the policy first
		t.Errorf("%v", kinds)
	}
	if e := list[1]; e.Account != "local:wang" || e.Verb != "center.registered" || e.Center != "ZJ-0001" ||
		e.Position != 2 || e.Object == "" {
		t.Errorf("%+v", e)
	}
	if got := logOf(t, k.Access, LogQuestion{Kind: LogWrite, Center: "ZJ-0003"}); len(got) != 2 ||
		got[1].Verb != "center.assigned" {
		t.Errorf("of one center: %+v", got)
	}
	if got := logOf(t, k.Access, LogQuestion{Kind: LogWrite, From: "2026-10-30"}); len(got) != 0 {
		t.Errorf("later: %+v", got)
	}
	if got := logOf(t, k.Access, LogQuestion{Kind: LogWrite, From: "2026-10-29", To: "2026-10-29",
		Account: "local:wang", Limit: 2}); len(got) != 2 || got[1].Position != 5 {
		t.Errorf("the last two of the day: %+v", got)
	}
	auditor := add(t, k.Access, "shen", Binding{Role: Auditor})
	for kind, want := range map[string]text.ErrorCode{LogRead: "", "": text.Forbidden, LogWrite: text.Forbidden,
		LogDenied: text.Forbidden} {
		if err := k.Desk(auditor).Log(t.Context(), LogQuestion{Kind: kind},
			func(*LogEntry) error { return nil }); code(err) != want {
			t.Errorf("an auditor asks for %q: %v", kind, err)
		}
	}
}

func TestASheetIsOfTheAccountThatBringsIt(t *testing.T) {
	k := newKit(t)
	var sheet bytes.Buffer
	if err := desk.WriteTemplate(&sheet, desk.SheetNames()[0].Code, desk.BuiltinPolicy()); err != nil {
		t.Fatal(err)
	}
	bring := func(p Principal, terms desk.SheetTerms) error {
		file := desk.Upload{Name: "x.xlsx", Content: bytes.NewReader(sheet.Bytes()), Bytes: int64(sheet.Len())}
		_, err := k.Guard(k.local, p).Import(t.Context(),
			desk.ImportRequest{Files: []desk.Upload{file}, Sheets: terms})
		return err
	}
	plain, recorder := add(t, k.Access, "cai", Binding{Role: Finance}),
		add(t, k.Access, "bu", Binding{Role: Finance, MayRecord: true})
	for _, c := range []struct {
		name  string
		p     Principal
		terms desk.SheetTerms
		no    bool
	}{
		{"left out", plain, desk.SheetTerms{}, false},
		{"his own", plain, desk.SheetTerms{Actor: "cai", Role: "finance"}, false},
		{"of another", plain, desk.SheetTerms{Actor: "li"}, true},
		{"of another role", plain, desk.SheetTerms{Role: "center"}, true},
		{"in record mode", plain, desk.SheetTerms{Mode: "record", Doc: "浙财科教〔2025〕1号"}, true},
		{"of another, by a recorder", recorder, desk.SheetTerms{Actor: "li", Role: "center"}, false},
		{"in record mode, by a recorder", recorder,
			desk.SheetTerms{Mode: "record", Doc: "浙财科教〔2025〕1号"}, false},
		{"without an actor, by the owner", owner, desk.SheetTerms{}, false}, // that is for the desk to refuse
	} {
		if err := bring(c.p, c.terms); (code(err) == text.Forbidden) != c.no {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestAccountsChangeWhileTheyAreUsed(t *testing.T) {
	k := newKit(t)
	add(t, k.Access, "cai", Binding{Role: Finance})
	made, err := k.Desk(owner).AddToken(t.Context(), NewToken{Account: "cai", Name: "x"})
	if err != nil {
		t.Fatal(err)
	}
	var users sync.WaitGroup
	stop := make(chan struct{})
	for range 3 {
		users.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				p, err := k.Authenticate(made.Secret, "192.0.2.1", "GET /v1/centers")
				if err != nil {
					continue
				}
				d := k.Guard(k.local, p)
				_ = calls["Record"](t.Context(), d, "ZJ-0001")
				_ = calls["Events"](t.Context(), d, "ZJ-0002")
				_, _ = k.Desk(p).Tokens(t.Context(), "")
			}
		})
	}
	for range 50 {
		for _, act := range []func(context.Context, string) (*Account, error){
			k.Desk(owner).Disable, k.Desk(owner).Enable} {
			if _, err := act(t.Context(), "cai"); err != nil {
				t.Error(err)
			}
		}
		if err := k.flushAll(t.Context()); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	users.Wait()
	if list := logOf(t, k.Access, LogQuestion{Kind: LogAct, Limit: 1}); len(list) != 1 ||
		list[0].Verb != string(accountEnabled) {
		t.Errorf("the last act is %+v", list)
	}
}

// TestReceiptsAndSealingsAreGuardedAndLogged asks for receipts by position, which does not say whose record it is.
func TestReceiptsAndSealingsAreGuardedAndLogged(t *testing.T) {
	k := newKit(t)
	seals := sealing.New(t.TempDir(), k.local.Ledger, k.local.Ledger)
	if _, err := seals.Begin(t.Context(), sealing.Beginning{Origin: "taizhang.zj/2026"}); err != nil {
		t.Fatal(err)
	}
	k.local.Seals = seals
	center := k.as(t, "c1", Binding{Role: Center, Center: "ZJ-0001"})
	for position, want := range map[uint64]text.ErrorCode{1: "", 2: "", 3: text.NotFound, 5: text.NotFound,
		99: text.NotFound, 0: text.NotFound} {
		_, err := center.Receipt(t.Context(), desk.ReceiptRequest{Position: position})
		if code(err) != want || err != nil && err.Error() != sealing.NoRecord(position).Error() {
			t.Errorf("position %d: %v", position, err)
		}
	}
	if c, err := k.as(t, "log", Binding{Role: LogAdmin}).Checkpoint(t.Context()); err != nil || c.Size != 6 {
		t.Errorf("the checkpoint is %+v, %v", c, err)
	}
	if s, err := k.as(t, "sec", Binding{Role: SecAdmin}).Seal(t.Context()); err != nil || s.New {
		t.Errorf("it sealed %+v, %v", s, err)
	}
	verbs := map[string]int{}
	for _, e := range logOf(t, k.Access, LogQuestion{}) {
		if e.Kind == LogRead || e.Kind == LogAct {
			verbs[e.Verb] += e.Count
		}
	}
	if verbs["receipt"] != 6 || verbs["checkpoint"] != 1 || verbs["seal"] != 1 {
		t.Errorf("the log has %v", verbs)
	}
}
