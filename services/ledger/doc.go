// Package ledger is the write path and the one place where the store, the aggregates and the read models meet.
//
// Open rebuilds the register by reading the whole store. Record judges one record under the lock of its stream, appends it at
// the exact revision that it was judged at, and waits until it is applied. Import reads whole files: it judges every record on
// copies of the centers, spools what it accepts in an unnamed file, and then appends that in batches. Try only judges. A ledger
// that has not begun judges under the built-in policy; its first accepted record is preceded by the adoption of that policy.
//
// One applier applies the events of the store in the order of positions, whoever wrote them. So the position of the register is
// the position that its answers are of. KnownAt answers as the ledger stood at a point, KnownAtOf does so for one center from its
// own stream. Check proves the ledger: every event decodes, no revision is missing, money is conserved, and a naive evaluation
// agrees with the read models.
//
// An append whose outcome is unknown stops all writing until the ledger is opened again. Reading goes on.
package ledger
