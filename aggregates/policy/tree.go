package policy

import (
	"bytes"
	"errors"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/events/text"
)

// node is one JSON value of a policy with its line. Problems need the line, which the JSON decoder does not give.
type node struct {
	line    int
	kind    jsontext.Kind
	scalar  string   // the text of a string, the digits of a number
	names   []string // of an object's members, in order
	members map[string]*node
	items   []*node
}

// tree reads a text as one JSON value. It returns a Problem if the text is not valid.
func tree(src []byte) (*node, *Problem) {
	at := func(offset int, reason text.Text) (*node, *Problem) {
		return nil, &Problem{Line: lineAt(src, offset), Reason: reason}
	}
	switch bad := invalidUTF8(src); {
	case len(src) > TextBytesMax:
		return at(0, text.Say("全文有 %d 字节，超过 %d 字节的上限", "the text has %d bytes, over the limit of %d",
			len(src), TextBytesMax))
	case bytes.HasPrefix(src, []byte("\ufeff")):
		return at(0, text.Say("文件以字节顺序标记（BOM）开头，请另存为不带 BOM 的 UTF-8",
			"the file begins with a byte order mark; save it as UTF-8 without one"))
	case bad >= 0:
		return at(bad, text.Say("第 %d 字节处不是 UTF-8 文本", "is not UTF-8 text at byte %d", bad))
	}
	g := grower{text: src, dec: jsontext.NewDecoder(bytes.NewReader(src)), line: 1}
	root, problem := g.grow(1)
	if problem != nil {
		return nil, problem
	}
	end := int(g.dec.InputOffset())
	if rest := bytes.TrimLeft(src[end:], " \t\r\n"); len(rest) > 0 {
		return at(len(src)-len(rest),
			text.Say("办法参数结束之后还有内容", "there is more text after the end of the policy"))
	}
	return root, nil
}

// grower builds nodes from tokens and counts lines on the way.
type grower struct {
	text   []byte
	dec    *jsontext.Decoder
	offset int // lines are counted up to here
	line   int
}

// token reads the next token. No token has a line break inside, so the line where it ends is the line of the token.
func (g *grower) token() (jsontext.Token, *Problem) {
	t, err := g.dec.ReadToken()
	if err != nil {
		return t, g.problem(err)
	}
	end := int(g.dec.InputOffset())
	g.line += bytes.Count(g.text[g.offset:end], []byte("\n"))
	g.offset = end
	return t, nil
}

func (g *grower) grow(depth int) (*node, *Problem) {
	t, problem := g.token()
	if problem != nil {
		return nil, problem
	}
	n := &node{line: g.line, kind: t.Kind()}
	switch {
	case depth > DepthMax:
		return nil, g.here(text.Say("嵌套超过 %d 层的上限", "nests deeper than the limit of %d", DepthMax))
	case n.kind == '{':
		return g.object(n, depth)
	case n.kind == '[':
		return g.list(n, depth)
	case n.kind == '"' || n.kind == '0':
		n.scalar = t.String()
	}
	return n, nil
}

func (g *grower) object(n *node, depth int) (*node, *Problem) {
	n.members = map[string]*node{}
	for g.dec.PeekKind() != '}' {
		name, problem := g.token()
		if problem != nil {
			return nil, problem
		}
		key := name.String()
		member, problem := g.grow(depth + 1)
		if problem != nil {
			return nil, problem
		}
		if n.names = append(n.names, key); len(n.names) > ListMax {
			return nil, g.tooMany()
		}
		n.members[key] = member
	}
	_, problem := g.token()
	return n, problem
}

func (g *grower) list(n *node, depth int) (*node, *Problem) {
	for g.dec.PeekKind() != ']' {
		item, problem := g.grow(depth + 1)
		if problem != nil {
			return nil, problem
		}
		if n.items = append(n.items, item); len(n.items) > ListMax {
			return nil, g.tooMany()
		}
	}
	_, problem := g.token()
	return n, problem
}

func (g *grower) tooMany() *Problem {
	return g.here(text.Say("超过 %d 项的上限", "has more members than the limit of %d", ListMax))
}

func (g *grower) here(reason text.Text) *Problem {
	return &Problem{Line: g.line, Field: pathOf(g.dec.StackPointer()), Reason: reason}
}

// problem turns an error of the JSON decoder into a Problem with a line.
func (g *grower) problem(err error) *Problem {
	var syntax *jsontext.SyntacticError
	if !errors.As(err, &syntax) { // the decoder reports the end of the text without an offset
		return &Problem{Line: lineAt(g.text, len(g.text)), Reason: text.Say("文件不完整", "the text ends too early")}
	}
	line := lineAt(g.text, int(syntax.ByteOffset))
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return &Problem{Line: line, Field: pathOf(syntax.JSONPointer), Reason: text.Say("字段重复", "is given twice")}
	}
	return &Problem{Line: line, Field: pathOf(syntax.JSONPointer),
		Reason: text.Text{Zh: "不是有效的 JSON（UTF-8 编码）", En: "is not valid JSON: " + syntax.Err.Error()}}
}

// pathOf returns a JSON pointer in the form of the paths of Problems: parameters.gradeDue.value, uses[3].rule.
func pathOf(p jsontext.Pointer) string {
	path := ""
	for token := range p.Tokens() {
		if token != "" && token[0] >= '0' && token[0] <= '9' {
			path += "[" + token + "]"
		} else {
			path = member(path, shorten(token))
		}
	}
	return path
}

func member(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func lineAt(src []byte, offset int) int {
	return 1 + bytes.Count(src[:min(offset, len(src))], []byte("\n"))
}

// invalidUTF8 returns the offset of the first byte that is not UTF-8, or -1.
func invalidUTF8(src []byte) int {
	for i := 0; i < len(src); {
		r, size := utf8.DecodeRune(src[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}

// shorten cuts a long value for a message.
func shorten(s string) string { return text.Clip(s, 61) }
