// Package doctor looks at a machine on which a ledger is served or will be served: at its file systems, clock, limits,
// ports, permissions, certificates and backups, and at the process that serves the ledger. Each thing that it looks at
// is a Diagnosis, which says what was found and what to do.
//
// It reads the files of a ledger and never changes them. It writes one temporary file to measure a file system, and
// removes it. What it may not read, it does not examine, and says so.
package doctor
