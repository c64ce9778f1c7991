package sheets

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"github.com/taizhang/taizhang/services/spreadsheet"
)

func TestTheProvincesSheetReadsTheSameInEveryEncodingAndForm(t *testing.T) {
	original := theProvinces(t)
	decoded, err := spreadsheet.Decode(original)
	if err != nil {
		t.Fatal(err)
	}
	text := string(decoded)
	want := recordsOf(t, mustRead(t, string(original)))
	if len(want) != 243 {
		t.Fatalf("%d vouchers", len(want))
	}
	units := utf16.Encode([]rune("\ufeff" + text))
	wide := make([]byte, 0, 2*len(units))
	big := make([]byte, 0, 2*len(units))
	for _, u := range units {
		wide, big = binary.LittleEndian.AppendUint16(wide, u), binary.BigEndian.AppendUint16(big, u)
	}
	top := &grid{}
	if err := top.fill(spreadsheet.CSV(decoded, ','), 1000); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"UTF-8":                       []byte(text),
		"UTF-8 with a mark":           []byte("\ufeff" + text),
		"UTF-16, little end first":    wide,
		"UTF-16, big end first":       big,
		"with line feeds alone":       []byte(strings.ReplaceAll(text, "\r\n", "\n")),
		"separated by semicolons":     []byte(separated(top, ";")),
		"separated by tabs":           []byte(separated(top, "\t")),
		"under a title":               []byte("支出明细表,,,,\r\n\r\n" + text),
		"XLSX of text":                xlsxOf(t, top, false),
		"XLSX with numbers and dates": xlsxOf(t, top, true),
		"with wide parentheses and gaps": []byte(strings.Replace(strings.Replace(text, "金额(元)", " 金额 （元）", 1),
			"用途", "　用途", 1)),
	} {
		s, err := readBytes(b, clerk)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := recordsOf(t, s); !slices.Equal(got, want) || s.Kind != vouchers || s.Rows != 256 {
			t.Errorf("%s: %d records of %d rows are not those of the original", name, len(got), s.Rows)
		}
	}
}

func separated(g *grid, by string) string {
	var b strings.Builder
	for _, r := range g.rows {
		for j := range 11 {
			if j > 0 {
				b.WriteString(by)
			}
			b.WriteString(r.At(j).Text)
		}
		b.WriteString("\r\n")
	}
	return b.String()
}

