package events

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/events/text"
)

// Limits on the problems of one record, so that the refusal of a large record does not repeat a megabyte of it.
const (
	problemsMax     = 20
	problemBytesMax = 400 // one field or reason; "…" replaces the part that is left out
)

// limited returns the problems within the limits above.
func (p Problems) limited() Problems {
	p = p[:min(len(p), problemsMax)]
	for i := range p {
		p[i].Field = clip(p[i].Field)
		p[i].Reason = text.Text{Zh: clip(p[i].Reason.Zh), En: clip(p[i].Reason.En)}
	}
	return p
}

// clip cuts out the middle of a long reason. A reason may begin with a long value, and its end names the expected
// form.
func clip(s string) string {
	if len(s) <= problemBytesMax {
		return s
	}
	return strings.ToValidUTF8(s[:problemBytesMax/2], "") + "…" + strings.ToValidUTF8(s[len(s)-problemBytesMax/2:], "")
}

func whole(reason text.Text) Problems { return Problems{{Reason: reason}} }

// pathOf returns a JSON pointer below a field as a path, such as data.lines[2].amountFen. A token of digits is an
// index, because no known member has such a name.
func pathOf(under string, p jsontext.Pointer) string {
	path := under
	for token := range p.Tokens() {
		if strings.Trim(token, "0123456789") == "" && token != "" {
			path += "[" + token + "]"
		} else {
			path = join(path, token)
		}
	}
	return path
}

func join(path, name string) string {
	if path == "" || name == "" {
		return path + name
	}
	return path + "." + name
}

// decodeProblem turns an error of the codec into a field and a reason.
func decodeProblem(under string, err error) Problem {
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		return Problem{Field: pathOf(under, syntax.JSONPointer), Reason: syntaxReason(syntax)}
	}
	var semantic *json.SemanticError
	if errors.As(err, &semantic) {
		return Problem{Field: pathOf(under, semantic.JSONPointer), Reason: semanticReason(semantic)}
	}
	return Problem{Field: under, Reason: text.Text{Zh: "无法读取", En: err.Error()}}
}

func syntaxReason(err *jsontext.SyntacticError) text.Text {
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return text.Say("字段重复", "is given twice")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return text.Say("JSON 在第 %d 字节处中断，不完整", "the JSON is cut off at byte %d", err.ByteOffset)
	}
	return text.Text{
		Zh: fmt.Sprintf("第 %d 字节处不是有效的 JSON（UTF-8 编码）", err.ByteOffset),
		En: fmt.Sprintf("not valid JSON in UTF-8 at byte %d: %v", err.ByteOffset, err.Err),
	}
}

func semanticReason(err *json.SemanticError) text.Text {
	var date *badDate
	switch {
	case errors.Is(err, json.ErrUnknownName):
		return text.Say("没有这个字段", "is not a known field")
	case errors.As(err, &date):
		return date.why
	case errors.Is(err, strconv.ErrRange):
		return text.Say("整数超出范围", "is an integer out of range")
	case errors.Is(err, strconv.ErrSyntax):
		return text.Say("应为整数，不能有小数或指数", "must be an integer without fraction or exponent")
	case err.GoType == nil || err.Err != nil && err.GoType != reflect.TypeFor[Date]():
		return text.Text{Zh: "值无效", En: err.Error()}
	}
	want := wanted(err.GoType)
	return text.Text{Zh: "类型不对，应为" + want.Zh, En: "has the wrong type; it must be " + want.En}
}

// wanted returns the name of the JSON type for a member of a Go type.
func wanted(t reflect.Type) text.Text {
	switch {
	case t == reflect.TypeFor[Date]():
		return text.Say("YYYY-MM-DD 形式的日期", "text of the form YYYY-MM-DD")
	case t.Kind() == reflect.Struct:
		return text.Say("对象", "an object")
	case t.Kind() == reflect.Slice:
		return text.Say("列表", "a list")
	case t.Kind() == reflect.Bool:
		return text.Say("JSON 的 true 或 false", "true or false")
	case t.Kind() == reflect.String:
		return text.Say("文本", "text")
	}
	return text.Say("整数", "an integer")
}
