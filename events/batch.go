package events

import (
	"bytes"
	"fmt"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events/text"
)

// Limits on one Append.
const (
	BodyBytesMax  = RecordBytesMax + 4096 // one body
	BatchBytesMax = 64 << 20              // all bodies of a batch together
	NameBytesMax  = 100                   // a stream or a kind
)

// CheckBatch returns Problems if no Store may ever append the batch to the stream. Every Store calls CheckBatch first,
// or its two parts, so that all stores refuse the same batches.
func CheckBatch(stream StreamID, batch []Proposed) error {
	if err := CheckFrame(stream, batch); err != nil {
		return err
	}
	return CheckEvents(batch, 0, len(batch))
}

// CheckFrame checks what concerns the batch as a whole: the stream, the number of events, their ids and their size.
func CheckFrame(stream StreamID, batch []Proposed) error {
	if !ValidStream(stream) {
		return whole(text.Say("流名 %q 应为 center-<中心编号>，或不超过 %d 个小写字母", "stream name %q must be center-<id of a center>, or at most %d lower-case letters", stream, streamWordMax))
	}
	if len(batch) == 0 || len(batch) > BatchMax {
		return whole(text.Say("一批有 %d 个事件，应为 1 至 %d 个", "the batch has %d events; it must have 1 to %d", len(batch), BatchMax))
	}
	size, seen := 0, make(map[uuid.UUID]struct{}, len(batch))
	for i := range batch {
		p := &batch[i]
		if _, twice := seen[p.ID]; twice && p.ID != uuid.Nil {
			return Problems{{Field: fmt.Sprintf("batch[%d].id", i), Reason: text.Say("%v 在同一批中重复", "%v is in the batch twice", p.ID)}}
		}
		seen[p.ID] = struct{}{}
		size += len(p.Body)
	}
	if size > BatchBytesMax {
		return whole(text.Say("一批共 %d 字节，超过 %d 字节的上限", "the batch has %d bytes, over the limit of %d", size, BatchBytesMax))
	}
	return nil
}

// CheckEvents checks the events of a batch from index from up to but without to. It returns Problems for the first
// event that is wrong. Reading the bodies is most of the work of CheckBatch, so a Store may check the parts of a long
// batch in parallel.
func CheckEvents(batch []Proposed, from, to int) error {
	for i := from; i < to; i++ {
		if field, why := batch[i].wrong(); field != "" {
			return Problems{{Field: fmt.Sprintf("batch[%d].%s", i, field), Reason: why}}
		}
	}
	return nil
}

// wrong returns the first field that no Store may accept, with the reason, or "" if all fields are right.
func (p Proposed) wrong() (field string, why text.Text) {
	switch {
	case p.ID == uuid.Nil:
		return "id", text.Say("不能为空", "must not be empty")
	case !ValidName(string(p.Kind)):
		return "kind", text.Say("%q 应为 1 至 %d 个字母、数字、点、连字符或下划线", "%q must be 1 to %d letters, digits, dots, hyphens or underscores", p.Kind, NameBytesMax)
	case len(p.Body) > BodyBytesMax:
		return "body", text.Say("有 %d 字节，超过 %d 字节的上限", "has %d bytes, over the limit of %d", len(p.Body), BodyBytesMax)
	case isPlainObject(p.Body):
	case bytes.IndexByte(p.Body, '\n') >= 0, bytes.IndexByte(p.Body, '\r') >= 0:
		return "body", text.Say("不能含换行", "must not contain a newline")
	case !isObject(p.Body):
		return "body", text.Say("应为一个 JSON 对象", "must be one JSON object")
	}
	return "", text.Text{}
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
