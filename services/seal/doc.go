// Package seal binds the whole ledger to one hash. It is the Merkle tree of RFC 6962, as Go's checksum database keeps it
// (golang.org/x/mod/sumdb/tlog), with the stored bytes of each event as a leaf, in the order of positions. Who keeps the
// root hash at a position can tell later that no byte before it was changed, left out or put elsewhere; anybody computes
// it again from the segment files with nothing but SHA-256:
//
//	leaf  = SHA-256(0x00 || the event's line without its newline)
//	node  = SHA-256(0x01 || left || right)
//	root  of n leaves: the node of the first k and the last n-k, where k is the largest power of two below n
//	      of one leaf: the leaf; of none: SHA-256 of nothing
//
// A hash alone does not say who vouches for it or when; signed checkpoints come on top of this package.
package seal
