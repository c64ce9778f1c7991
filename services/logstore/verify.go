package logstore

import (
	"errors"

	"github.com/taizhang/taizhang/events"
)

// Verify reads the whole log and checks everything Open checks, passing over damages to find them all; each event that
// is whole is handed to replay, if there is one. It changes nothing and takes no lock, so another process may be
// writing; what that has not finished is a torn tail. The error says why the log could not be read to its end; after
// 100 damages Verify gives up.
func Verify(dir string, replay func(events.Stored) error) (Report, error) {
	return verify(osFS{}, dir, replay)
}

func verify(fs FS, dir string, replay func(events.Stored) error) (Report, error) {
	w := newScan(fs, dir, replay)
	w.unlocked, w.tolerant = true, true
	_, err := w.walk(false)
	var damage *DamageError
	if errors.As(err, &damage) { // a file that is missing or too large: there is no going on
		w.report.Damages, err = append(w.report.Damages, damage), nil
	}
	return w.report, w.shut(err)
}
