package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
)

func (a *app) backupCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "backup FILE|DIR", Args: exactly(1), Annotations: onFiles,
		Short: a.say("把台账备份到文件或目录（可在写入时进行；中断后再运行一次即可）",
			"copy the ledger to a file or directory, also while it is written; if cut short, run it again"),
		Long: a.say(`把台账备份到一个文件（tar 归档）或一个目录，可在写入时进行。
已有的文件是 FILE，已有的目录是 DIR；新名称以 .tar 结尾的是 FILE，否则是 DIR。

FILE 整份写完并存入磁盘后才替换先前的备份，因此需要容纳两份的空间；写入期间的内容在旁边的目录 FILE.partial 中。
任何 tar 都能列出、解开它，解开后的目录就是一份台账。
DIR 只补缺少的文件。两者中断后再运行一次，都从中断处接着做（FILE 若已写完、只差最后存入磁盘，则重写）；失败的一次不留下 FILE.partial。不是这份台账先前备份的文件或目录，一律不动。
台账自己的目录之中不能存放备份。

账号和访问日志（如有）同时备份到旁边：X.tar 旁为 X.access.tar，DIR 旁为 DIR.access，仅本人可读。
封存文件（如有）备份到 X.seal.tar 或 DIR.seal.tar，其中没有台账私钥，私钥须另行保管。`,
			`Copy the ledger to one file, a tar archive, or to a directory, also while it is written.
A file that is there is a FILE, a directory a DIR; a new name that ends in .tar is a FILE, any other a DIR.

A FILE takes the place of the earlier backup when all of it is on disk, so there must be room for both; until then it
grows in the directory FILE.partial beside it. Any tar lists it and unpacks it, to a directory that is a ledger.
In a DIR only the files that are missing or have grown are written.
Cut short, either goes on where it was when it is run again (a FILE that was whole and only had to reach the disk is
written again). A run that fails leaves no FILE.partial. What is no earlier backup of this ledger is left as it is.
No backup goes into the directory of the ledger itself.

The accounts and the access log, if there are any, are copied beside it, for their owner alone: X.access.tar beside
X.tar, DIR.access beside DIR. The seals, if there are any, go to X.seal.tar or DIR.seal.tar, without the private key of
the log, which you keep elsewhere.`),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.mustExist(); err != nil {
				return err
			}
			if err := a.bringUpToDate(cmd.Context()); err != nil {
				return err
			}
			to, isFile, err := copyAt(cmd, args[0])
			if err != nil {
				return err
			}
			if err := a.isElsewhere(to, isFile); err != nil {
				return err
			}
			seals, err := a.packSeals(to)
			if err != nil {
				return err
			}
			copied, err := a.backUp(cmd.Context(), to, isFile)
			if err != nil {
				return err
			}
			copied.Path = args[0]
			if err := seals.write(); err != nil {
				return err
			}
			accounts, err := a.backUpAccess(cmd.Context(), to, isFile)
			if err != nil {
				return err
			}
			all := []desk.Copied{copied}
			if accounts != nil {
				all = append(all, *accounts)
			}
			if err := a.writeCopied(all...); err != nil {
				return err
			}
			a.tellSeals(seals)
			return nil
		},
	}
	c.AddCommand(a.backupVerifyCommand())
	return c
}

// bringUpToDate brings the copy of a record in a cluster up to date. A process that serves the directory does so all
// the time and has it locked: its files are then copied as they are.
func (a *app) bringUpToDate(ctx context.Context) error {
	if a.cluster == "" {
		return nil
	}
	server, err := a.atServer(ctx, false)
	switch {
	case err != nil:
		return err
	case server == nil:
		return a.readFiles(ctx, func(desk.Reader) error { return nil })
	}
	server.Close()
	a.cluster = ""
	return nil
}

// accessBackup returns the path of the backup of the accounts, beside a backup of the ledger.
func accessBackup(path string, isFile bool) string {
	if name, ok := strings.CutSuffix(path, ".tar"); ok && isFile {
		return name + ".access.tar"
	}
	return strings.TrimRight(path, "/") + ".access"
}

