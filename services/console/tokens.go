package console

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
)

// tokenLine is a token in a table, with its state and the acts that it is for in words.
type tokenLine struct {
	access.Token
	State   text.Text
	For     text.Text
	By      text.Text
	IsValid bool
}

// tokenForm is the form for a new token.
type tokenForm struct {
	Account string // "" for one's own
	Count   int    // the number of tokens that the page has, by which a repeated form is known
	Days    int
	Acts    []option // what more the token may be made for
}

// tokensView is the page of one's own tokens.
type tokensView struct {
	*view
	Tokens []tokenLine
	Form   tokenForm
}

// secretView shows a secret that is shown once, with the address to go on to.
type secretView struct {
	*view
	Title, Before string
	Secret        string
	After         string
	Head          string // a header to copy; "" for none
	Onward        string
}

// tokenLines returns tokens in words, the newest first.
func tokenLines(list access.Tokens) (lines []tokenLine) {
	for i := len(list) - 1; i >= 0; i-- {
		t := list[i]
		row := t.Row()
		lines = append(lines, tokenLine{t, row[3].Shown, row[4].Shown, access.AccountWord(t.AddedBy),
			t.State == access.TokenValid})
	}
	return lines
}

func (v *visit) ownTokens() error { return v.showOwnTokens(http.StatusOK, wrong{}) }

func (v *visit) showOwnTokens(status int, w wrong) error {
	list, err := v.p.Access.Desk(v.who).Tokens(v.Context(), v.who.Account)
	if err != nil {
		return err
	}
	page := &tokensView{v.view(), tokenLines(list), tokenForm{Count: len(list), Days: access.TokenDaysDefault}}
	page.Wrong = w
	for _, act := range access.MayWords {
		if access.MayBeGiven(v.who.Role, v.who.MayRecord, act.Code) {
			page.Form.Acts = append(page.Form.Acts, option{act.Code, v.in(act.Word), v.PostForm.Has("may-" + act.Code)})
		}
	}
	v.show(status, "tokens", page)
	return nil
}

// changeOwnTokens makes or revokes a token of the user.
func (v *visit) changeOwnTokens() error {
	if v.PostForm.Has("revoke") {
		return v.revokeToken(func(w wrong, status int) error { return v.showOwnTokens(status, w) })
	}
	return v.makeToken("", func(w wrong, status int) error { return v.showOwnTokens(status, w) })
}

// makeToken makes a token of an account, "" for the user's own, and shows its secret. A form that is sent again, for
// example by a double click, replaces the token of the first time, whose secret nobody has seen.
func (v *visit) makeToken(account string, refused func(wrong, int) error) error {
	office, f := v.p.Access.Desk(v.who), v.PostForm
	r := access.NewToken{Account: account, Name: f.Get("name")}
	for _, act := range access.Mays() {
		if f.Has("may-" + act) {
			r.May = append(r.May, act)
		}
	}
	if days := strings.TrimSpace(f.Get("days")); days != "" {
		n, err := strconv.Atoi(days)
		if err != nil || n < 1 {
			err := text.Errorf(text.Invalid, "天数应为整数", "the days must be a whole number").Of("days")
			return v.refusedAct(err, "token", refused)
		}
		r.Days = n
	}
	of := account
	if of == "" {
		of = v.who.Account
	}
	before, err := office.Tokens(v.Context(), of)
	if err != nil {
		return v.refusedAct(err, "token", refused)
	}
	made, err := office.AddToken(v.Context(), r)
	if err != nil {
		return v.refusedAct(err, "token", refused)
	}
	if count, err := strconv.Atoi(f.Get("count")); err == nil && count >= 0 && count < len(before) {
		for i := range before[count:] {
			if t := &before[count+i]; t.Name == made.Name && t.State == access.TokenValid &&
				t.AddedBy == v.who.Account {
				if _, err := office.RevokeToken(v.Context(), t.ID); err != nil {
					return err
				}
			}
		}
	}
	v.showSecret(v.say("新令牌", "A new token"),
		v.say("令牌只显示这一次，请现在复制给程序：", "The token is shown this once. Copy it to the program now:"),
		made.Secret, v.say("程序每次请求都带上这个请求头：",
			"The program sends this header with each request:"), "Authorization: Bearer "+made.Secret, v.here())
	return nil
}

func (v *visit) showSecret(title, before, secret, after, head, onward string) {
	v.show(http.StatusOK, "secret", &secretView{v.view(), title, before, secret, after, head, onward})
}

// revokeToken revokes the token that a form names.
func (v *visit) revokeToken(refused func(wrong, int) error) error {
	if _, err := v.p.Access.Desk(v.who).RevokeToken(v.Context(), v.PostForm.Get("revoke")); err != nil {
		return v.refusedAct(err, "token", refused)
	}
	return v.seeOther(v.here("notice", noticeDone))
}

// refusedAct shows a page again with what is wrong, at one of the fields or at the form. It returns an error that the
// user cannot correct there, and one that asks for more proof.
func (v *visit) refusedAct(err error, form string, show func(wrong, int) error, fields ...string) error {
	if text.CodeOf(err) == text.MoreProof {
		return err
	}
	wrong, status, isHis := v.refusal(err, fieldOf(err, form, fields...))
	if !isHis {
		return err
	}
	return show(wrong, status)
}
