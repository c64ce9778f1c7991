package console

import (
	"cmp"
	"html/template"
	"net/http"
	"strings"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
)

// alertView is the page that explains an alert.
type alertView struct {
	*view
	Alert      desk.Explanation
	CenterHref string // "" for an alert of the policies
	Severity   template.HTML
	Sentence   string
	Figures    []labelled
	Because    []causeLine
	All        string // the address of the rest of Because; "" if all are listed
	ClearedBy  *causeLine
	Acts       []choice // the forms of the records that clear it and that the user may write
	Paragraph  string   // to copy into a letter
}

// causeLine is a record from which an alert follows, or that cleared it.
type causeLine struct{ On, Word, Doc, By, Href string }

// becauseMax is how many records are listed: a rate follows from every voucher of a year.
const becauseMax = 200

// alertPage explains an alert: what happened, against which rule, from which records, and what clears it.
func (v *visit) alertPage() error {
	name := desk.AlertName{Center: v.PathValue("id"), Code: v.PathValue("code"), RaisedOn: v.PathValue("raisedOn")}
	if name.Center == "-" {
		name.Center = ""
	}
	notThere := text.Errorf(text.NotFound, "没有这样的预警", "there is no such alert")
	key, ok := desk.ParseKeyToken(v.PathValue("key"))
	if _, err := events.ParseDate(name.RaisedOn); err != nil || !ok {
		return notThere
	}
	name.Key = key
	list, err := v.explained(name)
	if err != nil {
		return err
	}
	for i := range list { // those of all keys for a name without a key
		if list[i].Key == name.Key {
			v.show(http.StatusOK, "alert", v.newAlertView(&list[i]))
			return nil
		}
	}
	return notThere
}

// explained returns the explanations of the alerts with a name.
func (v *visit) explained(name desk.AlertName) ([]desk.Explanation, error) {
	end, err := v.p.Answers.Turn(v.Context(), v.when, events.ParseCenter(name.Center), false)
	if err != nil {
		return nil, err
	}
	defer end()
	return v.desk.Explain(v.Context(), v.when, name)
}

func (v *visit) newAlertView(x *desk.Explanation) *alertView {
	page := &alertView{view: v.view(), Alert: *x, Sentence: v.alertSentence(x), Paragraph: v.paragraph(x),
		Severity: template.HTML(appendSeverity(nil, string(x.Severity), v.in(lists.SeverityWord(x.Severity))))}
	if x.Center != "" {
		page.CenterHref = v.centerPath(x.Center)
	}
	for _, f := range x.Figures {
		page.Figures = append(page.Figures, labelled{Label: v.in(f.Label), Value: v.in(f.Shown)})
	}
	for i := range x.Because {
		if i == becauseMax {
			page.All = v.link("/find", "center", string(x.Center))
			break
		}
		page.Because = append(page.Because, *v.causeLine(x.Center, &x.Because[i]))
	}
	if x.ClearedBy != nil {
		page.ClearedBy = v.causeLine(x.Center, x.ClearedBy)
	}
	if x.ClearedOn.IsNone() && x.Center != "" && !v.isPast() {
		page.Acts = v.acts(x)
	}
	return page
}

// acts returns the links to the forms of the records that clear an open alert, as far as the user may write them.
func (v *visit) acts(x *desk.Explanation) (links []choice) {
	for _, r := range remediesOf(x.Code, x.Key) {
		if r.isBy(v.who.Role) {
			links = append(links, choice{Title: r.kind.Title(),
				Href: v.link("/record/"+string(r.kind), r.params(string(x.Center), x.Code, x.Key)...)})
		}
	}
	return links
}

// causeLine returns a record of a center in words.
func (v *visit) causeLine(center events.CenterID, c *desk.Cause) *causeLine {
	line := &causeLine{On: c.On.String(), Word: v.in(c.Kind.Title()), Doc: c.Doc,
		By: strings.TrimSpace(v.in(c.By.Role.Title()) + " " + c.By.Actor)}
	if center != "" {
		line.Href = v.recordPath(string(center), c.ID.String())
	}
	return line
}

// nameOf returns the name of a center with its id; the policies for "".
func (v *visit) nameOf(center events.CenterID) string {
	if center == "" {
		return v.say("办法参数", "The policies")
	}
	name := v.p.Answers.Desk.Ledger.Register().Facts(center, v.on).Name
	return v.say("%s（%s）", "%s (%s)", cmp.Or(name, string(center)), center)
}

// alertSentence says in a sentence who is concerned, since when, by which alert, and what happened.
func (v *visit) alertSentence(x *desk.Explanation) string {
	severity, title, about := v.in(lists.SeverityWord(x.Severity)), v.in(x.Title), v.in(x.About)
	said := v.say("%s自 %s 起有%s色预警“%s”", "%[1]s has the %[3]s alert “%[4]s” since %[2]s",
		v.nameOf(x.Center), x.RaisedOn, severity, title)
	if about != "" {
		said += v.say("（%s）", " (%s)", about)
	}
	if reason := v.in(x.Reason); reason != "" {
		said += v.say("：", ": ") + reason
	}
	return strings.TrimRight(said, "。.") + v.say("。", ".")
}

// paragraph returns what a letter says about an alert: what happened, on which basis, and what is asked.
func (v *visit) paragraph(x *desk.Explanation) string {
	said := v.say("经查，", "") + v.full(v.alertSentence(x))
	for _, r := range x.Rules {
		if r.Words != "" && r.Article != "–" {
			said += v.say("依据管理办法第%s条：“%s”。", " The basis is article %s: “%s”.", r.Article,
				strings.TrimRight(r.Words, "。；"))
			break
		}
	}
	cleared := strings.TrimRight(v.in(x.Cleared), "。.")
	switch by := v.in(otherClears(x)); {
	case !x.ClearedOn.IsNone():
		return said + v.full(v.say("该预警已于 %s 解除。", " It was cleared on %s.", x.ClearedOn))
	case by != "":
		return said + v.say("请%s说明情况并予配合。该预警由%s办理解除，解除条件：%s。",
			" %s is asked to explain, and to assist. It is cleared by: %s. What clears it: %s.", v.in(x.Who), by,
			cleared)
	}
	return said + v.say("请%s抓紧办理。解除条件：%s。", " %s is asked to act. What clears it: %s.", v.in(x.Who),
		cleared)
}
