package doctor

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/listen"
)

// walkedMax is how many files of the directory are looked at.
const walkedMax = 100_000

// The bits of a mode.
const (
	othersWrite = 0o002
	othersRead  = 0o004
	groupWrite  = 0o020
	notOwner    = 0o077
)

// fault collects the files that have one fault.
type fault struct {
	count int
	first string
}

func (f *fault) add(path string) {
	if f.count++; f.count == 1 {
		f.first = path
	}
}

// privateNames are the names in the directory of a ledger that are for the owner alone: accounts, the feed, uploads,
// the socket.
var privateNames = []string{"access", "nats", "feed", "spool", listen.SocketName}

// permissions looks at the owner and the mode of everything in the directory.
func (x *examination) permissions() {
	top, err := os.Stat(x.Dir)
	if err != nil || !top.IsDir() {
		return // the ledger is not there, which is said
	}
	place := x.Dir // neither a walk nor chown -R follows a link
	if to, err := filepath.EvalSymlinks(x.Dir); err == nil && to != filepath.Clean(x.Dir) {
		place = to
	}
	var writable, foreign, shared, unread fault
	var unreadWhy error
	count, isCutOff := 0, false
	_ = filepath.WalkDir(place, func(path string, d fs.DirEntry, err error) error {
		if isCutOff = count == walkedMax; isCutOff {
			return filepath.SkipAll
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it is gone meanwhile
		}
		if err != nil {
			unread.add(path)
			unreadWhy = cmp.Or(unreadWhy, err)
			return nil
		}
		info, err := d.Info()
		if err != nil || d.Type() == fs.ModeSymlink {
			return nil // it is gone meanwhile, or is said by what it leads to
		}
		if path == filepath.Join(place, "lost+found") && ownerOf(info) == 0 {
			return filepath.SkipDir // it belongs to the file system that is mounted at the directory
		}
		count++
		if info.Mode().Perm()&othersWrite != 0 {
			writable.add(path)
		}
		if ownerOf(info) != x.owner {
			foreign.add(path)
		}
		return nil
	})
	for _, name := range privateNames {
		path := filepath.Join(place, name)
		if info, err := os.Lstat(path); err == nil && info.Mode().Perm()&notOwner != 0 {
			shared.add(path)
		}
	}
	dir, before := x.Quote(place), len(x.findings)
	if writable.count > 0 {
		x.find(Permissions, writable.first, Wrong, "任何用户都可写 %s%s", "anybody may write to %s%s",
			writable.first, more(writable)).
			todo("去掉其他用户的写权限；能写目录的人可以任何角色记录",
				"take that right away: who may write there may record as any role").
			typed("chmod -R o-w " + dir)
	}
	if foreign.count > 0 {
		x.find(Permissions, foreign.first, Wrong, "%s%s 不属于运行服务的用户 %s",
			"%s%s is not of the user %s, who runs the server", foreign.first, more(foreign), userName(x.owner)).
			todo("多半是用 root 运行过命令；改回属主", "a verb was run as root, perhaps; give it back").
			typed("chown -R "+userName(x.owner)+" "+dir,
				"chmod -R go-rwx "+x.Quote(filepath.Join(place, "access")))
	}
	if shared.count > 0 {
		x.find(Permissions, shared.first, Wrong, "%s%s 含账号或推送的内容，其他用户可以读取",
			"%s%s holds accounts or the feed, and others may read it", shared.first, more(shared)).
			todo("只留属主的权限", "leave it to its owner alone").typed("chmod go-rwx " + x.Quote(shared.first))
	}
	if mode := top.Mode().Perm(); mode&othersRead != 0 {
		x.find(Permissions, x.Dir, Warning, "本机任何用户都可读台账目录（权限 %04o）",
			"any user of this machine may read the ledger (mode %04o)", mode).
			todo("改为 0750", "make it 0750").typed("chmod 0750 " + dir)
	} else if mode&groupWrite != 0 {
		x.find(Permissions, x.Dir, Warning, "同组用户可写台账目录（权限 %04o）：他们可以任何角色记录",
			"the group may write to the directory (mode %04o), and so record as any role", mode).
			todo("改为 0750", "make it 0750").typed("chmod 0750 " + dir)
	}
	x.parents(place)
	if unread.count > 0 {
		x.find(Permissions, unread.first, NotExamined, "%s%s：%s", "%s%s: %s", unread.first, more(unread),
			because(unreadWhy)).
			todo("以运行服务的用户或 root 再检查一次", "examine it again as the user who runs the server, or as root")
	}
	if isCutOff {
		x.find(Permissions, x.Dir, NotExamined, "只看了前 %d 个文件和目录",
			"only the first %d files and directories were looked at", count).
			todo("查出其余的", "find what is wrong with the others").
			typed("find " + dir + ` ! -type l \( ! -user ` + userName(x.owner) + ` -o -perm -o+w \)`)
	}
	if len(x.findings) == before {
		x.find(Permissions, x.Dir, OK, "%d 个文件和目录，均属 %s，他人不可写",
			"%d files and directories, all of %s, and nobody else may write", count, userName(x.owner))
	}
}

