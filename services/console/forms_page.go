package console

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
)

// The page of a kind of record: /record/KIND. It acts for one center or, with several in the parameter center, for
// each of them under the same document number. Each form that is shown carries an id, from which the ids of its
// records follow, and the position of the ledger at which it was made. So a form that is sent again is a repeat, and
// a form that was filled in while another wrote to the center shows that record first. Parameters of the address fill
// in fields by their names; NAME@CENTER is the value of a field for one of several centers.

// recordKindsView lists the kinds that the user may record, by area.
type recordKindsView struct {
	*view
	Areas []recordArea
}

// recordArea is an area of work with its kinds of records.
type recordArea struct {
	ID    string
	Title text.Text
	Kinds []recordKindLink
}

// recordKindLink is the link to the form of a kind, with what the kind is for.
type recordKindLink struct {
	Title, About text.Text
	Href         string
}

// recordView is the form of a record, with the answer to it.
type recordView struct {
	*view
	Kind      *events.CatalogEntry
	Form      *recordForm
	Action    string
	ID        string // of the form
	Seen      uint64 // the position of the ledger at which the form was made
	Centers   []string
	Judged    []*judgedRecord
	Grades    *gradesTried  // of a dry run of grades
	Unread    []unreadField // if there is one, nothing was judged
	IsSeveral bool
}

// formPlace is the place of a field of a form in words, with the id of what has the focus there; "" for none.
type formPlace struct {
	At    string
	Words text.Text
}

// unreadField is a field that is empty or cannot be read.
type unreadField struct {
	formPlace
	Why text.Text
}

// recordFormBytesMax is the largest size of the form of a record.
const recordFormBytesMax = 1 << 20

// evidenceField is the name of the list of evidence in the form of a record.
const evidenceField = "evidence"

// maxCenters is the largest number of centers of one form.
const maxCenters = 100

// mayRecordKind reports whether the user may write records of the kind.
func (v *visit) mayRecordKind(kind *events.CatalogEntry) bool {
	return kind.Stream == "" && (kind.Allows(v.who.Role.Ledger()) || v.who.MayRecord)
}

// recordKinds lists the kinds of records that the user may write.
func (v *visit) recordKinds() error {
	page := &recordKindsView{view: v.view()}
	for _, area := range events.Areas {
		shown := recordArea{ID: string(area.Code), Title: area.Word}
		for i := range events.Catalog {
			if kind := &events.Catalog[i]; kind.Area == area.Code && v.mayRecordKind(kind) {
				shown.Kinds = append(shown.Kinds, recordKindLink{kind.Title, kind.About,
					v.link("/record/"+string(kind.Kind), "center", v.param("center"))})
			}
		}
		if len(shown.Kinds) > 0 {
			page.Areas = append(page.Areas, shown)
		}
	}
	v.show(http.StatusOK, "record_kinds", page)
	return nil
}

// recordKind returns the kind that the address names, or nil if the user may not write it.
func (v *visit) recordKind() *events.CatalogEntry {
	kind := events.Lookup(events.Kind(desk.TypedKind(v.PathValue("kind"))))
	if kind == nil || !v.mayRecordKind(kind) {
		return nil
	}
	return kind
}

// recordForm shows an empty form, with the fields that the address names filled in. With copy, the id of a record of
// the center, the form is filled in as that record is.
func (v *visit) recordForm() error {
	kind := v.recordKind()
	if kind == nil {
		return v.nothing()
	}
	if v.notice == noticeBack {
		return v.refilledRecord(kind)
	}
	in := v.URL.Query()
	if in.Has(tickedParam) && len(centersIn(in)) == 0 {
		v.notice = noticeNotTicked
	}
	if id := in.Get("copy"); id != "" {
		copied, err := v.copyOf(kind, in.Get("center"), id)
		if err != nil {
			return err
		}
		for name, values := range copied {
			if !in.Has(name) {
				in[name] = values
			}
		}
	}
	if !in.Has("on") {
		in.Set("on", events.DateAt(v.p.Answers.Now()).String())
	}
	page, err := v.newRecordView(kind, in, uuid.New(), v.desk.Position())
	if err != nil {
		return err
	}
	return v.showRecord(http.StatusOK, page)
}

// refilledRecord shows the form that was kept, with its id, so that a record that was written after all is not written
// twice.
func (v *visit) refilledRecord(kind *events.CatalogEntry) error {
	page, err := v.sentRecord(kind)
	if err != nil {
		return err
	}
	return v.showRecord(http.StatusOK, page)
}

// sentRecord returns the page of the form that was sent.
func (v *visit) sentRecord(kind *events.CatalogEntry) (*recordView, error) {
	id, err := uuid.Parse(v.PostForm.Get("record"))
	if err != nil {
		return nil, errForm
	}
	seen, err := strconv.ParseUint(v.PostForm.Get("seen"), 10, 64)
	if err != nil {
		return nil, errForm
	}
	return v.newRecordView(kind, v.PostForm, id, seen)
}

