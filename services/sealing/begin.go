package sealing

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/files"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/seal"
)

// originForm is the form of an origin: taizhang, a name, and the year in which sealing began.
var originForm = regexp.MustCompile(`^taizhang\.[a-z0-9]+([.-][a-z0-9]+)*/(20[0-9]{2}|2100)$`)

const originBytesMax = 100

// Beginning says under which origin sealing begins.
type Beginning struct {
	Origin string
	// the last checkpoint of the origin before; nil for the first origin
	After []byte
	// the key that verifies it; "" for the one that the ledger or the policy has
	AfterKey string
}

// Begin begins sealing: it makes the ledger's key and the policy, and makes the first checkpoint. If it was cut
// short, it completes what it began. Under a new origin, the files of the old one go to a directory of their own.
func (k *Keeper) Begin(ctx context.Context, b Beginning) (*Made, error) {
	after, err := k.mayBegin(&b)
	if err != nil {
		return nil, err
	}
	if err := makeDir(k.dir); err != nil {
		return nil, err
	}
	unlock, err := k.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if last := k.ledger.Sealing().Last; last != nil && last.Origin == b.Origin { // only the checkpoint is missing
		log, err := k.signer()
		if err != nil {
			return nil, err
		}
		return k.seal(ctx, log)
	}
	if err := k.moveEarlier(b.Origin); err != nil {
		return nil, err
	}
	log, err := k.makeKey(b.Origin)
	if err != nil {
		return nil, err
	}
	return k.record(ctx, log, &events.LedgerSealed{Origin: log.Name, Key: log.Key.String(),
		Root: events.RootOfNothing, Cosigners: []events.Cosigner{}, After: after})
}

// mayBegin checks a beginning, and returns the checkpoint that it cites. It writes nothing.
func (k *Keeper) mayBegin(b *Beginning) (*events.SealedAfter, error) {
	if !originForm.MatchString(b.Origin) || len(b.Origin) > originBytesMax {
		return nil, text.Errorf(text.Invalid,
			"%q 不是封存标识：应为 taizhang.名称/起始年份，名称用小写字母、数字、连字符和点，如 taizhang.zj/2026",
			"%q is no origin: it must be taizhang.NAME/FIRST-YEAR, with small letters, digits, hyphens and dots in "+
				"the name, such as taizhang.zj/2026", text.Clip(b.Origin, originBytesMax)).Of("origin")
	}
	if k.ledger.Register().Position() == 0 {
		return nil, text.Errorf(text.NotFound, "台账没有记录，无可封存", "the ledger has no record to seal")
	}
	sizes, err := k.sizes()
	if err != nil {
		return nil, err
	}
	last := k.ledger.Sealing().Last
	switch {
	case last != nil && last.Origin == b.Origin && len(sizes) > 0:
		return nil, text.Errorf(text.Conflict, "已在标识 %s 下封存；再次封存用 taizhang seal",
			"the ledger is sealed under %s already; to seal it again, run taizhang seal", b.Origin)
	case last != nil && last.Origin == b.Origin:
		return nil, nil
	case last != nil && b.After == nil:
		return nil, text.Errorf(text.Conflict, "已在标识 %s 下封存，标识不能随意更换；"+
			"确须更换的，给出它的最后一个检查点",
			"the ledger is sealed under %s, and an origin does not change by itself; to begin a new one, name its "+
				"last checkpoint", last.Origin).Of("after")
	case b.After == nil && len(sizes) > 0:
		return nil, text.Errorf(text.Conflict,
			"台账中没有封存记录，而 %s 中有 %d 条记录的检查点：台账比它短；没有封存。%v",
			"the ledger has no record of a sealing, and %s has a checkpoint of %d records: the ledger is shorter "+
				"than it; nothing was sealed. %v", k.dir, sizes[len(sizes)-1], goOn).Of("after")
	case b.After == nil:
		return nil, nil
	}
	return k.goesOnAfter(b, last, sizes)
}

