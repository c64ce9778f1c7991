package events

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"
)

// The test cuts random events of every kind: as EncodeEvent writes them, with the members in another order and spaces
// between them, and with every character of a text escaped.
func TestABodyIsCutAsItIsDecoded(t *testing.T) {
	list := samples()
	rapid.Check(t, func(t *rapid.T) {
		r := list[rapid.IntRange(0, len(list)-1).Draw(t, "kind")]
		data := Lookup(r.Kind).blank()
		drawn := reflect.ValueOf(data).Elem()
		drawn.Set(reflect.ValueOf(r.Data).Elem())
		drawTexts(t, drawn)
		drawAmounts(t, drawn)
		r.Data = data
		for _, text := range []*string{&r.By.Actor, &r.Doc, &r.Note, &r.EnteredBy, &r.Evidence[0].Name,
			&r.Warnings[0].En} {
			*text = anyText.Draw(t, "text")
		}
		r.Mode = rapid.SampledFrom([]Mode{Enforce, Recording}).Draw(t, "mode")
		body, err := bodyOf(&r.Record, r.Entry)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := cutBody(Lookup(r.Kind), body); !ok {
			t.Fatalf("%s is as EncodeEvent writes it and is not cut", body)
		}
		for _, form := range [][]byte{body, otherwise(t, body), escaped(body)} {
			agrees(t, Stored{Stream: r.Stream(), ID: r.ID, Kind: r.Kind, Body: form})
		}
	})
}

// anyText draws texts with characters that JSON must escape, and texts that look like members of a body.
var anyText = rapid.OneOf(rapid.String(),
	rapid.SampledFrom([]string{`"`, `\`, `\"`, `","enteredBy":"`, `,"data":{"amountFen":5}`, "样机〔2025〕\n", "",
		"\u2028<&>"}))

// drawTexts sets the texts within a value.
func drawTexts(t *rapid.T, v reflect.Value) {
	each(v, func(_ string, v reflect.Value) {
		if v.Kind() == reflect.String && rapid.Bool().Draw(t, "another") {
			v.SetString(anyText.Draw(t, "text"))
		}
	})
}

func drawAmounts(t *rapid.T, v reflect.Value) {
	each(v, func(name string, v reflect.Value) {
		if name == "AmountFen" {
			v.SetInt(rapid.Int64Range(1, AmountFenMax).Draw(t, "fen"))
		}
	})
}

// each calls do with every value inside a value that is neither a struct nor a list nor a pointer, and with the name
// of its field. It first copies lists and the targets of pointers.
func each(v reflect.Value, do func(name string, v reflect.Value)) {
	var within func(name string, v reflect.Value)
	within = func(name string, v reflect.Value) {
		switch {
		case v.Type() == reflect.TypeFor[jsontext.Value]():
		case v.Kind() == reflect.Struct:
			for i := range v.NumField() {
				within(v.Type().Field(i).Name, v.Field(i))
			}
		case v.Kind() == reflect.Slice && !v.IsNil():
			copied := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
			reflect.Copy(copied, v)
			v.Set(copied)
			for i := range v.Len() {
				within(name, v.Index(i))
			}
		case v.Kind() == reflect.Pointer && !v.IsNil():
			copied := reflect.New(v.Type().Elem())
			copied.Elem().Set(v.Elem())
			v.Set(copied)
			within(name, v.Elem())
		case v.CanSet() && v.Kind() != reflect.Slice && v.Kind() != reflect.Pointer:
			do(name, v)
		}
	}
	within("", v)
}

