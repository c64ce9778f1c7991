package events

import (
	"bytes"
	"reflect"
	"testing"
)

func FuzzDecodeRecord(f *testing.F) {
	for _, e := range Catalog {
		f.Add([]byte(line(f, e.Kind)))
	}
	f.Add([]byte(`{"id":null,"by":{"role":[]},"data":{"lines":[{},null,[[]]]}}`))
	f.Add([]byte("\ufeff{\"\\u006fn\":\"2023-02-29\",\"on\":1e400}"))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, found := DecodeRecord(line)
		if len(found) > problemsMax {
			t.Errorf("%d problems", len(found))
		}
		for _, p := range found {
			checkText(t, p.Reason)
		}
		if len(found) > 0 {
			return
		}
		written, err := EncodeRecord(r)
		if err != nil {
			t.Fatal(err)
		}
		again, found := DecodeRecord(written)
		if len(found) > 0 || !reflect.DeepEqual(again, r) {
			t.Fatalf("%s\nis read back as %+v %+v, %v", written, again, again.Data, found)
		}
		body, err := bodyOf(r, Entry{})
		if err != nil {
			t.Fatal(err)
		}
		stored, err := DecodeEvent(Stored{Stream: r.Stream(), ID: r.ID, Kind: r.Kind, Body: body})
		if err != nil || !reflect.DeepEqual(&stored.Record, r) {
			t.Fatalf("%s\nis stored as %+v, %v", body, stored, err)
		}
		object, err := ParseObject(body)
		if err != nil {
			t.Fatalf("%s is written and is no object: %v", body, err)
		}
		batch := []Proposed{{ID: r.ID, Kind: r.Kind, Body: object}}
		if err := CheckBatch(r.Stream(), batch); err != nil {
			t.Fatalf("what was read cannot be stored: %v", err)
		}
	})
}

func FuzzDecodeEvent(f *testing.F) {
	for _, r := range samples() {
		body, err := bodyOf(&r.Record, r.Entry)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(r.Kind), body)
	}
	f.Add(string(KindMatchingCommitted), []byte(`{"version":1,"data":{"dueDate":null,"dueOn":"2025-01-01"}}`))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		decode := func(body []byte) (Recorded, error) {
			return DecodeEvent(Stored{Stream: "center-ZJ-0007", Kind: Kind(kind), Body: body})
		}
		r, err := decode(body)
		if err != nil {
			return
		}
		written, err := bodyOf(&r.Record, r.Entry)
		if err != nil {
			return // a value that no record can have, such as text for a target's value
		}
		again, err := decode(written)
		if err != nil {
			return // a day that is missing, which no record lacks, is not written so that it could be read
		}
		if b, err := bodyOf(&again.Record, again.Entry); err != nil || !bytes.Equal(b, written) {
			t.Fatalf("%s\nis written again as\n%s, %v", written, b, err)
		}
	})
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2024-02-29", "2023-02-29", "1000-01-01", "9999-12-31", "0999-12-31", "２０２４-01-01",
		"2024-1-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDate(s)
		if err == nil && d.String() != s {
			t.Errorf("%q is read as %s", s, d)
		}
	})
}
