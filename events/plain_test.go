package events

import (
	"bytes"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"
)

// readsAlike fails if the plain reader accepts a line and reads it differently from the strict codec. It reports
// whether the plain reader accepts the line.
func readsAlike(t rapid.TB, line []byte) bool {
	t.Helper()
	if c := (cursor{line}); c.skip(0) && len(c.rest) == 0 && !jsontext.Value(line).IsValid() {
		t.Fatalf("%s\nis passed over as if it were JSON", line)
	}
	w, data, ok := plainRecord(line)
	if !ok {
		return false
	}
	var want wireRecord
	if err := json.Unmarshal(line, &want, strictly); err != nil {
		t.Fatalf("%s\nis read plainly, and strictly: %v", line, err)
	}
	payload := Lookup(want.Kind).blank()
	if err := json.Unmarshal(want.Data, payload, strictly); err != nil {
		t.Fatalf("%s\nhas data read plainly, and strictly: %v", line, err)
	}
	if found := append(recordShape.scan("", line), Lookup(want.Kind).shape.scan("data", want.Data)...); len(
		found) > 0 || depth(line) > DepthMax {
		t.Fatalf("%s\nis read plainly, and strictly: %v", line, found)
	}
	want.Data = nil
	if !reflect.DeepEqual(w, want) || !reflect.DeepEqual(data, payload) {
		t.Fatalf("%s\nis read plainly as %+v %+v, strictly as %+v %+v", line, w, data, want, payload)
	}
	return true
}

// eventReadsAlike does the same as readsAlike for a stored body.
func eventReadsAlike(t rapid.TB, kind Kind, body []byte) bool {
	t.Helper()
	w, data, ok := plainEvent(kind, body)
	entry := Lookup(kind)
	if !ok || w.Version != entry.Version {
		return false
	}
	want, payload, err := entry.decode(body)
	if err != nil {
		t.Fatalf("%s\nis read plainly, and strictly: %v", body, err)
	}
	want.Data = nil
	if !reflect.DeepEqual(w, want) || !reflect.DeepEqual(data, payload) {
		t.Fatalf("%s\nis read plainly as %+v %+v, strictly as %+v %+v", body, w, data, want, payload)
	}
	return true
}

func TestWhatIsUsualIsReadPlainly(t *testing.T) {
	for _, r := range samples() {
		line, body := encoded(t, &r)
		if c := (cursor{body}); c.skip(0) != (r.Kind != KindPolicyAdopted && r.Kind != KindTaskBookFiled) {
			t.Errorf("%s\nis not passed over", body)
		}
		plainly := r.Kind != KindPolicyAdopted && r.Kind != KindTaskBookFiled // an escaped newline; a fraction
		if got := readsAlike(t, line); got != plainly {
			t.Errorf("%s\nis read plainly: %v", line, got)
		}
		if got := eventReadsAlike(t, r.Kind, body); got != plainly {
			t.Errorf("%s\nis read plainly: %v", body, got)
		}
		loose := jsontext.Value(bytes.Clone(line))
		if err := loose.Indent(); err != nil {
			t.Fatal(err)
		}
		if got := readsAlike(t, append([]byte("\r\n\t "), loose...)); got != plainly {
			t.Errorf("%s\nis read plainly: %v", loose, got)
		}
	}
}

// The test puts each of some bytes at each place of a record of every kind, and leaves each byte out.
func TestOneByteOtherwise(t *testing.T) {
	read := 0
	for n, r := range samples() {
		line, body := encoded(t, &r)
		for i := range line {
			c := "\x00\"\\,:}]{0-1.e \xff"[(i+n)%15]
			other := bytes.Clone(line)
			if other[i] = c; readsAlike(t, other) {
				read++
			}
			readsAlike(t, append(bytes.Clone(line[:i]), line[i+1:]...))
			readsAlike(t, line[:i])
		}
		for i := range body {
			other := bytes.Clone(body)
			if other[i] = "\"0 ,"[(i+n)%4]; eventReadsAlike(t, r.Kind, other) {
				read++
			}
		}
	}
	if read < 200 {
		t.Errorf("only %d of them could be read", read)
	}
}

// The test leaves out, repeats, renames and empties members at any depth.
func TestMembersOtherwise(t *testing.T) {
	var all []any
	for _, r := range samples() {
		line, _ := encoded(t, &r)
		var v any
		if err := json.Unmarshal(line, &v); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.SampledFrom(all).Draw(t, "record")
		var b bytes.Buffer
		scramble(t, &b, v, rapid.IntRange(0, 40).Draw(t, "rarity"))
		readsAlike(t, b.Bytes())
	})
}

