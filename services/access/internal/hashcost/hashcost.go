// Package hashcost is what the hash of a password costs.
package hashcost

// MemoryKiB is how much memory a hash takes: the least that OWASP advises for argon2id with one pass. Only tests
// change it, before anything else (package accesstest).
var MemoryKiB uint32 = 46 << 10
