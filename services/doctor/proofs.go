package doctor

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/taizhang/taizhang/services/logstore"
	"github.com/taizhang/taizhang/services/seal"
	"github.com/taizhang/taizhang/services/sealing"
)

// unsealedMax is for how long records may lie unsealed, and a checkpoint without its witnesses. A server seals each
// day, and a day may pass until a witness that was off is asked again.
const unsealedMax = 36 * time.Hour

// checkpoint is the newest checkpoint of a directory of seals.
type checkpoint struct {
	path    string
	size    uint64
	written time.Time // when the file was last written, by a sealing or with a cosignature
}

// proofs looks at the checkpoints of the ledger, at the key that signs them, and at their witnesses.
func (x *examination) proofs() {
	left := x.seals() + logstore.PartialName
	if isThere(left) {
		x.find(Proofs, left, Warning, "%s 是一次中断的恢复留下的检查点",
			"%s holds checkpoints that a restore left when it was cut short", left).
			todo("没有恢复在进行时，把目录中的全部内容移到别处（不要删除），再恢复一次",
				"unless a restore is running, move all that is in the directory elsewhere (delete nothing), and "+
					"restore again").typed(x.restore())
	}
	newest, err := x.newestCheckpoint()
	switch {
	case err != nil:
		x.cannot(Proofs, x.seals(), err)
	case newest == nil:
		x.find(Proofs, "", NotExamined, "台账没有检查点：尚未开始封存",
			"there are no checkpoints: sealing has not begun").
			todo("开始封存，由别的单位见证；或者另存备份，放在台账管理员改不到的地方",
				"begin sealing, with witnesses at other offices; or keep backups where those who run the ledger "+
					"cannot change them").typed(x.verb("help", "seal", "init"))
	default:
		x.sealKey()
		x.sealed(newest)
		x.witnesses(newest)
	}
}

// seals returns the path of a file of the seals, or of their directory.
func (x *examination) seals(names ...string) string {
	return filepath.Join(append([]string{x.Dir, sealing.Name}, names...)...)
}

// newestCheckpoint returns the newest checkpoint, or nil.
func (x *examination) newestCheckpoint() (*checkpoint, error) {
	sizes, err := sealing.Sizes(x.Dir)
	if err != nil || len(sizes) == 0 {
		return nil, err
	}
	size := sizes[len(sizes)-1]
	path := x.seals(sealing.CheckpointsName, strconv.FormatUint(size, 10))
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	return &checkpoint{path, size, info.ModTime()}, nil
}

// sealKey looks at the ledger's private key.
func (x *examination) sealKey() {
	path := x.seals(sealing.KeyName)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && x.IsCopy:
		x.find(Proofs, path, OK, "台账私钥不在此处：由持有私钥的进程封存",
			"the ledger's private key is not here: another process seals")
	case errors.Is(err, fs.ErrNotExist):
		x.find(Proofs, path, Warning, "台账私钥不在此处，不再封存",
			"the ledger's private key is not here, so nothing is sealed").
			todo("从保管处放回；私钥确已丢失的，换用新的封存标识",
				"put it back from where you keep it; if it is lost, begin a new origin").
			typed(x.verb("seal", "key", "restore", x.Quote(sealing.KeyName)))
	case err != nil:
		x.cannot(Proofs, path, err)
	case info.Mode().Perm()&0o077 != 0:
		x.find(Proofs, path, Wrong, "台账私钥他人可以读取（权限 %04o）",
			"others may read the ledger's private key (mode %04o)", info.Mode().Perm()).
			todo("只许本人读取；可能已被他人读取的，换用新的封存标识",
				"let its owner alone read it; if somebody else may have read it, begin a new origin").
			typed("chmod 600 " + x.Quote(path))
	default:
		x.find(Proofs, path, OK, "台账私钥在此处，仅本人可读",
			"the ledger's private key is here, for its owner alone")
	}
}

