package desk_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/reports"
)

// drawing fills answers with random values.
type drawing struct{ *rand.Rand }

var texts = []string{"", "杭州", `"`, `\`, "\u0000", "\u2028", "null", "[]", "\ufeff", "</b>", "a\r\nb"}

// fill draws the value of an exported field, and of all fields below it.
func (r drawing) fill(v reflect.Value) {
	switch is := v.Addr().Interface().(type) {
	case *events.Date:
		*is = events.Date(725000 + r.IntN(20000))
		return
	case *desk.Day:
		*is = desk.Day{}
		if r.IntN(3) > 0 {
			r.fill(reflect.ValueOf(&is.Date).Elem())
		}
		return
	case *uuid.UUID:
		*is = uuid.NewSHA1(uuid.Nil, fmt.Append(nil, r.Uint64()))
		return
	case *jsontext.Value:
		*is = jsontext.Value(`{"id":"x","amountFen":9007199254740993,"data":{"rate":1.50}}`)
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(texts[r.IntN(len(texts))])
	case reflect.Int, reflect.Int64:
		v.SetInt([]int64{0, -1, 7, 1<<53 + 1, math.MaxInt64 / 4, -r.Int64N(1 << 60)}[r.IntN(6)])
	case reflect.Uint64:
		v.SetUint([]uint64{0, 1<<53 + 1, math.MaxUint64}[r.IntN(3)])
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.Pointer:
		if r.IntN(3) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			r.fill(v.Elem())
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), r.IntN(4), 4))
		for i := range v.Len() {
			r.fill(v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 1 + r.IntN(2) {
			v.SetMapIndex(reflect.ValueOf(fmt.Sprint("p", r.IntN(9))), reflect.ValueOf(texts[r.IntN(len(texts))]))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Tag.Get("json") != "-" {
				r.fill(v.Field(i))
			}
		}
	default:
		panic("an answer with " + v.Type().String())
	}
}

func TestEveryAnswerIsReadFromItsJSON(t *testing.T) {
	for _, of := range []any{desk.Center{}, desk.Chapter{}, desk.Explanation{}, desk.Tried{}, desk.RecordAnswer{},
		desk.RefusedRecord{}, desk.BadLine{}, desk.BadReason{}, desk.Imported{},
		desk.Reproduced{}, desk.PolicyIndex{}, desk.Checked{}, desk.Rehearsed{}, desk.Draft{},
		lists.ExecutionLine{}, lists.Question{},
		reports.Mismatch{}, aggregates.Breach{}} {
		for seed := range uint64(40) {
			want := reflect.New(reflect.TypeOf(of))
			drawing{rand.New(rand.NewPCG(seed, 2))}.fill(want.Elem())
			wire, err := json.Marshal(want.Interface(), json.Deterministic(true))
			if err != nil {
				t.Fatalf("%T: %v", of, err)
			}
			got := reflect.New(want.Type().Elem())
			if err := json.Unmarshal(wire, got.Interface(), json.RejectUnknownMembers(true)); err != nil {
				t.Fatalf("%T: %v\n%s", of, err, wire)
			}
			if again, err := json.Marshal(got.Interface(), json.Deterministic(true)); err != nil ||
				string(again) != string(wire) {
				t.Fatalf("%T: read back it is %v\n%s\nexpected\n%s", of, err, again, wire)
			}
			if _, hasLists := of.(desk.Chapter); !hasLists && !same(want.Elem(), got.Elem()) {
				t.Fatalf("%T: expected\n%#v\ngot\n%#v", of, want.Elem(), got.Elem())
			}
		}
	}
}

// same compares two answers. An empty list equals none.
func same(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.Pointer:
		return a.IsNil() == b.IsNil() && (a.IsNil() || same(a.Elem(), b.Elem()))
	case reflect.Slice:
		for i := range min(a.Len(), b.Len()) {
			if !same(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return a.Len() == b.Len()
	case reflect.Struct:
		for i := range a.NumField() {
			if a.Type().Field(i).IsExported() && !same(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Map:
		return reflect.DeepEqual(a.Interface(), b.Interface())
	}
	return a.Equal(b)
}

func TestAnExecutionThatContradictsItselfIsNotRead(t *testing.T) {
	good, err := json.Marshal(lists.ExecutionLine{
		Execution: aggregates.Execution{
			Year: 2025, Scope: aggregates.ProvinceScope, Money: aggregates.Money{ReceivedFen: 100, SpentAllFen: 30}}})
	if err != nil {
		t.Fatal(err)
	}
	var line lists.ExecutionLine
	if err := json.Unmarshal(good, &line); err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{`"availableFen":100`, `"availableFen":101`}, {`"executedFen":30`, `"executedFen":3`},
		{`"balanceFen":70`, `"balanceFen":0`}, {`30.00`, `30.01`}, {`30.00`, `null`}} {
		bad := strings.Replace(string(good), change[0], change[1], 1)
		if bad == string(good) {
			t.Fatalf("%s is not in %s", change[0], good)
		}
		if err := json.Unmarshal([]byte(bad), &line); err == nil {
			t.Errorf("%s: expected an error", bad)
		}
	}
}

func TestPoliciesAreMadeOfTheirIndexAndTheirTexts(t *testing.T) {
	d := small(t)
	adopt(t, d, newVersion(t, "3"))
	all, err := d.Policies(t.Context(), asOf("2026-11-01"))
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string][]byte{}
	for _, p := range all.Adopted {
		texts[p.Version] = p.Text()
	}
	textOf := func(ref events.PolicyRef) ([]byte, error) { return texts[ref.Version], nil }
	index := all.Index()
	form(t, index)
	got, err := index.Policies(textOf)
	if err != nil {
		t.Fatal(err)
	}
	if again := got.Index(); len(again.Adopted) != 2 || form(t, again) != form(t, index) ||
		got.InForce.Digest() != all.InForce.Digest() || got.Reading.Digest() != all.Reading.Digest() {
		t.Errorf("expected %+v, got %+v", index, again)
	}
	early, err := d.Policies(t.Context(), asOf("2001-01-01"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := early.Index().Policies(textOf); err != nil || got.InForce != nil || got.Reading == nil {
		t.Errorf("before the first: %+v, %v", got, err)
	} else if _, err := got.Current(); err == nil || !strings.Contains(err.Error(), "2001-01-01") {
		t.Errorf("no policy is in force: %v", err)
	}
	texts["3"] = texts["2"]
	if _, err := index.Policies(textOf); err == nil {
		t.Error("the text of another version: expected an error")
	}
}
