package events

import (
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events/text"
)

// wireRecord is a record as exchanged (section 2).
type wireRecord struct {
	ID     string         `json:"id"`
	Kind   Kind           `json:"kind"`
	Center CenterID       `json:"center,omitzero"`
	On     Date           `json:"on"`
	By     By             `json:"by"`
	Mode   Mode           `json:"mode,omitzero"`
	Doc    string         `json:"doc,omitzero"`
	Files  []Evidence     `json:"evidence,omitempty"`
	Note   string         `json:"note,omitzero"`
	Data   jsontext.Value `json:"data"`
}

// wireEvent is the body of a stored event. It has the members that the ledger added. It lacks the members of the
// record that the store keeps beside the body: id, kind and stream.
type wireEvent struct {
	Version int        `json:"version"`
	On      Date       `json:"on"`
	By      By         `json:"by"`
	Mode    Mode       `json:"mode"`
	Doc     string     `json:"doc,omitzero"`
	Files   []Evidence `json:"evidence,omitempty"`
	Note    string     `json:"note,omitzero"`
	Entry
	Data jsontext.Value `json:"data"`
}

var (
	recordShape = shapeOf(wireRecord{})
	eventShape  = shapeOf(wireEvent{})
	strictly    = json.RejectUnknownMembers(true)
)

// centerForm is the form of a center's id as section 2 writes it.
const centerForm = `^[A-Z0-9][A-Z0-9-]{2,31}$`

// ValidCenter reports whether a center's id has the form of section 2.
func ValidCenter(c CenterID) bool {
	return 3 <= len(c) && len(c) <= 32 && c[0] != '-' && madeOf(string(c), func(b byte) bool {
		return 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || b == '-'
	})
}

// ParseCenter reads the id of a center as a person may type it: in small or full-width letters, or with another
// hyphen. It returns ZJ-0018 for “ｚｊ－0018”. It returns any other text unchanged.
func ParseCenter(typed string) CenterID {
	if id := CenterID(strings.ToUpper(text.FoldCode(typed))); ValidCenter(id) {
		return id
	}
	return CenterID(typed)
}

func validSHA256(text string) bool {
	return len(text) == 64 && madeOf(text, func(b byte) bool { return '0' <= b && b <= '9' || 'a' <= b && b <= 'f' })
}

func tooLong(line []byte) Problems {
	return whole(text.Say("记录有 %d 字节，超过 %d 字节的上限", "the record has %d bytes, over the limit of %d",
		len(line), RecordBytesMax))
}

func tooDeep() Problems {
	return whole(text.Say("嵌套超过 %d 层的上限", "nests deeper than the limit of %d", DepthMax))
}

func unknownKind(k Kind) Problem {
	return Problem{Field: "kind", Reason: text.Say("没有“%s”这种记录", "there is no kind %q", k)}
}

func madeOf(text string, ok func(byte) bool) bool {
	for i := range len(text) {
		if !ok(text[i]) {
			return false
		}
	}
	return true
}

// DecodeRecord reads one record in the interchange form, strictly. If it returns Problems, the record has only the
// parts that could be read; use them only to name the record in a message. DecodeRecord(EncodeRecord(r)) is r.
func DecodeRecord(line []byte) (*Record, Problems) {
	r, found := decodeRecord(line)
	return r, found.limited()
}

func decodeRecord(line []byte) (*Record, Problems) {
	if len(line) > RecordBytesMax {
		return &Record{}, tooLong(line)
	}
	w, data, plainly := plainRecord(line)
	if !plainly {
		if depth(line) > DepthMax {
			return &Record{}, tooDeep()
		}
		w = wireRecord{}
		if err := json.Unmarshal(line, &w, strictly); err != nil {
			return partly(&w), Problems{decodeProblem("", err)}
		}
		if found := recordShape.scan("", line); len(found) > 0 {
			return partly(&w), found
		}
	}
	r := partly(&w)
	if found := r.checkFrame(w.ID); len(found) > 0 {
		return r, found
	}
	if !plainly {
		entry := Lookup(w.Kind)
		data = entry.blank()
		if err := json.Unmarshal(w.Data, data, strictly); err != nil {
			return r, Problems{decodeProblem("data", err)}
		}
		if found := entry.shape.scan("data", w.Data); len(found) > 0 {
			return r, found
		}
	}
	r.Data = data
	c := checker{on: r.On}
	r.Data.check(&c)
	return r, c.problems
}

