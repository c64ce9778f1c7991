// Package witness cosigns the checkpoints of ledgers, so that nobody can show two histories of one ledger without
// being found out. It implements add-checkpoint of c2sp.org/tlog-witness, over HTTP and over files, and asks the
// witnesses of others.
//
// A witness is a directory that one process at a time uses:
//
//	witness.key      the private key, mode 0600
//	trusted          the keys of the ledgers whose checkpoints it cosigns, a verifier key on each line
//	heads/<hash>     the newest checkpoint cosigned of one ledger, a signed note with the signature of the ledger and
//	                 the cosignature of this witness; <hash> is the SHA-256 of the origin in hex
//	forks/…          two checkpoints that one ledger signed; nothing showed that the second continues the first:
//	                 .held is the one that this witness cosigned, .offered the one that it refused
//
// The file of a head is written when the ledger is trusted: first with a checkpoint of size 0, which the witness
// cosigns itself. So a file that is missing was lost, and a file that is damaged fails a signature. In both cases the
// witness cosigns nothing of that ledger any more, because it no longer knows what it cosigned before: it gets a new
// key under a new name. The same holds when somebody presents a cosignature of this witness over a checkpoint that is
// larger than the one it holds. That head is renamed to heads/<hash>.lost.
//
// A new head is on disk before its cosignature leaves. If the process is killed in between, the next request gets the
// answer that the witness knows the new size, and the ledger asks again from there.
package witness