// xlsxOf writes a table as XLSX, with the amounts and dates as text or typed.
func xlsxOf(t *testing.T, g *grid, typed bool) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	format := "yyyy/m/d"
	date, err := f.NewStyle(&excelize.Style{CustomNumFmt: &format})
	if err != nil {
		t.Fatal(err)
	}
	w, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range g.rows {
		var line []any
		for j, c := range r.Cells {
			fen, notMoney := readAmount(c)
			on, notDay := readDay(c)
			switch {
			case typed && i > 0 && j == 5 && notMoney.En == "":
				line = append(line, float64(fen)/100)
			case typed && i > 0 && j == 1 && notDay.En == "":
				line = append(line, excelize.Cell{StyleID: date, Value: int(on - spreadsheet.Epoch)})
			default:
				line = append(line, c.Text)
			}
		}
		at, err := excelize.CoordinatesToCellName(1, i+1)
		if err == nil {
			err = w.SetRow(at, line)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestRowsOfOneVoucherAreTheLinesOfOneRecord(t *testing.T) {
	s := mustRead(t, voucherHeadings+
		"V-1,2026/9/1,ZJ-0018,G-1,中试,\"1,234.50\",甲,检测费,31003,是,WT-1\n"+
		"V-2,2026年9月2日,ZJ-0018,G-1,捐赠,5,乙,捐款,,,\n"+
		"V-1,2026-09-01,ZJ-0018,G-2,中试,0.05,甲,检测费,31003,是,WT-1\n"+
		"V-1,2026-09-01,ZJ-0019,G-9,中试,1,甲,检测费,,否,\n")
	got := recordsOf(t, s)
	expect(t, got,
		`"center":"ZJ-0018","on":"2026-09-01","by":{"role":"center","actor":"c-0018"},"mode":"enforce","data":{"voucher":"V-1","payee":"甲","use":"pilot","lines":[{"grant":"G-1","amountFen":123450},{"grant":"G-2","amountFen":5}],"econCode":"31003","summary":"检测费","outTransfer":{"taskBook":"WT-1"}}`,
		`"on":"2026-09-02","by":{"role":"center","actor":"c-0018"},"mode":"enforce","data":{"voucher":"V-2","payee":"乙","use":"donation","lines":[{"grant":"G-1","amountFen":500}],"summary":"捐款"}`,
		`"center":"ZJ-0019"`)
	if id := s.Given()[0].Record.ID.String(); id != "2d22a3db-cf22-5f87-89aa-3b5d834c4fc8" {
		t.Errorf("the id of ZJ-0018's V-1 was another once: %s", id)
	}
}

func TestEveryBadCellIsNamedByRowAndHeading(t *testing.T) {
	s := mustRead(t, "表题\n"+voucherHeadings+
		"V-1,2026/9/1,ZJ-0018,G-1,中试,1,甲,检测费,,,\n"+ // 3
		"V-1,2026/9/2,ZJ-0018,G-2,运行,1,甲,检测费,,,\n"+
		",2026/2/30,zj,G-1,中式,1.005,,检测费,12,也许,\n"+ // 5
		"V-3,2026.9.1,ZJ-0018,G-1,中试,-5,甲,检测费,,否,WT-1\n"+
		"V-4,2026/9/1,ZJ-0018,G-1,中试,(5.00),甲,检测费,,,,多余\n"+ // 7
		"V-5,2026/9/1,zj,G-1,中试,5,甲,检测费,12,,\n"+
		"V-5,2026/9/1,ZJ-0018,G-1,中试,５．５,甲,"+strings.Repeat("长", 4000)+",,,\n"+ // 9
		"V-6,1999/9/1,ZJ-0018,G-1,中试,0,甲,检测费,,,\n"+
		"V-7,2026/9/1,ZJ-0018,G-1,中试,100000000000.01,甲,检测费,,,\n")
	expect(t, badOf(s),
		"3 凭证号: of one record with row 4",
		"4 日期: “2026/9/2” is not what row 3 of the same voucher has, “2026/9/1”", "4 用途: “运行” is not what row 3",
		"5 凭证号: must not be empty", "5 日期: there is no day",
		"5 中心编号: “zj” is no id of a center, such as ZJ-0007", "5 用途: “中式” must be one of: 概念验证、",
		`5 金额(元): "1.005" is not an amount`, "5 收款单位: must not be empty",
		"5 外拨: “也许” must be one of: 是、否",
		"6 日期: “2026.9.1” is no date", "6 金额(元): the amount -5 is negative",
		"6 委托任务书编号: is filled in only where “外拨” is “是”",
		"7 金额(元): the amount (5.00) is negative",
		"7 L: the column has no heading, but this row has something in it",
		"8 中心编号: “zj” is no id of a center", "9 摘要: it has 12000 bytes",
		"10 日期: year 1999", "11 金额(元): amount \"100000000000.01\" is over the limit")
}

// A voucher keeps its id once it is written, so it must not be written without a line of it.
func TestAVoucherIsNotWrittenWithoutARowThatMayBeALineOfIt(t *testing.T) {
	for name, c := range map[string]struct {
		rows string
		want []string // "row: reason" of the rows in doubt
	}{
		"a row without a number means the voucher above": {
			"V-1,2026/9/1,ZJ-0018,G-1,中试,1,甲,检测费,,,\n,,,G-2,,2,,,,,\n",
			[]string{"2 凭证号: row 3 has no “凭证号”"}},
		"a row without a grant is no line of a voucher": {"V-0,2026/9/1,ZJ-0018,G-1,中试,1,甲,检测费,,,\n" +
			"V-1,2026/9/1,ZJ-0018,G-1,中试,1,乙,检测费,,,\n,,,,,2,,,,,\n", nil},
		"rows that were sorted": {",,,G-2,,2,,,,,\nV-0,2026/9/1,ZJ-0018,G-1,中试,1,甲,检测费,,,\n" +
			"V-1,2026/9/1,ZJ-0018,G-1,中试,1,乙,检测费,,,\n",
			[]string{"3 凭证号: row 2 has no “凭证号”", "4 凭证号: row 2 has no “凭证号”"}},
		"a row that agrees with one voucher alone": {",2026-9-1,ZJ-0018,G-2,,2,乙,检测费,,,\n" +
			"V-0,2026/9/1,ZJ-0018,G-1,中试,1,甲,检测费,,,\nV-1,2026/9/1,ZJ-0018,G-1,中试,1,乙,检测费,,,\n",
			[]string{"4 凭证号: row 2 has no “凭证号”"}},
		"a row of another center": {
			",2026-9-1,ZJ-0019,G-2,中试,2,甲,检测费,,,\nV-0,2026/9/1,ZJ-0018,G-1,中试,1,甲,检测费,,,\n", nil},
		"a row with the number, of no center": {"V-0,2026/9/1,,G-1,中试,1,甲,检测费,,,\n" +
			"V-0,2026/9/1,ZJ-0018,G-1,运行,1,甲,检测费,,,\nV-1,2026/9/1,ZJ-0018,G-1,中试,1,甲,检测费,,,\n",
			[]string{"3 凭证号: row 2 has the same number"}},
		"what is bad for another reason": {
			"V-1,2026/9/1,ZJ-0018,G-1,中试,0.001,甲,检测费,,,\n,,,G-2,,2,,,,,\n", nil},
		"more strays than are compared": {
			strings.Repeat(",2026-9-1,ZJ-0019,G-2,中试,2,甲,检测费,,,\n", straysMax+1) +
				"V-0,2026/9/1,ZJ-0018,G-1,中试,1,甲,检测费,,,\n", []string{"103 凭证号: row 2 has no “凭证号”"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, why := range badOf(mustRead(t, voucherHeadings+c.rows)) {
				if strings.Contains(why, "may be a line of this voucher") ||
					strings.Contains(why, "has the same number, and its center") {
					got = append(got, why)
				}
			}
			expect(t, got, c.want...)
		})
	}
}

func TestHeadingsThatComeAgainArePassedOver(t *testing.T) {
	row := "V-%d,2026/9/1,ZJ-0018,G-1,中试,1,甲,检测费,,,\n"
	s := mustRead(t, voucherHeadings+fmt.Sprintf(row, 1)+voucherHeadings+fmt.Sprintf(row, 2))
	expect(t, recordsOf(t, s), "V-1", "V-2")
	if s.Rows != 2 {
		t.Errorf("%d rows", s.Rows)
	}
}

func TestHeadingsThatAreMissingOrRepeatedAreNamed(t *testing.T) {
	for text, want := range map[string]string{
		"":         "",
		"a,b\n1,2": "no row has the headings of a sheet",
		strings.Replace(voucherHeadings, "用途", "用处", 1): "row 1 (headings of a sheet of vouchers): the " +
			"heading “用处” of column E resembles “用途”, which is not there. Did you mean “用途”? If not, rename " +
			"the column or delete it; the heading “用途” is missing",
		strings.Replace(voucherHeadings, "摘要", "收 款单位",
			1): "columns G and H are both headed “收 款单位”; the heading “摘要” is missing",
		strings.Replace(voucherHeadings, "日期", "", 1):            "the heading “日期” is missing",
		voucherHeadings + "V-1,\"x\nV-2,y":                       "the quotes in row 2 do not match",
		voucherHeadings + "V\x00":                                "no text",
		"\xff\xfe1":                                              "neither UTF-8 nor GB18030",
		voucherHeadings + "\xff\xff\xff":                         "neither UTF-8 nor GB18030",
		"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":                       "old XLS or a workbook under a password",
		voucherHeadings + strings.Repeat("V,1\n", rowsMax+1):     "more than the limit of 100000 rows",
		voucherHeadings + strings.Repeat(",", columnsMax) + "x":  "row 2 has cells beyond the limit of 100 columns",
		strings.Repeat("凭证号,日期,中心编号\n", 1) + "V-1,2026-9-1,ZJ-1": "the heading “经费下达编号” is missing",
	} {
		if got := refusedWhole(t, []byte(text)); !strings.Contains(got, want) {
			t.Errorf("%.60q: got %q, want %q", text, got, want)
		}
	}
}

func TestCodesAndNumbersTypedWideAreTheSame(t *testing.T) {
	s := mustRead(t, voucherHeadings+"Ｖ－１（甲）,２０２６／９／１,ＺＪ－００１８,Ｇ-1,中试,１，"+
		"２３４．５０,Ａ公司（杭州）,－,３１００３,是,ＷＴ１\n"+
		"V-1（甲）,2026年９月1日,ZJ-0018,G-2,中试,1,Ａ公司（杭州）,－,31003,是,WT1\n")
	expect(t, recordsOf(t, s),
		`"center":"ZJ-0018","on":"2026-09-01","by":{"role":"center","actor":"c-0018"},"mode":"enforce","data":{"voucher":"V-1（甲）","payee":"Ａ公司（杭州）","use":"pilot","lines":[{"grant":"G-1","amountFen":123450},{"grant":"G-2","amountFen":100}],"econCode":"31003","summary":"－","outTransfer":{"taskBook":"WT1"}`)
}

func TestOptionalColumnsMayBeMissingAndTheOrderIsFree(t *testing.T) {
	s := mustRead(t, "摘要,收款单位,金额（元）,用途,经费下达编号,中心编号,日期,凭证号\n"+
		"检测费,甲,5,中试,G-1,ZJ-0018,2026/9/1,V-1\n,,,,,,,\n")
	expect(t, recordsOf(t, s), `"voucher":"V-1","payee":"甲","use":"pilot"`)
}

func TestWhatAFileIsIsFoundByLooking(t *testing.T) {
	for head, want := range map[string]Looked{"": JSONLines, " \r\n{": JSONLines, "\ufeff{\"id\"": JSONLines,
		"PK\x03\x04": XLSX, "凭证号": CSV, "\xff\xfe": CSV, "[": CSV} {
		if got := look([]byte(head)); got != want {
			t.Errorf("%q is %d", head, got)
		}
	}
}

func TestASheetIsForTheRolesOfItsKind(t *testing.T) {
	if _, err := readBytes([]byte(voucherHeadings), ReadConfig{Actor: "x", Role: "finance"}); err == nil ||
		!strings.Contains(err.Error(),
			"a sheet of vouchers is for the center to fill in, not for the Department of Finance") {
		t.Errorf("got %v", err)
	}
	s, err := readBytes([]byte("到账凭证号,日期,中心编号,资金类别,经费下达编号,金额(元)\n"+
		"S-1,2026-9-1,ZJ-0018,财政补助资金,G-1,5\nS-1,2026-9-1,ZJ-0018,配套资金,M-1,5\n"+
		"S-2,2026-9-1,ZJ-0018,配套资金,M-1,5\n"), ReadConfig{Actor: "x", Role: "finance"})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, badOf(s), "2 到账凭证号: of one record with row 3", "3 到账凭证号: row 2 has the same number already",
		"4 资金类别: is for the center or the local government to fill in, not for the Department of Finance")
}
