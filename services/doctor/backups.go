package doctor

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/logstore"
)

// How old the last backup may be: of a nightly one, some hours late.
const (
	backupWarning = 26 * time.Hour
	backupWrong   = 8 * 24 * time.Hour
)

// backup says how old the backup is and how far it reaches.
func (x *examination) backup() {
	if x.Backup == "" {
		x.find(Backup, "", NotExamined, "没有指定备份", "no backup is named").
			todo("指定备份的文件或目录再检查", "name its file or directory and look again").
			typed(x.verb("doctor", x.flag("backup"), "FILE"))
		return
	}
	again := x.verb("backup", x.Quote(x.Backup))
	var end logstore.End
	info, err := os.Stat(x.Backup)
	if err == nil {
		end, err = logstore.ReadEnd(x.Backup)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		x.find(Backup, x.Backup, Wrong, "没有备份 %s", "there is no backup %s", x.Backup).
			todo("备份一次，并设为每日自动进行", "make one, and have one made each day").
			typed(again, "systemctl enable taizhang-backup.timer", "systemctl start taizhang-backup.timer")
		x.backupPlace(true)
		return
	case errors.Is(err, fs.ErrPermission):
		x.cannot(Backup, x.Backup, err)
		return
	case err != nil:
		x.find(Backup, x.Backup, Wrong, "%s", "%s", because(err)).
			todo("备份到新的文件，再核对", "make a backup to a new file").typed(x.verb("backup", "FILE"))
		return
	}
	x.backupAge(info, end, again)
	x.backupPlace(!info.IsDir())
	x.backupRest(info.IsDir(), again)
}

// backupAge judges the age of a backup. A file is written anew each time. Of a directory only what is new is written,
// so it is as old as the first record that it lacks.
func (x *examination) backupAge(info fs.FileInfo, end logstore.End, again string) {
	age := x.Now.Sub(info.ModTime())
	lacks := int64(x.events) - int64(end.Position)
	if x.isRead && lacks < 0 { // the backup may have been made since the end of the ledger was read
		if now, err := logstore.ReadEnd(x.Dir); err == nil {
			lacks = int64(now.Position) - int64(end.Position)
		}
	}
	behind := text.Say("与台账一致", "as far as the ledger")
	switch {
	case !x.isRead:
		behind = text.Say("到位置 %d", "up to position %d", end.Position)
	case lacks > 0:
		behind = text.Say("到位置 %d，缺 %d 条", "up to position %d, and the ledger has %d more",
			end.Position, lacks)
	case lacks < 0:
		x.find(Backup, x.Backup, Wrong, "备份 %s 有 %d 条记录，比台账还多 %d 条",
			"the backup %s has %d records, %d more than the ledger", x.Backup, end.Position, -lacks).
			todo("台账可能少了记录，或这是另一份台账的备份；先不要再备份，核验两者",
				"the ledger may have lost records, or this is the backup of another one; make no other backup, and "+
					"check both").typed(x.verb("check"), x.Program+" check "+x.flag("data")+" DIR")
		return
	}
	if info.IsDir() {
		age = 0
		if lacks > 0 {
			at, err := logstore.RecordedAt(x.Dir, end.Position+1)
			if err != nil {
				x.find(Backup, x.Backup, NotExamined, "%s；不能读出最早一条的时间：%s",
					"%s; the time of the first of them cannot be read: %s", behind, because(err)).
					todo("核验台账", "check the ledger").typed(x.verb("check"))
				return
			}
			age = x.Now.Sub(at)
		}
	}
	said := text.Say("备份于 %s前，%s", "made %s ago, %s", span(age), behind)
	if info.IsDir() {
		said = behind
		if lacks > 0 {
			said = text.Say("%s，最早一条缺了 %s", "%s, the first of them for %s", behind, span(age))
		}
	}
	f := x.find(Backup, x.Backup, OK, "%s", "%s", said)
	switch {
	case age < -clockTolerance:
		f.State = Warning
		f.todo("文件的时间在将来：核对时钟", "its time is in the future: check the clock").
			typed("date", "ls -l "+x.Quote(x.Backup))
	case age > backupWrong:
		f.State = Wrong
	case age > backupWarning:
		f.State = Warning
	}
	if f.State != OK && f.Do == (text.Text{}) {
		f.todo("备份一次，并查明自动备份为什么没有进行", "make one now, and find out why the daily one was not made").
			typed(again, "systemctl list-timers taizhang-backup.timer", "journalctl -u taizhang-backup -n 50")
	}
}

