package console

import (
	"context"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/imports"
	"github.com/taizhang/taizhang/services/sheets"
)

// These are the limits on a page of an import.
const (
	mendBytesMax  = 8 << 20                // of the form with the mended cells
	gridPageRows  = 200                    // rows on a page
	firstWait     = 300 * time.Millisecond // a page waits so long for a job to end before it shows the progress
	refreshedIn   = 2 * time.Second
	movedShownMax = 100 // alerts that are shown
	checkShownMax = 20  // notes above the rows; the rows have all of them
)

// The files of an import, in its address.
const (
	markedFile = "marked" // the copy with the bad cells marked
	sourceFile = "sheet"  // the sheet as it was judged
)

// importShown is the page of one import.
type importShown struct {
	*view
	Job        importedRow
	Action     string
	Percent    int
	Failure    string
	Badness    []badRow // of an import that was to be written
	Grid       *grid    // of a dry run that has ended
	Tabs       []choice
	Pages      []choice
	All        string // the address of the page in which every cell can be mended
	Page       string
	Edit       bool
	Alerts     []alertList
	More       int              // alerts that are not shown
	Notes      []desk.NamedLine // what was not read
	Check      []desk.NamedLine // what was read and should be checked
	MoreChecks int              // the number of such notes that are not shown
	Warned     []desk.RowWarning
	Source     string // the address of the sheet as it was judged
	Before     string // the address of the import that this one follows from; "" for none
	Written    []importedRow
	Mended     bool // mended cells were judged, instead of what was to be submitted
	IsTwice    bool // its good records were recorded before, and it has bad ones too
	Again      bool
}

// badRow is a row that was refused when the sheet was to be written.
type badRow struct {
	Place   string
	Reasons []desk.Reason
}

// importShow shows an import, or answers with one of its files. While it runs, the browser asks again by itself.
func (v *visit) importShow() error {
	x, err := v.ownImport()
	if err != nil {
		return err
	}
	switch v.param("file") {
	case markedFile:
		return v.sendResult(x, imports.MarkedCopies)
	case sourceFile:
		return v.sendResult(x, "0")
	}
	ctx, stop := context.WithTimeout(v.Context(), firstWait)
	defer stop()
	s := v.p.Imports.Wait(ctx, x, firstWait)
	for !s.HasEnded() && ctx.Err() == nil {
		s = v.p.Imports.Wait(ctx, x, firstWait)
	}
	page := &importShown{view: v.view(), Job: v.importedRow(s), Action: v.here(), Mended: v.param("mended") != "",
		Again: v.PostForm.Has("again")}
	if s.From != "" {
		if _, err := v.p.Imports.Find(s.From, v.who.Account); err == nil {
			page.Before = v.link("/imports/" + s.From)
		}
	}
	if !s.HasEnded() {
		if s.Total > 0 {
			page.Percent = int(100 * s.Done / s.Total)
		}
		v.w.Header().Set("Refresh", strconv.Itoa(int(refreshedIn.Seconds())))
		v.show(http.StatusOK, "import_show", page)
		return nil
	}
	if !s.DryRun {
		v.p.written.note(v.who.Account, v.desk.Position())
	}
	if s.Kept {
		page.Source = v.link("/imports/"+s.ID, "file", sourceFile)
	}
	if s.Err != nil {
		page.Failure = v.importFailure(s.Err)
	}
	if s.Result != nil {
		if err := v.fillShown(page, x, &s); err != nil {
			return err
		}
	}
	v.show(http.StatusOK, "import_show", page)
	return nil
}

// importFailure returns why an import failed as a whole. An internal error is shown by the id under which the log has
// it.
func (v *visit) importFailure(err error) string {
	if text.CodeOf(err) == text.Internal {
		return v.say("程序出错，没有完成；请告诉管理员。",
			"The program has failed and did not finish. Tell the administrator.")
	}
	return sentence(text.Of(err).In(v.lang), v.lang)
}

