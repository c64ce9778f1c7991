package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/taizhang/taizhang/events/text"
)

// straight returns a path to the same place without "..". After a link, ".." does not lead back to the directory of
// the link. The end of the path need not exist.
func straight(path string) (string, error) {
	if !slices.Contains(strings.Split(path, "/"), "..") {
		return path, nil
	}
	for there, rest := path, ""; ; {
		real, err := filepath.EvalSymlinks(there)
		if err == nil {
			return filepath.Join(real, rest), nil
		}
		there = strings.TrimRight(there, "/")
		cut := strings.LastIndexByte(there, '/')
		last := there[cut+1:]
		if !errors.Is(err, fs.ErrNotExist) || last == ".." || cut <= 0 {
			return path, err
		}
		there, rest = there[:cut], filepath.Join(last, rest)
	}
}

// isElsewhere returns an error if a backup would be written into the directory of the ledger.
func (a *app) isElsewhere(to string, isFile bool) error {
	own := ownDirs(a.dir)
	places := []string{to, accessBackup(to, isFile), sealBackup(to)}
	if isFile {
		places = append(places, places[0]+".partial", places[1]+".partial")
	}
	for _, at := range places {
		switch is, in := within(at, own); {
		case is:
			return text.Errorf(text.Invalid, "%s 就是台账自己的目录，不是备份；没有写入任何内容，请换一个位置",
				"%s is the directory of the ledger itself, which is no backup; nothing was written, take another "+
					"place", at)
		case in:
			return text.Errorf(text.Invalid,
				"%s 在台账自己的目录 %s 中，台账丢失时它也会丢失；没有写入任何内容，请换一个位置，最好在另一块磁盘上",
				"%s is in the directory of the ledger itself, %s, and would be lost with it; nothing was written, "+
					"take another place, best on another disk", at, a.dir)
		}
	}
	return nil
}

// isApart returns an error if a backup would be restored into itself or into the directory that contains it.
func (a *app) isApart(from string) error {
	is, in := within(a.dir, ownDirs(from))
	_, has := within(from, ownDirs(a.dir))
	if !is && !in && !has {
		return nil
	}
	return text.Errorf(text.Invalid,
		"要恢复到的目录 %s 与备份 %s 是同一处，或一个在另一个之中；没有恢复任何内容，备份请留在原处，用 --data "+
			"指定另一个空目录",
		"the directory %s to restore to and the backup %s are the same, or one is in the other; nothing was "+
			"restored. Leave the backup where it is, and name another, empty directory with --data", a.dir, from)
}

// ownDirs returns a directory and its subdirectories, which may also be mounted elsewhere, or nil if it does not
// exist.
func ownDirs(dir string) (own []fs.FileInfo) {
	info, err := os.Stat(dir)
	if err != nil || !info.IsDir() {
		return nil
	}
	own = append(own, info)
	entries, _ := os.ReadDir(dir) // an unreadable directory has no ledger, which is reported later
	for _, e := range entries {
		if info, err := os.Stat(filepath.Join(dir, e.Name())); err == nil && info.IsDir() &&
			(e.IsDir() || e.Name() == accessName) {
			own = append(own, info)
		}
	}
	return own
}

// within compares a path with some directories. is reports whether it is the first of them, in whether it is one of
// them or lies in one. The path need not exist. It compares the directories that the operating system finds above the
// path, and not names.
func within(path string, dirs []fs.FileInfo) (is, in bool) {
	for at := nearestDir(path); ; at += "/.." {
		info, err := os.Stat(at)
		if err != nil { // directories above it cannot be read
			return false, false
		}
		if n := slices.IndexFunc(dirs, func(d fs.FileInfo) bool { return os.SameFile(d, info) }); n >= 0 {
			return n == 0 && at == path, true
		}
		if above, err := os.Stat(at + "/.."); err != nil || os.SameFile(above, info) {
			return false, false
		}
	}
}
