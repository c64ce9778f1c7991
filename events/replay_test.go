package events

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// fatal is a *testing.T or a *rapid.T.
type fatal interface {
	Helper()
	Fatalf(format string, args ...any)
}

// replaysAlike asserts that a Replayer decodes a stored event as DecodeEvent does, except for the parts that it
// leaves out. It reports whether the Replayer did so without DecodeEvent.
func replaysAlike(t fatal, r *Replayer, s Stored) (plainly bool) {
	t.Helper()
	var got Recorded
	err := r.Decode(&s, &got)
	want, wantErr := DecodeEvent(s)
	if fmt.Sprint(err) != fmt.Sprint(wantErr) {
		t.Fatalf("%s of kind %s: replayed with %v, decoded with %v", s.Body, s.Kind, err, wantErr)
	}
	if plainly = got.By.Actor == "" && want.By.Actor != ""; plainly {
		if p, ok := want.Data.(*FundsSpent); ok && r.used > 0 {
			p.Summary = ""
		}
		want = Recorded{Record: Record{ID: want.ID, Kind: want.Kind, Center: want.Center, On: want.On,
			By: By{Role: want.By.Role}, Data: want.Data},
			Revision: want.Revision, Position: want.Position, RecordedAt: want.RecordedAt}
	}
	if err == nil && !reflect.DeepEqual(got, want) {
		t.Fatalf("%s\nis replayed as %+v %+v\nand decoded as %+v %+v", s.Body, got, got.Data, want, want.Data)
	}
	r.Reset()
	return plainly
}

// The test replays records of every kind, vouchers with random values, and the same bodies with a few bytes changed.
func TestReplayedAsDecoded(t *testing.T) {
	r, all, plainly := NewReplayer(1), samples(), map[bool]int{} // by whether it is a voucher
	var vouchers []Recorded
	for _, s := range all {
		if s.Kind == KindFundsSpent {
			vouchers = append(vouchers, s)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		rec := rapid.OneOf(rapid.SampledFrom(all), rapid.SampledFrom(vouchers),
			rapid.SampledFrom(vouchers)).Draw(t, "record")
		if p, ok := rec.Data.(*FundsSpent); ok {
			rec.Data = otherVoucher(t, p)
		}
		rec.Note = mostly(t, "note", []string{"", "注", "two words"}, "\n")
		rec.Doc = mostly(t, "doc", []string{"", "浙财〔2026〕1号"}, "\"")
		rec.Evidence = mostly(t, "evidence", [][]Evidence{nil, {{"发票.pdf", "ab"}}, {{"a", "b"}, {"c", "d"}}},
			make([]Evidence, ListMax+1))
		rec.Entry = mostly(t, "entry",
			[]Entry{{EnteredBy: "clerk"}, {EnteredBy: "clerk", Policy: PolicyRef{"zj", "1", "ab"}}}, rec.Entry)
		body, err := bodyOf(&rec.Record, rec.Entry)
		if err != nil {
			t.Fatalf("%v", err)
		}
		stream := mostly(t, "stream", []StreamID{"center-ZJ-0007", "center-ZJ-0008"}, "policy", "center-")
		s := Stored{Place: Place{Position: 9, Revision: 3}, Stream: stream, ID: rec.ID, Kind: rec.Kind, Body: body}
		if replaysAlike(t, r, s) {
			plainly[rec.Kind == KindFundsSpent]++
		}
		for range rapid.IntRange(0, 2).Draw(t, "changes") {
			from := rapid.IntRange(0, len(s.Body)).Draw(t, "from")
			to := min(len(s.Body), from+rapid.IntRange(0, 2).Draw(t, "gone"))
			with := rapid.SampledFrom([]string{"", `"`, "\\", ",", "}", "]", "{", " ", "0", "-", "9", "x", "\xff",
				"\n", `,"note":"n"`, "null"}).Draw(t, "with")
			s.Body = append(append(bytes.Clone(s.Body[:from]), with...), s.Body[to:]...)
		}
		replaysAlike(t, r, s)
	})
	if plainly[true] < 10 || plainly[false] < 3 {
		t.Errorf("only %v records were replayed without DecodeEvent", plainly)
	}
}

