package witness

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/files"
	"github.com/taizhang/taizhang/services/files/filelock"
	"github.com/taizhang/taizhang/services/listen"
	"github.com/taizhang/taizhang/services/seal"
)

// The names of the files in the directory of a witness.
const (
	keyName     = "witness.key"
	trustedName = "trusted"
	headsName   = "heads"
	forksName   = "forks"
)

// clockSlack is the time by which the clock may be behind the last cosignature, as after it was set right.
const clockSlack = time.Minute

// Witness is an open directory of a witness. Its methods may be called at the same time.
type Witness struct {
	dir    string
	now    func() time.Time
	locked *filelock.Lock
	signer seal.Signer

	mu      sync.Mutex          // one request at a time, so that heads are compared and replaced as one step
	trusted map[string]seal.Key // by origin
	order   []string            // the origins as in the file
}

// Create makes the directory of a witness with a new key, and returns the key. The directory must not be there yet, or
// be empty. A name with :// is text.Invalid.
func Create(dir, name string) (seal.Key, error) {
	if strings.Contains(name, "://") { // a key has its name for ever, so a slip cannot be put right
		return seal.Key{}, text.Errorf(text.Invalid, "%q 不是名称：写成不带 https:// 的网址，如 audit.example/w1",
			"%q is no name: it looks like a URL without https://, such as audit.example/w1",
			text.Clip(name, 80)).Of("name")
	}
	signer, err := seal.NewSigner(name, seal.WitnessKey)
	if err != nil {
		return seal.Key{}, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return seal.Key{}, err
	}
	switch inside, err := os.ReadDir(dir); {
	case err != nil:
		return seal.Key{}, err
	case len(inside) > 0:
		return seal.Key{}, text.Errorf(text.Conflict, "目录 %s 不是空的，见证方须用新的空目录",
			"the directory %s is not empty; a witness is made in a new one", dir)
	}
	for _, name := range []string{headsName, forksName} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			return seal.Key{}, err
		}
	}
	if err := files.Replace(filepath.Join(dir, trustedName), nil); err != nil {
		return seal.Key{}, err
	}
	return signer.Key, files.Replace(filepath.Join(dir, keyName), []byte(signer.Private()+"\n"))
}

// Open opens and locks the directory of a witness. The code of the error is text.Conflict if another process has it
// open, and text.NotFound if there is no witness. now is the clock of the cosignatures.
func Open(dir string, now func() time.Time) (_ *Witness, err error) {
	w := &Witness{dir: dir, now: now, trusted: map[string]seal.Key{}}
	if w.locked, err = lock(dir); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Close())
		}
	}()
	key := filepath.Join(dir, keyName)
	if err := listen.Private(key); errors.Is(err, fs.ErrNotExist) {
		return nil, notHere(dir)
	} else if err != nil {
		return nil, err
	}
	content, err := os.ReadFile(key)
	if err != nil {
		return nil, err
	}
	if w.signer, err = seal.ParseSigner(strings.TrimSuffix(string(content), "\n")); err != nil {
		return nil, text.Errorf(text.Internal, "见证方的私钥 %s 已损坏：%s",
			"the key %s of the witness is damaged: %s", key, text.Of(err))
	}
	if w.signer.Type != seal.WitnessKey {
		return nil, text.Errorf(text.Invalid, "%s 不是见证方的私钥", "%s is not the key of a witness", key)
	}
	return w, w.readTrusted()
}

// lock locks a directory until the result is closed or the process ends.
func lock(dir string) (*filelock.Lock, error) {
	d, err := os.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, notHere(dir)
	} else if err != nil {
		return nil, err
	}
	held, err := filelock.Try(d)
	if errors.Is(err, filelock.ErrLocked) {
		return nil, text.Errorf(text.Conflict,
			"见证方目录 %s 正由另一个进程使用；请先停止它（taizhang witness serve）",
			"the witness %s is in use by another process; stop that one first (taizhang witness serve)", dir)
	}
	return held, err
}

func notHere(dir string) error {
	return text.Errorf(text.NotFound, "%s 中没有见证方；请先运行 taizhang witness init",
		"there is no witness in %s; make one with taizhang witness init", dir)
}

// readTrusted reads the keys of the ledgers that the witness trusts.
func (w *Witness) readTrusted() error {
	path := filepath.Join(w.dir, trustedName)
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(content)) {
		key, err := seal.ParseKey(strings.TrimSuffix(line, "\n"))
		if err == nil && key.Type != seal.LogKey {
			err = notALog(key)
		}
		if err != nil {
			return text.Errorf(text.Internal, "%s 已损坏：%s", "%s is damaged: %s", path, text.Of(err))
		}
		if _, twice := w.trusted[key.Name]; twice {
			return text.Errorf(text.Internal, "%s 中 %s 有两个公钥", "%s has two keys of %s", path, key.Name)
		}
		w.trusted[key.Name] = key
		w.order = append(w.order, key.Name)
	}
	return nil
}

func notALog(key seal.Key) error {
	return text.Errorf(text.Invalid, "%s 不是台账的公钥（台账的公钥由 taizhang seal init 显示）",
		"%s is not the key of a ledger, which taizhang seal init prints", key)
}

// Close unlocks the directory.
func (w *Witness) Close() error { return w.locked.Close() }

// Key returns the key that verifies the cosignatures of the witness.
func (w *Witness) Key() seal.Key { return w.signer.Key }

// Trusted returns the keys of the ledgers whose checkpoints the witness cosigns, in the order in which they were
// added.
func (w *Witness) Trusted() (keys []seal.Key) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, origin := range w.order {
		keys = append(keys, w.trusted[origin])
	}
	return keys
}