// parents looks for a directory above that of the ledger, or above the link that leads there, in which anybody could
// replace it.
func (x *examination) parents(place string) {
	var all []string
	for _, dir := range []string{x.Dir, place} {
		dir, err := filepath.Abs(dir)
		for err == nil && dir != filepath.Dir(dir) {
			dir = filepath.Dir(dir)
			all = append(all, dir)
		}
	}
	for i, dir := range all {
		info, err := os.Stat(dir)
		if err != nil || slices.Contains(all[:i], dir) {
			continue
		}
		if info.Mode()&othersWrite != 0 && info.Mode()&fs.ModeSticky == 0 {
			x.find(Permissions, dir, Wrong, "任何用户都可写上级目录 %s，也就可以换掉台账目录",
				"anybody may write to %s above it, and so replace the directory of the ledger", dir).
				todo("去掉其他用户的写权限", "take that right away").typed("chmod o-w " + x.Quote(dir))
		}
	}
}

// more returns how many further files have a fault.
func more(f fault) text.Text {
	if f.count == 1 {
		return text.Text{}
	}
	return text.Say("等 %[1]d 项", " and %[2]d more", f.count, f.count-1)
}

func userName(id uint32) string {
	name := strconv.FormatUint(uint64(id), 10)
	if u, err := user.LookupId(name); err == nil {
		return u.Username
	}
	return name
}

// secrets looks at the files of keys and of settings.
func (x *examination) secrets() {
	files := append([]string{x.Serving.TLSKey}, x.Serving.Secrets...)
	for _, file := range files {
		if file != "" {
			x.secret(file)
		}
	}
	if x.From == "" {
		return
	}
	if info, err := os.Stat(x.From); err == nil && info.Mode().Perm()&othersWrite != 0 {
		x.find(Secrets, x.From, Wrong, "任何用户都可写设置文件 %s", "anybody may write to the file of settings %s",
			x.From).
			todo("去掉其他用户的写权限", "take that right away").typed("chmod o-w " + x.Quote(x.From))
	}
}

func (x *examination) secret(file string) {
	info, err := os.Stat(file)
	if err != nil {
		x.missing(Secrets, file, err)
		return
	}
	owner := ownerOf(info)
	server := x.owner
	if server == 0 { // who asks, while there is no ledger
		server = uint32(os.Geteuid())
	}
	isOfRoot := owner == 0 && server != 0 // what root owns, the group of the server reads
	groupReads := "chown root:" + groupName(server) + " " + x.Quote(file)
	switch err := listen.PrivateTo(file, server); {
	case err != nil && isOfRoot:
		x.find(Secrets, file, Wrong, "%s", "%s", because(err)).
			todo("改为 0640，由运行服务的用户所在的组读取；他人可能已读过的，换一个新的",
				"make it 0640, for the group of the user who runs the server; if others may have read it, make a new "+
					"one").
			typed(groupReads, "chmod 0640 "+x.Quote(file))
	case err != nil:
		x.find(Secrets, file, Wrong, "%s", "%s", because(err)).todo("改为 0600；他人可能已读过的，换一个新的",
			"make it 0600; if others may have read it, make a new one").typed("chmod 0600 " + x.Quote(file))
	case isOfRoot && isOfGroup(info, server):
		x.find(Secrets, file, OK, "%s 属于 root，只有运行服务的用户 %s 所在的组可读",
			"%s is of root, and only the group of %s, who runs the server, may read it", file, userName(server))
	case x.owner != 0 && owner != x.owner:
		f := x.find(Secrets, file, Wrong, "%s 属于 %s，运行服务的用户 %s 不能读取",
			"%s is of %s, and %s, who runs the server, cannot read it", file, userName(owner), userName(x.owner))
		if isOfRoot {
			f.todo("由运行服务的用户所在的组读取", "let the group of the user who runs the server read it").
				typed(groupReads, "chmod 0640 "+x.Quote(file))
			return
		}
		f.todo("改为运行服务的用户所有", "give it to the user who runs the server").
			typed("chown " + userName(x.owner) + " " + x.Quote(file))
	default:
		x.find(Secrets, file, OK, "%s 只有 %s 可读", "only %[2]s may read %[1]s", file, userName(owner))
	}
}

// isOfGroup reports whether a user may read a file because its group may.
func isOfGroup(info os.FileInfo, uid uint32) bool {
	sys, ok := info.Sys().(*syscall.Stat_t)
	if !ok || uid == 0 || info.Mode().Perm()&0o040 == 0 {
		return false
	}
	if int(uid) == os.Geteuid() { // also a group that a container alone gives
		groups, err := os.Getgroups()
		return int(sys.Gid) == os.Getegid() || err == nil && slices.Contains(groups, int(sys.Gid))
	}
	u, err := user.LookupId(strconv.FormatUint(uint64(uid), 10))
	if err != nil {
		return false
	}
	groups, err := u.GroupIds()
	return err == nil && slices.Contains(groups, strconv.FormatUint(uint64(sys.Gid), 10))
}

// groupName returns the first group of a user. A user without a name has a group of the same number, as in containers.
func groupName(uid uint32) string {
	id := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(id); err == nil {
		id = u.Gid
	}
	if g, err := user.LookupGroupId(id); err == nil {
		return g.Name
	}
	return id
}

// missing adds a finding about a file that the settings name and that cannot be read.
func (x *examination) missing(topic Topic, file string, err error) {
	f := x.cannot(topic, file, err)
	if f.Do == (text.Text{}) {
		f.State = Wrong
		f.todo("核对设置中的路径", "check the path in the settings").typed(fmt.Sprintf("ls -l %s", x.Quote(file)))
	}
}
