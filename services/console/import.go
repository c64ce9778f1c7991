package console

import (
	"bufio"
	"bytes"
	"cmp"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/imports"
	"github.com/taizhang/taizhang/services/sheets"
)

// The import of sheets: /import takes a file or pasted cells, /imports/{id} shows how it was judged and takes mended
// cells (import_show.go), and /imports lists what the account imported.
//
// A page keeps nothing between two requests. Each upload, each mended sheet and each submission is a job of the
// package imports, whose files are in its spool: bounded in number and bytes, for a day, for its account alone. A
// submission copies the file of the job that it shows, so it writes the bytes that were judged. The ids of records
// follow from their content, so a submission that is sent again finds its records in the ledger and writes nothing.

// importBytesMax is the largest size of an upload: that of a sheet, with room for the form around it.
const importBytesMax = 65 << 20

// importScreens returns the pages of imports.
func importScreens() []screen {
	roles := importRoles()
	return []screen{
		{path: "/import", title: text.Say("导入", "Import"), roles: roles, get: (*visit).importForm,
			post: (*visit).importPost, filesBytes: importBytesMax},
		{path: "/imports", title: text.Say("我的导入", "My imports"), roles: roles, get: (*visit).importList},
		{path: "/imports/{id}", title: text.Say("导入结果", "Import"), roles: roles, get: (*visit).importShow,
			post: (*visit).importAct, bytes: mendBytesMax, refills: true},
	}
}

// importRoles returns the roles that some kind of sheet is for.
func importRoles() (roles []access.Role) {
	for _, role := range offices {
		if len(kindsFor(role, false)) > 0 {
			roles = append(roles, role)
		}
	}
	return roles
}

// kindsFor returns the kinds of sheets that an account may fill in: all of them if it may record for others.
func kindsFor(role access.Role, mayRecord bool) (list []*sheets.SheetKind) {
	for _, k := range sheets.Kinds {
		if mayRecord || slices.Contains(k.Roles, role.Ledger()) {
			list = append(list, k)
		}
	}
	return list
}

// importView is the page that takes a sheet.
type importView struct {
	*view
	Action    string
	Templates []menuItem
	MayRecord bool
	Terms     desk.SheetTerms
	Again     bool
	Roles     text.Vocabulary[events.Role]
	Modes     text.Vocabulary[events.Mode]
}

// importForm shows the page that takes a sheet; with the parameter template it answers with an empty sheet.
func (v *visit) importForm() error {
	if name := v.param("template"); name != "" {
		return v.sendTemplate(name)
	}
	v.showImport(http.StatusOK, wrong{}, desk.SheetTerms{}, false)
	return nil
}

func (v *visit) showImport(status int, why wrong, terms desk.SheetTerms, again bool) {
	page := &importView{view: v.view(), Action: v.link("/import"), MayRecord: v.who.MayRecord, Terms: terms,
		Again: again, Roles: events.Roles, Modes: events.Modes}
	page.Wrong = why
	for _, k := range kindsFor(v.who.Role, v.who.MayRecord) {
		page.Templates = append(page.Templates, menuItem{Title: k.Title, Href: v.link("/import", "template", k.Name)})
	}
	v.show(status, "import", page)
}

// sendTemplate answers with an empty sheet in the words of the policy in force.
func (v *visit) sendTemplate(name string) error {
	if !slices.ContainsFunc(kindsFor(v.who.Role, v.who.MayRecord),
		func(k *sheets.SheetKind) bool { return k.Name == name }) {
		return v.nothing()
	}
	words := desk.BuiltinPolicy()
	list, err := v.desk.Policies(v.Context(), desk.When{})
	if err != nil {
		return err
	}
	if list.Reading != nil {
		words = *list.Reading
	}
	var content bytes.Buffer
	if err := desk.WriteTemplate(&content, name, words); err != nil {
		return err
	}
	v.sendFile(name+".xlsx", reportMedia["xlsx"], content.Bytes())
	return nil
}

// sheetUpload is what the form of an import sends.
type sheetUpload struct {
	job   *imports.Job
	terms desk.SheetTerms
	again bool
}

