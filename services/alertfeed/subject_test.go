package alertfeed_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
	"pgregory.net/rapid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/alertfeed"
)

var (
	longest  = strings.Repeat("\xff", events.IDBytesMax)
	someKeys = []string{"", "-", "--", "x", "X", "xxxx", "x6", "xge", "2025", "2025-12-31", "V-1_a", "v1", "_", "_a",
		"a b", " ", ".", "a.b", "*", ">", "a.*", "A.>", "\x00", "A\x00", "\r\n", "\xff", "A\xff",
		"浙财〔2025〕1号", "项目", "A项目", "ALERT", "party-organisation", "preliminary.reviewed",
		strings.Repeat("A", 63), strings.Repeat("A", 64), strings.Repeat("A", 65), longest}
	anyKey = rapid.OneOf(rapid.SampledFrom(someKeys), rapid.StringN(0, 40, events.IDBytesMax),
		rapid.StringMatching(`[A-Za-z0-9_.>* -]{0,70}`),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, events.IDBytesMax), func(b []byte) string { return string(b) }))
	anyCenter = rapid.OneOf(
		rapid.SampledFrom([]events.CenterID{"", "ZJ-0001", "ZJ-0007", "A01", "zj-0007", "xyz", "-", "--A", "A", "Z.J",
			"*", ">", "中心", events.CenterID(strings.Repeat("A", 33))}),
		rapid.Map(rapid.StringMatching(`[A-Z0-9][A-Z0-9-]{2,31}`), func(s string) events.CenterID {
			return events.CenterID(s)
		}))
	severities = []aggregates.Severity{aggregates.Red, aggregates.Yellow, aggregates.Blue}
)

var anyName = rapid.Custom(func(t *rapid.T) alertfeed.AlertName {
	return alertfeed.AlertName{
		Center:   anyCenter.Draw(t, "center"),
		Severity: rapid.SampledFrom(severities).Draw(t, "severity"),
		Code:     rapid.SampledFrom(aggregates.AlertCatalog).Draw(t, "code").Code,
		Key:      anyKey.Draw(t, "key"),
		RaisedOn: rapid.SampledFrom([]events.Date{events.MustDate("2025-12-31"), events.MustDate("1990-01-01"),
			events.MustDate("2100-02-28")}).Draw(t, "raised on"),
	}
})

// checkSubject checks that the server accepts the subject of a name, that it is short enough, and that no other
// name has it.
func checkSubject(t interface{ Fatalf(string, ...any) }, n alertfeed.AlertName) {
	s := n.Subject()
	if !server.IsValidLiteralSubject(s) || strings.Count(s, ".") != 8 ||
		strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '*' || r == '>' }) {
		t.Fatalf("%+v has the subject %q", n, s)
	}
	if len(s) >= alertfeed.SubjectBytesMax {
		t.Fatalf("%+v has a subject of %d bytes", n, len(s))
	}
	if back, ok := alertfeed.ParseSubject(s); !ok || back != n {
		t.Fatalf("%+v has the subject %q, which is of %+v, %v", n, s, back, ok)
	}
}

func TestASubjectIsOfOneName(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyName.Draw(t, "a"), anyName.Draw(t, "b")
		if rapid.Bool().Draw(t, "alike") {
			b = a
			b.Key = anyKey.Draw(t, "another key")
		}
		checkSubject(t, a)
		checkSubject(t, b)
		if (a == b) != (a.Subject() == b.Subject()) {
			t.Fatalf("%+v has %q and %+v has %q", a, a.Subject(), b, b.Subject())
		}
	})
	seen := map[string]string{}
	for _, key := range someKeys {
		s := alertfeed.AlertName{Center: "ZJ-0001", Severity: aggregates.Red, Code: "AL-EXE-02", Key: key,
			RaisedOn: events.MustDate("2025-12-31")}.Subject()
		if other, ok := seen[s]; ok {
			t.Errorf("%q and %q have the subject %s", key, other, s)
		}
		seen[s] = key
	}
}

// TestTheLongestSubjectIsFarFromTheLimitOfTheServer joins the longest values that events.Check accepts.
func TestTheLongestSubjectIsFarFromTheLimitOfTheServer(t *testing.T) {
	center := events.CenterID(strings.Repeat("Z", 32))
	if !events.ValidCenter(center) || events.ValidCenter(center+"Z") {
		t.Fatal("that is not the longest id of a center")
	}
	n := alertfeed.AlertName{Center: center, Severity: aggregates.Yellow, Code: "AL-EXE-02", Key: longest,
		RaisedOn: events.MustDate("2025-12-31")}
	checkSubject(t, n)
	n.Key = strings.Repeat("k", 400) // no alert has it
	if _, ok := alertfeed.ParseSubject(n.Subject()); ok {
		t.Errorf("a subject of %d bytes is parsed", len(n.Subject()))
	}
}

