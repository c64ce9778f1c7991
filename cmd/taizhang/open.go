package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/kurrentstore"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/logstore"
	"github.com/taizhang/taizhang/services/replica"
	"github.com/taizhang/taizhang/services/seal"
	"github.com/taizhang/taizhang/services/sealing"
)

// read calls do with the ledger for questions: at a server, or in the files. It never creates a ledger.
func (a *app) read(ctx context.Context, do func(desk.Reader) error) error {
	defer a.paged()() // the last of all: while a page is read, the ledger is closed
	c, err := a.atServer(ctx, false)
	if err != nil {
		return err
	}
	if c != nil {
		defer c.Close()
		return do(c)
	}
	return a.readFiles(ctx, do)
}

// readFiles opens the files of the ledger for questions, even while a server has them open.
func (a *app) readFiles(ctx context.Context, do func(desk.Reader) error) error {
	if err := a.mustExist(); err != nil {
		return err
	}
	return a.open(ctx, true, func(d *desk.Local, _ events.Store) error { return do(d) })
}

// rehearse calls do with a ledger that judges records and writes nothing, at a server or in the files.
func (a *app) rehearse(ctx context.Context, do func(desk.Writer) error) error {
	c, err := a.atServer(ctx, false)
	if err != nil {
		return err
	}
	if c != nil {
		defer c.Close()
		return do(c)
	}
	if err := a.mustExist(); err != nil {
		return err
	}
	return a.open(ctx, true, func(d *desk.Local, _ events.Store) error { return do(d) })
}

// readWrite calls do with the ledger for writing: at a server, or in the files. If there is no ledger, the first
// record that is accepted creates it.
func (a *app) readWrite(cmd *cobra.Command, do func(desk.Desk) error) error {
	a.writes = true
	c, err := a.atServer(cmd.Context(), true)
	if err != nil {
		return err
	}
	if c != nil {
		defer c.Close()
		return do(c)
	}
	return a.writeFiles(cmd, func(d *desk.Local) error { return do(d) })
}

// writeFiles opens the files of the ledger for writing.
func (a *app) writeFiles(cmd *cobra.Command, do func(*desk.Local) error) error {
	a.writes = true
	return a.open(cmd.Context(), false, func(d *desk.Local, _ events.Store) error { return do(d) })
}

// open opens the ledger and calls do with its desk.
func (a *app) open(ctx context.Context, readOnly bool, do func(*desk.Local, events.Store) error) error {
	return a.openWatched(ctx, readOnly, func(events.Stored) {}, do)
}

// openWatched does the same as open, and calls see for each event that it reads.
func (a *app) openWatched(ctx context.Context, readOnly bool, see func(events.Stored),
	do func(*desk.Local, events.Store) error) (err error) {
	var store events.Store
	defer func() {
		if store != nil {
			err = cmp.Or(err, store.Close())
		}
	}()
	sealed, err := sealing.Sizes(a.dir)
	if err != nil {
		return err
	}
	source := a.source(ctx, &store, logstore.Options{ReadOnly: readOnly, Late: true})
	watched := func(replay func(events.Stored) error) (events.Store, error) {
		return source(func(e events.Stored) error { see(e); return replay(e) })
	}
	l, err := ledger.OpenFrom(ctx, watched, ledger.Config{Notice: a.notice, ReadOnly: readOnly})
	if err != nil {
		return err
	}
	defer l.Close()
	root := func(ctx context.Context, position uint64, see func(*events.Stored)) ([sha256.Size]byte, error) {
		return seal.Root(ctx, store, position, see)
	}
	seals := sealing.New(a.dir, l, store)
	return do(&desk.Local{LocalConfig: desk.LocalConfig{Ledger: l, Root: root, Seals: seals, Sealed: sealed,
		Account: a.account(), Now: a.now, Prefix: flagPrefix, Version: programVersion(),
		Spool: nearestDir(a.dir)}}, store)
}

