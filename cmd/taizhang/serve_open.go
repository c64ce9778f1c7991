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
)

// The names in the directory of a ledger beside its log.
const (
	accessName = "access" // the accounts and the access log
	spoolName  = "spool"  // what is being uploaded
)

// faults are what a test makes go wrong in a server.
type faults struct {
	store       func(events.Store) events.Store // stands before the store of the ledger; nil for nothing
	stoppedWait time.Duration                   // 0 for that of a server
}

// opened is a ledger that is open to be served, with its accounts.
type opened struct {
	desk     desk.Local
	access   *access.Access
	store    events.Store    // of the ledger
	accounts events.Store    // of the access log
	feed     *alertfeed.Feed // nil for none
}

// openServed opens the ledger and its accounts to be served, and makes what is not there. The caller closes what it returns.
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
	}, ledger.Config{Log: a.log})
	if err != nil {
		return o, a.inUse(ctx, err)
	}
	o.desk = desk.Local{LocalConfig: desk.LocalConfig{Ledger: l, Account: a.account(), Now: a.now, Version: programVersion(), Spool: a.dir,
		Root: func(ctx context.Context, position uint64, see func(*events.Stored)) ([sha256.Size]byte, error) {
			return seal.Root(ctx, o.store, position, see)
		}}}
	if o.accounts, err = a.openAccounts(ctx); err != nil {
		return o, err
	}
	o.access, err = access.Open(ctx, access.AccountsConfig{Store: o.accounts, Ledger: l, Now: a.now, Log: a.log,
		SessionIdle: time.Duration(options.sessionIdleMinutes) * time.Minute, PasswordDays: options.passwordDays, Demo: options.demo})
	return o, err
}

// close closes all that is open.
func (o *opened) close() (err error) {
	if o.access != nil {
		err = o.access.Close()
	}
	if o.desk.Ledger != nil {
		o.desk.Ledger.Close()
	}
	for _, store := range []events.Store{o.accounts, o.store} { // the ledger's last: it has the lock of the directory
		if store != nil {
			err = errors.Join(err, store.Close())
		}
	}
	return err
}

// openAccounts opens the log of the accounts: in the directory of the ledger or, if the record is in a cluster, there too.
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
	record, err := kurrentstore.Open(kurrentstore.Options{Connection: connection, Prefix: a.prefix + accessName + ".", Patience: a.patience, Log: a.log})
	if err != nil {
		return nil, err
	}
	if err := a.reach(ctx, record); err != nil {
		return nil, a.unreached(errors.Join(err, record.Close()), connection)
	}
	copied, err := replica.Open(ctx, replica.ReplicaConfig{Record: record, Dir: dir, Log: a.log, Clock: a.now, Replay: func(e events.Stored) error { return e.Fault }})
	if err != nil {
		return nil, errors.Join(a.unreached(err, connection), record.Close())
	}
	return copied, nil
}

// accessSegmentBytes is how much room the access log sets aside at a time.
const accessSegmentBytes = 4 << 20

// inUse adds to the error that another process has the ledger which process that is.
func (a *app) inUse(ctx context.Context, err error) error {
	var locked *logstore.LockedError
	if !errors.As(err, &locked) {
		return err
	}
	if c, failed := listen.DialSocket(ctx, a.dir); failed == nil {
		defer c.Close()
		if peer, failed := listen.PeerOf(c); failed == nil {
			return text.Errorf(text.Conflict, "台账 %s 已由进程 %d 提供服务", "process %[2]d serves the ledger %[1]s already", a.dir, peer.Process)
		}
	}
	if process := lockedBy(a.dir); process != 0 {
		return text.Errorf(text.Conflict, "台账 %s 正被进程 %d 使用", "the ledger %s is in use by process %d", a.dir, process)
	}
	return err
}

// lockedBy returns the process that has the lock of a directory, or 0 if the system does not say.
func lockedBy(dir string) (process int) {
	var at unix.Stat_t
	locks, err := os.ReadFile("/proc/locks")
	if err != nil || unix.Stat(dir, &at) != nil {
		return 0
	}
	place := fmt.Sprintf("%02x:%02x:%d", unix.Major(at.Dev), unix.Minor(at.Dev), at.Ino)
	for line := range strings.Lines(string(locks)) { // 1: FLOCK ADVISORY WRITE 1234 fd:01:5678 0 EOF
		if fields := strings.Fields(line); len(fields) > 5 && fields[1] == "FLOCK" && fields[5] == place {
			process, _ = strconv.Atoi(fields[4]) // 0 for a process of another container
		}
	}
	return max(process, 0)
}
