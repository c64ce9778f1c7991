package sheets

import (
	"errors"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

func TestFormulasWithinTheWorkbookAreReadAndOthersNot(t *testing.T) {
	for _, formula := range []string{"=", "=SUM(表1[2026])", "=SUM(Table1[[#This Row],[金额]])", "=[@金额]*2",
		"=表1[收|支]", "=SUM(表1[[#Data],[2026]:[2027]],Sheet2!A1)", "=Sheet2!A1", "='9月 (1)'!A1+'it''s'!B2",
		`="[1]A!A1"&"RTD(""x"")"`,
		`=IF(A1="NOW()",1,2)`, "=MYNOW()+今日TODAY(1)", "=[0]!单价*2", "='[0]Sheet1'!A1", "=NOW", "=SUM({1,2;3,4})",
		"=INDIRECT(\"A\"&ROW())", "=X.RAND(1)", "=表1[NOW()]", "=表1[2026]/9月!B1", "=YEAR(A1)&\"|\"", "=DAYS(A1,B1)",
		"=HYPERLINK(\"https://example.org\",\"凭证\")"} {
		if why := astray(formula); why.En != "" {
			t.Errorf("%s: %s", formula, why.En)
		}
	}
	const outside, changing = "asks another", "another answer"
	for formula, want := range map[string]string{
		"=[1]Sheet1!A1+0": outside, "=[1]!单价": outside, "=SUM([预算.xlsx]九月:十月!A1)": outside,
		`='C:\账\[预算 2026.xlsx]九月'!A1`: outside, "='[1]9月'!A1": outside,
		"='https://example.org/[b.xlsx]S'!A1": outside,
		`=RTD("prog.id",,"x")`:                outside, `=rtd ("p",,"x")`: outside,
		`=_xlfn.WEBSERVICE("https://example.org")`: outside, `=IF(A1>0,WEBSERVICE("u"),0)`: outside,
		`=DDE("soffice";"x";"y")`: outside, `=IMPORTRANGE("u","S!A1")`: outside, "=Excel|Book!A1": outside,
		"='Excel|x'!A1":             outside,
		`=INDIRECT("[b.xlsx]S!A1")`: outside, `=CUBEVALUE("c","m")`: outside,
		"=COM.SUN.STAR.SHEET.ADDIN.X()+_xlfn._xlws.STOCKHISTORY(1)": outside,
		"=NOW()": changing, "=today()": changing, "=1+RAND()*5": changing, "=_xlfn.RANDARRAY(1)": changing,
		"=RANDBETWEEN(1,9)": changing, "=TEXT(TODAY(),\"yyyy\")": changing, "=-NOW ()": changing} {
		if why := astray(formula); !strings.Contains(why.En, want) {
			t.Errorf("%s: %q", formula, why.En)
		}
	}
}

func TestNamesInFormulasAreJudgedByWhatTheyStandFor(t *testing.T) {
	names := map[string]string{"汇率": "[1]参数!$B$1", "本日": "TODAY()", "单价": "Sheet1!$N$1", "税后": "单价*汇率",
		"圈": "圈+1"}
	for formula, want := range map[string]string{"=汇率*2": "asks another", "=SUM(税后)": "asks another",
		"=N2-本日": "another answer", "=单价*2": "", `="汇率"&圈`: "", "='汇率'!A1": "", "=汇率表!A1": ""} {
		if got := astray(withNames(formula, names)).En; !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%s: %q", formula, got)
		}
	}
	b := makeXLSX(t, func(f *excelize.File, sheet string) error {
		return errors.Join(f.SetDefinedName(&excelize.DefinedName{Name: "Rate", RefersTo: "[1]A!$B$1"}),
			setRow(f, sheet, 2, nil), f.SetCellFormula(sheet, "F2", "rate*5"))
	})
	if _, bad, _, refused := answer(b); refused != "" || len(bad) != 1 ||
		!strings.Contains(bad[0], "2 金额(元): its formula asks another workbook") {
		t.Errorf("%v %s", bad, refused)
	}
}
