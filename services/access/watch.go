package access

// Stands reports whether a principal is still who he was when he was authenticated: his token, his session or his JWT is good, and
// his account is bound to what it was. It is no use of a session.
func (a *Access) Stands(p Principal) bool { return a.stands(&p) }

// WatchSession is AuthenticateSession for a request that is no use of the session: one that a page sends by itself.
func (a *Access) WatchSession(secret, source, asked string) (Principal, error) {
	return a.AuthenticateSession(secret, source, asked)
}