// Trust makes the witness cosign the checkpoints that a key signs. The first one that it gets may have any size. An
// origin has one key for ever: the code of the error is text.Conflict if the witness trusts another key of the origin.
// When Trust returns, the decision is durable.
func (w *Witness) Trust(key seal.Key) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if key.Type != seal.LogKey {
		return notALog(key)
	}
	if other, ok := w.trusted[key.Name]; ok {
		if other.String() == key.String() {
			return nil
		}
		return text.Errorf(text.Conflict, "台账 %s 已有另一个公钥 %s；更换了私钥的台账须用新的标识",
			"%s has another key already, %s; a ledger with a new key takes a new origin", key.Name, other)
	}
	if _, err := os.Lstat(w.headPath(key) + lostSuffix); err == nil {
		return lost(key, w.headPath(key))
	}
	if _, err := os.Lstat(w.headPath(key)); errors.Is(err, fs.ErrNotExist) {
		nothing := &seal.Signed{Checkpoint: seal.Checkpoint{Origin: key.Name, Root: seal.EmptyRoot()}}
		if err := w.keep(key, nothing, w.now()); err != nil {
			return err
		}
	} else if _, err := w.held(key); err != nil { // it was trusted before, and what it cosigned counts
		return err
	}
	var all bytes.Buffer
	for _, origin := range append(w.order, key.Name) {
		known, ok := w.trusted[origin]
		if !ok {
			known = key
		}
		all.WriteString(known.String() + "\n")
	}
	if err := files.Replace(filepath.Join(w.dir, trustedName), all.Bytes()); err != nil {
		return err
	}
	w.trusted[key.Name] = key
	w.order = append(w.order, key.Name)
	return nil
}

// Cosign checks that a checkpoint continues the one that the witness cosigned last of the same ledger, keeps it in its
// place, and returns the cosignature, in this order: the checkpoint is durable before Cosign returns. It returns a
// *ConflictError if the request does not start at the last one, a *ForkError if nothing shows that the checkpoint
// continues it, and otherwise an error with the code text.NotFound for an unknown origin, text.Forbidden for a missing
// or wrong signature of the ledger, text.Invalid for a request that cannot be right, and text.Internal if the witness
// does not know any more what it cosigned, or cannot write it.
func (w *Witness) Cosign(r *seal.Request) (seal.Line, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	offered := r.Checkpoint
	log, ok := w.trusted[offered.Origin]
	if !ok {
		return seal.Line{}, text.Errorf(text.NotFound, "见证方不认识台账 %s；请先运行 taizhang witness trust",
			"the witness does not know the ledger %s; add its key with taizhang witness trust",
			text.Printable(text.Clip(offered.Origin, 100)))
	}
	if err := offered.SignedBy(log); err != nil {
		return seal.Line{}, &text.Error{Code: text.Forbidden, Cause: err, What: text.Say(
			"检查点没有台账 %s 所信任公钥的有效签名",
			"the checkpoint has no valid signature of the key trusted for %s", log.Name)}
	}
	if r.Old > offered.Size {
		return seal.Line{}, text.Errorf(text.Invalid, "请求从 %d 起，大于检查点的大小 %d",
			"the request starts at %d, which is more than the size %d of the checkpoint", r.Old, offered.Size)
	}
	if offered.Size == 0 {
		return seal.Line{}, text.Errorf(text.Invalid, "检查点不含任何记录", "the checkpoint has no records")
	}
	held, err := w.held(log)
	if err != nil {
		return seal.Line{}, err
	}
	if _, err := offered.CosignedBy(w.signer.Key); err == nil && (offered.Size > held.Size ||
		offered.Size == held.Size && offered.Root != held.Root) {
		return seal.Line{}, w.declareLost(log)
	}
	if offered.Size == held.Size && offered.Root != held.Root { // whatever the request says is old
		return seal.Line{}, w.fork(held, offered)
	}
	if r.Old != held.Size {
		return seal.Line{}, &ConflictError{Old: r.Old, Known: held.Size, Size: offered.Size}
	}
	if err := seal.CheckConsistency(r.Proof, held.Checkpoint, offered.Checkpoint); err != nil {
		if held.Size == 0 {
			return seal.Line{}, &text.Error{Code: text.Refused, Cause: err,
				What: text.Say("从 0 起的请求不能带证明", "a request that starts at 0 must have no proof")}
		}
		return seal.Line{}, w.fork(held, offered)
	}
	at, err := w.time(held)
	if err != nil {
		return seal.Line{}, err
	}
	return w.cosign(log, offered, at)
}

// time returns the time of the next cosignature, which is never before that of the last one.
func (w *Witness) time(held *seal.Signed) (time.Time, error) {
	last, err := held.CosignedBy(w.signer.Key)
	if err != nil {
		return time.Time{}, err
	}
	now := w.now()
	if last.Sub(now) > clockSlack {
		return time.Time{}, text.Errorf(text.Internal, "见证方的时钟 %s 早于上一次签名的时间 %s；请先校准时钟",
			"the clock of the witness says %s, which is before its last cosignature of %s; set the clock first",
			now.UTC().Format(time.RFC3339), last.UTC().Format(time.RFC3339))
	}
	if now.Before(last) {
		now = last
	}
	return now, nil
}

// cosign keeps a checkpoint that was found good and returns its cosignature.
func (w *Witness) cosign(log seal.Key, good *seal.Signed, at time.Time) (seal.Line, error) {
	head := &seal.Signed{Checkpoint: good.Checkpoint}
	for _, l := range good.Lines {
		if l.Name == log.Name && l.ID == log.ID() {
			head.Add(l)
		}
	}
	if err := w.keep(log, head, at); err != nil {
		return seal.Line{}, err
	}
	return head.Lines[len(head.Lines)-1], w.forgetFork(good)
}