func (a *app) restoreCommand() *cobra.Command {
	var accessFrom string
	c := &cobra.Command{
		Use: "restore FILE|DIR", Args: exactly(1), Annotations: onFiles,
		Short: a.say("把备份恢复到空的台账目录；先核对整份备份",
			"put a backup back into an empty directory of the ledger, when all of it has been checked"),
		Long: a.say(`把备份恢复到 --data 指定的空目录（没有就新建）。先核对整份备份：有损坏就说明位置，什么也不恢复。
恢复中断后，目录里没有台账，或打不开，不会被当成较短的台账：清空它，再恢复一次。

--access 同时恢复账号和访问日志，台账就位之后账号才就位：若恰在其间中断，台账已可打开，账号还在 access.partial 中
（taizhang doctor 会指出），同样清空目录，再恢复一次。
恢复后所有登录结束，令牌作废，密码和动态验证码失效，须重新设置和签发；统一身份登录的关联仍在。

备份旁边的封存文件（X.seal.tar 或 DIR.seal.tar）一并恢复；用 taizhang seal key restore 放回台账私钥之后才能封存，其余照常。`,
			`Put a backup back into the directory that --data names, which must be empty or not be there yet. All of the backup is
checked first: damage is named, and nothing is restored.
What a restore leaves that was cut short is no ledger or does not open, so it is never taken for a shorter one:
clear the directory and restore again.

With --access the accounts and the access log are restored too, and come into their place after the ledger. If that is
cut short in between, the ledger opens, and the accounts are still in access.partial, which taizhang doctor says: clear
the directory then too, and restore again.
Afterwards every session is over, every token is void, and no password and no second factor works: set passwords and
make tokens anew. Linked identities stay.

The seals beside the backup (X.seal.tar or DIR.seal.tar) are restored too. All works again but sealing, until the ledger's private
key is put back with taizhang seal key restore.`),
		RunE: func(cmd *cobra.Command, args []string) error {
			if a.cluster != "" {
				return usage(cmd, "--store 的记录在集群中，不能由此恢复；请按集群自己的办法恢复",
					"with --store the record is in the cluster, which has its own way to be restored")
			}
			from, isFile, err := copyAt(cmd, args[0])
			if err != nil {
				return err
			}
			if err := a.isApart(from); err != nil {
				return err
			}
			if accessFrom == "" {
				copied, seals, err := a.restore(cmd.Context(), from, isFile)
				if err != nil {
					return err
				}
				copied.Path = a.dir
				if err := a.writeCopied(copied); err != nil {
					return err
				}
				a.tellRestoredSeals(seals)
				return nil
			}
			return a.restoreBoth(cmd, from, isFile, accessFrom)
		},
	}
	c.Flags().StringVar(&accessFrom, "access", "",
		a.say("账号和访问日志的备份 `FILE|DIR`", "`FILE|DIR` of the backup of the accounts and the access log"))
	return c
}

// restoreBoth restores a ledger and its accounts. It checks both backups before it puts either into its place.
func (a *app) restoreBoth(cmd *cobra.Command, from string, isFile bool, accessFrom string) (err error) {
	accessFrom, accessIsFile, err := copyAt(cmd, accessFrom)
	if err != nil {
		return err
	}
	if err := a.isApart(accessFrom); err != nil {
		return err
	}
	accounts, err := a.restoreAccess(cmd.Context(), accessFrom, accessIsFile)
	if err != nil {
		return err
	}
	copied, seals, err := a.restore(cmd.Context(), from, isFile)
	if err == nil {
		err = accounts.place()
	}
	if err != nil {
		return errors.Join(err, accounts.drop())
	}
	copied.Path = a.dir
	if err := a.writeCopied(copied, accounts.Copied); err != nil {
		return err
	}
	a.tellRestoredSeals(seals)
	fmt.Fprintln(a.errOut, a.say(`所有登录已结束，所有令牌已作废，原有的密码和动态验证码已失效；请用 account password 重新设置密码，用 token add 重新签发令牌。
动态验证码由本人登录后重新启用；统一身份登录的关联仍在，不应保留的请用 account unlink 解除。`,
		`every session is over, every token is void, and no password or second factor works any more; set passwords with account password, make
tokens with token add. People enrol their second factor anew when they sign in. Links to single sign-on stay: undo those that should not, with account unlink.`))
	return nil
}

// copyAt returns the path of a backup, and whether the backup is one file. For an existing backup it follows links,
// so that the link itself is not replaced. A new backup is a file if its name ends in .tar.
func copyAt(cmd *cobra.Command, path string) (at string, isFile bool, err error) {
	if path == "" || path == "-" {
		return "", false, usage(cmd, "备份是文件或目录，不能是 %q", "a backup is a file or a directory, not %q", path)
	}
	if path, err = straight(path); err != nil {
		return "", false, err
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return path, strings.HasSuffix(path, ".tar"), nil
	case err != nil:
		return "", false, err
	case info.Mode().IsRegular():
		at, err = filepath.EvalSymlinks(path)
		return at, true, err
	case !info.IsDir():
		return "", false, text.Errorf(text.Invalid, "%s 既不是文件也不是目录",
			"%s is neither a file nor a directory", path)
	}
	return path, false, nil
}

// writeCopied writes the last position of each copy.
func (a *app) writeCopied(list ...desk.Copied) error {
	if a.output == tableOutput {
		for _, c := range list {
			a.print("%s：%d 条记录，%d 字节，已核对并存入磁盘", "%s: %d records, %d bytes, checked and on disk",
				c.Path, c.Events, c.Bytes)
		}
		return nil
	}
	rows := list[0].Table()
	for _, c := range list[1:] {
		rows.Rows = append(rows.Rows, c.Table().Rows...)
	}
	return a.write(rows)
}
