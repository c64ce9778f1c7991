package events

import (
	"bytes"
	"fmt"
	"slices"
	"sync"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events/text"
)

// Limits on one Append.
const (
	BodyBytesMax  = RecordBytesMax + 4096 // one body
	BatchBytesMax = 64 << 20              // all bodies of a batch together
	NameBytesMax  = 100                   // a stream or a kind
)

// CheckBatch returns Problems if no Store may append the batch to the stream, however often it is tried. Every Store
// calls it first, so that all of them refuse the same.
func CheckBatch(stream StreamID, batch []Proposed) error {
	if !ValidName(string(stream)) {
		return whole(text.Say("流名 %q 应为 1 至 %d 个字母、数字、点、连字符或下划线", "stream name %q must be 1 to %d letters, digits, dots, hyphens or underscores", stream, NameBytesMax))
	}
	if len(batch) == 0 || len(batch) > BatchMax {
		return whole(text.Say("一批有 %d 个事件，应为 1 至 %d 个", "the batch has %d events; it must have 1 to %d", len(batch), BatchMax))
	}
	if bad := firstWrong(batch); bad >= 0 {
		field, why := batch[bad].wrong()
		return Problems{{Field: fmt.Sprintf("batch[%d].%s", bad, field), Reason: why}}
	}
	size, seen := 0, make(map[uuid.UUID]struct{}, len(batch))
	for i := range batch {
		p := &batch[i]
		if _, twice := seen[p.ID]; twice {
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

// firstWrong is the index of the first event that no Store may take, or -1. To read bodies is most of what appending a
// long batch costs the processor, so a long batch is shared among goroutines.
func firstWrong(batch []Proposed) int {
	const each = 250 // events that are worth a goroutine
	look := func(part []Proposed) int {
		return slices.IndexFunc(part, func(p Proposed) bool {
			field, _ := p.wrong()
			return field != ""
		})
	}
	if len(batch) <= each {
		return look(batch)
	}
	found := make([]int, (len(batch)+each-1)/each)
	var looking sync.WaitGroup
	for n := range found {
		looking.Go(func() { found[n] = look(batch[n*each : min((n+1)*each, len(batch))]) })
	}
	looking.Wait()
	for n, i := range found {
		if i >= 0 {
			return n*each + i
		}
	}
	return -1
}

// wrong names the field that no Store may take, and says why; there may be none.
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

// ValidName says whether a stream or a kind has a name that every store, file and subject can carry as it is.
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
