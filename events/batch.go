package events

import (
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events/text"
)

// Limits on one Append.
const (
	BodyBytesMax  = RecordBytesMax + 4096 // one body
	BatchBytesMax = 64 << 20              // all bodies of a batch together
	NameBytesMax  = 100                   // a stream or a kind
)

// CheckBatch returns Problems if no Store may ever append the batch to the stream. Every Store calls it first, so that
// all stores refuse the same batches.
func CheckBatch(stream StreamID, batch []Proposed) error {
	if !ValidStream(stream) {
		return whole(text.Say("%q 不能作为记录流的名称：应为中心的流，或不超过 %d 个小写字母",
			"stream name %q must be center-<id of a center>, or at most %d lower-case letters", stream, streamWordMax))
	}
	if len(batch) == 0 || len(batch) > BatchMax {
		return whole(text.Say("一批有 %d 个事件，应为 1 至 %d 个", "the batch has %d events; it must have 1 to %d",
			len(batch), BatchMax))
	}
	size, kind := 0, Kind("") // kind was checked last; most events of a batch have the kind of the event before
	for i := range batch {
		p := &batch[i]
		if field, why := p.wrong(kind); field != "" {
			return Problems{{Field: at("batch", i, field), Reason: why}}
		}
		size, kind = size+len(p.Body.text), p.Kind
	}
	if size > BatchBytesMax {
		return whole(text.Say("一批共 %d 字节，超过 %d 字节的上限", "the batch has %d bytes, over the limit of %d",
			size, BatchBytesMax))
	}
	if i := repeated(batch); i > 0 {
		return Problems{{Field: at("batch", i, "id"),
			Reason: text.Say("%v 在同一批中重复", "%v is in the batch twice", batch[i].ID)}}
	}
	return nil
}

// wrong returns the first field that no Store may accept, with the reason, or "" if all fields are right. A
// kind equal to right was checked before and is not checked again.
func (p *Proposed) wrong(right Kind) (field string, why text.Text) {
	switch {
	case p.ID == uuid.Nil:
		return "id", text.Say("不能为空", "must not be empty")
	case p.Kind != right && !ValidName(string(p.Kind)), p.Kind == "":
		return "kind", text.Say("%q 应为 1 至 %d 个字母、数字、点、连字符或下划线",
			"%q must be 1 to %d letters, digits, dots, hyphens or underscores", p.Kind, NameBytesMax)
	case p.Body == Object{}:
		return "body", notObject("body")[0].Reason
	case len(p.Body.text) > BodyBytesMax:
		return "body", text.Say("有 %d 字节，超过 %d 字节的上限", "has %d bytes, over the limit of %d",
			len(p.Body.text), BodyBytesMax)
	}
	return "", text.Text{}
}

// repeated returns the index of the first event whose id an earlier event of the batch has, or 0.
func repeated(batch []Proposed) int {
	seen := make(map[uuid.UUID]struct{}, len(batch))
	for i := range batch {
		if seen[batch[i].ID] = struct{}{}; len(seen) == i {
			return i
		}
	}
	return 0
}

// ValidName reports whether every store, file and subject can contain the name of a kind as it is. Names of streams
// have stricter rules: see ValidStream.
func ValidName(name string) bool {
	if name == "" || len(name) > NameBytesMax {
		return false
	}
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_':
		default:
			return false
		}
	}
	return true
}
