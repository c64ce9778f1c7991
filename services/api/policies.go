package api

import (
	"net/http"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/desk"
)

func policyRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/v1/policies", name: "policies", right: access.ReadPolicies,
			short:  text.Say("采用过的办法参数，以及施行中的一版", "the policies adopted, and the one in force"),
			params: whenParams, gives: []answer{
				{http.StatusOK, jsonType, desk.PolicyIndex{}, "the policies without their texts"}},
			handle: (*request).policies},
		{method: http.MethodGet, path: "/v1/policies/{id}/{version}", name: "policy", right: access.ReadPolicies,
			short:  text.Say("一版办法参数的原文", "the text of one policy"),
			gives:  []answer{{http.StatusOK, jsonType, nil, "the text as it was adopted, byte for byte"}},
			handle: (*request).policy},
	}
}

func (q *request) policies() error {
	when, err := q.when()
	if err != nil {
		return err
	}
	p, err := q.desk.Policies(q.Context(), when)
	if err != nil {
		return err
	}
	return q.json(http.StatusOK, p.Index())
}

func (q *request) policy() error {
	all, err := q.desk.Policies(q.Context(), desk.When{})
	if err != nil {
		return err
	}
	p, err := all.Find(q.PathValue("id") + "@" + q.PathValue("version"))
	if err != nil {
		return err
	}
	return q.send(http.StatusOK, jsonType, p.Text())
}