// copyOf returns the values of the form that writes a record of the kind like one of a center.
func (v *visit) copyOf(kind *events.CatalogEntry, center, id string) (url.Values, error) {
	entry, err := v.desk.Entry(v.Context(), center, id)
	if err != nil {
		return nil, err
	}
	d, err := draftOf(entry.Record)
	if err != nil || d.Kind != string(kind.Kind) {
		return nil, text.Errorf(text.NotFound, "这条记录不是“%s”", "the record is not of the kind %q",
			kind.Title)
	}
	d.Mode, d.By, d.Evidence = "", desk.DraftBy{}, nil
	words, err := v.policyWords()
	if err != nil {
		return nil, err
	}
	return formOf(kind, words, false).valuesOf(d)
}

// policyWords returns the policy whose words are used today.
func (v *visit) policyWords() (desk.Policy, error) {
	policies, err := v.desk.Policies(v.Context(), desk.When{})
	if err != nil || policies.Reading == nil {
		return desk.BuiltinPolicy(), err
	}
	return *policies.Reading, nil
}

// newRecordView returns the page of a form with values.
func (v *visit) newRecordView(kind *events.CatalogEntry, in url.Values, id uuid.UUID, seen uint64) (*recordView,
	error) {
	words, err := v.policyWords()
	if err != nil {
		return nil, err
	}
	page := &recordView{view: v.view(), Kind: kind, ID: id.String(), Seen: seen,
		Action: v.link("/record/" + string(kind.Kind)), Centers: centersIn(in)}
	if v.who.Center != "" && len(page.Centers) == 0 {
		page.Centers = []string{v.who.Center}
	}
	if len(page.Centers) > maxCenters {
		return nil, text.Errorf(text.Invalid, "一次至多 %d 个中心，此处有 %d 个",
			"at most %d centers at a time, and there are %d", maxCenters, len(page.Centers))
	}
	page.IsSeveral = len(page.Centers) > 1
	in = withCenter(in, strings.Join(page.Centers, "、"))
	page.Form = formOf(kind, words, v.who.MayRecord).fill(in)
	if page.IsSeveral {
		page.Form.split(page.Centers, in)
	}
	return page, nil
}

// split gives a field to each center where at least one of several centers has its own value for that field.
func (f *recordForm) split(centers []string, in url.Values) {
	for _, field := range f.Data {
		isOwn := func(center string) bool { return in.Has(field.Name + "@" + center) }
		if field.Sort == groupField || field.Sort == rowsField || !slices.ContainsFunc(centers, isOwn) {
			continue
		}
		for _, center := range centers {
			own := *field
			own.Name, own.Of, own.Hint, own.Each = field.Name+"@"+center, center, text.Text{}, nil
			own.Values = field.typed(withCenter(in, center)[field.Name])
			field.Each = append(field.Each, &own)
		}
	}
}

// ownValue is the value of a field of one of several centers.
type ownValue struct{ Label, Value text.Text }

// ownValues returns the values that the i-th of several centers does not share with the others.
func (f *recordForm) ownValues(i int) (own []ownValue) {
	for _, field := range f.Data {
		if field.Each == nil {
			continue
		}
		one := field.Each[i]
		value := text.Same(one.Value())
		if one.Options.Has(one.Code()) {
			value = one.Options.Word(one.Code())
		}
		own = append(own, ownValue{field.Label, value})
	}
	return own
}

// centersIn returns the centers of a form, each once.
func centersIn(in url.Values) (centers []string) {
	for _, typed := range in["center"] {
		isBetween := func(r rune) bool { return strings.ContainsRune(",，、 \n", r) }
		for id := range strings.FieldsFuncSeq(typed, isBetween) {
			if id = desk.ParseCenter(id); !slices.Contains(centers, id) {
				centers = append(centers, id)
			}
		}
	}
	return centers
}

// withCenter returns the values with another center, and with the values that are for that center alone.
func withCenter(in url.Values, center string) url.Values {
	own := url.Values{}
	for name, values := range in {
		own[name] = values
	}
	own.Set("center", center)
	for name, values := range in {
		if member, of, ok := strings.Cut(name, "@"); ok && of == center {
			own[member] = values
		}
	}
	return own
}

