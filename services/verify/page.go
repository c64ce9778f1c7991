package verify

import (
	"bufio"
	"fmt"
	"io"

	"github.com/taizhang/taizhang/events/text"
)

// Write writes the verdict as one page of text in a language, or in both for "".
func (v *Verdict) Write(to io.Writer, lang string) error {
	w := bufio.NewWriter(to)
	langs := []string{lang}
	if lang == "" {
		langs = []string{"zh", "en"}
	}
	for i, lang := range langs {
		if i > 0 {
			fmt.Fprintln(w) // an error of w is returned by Flush
		}
		p := page{w, lang}
		p.write(v)
	}
	return w.Flush()
}

// page is a page in one language.
type page struct {
	to   io.Writer
	lang string
}

func (p page) line(indent string, parts ...text.Text) {
	line := indent
	for _, part := range parts {
		line += part.In(p.lang)
	}
	fmt.Fprintln(p.to, text.Printable(line))
}

func (p page) write(v *Verdict) {
	colon := text.Say("：", ": ")
	p.line("", heading)
	p.line("", text.Say("文件", "File"), colon, text.Same(v.File), text.Say("　程序：", "   Program: "),
		text.Same(v.Program))
	for _, f := range v.Facts {
		p.line("", f.Name, colon, f.Value)
	}
	p.line("")
	p.line("", text.Say("结论：", "Verdict: "), v.Conclusion)
	for i, of := range v.Properties {
		p.line("")
		p.line("", numerals[i], of.Title, colon, of.State.Word())
		for _, s := range of.Sentences {
			p.line("  ", s.Mark.Word(), text.Same("  "), s.Text)
		}
	}
	for _, list := range []struct {
		title text.Text
		items []text.Text
	}{
		{text.Say("未核验", "Not examined"), v.Unexamined},
		{text.Say("不能证明", "Cannot be proven"), v.Unprovable},
	} {
		if len(list.items) == 0 {
			continue
		}
		p.line("")
		p.line("", list.title)
		for _, item := range list.items {
			p.line("  - ", item)
		}
	}
}

// numerals number the properties.
var numerals = []text.Text{text.Say("一、", "1. "), text.Say("二、", "2. "), text.Say("三、", "3. "),
	text.Say("四、", "4. ")}
