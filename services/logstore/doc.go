// Package logstore is the embedded events.Store: append-only segment files of plain text that any editor can read.
//
// Each event is one JSON line, exactly as it is hashed, and each commit is closed by a line with a checksum that goes
// on from the commit before; layout.go draws the bytes. One goroutine writes: it gathers the appends that wait into
// one commit, writes and syncs it, and only then answers. In memory are eight bytes and a checksum per event and eight
// more per event of a stream, built by the one scan at Open, which also hands every event to Options.Replay.
//
// # What it promises
//
// An append that was answered without error is on disk and stays. A batch is there whole or not at all. Bytes are
// handed out as they were written, or not at all: each line is checked against its checksum on every read.
//
// A commit that a crash cut short, before the room set aside at the end of the last segment, was never answered: Open cuts
// it off and says so (Report.Torn). Anything else that is not as it was written is a DamageError that names file, offset and position;
// nothing is repaired. Before an opened store hands anything out, the last commit is written and synced once more, for
// after a failed sync, or one that never came, the operating system may show bytes that are not on disk.
//
// After a failed write or sync the store refuses to append until it is opened again (FailedError). A full disk is
// noticed when a segment is set aside, before a batch is written, and does no harm: appends work again when there is room.
//
// # What it assumes
//
// Writing a sector of 512 bytes again does not harm the sectors beside it, and after a power cut each sector holds
// either what it held or what was written (power-safe overwrites). A sync that succeeds has reached the medium, and so
// has a rename after its directory is synced. Files are not changed by others; one process at a time has the
// directory (flock), on a local file system. A file's size and the names in a directory are kept in a journal: if syncing
// them fails, a later sync that succeeds has written them; for the bytes of a file this is not assumed.
//
// # What it cannot see
//
// A log that ends early at a commit's end looks like a log that was not written further, and a last commit of which the
// disk lost whole sectors, or the last bytes, looks like one that a power cut tore; so may the last few, if it lost the
// sector where they meet and the last is of one or two records. A checkpoint of the ledger kept elsewhere sees all of that.
//
// # Copies
//
// Backup copies a log to a directory while it is written to, and goes on from an earlier copy; Restore copies one to an
// empty directory. Such a copy is a log like any other: Verify and Open take it as it is. BackupFile and RestoreFile do
// the same with one file, a tar archive of the segments.
package logstore
