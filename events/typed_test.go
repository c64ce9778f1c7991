package events

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// roundTrip returns the problems that DecodeRecord finds in a record after encoding. written is false if it cannot be
// encoded.
func roundTrip(r *Record) (found Problems, written bool) {
	line, err := EncodeRecord(r)
	if err != nil {
		return nil, false
	}
	_, found = DecodeRecord(line)
	return found, true
}

// The test changes values of good records at random, and asserts that Check reports the same problems as encoding and
// decoding the record.
func TestCheckFindsWhatWritingAndReadingFinds(t *testing.T) {
	all := samples()
	rapid.Check(t, func(t *rapid.T) {
		r := rapid.SampledFrom(all).Draw(t, "sample").Record
		if !rapid.Bool().Draw(t, "same data") {
			v := reflect.New(reflect.TypeOf(r.Data).Elem())
			randomValue(t, "data", v.Elem())
			r.Data = v.Interface().(Payload)
		}
		for range rapid.IntRange(0, 2).Draw(t, "changes of the frame") {
			f := reflect.ValueOf(&r).Elem().Field(
				rapid.IntRange(0, reflect.TypeFor[Record]().NumField()-2).Draw(t, "field"))
			randomValue(t, "frame", f)
		}
		want, written := roundTrip(&r)
		got := r.Check()
		if !written && len(got) == 0 {
			t.Fatal("a record that cannot be written is right")
		}
		if written && !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v %+v\nexpected %+v\ngot %+v", r, r.Data, want, got)
		}
	})
}

// randomValue sets a value to one that is often valid for some member, and often not.
func randomValue(t *rapid.T, label string, v reflect.Value) {
	switch {
	case v.Type() == reflect.TypeFor[uuid.UUID]():
		v.Set(reflect.ValueOf(rapid.SampledFrom([]uuid.UUID{uuid.Nil, uuid.Max}).Draw(t, label)))
	case v.Type() == reflect.TypeFor[Date]():
		days := rapid.OneOf(rapid.SampledFrom([]Date{0, MustDate("1999-12-31"), MustDate("2025-05-06")}),
			rapid.Custom(func(t *rapid.T) Date {
				return Date(rapid.IntRange(0, int(YearEnd(9999))).Draw(t, "days"))
			}))
		v.SetInt(int64(days.Draw(t, label)))
	case v.Type() == reflect.TypeFor[jsontext.Value]():
		written := rapid.SampledFrom([]string{"", "1", "-1.50e3", "null", `"a"`, "true", "[]", "[null]", "[[[[]]]]",
			"[[[[[]]]]]", `{"a":1,"a":2}`, "x", "1 2"})
		v.SetBytes([]byte(written.Draw(t, label)))
	case v.Kind() == reflect.String:
		texts := rapid.OneOf(rapid.SampledFrom([]string{"", " a", "a\x00", "\xff", "record", "enforce", "finance",
			"pilot", "C3841", "330502", "其他", strings.Repeat("x", IDBytesMax+1), `"\`}), rapid.String())
		v.SetString(texts.Draw(t, label))
	case v.Kind() == reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, label))
	case v.Kind() == reflect.Pointer:
		if v.SetZero(); rapid.Bool().Draw(t, label+" is given") {
			v.Set(reflect.New(v.Type().Elem()))
			randomValue(t, label, v.Elem())
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			randomValue(t, v.Type().Field(i).Name, v.Field(i))
		}
	case v.Kind() == reflect.Slice:
		n := rapid.SampledFrom([]int{-1, 0, 1, 2, 30}).Draw(t, label+" members")
		if v.SetZero(); n >= 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				randomValue(t, label, v.Index(i))
			}
		}
	case v.CanUint():
		v.SetUint(rapid.SampledFrom([]uint64{0, 1, 2024, math.MaxInt64, math.MaxUint64}).Draw(t, label))
	default:
		v.SetInt(rapid.SampledFrom([]int64{0, 1, -1, 1999, 2024, 2025, 2026, AmountFenMax, AmountFenMax + 1,
			math.MaxInt32, 1_000_000_000_000_000_000}).Draw(t, label))
	}
}

func TestCheckFindsWhatIsTooLargeToRead(t *testing.T) {
	large := strings.Repeat("“", RecordBytesMax/3)
	for name, change := range map[string]func(*Record){
		"too long a note":                func(r *Record) { r.Note = large },
		"a note that just does not fit":  func(r *Record) { r.Note = strings.Repeat("x", RecordBytesMax-10) },
		"a note that fits":               func(r *Record) { r.Note = strings.Repeat("x", RecordBytesMax/2) },
		"a note that is long if escaped": func(r *Record) { r.Note = strings.Repeat("\x01", RecordBytesMax/5) },
		"too many files":                 func(r *Record) { r.Evidence = make([]Evidence, ListMax+1) },
		"too many lines": func(r *Record) {
			r.Data.(*FundsSpent).Lines = make([]SpendingLine, ListMax+1)
		},
		"as many lines as may be": func(r *Record) {
			r.Data.(*FundsSpent).Lines = make([]SpendingLine, ListMax)
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := sampleOf(KindFundsSpent).Record
			change(&r)
			want, written := roundTrip(&r)
			if got := r.Check(); !written || !reflect.DeepEqual(got, want) {
				t.Errorf("expected %+v, got %+v", want, got)
			}
		})
	}
}

func TestCheckRefusesDataThatIsNotOfTheKind(t *testing.T) {
	for name, data := range map[string]Payload{
		"none": nil, "a nil pointer": (*FundsSpent)(nil), "another kind's": &UseRuled{}} {
		r := sampleOf(KindFundsSpent).Record
		r.Data = data
		if found := r.Check(); len(found) != 1 || found[0].Field != "data" {
			t.Errorf("%s: %+v", name, found)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	r := sampleOf(KindFundsSpent).Record
	b.Run("typed", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r.Check()
		}
	})
	b.Run("written and read", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			roundTrip(&r)
		}
	})
}
