// Package ledger is the write path and the one place where the store, the aggregates and the read models meet.
//
// Open rebuilds the register by reading the whole store. Batch locks the stream of its records, judges them on a copy
// of the aggregate, appends them at once at the revision at which they were judged, and waits until they are applied.
// Record is a batch of one. Import reads whole files: it judges every record on copies of the centers, spools the
// accepted ones in an unnamed file, and then appends them in batches; if others wrote meanwhile, it judges again. Try
// and dry runs only judge. An empty ledger judges under the built-in policy; the adoption of that policy precedes its
// first record.
//
// One applier applies the events of the store in the order of positions, whoever wrote them. So every answer of the
// register is as of the position of the register. KnownAt returns the read models as of a past point, and KnownAtOf
// those of one center, from its own stream. Walk passes the stored events to the caller in batches, and Follow does so
// without end. Check proves the ledger: every event decodes, no revision is missing, money is conserved, and a naive
// evaluation agrees with the read models.
//
// A caller can cancel a write until the append begins; after that the write waits for the outcome. If the outcome of
// an append is unknown nevertheless, all writing stops until the ledger is opened again. Reading goes on.
package ledger
