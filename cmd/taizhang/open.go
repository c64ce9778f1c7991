package main

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"time"

	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/logstore"
)

// session is an open ledger with what a verb asks it about.
type session struct {
	*ledger.Ledger
	store   events.Store
	reg     *projections.Register // as known at the instant asked about
	on      events.Date
	knownAt time.Time
}

// read opens the ledger to ask it something; it never makes one.
func (a *app) read(ctx context.Context, do func(*session) error) error {
	if err := a.mustExist(); err != nil {
		return err
	}
	return a.open(ctx, ledger.Config{Log: a.log, ReadOnly: true}, do)
}

// readWrite opens the ledger to write, and makes it if there is none.
func (a *app) readWrite(ctx context.Context, do func(*session) error) error {
	if a.knownAt != "" {
		return sayError("--known-at 只用于查询", "--known-at is for questions only")
	}
	return a.open(ctx, ledger.Config{Log: a.log}, do)
}

func (a *app) open(ctx context.Context, cfg ledger.Config, do func(*session) error) (err error) {
	store, err := logstore.Open(a.dir, logstore.Options{ReadOnly: cfg.ReadOnly})
	if err != nil {
		return err
	}
	if torn := store.Report().Torn; torn != nil {
		a.log.Warn("a commit that nobody was told of ends the log", zap.String("file", torn.File), zap.Int64("offset", torn.Offset), zap.Int64("bytes", torn.Bytes))
	}
	defer func() { err = cmp.Or(err, store.Close()) }()
	l, err := ledger.Open(ctx, store, cfg)
	if err != nil {
		return err
	}
	s := &session{Ledger: l, store: store, reg: l.Register()}
	s.on, _ = a.on() // checked by prepare
	s.knownAt, _ = a.known()
	if !s.knownAt.IsZero() {
		if s.reg, err = l.KnownAt(ctx, s.knownAt); err != nil {
			return err
		}
	}
	return do(s)
}

// mustExist says clearly that there is no ledger where one is asked about.
func (a *app) mustExist() error {
	segments, err := filepath.Glob(filepath.Join(a.dir, "segment-*.log"))
	if err == nil && len(segments) > 0 {
		return nil
	}
	_, err = os.Stat(a.dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return sayError("%s 处没有台账。用 import 或 record 建立，或用 --data 指定目录", "there is no ledger at %s. Make one with import or record, or name its directory with --data", a.dir)
	case err != nil:
		return err
	}
	return sayError("目录 %s 中没有台账。用 import 或 record 建立，或用 --data 指定目录", "the directory %s holds no ledger. Make one with import or record, or name its directory with --data", a.dir)
}

// account is who runs the program. Who may write to the directory may record what was decided outside the system.
func (a *app) account() ledger.Account {
	name := cmp.Or(a.getenv("USER"), "local")
	if u, err := user.Current(); err == nil && u.Username != "" {
		name = u.Username
	}
	return ledger.Account{Name: name, MayRecord: true}
}

// center returns the id of a center that is in the register.
func (s *session) center(arg string) (events.CenterID, error) {
	id := events.CenterID(arg)
	if s.reg.Evaluation(id, s.on) == nil {
		return "", sayError("台账中没有中心 %s", "the ledger has no center %s", arg)
	}
	return id, nil
}
