package console

import (
	"errors"
	"net/http"

	"github.com/taizhang/taizhang/services/access"
)

// Some acts need a code of the second factor of the last ten minutes. A form without one is answered with a page that
// asks for the code and carries the form on, so that nothing is typed twice.

// proofField is the field of the code in a form that is carried on.
const proofField = "proof"

// proofView is the page that asks for a code.
type proofView struct {
	*view
	Factor bool     // the account has a second factor; without one it must be set up first
	Action string   // where the form goes
	Fields []hidden // the form
	Setup  string   // the address of the account, from which the user returns
}

// prove checks the code that a form was sent with. isWrong is true if the code was wrong and the page is answered.
func (v *visit) prove() (isWrong bool, err error) {
	if !v.PostForm.Has(proofField) {
		return false, nil
	}
	code := v.PostForm.Get(proofField)
	v.PostForm.Del(proofField)
	if _, err := v.p.ShowCode(v.w, v.Request, v.who, code); err != nil {
		wrong, status, isHis := v.refusal(err, proofField)
		if !isHis {
			return false, err
		}
		if _, ended := v.user(); ended != nil { // after several wrong codes
			return true, v.leaveForm(v.screen, noticeCodes)
		}
		v.showProof(status, access.NeedCode, wrong)
		return true, nil
	}
	v.who = v.p.Access.AsNow(v.who)
	v.desk = v.p.deskOf(v.who)
	return false, nil
}

// askProof shows the page that asks for a code if that is what an act lacked, or returns the error. A form with files
// cannot be carried on.
func (v *visit) askProof(err error) error {
	var more *access.MoreProofError
	if !errors.As(err, &more) || len(v.PostForm) == 0 {
		return err
	}
	v.showProof(http.StatusForbidden, more.Needs[0], wrong{})
	return nil
}

func (v *visit) showProof(status int, need string, w wrong) {
	base := v.view()
	base.Wrong, base.isAlone = w, true
	page := &proofView{view: base, Factor: need == access.NeedCode, Action: v.here(), Setup: v.address(v.kept, home,
		"next", v.here())}
	for _, name := range sortedNames(v.PostForm) {
		for _, value := range v.PostForm[name] {
			page.Fields = append(page.Fields, hidden{name, value})
		}
	}
	v.show(status, "proof", page)
}