// backupPlace looks at the disk on which the backup is, or will be. isWhole says that the next backup writes all of
// the ledger, as to a file or to a new directory.
func (x *examination) backupPlace(isWhole bool) {
	place := existing(x.Backup)
	m, err := mountOf(place)
	if err != nil {
		x.cannot(Backup, place, err)
		return
	}
	apart := text.Say("把备份复制到另一台机器或另一块磁盘", "copy backups to another machine or disk")
	for _, kind := range passingKinds {
		if m.kind == kind {
			x.find(Backup, place, Wrong, "备份在内存文件系统 %s 上，重新启动后丢失",
				"the backup is on a %s, and is lost when the machine restarts", m.kind).todo("%s", "%s", apart)
			return
		}
	}
	if deviceOf(place) == deviceOf(x.disk) && deviceOf(place) != 0 {
		x.find(Backup, place, Warning, "备份与台账在同一个文件系统上，磁盘损坏时一起丢失",
			"the backup is on the file system of the ledger: one broken disk takes both").todo("%s", "%s", apart)
	}
	var disk syscall.Statfs_t
	if err := syscall.Statfs(place, &disk); isWhole && err == nil && int64(disk.Bavail)*disk.Frsize < x.bytes {
		x.find(Backup, place, Warning, "备份所在磁盘余 %s，容不下又一份台账（%s）",
			"only %s are free where the backup is, and the ledger has %s",
			size(int64(disk.Bavail)*disk.Frsize), size(x.bytes)).
			todo("腾出空间：新的备份写完才替换旧的",
				"make room: a new backup takes the place of the old one only when it is whole").
			typed("df -h " + x.Quote(place))
	}
}

// deviceOf returns the device of a directory, or 0.
func deviceOf(dir string) uint64 {
	var stat syscall.Stat_t
	if syscall.Stat(dir, &stat) != nil {
		return 0
	}
	return stat.Dev
}

// backupRest looks at what belongs to a backup: the accounts beside it, and a run that was cut short.
func (x *examination) backupRest(isDir bool, again string) {
	if _, err := os.Stat(x.AccessDir); err == nil {
		if info, err := os.Stat(x.AccessBackup); errors.Is(err, fs.ErrNotExist) {
			x.find(Backup, x.AccessBackup, Warning, "台账有账号，备份旁没有 %s",
				"the ledger has accounts, and %s is not beside the backup", x.AccessBackup).
				todo("再备份一次，账号一同备份", "make another one, which copies the accounts too").typed(again)
		} else if err == nil && info.Mode().Perm()&notOwner != 0 {
			x.find(Backup, x.AccessBackup, Wrong, "%s 含账号，其他用户可以读取",
				"%s holds the accounts, and others may read it", x.AccessBackup).
				todo("只留属主的权限", "leave it to its owner alone").typed("chmod go-rwx " + x.Quote(x.AccessBackup))
		}
	}
	if partial := x.Backup + ".partial"; !isDir {
		if _, err := os.Stat(partial); err == nil {
			x.find(Backup, partial, Warning, "有一次备份正在进行或中断", "a backup is being made, or was cut short").
				todo("没有备份在进行时，再运行一次即接着做完",
					"if none is running, run it again; it goes on where it was").typed(again)
		}
	}
}
