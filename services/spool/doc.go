// Package spool has a directory for files that are being uploaded and for what is made from them. It is on the disk of
// the ledger, and leaves room there for the ledger. It is emptied when a server starts.
package spool
