package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/table"
)

func (a *app) backupVerifyCommand() *cobra.Command {
	var against string
	var thorough bool
	c := &cobra.Command{
		Use: "verify FILE|DIR", Args: exactly(1), Annotations: onBackup,
		Short: a.say("演练恢复：把备份恢复到临时目录，核验，并与运行中的台账比较",
			"rehearse a restore: restore a backup into a temporary place, check it, compare it with the ledger"),
		Long: a.say(`演练恢复。把备份恢复到系统的临时目录（须放得下整份台账），像 taizhang check 一样核验，用后删除；备份和台账都不改动。
备份旁边有账号的备份（X.access.tar 或 DIR.access）、封存文件的备份（X.seal.tar 或 DIR.seal.tar）时，一并演练。

--against 指定台账的目录（有服务时经服务查询）或服务器网址，逐条比较备份中的记录，并按备份的位置逐格比较中心、预警、执行、迟滞、延后和结余各清单。
不用 --against 时，数字由独立的第二套程序从备份的记录复算。

全部相符，退出码为 0；恢复不成、核验有问题或有不同，退出码为 1。`,
			`Rehearse a restore. The backup is restored into a temporary directory (in that of the environment's TMPDIR, or /tmp, which
needs room for all of it), checked as by taizhang check, and the directory is removed. Neither the backup nor the ledger is changed.
A backup of the accounts (X.access.tar or DIR.access) and of the seals (X.seal.tar or DIR.seal.tar) beside it is rehearsed too.

--against names the directory of the ledger, which is asked at its server if it is served, or the URL of a server.
Each record of the backup is compared with it, and as known at the position of the backup each cell of the lists of
centers, alerts, execution, and delayed, deferred and unspent money.
Without it the figures are computed again from the records of the backup by an independent evaluator.

The exit code is 0 if all agrees, and 1 if it does not restore, is not sound or differs.`),
		RunE: func(cmd *cobra.Command, args []string) error {
			if a.dirGiven || cmd.Flags().Changed("store") {
				return usage(cmd, "backup verify 只看备份，不用 --data 或 --store；要与台账比较，用 --against",
					"backup verify works on a backup and takes no --data or --store; name the ledger to compare with "+
						"by --against")
			}
			if against == "" && cmd.Flags().Changed("against") {
				return usage(cmd, "--against 不能为空", "--against must not be empty")
			}
			isURL := strings.Contains(against, "://")
			if !isURL && (cmd.Flags().Changed("token-file") || cmd.Flags().Changed("tls-ca")) {
				return usage(cmd, "--token-file 和 --tls-ca 须与 --against 网址一起用",
					"--token-file and --tls-ca go with --against URL")
			}
			from, isFile, err := copyAt(cmd, args[0])
			if err != nil {
				return err
			}
			made, err := lastWritten(from, isFile)
			if err != nil {
				return err
			}
			r := desk.NewRehearsed(made, a.now(), against)
			if err := a.rehearseRestore(cmd.Context(), from, isFile, thorough, isURL, r); err != nil {
				return err
			}
			err = a.answer(r, func() *table.Table { return r.Table(a.lang) }, func() { a.tellRehearsed(args[0], r) })
			if err == nil && !r.Sound() {
				return errAnswered
			}
			return err
		},
	}
	c.Flags().StringVar(&against, "against", "",
		a.say("与台账 `DIR|URL` 比较", "compare with the ledger `DIR|URL`"))
	c.Flags().BoolVar(&thorough, "thorough", false,
		a.say("独立复算全部进行，不作抽查", "compute everything again independently, not a sample"))
	return c
}

