package console

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// policiesView is the page of the policies that the ledger adopted.
type policiesView struct {
	*view
	Policies []policyLine
	MayTry   bool
}

// policyLine is a policy in a table.
type policyLine struct {
	Name, Href, Source, From, Digest string
	InForce, ToCome                  bool
}

// policyView is the page of one policy.
type policyView struct {
	*view
	Policy     policyLine
	Parameters template.HTML
	Difference template.HTML // to another one: the one adopted before, or the one that is asked for
	Before     policyLine
	Others     []option // the policies that it can be compared with, by name
	Action     string
}

func (v *visit) lineOfPolicy(p *desk.Policy, all *desk.Policies) policyLine {
	return policyLine{p.Name(), v.link("/policies/" + url.PathEscape(p.ID) + "/" + url.PathEscape(p.Version)), p.Source,
		p.EffectiveFrom.String(), p.Digest(), all.InForce != nil && all.InForce.Name() == p.Name(), all.IsToCome(*p)}
}

// policies shows the policies that were adopted, the latest first.
func (v *visit) policies() error {
	if v.notice == noticeBack {
		return v.policyPost()
	}
	return v.showPolicies(http.StatusOK, wrong{})
}

func (v *visit) showPolicies(status int, w wrong) error {
	all, err := v.desk.Policies(v.Context(), v.when)
	if err != nil {
		return err
	}
	page := &policiesView{view: v.view(), MayTry: v.triesPolicies()}
	page.Wrong = w
	for i := len(all.Adopted) - 1; i >= 0; i-- {
		page.Policies = append(page.Policies, v.lineOfPolicy(&all.Adopted[i], all))
	}
	v.show(status, "policies", page)
	return nil
}

// builtinPolicy is the name of the policy in the program, in the parameter against.
const builtinPolicy = "builtin"

// policy shows the parameters of a policy, and how it differs from the one adopted before or from the one that the
// parameter against names.
func (v *visit) policy() error {
	all, err := v.desk.Policies(v.Context(), v.when)
	if err != nil {
		return err
	}
	name := v.PathValue("id") + "@" + v.PathValue("version")
	i := slices.IndexFunc(all.Adopted, func(p desk.Policy) bool { return p.Name() == name })
	if i < 0 {
		return text.Errorf(text.NotFound, "台账没有采用过这一版办法参数", "the ledger has not adopted this policy")
	}
	p := all.Adopted[i]
	parameters, err := p.Table()
	if err != nil {
		return err
	}
	page := &policyView{view: v.view(), Policy: v.lineOfPolicy(&p, all), Parameters: v.plainTable(parameters),
		Action: v.URL.EscapedPath()}
	against := v.query.Get("against")
	if against == "" && i > 0 {
		against = all.Adopted[i-1].Name()
	}
	if against != "" {
		before := desk.BuiltinPolicy()
		if against != builtinPolicy {
			if before, err = all.Find(against); err != nil {
				return err
			}
		}
		page.Before, page.Difference = v.lineOfPolicy(&before, all), v.plainTable(desk.ComparePolicies(before, p))
		if against == builtinPolicy {
			page.Before.Href = ""
		}
	}
	for k := range all.Adopted {
		if other := all.Adopted[k].Name(); k != i {
			page.Others = append(page.Others, option{other, other, other == against})
		}
	}
	page.Others = append(page.Others, option{builtinPolicy, v.say("程序内置的一版", "the one in the program"),
		against == builtinPolicy})
	v.show(http.StatusOK, "policy", page)
	return nil
}

// plainTable returns a table whose cells lead nowhere.
func (v *visit) plainTable(t *table.Table) template.HTML {
	if len(t.Rows) == 0 {
		return template.HTML(`<p class="muted">` + string(appendText(nil, v.in(t.Empty))) + "</p>\n")
	}
	return v.table(t, lists.Question{})
}