// fillShown fills in what an import that has ended shows.
func (v *visit) fillShown(page *importShown, x *imports.Job, s *imports.Progress) error {
	page.Warned = s.Result.Warnings
	var toCheck []desk.NamedLine
	for _, n := range s.Result.Named {
		if n.Check {
			toCheck = append(toCheck, n)
		} else {
			page.Notes = append(page.Notes, n)
		}
	}
	page.Check = toCheck[:min(len(toCheck), checkShownMax)]
	page.MoreChecks = len(toCheck) - len(page.Check)
	page.IsTwice = s.Result.Refused > 0 && hasGoodBefore(s)
	left := movedShownMax
	titles := wouldMove
	if !s.DryRun {
		titles = haveMoved
	}
	for i, list := range [][]desk.MovedAlert{s.Result.Opens, s.Result.Clears, s.Result.Withdraws} {
		shown := alertList{Title: titles[i]}
		for _, a := range list {
			if left--; left < 0 {
				page.More++
				continue
			}
			shown.List = append(shown.List, alertInWords(a.Center, a.Alert))
		}
		if len(shown.List) > 0 {
			page.Alerts = append(page.Alerts, shown)
		}
	}
	if !s.DryRun {
		for _, b := range s.Bad {
			page.Badness = append(page.Badness, badRow{v.say("第 %d 行", "row %d", b.Line), b.Reasons})
		}
		return nil
	}
	for _, other := range v.p.Imports.Of(v.who.Account) {
		if other.From == s.ID && !other.DryRun {
			page.Written = append(page.Written, v.importedRow(other))
		}
	}
	if !s.Kept {
		return nil
	}
	return v.fillGrid(page, x, toCheck)
}

// sendResult answers with a file of an import. The name of the uploaded file is in the header as RFC 6266 has it.
func (v *visit) sendResult(x *imports.Job, name string) error {
	f, err := x.Result(name)
	if err != nil {
		return err
	}
	defer f.Close() // only read
	media, as := reportMedia["xlsx"], "marked.xlsx"
	if name == "0" {
		what, err := sheets.Look(f)
		if err != nil {
			return err
		}
		if as = "sheet.xlsx"; what != sheets.XLSX {
			media, as = reportMedia["csv"], "sheet.csv"
		}
	}
	h := v.w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Disposition", `attachment; filename="`+as+`"`)
	_, _ = io.Copy(v.w, f) // the browser may have closed the connection
	return nil
}

// The acts of the page of a dry run.
const (
	judgeAgain = "judge"
	submitAll  = "submit"
	submitGood = "submitGood"
)

// importAct takes mended cells and judges the sheet again, or writes the sheet as it is shown. If cells were changed
// on the page whose sheet is to be written, they are judged instead, so nothing is written that was not shown before.
func (v *visit) importAct() error {
	x, err := v.ownImport()
	if err != nil {
		return err
	}
	s, _ := x.Look()
	if !s.DryRun || !s.Kept || !s.HasEnded() {
		return text.Errorf(text.Conflict, "这次导入不是等待提交的判断结果；请回到“我的导入”",
			"this import is not one that can be submitted; go back to your imports")
	}
	again := v.PostForm.Get("again") != ""
	cells, findings, err := v.mendedCells(x)
	if err != nil {
		return err
	}
	order := v.judging(s.Sheets, again, s.ID)
	notice := ""
	switch act := v.PostForm.Get("do"); {
	case act == judgeAgain:
	case act != submitAll && act != submitGood:
		return errForm
	case len(cells) > 0:
		notice = "1"
	default:
		order = imports.Order{Desk: v.desk, Sheets: s.Sheets, Again: again, AcceptGood: act == submitGood,
			Marked: v.lang, From: s.ID, Request: order.Request}
	}
	next, err := v.startFrom(x, s.Files[0], cells, findings, order)
	if err != nil {
		return err
	}
	return v.seeOther(v.link("/imports/"+next.ID, "mended", notice))
}

