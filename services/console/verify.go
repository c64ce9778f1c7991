package console

import (
	"encoding/hex"
	"html/template"
	"net/http"
	"strings"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
)

// verifyView is the page that checks a file against the ledger.
type verifyView struct {
	*view
	File    string // the file that was checked; "" for none yet
	Bytes   int64
	Sum     string // its SHA-256 in hexadecimal
	Report  *desk.Reproduced
	Is      string        // that the report is what the ledger gives; "" if it is not
	Differs string        // the first difference in words; "" for none
	Why     string        // why the file is no report that can be checked
	Of      string        // what the records below are
	Behind  []menuItem    // the records behind the row that differs
	In      string        // what the file has where it differs
	Ledger  string        // and what the ledger has
	Compare string        // the address that compares the report with now; "" if it cannot be compared
	Records template.HTML // the records that have the file as evidence
	None    bool          // no record has it
	Typed   string
}

// verify shows the page, with the records that have an SHA-256 as evidence if one was typed.
func (v *visit) verify() error {
	page := &verifyView{view: v.view()}
	typed := strings.ToLower(strings.TrimSpace(v.query.Get("sha256")))
	if typed == "" {
		v.show(http.StatusOK, "verify", page)
		return nil
	}
	page.Typed = text.Printable(typed)
	if sum, err := hex.DecodeString(typed); err != nil || len(sum) != 32 {
		page.Wrong = wrong{"sha256", v.say("校验值应为 64 位十六进制。", "A SHA-256 has 64 hexadecimal digits.")}
		v.show(http.StatusBadRequest, "verify", page)
		return nil
	}
	page.Sum = typed
	if err := v.evidenceOf(page); err != nil {
		return err
	}
	v.show(http.StatusOK, "verify", page)
	return nil
}

// verifyFile checks the file that a user sends: as a report, if its name is that of one, and as evidence.
func (v *visit) verifyFile() error {
	page := &verifyView{view: v.view()}
	wrongly := func(w wrong, status int) {
		page.Wrong = w
		v.show(status, "verify", page)
	}
	u, err := v.readUpload()
	if err != nil {
		return v.wrongFile(err, wrongly)
	}
	defer u.close()
	page.File, page.Bytes, page.Sum = text.Printable(u.name), u.bytes, hex.EncodeToString(u.sum[:])
	if err := v.evidenceOf(page); err != nil {
		return err
	}
	if u.spooled != nil {
		page.Report, err = v.reproduceFile(&u)
		if err != nil && page.None {
			return v.wrongFile(err, wrongly)
		}
		if err != nil { // a file of evidence whose name is that of a report
			err = v.wrongFile(err, func(w wrong, _ int) { page.Why = w.Text })
		}
		if err != nil {
			return err
		}
	}
	if page.Report != nil {
		v.reportChecked(page)
	}
	v.show(http.StatusOK, "verify", page)
	return nil
}

// reportChecked fills in what a report was found to be.
func (v *visit) reportChecked(page *verifyView) {
	r := page.Report
	if v.comparable(r) == nil {
		page.Compare = v.comparison(r)
	}
	title := v.say("年度表", "yearly report")
	if l := lists.Find(r.Question.List); l != nil {
		title = v.in(titleOf(l))
	}
	if r.Equal {
		page.Is = v.say("一致：这份报表与台账位置 %d 的重算结果相同（%s，截至 %s，%d 行）。",
			"Equal: the report is what the ledger gives at position %d (%s as of %s, %d rows).", r.Position, title,
			r.Question.On, r.Rows)
		return
	}
	d := r.Differs
	page.Differs, page.In, page.Ledger = v.differenceIn(r), text.Printable(d.InFile), text.Printable(d.InLedger)
	switch {
	case d.Newest:
		page.Of = v.say("该中心最近的记录：", "The newest records of the center:")
	case d.Behind > len(d.Records):
		page.Of = v.say("台账中这一行有 %d 条记录，最新的 %d 条：",
			"%d records are behind this row of the ledger, and these are the newest %d:", d.Behind, len(d.Records))
	default:
		page.Of = v.say("台账中这一行的记录：", "Records behind this row of the ledger:")
	}
	for _, rec := range d.Records {
		page.Behind = append(page.Behind, menuItem{Title: text.Say("%[1]s %[2]s %[3]s（位置 %[4]d）",
			"%[1]s %[5]s %[3]s (position %[4]d)", rec.On, rec.Kind.Title().Zh, text.Printable(rec.Doc), rec.Position,
			rec.Kind.Title().En), Href: v.recordPath(string(d.Center), rec.ID.String())})
	}
}

// evidenceOf finds the records that have a SHA-256 as evidence.
func (v *visit) evidenceOf(page *verifyView) error {
	q := lists.Question{List: "find", On: v.on, Params: map[string]string{"text": page.Sum, "voided": "true"}}
	end, err := v.p.Answers.Turn(v.Context(), v.when, "", true)
	if err != nil {
		return err
	}
	defer end()
	t, err := v.desk.List(v.Context(), v.when, q)
	if err != nil {
		return err
	}
	page.None = len(t.Rows) == 0
	if !page.None {
		page.Records = v.table(t, q)
	}
	return nil
}