// importPost stores what was uploaded or pasted, and has it judged.
func (v *visit) importPost() error {
	u := &sheetUpload{}
	x, err := v.p.Imports.Open(v.who)
	if err == nil {
		u.job = x
		if err = v.readSheet(u); err != nil {
			v.p.Imports.Drop(x)
		}
	}
	if err == nil {
		var state imports.Progress
		if state, err = v.p.Imports.Start(x, v.judging(u.terms, u.again, "")); err == nil {
			return v.seeOther(v.link("/imports/" + state.ID))
		}
	}
	why, status, ok := v.refusal(err, "import")
	if !ok {
		return err
	}
	v.showImport(status, why, u.terms, u.again)
	return nil
}

// judging returns the order of a dry run whose sheet can be mended and then written.
func (v *visit) judging(terms desk.SheetTerms, again bool, from string) imports.Order {
	return imports.Order{Desk: v.desk, Sheets: terms, Again: again, DryRun: true, Marked: v.lang, Keep: true,
		From: from, Request: v.w.Header().Get("X-Request-Id")}
}

// The fields of the form, beside the file and what was pasted.
const (
	fileField  = "file"
	pasteField = "paste"
	fieldChars = 200
)

// readSheet reads the form part by part. Files go to the disk.
func (v *visit) readSheet(u *sheetUpload) error {
	media, params, _ := mime.ParseMediaType(v.Header.Get("Content-Type")) // the form was checked before
	if media != "multipart/form-data" || params["boundary"] == "" {
		return errForm
	}
	parts := multipart.NewReader(v.Body, params["boundary"])
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			break
		}
		if err == nil {
			err = v.readSheetPart(u, part)
		}
		if err != nil && text.CodeOf(err) == text.Internal {
			err = uploadError(err)
		}
		if err != nil {
			return err
		}
	}
	if u.job.FileCount() == 0 {
		return text.Errorf(text.Invalid, "没有选择文件，也没有粘贴内容；请选一个",
			"no file was chosen and nothing was pasted; give one of them")
	}
	return nil
}

// readSheetPart reads one part of the form.
func (v *visit) readSheetPart(u *sheetUpload, part *multipart.Part) error {
	name := part.FormName()
	switch name {
	case fileField:
		content := bufio.NewReaderSize(part, 4096)
		if head, err := content.Peek(1); part.FileName() == "" && len(head) == 0 && err == io.EOF {
			return nil // no file was chosen
		}
		return addSheet(u.job, part.FileName(), content)
	case pasteField:
		content := bufio.NewReaderSize(part, 4096)
		if isBlankText(content) {
			return nil
		}
		return addSheet(u.job, "粘贴的内容.csv", content)
	}
	value, err := io.ReadAll(io.LimitReader(part, fieldChars*4))
	if err != nil {
		return err
	}
	typed := strings.TrimSpace(strings.ToValidUTF8(string(value), ""))
	switch name {
	case "actor":
		u.terms.Actor = typed
	case "role":
		u.terms.Role = typed
	case "mode":
		u.terms.Mode = typed
	case "doc":
		u.terms.Doc = typed
	case "again":
		u.again = typed != ""
	}
	return nil
}

// isBlankText skips the line breaks at the beginning and reports whether nothing follows.
func isBlankText(r *bufio.Reader) bool {
	for {
		c, _, err := r.ReadRune()
		if err != nil {
			return true
		}
		if !strings.ContainsRune("\r\n", c) {
			_ = r.UnreadRune() // it follows a ReadRune
			return false
		}
	}
}

// addSheet adds the one sheet of an import. A file that is no sheet is refused.
func addSheet(x *imports.Job, name string, content *bufio.Reader) error {
	if x.FileCount() > 0 {
		return text.Errorf(text.Invalid, "一次只导入一个文件或一段粘贴的内容，请分开导入",
			"import one file, or what was pasted, at a time")
	}
	head, err := content.Peek(content.Size())
	if err != nil && err != io.EOF {
		return err
	}
	what, err := sheets.Look(bytes.NewReader(head))
	switch {
	case err != nil:
		return err
	case what == sheets.JSONLines && len(bytes.TrimSpace(head)) == 0:
		return text.Errorf(text.Invalid, "文件是空的", "the file is empty")
	case what == sheets.JSONLines:
		return text.Errorf(text.Invalid, "不是表格：这里只收 XLSX、CSV 文件或从表格中复制的内容",
			"it is no sheet: give a file of XLSX or CSV, or cells that were copied from a spreadsheet")
	}
	// a browser may send the folders of a file too
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	return x.Add(name, content)
}