// otherwise writes a body with its members in the order of their names, each on a line of its own.
func otherwise(t *rapid.T, body []byte) []byte {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		t.Fatal(err)
	}
	b, err := json.MarshalIndent(members, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// escaped writes every ASCII letter within a body as an escape, names too.
func escaped(body []byte) (b []byte) {
	quoted := false
	for i := 0; i < len(body); i++ {
		c := body[i]
		switch {
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\':
			n := 2
			if body[i+1] == 'u' {
				n = 6
			}
			b = append(b, body[i:i+n]...)
			i += n - 1
			continue
		case quoted && 'a' <= c && c <= 'z':
			b = append(b, `\u00`...)
			b = append(b, "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
			continue
		}
		b = append(b, c)
	}
	return b
}

type failer interface {
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// agrees asserts that CutBody returns the same values as DecodeEvent for an event that DecodeEvent accepts and
// EncodeEvent can write.
func agrees(t failer, s Stored) {
	rec, err := DecodeEvent(s)
	if err != nil {
		_, _ = CutBody(&s) // which must not panic
		return
	}
	if _, err := bodyOf(&rec.Record, rec.Entry); err != nil {
		return
	}
	b, err := CutBody(&s)
	if err != nil {
		t.Fatalf("%s is decoded and cannot be cut: %v", s.Body, err)
		return
	}
	if on, ok := PeekDate(&s); ok && on != rec.On {
		t.Errorf("%s: the date is %s, looked up before %s", s.Body, rec.On, on)
	}
	fen, _ := b.AmountFen()
	got := []any{b.On, b.Mode(), b.Doc(), b.Actor(), b.EnteredBy(), fen}
	want := []any{rec.On, rec.Mode, rec.Doc, rec.By.Actor, rec.EnteredBy, FacetsOf(rec.Data).AmountFen}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s\nis cut as %v\nand decoded as %v", s.Body, got, want)
	}
	entry, payload := Lookup(s.Kind), reflect.ValueOf(rec.Data).Elem()
	for _, m := range entry.shape.members {
		field := payload.FieldByIndex(m.index)
		want := ""
		if m.pointer && !field.IsNil() {
			field = field.Elem()
		}
		if m.sort == textual && field.Kind() == reflect.String {
			want = field.String()
		}
		if got := b.Text(m.Name); got != want {
			t.Errorf("%s\n%s is cut as %q and decoded as %q", s.Body, m.Name, got, want)
		}
	}
	sameTexts(t, "data", b.Data, textsOf(entry.shape, payload))
	frame := []string{string(rec.By.Role), rec.By.Actor, string(rec.Mode), rec.Doc}
	for _, e := range rec.Evidence {
		frame = append(frame, e.Name, e.SHA256)
	}
	sameTexts(t, "frame", b.Frame, append(frame, rec.Note))
}

// sameTexts asserts that a part has these texts. It ignores empty texts, which may be left out.
func sameTexts(t failer, name string, part []byte, want []string) {
	var got []string
	Texts(part, func(text []byte) bool {
		got = append(got, string(text))
		return true
	})
	empty := func(s string) bool { return s == "" }
	if got, want := slices.DeleteFunc(got, empty), slices.DeleteFunc(want, empty); !slices.Equal(got, want) {
		t.Errorf("%s: %s\nhas the texts %q\nand not %q", name, part, got, want)
	}
}

// textsOf returns the texts in a value, including dates, in the order of its fields. The value of a target is its
// JSON.
func textsOf(s *shape, v reflect.Value) (texts []string) {
	switch s.sort {
	case textual:
		return []string{v.String()}
	case date:
		b, _ := Date(v.Int()).AppendText(nil)
		return []string{string(b)}
	case list:
		for i := range v.Len() {
			texts = append(texts, textsOf(s.elem, v.Index(i))...)
		}
	case object:
		for _, m := range s.members {
			field := v.FieldByIndex(m.index)
			if !m.Required && field.IsZero() {
				continue
			}
			if m.pointer {
				field = field.Elem()
			}
			texts = append(texts, textsOf(m.shape, field)...)
		}
	}
	return texts
}

// FuzzCutBody asserts that no bytes make CutBody panic, and that it agrees with DecodeEvent for all bytes that
// DecodeEvent accepts.
func FuzzCutBody(f *testing.F) {
	for _, r := range samples() {
		body, err := bodyOf(&r.Record, r.Entry)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(r.Kind), body)
		f.Add(string(r.Kind), escaped(body))
		f.Add(string(r.Kind), bytes.Replace(body, []byte(`"data":`), []byte(`"data": `), 1))
	}
	f.Add(string(KindMatchingCommitted),
		[]byte(`{"version":1,"on":"2025-01-01","data":{"dueDate":null,"dueOn":"2025-01-01"}}`))
	f.Add(string(KindFundsSpent), []byte(`{"version":1,"on":"2025-01-01","data":{"voucher":"`))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		s := Stored{Stream: "center-ZJ-0007", Kind: Kind(kind), Body: body}
		if e := Lookup(s.Kind); e != nil && e.Stream != "" {
			s.Stream = e.Stream
		}
		agrees(t, s)
		if b, err := CutBody(&s); err == nil {
			for _, part := range [][]byte{b.Frame, b.Data, body} {
				Texts(part, func([]byte) bool { return true })
			}
		}
	})
}

// BenchmarkCutBody cuts the body of a voucher, the most frequent event.
func BenchmarkCutBody(b *testing.B) {
	r := sampleOf(KindFundsSpent)
	body, err := bodyOf(&r.Record, r.Entry)
	if err != nil {
		b.Fatal(err)
	}
	s := Stored{Stream: r.Stream(), ID: r.ID, Kind: r.Kind, Body: body}
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, err := CutBody(&s); err != nil {
			b.Fatal(err)
		}
	}
}
