package spreadsheet

import (
	"bytes"
	"strings"

	"github.com/taizhang/taizhang/events/text"
)

// These are parts of the files of other programs.
var (
	oldXLS = text.Say("旧式 XLS 或加密的工作簿（有密码的请先去掉）",
		"an old XLS or a workbook under a password, which has to go")
	html    = text.Say("网页（HTML），只是改名为 XLS", "a web page (HTML) under the name of a spreadsheet")
	xml2003 = text.Say("XML 表格 2003", "an XML Spreadsheet 2003")
	ods     = text.Say("OpenDocument 文件（ODS）", "an OpenDocument file (ODS)")
	mhtml   = text.Say("单个文件网页（MHTML）", "a web archive (MHTML)")
	word    = text.Say("Word 文档", "a Word document")
	slides  = text.Say("演示文稿", "a presentation")
	pdf     = text.Say("PDF 文件", "a PDF")
	rtf     = text.Say("RTF 文档", "an RTF document")
	sylk    = text.Say("SYLK 文件", "a SYLK file")
	xlsb    = text.Say("二进制工作簿（XLSB）", "a binary workbook (XLSB)")
	numbers = text.Say("Numbers 表格", "a Numbers spreadsheet")
	picture = text.Say("图片", "a picture")
	archive = text.Say("压缩文件", "an archive")
)

// Foreign returns an error if the first bytes of a file show that it belongs to another program, and nil if it may
// be a workbook or a text.
func Foreign(head []byte) error {
	for _, c := range []struct {
		begin string
		what  text.Text
	}{{"\xd0\xcf\x11\xe0", oldXLS}, {"%PDF-", pdf}, {"{\\rtf", rtf}, {"ID;P", sylk}, {"\x89PNG", picture},
		{"\xff\xd8\xff", picture}, {"GIF8", picture}, {"Rar!", archive}, {"7z\xbc\xaf", archive},
		{"\x1f\x8b", archive}} {
		if bytes.HasPrefix(head, []byte(c.begin)) {
			return saveAsXLSX(c.what)
		}
	}
	if wide, err := Decode(head[:len(head)&^1]); err == nil {
		head = wide
	}
	begin := strings.ToLower(strings.TrimLeft(strings.TrimPrefix(string(head), "\ufeff"), " \t\r\n"))
	has := func(part string) bool { return strings.Contains(begin, part) }
	switch {
	case strings.HasPrefix(begin, "mime-version:") || strings.HasPrefix(begin, "from: <saved by") ||
		strings.HasPrefix(begin, "content-type: multipart/related"):
		return saveAsXLSX(mhtml)
	case !strings.HasPrefix(begin, "<"):
		return nil
	case has("<?mso-application") && has("excel.sheet") || has("urn:schemas-microsoft-com:office:spreadsheet"):
		return saveAsXLSX(xml2003)
	case has("urn:oasis:names:tc:opendocument"):
		return saveAsXLSX(ods)
	case has("<html") || has("<!doctype html") || has("<table") || has("<head") || has("<body") || has("<meta"):
		return saveAsXLSX(html)
	case strings.HasPrefix(begin, "<?xml"):
		return saveAsXLSX(text.Say("XML 文件", "an XML file"))
	}
	return nil
}

// errNoWorkbook returns the error for an archive that is not a readable workbook.
func (w *Workbook) errNoWorkbook() error {
	for name := range w.parts {
		switch {
		case strings.HasPrefix(name, "word/"):
			return saveAsXLSX(word)
		case strings.HasPrefix(name, "ppt/"):
			return saveAsXLSX(slides)
		case name == "xl/workbook.bin":
			return saveAsXLSX(xlsb)
		case strings.HasPrefix(name, "index/") && strings.HasSuffix(name, ".iwa") || name == "index.zip":
			return saveAsXLSX(numbers)
		}
	}
	if w.parts["content.xml"] != nil && w.parts["mimetype"] != nil {
		return saveAsXLSX(ods)
	}
	return say("是 ZIP 压缩包，但不是 XLSX 工作簿：如果里面有表格，请先解压",
		"the file is a ZIP archive and no XLSX workbook: if there are sheets in it, unpack them")
}

func saveAsXLSX(what text.Text) error {
	return say("是%[1]s：请用表格软件打开，另存为 XLSX",
		"the file is %[2]s: open it in a spreadsheet program and save it as XLSX", what.Zh, what.En)
}
