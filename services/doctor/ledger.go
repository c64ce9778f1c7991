package doctor

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/listen"
	"github.com/taizhang/taizhang/services/logstore"
)

// ledger looks at the files of the ledger, without reading all of them.
func (x *examination) ledger() {
	info, err := os.Stat(x.Dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		x.find(Ledger, x.Dir, NotExamined, "目录 %s 还不存在", "there is no directory %s yet", x.Dir).
			todo("首次启动服务时自动建立；如应已有台账，请核对目录",
				"a server makes it when it starts; if there should be a ledger, check the name").
			typed(x.serve())
		return
	case err != nil:
		x.cannot(Ledger, x.Dir, err)
		return
	case !info.IsDir():
		x.find(Ledger, x.Dir, Wrong, "%s 不是目录", "%s is not a directory", x.Dir).
			todo("指定台账所在的目录", "name the directory of the ledger")
		return
	}
	end, err := logstore.ReadEnd(x.Dir)
	x.isRead, x.events, x.bytes = err == nil, end.Position, end.Bytes
	var damage *logstore.DamageError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		x.empty()
	case errors.Is(err, fs.ErrPermission):
		x.cannot(Ledger, x.Dir, err)
	case errors.As(err, &damage) && x.isHalfRestored():
		x.find(Ledger, x.Dir, Wrong, "恢复没有做完：缺第一个文件 %s",
			"a restore was cut short: the first file, %s, is not there", damage.File).
			todo("清空目录，再恢复一次", "clear the directory and restore again").typed(x.restore())
	case errors.As(err, &damage):
		x.find(Ledger, x.Dir, Wrong, "%s", "%s", damage.Text()).
			todo("停止写入，先把整个目录复制到别处，再核验；不要改动任何文件",
				"stop writing, copy the whole directory elsewhere first, then check; change no file").
			typed(x.verb("check"))
	case err != nil:
		x.find(Ledger, x.Dir, Wrong, "%s", "%s", because(err)).todo("核验台账", "check the ledger").
			typed(x.verb("check"))
	default:
		x.begun(end)
	}
	if !x.isHalfRestored() {
		x.leftOver()
	}
	x.lastRecord(end)
}

// partialAccess returns the directory in which a restore prepares the accounts.
func (x *examination) partialAccess() string { return x.AccessDir + logstore.PartialName }