// showRecord shows the form, with a blank row at the end of each list and the names that its center has.
func (v *visit) showRecord(status int, page *recordView) error {
	for _, fields := range [][]*formField{page.Form.Frame, page.Form.Data} {
		for _, f := range fields {
			if f.Sort == rowsField && len(f.Rows) < events.ListMax {
				f.Rows = append(f.Rows, fillAll(f.Members, "", indexed(f.Name, len(f.Rows)), nil))
			}
		}
	}
	if len(page.Centers) == 1 {
		if err := v.offer(page.Form, page.Centers[0]); err != nil {
			return err
		}
	}
	v.show(status, "record_form", page)
	return nil
}

// The acts of the form.
const (
	tryRecord   = "try"
	writeRecord = "write"
	addRow      = "add"
)

// recordPost judges the records of a form, and writes them if that is the act.
func (v *visit) recordPost() error {
	kind := v.recordKind()
	if kind == nil {
		return v.nothing()
	}
	page, err := v.sentRecord(kind)
	if err != nil {
		return err
	}
	act := v.PostForm.Get("do")
	if why := v.unreadFile(); why != nil {
		page.Form.note(evidenceField, why.What)
		page.addUnread(page.Form, []*text.Error{why})
		return v.showRecord(http.StatusUnprocessableEntity, page)
	}
	if act == addRow {
		return v.showRecord(http.StatusOK, page)
	}
	drafts := v.drafts(page)
	status := http.StatusOK
	if len(page.Unread) > 0 {
		if act == writeRecord {
			status = http.StatusUnprocessableEntity
		}
		return v.showRecord(status, page)
	}
	for i := range drafts {
		j, err := v.judge(&drafts[i], page.Seen, act == writeRecord)
		if err != nil {
			return err
		}
		page.Judged = append(page.Judged, j)
		j.Own = page.Form.ownValues(i)
		j.Places = map[string]formPlace{}
		for i := range j.Reasons {
			why := &j.Reasons[i]
			why.Reason = page.Form.inWords(*why)
			j.Places[why.Field] = page.Form.note(why.Field, why.Reason)
		}
		if act == writeRecord && status == http.StatusOK {
			status = j.status()
		}
	}
	if act == tryRecord && isGrade(kind.Kind) {
		if page.Grades, err = v.triedGrades(drafts, page.Judged); err != nil {
			return err
		}
	}
	if one := page.Judged[0]; !page.IsSeveral && one.Written != "" {
		return v.seeOther(v.link("/centers/"+one.Center+"/records/"+one.ID, "notice", one.Written))
	}
	if page.Judged[0].There != nil { // the id belongs to another record, so the form gets a new one
		page.ID = uuid.NewString()
	}
	if act == writeRecord && status == http.StatusPreconditionFailed {
		page.Seen = v.desk.Position()
	}
	return v.showRecord(status, page)
}

// unreadFile returns why a file of evidence that was chosen is not hashed, or nil.
func (v *visit) unreadFile() *text.Error {
	if v.filesWrong != nil {
		return (&text.Error{Code: text.Invalid, What: whatOf(v.filesWrong)}).Of(evidenceField)
	}
	for name, values := range v.PostForm {
		if strings.HasSuffix(name, fileSuffix) && values[0] != "" { // the button sends no files, only their names
			what := text.Say("已选文件“%s”，还没有计算校验值，没有写入；请重新选择文件并按“试算”",
				"the file %s was chosen and is not hashed, and nothing was written; choose it again and press Try",
				text.Clip(values[0], fileNameMax))
			return (&text.Error{Code: text.Invalid, What: what}).Of(evidenceField)
		}
	}
	return nil
}

// drafts returns the draft for each center of a form. Fields that cannot be read show it.
func (v *visit) drafts(page *recordView) []desk.Draft {
	if len(page.Centers) == 0 {
		_, wrong := page.Form.draft()
		page.addUnread(page.Form, wrong)
		return nil
	}
	base := uuid.MustParse(page.ID)
	list := make([]desk.Draft, len(page.Centers))
	in := v.PostForm
	for i, center := range page.Centers {
		form := page.Form
		if page.IsSeveral {
			form = page.Form.fill(withCenter(in, center))
		} else {
			form.field("center").Values = []string{center}
		}
		d, wrong := form.draft()
		page.addUnread(form, wrong)
		for _, w := range wrong {
			if form != page.Form {
				if f := page.Form.field(w.Param); f != nil {
					f.Wrong = []text.Text{w.What}
				}
			}
		}
		d.ID = base.String()
		if page.IsSeveral {
			d.ID = uuid.NewSHA1(base, []byte(center)).String()
		}
		list[i] = d
	}
	return list
}

// addUnread adds the errors of fields of a form to the page, each once: the forms of several centers share most of
// their values.
func (page *recordView) addUnread(form *recordForm, wrong []*text.Error) {
	for _, w := range wrong {
		u := unreadField{form.place(w.Param), w.What}
		if !slices.Contains(page.Unread, u) {
			page.Unread = append(page.Unread, u)
		}
	}
}
