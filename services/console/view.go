package console

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/lists"
)

//go:embed pages
var files embed.FS

// view holds the values that every page has.
type view struct {
	of      *visit
	Switch  string // the address of the page in the other language; "" for none
	Account string // the account that is signed in; "" for none
	Notice  string
	Wrong   wrong
	isAlone bool // the page has one task: its first field has the focus

	// of a page of a user who is signed in
	Menu   []menuItem
	Bar    *bar // nil for a page without a date
	Search bool // the user may search
}

// base gives access to the view that is embedded in a page.
func (v *view) base() *view { return v }

// To returns the address of another page.
func (v *view) To(path string) string { return v.of.to(path) }

// wrong is an error of a form that was sent, with its place: the id of a field or the name of a form.
type wrong struct{ At, Text string }

// view returns the view of a page for a user who is not signed in.
func (v *visit) view() *view {
	if v.desk != nil {
		return v.frame()
	}
	other := "en"
	if v.lang == "en" {
		other = "zh"
	}
	path := home
	switch {
	case strings.HasPrefix(v.URL.Path, "/login"):
		path = "/login"
	case strings.HasPrefix(v.URL.Path, "/problems/"):
		path = v.URL.EscapedPath()
	}
	return &view{of: v, Switch: v.address(other, path), Notice: notices[v.URL.Query().Get("notice")].In(v.lang)}
}

// frame returns the view of a page for the user who is signed in.
func (v *visit) frame() *view {
	other := "en"
	if v.lang == "en" {
		other = "zh"
	}
	base := &view{of: v, Account: v.who.Account, Menu: v.menu(), Search: v.p.screenAt("/search", v.who.Role) != nil,
		Notice: notices[cmp.Or(v.notice, v.query.Get("notice"))].In(v.lang)}
	if v.Method == http.MethodGet {
		base.Switch = v.here("lang", other)
	}
	if v.screen != nil && v.screen.state {
		base.Bar = v.bar()
	}
	return base
}

// Carry returns the address of another page in the state of this one.
func (v *view) Carry(path string) string { return v.of.carry(path) }

// Carried returns the state of the page, for a form that leads to another one.
func (v *view) Carried() (list []hidden) {
	state := v.of.state()
	for _, name := range sortedNames(state) {
		list = append(list, hidden{name, state.Get(name)})
	}
	return list
}

// Here returns the address of this page with some parameters changed.
func (v *view) Here(params ...string) string { return v.of.here(params...) }

// These hold the values of single pages, beside those of every page.
type (
	loginView struct {
		*view
		Name         string // as the user typed it
		SingleSignOn bool
	}
	messageView struct {
		*view
		Title, Message string
	}
	unlinkedView struct {
		*view
		Identity access.Identity // in a printable form
		Command  bool            // the command can be copied as it is shown
		Issuer   string          // quoted for a shell
		Subject  string
	}
	factorView struct {
		*view
		QR     template.URL
		QRSide int    // in pixels
		Key    string // in groups of four
	}
	recoveryView struct {
		*view
		Codes  []string
		Onward string
	}
	helpView struct {
		*view
		Pages []menuItem
	}
	meView struct {
		*view
		Me     *access.Me
		Role   text.Text
		Scope  scope
		Rights []text.Text
		Homes  []option
	}
)

func newUnlinked(base *view, id access.Identity) *unlinkedView {
	seen := access.Identity{Issuer: text.Printable(id.Issuer), Subject: text.Printable(id.Subject)}
	base.Switch = "" // the return from the issuer cannot be repeated
	return &unlinkedView{base, seen, seen == id && strings.TrimSpace(id.Subject) == id.Subject, shellWord(id.Issuer),
		shellWord(id.Subject)}
}

func newFactor(base *view, made *access.NewFactor) (*factorView, error) {
	png, side, err := qrPNG(made.URL)
	if err != nil {
		return nil, err
	}
	return &factorView{base, template.URL("data:image/png;base64," + png), side, grouped(made.Secret)}, nil
}

func newMe(base *view, me *access.Me) *meView {
	return &meView{base, me, me.Role.Title(), scopeOf(&me.Binding), rightsOf(me), nil}
}

