package oidc

import (
	"errors"

	"github.com/taizhang/taizhang/events/text"
)

// Cause is the cause of an error of Begin, Finish and Verify, in English. errors.As finds it. It is for the log:
// it must not be shown to users, because it would help a forger.
type Cause string

// Error implements error.
func (r Cause) Error() string { return string(r) }

// reasonChars limits the length of a Cause: a stranger or the issuer may choose parts of it.
const reasonChars = 300

func reason(err error) Cause { return Cause(text.Clip(text.Printable(err.Error()), reasonChars)) }

// These are the messages for users. There is one for each sort of failure, whatever its cause.
var (
	notSignedIn = text.Say(
		"统一身份登录已取消或没有通过：请回到登录页重新开始；仍不行的，请告知管理员，原因在服务日志中",
		"single sign-on was cancelled or did not succeed: start again at the sign-in page; if that does not help, "+
			"tell an administrator: the reason is in the log of the service")
	notValid = text.Say("没有有效的令牌", "no valid token was shown") // as in services/access, for every token
	noAnswer = text.Say("统一身份登录的签发方现在没有正常应答，请稍后再试",
		"the issuer of single sign-on does not answer as it should: try again later")
)

// unavailable returns the error for an issuer that gave no proper answer.
func unavailable(err error) error {
	return &text.Error{Code: text.Unavailable, What: noAnswer, Cause: reason(err)}
}

// refused returns an error with the given words and the cause err. An error that has a code is returned unchanged.
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