// isThere reports whether there is a file or a directory. One that may not be looked at counts as not there.
func isThere(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// leftOver looks for accounts that a restore that was cut short left in the directory. A restore puts the ledger into
// its place, and then the accounts: between the two there is a ledger that opens, and whose accounts are not in use.
func (x *examination) leftOver() {
	switch path := x.partialAccess(); {
	case !isThere(path):
	case x.isRead && !isThere(x.AccessDir):
		x.find(Ledger, path, Wrong, "恢复没有做完：台账已在，账号还在 %s 中，没有启用",
			"a restore was cut short: the ledger is in its place, its accounts are still in %s and not in use", path).
			todo("没有恢复在进行时，把目录中的全部内容移到别处（不要删除），再连同账号恢复一次",
				"unless a restore is running, move all that is in the directory elsewhere (delete nothing), and "+
					"restore again with the accounts").
			typed(x.restore())
	default:
		x.find(Ledger, path, Warning, "%s 是一次中断的恢复留下的账号",
			"%s holds accounts that a restore left when it was cut short", path).
			todo("没有恢复在进行时，删除它", "remove it, unless a restore is running").
			typed("rm -r " + x.Quote(path))
	}
}

// segments returns the names of the segments in the directory, in order; none if it cannot be read.
func (x *examination) segments() (names []string) {
	list, _ := os.ReadDir(x.Dir)
	for _, e := range list {
		if strings.HasPrefix(e.Name(), "segment-") && strings.HasSuffix(e.Name(), ".log") {
			names = append(names, e.Name())
		}
	}
	return names
}

// isHalfRestored reports whether the first segment is missing, as a restore that was cut short leaves it.
func (x *examination) isHalfRestored() bool {
	names := x.segments()
	return len(names) > 0 && names[0] != "segment-000001.log"
}

// restore returns the command that restores the backup: with the accounts if their backup is beside it, or if the
// restore that was cut short had them.
func (x *examination) restore() string {
	words := []string{"restore", "FILE"}
	if x.Backup != "" {
		words[1] = x.Quote(x.Backup)
	}
	switch {
	case x.Backup != "" && isThere(x.AccessBackup):
		words = append(words, x.flag("access"), x.Quote(x.AccessBackup))
	case isThere(x.partialAccess()):
		words = append(words, x.flag("access"), "FILE")
	}
	return x.verb(words...)
}

// empty says that the directory has no ledger.
func (x *examination) empty() {
	x.find(Ledger, x.Dir, NotExamined, "目录 %s 中还没有台账", "the directory %s holds no ledger yet", x.Dir).
		todo("首次启动服务时自动建立；如应已有台账，请核对目录",
			"a server makes it when it starts; if there should be a ledger, check the name").
		typed(x.serve())
}

// begun says what is in the ledger, and who has it open.
func (x *examination) begun(end logstore.End) {
	has := text.Say("%d 条记录，%d 个文件，共 %s", "%[1]d records, %[3]s, files: %[2]d", end.Position, end.Segments,
		size(end.Bytes))
	if x.IsCopy {
		has = text.Say("集群记录的本地副本，%s", "a copy of the record in a cluster, %s", has)
	}
	state, who := OK, text.Say("没有进程在用", "no process has it open")
	switch {
	case x.Served != nil:
		who = text.Say("进程 %d 提供服务", "served by process %d", x.Served.Process)
	case x.Unreachable != nil:
		who = text.Say("不能查明是否有进程提供服务", "whether a process serves it cannot be found out")
	case x.LockedBy != 0:
		state, who = Warning, text.Say("进程 %d 正在用，目前没有提供服务：可能是正在启动的服务，或一次导入",
			"process %d has it open and does not serve it now: a server that starts, or an import", x.LockedBy)
	case x.hasSpooled():
		who = text.Say("没有进程在用；有中断的导入留下的文件，下次启动服务时清除",
			"no process has it open; an import was cut short and left files, which the next start of a server removes")
	}
	f := x.find(Ledger, x.Dir, state, "%s；%s；内容由 %[3]s 核验", "%s; %s; %s proves what is in it", has, who,
		x.verb("check"))
	if state == Warning {
		f.todo("是服务的，等它就绪；否则等它结束再启动服务",
			"if it is a server, wait until it is ready; else until it ends before you start one").
			typed("ps -fp " + strconv.Itoa(x.LockedBy))
	}
}

// hasSpooled reports whether files of an import lie in the spool.
func (x *examination) hasSpooled() bool {
	list, err := os.ReadDir(filepath.Join(x.Dir, "spool"))
	return err == nil && len(list) > 0
}

// lastRecord compares the time of the last record with the clock: records cannot be from the future.
func (x *examination) lastRecord(end logstore.End) {
	if end.RecordedAt.IsZero() {
		return
	}
	at := events.FormatInstant(end.RecordedAt)
	if ahead := end.RecordedAt.Sub(x.Now); ahead > clockTolerance {
		x.find(LastRecord, x.Dir, Wrong, "最后一条记录记于 %s，比现在的时钟晚 %v：时钟被拨回，或当时走快了",
			"the last record is of %s, %v after the clock: the clock was set back, or was ahead then", at,
			span(ahead)).
			todo("先校准时钟；时钟走到该时间之前，新记录一律记为该时间",
				"set the clock right first; until it has passed that time, records get that time and not their "+
					"own").typed("timedatectl status")
		return
	}
	x.find(LastRecord, x.Dir, OK, "位置 %d，记于 %s", "position %d, of %s", end.Position, at)
}

// service says whether the process that serves the ledger is ready, and is of this build.
func (x *examination) service() {
	switch {
	case errors.Is(x.Unreachable, fs.ErrPermission):
		x.cannot(Service, filepath.Join(x.Dir, listen.SocketName), x.Unreachable)
		return
	case x.Unreachable != nil:
		x.find(Service, filepath.Join(x.Dir, listen.SocketName), Wrong, "有进程提供服务，但套接字上问不到：%s",
			"a process serves the ledger, and cannot be asked on the socket: %s", because(x.Unreachable)).
			todo("查看服务日志；一直没有应答的，重新启动服务",
				"see the log of the server; if it stays silent, start it again").
			typed("journalctl -u taizhang -n 50", "systemctl restart taizhang")
		return
	case x.Served == nil:
		x.find(Service, "", NotExamined, "没有进程提供服务", "no process serves the ledger").
			todo("启动服务后再检查一次", "start the server and look again").typed(x.serve())
		return
	}
	s := x.Served
	if len(s.Reasons) > 0 {
		var zh, en []string
		for _, reason := range s.Reasons {
			zh, en = append(zh, reason.Zh), append(en, reason.En)
		}
		x.find(Service, "", Wrong, "进程 %d 未就绪：%s", "process %d is not ready: %s", s.Process,
			text.Text{Zh: strings.Join(zh, "；"), En: strings.Join(en, "; ")}).
			todo("按所列原因处理；服务日志有详情", "see to the reasons; the log of the server has more").
			typed("journalctl -u taizhang -n 50")
	} else {
		x.find(Service, "", OK, "进程 %d 已就绪，位置 %d", "process %d is ready, at position %d", s.Process,
			s.Position)
	}
	if s.Build != x.Build {
		x.find(Service, "", Warning, "服务的版本是 %s，本程序是 %s；命令会被拒绝",
			"the server is of version %s, this program of %s; it refuses the verbs of another version", s.Build,
			x.Build).
			todo("用同一版本的程序重新启动服务", "start the server again with this program").
			typed("systemctl restart taizhang")
	}
}

// feedSecondsMax is for how long a feed may not publish, as in the health of a server.
const feedSecondsMax = 30

// feed says how the alert feed in the server does.
func (x *examination) feed() {
	switch {
	case x.Unreachable != nil:
		x.find(Feed, "", NotExamined, "预警推送在服务中运行，而服务问不到",
			"the alert feed runs in the server, which cannot be asked")
		return
	case x.Served == nil:
		x.find(Feed, "", NotExamined, "预警推送在服务中运行，目前没有服务可问",
			"the alert feed runs in a server, and there is none to ask")
		return
	case x.Served.Feed == nil:
		x.find(Feed, "", NotExamined, "服务没有说明预警推送的状态", "the server did not say how the alert feed does").
			todo("用同一版本的程序再查", "ask with a program of the same version").typed(x.verb("feed", "status"))
		return
	}
	f := x.Served.Feed
	said := f.Title
	if f.Reason != (text.Text{}) {
		said = text.Say("%s：%s", "%s: %s", f.Title, f.Reason)
	}
	switch {
	case f.IsOff:
		x.find(Feed, "", NotExamined, "%s", "%s", said)
	case f.IsPublishing && f.Seconds <= feedSecondsMax:
		x.find(Feed, "", OK, "%s", "%s", said)
	case f.Seconds <= feedSecondsMax:
		x.find(Feed, "", Warning, "%s，已 %d 秒没有发布", "%s; nothing published for %d seconds", said, f.Seconds).
			todo("刚启动时稍候再查", "right after a start, look again in a moment").typed(x.verb("feed", "status"))
	default:
		x.find(Feed, "", Wrong, "%s；落后 %d 个位置，已 %d 秒", "%s; behind by %d positions for %d seconds", said,
			f.Behind, f.Seconds).
			todo("查看原因", "see why").typed(x.verb("feed", "status"))
	}
}
