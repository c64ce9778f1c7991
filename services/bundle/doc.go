// Package bundle writes and reads the file that an auditor gets: a zip with the records, everything that proves them,
// and the instructions to check it. It lays files out and adds them up; it judges no signature, no proof and no
// figure. The files of a bundle, all of them in the zip's root:
//
//	README.txt                       how to check the bundle, in both languages
//	checkpoint                       the newest signed checkpoint
//	checkpoints/SIZE                 each earlier one
//	figures/NAME.csv|html|xlsx       the reports, byte for byte
//	manifest-sha256.txt              the SHA-256 of every file but the two manifests, as sha256sum writes it
//	manifest-sm3.txt                 their SM3, as cksum -a sm3 writes it
//	policy.txt                       the trust file that the ledger's office proposes
//	records.jsonl                    the stored lines of events, in the order of positions, each with a newline
//	timestamps/SIZE-N.note, .tsr     the exact bytes of a checkpoint that were stamped, and the time-stamp token
//	verify.py                        a second implementation of the verification
//
// A bundle of one center has in records.jsonl only the streams of the center, of the policies and of the ledger, up to
// the newest checkpoint, and three more kinds of files:
//
//	center.txt                       the id of the center, with a newline
//	checkpoints/SIZE.consistency     the consistency proof from an earlier checkpoint to the newest: hashes in base64
//	proofs/POSITION.tlog-proof       the receipt: a record lies at its position, under the newest checkpoint
//
// The bytes of a bundle depend on the contents alone: entries are sorted by their names' bytes, stored without
// compression, and all have the same time and attributes. They are stored because the output of a compressor changes
// between its versions. A bundle that was packed anew by another program, in another order or compressed, is read just
// as well, so whoever has to send a large one may compress it.
//
// Each receipt unavoidably shows hashes that cover records of others: the hash beside the record is often that
// of one record of another center. Nobody can compute a record from its hash. Whoever already knows every byte of a
// record, with its id and the microsecond of its recording, can recognize it.
package bundle
