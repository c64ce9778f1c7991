package spreadsheet

import (
	"crypto/sha256"
	"fmt"
	"path"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/taizhang/taizhang/services/spreadsheet/xlsxtest"
)

// iconvOfTwoBytes is the hash of the output of iconv of glibc 2.36 for all two-byte codes of GB18030, a line each.
const iconvOfTwoBytes = "c60793e53a22eef7e37a3a882643d5fd5431581926ef784ed24e644effdde004"

func TestAllCodesOfTwoBytesAreReadAsIconvReadsThem(t *testing.T) {
	var all []byte
	for lead := byte(0x81); lead <= 0xfe; lead++ {
		for trail := byte(0x40); trail <= 0xfe; trail++ {
			if trail != 0x7f {
				all = append(all, lead, trail, '\n')
			}
		}
	}
	text, err := Decode(all)
	if got := fmt.Sprintf("%x", sha256.Sum256(text)); err != nil || got != iconvOfTwoBytes {
		t.Errorf("%v, %s", err, got)
	}
	if got, err := Decode([]byte("\xaa\xa1\x95\x32\x82\x36\xfe\x51,\xa8\xbca")); err != nil ||
		string(got) != "\ue000𠀀𠂇,ḿa" {
		// four bytes among two
		t.Errorf("got %q, %v", got, err)
	}
	for _, b := range []string{"\xfe\x51\xff", "\xfe\x51\x81", "\xaa\xa1\x81\x7f", "\x81\x30\x81"} {
		if got, err := Decode([]byte(b)); err == nil {
			t.Errorf("%q gives %q", b, got)
		}
	}
}

func TestFilesOfOtherProgramsAreNamed(t *testing.T) {
	wide := "\xff\xfe"
	for _, u := range utf16.Encode([]rune("<html><table>")) {
		wide += string([]byte{byte(u), byte(u >> 8)})
	}
	for head, want := range map[string]string{"\xd0\xcf\x11\xe0": "an old XLS", "<html xmlns:x=\"urn\"><body>": "HTML",
		"\ufeff\r\n<!DOCTYPE HTML>": "HTML", "<table border=1><tr>": "HTML", wide: "HTML",
		"<html>\xc6\xbe\xd6\xa4": "HTML", "<?xml version=\"1.0\"?><html>": "HTML",
		`<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook>`: "XML Spreadsheet 2003",
		`<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">`:         "XML Spreadsheet 2003",
		`<?xml version="1.0"?><a/>`:                            "an XML file",
		"MIME-Version: 1.0\r\nContent-Type: multipart/related": "MHTML", "%PDF-1.7": "PDF", `{\rtf1`: "RTF",
		"ID;PWXL": "SYLK", "\x89PNG\r\n": "picture", "Rar!\x1a": "archive",
		`<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0">`: "ODS",
		"凭证号,日期\n": "", "<保密>,日期": "", "PK\x03\x04": "", "": "", "\xc6": ""} {
		got := ""
		if err := Foreign([]byte(head)); err != nil {
			got = err.Error()
		}
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%q is %q, want %q", head, got, want)
		}
	}
	for name, want := range map[string]string{"word/document.xml": "Word", "ppt/presentation.xml": "presentation",
		"xl/workbook.bin": "XLSB", "Index/Document.iwa": "Numbers", "content.xml": "ODS", "九月.xlsx": "ZIP archive"} {
		b := xlsxtest.Rewrite(t, made(t), func(part, text string) string { return "" })
		if got := refusal(t, xlsxtest.Add(t, b, map[string]string{name: "x", "mimetype": "x"})); !strings.Contains(
			got, want) {
			t.Errorf("%s is %q", name, got)
		}
	}
}

func TestTheWorkbookIsThePartThatTheRelationsName(t *testing.T) {
	good := made(t)
	for name, c := range map[string][3]string{ // directory of the workbook, its name, how the targets are written
		"another name":      {"xl", "workbook22.xml", "xl/workbook22.xml"},
		"from the root":     {"xl", "workbook22.xml", "/xl/workbook22.xml"},
		"another directory": {"book", "main.xml", "book/main.xml"},
		"at the root":       {"", "book.xml", "book.xml"},
		"in capitals":       {"xl", "workbook22.xml", "XL/Workbook22.XML"},
		"with backslashes":  {"xl", "workbook22.xml", `xl\workbook22.xml`},
	} {
		moved := map[string]string{}
		b := xlsxtest.Rewrite(t, good, func(part, text string) string {
			switch part {
			case rootRelations:
				return strings.Replace(text, `Target="xl/workbook.xml"`, `Target="`+c[2]+`"`, 1)
			case workbookPart:
				moved[path.Join(c[0], c[1])] = text
				return ""
			case "xl/_rels/workbook.xml.rels":
				text = strings.NewReplacer(`Target="/xl/`, `Target="/xl/`, `Target="`, `Target="/xl/`).Replace(text)
				moved[path.Join(c[0], "_rels", c[1]+".rels")] = strings.ReplaceAll(text,
					"/schemas.openxmlformats.org/officeDocument/2006/", "/purl.oclc.org/ooxml/officeDocument/")
				return ""
			}
			return text
		})
		if _, lines, err := readAll(xlsxtest.Add(t, b, moved), enough); err != nil || len(lines) != 2 {
			t.Errorf("%s: %v, %q", name, err, lines)
		}
	}
}

func TestXMLIsReadInTheEncodingsOfPrograms(t *testing.T) {
	as := func(encoding string, code func(string) string) []byte {
		return xlsxtest.Rewrite(t, made(t), func(name, text string) string {
			if name != tablePart && name != "xl/sharedStrings.xml" {
				return text
			}
			_, body, _ := strings.Cut(text, "?>")
			return code(`<?xml version="1.0" encoding="` + encoding + `"?>` + body)
		})
	}
	wide := func(big bool, mark string) func(string) string {
		return func(s string) string {
			var b strings.Builder
			for _, u := range utf16.Encode([]rune(mark + s)) {
				if low, high := byte(u), byte(u>>8); big {
					b.Write([]byte{high, low})
				} else {
					b.Write([]byte{low, high})
				}
			}
			return b.String()
		}
	}
	same := func(s string) string { return s }
	for name, b := range map[string][]byte{
		"utf8": as("utf8", same), "UTF8 with a mark": as("UTF8", func(s string) string { return "\ufeff" + s }),
		"ASCII": as("us-ascii", func(s string) string {
			return strings.NewReplacer("凭证号", "&#20973;&#35777;&#21495;", "日期", "&#x65E5;&#x671F;").Replace(s)
		}),
		"UTF-16": as("UTF-16", wide(false, "\ufeff")), "UTF-16, big end first": as("utf-16", wide(true, "\ufeff")),
		"without a mark": as("UTF-16LE", wide(false, "")), "UTF-16 in name only": as("UTF-16", same)} {
		_, lines, err := readAll(b, enough)
		if err != nil || len(lines) != 2 {
			t.Errorf("%s: %v", name, err)
			continue
		}
		expect(t, lines, `1 false 1"凭证号" 1"日期"`, `2 false 1"V-1" 1"2026-09-01"`)
	}
	if got := refusal(t, as("gb2312", same)); !strings.Contains(got, "gb2312") {
		t.Errorf("got %q", got)
	}
}
