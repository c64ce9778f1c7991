package console

import (
	"cmp"
	"net/url"
	"strconv"
	"strings"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/table"
)

// The address of a page is its whole state: the date (asOf), the point as known at which it answers (knownAt), the
// unit, the language, and what the page itself asks for. Links carry the first four on.

// readState reads the state of the address.
func (v *visit) readState() (err error) {
	now := v.p.Answers.Now()
	v.query = v.URL.Query()
	for name, values := range v.query {
		if len(values) > 1 && !(v.screen != nil && v.screen.repeats) || len(values[0]) > valueBytesMax {
			return text.Errorf(text.Invalid, "参数 %s 重复或过长", "the parameter %s is repeated or too long",
				text.Printable(name[:min(len(name), 40)]))
		}
	}
	v.unit = table.Yuan
	if unit := v.query.Get("unit"); unit != "" {
		code, ok := table.Units.Read(unit)
		if !ok {
			return table.Units.Reject(unit)
		}
		v.unit = code
	}
	v.on = events.DateAt(now)
	if v.screen != nil && !v.screen.state {
		return nil
	}
	asked := desk.When{AsOf: v.query.Get("asOf"), KnownAt: strings.TrimSpace(v.query.Get("knownAt"))}
	if v.when, err = asked.Read(now); err != nil {
		v.when = desk.When{}
		return err
	}
	if v.when.AsOf == "" {
		// fixed once, so that all parts of the page have the same date even around midnight
		v.when.AsOf = v.on.String()
		return nil
	}
	v.on, err = events.ParseDate(v.when.AsOf)
	return err
}

// valueBytesMax is the largest length of one value of an address.
const valueBytesMax = 1000

// isPast reports whether the page is not of today and of all that is known now.
func (v *visit) isPast() bool {
	return v.on != events.DateAt(v.p.Answers.Now()) || v.when.KnownAt != ""
}

// state returns the part of the address that links carry on.
func (v *visit) state() url.Values {
	carried := url.Values{}
	if v.on != events.DateAt(v.p.Answers.Now()) {
		carried.Set("asOf", v.on.String())
	}
	if v.when.KnownAt != "" {
		carried.Set("knownAt", v.when.KnownAt)
	}
	if v.unit == table.TenThousands {
		carried.Set("unit", string(v.unit))
	}
	if v.kept != "" {
		carried.Set("lang", v.kept)
	}
	return carried
}

// carry returns an address with the state of this page.
func (v *visit) carry(path string) string { return v.link(path) }

// link returns the address of another page in the state of this one, with parameters: names and values in turn. A
// parameter of the state replaces that of this page; an empty value leaves a parameter out.
func (v *visit) link(path string, params ...string) string {
	query := v.state()
	for i := 0; i+1 < len(params); i += 2 {
		if params[i+1] == "" {
			query.Del(params[i])
		} else {
			query.Set(params[i], params[i+1])
		}
	}
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

// here returns the address of this page with some parameters changed, as link does. The language stays, and so do all
// values of a parameter that is given more than once.
func (v *visit) here(params ...string) string {
	query := url.Values{}
	for name, values := range v.query {
		for _, value := range values {
			if value != "" {
				query.Add(name, value)
			}
		}
	}
	for i := 0; i+1 < len(params); i += 2 {
		if params[i+1] == "" {
			query.Del(params[i])
		} else {
			query.Set(params[i], params[i+1])
		}
	}
	if len(query) == 0 {
		return v.URL.EscapedPath()
	}
	return v.URL.EscapedPath() + "?" + query.Encode()
}

// param returns a parameter of the address, or of the form that was sent.
func (v *visit) param(name string) string {
	if v.PostForm.Has(name) {
		return v.PostForm.Get(name)
	}
	return v.query.Get(name)
}

// say returns the text of a page in its language.
func (v *visit) say(zh, en string, args ...any) string { return text.Say(zh, en, args...).In(v.lang) }

// in returns a text in the language of the page.
func (v *visit) in(t text.Text) string { return t.In(v.lang) }

// amount returns an amount of money in the unit of the page.
func (v *visit) amount(fen events.Fen) string { return v.unit.Format(fen) }

// bar is the second bar of a page: the state of the address, and how to change it.
type bar struct {
	Action   string
	Hidden   []hidden // what else the page asks for
	AsOf     string
	KnownAt  string // "" for now
	Units    []choice
	IsPast   bool
	IsAhead  bool   // the date is to come
	Now      string // the address of the page as of today, as known now
	Again    string // the address of the page
	of       *visit
	position uint64 // of the ledger
}

// Position returns the position of the ledger that the page shows.
func (b *bar) Position() uint64 { return cmp.Or(b.of.shownAt, b.position) }

// hidden is a parameter that a form carries on.
type hidden struct{ Name, Value string }

// choice is one of several addresses of a page.
type choice struct {
	Title text.Text
	Href  string
	Here  bool
}

// bar returns the second bar of the page.
func (v *visit) bar() *bar {
	b := &bar{Action: v.URL.EscapedPath(), AsOf: v.on.String(), KnownAt: v.when.KnownAt, IsPast: v.isPast(),
		Now: v.here("asOf", "", "knownAt", "", "page", ""), Again: v.here(), of: v, position: v.desk.Position()}
	b.IsAhead = v.on > events.DateAt(v.p.Answers.Now())
	b.Hidden = v.hidden("asOf", "knownAt", "page")
	for i := range table.Units {
		unit := table.Units[i]
		code := string(unit.Code)
		if unit.Code == table.Yuan {
			code = ""
		}
		b.Units = append(b.Units, choice{unit.Word, v.here("unit", code), v.unit == unit.Code})
	}
	return b
}

// hidden returns the parameters of the address, without some, for a form that asks again.
func (v *visit) hidden(without ...string) (list []hidden) {
	query := url.Values{}
	for name, values := range v.query {
		query[name] = values
	}
	for _, name := range without {
		query.Del(name)
	}
	for _, name := range sortedNames(query) {
		if value := query.Get(name); value != "" {
			list = append(list, hidden{name, value})
		}
	}
	return list
}

// position answers with the position of the ledger, for the notice that there are new records. It does not count as
// a use of the session.
func (v *visit) position() error {
	v.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = v.w.Write(strconv.AppendUint(nil, v.desk.Position(), 10)) // the browser may have closed the connection
	return nil
}
