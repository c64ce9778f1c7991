package console

import (
	"strings"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/lists"
)

// programLine is a program that reads the alerts over NATS, in a table.
type programLine struct {
	access.NATSUser
	By                            text.Text
	Severities, Families, Centers text.Text
}

// programForm is the form for such a program.
type programForm struct {
	Name, Key, Families, Centers string
	Severities                   []option
}

// programs returns the programs that read the alerts over NATS.
func (v *visit) programs() (lines []programLine, err error) {
	list, err := v.p.Access.Desk(v.who).NATSUsers(v.Context())
	for i := range list {
		row := list[i].Row()
		of := func(i int) text.Text {
			if row[i].Shown != (text.Text{}) {
				return row[i].Shown
			}
			return text.Same(row[i].CSV())
		}
		lines = append(lines, programLine{list[i], access.AccountWord(list[i].AddedBy), of(2), of(3), of(4)})
	}
	return lines, err
}

// programForm returns the form as it was sent.
func (v *visit) programForm() programForm {
	f := v.PostForm
	form := programForm{Name: f.Get("name"), Key: f.Get("key"), Families: f.Get("families"), Centers: f.Get("centers")}
	for _, s := range lists.Severities {
		code := string(s.Code)
		form.Severities = append(form.Severities, option{code, v.in(s.Word), f.Has("severity-" + code)})
	}
	return form
}

// addProgram lets a program read the alerts. Adding an equal one changes nothing.
func (v *visit) addProgram(refused func(wrong, int) error) error {
	form := v.programForm()
	r := access.NewNATSUser{Name: strings.TrimSpace(form.Name), Key: strings.TrimSpace(form.Key)}
	r.Filter.Families = itemsOf(strings.ToUpper(form.Families))
	r.Filter.Centers = itemsOf(strings.ToUpper(form.Centers))
	for _, s := range form.Severities {
		if s.Chosen {
			r.Filter.Severities = append(r.Filter.Severities, s.Code)
		}
	}
	if _, err := v.p.Access.Desk(v.who).AddNATSUser(v.Context(), r); err != nil {
		return v.refusedAct(err, "program", refused)
	}
	return v.seeOther(v.here("notice", noticeDone))
}

// itemsOf returns the items of a list that people typed, with blanks or commas between.
func itemsOf(typed string) []string {
	return strings.FieldsFunc(typed, func(r rune) bool { return strings.ContainsRune(" ,;，、；\t\r\n", r) })
}

func (v *visit) revokeProgram(refused func(wrong, int) error) error {
	if _, err := v.p.Access.Desk(v.who).RevokeNATSUser(v.Context(), v.PostForm.Get("revokeProgram")); err != nil {
		return v.refusedAct(err, "program", refused)
	}
	return v.seeOther(v.here("notice", noticeDone))
}