// goesOnAfter checks the checkpoint after which a new origin goes on.
func (k *Keeper) goesOnAfter(b *Beginning, last *ledger.Seal, sizes []uint64) (*events.SealedAfter, error) {
	bad := func(zh, en string, args ...any) error { return text.Errorf(text.Invalid, zh, en, args...).Of("after") }
	old, err := seal.ParseSigned(b.After)
	if err != nil {
		return nil, bad("%s", "%s", text.Of(err))
	}
	key, err := k.keyOf(b, last)
	switch {
	case err != nil:
		return nil, err
	case old.Origin != key.Name:
		return nil, bad("是 %s 的检查点，不是 %s 的", "is a checkpoint of %s and not of %s", old.Origin, key.Name)
	}
	if err := old.SignedBy(key); err != nil {
		return nil, bad("未由 %s 签名：%s", "is not signed by %s: %s", key.String(), text.Of(err))
	}
	if n := len(sizes); n > 0 && sizes[n-1] > old.Size {
		if newest, err := k.checkpoint(sizes[n-1], key); err == nil {
			return nil, text.Errorf(text.Conflict, "不是最后一个：%[1]s 封存了 %[2]d 条记录，请给出它",
				"is not the last one: %[1]s covers %[2]d records, name that one", k.checkpointPath(newest.Size),
				newest.Size).Of("after")
		}
	}
	used, err := k.isUsed(b.Origin)
	switch {
	case err != nil:
		return nil, err
	case used || b.Origin == old.Origin:
		return nil, text.Errorf(text.Conflict, "标识 %s 已经用过；见证方不会再为它较短的检查点见证，请换一个",
			"the origin %s was used before, and a witness cosigns no shorter checkpoint of it; choose another",
			b.Origin).Of("origin")
	}
	return &events.SealedAfter{Origin: old.Origin, Key: key.String(), Size: old.Size, Root: old.Root.String()},
		nil
}

// keyOf returns the key of the origin before: the recorded one, else the one given, else that of the policy.
func (k *Keeper) keyOf(b *Beginning, last *ledger.Seal) (key seal.Key, err error) {
	if last != nil {
		return seal.ParseKey(last.Key)
	}
	if b.AfterKey == "" {
		if key, err = k.policyKey(k.dir); errors.Is(err, fs.ErrNotExist) {
			err = text.Errorf(text.Invalid, "台账中没有原公钥的记录，请给出",
				"must be given: the ledger does not record the old key").Of("after-key")
		}
		return key, err
	}
	if key, err = seal.ParseKey(b.AfterKey); err != nil {
		err = text.Errorf(text.Invalid, "不是公钥：%s", "is no public key: %s", text.Of(err)).Of("after-key")
	}
	return key, err
}

