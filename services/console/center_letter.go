package console

import (
	"cmp"
	"net/http"
	"regexp"
	"strings"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
)

// letterView is one letter (函) about the open alerts of a center that one office must act on, in the order in which
// an office writes it: document number, title, addressee, matters, what is asked, attachment, sender and date. The
// document number, the term and the person to ask are blank, to be filled in by hand.
type letterView struct {
	*view
	Addressee string // the addressee
	About     string // the center with its id, or its id if the center is the addressee
	IsToIt    bool   // the center is the addressee
	IsOwn     bool   // the addressee is the office of the user, to which it writes no letter
	AsOf      string
	Matters   []letterMatter
	Basis     []ruleLine // the articles behind the matters, for the attachment
	Year      int
	From      string // the sender
	Date      string
}

// letterMatter is an alert as a letter has it. The letter says once which center it is about.
type letterMatter struct {
	Title, Since, Reason, Cleared string
	By                            string // who clears it, if that is not the addressee; else ""
}

// ruleLine is an article with its words.
type ruleLine struct{ Article, Words string }

// letter shows a letter about the open alerts of a center that one office must act on.
func (v *visit) letter() error {
	x, register, err := v.booksOf(v.query.Get("center"))
	if err != nil {
		return err
	}
	office, ok := desk.RoleWords().Read(v.query.Get("office"))
	if !ok {
		return desk.RoleWords().Reject(v.query.Get("office")).Of("office")
	}
	page := &letterView{view: v.view(), Addressee: v.in(events.Role(office).Title()), About: v.nameOf(x.Center),
		AsOf: v.full(v.on.String()), Year: v.on.Year(), From: v.in(v.sender()), Date: v.full(v.on.String()),
		IsOwn: events.Role(office) == v.who.Role.Ledger()}
	seen := map[ruleLine]bool{}
	for _, a := range x.Alerts {
		to := register.Office(x.Center, a.Code, v.on)
		if string(to.Role) != office || page.IsOwn {
			continue
		}
		page.address(v, x, register, to)
		for _, e := range register.Explain(x.Center, v.on, a.Code, a.Key, a.RaisedOn) {
			if e.Key == a.Key { // no key means those of all keys
				explained := desk.Explained(x.Center, &e)
				page.add(v, &explained, seen)
			}
		}
	}
	v.show(http.StatusOK, "letter", page)
	return nil
}

// address fills in the addressee by its name: the center itself, a department, or an office.
func (page *letterView) address(v *visit, x *desk.Center, register *projections.Register, to projections.Office) {
	page.Addressee = v.in(lists.OfficeWord(to))
	switch to.Role {
	case events.CenterRole:
		page.Addressee, page.About, page.IsToIt = cmp.Or(x.Facts.Name, string(x.Center)), string(x.Center), true
	case events.IndustryDept:
		if _, department, _ := register.Responsible(x.Center, v.on); department != "" {
			page.Addressee = v.in(departmentWord(department))
		}
	}
}

// sender returns the name of the office of the user.
func (v *visit) sender() text.Text {
	switch v.who.Role {
	case access.Center:
		id := events.CenterID(v.who.Center)
		return text.Same(cmp.Or(v.p.Answers.Desk.Ledger.Register().Facts(id, v.on).Name, v.who.Center))
	case access.IndustryDept:
		var zh, en []string
		for _, name := range v.who.Departments {
			word := departmentWord(name)
			zh, en = append(zh, word.Zh), append(en, word.En)
		}
		return text.Text{Zh: strings.Join(zh, "、"), En: strings.Join(en, ", ")}
	}
	office := projections.Office{Role: v.who.Role.Ledger()}
	if v.who.Region != "" {
		office.Region = (v.who.Region + "0000")[:6] // an account has the first digits of its division
	}
	return lists.OfficeWord(office)
}

// add adds an alert to the letter, and the articles behind it once.
func (page *letterView) add(v *visit, x *desk.Explanation, seen map[ruleLine]bool) {
	m := letterMatter{Title: v.in(x.Title), Cleared: strings.TrimRight(v.in(x.Cleared), "。.")}
	if about := v.in(x.About); about != "" {
		m.Title += v.say("（%s）", " (%s)", about)
	}
	m.Since = v.full(v.say("%s色预警，自 %s 起，已 %d 天", "%s alert since %s, for %d days",
		v.in(lists.SeverityWord(x.Severity)), x.RaisedOn, int(v.on-x.RaisedOn)))
	m.Reason = v.full(strings.TrimRight(v.in(x.Reason), "。."))
	m.By = v.in(otherClears(x))
	page.Matters = append(page.Matters, m)
	for _, r := range x.Rules {
		line := ruleLine{r.Article, r.Words}
		if r.Words != "" && r.Article != "–" && !seen[line] {
			seen[line] = true
			page.Basis = append(page.Basis, line)
		}
	}
}

// otherClears returns the offices that write the record which usually clears an alert, if the office that must act on
// the alert is not among them; else "".
func otherClears(x *desk.Explanation) text.Text {
	list := remediesOf(x.Code, x.Key)
	if len(list) == 0 {
		return text.Text{}
	}
	var zh, en []string
	for _, r := range list {
		if kind := events.Lookup(r.kind); kind.Allows(x.Office) {
			return text.Text{}
		}
	}
	for _, role := range events.Lookup(list[0].kind).Roles {
		zh, en = append(zh, role.Title().Zh), append(en, role.Title().En)
	}
	return text.Text{Zh: strings.Join(zh, "、"), En: strings.Join(en, ", ")}
}

// full returns a text in the language of the page, with its dates as a letter of that language has them.
func (v *visit) full(s string) string {
	if v.lang == "zh" {
		return fullDates(s)
	}
	return s
}

// maybeDate matches a word of ASCII, which may be a date, with a blank on either side.
var maybeDate = regexp.MustCompile(` ?[-\w]+ ?`)

// fullDates writes the dates in a Chinese text in full, as in 2026年11月30日, without blanks around them.
func fullDates(s string) string {
	return maybeDate.ReplaceAllStringFunc(s, func(word string) string {
		on, err := events.ParseDate(strings.TrimSpace(word))
		if err != nil {
			return word
		}
		return on.Chinese()
	})
}
