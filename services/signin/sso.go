package signin

import (
	"net/http"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
)

// errNoProvider says that there is no single sign-on.
var errNoProvider = text.Errorf(text.NotFound, "本系统没有启用统一身份登录", "this server has no single sign-on")

// HasSSO reports whether there is single sign-on.
func (g *Gate) HasSSO() bool { return false }

// BeginSSO returns the address of the provider of identities to which the browser goes to sign in, and then to next.
func (g *Gate) BeginSSO(w http.ResponseWriter, r *http.Request, next string) (url string, err error) {
	return "", errNoProvider
}

// FinishSSO signs in whom the provider of identities sent back, and returns where the browser goes next. The account that is linked
// to the identity must exist: a sign-in makes none.
func (g *Gate) FinishSSO(w http.ResponseWriter, r *http.Request) (next string, s *access.Session, err error) {
	return "", nil, errNoProvider
}