// scramble writes a value with its members in random order, and sometimes another value in the place of a member.
func scramble(t *rapid.T, b *bytes.Buffer, v any, rarity int) {
	space := func() { b.WriteString(rapid.SampledFrom([]string{"", "", "", " ", "\n\t"}).Draw(t, "space")) }
	odd := []string{`null`, `""`, `0`, `-0`, `[]`, `{}`, `[null]`, `true`, `1e2`, `-7`, `9223372036854775807`,
		`"2025-02-29"`, `"2024-02-29"`, `"\u0041"`, `12345678901234567890`, `01`}
	if rapid.IntRange(0, rarity).Draw(t, "odd") == 40 {
		b.WriteString(rapid.SampledFrom(odd).Draw(t, "instead"))
		return
	}
	space()
	switch v := v.(type) {
	case map[string]any:
		b.WriteByte('{')
		for i, name := range rapid.Permutation(slices.Sorted(maps.Keys(v))).Draw(t, "order") {
			if i > 0 {
				b.WriteByte(',')
			}
			space()
			quoted, _ := jsontext.AppendQuote(nil, name)
			b.Write(quoted)
			space()
			b.WriteByte(':')
			scramble(t, b, v[name], rarity)
			if rapid.IntRange(0, rarity).Draw(t, "twice") == 40 {
				b.WriteByte(',')
				b.Write(quoted)
				b.WriteString(`:1`)
			}
		}
		b.WriteByte('}')
	case []any:
		b.WriteByte('[')
		for i, one := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			scramble(t, b, one, rarity)
		}
		b.WriteByte(']')
	default:
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(text)
	}
	space()
}

func TestListsAreLimitedAlsoWhenReadPlainly(t *testing.T) {
	for n, want := range map[int]bool{ListMax: true, ListMax + 1: false} {
		line := line(t, KindGradeDecided)
		parts := strings.SplitN(line, `"participants":[`, 2)
		long := parts[0] + `"participants":[` + strings.Repeat(`"finance",`, n-4) + parts[1]
		if got := readsAlike(t, []byte(long)); got != want {
			t.Errorf("a list of %d is read plainly: %v", n, got)
		}
	}
}

// bodyOf returns the bytes of EncodeEvent.
func bodyOf(r *Record, e Entry) ([]byte, error) {
	body, err := EncodeEvent(r, e)
	return []byte(body.text), err
}

func encoded(t testing.TB, r *Recorded) (line, body []byte) {
	t.Helper()
	line, err := EncodeRecord(&r.Record)
	if err != nil {
		t.Fatal(err)
	}
	if body, err = bodyOf(&r.Record, r.Entry); err != nil {
		t.Fatal(err)
	}
	return line, body
}

// The test compares the encoding with that of the JSON codec, for every kind with random values.
func TestWrittenAsTheCodecWould(t *testing.T) {
	all := samples()
	rapid.Check(t, func(t *rapid.T) {
		r := rapid.SampledFrom(all).Draw(t, "record")
		r.Data = Lookup(r.Kind).blank()
		fill(t, reflect.ValueOf(r.Data).Elem())
		fill(t, reflect.ValueOf(&r.By).Elem())
		fill(t, reflect.ValueOf(&r.Evidence).Elem())
		fill(t, reflect.ValueOf(&r.Entry).Elem())
		fill(t, reflect.ValueOf(&r.Note).Elem())
		data, wantErr := json.Marshal(r.Data)
		var want []byte
		if wantErr == nil {
			want, wantErr = json.Marshal(wireRecord{ID: r.ID.String(), Kind: r.Kind, Center: r.Center, On: r.On,
				By: r.By, Mode: r.Mode,
				Doc: r.Doc, Files: r.Evidence, Note: r.Note, Data: data})
		}
		got, err := EncodeRecord(&r.Record)
		if (err == nil) != (wantErr == nil) || err == nil && !bytes.Equal(got, want) {
			t.Fatalf("wrote %s, %v\ncodec %s, %v", got, err, want, wantErr)
		}
		if wantErr == nil {
			want, wantErr = json.Marshal(wireEvent{Version: Lookup(r.Kind).Version, On: r.On, By: r.By, Mode: r.Mode,
				Doc:   r.Doc,
				Files: r.Evidence, Note: r.Note, Entry: r.Entry, Data: data})
		}
		got, err = bodyOf(&r.Record, r.Entry)
		if (err == nil) != (wantErr == nil) || err == nil && !bytes.Equal(got, want) {
			t.Fatalf("wrote %s, %v\ncodec %s, %v", got, err, want, wantErr)
		}
		if _, wrong := ParseObject(got); err == nil && wrong != nil {
			t.Fatalf("wrote %q, which is no Object: %v", got, wrong)
		}
	})
}

