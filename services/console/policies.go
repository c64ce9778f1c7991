package console

import (
	"html/template"
	"net/http"
	"net/url"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// policiesView is the page of the policies that the ledger adopted.
type policiesView struct {
	*view
	Policies []policyLine
}

// policyLine is a policy in a table.
type policyLine struct {
	Name, Href, Source, From, Digest string
	InForce                          bool
}

// policyView is the page of one policy.
type policyView struct {
	*view
	Policy     policyLine
	Parameters template.HTML
	Difference template.HTML // to the one adopted before; "" for the first
	Before     policyLine
}

func (v *visit) lineOfPolicy(p *desk.Policy, all *desk.Policies) policyLine {
	return policyLine{p.Name(), v.link("/policies/" + url.PathEscape(p.ID) + "/" + url.PathEscape(p.Version)), p.Source,
		p.EffectiveFrom.String(), p.Digest(), all.InForce != nil && all.InForce.Name() == p.Name()}
}

// policies shows the policies that were adopted, the latest first.
func (v *visit) policies() error {
	all, err := v.desk.Policies(v.Context(), v.when)
	if err != nil {
		return err
	}
	page := &policiesView{view: v.view()}
	for i := len(all.Adopted) - 1; i >= 0; i-- {
		page.Policies = append(page.Policies, v.lineOfPolicy(&all.Adopted[i], all))
	}
	v.show(http.StatusOK, "policies", page)
	return nil
}

// policy shows the parameters of a policy, and how it differs from the one adopted before.
func (v *visit) policy() error {
	all, err := v.desk.Policies(v.Context(), v.when)
	if err != nil {
		return err
	}
	name := v.PathValue("id") + "@" + v.PathValue("version")
	for i := range all.Adopted {
		p := &all.Adopted[i]
		if p.Name() != name {
			continue
		}
		parameters, err := p.Table()
		if err != nil {
			return err
		}
		page := &policyView{view: v.view(), Policy: v.lineOfPolicy(p, all), Parameters: v.plainTable(parameters)}
		if i > 0 {
			page.Before = v.lineOfPolicy(&all.Adopted[i-1], all)
			page.Difference = v.plainTable(desk.ComparePolicies(all.Adopted[i-1], *p))
		}
		v.show(http.StatusOK, "policy", page)
		return nil
	}
	return text.Errorf(text.NotFound, "台账没有采用过这一版办法参数", "the ledger has not adopted this policy")
}

// plainTable returns a table whose cells lead nowhere.
func (v *visit) plainTable(t *table.Table) template.HTML {
	if len(t.Rows) == 0 {
		return template.HTML(`<p class="muted">` + string(appendText(nil, v.in(t.Empty))) + "</p>\n")
	}
	return v.table(t, lists.Question{})
}