func TestSubjectsAreAsDocumented(t *testing.T) {
	for want, n := range map[string]alertfeed.AlertName{
		"taizhang.v1.alert.ZJ-0007.red.EXE.02.2025.20251231": {
			"ZJ-0007", "red", "AL-EXE-02", "2025", events.MustDate("2025-12-31")},
		"taizhang.v1.alert.ZJ-0007.red.ETH.01.-.20251231": {
			"ZJ-0007", "red", "AL-ETH-01", "", events.MustDate("2025-12-31")},
		"taizhang.v1.alert.-.red.LED.01.1024.20261101": {
			"", "red", "AL-LED-01", "1024", events.MustDate("2026-11-01")},
		"taizhang.v1.alert.ZJ-0007.blue.GOV.01.xorswc3i.20251231": {
			"ZJ-0007", "blue", "AL-GOV-01", "team", events.MustDate("2025-12-31")},
		"taizhang.v1.alert.ZJ-0007.red.AWD.01.x5gq3tz43vyyq.20251231": {
			"ZJ-0007", "red", "AL-AWD-01", "项目1", events.MustDate("2025-12-31")},
		"taizhang.v1.alert.ZJ-0007.yellow.FND.01.xoywte.20251231": {
			"ZJ-0007", "yellow", "AL-FND-01", "v-2", events.MustDate("2025-12-31")},
		"taizhang.v1.alert.ZJ-0007.red.FND.03.2024-00002_a-B.20251231": {
			"ZJ-0007", "red", "AL-FND-03", "2024-00002_a-B", events.MustDate("2025-12-31")},
		"taizhang.v1.alert.xpjvc2mbqga3q.red.EXE.02.2025.20251231": {
			"zj-0007", "red", "AL-EXE-02", "2025", events.MustDate("2025-12-31")},
		"taizhang.v1.alert.ZJ-0007.red.EXE.02.xfy.20251231": {
			"ZJ-0007", "red", "AL-EXE-02", ".", events.MustDate("2025-12-31")},
		"taizhang.v1.alert.ZJ-0007.red.EXE.02.xpaztcma.20251231": {
			"ZJ-0007", "red", "AL-EXE-02", "x310", events.MustDate("2025-12-31")},
		"taizhang.v1.alert.ZJ-0007.red.EXE.02.xfu.20251231": {
			"ZJ-0007", "red", "AL-EXE-02", "-", events.MustDate("2025-12-31")},
	} {
		if got := n.Subject(); got != want {
			t.Errorf("%+v has the subject %s, want %s", n, got, want)
		}
	}
}

func TestWhatIsNoSubjectOfAnAlertIsNotParsed(t *testing.T) {
	const good = "taizhang.v1.alert.ZJ-0007.red.EXE.02.2025.20251231"
	if _, ok := alertfeed.ParseSubject(good); !ok {
		t.Fatal(good)
	}
	for _, s := range []string{"", alertfeed.HeadSubject, "taizhang.v1.checkpoint", alertfeed.AllSubjects,
		"taizhang.v2.alert.ZJ-0007.red.EXE.02.2025.20251231",
		good + ".", good + ".x", "x" + good, strings.Replace(good, "ZJ-0007.", "", 1),
		strings.Replace(good, "ZJ-0007", "", 1), strings.Replace(good, "ZJ-0007", "zj-0007", 1),
		strings.Replace(good, "ZJ-0007", "*", 1), strings.Replace(good, "red", "*", 1),
		strings.Replace(good, "red", "", 1), strings.Replace(good, "red", "Red", 1),
		strings.Replace(good, "EXE", "exe", 1), strings.Replace(good, "EXE", ">", 1),
		strings.Replace(good, ".02.", "..", 1), strings.Replace(good, ".02.", ".*.", 1),
		strings.Replace(good, "2025.", ".", 1), strings.Replace(good, "2025.", "*.", 1),
		strings.Replace(good, "2025.", "x.", 1), strings.Replace(good, "2025.", "v1.", 1),
		// one name has one subject
		strings.Replace(good, "2025.", "xmeqgf.", 1), strings.Replace(good, "2025.", "xMEQGE.", 1),
		strings.Replace(good, "2025.", "xme\nqge.", 1), strings.Replace(good, "2025.", "xfv.", 1),
		strings.Replace(good, "2025.", "xgiydeni.", 1), // a key that is plain
		strings.Replace(good, "20251231", "20251232", 1), strings.Replace(good, "20251231", "2025123", 1),
		strings.Replace(good, "20251231", "202512311", 1), strings.Replace(good, "20251231", "2025123 ", 1)} {
		if n, ok := alertfeed.ParseSubject(s); ok {
			t.Errorf("%q is parsed as %+v", s, n)
		}
	}
}