// sealed compares the newest checkpoint with the end of the ledger.
func (x *examination) sealed(newest *checkpoint) {
	age := x.Now.Sub(newest.written)
	switch {
	case !x.isRead:
		x.find(Proofs, newest.path, NotExamined, "最新的检查点封存了 %d 条记录；台账读不出来，无从比较",
			"the newest checkpoint covers %d records, and the ledger cannot be read to compare", newest.size)
	case newest.size > x.events:
		x.find(Proofs, newest.path, Wrong, "台账有 %d 条记录，而最新的检查点封存了 %d 条：台账是旧的副本，或少了记录",
			"the ledger has %d records, and the newest checkpoint covers %d: the ledger is an old copy, or records "+
				"are missing", x.events, newest.size).
			todo("停止写入，核验台账，再恢复更新的备份", "stop writing, check the ledger, and restore a newer backup").
			typed(x.verb("check"))
	case newest.size < x.events && age > unsealedMax:
		x.find(Proofs, newest.path, Warning, "有 %d 条记录尚未封存，最新的检查点写于 %d 小时之前",
			"%d records are not sealed, and the newest checkpoint was written %d hours ago", x.events-newest.size,
			int(age.Hours())).
			todo("查看服务的日志，或现在封存", "look at the log of the server, or seal now").typed(x.verb("seal"))
	default:
		x.find(Proofs, newest.path, OK, "最新的检查点封存了 %d 条记录，其后有 %d 条",
			"the newest checkpoint covers %d records; %d lie after it", newest.size, x.events-newest.size)
	}
}

// witnesses looks at who has cosigned the newest checkpoint.
func (x *examination) witnesses(newest *checkpoint) {
	path := x.seals(sealing.PolicyName)
	content, err := os.ReadFile(path)
	if err != nil {
		x.cannot(Proofs, path, err)
		return
	}
	policy, err := seal.ParsePolicy(content)
	if err != nil && !sealing.NamesWitness(content) {
		x.find(Proofs, path, Warning, "没有见证方：只有本单位签名的检查点，不能证明本单位没有改动记录",
			"there is no witness: a checkpoint that this office alone has signed does not prove that this office "+
				"changed nothing").
			todo("请别的单位见证，把其公钥写入该文件",
				"find witnesses at other offices, and write their keys to this file").
			typed(x.verb("help", "witness", "init"))
		return
	}
	if err != nil {
		x.find(Proofs, path, Wrong, "%s", "%s", because(err)).todo("改正该文件", "correct the file")
		return
	}
	note, err := os.ReadFile(newest.path)
	if err != nil {
		x.cannot(Proofs, newest.path, err)
		return
	}
	signed, err := seal.ParseSigned(note)
	if err == nil {
		err = signed.SignedBy(policy.Log)
	}
	if err != nil {
		x.find(Proofs, newest.path, Wrong, "%s", "%s", because(err)).todo("核验台账", "check the ledger").
			typed(x.verb("check"))
		return
	}
	met, cosigned := policy.Quorum(signed)
	switch n, of := len(cosigned), len(policy.Witnesses); {
	case met:
		x.find(Proofs, path, OK, "最新的检查点有 %d 个见证方签名（共 %d 个），已达到要求",
			"%d of %d witnesses have cosigned the newest checkpoint, which is a quorum", n, of)
	case x.Now.Sub(newest.written) > unsealedMax:
		x.find(Proofs, path, Warning, "最新的检查点只有 %d 个见证方签名（共 %d 个），未达到要求，已 %d 小时",
			"%d of %d witnesses have cosigned the newest checkpoint, which has been no quorum for %d hours", n, of,
			int(x.Now.Sub(newest.written).Hours())).
			todo("查看服务的日志；由人传递的，写出请求送去",
				"look at the log of the server; to a witness by hand, carry a request").
			typed(x.verb("seal", x.flag("request"), "ledger.add-checkpoint"))
	default:
		x.find(Proofs, path, OK, "最新的检查点有 %d 个见证方签名（共 %d 个），其余在等待",
			"%d of %d witnesses have cosigned the newest checkpoint, the others are waited for", n, of)
	}
}