// templates returns the templates of the pages, by language and name. New calls it first: no command waits for the
// parsing of pages that it does not show.
var templates = sync.OnceValue(func() map[string]map[string]*template.Template {
	return map[string]map[string]*template.Template{"zh": parse("zh"), "en": parse("en")}
})

func parse(lang string) map[string]*template.Template {
	pick := func(zh, en string, args ...any) string { return text.Say(zh, en, args...).In(lang) }
	frame := template.Must(template.New("frame").Funcs(template.FuncMap{
		"say": pick, "in": func(t text.Text) string { return t.In(lang) },
		"at": at, "field": newField, "style": func() string { return assets[0].path }, "module": func() string { return assets[1].path },
		"instant": shownInstant, "person": access.AccountWord, "upload": newUploadForm,
		"rule": lists.RuleWord, "quote": lists.RuleQuote, "article": lists.ArticleWord,
		"figure":     lists.ShowFigure,
		"evidenceMB": func() int { return evidenceBytesMax >> 20 },
		"seen":       text.Printable}).ParseFS(files, "pages/frame.html", "pages/forms.html"))
	pages := map[string]*template.Template{}
	names, err := files.ReadDir("pages")
	if err != nil {
		panic(err) // cannot happen: they are embedded
	}
	for _, file := range names {
		if name, isPage := strings.CutSuffix(file.Name(), ".html"); isPage && name != "frame" && name != "forms" {
			pages[name] = template.Must(template.Must(frame.Clone()).ParseFS(files, "pages/"+file.Name()))
		}
	}
	return pages
}

// show answers with a page.
func (v *visit) show(status int, page string, of any) {
	var body bytes.Buffer
	if err := templates()[v.lang][page].ExecuteTemplate(&body, "frame", of); err != nil {
		panic(fmt.Errorf("console: page %s: %w", page, err)) // a defect of the template; tests show every page
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", v.lang)
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	v.w.WriteHeader(status)
	_, _ = v.w.Write(body.Bytes()) // the browser may have closed the connection
}

// at returns the error of a form of a page, if the page has one.
func at(page interface{ base() *view }, form string) wrong {
	if w := page.base().Wrong; w.At == form {
		return w
	}
	return wrong{}
}

// field is one input of a form, with its label and its error.
type field struct {
	ID, Name, Label, Type, Complete, Mode, Max, Value, Hint, Wrong, Described string
	Focus, Fixed                                                              bool
}

// newField returns a field of a page. attributes holds names and values in turn.
func newField(page interface{ base() *view }, attributes ...any) (*field, error) {
	f, base := &field{Type: "text", Max: "100"}, page.base()
	texts := map[string]*string{"id": &f.ID, "name": &f.Name, "label": &f.Label, "type": &f.Type,
		"complete": &f.Complete, "mode": &f.Mode, "max": &f.Max, "value": &f.Value, "hint": &f.Hint,
		"described": &f.Described}
	for i := 0; i+1 < len(attributes); i += 2 {
		name, value := fmt.Sprint(attributes[i]), attributes[i+1]
		switch into := texts[name]; {
		case into != nil:
			*into = fmt.Sprint(value)
		case name == "first": // for a page with one task
			f.Focus = f.Focus || base.isAlone && base.Wrong.Text == ""
		case name == "form": // when a form is wrong as a whole: the first field to correct
			f.Focus = f.Focus || base.Wrong.At == value
		case name == "fixed":
			f.Fixed = true
		default:
			return nil, fmt.Errorf("console: a field has no %s", name)
		}
	}
	if f.ID == "" {
		f.ID = f.Name
	}
	f.Wrong = at(page, f.ID).Text
	f.Focus = f.Focus || f.Wrong != ""
	described := strings.Fields(f.Described)
	if f.Hint != "" {
		described = append(described, f.ID+"-hint")
	}
	if f.Wrong != "" {
		described = append(described, f.ID+"-wrong")
	}
	f.Described = strings.Join(described, " ")
	return f, nil
}

// shownInstant returns an RFC 3339 instant in a form for people, in the ledger's time zone.
func shownInstant(s string) (string, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	return t.In(events.Shanghai).Format("2006-01-02 15:04"), err
}
