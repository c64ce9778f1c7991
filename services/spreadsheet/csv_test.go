package spreadsheet

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

func TestATextIsReadInTheEncodingThatItIsIn(t *testing.T) {
	const text = "凭证号,一龥𠮷䶮€\r\n"
	wide := func(order unicode.Endianness) string {
		s, err := unicode.UTF16(order, unicode.UseBOM).NewEncoder().String(text)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string]string{"UTF-8": text, "UTF-8 with a mark": "\ufeff" + text, "GB18030": gb,
		"UTF-16": wide(unicode.LittleEndian), "UTF-16, big end first": wide(unicode.BigEndian)} {
		if got, err := Decode([]byte(b)); string(got) != text || err != nil {
			t.Errorf("%s gives %q, %v", name, got, err)
		}
	}
	for _, b := range []string{"\xff\xff\xff", "\xff\xfe1", "\xfe\xff\xd8\x00\x00a", "凭\xe5\x87", "\x81"} {
		if got, err := Decode([]byte(b)); err == nil {
			t.Errorf("%q gives %q", b, got)
		}
	}
}

func TestRowsOfCSVHaveTheNumbersThatASpreadsheetProgramGivesThem(t *testing.T) {
	read := func(text string) (got []string) {
		for r, err := range CSV([]byte(text), ',') {
			line := fmt.Sprint(r.Number)
			for _, c := range r.Cells {
				line += fmt.Sprintf(" %d%q", c.Sort, c.Text)
			}
			if err != nil {
				line = err.Error()
			}
			got = append(got, line)
		}
		return got
	}
	expect(t, read("a,,\r\n\r\n\"b\r\nc\",d\n,,\n,e\n\"f\n"), `1 1"a"`, `3 1"b\nc" 1"d"`, `4`, `5 0"" 1"e"`,
		"the quotes in row 6 do not match: one that opens there is still open where the file ends, in line 7 of the "+
			"text. Add the missing quote or delete the one too many")
	expect(t, read("a,b\r\r\"c\rd\",e\rf\r"), `1 1"a" 1"b"`, `3 1"c\nd" 1"e"`, `4 1"f"`)
}

func TestCodesThatAProgramKeptAsTextAreRead(t *testing.T) {
	for text, want := range map[string]string{
		`="001",="","a=""b""",="c`:              "the quotes in row 1 do not match: add the missing quote",
		"=\"00\"\n\"x,=\"\"y\"\",\",=\"2\"\r\n": `[00][x,="y",|2]`,
		"\"a\"b,c":                              "the quotes in row 1 do not match: add",
		"x,=\"a,b\"":                            "do not match"} {
		got := ""
		for r, err := range CSV([]byte(text), ',') {
			list := []string{}
			for _, c := range r.Cells {
				list = append(list, c.Text)
			}
			if got += "[" + strings.Join(list, "|") + "]"; err != nil {
				got = err.Error()
			}
		}
		if !strings.Contains(got, want) {
			t.Errorf("%q gives %s", text, got)
		}
	}
}

func TestARowOfCSVBeginsOnALineOfTheText(t *testing.T) {
	var lines []int
	for r := range CSV([]byte("a\r\n\r\n\"b\nc\",\"d\ne\"\nf\n"), ',') {
		lines = append(lines, r.Line)
	}
	if fmt.Sprint(lines) != "[1 3 6]" {
		t.Errorf("got %v", lines)
	}
}

func TestDaysAreReadAsTheyAreWrittenInChina(t *testing.T) {
	for text, want := range map[string]string{"2025-05-06": "2025-05-06", "2025/5/6": "2025-05-06",
		"2025年12月31日": "2025-12-31", "2025-2-30": "2025-02-30",
		"25/5/6": "", "2025/5": "", "2025年5月6": "", "2025-5/6": "", "2025/005/6": "", "2025//6": "",
		"２０２５/5/6": "", "": ""} {
		if got, ok := ISODay(text); got != want || ok != (want != "") {
			t.Errorf("%s gives %q", text, got)
		}
	}
}
