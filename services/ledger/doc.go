// Package ledger is the write path and the one place where the store, the aggregates and the read models meet.
//
// Open rebuilds the register by reading the whole store, and adopts the built-in policy as the first event of a new
// ledger. Record judges one record under the lock of its stream, appends it at the exact revision that it was judged
// at, and applies what was stored. Import takes whole files: it judges every record on copies of the centers, lays by
// what it accepts in an unnamed file, and then appends that in batches, after which the copies take the centers'
// places. Try only judges. KnownAt answers as the ledger stood at an
// instant. Check proves the ledger: every event decodes, no revision is missing, money is conserved, and a naive
// evaluation agrees with the read models.
//
// An append whose outcome is unknown stops all writing: state unknown, stop and reload. Reading goes on.
package ledger
