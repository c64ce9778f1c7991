// Package seal binds the whole ledger to one hash. It is the Merkle tree of RFC 6962, as Go's checksum database keeps
// it (golang.org/x/mod/sumdb/tlog), with the stored bytes of each event as a leaf, in the order of positions. Whoever
// keeps the root hash at a position can prove later that no byte before it was changed, left out or moved. Anybody can
// compute the hash again from the segment files with nothing but SHA-256:
//
//	leaf  = SHA-256(0x00 || the event's line without its newline)
//	node  = SHA-256(0x01 || left || right)
//	root  of n leaves: the node of the first k and the last n-k, where k is the largest power of two below n
//	      of one leaf: the leaf; of no leaf: SHA-256 of nothing
//
// A hash does not prove who computed it or when. Signed checkpoints, outside of this package, can add that.
package seal
