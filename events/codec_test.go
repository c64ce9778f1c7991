package events

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

func TestACentersIDIsReadInAnyCaseAndWidth(t *testing.T) {
	for typed, want := range map[string]CenterID{
		"ZJ-0018": "ZJ-0018", "zj-0018": "ZJ-0018", "ＺＪ－００１８": "ZJ-0018", " zj–0018\u200b": "ZJ-0018",
		"zj": "zj", "zj_0018": "zj_0018", "": "", "中心": "中心",
	} {
		if got := ParseCenter(typed); got != want {
			t.Errorf("%q: expected %q, got %q", typed, want, got)
		}
	}
}

func TestARecordReadsBackAsItWasWritten(t *testing.T) {
	for _, want := range samples() {
		written, err := EncodeRecord(&want.Record)
		if err != nil {
			t.Fatal(err)
		}
		got, found := DecodeRecord(written)
		if len(found) > 0 || !reflect.DeepEqual(got, &want.Record) {
			t.Errorf("%s is read as %+v, %v", written, got, found)
			continue
		}
		again, err := EncodeRecord(got)
		if err != nil || !bytes.Equal(again, written) {
			t.Errorf("%s is written again as %s, %v", written, again, err)
		}
		if bytes.ContainsAny(written, "\n\r") {
			t.Errorf("%s is not one line", written)
		}
	}
}

func TestAnotherWayToWriteTheSameRecordReadsTheSame(t *testing.T) {
	want := sampleOf(KindUseRuled).Record
	want.Mode, want.Doc, want.Note, want.Evidence = Enforce, "", "", nil
	for name, line := range map[string]string{
		"in another order": `{"data":{"use":"capital-construction","voucher":"记-2025-07-0033"},"by":{"actor":"经办-03","role":"finance"},
			"on":"2025-08-01","center":"ZJ-0007","kind":"use.ruled","id":"5b0c0000-0000-4000-8000-000000000041"}`,
		"with escapes": `{"\u0069d":"5b0c0000-0000-4000-8000-000000000041","kind":"use\u002eruled","center":"ZJ-0007","\u006fn":"2025-08-01",
			"by":{"role":"finance","\u0061ctor":"\u7ecf办-03"},"data":{"voucher":"\u8bb0-2025-07-0033","use":"capital-construction"}}`,
		"with empty optional members": `{"id":"5b0c0000-0000-4000-8000-000000000041","kind":"use.ruled","center":"ZJ-0007","on":"2025-08-01","mode":"enforce",
			"doc":"","note":"","evidence":[],"by":{"role":"finance","actor":"经办-03"},"data":{"voucher":"记-2025-07-0033","use":"capital-construction"}}`,
		"with an id in capitals": `{"id":"5B0C0000-0000-4000-8000-000000000041","kind":"use.ruled","center":"ZJ-0007","on":"2025-08-01",
			"by":{"role":"finance","actor":"经办-03"},"data":{"voucher":"记-2025-07-0033","use":"capital-construction"}}`,
	} {
		got, found := DecodeRecord([]byte(strings.NewReplacer("\n", "", "\t", "").Replace(line)))
		if len(found) > 0 || !reflect.DeepEqual(got, &want) {
			t.Errorf("%s: read as %+v, %v", name, got, found)
		}
	}
}

func TestAnEmptyListOfFactsIsAChangeAndAnAbsentOneIsNone(t *testing.T) {
	good := line(t, KindFactsChanged)
	r, found := DecodeRecord([]byte(change(t, good, dataOf(t, KindFactsChanged), `{"fields":[]}`)))
	if len(found) > 0 {
		t.Fatal(found)
	}
	facts := r.Data.(*FactsChanged)
	if facts.Fields == nil || facts.Services != nil {
		t.Errorf("read as %#v", facts)
	}
	written, err := EncodeRecord(r)
	if err != nil || !bytes.HasSuffix(written, []byte(`"data":{"fields":[]}}`)) {
		t.Errorf("written as %s, %v", written, err)
	}
}

func BenchmarkDecodeRecord(b *testing.B) {
	l := []byte(line(b, KindFundsSpent))
	b.SetBytes(int64(len(l)))
	b.ReportAllocs()
	for b.Loop() {
		if _, found := DecodeRecord(l); len(found) > 0 {
			b.Fatal(found)
		}
	}
}

func BenchmarkEncodeEvent(b *testing.B) {
	r := sampleOf(KindFundsSpent)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := bodyOf(&r.Record, r.Entry); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeEvent(b *testing.B) {
	r := sampleOf(KindFundsSpent)
	body, err := bodyOf(&r.Record, r.Entry)
	if err != nil {
		b.Fatal(err)
	}
	s := Stored{Stream: r.Stream(), ID: r.ID, Kind: r.Kind, Body: body}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeEvent(s); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecodeEventStrictly measures decoding without the plain reader.
func BenchmarkDecodeEventStrictly(b *testing.B) {
	r := sampleOf(KindFundsSpent)
	body, err := bodyOf(&r.Record, r.Entry)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := Lookup(KindFundsSpent).decode(body); err != nil {
			b.Fatal(err)
		}
	}
}