// nearestDir returns a directory, or its nearest existing parent: the ledger is or will be on the disk of that
// directory.
func nearestDir(dir string) string {
	for {
		info, err := os.Stat(dir)
		if err == nil && info.IsDir() || dir == filepath.Dir(dir) {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}

// checkFiles checks the bytes and checksums of the files of the ledger, and lists all damages. For a cluster there
// may be no local copy yet.
func (a *app) checkFiles(ctx context.Context, c *desk.Checked) error {
	report, err := logstore.Verify(a.dir, func(events.Stored) error { return ctx.Err() })
	if err != nil && (a.cluster == "" || !errors.Is(err, fs.ErrNotExist)) {
		return err
	}
	tellFiles(report, c)
	for _, d := range report.Damages {
		c.Findings = append(c.Findings, desk.Finding{Position: d.Position, What: d.Text()})
	}
	return nil
}

func tellFiles(report logstore.ScanReport, c *desk.Checked) {
	c.Segments, c.Commits, c.Bytes = report.Segments, report.Commits, report.Bytes
	if report.Torn != nil {
		c.TornBytes = report.Torn.Bytes
	}
}

// The shares of the progress bar of a check, in percent: for opening the ledger, and for comparing a copy with the
// cluster.
const (
	openingPart   = 20
	comparingPart = 30
)

// check opens the ledger, which checks its files, then checks its events, and compares a local copy with the events
// in the cluster. A damaged log cannot be opened: then it lists all damages of the files instead.
func (a *app) check(ctx context.Context, thorough bool, c *desk.Checked) error {
	bar := a.progress("核验", "checking")
	defer bar.end()
	err := a.checkEvents(ctx, thorough, bar, c)
	if err == nil || ctx.Err() != nil || c.Events > 0 {
		return err
	}
	if damaged := a.checkFiles(ctx, c); damaged != nil || len(c.Findings) == 0 {
		return err
	}
	return nil
}

func (a *app) checkEvents(ctx context.Context, thorough bool, bar *progress, c *desk.Checked) error {
	size, read := a.size(), int64(0)
	opening := func(e events.Stored) {
		read += int64(len(e.Bytes))
		bar.show(min(read, size)*openingPart, size*100)
	}
	return a.openWatched(ctx, true, opening, func(d *desk.Local, store events.Store) error {
		copied, isCopy := store.(*replica.Store)
		checkingPart := int64(100 - openingPart)
		if isCopy {
			checkingPart -= comparingPart
			if err := a.checkFiles(ctx, c); err != nil {
				return err
			}
		} else if own, ok := store.(*logstore.Store); ok {
			tellFiles(own.Report(), c)
		}
		checking := func(done, total int64) { bar.show(total*openingPart+done*checkingPart, total*100) }
		if err := d.Check(ctx, a.when(), thorough, checking, c); err != nil || !isCopy {
			return err
		}
		total := int64(d.Ledger.Register().Position())
		differs, err := copied.Compare(ctx, func(position uint64) {
			bar.show(total*(100-comparingPart)+int64(position)*comparingPart, total*100)
		})
		if err != nil {
			return err
		}
		c.Compared = true
		if differs != nil {
			c.Findings = append(c.Findings, desk.Finding{Stream: differs.Stream, What: differs.Text()})
		}
		return nil
	})
}

// size returns the size of the log in the directory in bytes, or a little more.
func (a *app) size() (bytes int64) {
	entries, _ := os.ReadDir(a.dir)
	for _, e := range entries {
		if info, err := e.Info(); err == nil && isSegment(e) {
			bytes += info.Size()
		}
	}
	return bytes
}

// backUp copies the files of the ledger to a file or a directory.
func (a *app) backUp(ctx context.Context, to string, isFile bool) (desk.Copied, error) {
	a.writes = true
	backup := logstore.Backup
	if isFile {
		backup = logstore.BackupFile
	}
	report, err := backup(ctx, a.dir, to)
	return desk.Copied{Events: report.Records, Bytes: report.Bytes}, err
}

// restore copies a backup, a file or a directory, to the directory of the ledger, and the seals beside it. seals is
// nil if there are none.
func (a *app) restore(ctx context.Context, from string, isFile bool) (c desk.Copied, seals *restored, err error) {
	a.writes = true
	if seals, err = a.restoreSeals(from); err != nil {
		return c, nil, err
	}
	defer func() {
		switch {
		case seals == nil:
		case err == nil:
			err = seals.place()
		default:
			err = errors.Join(err, seals.drop())
		}
	}()
	restore := logstore.Restore
	if isFile {
		restore = logstore.RestoreFile
	}
	report, err := restore(ctx, from, a.dir)
	return desk.Copied{Events: report.Records, Bytes: report.Bytes}, seals, err
}

// source returns the opener of the store: the embedded one, or a copy of the cluster that --store names. It stores
// the opened store in the variable.
func (a *app) source(ctx context.Context, store *events.Store, o logstore.Options) ledger.StoreOpener {
	return func(replay func(events.Stored) error) (opened events.Store, err error) {
		if a.cluster != "" {
			opened, err = a.openReplica(ctx, replay)
		} else {
			opened, err = a.openEmbedded(o, replay)
		}
		*store = opened
		return opened, err
	}
}

// openEmbedded opens the embedded store. If it cut off a torn commit after a crash, it tells the user.
func (a *app) openEmbedded(o logstore.Options, replay func(events.Stored) error) (events.Store, error) {
	if !o.ReadOnly && replica.IsCopy(a.dir) {
		return nil, text.Errorf(text.Conflict, "%s 是集群记录的本地副本，不能直接写入；写入请加 --store",
			"%s is a copy of the record in a cluster and is not written to; to write, name the cluster with --store",
			a.dir)
	}
	o.Replay = replay
	opened, err := logstore.Open(a.dir, o)
	if err != nil {
		return nil, a.damaged(err)
	}
	if torn := opened.Report().Torn; torn != nil {
		a.log.Warn("a commit that nobody was told of ends the log", zap.String("file", torn.File),
			zap.Int64("offset", torn.Offset), zap.Int64("bytes", torn.Bytes))
		if !o.ReadOnly {
			fmt.Fprintln(a.errOut, a.say("提示：上次写入中断，末尾 %d 字节属于一次未完成的写入，从未确认入账，已清除",
				"note: a write was cut short; the last %d bytes, of a commit that nobody was told of, were cut off",
				torn.Bytes))
		}
	}
	return opened, nil
}

// openReplica opens the local copy of the cluster's events and catches up with the cluster. If the cluster's events
// cannot be right, it tells the user and raises an alert; the copy still answers.
func (a *app) openReplica(ctx context.Context, replay func(events.Stored) error) (events.Store, error) {
	connection, err := kurrentstore.ParseConnection(a.cluster)
	if err != nil {
		return nil, err
	}
	record, err := kurrentstore.Open(kurrentstore.Options{
		Connection: connection, Prefix: a.prefix, Patience: a.patience, Log: a.log})
	if err != nil {
		return nil, err
	}
	if err = a.reach(ctx, record); err != nil {
		return nil, a.unreached(errors.Join(err, record.Close()), connection)
	}
	opened, err := replica.Open(ctx, replica.ReplicaConfig{Record: record, Dir: a.dir, Log: a.log, Clock: a.now,
		Replay: func(e events.Stored) error {
			if e.Fault != nil {
				fmt.Fprintln(a.errOut, a.say("警告：%s", "warning: %s", a.message(e.Fault)))
			}
			return replay(e)
		}})
	if err != nil {
		return nil, a.damaged(a.unreached(errors.Join(err, record.Close()), connection))
	}
	a.pingRecord = record.Ping
	return opened, nil
}

// damaged adds advice to an error about damage in the log: delete the copy of a cluster and copy again, or restore a
// ledger from a backup.
func (a *app) damaged(err error) error {
	var damage *logstore.DamageError
	switch {
	case !errors.As(err, &damage):
		return err
	case replica.IsCopy(a.dir):
		return text.Errorf(text.Internal,
			"%s。%s 是集群记录的本地副本，可以舍弃：把该目录移走，再带 --store 运行，副本即从集群重新建立",
			"%s. %s is a copy of the record in a cluster and may be thrown away: move the directory away and run "+
				"this with --store, which makes the copy anew",
			a.message(damage), a.dir)
	}
	return text.Errorf(text.Internal,
		"%s。未作任何修改；taizhang check 列出全部损坏，taizhang restore 可把备份恢复到另一目录",
		"%s. Nothing was changed; check lists all damage, and restore puts a backup into another directory",
		a.message(damage))
}

// reachesIn is the usual maximum time in which a cluster or a server answers. After it the user is told that there is
// no answer yet, so within a second.
const reachesIn = 800 * time.Millisecond

// reach waits until the cluster answers or the patience of its store is over, and tells the user about a long wait.
func (a *app) reach(ctx context.Context, record *kurrentstore.Store) error {
	answered := make(chan error, 1)
	go func() { answered <- record.Ping(ctx) }() // Ping has a deadline
	select {
	case err := <-answered:
		return err
	case <-time.After(a.reachesIn):
	}
	fmt.Fprintln(a.errOut, a.say("集群还没有应答，继续等待……", "the cluster does not answer yet; waiting ..."))
	return <-answered
}

// unreached adds to the error of a cluster that does not answer that the local copy can answer.
func (a *app) unreached(err error, connection *kurrentstore.ConnectionString) error {
	var away *kurrentstore.UnreachableError
	if errors.As(err, &away) && replica.IsCopy(a.dir) {
		return text.Errorf(text.Unavailable, "%s：%s。不加 --store 可查询 %s 中的本地副本，以它上次跟上时为准",
			"%s: %s. Without --store the copy in %s can be asked, as it was when it last caught up", connection,
			a.message(away), a.dir)
	}
	return err
}

// mustExist returns an error if there is no ledger in the directory.
func (a *app) mustExist() error {
	if a.cluster != "" {
		return nil // opening creates the copy
	}
	entries, err := os.ReadDir(a.dir)
	switch {
	case slices.ContainsFunc(entries, isSegment):
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return text.Errorf(text.NotFound,
			"%s 处没有台账。用 taizhang import 或 taizhang record 建立，或用 --data 指定目录",
			"there is no ledger at %s. Make one with import or record, or name its directory with --data", a.dir)
	case err != nil:
		return err
	}
	return text.Errorf(text.NotFound,
		"目录 %s 中没有台账。用 taizhang import 或 taizhang record 建立，或用 --data 指定目录",
		"the directory %s holds no ledger. Make one with import or record, or name its directory with --data", a.dir)
}

// isSegment reports whether a file is a segment of a log.
func isSegment(e os.DirEntry) bool {
	return strings.HasPrefix(e.Name(), "segment-") && strings.HasSuffix(e.Name(), ".log")
}

// account returns the user who runs the program, as the owner of the directory. An account that may write to the
// directory may also record decisions taken outside the system.
func (a *app) account() ledger.Writer {
	return ledger.Writer{Name: desk.LocalPrefix + a.userName(), MayRecord: true}
}

// userName returns the name of the user who runs the program.
func (a *app) userName() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return cmp.Or(a.getenv("USER"), "unknown")
}

// notice writes what a ledger tells its operator to the log.
func (a *app) notice(n ledger.Notice) {
	fields := make([]zap.Field, len(n.Fields))
	for i, f := range n.Fields {
		fields[i] = zap.Any(f.Name, f.Value)
	}
	switch n.Severity {
	case ledger.Information:
		a.log.Info(n.What, fields...)
	case ledger.Warned:
		a.log.Warn(n.What, fields...)
	case ledger.Failed:
		a.log.Error(n.What, fields...)
	}
}
