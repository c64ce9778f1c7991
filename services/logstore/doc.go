// Package logstore is the embedded events.Store: append-only segment files of plain text that any editor can read.
//
// Each event is one JSON line, exactly as it is hashed. Each commit ends with a line that has a checksum, which
// continues from the checksum of the commit before; layout.go draws the bytes. One goroutine writes: it gathers the
// waiting appends into one commit, writes and syncs it, and only then acknowledges them. The index in memory takes
// eight bytes and a checksum per event, and eight more bytes per event of a stream. The one scan at Open builds it and
// passes every event to Options.Replay.
//
// # What it promises
//
// An append that was acknowledged without error is on disk and stays. A batch is stored completely or not at all. A
// read returns bytes as they were written, or an error: each line is checked against its checksum on every read.
//
// A torn commit is a commit that a crash interrupted, at the end of the last segment before the allocated room. It was
// never acknowledged: Open cuts it off and reports it (ScanReport.Torn). Any other difference from the written bytes
// is a DamageError that names file, offset and position; nothing is repaired. Before an opened store returns any
// event, it writes and syncs the last commit once more: after a failed or missing sync the operating system may show
// bytes that are not on disk.
//
// After a failed write or sync the store refuses to append until it is opened again (FailedError). A full disk is
// noticed when room is allocated, before a batch is written, and does no harm: appends work again when there is room.
// On a file system that cannot allocate room (ext2) the store writes zeros, some more than needed, and the promises
// are the same. If nothing can be written to the directory, Open fails, even with Options.Late.
//
// # What it assumes
//
// Writing a sector of 512 bytes again does not harm the sectors beside it, and after a power cut each sector holds
// either its old content or the new content (power-safe overwrites). NVMe guarantees this for a block, and other disks
// do not return a half-written sector. The log depends on it: at its end it distinguishes a torn commit, which it
// drops, from damage, which it reports. On a device that tears sectors no acknowledged append is lost, but a commit
// that was never acknowledged may look like damage, and then the log does not open.
//
// A successful sync has reached the medium, and so has a rename after its directory is synced. Other programs do not
// change the files; one process at a time has the directory (flock), on a local file system. The size of a file and
// the names in a directory are kept in a journal: if syncing them fails, a later successful sync has written them. For
// the bytes of a file this is not assumed. On a file system without a journal, a power cut while room is allocated may
// leave bytes of other files there, which are damage after the last commit. Writing to allocated room needs no more
// room. On a file system that copies on write it may need more, and then a full disk shows as a failed write.
//
// # What it cannot see
//
// A log that was cut at the end of a commit looks like a log that was never longer. A last commit that lost whole
// sectors or its last bytes on the disk looks like a torn commit. The last few commits may look so too, if the disk
// lost the sector where they meet and the last commit has one or two records. A checkpoint of the ledger kept
// elsewhere detects all of these.
//
// # Copies
//
// Backup copies a log to a directory while another process writes to the log, and resumes from an earlier copy.
// Restore copies a backup to an empty directory. Such a copy is a log like any other: Verify and Open accept it
// unchanged. BackupFile and RestoreFile do the same with one file, a tar archive of the segments.
package logstore