// earlier returns the directories of earlier origins, in order.
func (k *Keeper) earlier() (dirs []string, err error) {
	entries, err := os.ReadDir(k.at(earlierName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var numbers []int
	for _, e := range entries {
		if n, err := strconv.Atoi(e.Name()); err == nil {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	for _, n := range numbers {
		dirs = append(dirs, k.at(earlierName, strconv.Itoa(n)))
	}
	return dirs, nil
}

// isUsed reports whether an origin is that of an earlier directory.
func (k *Keeper) isUsed(origin string) (bool, error) {
	dirs, err := k.earlier()
	for _, dir := range dirs {
		if key, err := k.policyKey(dir); err == nil && key.Name == origin {
			return true, nil
		}
	}
	return false, err
}

// moveEarlier moves the files of the origin before to a directory of their own. The policy goes first: while it is
// there, nothing was moved; when only others are there, an earlier move was cut short and goes on.
func (k *Keeper) moveEarlier(origin string) error {
	var names []string
	isOld := func(name string, of func() (seal.Key, error)) error {
		key, err := of()
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case key.Name != origin:
			names = append(names, name)
		}
		return nil
	}
	err := isOld(PolicyName, func() (seal.Key, error) { return k.policyKey(k.dir) })
	if err == nil {
		err = isOld(KeyName, func() (seal.Key, error) { s, err := k.readKey(); return s.Key, err })
	}
	if err != nil {
		return err
	}
	for _, name := range []string{CheckpointsName, timestampsName} {
		if _, err := os.Stat(k.at(name)); err == nil {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	dirs, err := k.earlier()
	if err != nil {
		return err
	}
	number := len(dirs)
	if names[0] == PolicyName || number == 0 {
		number++
	}
	to := k.at(earlierName, strconv.Itoa(number))
	if _, err := os.Lstat(filepath.Join(to, names[0])); err == nil { // a third origin after a move that was cut short
		to = k.at(earlierName, strconv.Itoa(number+1))
	}
	if err := errors.Join(makeDir(k.at(earlierName)), makeDir(to)); err != nil {
		return err
	}
	for _, name := range names {
		if err := os.Rename(k.at(name), filepath.Join(to, name)); err != nil {
			return err
		}
	}
	return errors.Join(files.SyncDir(to), files.SyncDir(k.dir))
}

// makeKey makes the ledger's key and the policy, unless an earlier beginning has made them.
func (k *Keeper) makeKey(origin string) (log seal.Signer, err error) {
	if log, err = k.readKey(); errors.Is(err, fs.ErrNotExist) {
		if log, err = seal.NewSigner(origin, seal.LogKey); err != nil {
			return log, err
		}
		err = files.Replace(k.at(KeyName), []byte(log.Private()+"\n"))
	}
	if err != nil {
		return log, err
	}
	if _, err := k.Policy(); !errors.Is(err, fs.ErrNotExist) {
		return log, err
	}
	return log, files.Replace(k.at(PolicyName), []byte(proposal(log.Key)))
}

// RestoreKey puts the ledger's private key back, which must be the recorded one, and writes a policy without witnesses
// if there is none. It replaces neither.
func (k *Keeper) RestoreKey(ctx context.Context, name string, content []byte) error {
	log, err := k.Log()
	if err != nil {
		return err
	}
	s, err := parseKey(name, content)
	switch {
	case err != nil:
		return err
	case s.Key.String() != log.String():
		return text.Errorf(text.Conflict, "%s 的公钥是 %s，与台账所记的 %s 不同；没有放回",
			"the key in %s is %s, and the ledger records %s; it was not put back", name, s.Key.String(), log.String())
	}
	if err := makeDir(k.dir); err != nil {
		return err
	}
	unlock, err := k.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	_, noPolicy := k.Policy()
	if k.HasKey() {
		if noPolicy == nil {
			return text.Errorf(text.Conflict, "%s 已经存在，不会覆盖", "%s exists already and is not overwritten",
				k.at(KeyName))
		}
	} else if err := files.Replace(k.at(KeyName), []byte(s.Private()+"\n")); err != nil {
		return err
	}
	if !errors.Is(noPolicy, fs.ErrNotExist) {
		return noPolicy
	}
	return files.Replace(k.at(PolicyName), []byte(proposal(log)))
}

// proposal returns the policy of a new log: its key, and in comments how witnesses are named.
func proposal(log seal.Key) string {
	return fmt.Sprintf(strings.TrimLeft(`
# 本台账向审计方提议的见证方（c2sp.org/tlog-policy）。审计方以自己的信任文件为准。
# Whom this ledger proposes as witnesses (c2sp.org/tlog-policy). An auditor keeps a trust file of his own.
# 见证方不应是台账单位自己。有网址的见证方，封存时自动请求；file:///by-hand 表示用文件往来。
# A witness is never the office that runs the ledger. One with a URL is asked at each sealing; with file:///by-hand the
# requests are carried.
log %s https://ledger.invalid/%s

# 示例：三家中的两家。witness 后是名称、公钥和网址。
# Example: two of three. A witness has a name, a public key and a URL.
# witness caizheng witness.caizheng/1+00000000+... https://witness.caizheng.example
# witness shenji   witness.shenji/1+00000000+... file:///by-hand
# witness dangan   witness.dangan/1+00000000+... file:///by-hand
# group   two-of-three 2 caizheng shenji dangan
# quorum  two-of-three
`, "\n"), log.String(), log.Name)
}