func partly(w *wireRecord) *Record {
	r := &Record{Kind: w.Kind, Center: w.Center, On: w.On, By: w.By, Mode: w.Mode, Doc: w.Doc, Evidence: w.Files,
		Note: w.Note}
	if len(w.ID) == 36 {
		r.ID, _ = uuid.Parse(w.ID)
	}
	if r.Mode == "" {
		r.Mode = Enforce
	}
	if len(r.Evidence) == 0 {
		r.Evidence = nil // an empty list means the same as no list, and is not written
	}
	return r
}

// checkFrame returns the problems of all members except the data.
func (r *Record) checkFrame(id string) (found Problems) {
	add := func(field string, reason text.Text) { found = append(found, Problem{Field: field, Reason: reason}) }
	if r.ID == uuid.Nil {
		add("id", text.Say("%q 不是 UUID", "%q is not a UUID", id))
	}
	entry := Lookup(r.Kind)
	switch {
	case entry == nil:
		found = append(found, unknownKind(r.Kind))
	case entry.Stream != "" && r.Center != "":
		add("center", text.Say("这类记录不属于任何中心，此字段应省略",
			"a record of this kind belongs to no center; leave this field out"))
	case entry.Stream == "" && !ValidCenter(r.Center):
		add("center", text.Say("“%s”不是中心编号，如 ZJ-0007",
			"%q does not match the form of an id of a center, such as ZJ-0007", r.Center))
	}
	if y := r.On.Year(); y < YearMin || y > YearMax {
		add("on", notAYear(y))
	}
	if !Roles.Has(r.By.Role) && (entry == nil || !entry.Allows(r.By.Role)) {
		add("by.role", text.Say("没有“%s”这个角色", "there is no role %q", r.By.Role))
	}
	if why, bad := badID(r.By.Actor); bad {
		add("by.actor", why)
	}
	if r.Mode != Enforce && r.Mode != Recording {
		add("mode", text.Say("“%s”应为正常填报（enforce）或补录（record）", "%q must be enforce or record", r.Mode))
	}
	if r.Mode == Recording && r.Doc == "" {
		add("doc", text.Say("补录必须有发文字号", "record mode needs a document number"))
	}
	for i, e := range r.Evidence {
		if !validSHA256(e.SHA256) {
			add(at("evidence", i, "sha256"),
				text.Say("%q 应为 64 位小写十六进制", "%q must be 64 lower-case hexadecimal digits", e.SHA256))
		}
	}
	return found
}

// depth returns the nesting depth of objects and arrays. It stops counting soon after DepthMax.
func depth(line []byte) int {
	deepest, now, quoted := 0, 0, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			now++
			deepest = max(deepest, now)
		case c == '}' || c == ']':
			now--
		}
	}
	return deepest
}

// EncodeRecord writes a record in the interchange form, without a newline. Equal records have equal bytes.
func EncodeRecord(r *Record) ([]byte, error) {
	return encode(make([]byte, 0, 512), r, recordShape,
		&wireRecord{ID: r.ID.String(), Kind: r.Kind, Center: r.Center, On: r.On, By: r.By,
			Mode: r.Mode, Doc: r.Doc, Files: r.Evidence, Note: r.Note})
}

