package logstore

import (
	"bytes"
	"math/rand/v2"
	"slices"
)

// inode is a file of a disk: the bytes that processes see, and the bytes on the medium.
type inode struct {
	dir         bool // then there is nothing in it; what it holds are names
	mem, medium []byte
	size        int64    // that is durable
	sizes       []int64  // that the file had since
	sectors     []sector // beyond its end all are clean
}

type sector byte

const (
	clean     sector = iota
	dirty            // to be written by a sync
	forgotten        // by a sync that failed: mem and medium may differ, and no sync will write it
)

func (n *inode) mark(from, to int64) {
	last := int((to + sectorBytes - 1) / sectorBytes)
	if grow := last - len(n.sectors); grow > 0 {
		n.sectors = append(n.sectors, make([]sector, grow)...)
	}
	for i := int(from / sectorBytes); i < last; i++ {
		n.sectors[i] = dirty
	}
}

func (n *inode) write(b []byte, at int64) {
	if len(b) == 0 {
		return
	}
	end := at + int64(len(b))
	n.resize(max(end, int64(len(n.mem))))
	copy(n.mem[at:], b)
	n.mark(at, end)
}

// resize cuts the file, which clears the rest of its sectors, or lengthens it by zeros.
func (n *inode) resize(size int64) {
	was := int64(len(n.mem))
	if size == was {
		return
	}
	if size < was {
		n.mark(size, was)
	}
	n.mem = resized(n.mem, size)
	n.sizes = append(n.sizes, size)
}

func resized(b []byte, size int64) []byte {
	if size <= int64(len(b)) {
		return b[:size:size]
	}
	return append(b[:len(b):len(b)], make([]byte, size-int64(len(b)))...)
}

// sync writes all dirty sectors. If the extent is less than all, the sync fails: none or half of the sectors are
// written, and the others are marked as written.
func (n *inode) sync(e extent, rng *rand.Rand) {
	size := int64(len(n.mem))
	if e == all {
		n.size, n.sizes = size, nil
	} else {
		size = max(size, int64(len(n.medium)))
	}
	n.medium = resized(n.medium, size)
	for i, is := range n.sectors {
		if is != dirty {
			continue
		}
		if e == none || e == some && rng.IntN(2) == 0 {
			n.sectors[i] = forgotten
			continue
		}
		n.copySector(n.medium, n.mem, i)
		n.sectors[i] = clean
	}
}

// leave is a failed sync: of the sectors from a number on, those with a bit in pieces reach the medium, and all stay
// readable.
func (n *inode) leave(from, pieces int) {
	for i := from; i < len(n.sectors); i++ {
		if pieces>>(i-from)&1 == 1 {
			n.copySector(n.medium, n.mem, i)
		}
		n.sectors[i] = clean
	}
}

// keep is a power cut that loses all unsynced sectors except one.
func (n *inode) keep(sector int) {
	for i := range n.sectors {
		if i != sector && n.sectors[i] == dirty {
			n.sectors[i] = clean
		}
	}
}

// copySector copies a sector. Beyond the end of the file it is zeros.
func (n *inode) copySector(to, from []byte, i int) {
	start := i * sectorBytes
	end := min(start+sectorBytes, len(to))
	if start >= end {
		return
	}
	clear(to[start:end])
	copy(to[start:end], from[min(start, len(from)):])
}

// forget drops from memory the bytes that a failed sync did not write, sector by sector, as a machine does when it
// needs the memory.
func (n *inode) forget(rng *rand.Rand) {
	for i, is := range n.sectors {
		if is == forgotten && rng.IntN(2) == 0 {
			n.copySector(n.mem, n.medium, i)
			n.sectors[i] = clean
		}
	}
}

// cut applies a power cut to the file.
func (n *inode) cut(l loss, rng *rand.Rand) {
	sizes := append([]int64{n.size}, n.sizes...)
	size := sizes[0]
	switch l.percent {
	case 0:
		size = sizes[len(sizes)-1]
	case 50:
		size = sizes[rng.IntN(len(sizes))]
	}
	left, last := resized(slices.Clone(n.medium), max(slices.Max(sizes), int64(len(n.medium)))), -1
	for i, is := range n.sectors {
		if is == dirty && l.keeps(rng) {
			n.copySector(left, n.mem, i)
			last = i
			if l.broken && rng.IntN(3) == 0 {
				n.tear(left, i, rng.IntN(sectorBytes))
			}
		}
	}
	if l.torn && last >= 0 {
		written := rng.IntN(sectorBytes)
		if at := last*sectorBytes + written; isZero(n.medium, at) && isZero(left, (last+1)*sectorBytes) {
			n.tear(left, last, written)
		}
	}
	n.mem = resized(left, size)
	n.medium, n.size, n.sectors, n.sizes = slices.Clone(n.mem), size, nil, nil
}

// isZero reports whether all bytes from an offset on are zero.
func isZero(b []byte, from int) bool { return len(bytes.Trim(b[min(from, len(b)):], "\x00")) == 0 }

// tear leaves only the first written bytes of a sector.
func (n *inode) tear(left []byte, i, written int) {
	old := make([]byte, sectorBytes)
	copy(old, n.medium[min(i*sectorBytes, len(n.medium)):])
	copy(left[min(i*sectorBytes+written, len(left)):min((i+1)*sectorBytes, len(left))], old[written:])
}
