package logstore

import (
	"errors"

	"github.com/taizhang/taizhang/events"
)

// Verify reads the whole log and makes all checks of Open. It skips damages to find all of them. It calls replay, if
// not nil, with each undamaged event. It changes nothing and locks nothing, so another process may be writing; an
// unfinished commit of that process is reported as a torn tail. Verify returns an error if the log cannot be read to
// its end. It gives up after 100 damages.
func Verify(dir string, replay func(events.Stored) error) (ScanReport, error) {
	return verify(osFS{}, dir, replay)
}

func verify(fs FS, dir string, replay func(events.Stored) error) (ScanReport, error) {
	w := newScan(fs, dir, replay)
	w.unlocked, w.tolerant = true, true
	_, err := w.walk(false)
	var damage *DamageError
	if errors.As(err, &damage) { // a file is missing or too large: Verify cannot continue
		w.report.Damages, err = append(w.report.Damages, damage), nil
	}
	return w.report, w.shut(err)
}