// importedRow is an import in a list.
type importedRow struct {
	imports.Progress
	Href, Marked, Begun, Name string
	Word                      text.Text
	Shape, Class              string
}

// importsView lists the imports of the account.
type importsView struct {
	*view
	Rows []importedRow
	New  string
}

// importList shows the imports of the account, the newest first.
func (v *visit) importList() error {
	page := &importsView{view: v.view(), New: v.link("/import")}
	all := v.p.Imports.Of(v.who.Account)
	for _, s := range all {
		row := v.importedRow(s)
		isSubmitted := func(of imports.Progress) bool { return of.From == s.ID && !of.DryRun }
		if s.DryRun && slices.ContainsFunc(all, isSubmitted) {
			row.Word, row.Shape, row.Class = text.Say("已提交", "submitted"), "✓", "good"
		}
		page.Rows = append(page.Rows, row)
	}
	v.show(http.StatusOK, "imports", page)
	return nil
}

func (v *visit) importedRow(s imports.Progress) importedRow {
	r := importedRow{Progress: s, Href: v.link("/imports/" + s.ID), Begun: s.Begun.In(events.Shanghai).Format(time.DateTime),
		Name: strings.Join(s.Files, "、")}
	if s.Marked {
		r.Marked = v.link("/imports/"+s.ID, "file", markedFile)
	}
	refused := s.Result != nil && s.Result.Refused > 0
	switch {
	case s.State == imports.Waiting:
		r.Word, r.Shape, r.Class = text.Say("等待", "waiting"), "●", "blue"
	case s.State == imports.Running && s.DryRun:
		r.Word, r.Shape, r.Class = text.Say("正在判断", "being judged"), "●", "blue"
	case s.State == imports.Running:
		r.Word, r.Shape, r.Class = text.Say("正在写入", "being written"), "●", "blue"
	case s.State == imports.Failed:
		r.Word, r.Shape, r.Class = text.Say("未能导入", "failed"), "▪", "red"
	case refused && s.DryRun:
		r.Word, r.Shape, r.Class = text.Say("有错误，尚未提交", "has mistakes, not submitted"), "▲", "yellow"
	case s.DryRun:
		r.Word, r.Shape, r.Class = text.Say("可以提交", "ready to submit"), "●", "blue"
	case refused && hasGoodBefore(&s):
		r.Word, r.Shape, r.Class = text.Say("部分此前已入账", "recorded in part before"), "▲", "yellow"
	case refused && s.Result.Accepted == 0:
		r.Word, r.Shape, r.Class = text.Say("有错误，没有写入", "has mistakes, nothing written"), "▪", "red"
	case refused:
		r.Word, r.Shape, r.Class = text.Say("部分入账", "recorded in part"), "▲", "yellow"
	case s.Result != nil && s.Result.Accepted == 0:
		r.Word, r.Shape, r.Class = text.Say("此前已入账", "recorded before"), "✓", "good"
	default:
		r.Word, r.Shape, r.Class = text.Say("已入账", "recorded"), "✓", "good"
	}
	return r
}

// hasGoodBefore reports whether the good records of an import were all recorded before.
func hasGoodBefore(s *imports.Progress) bool {
	return s.GoodOnly && s.Result.Accepted == 0 && s.Result.Repeated > 0
}

// ownImport returns the job in the address. That of another account is not found, and the access log has the attempt.
func (v *visit) ownImport() (*imports.Job, error) {
	x, err := v.p.Imports.Find(v.PathValue("id"), v.who.Account)
	if err != nil {
		v.p.Access.NoteDenied(v.who, access.Bring, v.URL.Path)
	}
	return x, err
}

// mendedName returns the name of the mended copy of a file.
func mendedName(name string) string {
	name = cmp.Or(strings.TrimSuffix(name, path.Ext(name)), "sheet")
	return strings.TrimSuffix(name, "（已改）") + "（已改）.xlsx"
}
