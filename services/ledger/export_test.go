package ledger

// Announced returns how many records are announced and neither applied nor withdrawn.
func (l *Ledger) Announced() int {
	l.applier.mu.Lock()
	defer l.applier.mu.Unlock()
	return len(l.applier.announced)
}

// Locks returns how many locks of streams are kept.
func (l *Ledger) Locks() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.locks)
}
