package logstore

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The sizes of a probe of a file system.
const (
	probePattern = ".taizhang-probe-*"
	probeBytes   = 64 << 10
	probeWrite   = 4 << 10
	probesMax    = 48
	probesMin    = 5
	probeTimeMax = time.Second // after probesMin syncs
)

// ProbeReport is the result of Probe.
type ProbeReport struct {
	Allocates bool            // room can be allocated; if not, a store writes zeros
	Syncs     []time.Duration // of single writes to room that was set aside, in ascending order
}

// globEscape escapes a path in a pattern of filepath.Glob.
var globEscape = strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`)

// Probe sets room aside in a temporary file in a directory, writes to it and syncs each write, with the same system
// calls as a store. It always removes the file, and also files that killed probes left there.
func Probe(dir string) (report ProbeReport, err error) {
	left, err := filepath.Glob(filepath.Join(globEscape.Replace(dir), probePattern))
	if err != nil {
		return report, err
	}
	for _, name := range left {
		_ = os.Remove(name) // the file of another user stays
	}
	temporary, err := os.CreateTemp(dir, probePattern)
	if err != nil {
		return report, fileError(opCreate, dir, "", err)
	}
	f := osFile{temporary}
	defer func() {
		gone := os.Remove(f.Name())
		if errors.Is(gone, os.ErrNotExist) { // a probe at the same time removed it
			gone = nil
		}
		err = errors.Join(err, f.Close(), gone)
	}()
	err = f.Allocate(probeBytes)
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return report, fileError(opAllocate, dir, "", err)
	}
	report.Allocates = err == nil
	if _, err := f.WriteAt(make([]byte, probeBytes), 0); err != nil {
		return report, fileError("write", dir, "", err)
	}
	if err := f.Sync(); err != nil {
		return report, fileError("sync", dir, "", err)
	}
	block := make([]byte, probeWrite)
	for begun := time.Now(); len(report.Syncs) < probesMax; {
		if len(report.Syncs) >= probesMin && time.Since(begun) > probeTimeMax {
			break
		}
		block[0]++ // so that nothing can leave the write out
		at := time.Now()
		if _, err := f.WriteAt(block, int64(len(report.Syncs)%(probeBytes/probeWrite))*probeWrite); err != nil {
			return report, fileError("write", dir, "", err)
		}
		if err := f.Sync(); err != nil {
			return report, fileError("sync", dir, "", err)
		}
		report.Syncs = append(report.Syncs, time.Since(at))
	}
	slices.Sort(report.Syncs)
	return report, nil
}

// Median returns the median time of a synced write, or 0 if there was none.
func (r *ProbeReport) Median() time.Duration {
	if len(r.Syncs) == 0 {
		return 0
	}
	return r.Syncs[len(r.Syncs)/2]
}
