package access

// Stands reports whether a principal is still who he was when he was authenticated: his token, his session or his JWT is good, and
// his account is bound to what it was. It is no use of a session.
func (a *Access) Stands(p Principal) bool { return a.stands(&p) }

// Sessions returns how many sessions there are.
func (a *Access) Sessions() (n int) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	now := a.Now()
	for _, x := range a.state.sessions {
		if x.isAlive(now) {
			n++
		}
	}
	return n
}
