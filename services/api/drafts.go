package api

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
)

// drafts are the records of one request.
type drafts struct {
	list  []desk.Draft
	alone bool // the body is one record, not a list: pointers have no index
}

// readDrafts reads the records of a body. A body that is not JSON, or not 1 to recordsMax objects of one center,
// is a bad request. A record with a member that is unknown, duplicate or of a wrong type is refused.
func readDrafts(content []byte, media string) (*drafts, error) {
	values, alone, err := recordValues(content, media)
	if err != nil {
		return nil, err
	}
	d := &drafts{alone: alone, list: make([]desk.Draft, len(values))}
	var wrong []RecordBreach
	for i, v := range values {
		found, err := readDraft(v, &d.list[i])
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			wrong = append(wrong, d.breach(i, d.list[i].ID, f))
		}
	}
	if len(wrong) > 0 {
		return nil, refusedRecords(fail(refused, "有 %d 处不合记录的格式", "faults in the form of the records: %d",
			len(wrong)), wrong)
	}
	for i := range d.list {
		if d.list[i].Center != d.list[0].Center {
			return nil, fail(badRequest, "第 %d 条记录是另一个中心的；多个中心的记录请用 /v1/imports",
				"record %d is of another center; records of several centers go to /v1/imports", i+1).of("center")
		}
	}
	return d, nil
}

// breachesMax is the largest number of reasons in one answer.
const breachesMax = 1000

func (d *drafts) breach(index int, id string, why desk.Reason) RecordBreach {
	return RecordBreach{Index: index, ID: shown(id), Pointer: d.pointer(index, why.Field), Breach: why}
}

// refused converts the error of a batch into a problem.
func (d *drafts) refused(err error) error {
	var no *desk.BatchRefusal
	if errors.As(err, &no) {
		var why []RecordBreach
		for _, r := range no.Refused {
			for _, reason := range r.Reasons {
				why = append(why, d.breach(r.Index, r.ID, reason))
			}
		}
		return refusedRecords(err, why)
	}
	var moved *desk.RevisionError
	if errors.As(err, &moved) {
		return &detailed{&failure{
			preconditionFailed, &text.Error{Code: moved.ErrorCode(), What: moved.Text(), Cause: err}},
			func(p *ProblemDetails) {
				p.Revision, p.Missed = &moved.Actual, moved.Missed
			}}
	}
	return err
}

// refusedRecords returns err with the reasons against each record.
func refusedRecords(err error, why []RecordBreach) error {
	return &detailed{err, func(p *ProblemDetails) { p.Breaches = why[:min(len(why), breachesMax)] }}
}

// recordValues splits a body into records, without copying their bytes. alone is true for a body of one record
// without a list.
func recordValues(content []byte, media string) (values []jsontext.Value, alone bool, err error) {
	from := decoderOf(content)
	defer decoders.Put(from)
	if media != linesType {
		switch from.PeekKind() {
		case '[':
			_, _ = from.ReadToken() // peeked before
			values, err = readValues(from, content, ']')
			if err == nil {
				_, err = from.ReadToken()
			}
		default:
			var v jsontext.Value
			if v, err = readValue(from, content); err == nil {
				values, alone = append(values, v), true
			}
		}
		if err == nil {
			err = atEnd(from)
		}
	} else {
		values, err = readValues(from, content, 0)
	}
	var own *failure
	switch {
	case errors.As(err, &own):
		return nil, false, err
	case err != nil:
		return nil, false, unreadable(err)
	case len(values) == 0:
		return nil, false, fail(badRequest, "请求中没有记录", "there is no record in the request")
	}
	for i, v := range values {
		if v.Kind() != '{' {
			return nil, false, fail(badRequest, "第 %d 项不是 JSON 对象", "item %d is not a JSON object", i)
		}
	}
	return values, alone, nil
}

// decoders are reused, because one takes more memory than the record that it reads.
var decoders = sync.Pool{New: func() any { return new(jsontext.Decoder) }}

// decoderOf returns a decoder that accepts duplicate names, because readDraft reports them by name.
func decoderOf(content []byte) *jsontext.Decoder {
	from := decoders.Get().(*jsontext.Decoder)
	from.Reset(bytes.NewBuffer(content), jsontext.AllowDuplicateNames(true))
	return from
}

// readValue reads the next value. The result is a part of content.
func readValue(from *jsontext.Decoder, content []byte) (jsontext.Value, error) {
	v, err := from.ReadValue()
	if err != nil {
		return nil, err
	}
	end := int(from.InputOffset())
	return content[end-len(v) : end : end], nil
}

