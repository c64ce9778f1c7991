package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/api"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/kurrentstore"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/listen"
	"github.com/taizhang/taizhang/services/logstore"
	"github.com/taizhang/taizhang/services/replica"
	"github.com/taizhang/taizhang/services/seal"
	"github.com/taizhang/taizhang/services/sealing"
)

// The names in the directory of a ledger beside its log.
const (
	accessName = "access" // the accounts and the access log
	spoolName  = "spool"  // files that are being uploaded
)

// faults are the faults that a test puts into a server.
type faults struct {
	store       func(events.Store) events.Store // wraps the store of the ledger; nil for none
	stoppedWait time.Duration                   // 0 for that of a server
	wedgedAfter time.Duration                   // 0 for that of a server
}

// opened is a ledger that is open to be served, with its accounts.
type opened struct {
	desk     desk.Local
	access   *access.Access
	store    events.Store    // of the ledger
	accounts events.Store    // of the access log
	feed     *alertfeed.Feed // nil for none
}

// openServed opens the ledger and its accounts for a server, and creates missing ones. The caller closes the result.
func (a *app) openServed(ctx context.Context, options *serveOptions, metrics *api.Metrics) (o *opened, err error) {
	o = &opened{}
	defer func() {
		if err != nil {
			err = errors.Join(err, o.close())
		}
	}()
	source := a.source(ctx, &o.store, logstore.Options{Synced: metrics.Synced})
	l, err := ledger.OpenFrom(ctx, func(replay func(events.Stored) error) (events.Store, error) {
		store, err := source(replay)
		if err != nil {
			return nil, err
		}
		if a.faults.store != nil {
			store = a.faults.store(store)
		}
		return metrics.Store(store), nil
	}, ledger.Config{Notice: a.notice})
	if err != nil {
		return o, a.inUse(ctx, err)
	}
	seals := sealing.New(a.dir, l, o.store)
	o.desk = desk.Local{LocalConfig: desk.LocalConfig{
		Ledger: l, Seals: seals, Account: a.account(), Now: a.now, Version: programVersion(), Spool: a.dir,
		Root: func(ctx context.Context, position uint64, see func(*events.Stored)) ([sha256.Size]byte, error) {
			return seal.Root(ctx, o.store, position, see)
		}}}
	if o.accounts, err = a.openAccounts(ctx); err != nil {
		return o, err
	}
	o.access, err = access.Open(ctx, access.AccountsConfig{Store: o.accounts, Ledger: l, Now: a.now, Log: a.log,
		SessionIdle: time.Duration(options.sessionIdleMinutes) * time.Minute, PasswordDays: options.passwordDays,
		Demo: options.demo})
	return o, err
}

// close closes everything that is open.
func (o *opened) close() (err error) {
	if o.access != nil {
		err = o.access.Close()
	}
	if o.desk.Ledger != nil {
		o.desk.Ledger.Close()
	}
	// the store of the ledger last, because it has locked the directory
	for _, store := range []events.Store{o.accounts, o.store} {
		if store != nil {
			err = errors.Join(err, store.Close())
		}
	}
	return err
}

// openAccounts opens the log of the accounts: in the directory of the ledger or, if the events are in a cluster, in
// the cluster too.
func (a *app) openAccounts(ctx context.Context) (events.Store, error) {
	dir := filepath.Join(a.dir, accessName)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if a.cluster == "" {
		return logstore.Open(dir, logstore.Options{SegmentBytes: accessSegmentBytes})
	}
	connection, err := kurrentstore.ParseConnection(a.cluster)
	if err != nil {
		return nil, err
	}
	record, err := kurrentstore.Open(kurrentstore.Options{Connection: connection, Prefix: a.prefix + accessName + ".",
		Patience: a.patience, Log: a.log})
	if err != nil {
		return nil, err
	}
	if err := a.reach(ctx, record); err != nil {
		return nil, a.unreached(errors.Join(err, record.Close()), connection)
	}
	copied, err := replica.Open(ctx, replica.ReplicaConfig{
		Record: record, Dir: dir, Log: a.log, Clock: a.now, Replay: func(e events.Stored) error { return e.Fault }})
	if err != nil {
		return nil, errors.Join(a.unreached(err, connection), record.Close())
	}
	return copied, nil
}

// accessSegmentBytes is the size of a segment of the access log.
const accessSegmentBytes = 4 << 20

// inUse adds the process that has the ledger open to the error that another process has it open.
func (a *app) inUse(ctx context.Context, err error) error {
	var locked *logstore.LockedError
	if !errors.As(err, &locked) {
		return err
	}
	if c, failed := listen.DialSocket(ctx, a.dir); failed == nil {
		defer c.Close()
		if peer, failed := listen.PeerOf(c); failed == nil {
			return text.Errorf(text.Conflict, "台账 %s 已由进程 %d 提供服务",
				"process %[2]d serves the ledger %[1]s already", a.dir, peer.Process)
		}
	}
	if process := lockedBy(a.dir); process != 0 {
		return text.Errorf(text.Conflict, "台账 %s 正被进程 %d 使用", "the ledger %s is in use by process %d",
			a.dir, process)
	}
	return err
}

// lockedBy returns the process that has locked a directory, or 0 if the system does not report it.
func lockedBy(dir string) (process int) {
	var at unix.Stat_t
	locks, err := os.ReadFile("/proc/locks")
	if err != nil || unix.Stat(dir, &at) != nil {
		return 0
	}
	place := fmt.Sprintf("%02x:%02x:%d", unix.Major(at.Dev), unix.Minor(at.Dev), at.Ino)
	for line := range strings.Lines(string(locks)) { // 1: FLOCK ADVISORY WRITE 1234 fd:01:5678 0 EOF
		if fields := strings.Fields(line); len(fields) > 5 && fields[1] == "FLOCK" && fields[5] == place {
			process, _ = strconv.Atoi(fields[4]) // 0 for a process in another container
		}
	}
	return max(process, 0)
}
