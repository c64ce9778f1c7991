// Package seal binds the whole ledger to one hash, and holds the formats by which somebody who trusts nobody here can
// check it offline. It opens no file, no connection and no store.
//
// The hash is that of the Merkle tree of RFC 6962, as Go's checksum database keeps it (golang.org/x/mod/sumdb/tlog),
// with the stored bytes of each event as a leaf, in the order of positions. Whoever keeps the root hash at a position
// can prove later that no byte before it was changed, left out or moved. Anybody can compute the hash again from the
// segment files with nothing but SHA-256:
//
//	leaf  = SHA-256(0x00 || the event's line without its newline)
//	node  = SHA-256(0x01 || left || right)
//	root  of n leaves: the node of the first k and the last n-k, where k is the largest power of two below n
//	      of one leaf: the leaf; of no leaf: SHA-256 of nothing
//
// A hash does not prove who computed it or when. A Signed checkpoint does: the log signs size and root, and witnesses,
// each at an office of its own, sign that they saw it and when, after they checked that it continues the checkpoint
// before. A Policy says how many witnesses somebody asks for, a Request asks one, a Proof shows that one record lies
// in the tree of a checkpoint. All are texts in the formats of C2SP (signed-note, tlog-checkpoint, tlog-cosignature,
// tlog-policy, tlog-witness, tlog-proof), which other programs read too. Each has one form only: what a function reads
// here is, byte for byte, what the type writes.
package seal
