package logstore

import (
	"cmp"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
)

// disk is a machine's file system in memory. It loses power, kills processes and fails calls as the test says. It
// loses the data that real file systems may lose:
//
//   - Written bytes are lost by sectors of 512 bytes until a sync, each sector independently and completely, as the
//     package assumes. Also, the last sector of a file that is kept may be torn if only zeros follow it, before and
//     after. A broken disk tears any sector, for tests of the limits of the package.
//   - A file's size and each change of a name are lost until a sync of the file and of the directory that has the
//     name, each independently; a lost directory loses its content.
//   - A failed sync marks the unwritten sectors as written: no later sync writes them, and memory shows them until the
//     machine drops them at a random time. Sizes and names are in a journal, and a later sync writes them.
//
// It covers the dangers for a store of preallocated files: sizes lost independently of content, failed syncs that mark
// sectors as written, and processes that die before the power fails.
type disk struct {
	mu      sync.Mutex
	plain   bool // its file system cannot allocate
	rng     *rand.Rand
	names   map[string]*inode // as processes see them
	durable map[string]*inode
	pending []nameChange
	life    int  // the number of the running process; calls of earlier processes fail
	locked  bool // by it
	calls   int  // since arm
	blow    blow
	struck  string // the first call that the blow hit
}

// blow is a fault of the call with a number, counted from arm. It strikes none if call is 0.
type blow struct {
	call    int
	err     error  // the error of the call; nil if the process dies in the call
	extent  extent // the part of the call that is done nevertheless
	forGood bool   // so do all later calls of the same kind
}

type extent int

const (
	none extent = iota
	some
	all
)

// loss is the effect of a power cut on unsynced data: percent (0, 50 or 100) is lost, torn means that last sectors
// tear, and broken that any sector may tear.
type loss struct {
	percent      int
	torn, broken bool
}

type nameChange struct {
	from, to string // "" for none
	node     *inode
}

// errDead is the error of calls of a process that has died.
var errDead = errors.New("disk: the process is dead")

func newDisk(rng *rand.Rand) *disk {
	return &disk{rng: rng, names: map[string]*inode{}, durable: map[string]*inode{}}
}

// start kills the running process, if any, and returns the file system of a new one.
func (d *disk) start() *process {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.life++
	d.locked = false
	for _, n := range d.inodes() {
		n.forget(d.rng)
	}
	return &process{disk: d, life: d.life}
}

// arm sets the blow for a call from now on. The zero blow strikes none.
func (d *disk) arm(b blow) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.blow, d.calls, d.struck = b, 0, ""
}

// told returns the number of calls since arm, and the name of the call that the blow struck.
func (d *disk) told() (calls int, struck string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls, d.struck
}

// cut cuts the power: the process dies, and unsynced data is lost by the loss.
func (d *disk) cut(l loss) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.life++
	for _, c := range d.pending {
		if l.keeps(d.rng) {
			c.apply(d.durable)
		}
	}
	maps.DeleteFunc(d.durable, func(path string, _ *inode) bool { return !isDir(d.durable, filepath.Dir(path)) })
	d.pending, d.names = nil, maps.Clone(d.durable)
	for _, n := range d.inodes() {
		n.cut(l, d.rng)
	}
}

// inodes returns the files in the order of their names, so that they get the same random numbers each time.
func (d *disk) inodes() (out []*inode) {
	for _, name := range slices.Sorted(maps.Keys(d.names)) {
		out = append(out, d.names[name])
	}
	return out
}

// isDir reports whether a directory exists. "." always exists.
func isDir(names map[string]*inode, path string) bool {
	n := names[path]
	return path == "." || n != nil && n.dir && isDir(names, filepath.Dir(path))
}

func (l loss) keeps(rng *rand.Rand) bool {
	return l.percent == 0 || l.percent < 100 && rng.IntN(100) >= l.percent
}

// in reports whether the changed name is in the directory.
func (c nameChange) in(dir string) bool { return filepath.Dir(cmp.Or(c.to, c.from)) == dir }

func (c nameChange) apply(names map[string]*inode) {
	if c.from != "" {
		delete(names, c.from)
	}
	if c.to != "" {
		names[c.to] = c.node
	}
}

// process is the file system of one process.
type process struct {
	disk *disk
	life int
}

// call runs a call, or the part of it that the blow allows. A process that dies in a sync has not synced.
func (p *process) call(op string, run func(extent) error) error {
	d := p.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	if p.life != d.life {
		return errDead
	}
	d.calls++
	b := d.blow
	hit := b.call > 0 && (d.calls == b.call || b.forGood && d.struck == op)
	if !hit {
		return run(all)
	}
	if d.struck == "" {
		d.struck = op
	}
	if b.err == nil {
		d.life++
		if op != "sync" && op != "sync directory" {
			_ = run(all)
		}
		return errDead
	}
	_ = run(b.extent)
	return b.err
}

// change runs a call that changes a name, completely or not at all.
func (p *process) change(op string, c nameChange, possible func() (*inode, error)) error {
	return p.call(op, func(e extent) (err error) {
		if c.node, err = possible(); err != nil || e != all {
			return err
		}
		p.disk.pending = append(p.disk.pending, c)
		c.apply(p.disk.names)
		return nil
	})
}