func FuzzParseSubject(f *testing.F) {
	for _, key := range someKeys {
		f.Add(alertfeed.AlertName{Center: "ZJ-0001", Severity: aggregates.Red, Code: "AL-EXE-02", Key: key,
			RaisedOn: events.MustDate("2025-12-31")}.Subject())
	}
	f.Add("taizhang.v1.alert.-.red.LED.01.xgi======.20251231")
	f.Add("taizhang.v1.alert.x.red.LED.01.x.20251231")
	f.Fuzz(func(t *testing.T, subject string) {
		if n, ok := alertfeed.ParseSubject(subject); ok {
			if n.Subject() != subject {
				t.Fatalf("%q is of %+v, which has %q", subject, n, n.Subject())
			}
			checkSubject(t, n)
		}
	})
}

func TestAFilterSelectsItsAlertsAndTheHead(t *testing.T) {
	families := aggregates.Families()
	rapid.Check(t, func(t *rapid.T) {
		f := alertfeed.Filter{
			Centers: rapid.SliceOfN(rapid.SampledFrom([]string{"ZJ-0001", "ZJ-0007", "A01", "zj-0007", ""}), 0,
				4).Draw(t, "centers"),
			Severities: rapid.SliceOfN(rapid.SampledFrom([]string{"red", "yellow", "blue"}), 0, 4).Draw(t,
				"severities"),
			Families: rapid.SliceOfN(rapid.SampledFrom(families), 0, 4).Draw(t, "families"),
		}
		subjects := f.Subjects()
		for i, s := range subjects {
			if !server.IsValidSubject(s) {
				t.Fatalf("%+v selects %q, which is no subject", f, s)
			}
			for _, other := range subjects[:i] {
				if server.SubjectsCollide(s, other) {
					t.Fatalf("%+v selects %s and %s, which overlap", f, s, other)
				}
			}
		}
		matches := func(subject string) (n int) {
			for _, s := range subjects {
				if server.SubjectsCollide(s, subject) {
					n++
				}
			}
			return n
		}
		if matches(alertfeed.HeadSubject) != 1 || matches("taizhang.v1.checkpoint") != 0 {
			t.Fatalf("%+v selects %s", f, subjects)
		}
		n := anyName.Draw(t, "name")
		family := strings.Split(string(n.Code), "-")[1]
		in := func(list []string, one string) bool { return len(list) == 0 || slices.Contains(list, one) }
		want := 0
		if in(f.Centers, string(n.Center)) && in(f.Severities, string(n.Severity)) && in(f.Families, family) {
			want = 1
		}
		if got := matches(n.Subject()); got != want {
			t.Fatalf("%+v selects %s %d times, want %d, by %s", f, n.Subject(), got, want, subjects)
		}
	})
}

func TestAFilterOfNothingSelectsEveryAlert(t *testing.T) {
	if got := fmt.Sprint(alertfeed.Filter{}.Subjects()); got != "[taizhang.v1.head taizhang.v1.alert.*.*.*.>]" {
		t.Errorf("got %s", got)
	}
}

func TestAServerStoresEverySubjectAndDeliversWhatAFilterSelects(t *testing.T) {
	k := newKit(t)
	if _, err := k.js.CreateStream(t.Context(), jetstream.StreamConfig{
		Name: "S", Subjects: []string{alertfeed.AllSubjects}, Storage: jetstream.MemoryStorage}); err != nil {
		t.Fatal(err)
	}
	filter := alertfeed.Filter{Centers: []string{"ZJ-0001", "zj-0007"}, Severities: []string{"red", "blue"},
		Families: []string{"EXE", "LED"}}
	want := []string{alertfeed.HeadSubject}
	for i, key := range someKeys {
		n := alertfeed.AlertName{Center: []events.CenterID{"ZJ-0001", "zj-0007", "ZJ-0002", ""}[i%4],
			Severity: severities[i/4%3], Code: []aggregates.Code{"AL-EXE-01", "AL-LED-01", "AL-USE-01"}[i/12%3],
			Key: key, RaisedOn: events.MustDate("2025-12-31")}
		if i%4 < 2 && n.Severity != aggregates.Yellow && n.Code != "AL-USE-01" {
			want = append(want, n.Subject())
		}
		if _, err := k.js.Publish(t.Context(), n.Subject(), nil); err != nil {
			t.Fatalf("%q: %v", n.Subject(), err)
		}
	}
	for _, s := range []string{alertfeed.HeadSubject, "taizhang.v1.checkpoint"} {
		if _, err := k.js.Publish(t.Context(), s, nil); err != nil {
			t.Fatal(err)
		}
	}
	c, err := k.js.CreateConsumer(t.Context(), "S", jetstream.ConsumerConfig{FilterSubjects: filter.Subjects()})
	if err != nil {
		t.Fatal(err)
	}
	batch, err := c.FetchNoWait(2 * len(someKeys))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for m := range batch.Messages() {
		got = append(got, m.Subject())
	}
	slices.Sort(got)
	if slices.Sort(want); !slices.Equal(got, want) || batch.Error() != nil || len(want) < 10 {
		t.Errorf("delivered %q, %v\nwant %q", got, batch.Error(), want)
	}
}
