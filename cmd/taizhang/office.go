package main

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/logstore"
)

// office calls do with the administration of the accounts: at a server, or in the files if the caller owns the
// directory. The accounts must exist.
func (a *app) office(ctx context.Context, do func(access.AccountDesk) error) error {
	if asked, err := a.officeAtServer(ctx, do); asked || err != nil {
		return err
	}
	if a.cluster == "" {
		if ok, err := holdsSegments(filepath.Join(a.dir, accessName)); err != nil || !ok {
			return cmp.Or(err, error(text.Errorf(text.NotFound, "%s 处还没有账号；用 taizhang account add 建立",
				"there are no accounts at %s; make one with account add", a.dir)))
		}
	}
	return a.officeInFiles(ctx, do)
}

// officeAtServer calls do with the administration of the accounts at a server. asked is false if there is no server.
func (a *app) officeAtServer(ctx context.Context, do func(access.AccountDesk) error) (asked bool, err error) {
	c, err := a.atServer(ctx, true)
	if c == nil || err != nil {
		return false, err
	}
	defer c.Close()
	return true, do(c)
}

// newOffice does the same as office, and creates the accounts and an empty ledger beside them if they do not exist.
func (a *app) newOffice(ctx context.Context, do func(access.AccountDesk) error) error {
	if asked, err := a.officeAtServer(ctx, do); asked || err != nil {
		return err
	}
	return a.officeInFiles(ctx, func(o access.AccountDesk) error { return cmp.Or(do(o), a.makeLedger()) })
}

// ledgerOffice does the same as newOffice if there is a ledger. Without a ledger, the accounts must exist.
func (a *app) ledgerOffice(ctx context.Context, do func(access.AccountDesk) error) error {
	if ok, err := holdsSegments(a.dir); err == nil && ok {
		return a.newOffice(ctx, do)
	}
	return a.office(ctx, do)
}

// makeLedger creates an empty ledger if there is none, so that accounts can be backed up before the first record.
func (a *app) makeLedger() error {
	if ok, err := holdsSegments(a.dir); ok || err != nil || a.cluster != "" {
		return err
	}
	store, err := logstore.Open(a.dir, logstore.Options{})
	if err != nil {
		return err
	}
	return store.Close()
}

func (a *app) officeInFiles(ctx context.Context, do func(access.AccountDesk) error) (err error) {
	accounts, err := a.openAccounts(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, accounts.Close()) }()
	with := func(d *desk.Local) (err error) {
		cfg := access.AccountsConfig{Store: accounts, Now: a.now, Log: a.log}
		if d != nil {
			cfg.Ledger = d.Ledger
		}
		opened, err := access.Open(ctx, cfg)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, opened.Close()) }()
		return do(opened.Desk(a.owner()))
	}
	if ok, err := holdsSegments(a.dir); err != nil || !ok && a.cluster == "" {
		return cmp.Or(err, with(nil)) // a ledger that has not begun
	}
	return a.open(ctx, true, func(d *desk.Local, _ events.Store) error { return with(d) })
}

// owner returns the user who runs the program as the owner of the directory: only the owner could open it.
func (a *app) owner() access.Principal { return access.Local(a.userName(), "local") }

// holdsSegments reports whether a directory has a log.
func holdsSegments(dir string) (bool, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	for _, e := range entries {
		if isSegment(e) {
			return true, nil
		}
	}
	return false, err
}

// backUpAccess copies the log of the accounts beside a backup of the ledger, if there is one. to is the path of that
// backup.
func (a *app) backUpAccess(ctx context.Context, to string, isFile bool) (*desk.Copied, error) {
	from := filepath.Join(a.dir, accessName)
	if a.cluster != "" { // the copy is brought up to date first
		accounts, err := a.openAccounts(ctx)
		if err != nil {
			return nil, err
		}
		if err := accounts.Close(); err != nil {
			return nil, err
		}
	}
	if ok, err := holdsSegments(from); err != nil || !ok {
		return nil, err
	}
	to = accessBackup(to, isFile)
	backup := logstore.Backup
	if isFile {
		backup = logstore.BackupFile
	}
	report, err := backup(ctx, from, to)
	return &desk.Copied{Path: to, Events: report.Records, Bytes: report.Bytes}, err
}

// restored is the log of the accounts from a backup, complete, in a directory from which it is not moved into place
// yet.
type restored struct {
	desk.Copied
	dir   string
	isNew bool // the directory of the ledger was not there
}

// restoreAccess checks a backup of the log of the accounts and prepares it in the directory of the ledger, which may
// be all that the user may write to, or a volume of its own. It revokes all tokens in it.
func (a *app) restoreAccess(ctx context.Context, from string, isFile bool) (_ *restored, err error) {
	dir := filepath.Join(a.dir, accessName+logstore.PartialName)
	_, missing := os.Stat(a.dir)
	prepared := &restored{dir: dir, isNew: errors.Is(missing, fs.ErrNotExist)}
	defer func() {
		if err != nil {
			err = errors.Join(err, prepared.drop())
		}
	}()
	if err := logstore.MakeDir(a.dir); err != nil { // durable: the restore does so for an empty directory alone
		return nil, err
	}
	if err := os.RemoveAll(dir); err != nil { // of a restore that was cut short
		return nil, err
	}
	if err := os.Mkdir(dir, 0o700); err != nil { // for its owner alone
		return nil, err
	}
	restore := logstore.Restore
	if isFile {
		restore = logstore.RestoreFile
	}
	report, err := restore(ctx, from, dir)
	if err != nil {
		return nil, err
	}
	store, err := logstore.Open(dir, logstore.Options{SegmentBytes: accessSegmentBytes})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	accounts, err := access.Open(ctx, access.AccountsConfig{Store: store, Now: a.now, Log: a.log})
	if err != nil {
		return nil, err
	}
	err = errors.Join(accounts.Restored(ctx, a.owner()), accounts.Close())
	prepared.Copied = desk.Copied{Path: filepath.Join(a.dir, accessName), Events: report.Records, Bytes: report.Bytes}
	return prepared, err
}

// place moves the log of the accounts into the directory of the ledger, durably.
func (r *restored) place() error {
	if err := os.Rename(r.dir, r.Path); err != nil {
		return err
	}
	parent, err := os.Open(filepath.Dir(r.Path))
	if err != nil {
		return err
	}
	return errors.Join(parent.Sync(), parent.Close())
}

// drop removes the prepared directory, and that of the ledger if it was made for it and is empty.
func (r *restored) drop() error {
	err := os.RemoveAll(r.dir)
	if r.isNew {
		_ = os.Remove(filepath.Dir(r.dir))
	}
	return err
}