// startFrom starts an import of the sheet of another one, with mended cells.
func (v *visit) startFrom(x *imports.Job, name string, cells []sheets.Mended, findings [][]sheets.RowBreach,
	o imports.Order) (imports.Progress, error) {
	f, err := x.Uploaded(0)
	if err != nil {
		return imports.Progress{}, err
	}
	defer f.Close() // only read
	next, err := v.p.Imports.Open(v.who)
	if err != nil {
		return imports.Progress{}, err
	}
	if len(cells) == 0 {
		err = next.Add(name, f)
	} else {
		err = v.addMended(next, name, f, cells, findings)
	}
	if err != nil {
		v.p.Imports.Drop(next)
		return imports.Progress{}, err
	}
	return v.p.Imports.Start(next, o)
}

// addMended adds a mended copy of a sheet to an import.
func (v *visit) addMended(next *imports.Job, name string, f *os.File, cells []sheets.Mended,
	findings [][]sheets.RowBreach) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	from, to := io.Pipe()
	go func() {
		to.CloseWithError(sheets.WriteMended(to, name, f, info.Size(), cells, findings, v.lang))
	}()
	err = next.Add(mendedName(name), from)
	_ = from.CloseWithError(err) // ends the writer if the disk is full
	return err
}

// mendedCells returns the cells of the form that differ from the sheet, and the findings against each of its tables.
func (v *visit) mendedCells(x *imports.Job) (cells []sheets.Mended, findings [][]sheets.RowBreach, err error) {
	typed := map[[2]int]map[int]string{} // by table and row, then by column
	for name, values := range v.PostForm {
		sheet, row, column, ok := cellOf(name)
		if !ok {
			continue
		}
		if typed[[2]int{sheet, row}] == nil {
			typed[[2]int{sheet, row}] = map[int]string{}
		}
		typed[[2]int{sheet, row}][column] = values[0]
	}
	err = eachGridRow(x, func(r *imports.GridRow) error {
		for len(findings) <= r.Sheet {
			findings = append(findings, nil)
		}
		for _, why := range r.Reasons {
			findings[r.Sheet] = append(findings[r.Sheet], sheets.RowBreach{Row: r.Row, Breach: why.Reason})
		}
		for column, now := range typed[[2]int{r.Sheet, r.Row}] {
			if !r.IsHeadings() && !sheets.SameCell(at0(r.Cells, column), now) {
				cells = append(cells, sheets.Mended{Sheet: r.Sheet, Row: r.Row, Column: column, Text: now})
			}
		}
		return nil
	})
	slices.SortFunc(cells, func(a, b sheets.Mended) int {
		return slices.Compare([]int{a.Sheet, a.Row, a.Column}, []int{b.Sheet, b.Row, b.Column})
	})
	return cells, findings, err
}

// at0 returns an element of a list, or "" beyond its end.
func at0(list []string, i int) string {
	if i < 0 || i >= len(list) {
		return ""
	}
	return list[i]
}

// cellName returns the name of the field of a cell; cellOf reads it.
func cellName(sheet, row, column int) string {
	return "c." + strconv.Itoa(sheet) + "." + strconv.Itoa(row) + "." + strconv.Itoa(column)
}

func cellOf(name string) (sheet, row, column int, ok bool) {
	parts := strings.Split(name, ".")
	if len(parts) != 4 || parts[0] != "c" {
		return 0, 0, 0, false
	}
	var n [3]int
	for i := range n {
		var err error
		if n[i], err = strconv.Atoi(parts[i+1]); err != nil || n[i] < 0 {
			return 0, 0, 0, false
		}
	}
	return n[0], n[1], n[2], true
}

// eachGridRow calls each with the rows of the sheet of a dry run.
func eachGridRow(x *imports.Job, each func(*imports.GridRow) error) error {
	f, err := x.Result(imports.GridRows)
	if text.CodeOf(err) == text.NotFound { // the sheet could not be read as a whole
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close() // only read
	return imports.EachRow(f, each)
}
