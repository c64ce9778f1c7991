// Package sealing seals a ledger. It keeps the directory "seal" beside the log:
//
//	log.key                   the ledger's private key, mode 0600
//	policy.txt                the trust file (tlog-policy) that the ledger's office proposes, edited by hand
//	checkpoints/<size>        each signed checkpoint with every cosignature known
//	timestamps/<size>-<n>.tsr a time-stamp token of an authority (RFC 3161)
//	timestamps/<size>-<n>.note the exact bytes that it stamps
//	earlier/<n>/              the files above, as they were under an earlier origin
//
// A record ledger.sealed is written right before a checkpoint is signed. It names the checkpoint before. The new
// checkpoint ends with this record. If nothing but such records lies after the last checkpoint, there is nothing to
// seal. After a crash between the record and its checkpoint the next sealing signs the checkpoint.
//
// The origin and the key are recorded in the ledger and never change silently: a key that is not the recorded one is
// refused, and so is a ledger that does not extend its newest checkpoint. Such a ledger goes on under a new origin,
// whose first record cites the last checkpoint of the old one.
//
// A directory whose ledger was never sealed has no directory "seal", and nothing here makes one but Begin. Every file
// is written whole and durable or not at all. Several processes may use one directory: a lock on it makes their
// writes follow each other, and the ledger alone is written by the process that has it open.
package sealing
