// Package ledger is the write path and the one place where the store, the aggregates and the read models meet.
//
// Open rebuilds the register by reading the whole store. Batch judges the records of one stream under its lock, on a copy that runs
// ahead, appends them at once at the exact revision that they were judged at, and waits until they are applied. Record is a batch of
// one. Import reads whole files: it judges every record on copies of the centers, spools what it accepts in an unnamed file, and
// then appends that in batches; where others wrote meanwhile it judges again. Try and dry runs only judge. A ledger that has not
// begun judges under the built-in policy; its first accepted record is preceded by the adoption of that policy.
//
// One applier applies the events of the store in the order of positions, whoever wrote them. So the position of the register is
// the position that its answers are of. KnownAt answers as the ledger stood at a point, KnownAtOf does so for one center from its
// own stream. Walk hands out the stored events in pieces, and Follow does so for ever. Check proves the ledger: every event
// decodes, no revision is missing, money is conserved, and a naive evaluation agrees with the read models.
//
// A caller may leave until an append begins; then its outcome is waited for. An append whose outcome is unknown all the same stops
// all writing until the ledger is opened again. Reading goes on.
package ledger