// rehearseRestore restores a backup into a temporary directory, and fills in r. It removes the directory.
func (a *app) rehearseRestore(ctx context.Context, from string, isFile, thorough, againstURL bool,
	r *desk.Rehearsed) (err error) {
	dir, err := os.MkdirTemp("", "taizhang-verify-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	there := *a
	there.dir, there.cluster, there.server = filepath.Join(dir, "ledger"), "", ""
	if _, _, err := there.restore(ctx, from, isFile); err != nil {
		return err
	}
	if err := there.rehearseAccess(ctx, from, isFile, r); err != nil {
		return err
	}
	if err := there.check(ctx, thorough, &r.Checked); err != nil || r.Against == nil {
		return err
	}
	running := *a
	running.cluster = ""
	if running.dir = r.Against.Ledger; againstURL {
		running.server = r.Against.Ledger
	}
	bar := a.progress("比较", "comparing")
	defer bar.end()
	return there.readFiles(ctx, func(backup desk.Reader) error {
		return running.read(ctx, func(ledger desk.Reader) error {
			return r.Compare(ctx, backup, ledger, a.now(), bar.show)
		})
	})
}

// rehearseAccess restores the backup of the accounts beside a backup, if there is one, as restore --access does.
func (a *app) rehearseAccess(ctx context.Context, from string, isFile bool, r *desk.Rehearsed) error {
	beside := accessBackup(from, isFile)
	if _, err := os.Stat(beside); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	accounts, err := a.restoreAccess(ctx, beside, isFile)
	if err != nil {
		return err
	}
	r.AccountEvents = &accounts.Events
	return accounts.drop()
}

// lastWritten returns the time at which a backup was last written: of a directory that of its newest segment, which a
// backup that found nothing new does not change.
func lastWritten(from string, isFile bool) (last time.Time, err error) {
	if isFile {
		info, err := os.Stat(from)
		if err != nil {
			return last, err
		}
		return info.ModTime(), nil
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		return last, err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && isSegment(e) && info.ModTime().After(last) {
			last = info.ModTime()
		}
	}
	if last.IsZero() {
		return last, text.Errorf(text.NotFound, "%s 中没有备份", "there is no backup in %s", from)
	}
	return last, nil
}

// tellRehearsed prints the result of a rehearsal for people.
func (a *app) tellRehearsed(path string, r *desk.Rehearsed) {
	a.print("备份 %s：写于 %s，距今 %s", "backup %s: written at %s, %s ago", path, r.MadeAt,
		a.age(time.Duration(r.AgeSeconds)*time.Second))
	a.print("已恢复到临时目录，核验如下：", "restored into a temporary directory and checked:")
	a.tellExamined(&r.Checked)
	if r.AccountEvents == nil {
		a.print("旁边没有账号的备份", "there is no backup of the accounts beside it")
	} else {
		a.print("账号：%d 条记录，已恢复并能打开", "accounts: %d records, restored and opened", *r.AccountEvents)
	}
	findings := r.Checked.Findings
	if w := r.Against; w != nil {
		a.print("与台账 %s 比较：到位置 %d 止，记录 %d 条，清单数据 %d 格",
			"compared with the ledger %s up to position %d: %d records, %d cells of lists", w.Ledger,
			r.Checked.Position, w.Records, w.Cells)
		findings = append(findings, w.Findings...)
		if w.Newer > 0 {
			a.print("台账现在到位置 %d：备份之后另有 %d 条记录，第一条记于 %s",
				"the ledger is at position %d now: %d records are newer than the backup, the first recorded at %s",
				w.Position, w.Newer, w.OldestAt)
		}
	}
	if len(findings) > 0 {
		a.tellFindings(findings)
		return
	}
	a.print("备份可用：能恢复为位置 %d 的台账。", "The backup is sound: it restores to a ledger at position %d.",
		r.Checked.Position)
}

// age returns a duration in the largest unit that fits twice, or else in minutes; 0 for a time to come.
func (a *app) age(d time.Duration) string {
	d = max(d, 0)
	switch day := 24 * time.Hour; {
	case d >= 2*day:
		return a.say("%d 天", "%d days", int(d/day))
	case d >= 2*time.Hour:
		return a.say("%d 小时", "%d hours", int(d/time.Hour))
	}
	return a.say("%d 分钟", "%d minutes", int(d/time.Minute))
}
