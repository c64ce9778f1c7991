package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/lists"
)

// screen is a page of a user who is signed in. Whoever has none of its roles gets 404, as for a page that does not
// exist, and finds it in no menu.
type screen struct {
	path  string // in the form of http.ServeMux
	title text.Text
	roles []access.Role
	state bool // it answers as of a date, as known at a point and in a unit
	// of a page with a state, its other parameters: the conditions on what it shows
	params []string
	// a page sends the request by itself, so it does not count as a use of the session
	unattended bool
	get        func(*visit) error
	post       func(*visit) error // nil if the page takes no form
	bytes      int64              // the largest size of a form without files; 0 for formBytesMax
	filesBytes int64              // the largest size of a form with files; 0 if the page takes none
	hashes     bool               // files are only hashed: hashFiles reads the form
	repeats    bool               // a parameter may be given more than once
	refills    bool               // get shows the form with the values of PostForm
}

// These are groups of roles. offices ask the ledger; provincial offices see every center.
var (
	offices = []access.Role{access.STOffice, access.Finance, access.IndustryDept, access.LocalGov, access.Center,
		access.Auditor}
	everybody = access.Roles()
)

// screens returns the pages of users who are signed in: the routes, the menus and the tests follow from it.
func screens() []screen {
	return append([]screen{
		{path: "/audit", title: text.Say("审计台", "Audit desk"), roles: []access.Role{access.Auditor}, state: true,
			params: []string{"center", "a", "b", "from", "to", "account", "about"},
			get:    (*visit).audit},
		{path: "/verify", title: text.Say("核对", "Check a file"), roles: offices, state: true,
			params: []string{"sha256"}, get: (*visit).verify,
			post: (*visit).verifyFile, filesBytes: evidenceBytesMax},
		{path: "/search", title: text.Say("查找", "Search"), roles: offices, state: true,
			params: []string{"q"}, get: (*visit).search},
		{path: "/help", title: text.Say("帮助", "Help"), roles: everybody, get: (*visit).help},
		{path: "/overview", title: text.Say("概览", "Overview"), roles: overviewRoles, state: true,
			params: []string{"reported"},
			get:    (*visit).overview},
		{path: "/inbox", title: text.Say("待办", "Inbox"), roles: inboxRoles, state: true,
			params: []string{"tab", "page"}, get: (*visit).inbox},
		{path: "/yearly", title: text.Say("年度报告", "Yearly report"), roles: offices, state: true,
			params: []string{"year", "center"},
			get:    (*visit).yearly},
		{path: "/record", title: text.Say("记账", "Record"), roles: offices, get: (*visit).recordKinds},
		{path: "/record/{kind}", title: text.Say("填报", "Record"), roles: offices, get: (*visit).recordForm,
			post: (*visit).recordPost, bytes: recordFormBytesMax, filesBytes: recordFormBytesMax + evidenceBytesMax,
			hashes: true, repeats: true, refills: true},
		{path: "/position", title: text.Say("台账位置", "Position"), roles: offices, unattended: true,
			get: (*visit).position},
	}, slices.Concat(importScreens(), centerScreens(), adminScreens(), officeScreens(), listScreens())...)
}

// isListed reports whether help names the page: one that answers without a value in its path or a text to search.
func (s *screen) isListed() bool {
	return !s.unattended && s.path != "/search" && s.path != "/help" && !strings.Contains(s.path, "{")
}

// listScreens returns a page for each list.
func listScreens() (all []screen) {
	for _, l := range lists.Lists {
		s := screen{path: "/" + l.Name, title: titleOf(l), roles: rolesOf(l), state: true,
			params: []string{"page", "format"},
			get:    func(v *visit) error { return v.list(l) }}
		for _, p := range l.Params {
			s.params = append(s.params, p.QueryName())
		}
		if l.Name == "changes" {
			s.get, s.post, s.filesBytes = (*visit).changes, (*visit).compareReport, reportBytesMax
		}
		all = append(all, s)
	}
	return all
}

// rolesOf returns the roles that a list is for. Sampling and the search for duplicates are audit work.
func rolesOf(l *lists.List) []access.Role {
	switch l.Name {
	case "sample", "duplicates":
		return []access.Role{access.STOffice, access.Finance, access.Auditor}
	}
	return offices
}

// homes are the pages that users come to, by role. The page of a center is completed by its id.
var homes = map[access.Role]string{
	access.Finance: "/overview", access.STOffice: "/overview", access.IndustryDept: "/inbox",
	access.LocalGov: "/inbox", access.Auditor: "/audit", access.Center: "/centers/{id}",
	access.SysAdmin: "/admin/accounts", access.SecAdmin: "/admin/rights", access.LogAdmin: "/admin/access-log",
}