// The test replays a record of every kind on a day on which some of them are wrong.
func TestPayloadsAreCheckedWhenReplayed(t *testing.T) {
	r := NewReplayer(1)
	for _, rec := range samples() {
		rec.On, rec.Entry = MustDate("2000-01-01"), Entry{EnteredBy: "clerk"}
		body, err := bodyOf(&rec.Record, rec.Entry)
		if err != nil {
			t.Fatal(err)
		}
		replaysAlike(t, r, Stored{Stream: "center-ZJ-0007", Kind: rec.Kind, Body: body})
	}
}

// mostly draws one of the usual values, and rarely another one.
func mostly[T any](t *rapid.T, label string, usual []T, others ...T) T {
	if rapid.IntRange(0, 19).Draw(t, label+" is odd") == 19 {
		usual = others
	}
	return rapid.SampledFrom(usual).Draw(t, label)
}

// otherVoucher returns a voucher with other values, most of them right.
func otherVoucher(t *rapid.T, p *FundsSpent) *FundsSpent {
	odd := []string{"", " x", "x\u3000", "a\u0085b", "a\"b", "a\tb", strings.Repeat("x", IDBytesMax+1)}
	v := *p
	v.Voucher, v.Payee = mostly(t, "voucher", []string{"V-1", "凭证 2"}, odd...),
		mostly(t, "payee", []string{"宁波丁卯研究院", "A · B"}, odd...)
	v.Use = Use(mostly(t, "use", []string{"pilot", "sites"}, odd...))
	v.OwnFen = mostly(t, "own", []Fen{0, 5}, -5)
	v.EconCode = mostly(t, "code", []string{"", "302", "30201"}, "3", "3x2", "123456789")
	v.Summary = mostly(t, "summary", []string{"试剂", "", "\u2028"}, "a\\b")
	v.OutTransfer = rapid.SampledFrom([]*OutTransfer{nil, {}, {TaskBook: "任-1"}}).Draw(t, "transfer")
	v.Lines = nil
	for range mostly(t, "lines", []int{1, 2, 3}, 0, ListMax+1) {
		v.Lines = append(v.Lines, SpendingLine{mostly(t, "grant", []string{"G-1", "配-1"}, odd...),
			mostly(t, "amount", []Fen{7, 407733, AmountFenMax}, AmountFenMax+1, 0, -1)})
	}
	return &v
}

func FuzzReplay(f *testing.F) {
	for _, r := range samples() {
		body, err := bodyOf(&r.Record, r.Entry)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(r.Kind), body)
	}
	r := NewReplayer(1)
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		replaysAlike(t, r, Stored{Stream: "center-ZJ-0007", Kind: Kind(kind), Body: body})
	})
}

// The test decodes more vouchers between two calls of Reset than a Replayer has memory for.
func TestMoreVouchersThanThereIsMemoryFor(t *testing.T) {
	r, recs := NewReplayer(2), make([]Recorded, 5)
	for i := range recs {
		body := fmt.Appendf(nil,
			`{"version":1,"on":"2026-03-04","by":{"role":"center","actor":"c"},"mode":"enforce","enteredBy":"x","data":{"voucher":"V-%d","payee":"p","use":"u","lines":[{"grant":"g","amountFen":%d}],"summary":"s"}}`, i, i+1)
		if err := r.Decode(&Stored{Stream: "center-ZJ-0007", Kind: KindFundsSpent, Body: body}, &recs[i]); err != nil {
			t.Fatal(err)
		}
	}
	for i := range recs {
		if p := recs[i].Data.(*FundsSpent); p.Voucher != fmt.Sprintf("V-%d", i) || p.Lines[0].AmountFen != Fen(i+1) {
			t.Errorf("voucher %d is %+v", i, p)
		}
	}
}
