// Package imports runs the imports that fronts were given: one at a time, in the order in which they were started. The
// jobs of all fronts of a server are in one Jobs.
//
// A front opens a Job, adds the uploaded files, and starts it. All files are judged before a record is written. The
// state of the job then shows how far it is, and its files hold the bad lines, the answers of a dry run, and copies of
// bad sheets with the bad cells marked. They are kept for 24 hours and not over a restart of the server. Only the
// account that opened a job finds it.
//
// A dry run may keep its uploads (Order.Keep). Its account can then see the rows with the answers to them, have the
// sheets mended and judged again, and write what it saw: each is an import of its own, over a copy of the file. What
// is between two requests is thus in the spool alone, within its limits, and for the one account.
//
// An import that a restart has cut off is finished by importing the same files again: what is in the ledger already is
// passed over.
package imports