// readValues reads values up to a closing token, or for 0 up to the end.
func readValues(from *jsontext.Decoder, content []byte, closing jsontext.Kind) (values []jsontext.Value, err error) {
	for from.PeekKind() != closing {
		v, err := readValue(from, content)
		if err == io.EOF && closing == 0 {
			break
		}
		if err != nil {
			return nil, err
		}
		if len(values) == recordsMax {
			return nil, fail(badRequest, "记录超过 %d 条", "there are more than %d records", recordsMax)
		}
		values = append(values, v)
	}
	return values, nil
}

func atEnd(from *jsontext.Decoder) error {
	_, err := from.ReadToken()
	if err == io.EOF {
		return nil
	}
	if err != nil {
		return err
	}
	return fail(badRequest, "记录之后还有内容", "something follows the records")
}

// unreadable returns the error for a body that is not JSON, with the place. It quotes nothing of the body.
func unreadable(err error) error {
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		return fail(badRequest, "第 %d 字节处不是有效的 JSON", "is not valid JSON at byte %d",
			syntax.ByteOffset).of("body")
	}
	return fail(badRequest, "不是完整的 JSON", "is not complete JSON").of("body")
}

// These are the members of a record and of its authority.
var (
	draftMembers = []string{"id", "kind", "center", "on", "mode", "doc", "note", "data", "evidence", "by"}
	byMembers    = []string{"role", "actor"}
)

// readDraft reads one record, an object of valid JSON, into a draft, which keeps a part of its bytes. The content
// of data is checked later, by the desk.
func readDraft(v jsontext.Value, d *desk.Draft) (wrong []desk.Reason, err error) {
	var within []desk.Reason
	var failed error
	texts := [...]*string{&d.ID, &d.Kind, &d.Center, &d.On, &d.Mode, &d.Doc, &d.Note}
	wrong, err = readMembers(v, "", draftMembers, func(member int, v jsontext.Value) bool {
		switch name := draftMembers[member]; {
		case name == "data":
			d.Data = v
		case name == "evidence":
			d.Evidence = v
		case name != "by":
			return readText(v, texts[member])
		case v.Kind() != '{':
			return false
		default:
			within, failed = readMembers(v, "by.", byMembers, func(member int, v jsontext.Value) bool {
				return readText(v, [...]*string{&d.By.Role, &d.By.Actor}[member])
			})
		}
		return true
	})
	if wrong = append(wrong, within...); d.Data == nil && len(wrong) == 0 {
		wrong = append(wrong, desk.Reason{Field: "data", Reason: text.Say("缺少这个字段", "is missing")})
	}
	return wrong, errors.Join(failed, err)
}

// readMembers calls take for each member of an object whose name is in names, with the index of the name. It
// returns the reasons against unknown or duplicate names and values of a wrong type.
func readMembers(object jsontext.Value, under string, names []string, take func(member int, v jsontext.Value) bool) (
	wrong []desk.Reason, err error) {
	say := func(name, zh, en string) {
		wrong = append(wrong, desk.Reason{Field: under + text.Clip(name, 100), Reason: text.Text{Zh: zh, En: en}})
	}
	from := decoderOf(object)
	defer decoders.Put(from)
	if _, err := from.ReadToken(); err != nil {
		return nil, unreadable(err)
	}
	var seen uint // a bit for each name
	for from.PeekKind() != '}' {
		token, err := from.ReadToken()
		if err != nil {
			return nil, unreadable(err)
		}
		name := token.String()
		value, err := readValue(from, object)
		if err != nil {
			return nil, unreadable(err)
		}
		member := slices.Index(names, name)
		switch {
		case member < 0:
			say(name, "没有这个字段", "there is no such field")
		case seen&(1<<member) != 0:
			say(name, "字段重复", "is given twice")
		case !take(member, value):
			say(name, "值的类型不对", "is not of the right type")
		}
		if member >= 0 {
			seen |= 1 << member
		}
	}
	return wrong, nil
}

// readText reads a string into to and reports whether v is a string.
func readText(v jsontext.Value, to *string) bool {
	if v.Kind() != '"' {
		return false
	}
	if bytes.IndexByte(v, '\\') < 0 {
		*to = string(v[1 : len(v)-1])
		return true
	}
	plain, err := jsontext.AppendUnquote(nil, v)
	*to = string(plain)
	return err == nil
}

// pointer returns the JSON Pointer of a field of a record in the body. The desk writes data.lines[2].amountFen; in
// the fourth record the pointer is /3/data/lines/2/amountFen.
func (d *drafts) pointer(index int, field string) string {
	var b strings.Builder
	if !d.alone {
		b.WriteString("/" + strconv.Itoa(index))
	}
	for part := range strings.SplitSeq(field, ".") {
		name, at, indexed := strings.Cut(part, "[")
		if name != "" {
			b.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name))
		}
		for indexed {
			var i string
			i, at, _ = strings.Cut(at, "]")
			b.WriteString("/" + i)
			_, at, indexed = strings.Cut(at, "[")
		}
	}
	return b.String()
}