// menus are the paths of the menu of each role, at most seven.
var menus = map[access.Role][]string{
	access.Finance:      {"/overview", "/inbox", "/centers", "/execution", "/alerts", "/changes", "/find"},
	access.STOffice:     {"/overview", "/inbox", "/centers", "/grading", "/recognition", "/alerts", "/execution"},
	access.IndustryDept: {"/inbox", "/centers", "/recognition", "/execution", "/alerts", "/changes", "/find"},
	access.LocalGov:     {"/inbox", "/centers", "/recognition", "/execution", "/alerts", "/changes", "/find"},
	access.Auditor:      {"/audit", "/centers", "/execution", "/alerts", "/changes", "/sample", "/find"},
	access.Center:       {"/centers/{id}", "/inbox", "/record", "/import", "/execution", "/alerts", "/changes"},
	access.SysAdmin:     {"/admin/accounts"}, access.SecAdmin: {"/admin/rights", "/policies"},
	access.LogAdmin: {"/admin/access-log"},
}

// screenAt returns the page of a path of the table that a role has, or nil.
func (p *Pages) screenAt(path string, role access.Role) *screen {
	for i := range p.screens {
		if s := &p.screens[i]; s.path == path && slices.Contains(s.roles, role) {
			return s
		}
	}
	return nil
}

// addressOf returns the address of a page of the table for a user: the page of his own center for a path with an id.
func addressOf(path string, who *access.Principal) string {
	if path == "/centers/{id}" {
		return "/centers/" + who.Center
	}
	return path
}

// menuItem is a link of the menu.
type menuItem struct {
	Title text.Text
	Href  string
	Here  bool
}

// menu returns the menu of the user of a page.
func (v *visit) menu() (items []menuItem) {
	for _, path := range menus[v.who.Role] {
		if s := v.p.screenAt(path, v.who.Role); s != nil {
			items = append(items, menuItem{s.title, v.carry(addressOf(path, &v.who)),
				v.screen != nil && v.screen.path == path})
		}
	}
	return items
}

// enter leads a user to the first page of his role; without a session, to the page for signing in.
func (v *visit) enter() error {
	who, err := v.user()
	if err != nil {
		return err
	}
	if path := v.homeOf(who.Role); len(who.Needs) == 0 && v.p.screenAt(path, who.Role) != nil {
		return v.seeOther(v.to(addressOf(path, &who)))
	}
	return v.seeOther(v.to(home))
}

// serve answers a request for the page: it authenticates the user, then reads the state of the address.
func (s *screen) serve(v *visit) error {
	authenticate := v.p.Authenticate
	if s.unattended {
		authenticate = v.p.Watch
	}
	who, err := v.userBy(authenticate)
	switch {
	case err != nil && v.Method == http.MethodPost && text.CodeOf(err) == text.Unauthenticated:
		return v.leaveForm(s, noticeLost)
	case err != nil:
		v.next = v.URL.RequestURI()
		return err
	}
	v.who = who
	if len(who.Needs) > 0 {
		return v.seeOther(v.address(v.kept, home, "next", v.URL.RequestURI()))
	}
	if !slices.Contains(s.roles, who.Role) {
		return v.nothing()
	}
	v.screen = s
	v.desk = v.p.deskOf(who)
	if err := v.readState(); err != nil {
		return err
	}
	if v.Method != http.MethodPost {
		v.refill()
		if err := s.knows(v.query); err != nil {
			return err
		}
		return s.get(v)
	}
	if err := v.readForm(max(s.bytes, formBytesMax), s.filesBytes); err != nil {
		return err
	}
	if v.PostForm == nil && s.hashes {
		v.filesWrong = v.hashFiles()
		if v.filesWrong != nil && text.CodeOf(v.filesWrong) == text.Internal {
			return v.filesWrong
		}
	}
	if err := v.isOwnForm(); err != nil {
		return err
	}
	if isWrong, err := v.prove(); isWrong || err != nil {
		return err
	}
	return v.askProof(s.post(v))
}

// stateParams are the parameters of every page with a state.
var stateParams = []string{"asOf", "knownAt", "unit", "lang", "notice"}

// knows returns an error for a parameter that the page does not have: an answer without a mistyped condition would be
// believed.
func (s *screen) knows(query url.Values) error {
	for _, name := range sortedNames(query) {
		if s.state && !slices.Contains(stateParams, name) && !slices.Contains(s.params, name) {
			return text.Errorf(text.Invalid, "“%s”没有条件 %s，请重新查询", "%s has no condition %s; ask again",
				s.title, short(name))
		}
	}
	return nil
}