func (p *process) Mkdir(dir string) error {
	return p.change("mkdir", nameChange{to: dir}, func() (*inode, error) {
		if p.disk.names[dir] != nil {
			return nil, os.ErrExist
		}
		return &inode{dir: true}, p.disk.needs(filepath.Dir(dir))
	})
}

// needs returns the error of a call whose directory does not exist.
func (d *disk) needs(dir string) error {
	if !isDir(d.names, dir) {
		return os.ErrNotExist
	}
	return nil
}

func (p *process) Lock(dir string) (io.Closer, error) {
	err := p.call("lock", func(e extent) error {
		if p.disk.locked {
			return &LockedError{Dir: dir}
		}
		p.disk.locked = e == all
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &lock{p}, nil
}

type lock struct{ *process }

func (l *lock) Close() error {
	return l.call("unlock", func(extent) error { l.disk.locked = false; return nil })
}

func (p *process) List(dir string) (names []string, err error) {
	err = p.call("list", func(extent) error {
		for path := range p.disk.names {
			if filepath.Dir(path) == dir {
				names = append(names, filepath.Base(path))
			}
		}
		return p.disk.needs(dir)
	})
	return names, err
}

func (p *process) Open(path string, write bool) (File, error) {
	f := &file{process: p, write: write}
	err := p.call("open", func(extent) error {
		if f.node = p.disk.names[path]; f.node == nil {
			return os.ErrNotExist
		}
		return nil
	})
	return f, err
}

func (p *process) Create(path string) (File, error) {
	f := &file{process: p, write: true}
	err := p.change("create", nameChange{to: path}, func() (*inode, error) {
		if f.node = p.disk.names[path]; f.node == nil {
			f.node = &inode{}
		}
		f.node.resize(0)
		return f.node, p.disk.needs(filepath.Dir(path))
	})
	return f, err
}

func (p *process) Rename(from, to string) error {
	return p.change("rename", nameChange{from: from, to: to}, func() (*inode, error) {
		if p.disk.names[from] == nil {
			return nil, os.ErrNotExist
		}
		return p.disk.names[from], p.disk.needs(filepath.Dir(to))
	})
}

func (p *process) Remove(path string) error {
	return p.change("remove", nameChange{from: path}, func() (*inode, error) {
		for other := range p.disk.names {
			if filepath.Dir(other) == path {
				return nil, syscall.ENOTEMPTY
			}
		}
		if p.disk.names[path] == nil {
			return nil, os.ErrNotExist
		}
		return nil, nil
	})
}

func (p *process) SyncDir(dir string) error {
	return p.call("sync directory", func(e extent) error {
		if e == all {
			p.disk.syncNames(dir)
		}
		return p.disk.needs(dir)
	})
}

func (p *process) Writable(dir string) error {
	return p.call("access", func(extent) error { return p.disk.needs(dir) })
}

// syncNames makes the names in a directory durable. A file that was renamed into the directory no longer has its old
// name.
func (d *disk) syncNames(dir string) {
	var pending []nameChange
	for _, c := range d.pending {
		if !c.in(dir) {
			pending = append(pending, c)
			continue
		}
		c.apply(d.durable)
		pending = slices.DeleteFunc(pending, func(before nameChange) bool {
			return c.from != "" && before.to == c.from
		})
	}
	d.pending = pending
}

type file struct {
	*process
	node  *inode
	write bool
	shut  bool
}

// do runs a call on a file. The file must be open, and open for writing if the call changes it.
func (f *file) do(op string, changes bool, run func(extent) error) error {
	return f.call(op, func(e extent) error {
		if f.shut || changes && !f.write {
			return syscall.EBADF
		}
		return run(e)
	})
}

func (f *file) ReadAt(b []byte, at int64) (n int, err error) {
	err = f.do("read", false, func(extent) error {
		if n = copy(b, f.node.mem[min(at, int64(len(f.node.mem))):]); n < len(b) {
			return io.EOF
		}
		return nil
	})
	return n, err
}

func (f *file) WriteAt(b []byte, at int64) (n int, err error) {
	err = f.do("write", true, func(e extent) error {
		switch n = len(b); e {
		case none:
			n = 0
		case some:
			n = f.disk.rng.IntN(n)
		}
		f.node.write(b[:n], at)
		return nil
	})
	return n, err
}

func (f *file) Size() (size int64, err error) {
	err = f.do("size", false, func(extent) error { size = int64(len(f.node.mem)); return nil })
	return size, err
}

func (f *file) Truncate(size int64) error {
	return f.do("truncate", true, func(e extent) error {
		if e == all {
			f.node.resize(size)
		}
		return nil
	})
}

func (f *file) Allocate(size int64) error {
	return f.do("allocate", true, func(e extent) error {
		if f.disk.plain {
			return syscall.EOPNOTSUPP
		}
		if was := int64(len(f.node.mem)); e == all && size > was {
			f.node.resize(min(size, (was/sectorBytes+1+f.disk.rng.Int64N(4))*sectorBytes)) // piece by piece
			f.node.resize(size)
		}
		return nil
	})
}

func (f *file) Sync() error {
	return f.do("sync", false, func(e extent) error { f.node.sync(e, f.disk.rng); return nil })
}

func (f *file) Close() error {
	return f.do("close", false, func(extent) error { f.shut = true; return nil })
}