// fill sets a value to a random value, which may be the zero value.
func fill(t *rapid.T, v reflect.Value) {
	switch {
	case v.Type() == reflect.TypeFor[jsontext.Value]():
		v.SetBytes(
			[]byte(rapid.SampledFrom([]string{"0", "1.50", "-2e9", "{\n \"a\" : [ 1 ] }", `{"a":1,"a":2}`,
				"\"\xff\""}).Draw(t, "number")))
	case v.Type() == reflect.TypeFor[Date]():
		v.SetInt(int64(rapid.SampledFrom([]Date{0, MustDate("2024-02-29"), MustDate("9999-12-31")}).Draw(t, "date")))
	case v.Kind() == reflect.Pointer:
		if rapid.Bool().Draw(t, "there") {
			v.Set(reflect.New(v.Type().Elem()))
			fill(t, v.Elem())
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i))
		}
	case v.Kind() == reflect.Slice:
		n := rapid.IntRange(-1, 2).Draw(t, "members")
		if n < 0 {
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fill(t, v.Index(i))
		}
	case v.Kind() == reflect.String:
		v.SetString(rapid.OneOf(rapid.SampledFrom([]string{"", "记-1", "\"\\/<>&\u2028\x7f\t\n\x00", "\xff"}),
			rapid.String()).Draw(t, "text"))
	case v.Kind() == reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "truth"))
	case v.CanUint():
		v.SetUint(rapid.SampledFrom([]uint64{0, 1, math.MaxInt64, math.MaxUint64}).Draw(t, "count"))
	default:
		v.SetInt(rapid.SampledFrom([]int64{0, 1, -1, math.MaxInt64, math.MinInt64}).Draw(t, "integer"))
	}
}

func TestARecordWhoseDataIsOfAnotherKindIsNotWritten(t *testing.T) {
	for _, data := range []Payload{nil, &FinalReportFiled{}} {
		r := Record{Kind: KindFundsSpent, Data: data}
		if _, err := EncodeRecord(&r); err == nil {
			t.Errorf("%T was written", data)
		}
		if _, err := bodyOf(&r, Entry{}); err == nil {
			t.Errorf("%T was written", data)
		}
	}
}

func TestAQuotedTextIsReadAsIfByteByByte(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		some := rapid.OneOf(rapid.ByteRange(' ', '~'), rapid.Byte(),
			rapid.SampledFrom([]byte{0, 0x1f, ' ', '!', '"', '#', '\\', '[', ']', 0x7f, 0x80, 0xa2, 0xdc, 0xff}))
		text := rapid.OneOf(rapid.SliceOfN(some, 0, 30),
			rapid.Map(rapid.StringN(0, 20, -1), func(s string) []byte { return []byte(s + "\",") })).Draw(t, "text")
		want, rest := []byte(nil), text
		for i, b := range text {
			if b == '"' && utf8.Valid(text[:i]) {
				want, rest = text[:i], text[i+1:]
			}
			if b == '"' || b == '\\' || b < ' ' {
				break
			}
		}
		ok := len(rest) < len(text)
		c := cursor{append([]byte{'"'}, text...)}
		got, gotOK := c.quoted()
		if gotOK != ok || ok && (!bytes.Equal(got, want) || !bytes.Equal(c.rest, rest)) {
			t.Fatalf("%q: got %q, %v and then %q, want %q, %v and then %q", text, got, gotOK, c.rest, want, ok, rest)
		}
	})
}

func TestAPlainObjectIsAnObjectOfOneLine(t *testing.T) {
	for _, text := range []string{`{}`, `{"a":1}`, `{"a":{"b":[true,"省"]}}`} {
		if !isPlainObject([]byte(text)) || !isObject([]byte(text)) {
			t.Errorf("%s is not seen to be a plain object", text)
		}
	}
	for _, text := range []string{``, `{`, `[]`, `"{}"`, `{"a":1}{}`, `{"a":1,"a":2}`, "{\"a\":\"\n\"}", `{"a":01}`,
		`{"a":"` + "\xff" + `"}`, `{"a":1,}`} {
		if isPlainObject([]byte(text)) || isObject([]byte(text)) {
			t.Errorf("%q is taken for an object", text)
		}
	}
	for _, text := range []string{`{ }`, "{\n}", `{"a":1.5}`, `{"a":"\u0031"}`, `{"a":null}`} { // left to the codec
		if isPlainObject([]byte(text)) || !isObject([]byte(text)) {
			t.Errorf("%q is not left to the codec", text)
		}
	}
}
