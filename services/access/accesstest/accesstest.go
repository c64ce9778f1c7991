// Package accesstest is for tests of what is built on package access.
package accesstest

import "github.com/taizhang/taizhang/services/access/internal/hashcost"

// CheapPasswords makes the hashes of passwords cost next to nothing in this process. TestMain calls it.
func CheapPasswords() { hashcost.MemoryKiB = 8 }
