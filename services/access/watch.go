package access

// Stands reports whether a principal's token, session or JWT is still good and the binding of his account
// unchanged. It does not count as a use of the session.
func (a *Access) Stands(p Principal) bool { return a.stands(&p) }

// Sessions returns the number of sessions.
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
