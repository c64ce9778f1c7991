// Package verify judges a bundle of a ledger for an auditor who trusts nobody at the ledger. It needs no network, no
// store and no clock: only the bundle, and what the auditor brings himself, such as his trust file and the checkpoint
// that he kept from last time.
//
// Verify reads the bundle and fills a Verdict. It examines, in this order:
//
//	the zip      names, sizes, what must be there                            services/bundle
//	the files    both manifests, the copy of verify.py                       files.go
//	the records  the form of each line, positions, revisions, times; the     records.go
//	             root of the tree at the size of every checkpoint
//	the seals    signatures and quorum of each checkpoint, the checkpoint    seals.go, tokens.go
//	             that the auditor kept, the statements of ledger.sealed,
//	             time-stamp tokens, and times against each other
//	the answers  read models, policies, the naive evaluation, and every      answers.go, figures.go
//	             cell of every report
//
// A bundle of one center has receipts in place of the tree (center.go). What is examined has a sentence in the verdict
// with one of three marks, and each sentence belongs to one of the four properties of electronic records. All
// sentences are in words.go. A verdict never has a score.
package verify