// EncodeEvent returns the body of the event to store for a record that the ledger accepts.
func EncodeEvent(r *Record, e Entry) (Object, error) {
	buf := bodyBuffers.Get().(*[]byte)
	defer bodyBuffers.Put(buf)
	b, err := encode((*buf)[:0], r, eventShape,
		&wireEvent{On: r.On, By: r.By, Mode: r.Mode, Doc: r.Doc, Files: r.Evidence, Note: r.Note, Entry: e})
	*buf = b
	return Object{string(b)}, err
}

// bodyBuffers holds buffers for EncodeEvent.
var bodyBuffers = sync.Pool{New: func() any { return new([]byte) }}

// encode appends a record in one of its forms. Both are objects as Object describes them.
func encode(b []byte, r *Record, s *shape, wire any) (_ []byte, err error) {
	entry := Lookup(r.Kind)
	if entry == nil || reflect.TypeOf(r.Data) != entry.data {
		return nil, fmt.Errorf("events: encode %s: its data is %T", r.Kind, r.Data)
	}
	if w, ok := wire.(*wireEvent); ok {
		w.Version = entry.Version
	}
	if b, err = appendObject(b, s, reflect.ValueOf(wire).Elem(), r); err != nil {
		return nil, fmt.Errorf("events: encode %s: %w", r.Kind, err)
	}
	return b, nil
}

// DecodeEvent reads a stored event of any version ever written. It refuses unknown members, kinds and versions, and
// impossible values. Unlike DecodeRecord, it does not check missing members and limits again.
func DecodeEvent(s Stored) (Recorded, error) {
	fail := func(err error) (Recorded, error) {
		return Recorded{}, fmt.Errorf("events: decode position %d (%s): %w", s.Position, s.Kind, err)
	}
	if s.Fault != nil {
		return Recorded{}, s.Fault
	}
	entry := Lookup(s.Kind)
	if entry == nil {
		return fail(text.Errorf(text.Internal, "没有“%s”这种记录，可能由更新的程序写入",
			"there is no kind %q; a later version of the program may have written it", s.Kind))
	}
	w, data, plainly := plainEvent(s.Kind, s.Body)
	if !plainly || w.Version != entry.Version {
		var err error
		if w, data, err = entry.decode(s.Body); err != nil {
			return fail(err)
		}
	}
	c := checker{on: w.On}
	if data.check(&c); len(c.problems) > 0 {
		return fail(c.problems)
	}
	center, _ := s.Stream.Center()
	if entry.Stream != "" && entry.Stream != s.Stream || entry.Stream == "" && center == "" {
		return fail(text.Errorf(text.Internal, "“%s”这类记录不属于此处",
			"kind %s does not belong in this stream", s.Kind))
	}
	return Recorded{
		Record: Record{ID: s.ID, Kind: s.Kind, Center: center, On: w.On, By: w.By, Mode: w.Mode, Doc: w.Doc,
			Evidence: w.Files, Note: w.Note, Data: data},
		Revision: s.Revision, Position: s.Position, RecordedAt: s.RecordedAt, Entry: w.Entry,
	}, nil
}

// decode reads a stored event of any version, and returns its payload in the current version.
func (e *CatalogEntry) decode(body []byte) (w wireEvent, payload Payload, err error) {
	if err := json.Unmarshal(body, &w, strictly); err != nil {
		return w, nil, Problems{decodeProblem("", err)}
	}
	if w.Version < 1 || w.Version > e.Version {
		return w, nil, text.Errorf(text.Internal, "版本 %d 未知，本程序只认得到版本 %d",
			"version %d is unknown; this program knows up to %d", w.Version, e.Version)
	}
	data := w.Data
	for _, up := range e.upcasts[w.Version-1:] {
		if data, err = up(data); err != nil {
			return w, nil, Problems{decodeProblem("data", err)}
		}
	}
	payload = e.blank()
	if err := json.Unmarshal(data, payload, strictly); err != nil {
		return w, nil, Problems{decodeProblem("data", err)}
	}
	return w, payload, nil
}
