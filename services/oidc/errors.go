package oidc

import (
	"errors"

	"github.com/taizhang/taizhang/events/text"
)

// Cause is what is behind an error of Begin, Finish and Verify, in English. errors.As finds it. It is for the log: shown to
// who asks, it would help a forger.
type Cause string

// Error implements error.
func (r Cause) Error() string { return string(r) }

// reasonChars bounds a Cause: parts of it may be chosen by a stranger or by the issuer.
const reasonChars = 300

func reason(err error) Cause { return Cause(text.Clip(text.Printable(err.Error()), reasonChars)) }

// What is shown to users: one wording each for whatever is wrong.
var (
	notSignedIn = text.Say("统一身份登录已取消或没有通过：请回到登录页重新开始；仍不行的，请告知管理员，原因在服务日志中",
		"single sign-on was cancelled or did not succeed: start again at the sign-in page; if that does not help, tell an administrator: the reason is in the log of the service")
	notValid = text.Say("没有有效的令牌", "no valid token was shown") // as services/access says of every token
	noAnswer = text.Say("统一身份登录的签发方现在没有正常应答，请稍后再试", "the issuer of single sign-on does not answer as it should: try again later")
)

// unavailable returns the error for an issuer that does not answer as it should.
func unavailable(err error) error {
	return &text.Error{Code: text.Unavailable, What: noAnswer, Cause: reason(err)}
}

// refused returns the error for something wrong with what was shown, in the given words. An error that has a code stays as it is.
func refused(words text.Text, err error) error {
	if coded := (*text.Error)(nil); errors.As(err, &coded) {
		return err
	}
	return &text.Error{Code: text.Unauthenticated, What: words, Cause: reason(err)}
}

// invalid returns an error about a parameter of New.
func invalid(param, zh, en string) error {
	return &text.Error{Code: text.Invalid, Param: param, What: text.Text{Zh: zh, En: en}}
}
