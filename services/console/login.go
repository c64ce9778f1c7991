package console

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/signin"
)

func (v *visit) home() error { return v.seeOther(v.to(home)) }

// login shows the page for signing in, or how to make the first accounts. A user who is signed in is sent on.
func (v *visit) login() error {
	if who, err := v.user(); err == nil {
		return v.goOn(&access.Session{Needs: who.Needs}, "")
	}
	if !v.p.Access.HasAccounts() {
		v.show(http.StatusOK, "first", v.view())
		return nil
	}
	v.showLogin(http.StatusOK, "", wrong{})
	return nil
}

func (v *visit) showLogin(status int, name string, w wrong) {
	base := v.view()
	base.Wrong, base.isAlone = w, true
	v.show(status, "login", &loginView{base, name, v.p.HasSSO()})
}

// signIn signs in. The page has the same message for every wrong name or password.
func (v *visit) signIn() error {
	name, password := strings.TrimSpace(v.PostForm.Get("account")), v.PostForm.Get("password")
	s, err := v.p.SignIn(v.w, v.Request, name, password, "")
	if err == nil {
		return v.goOn(s, "")
	}
	if text.CodeOf(err) == text.Unauthenticated {
		err = errNotRight
	}
	wrong, status, isHis := v.refusal(err, "login")
	if !isHis {
		return err
	}
	v.showLogin(status, name, wrong)
	return nil
}

// errNotRight is the message of the API without the words about a code, for which the page has no field.
var errNotRight = text.Errorf(text.Unauthenticated, "账号或密码不正确", "the name or the password is not right")

// signOut ends the session, if there is one.
func (v *visit) signOut() error {
	if who, err := v.user(); err == nil {
		if err := v.p.SignOut(v.w, v.Request, who); err != nil {
			return err
		}
	} else if text.CodeOf(err) != text.Unauthenticated {
		return err
	}
	v.next = home
	return v.seeOther(v.to("/login", "notice", noticeOut))
}

// beginSSO sends the browser to the issuer of identities. The issuer sends it back to finishSSO without the query,
// so next carries the language.
func (v *visit) beginSSO() error {
	address, err := v.p.BeginSSO(v.w, v.Request, withLang(v.next, v.kept))
	if err != nil {
		return v.failSSO(err)
	}
	return v.seeOther(address)
}

func (v *visit) finishSSO() error {
	next, s, err := v.p.FinishSSO(v.w, v.Request)
	if u, bad := url.Parse(next); bad == nil && next != "" {
		v.speak(u.Query().Get("lang"))
		v.next = withLang(next, "")
	}
	if err != nil {
		return v.failSSO(err)
	}
	return v.goOn(s, "")
}

// withLang returns an address of this server with a language, or without one for "".
func withLang(address, lang string) string {
	u, err := url.Parse(address)
	if err != nil {
		return home
	}
	query := u.Query()
	if query.Del("lang"); lang != "" {
		query.Set("lang", lang)
	}
	u.RawQuery = query.Encode()
	return u.String()
}

// failSSO shows why a single sign-on failed. If no account is linked to the identity, it shows the identity;
// otherwise it shows the error on the page for signing in.
func (v *visit) failSSO(err error) error {
	var unlinked *signin.UnlinkedError
	if errors.As(err, &unlinked) {
		v.show(http.StatusForbidden, "unlinked", newUnlinked(v.view(), unlinked.Identity))
		return nil
	}
	wrong, status, isHis := v.refusal(err, "login")
	if !isHis {
		return err
	}
	v.showLogin(status, "", wrong)
	return nil
}
