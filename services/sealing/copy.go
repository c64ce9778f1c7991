package sealing

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/files"
)

// copied matches the files of a directory of seals that a backup has. It leaves out private keys and whatever else
// somebody put there.
var copied = regexp.MustCompile(
	`^(earlier/[0-9]+/)?(policy\.txt|checkpoints/[0-9]+|timestamps/[0-9]+-[0-9]+\.(tsr|note))$`)

// copyBytesMax bounds a backup of seals: a checkpoint has some 2 KB, and there are a few a day.
const copyBytesMax = 256 << 20

// copyTime is the time of every file in a backup of seals, so that its bytes depend on the seals alone.
var copyTime = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// Pack returns the seals beside a ledger as a tar archive without the ledger's private key, and the number of
// checkpoints in it. It returns nothing if there are none. The ledger may be sealed meanwhile.
func Pack(dir string) (archive []byte, checkpoints int, err error) {
	return pack(filepath.Join(dir, Name))
}

func pack(dir string) (archive []byte, checkpoints int, err error) {
	var b bytes.Buffer
	to := tar.NewWriter(&b)
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		name, _ := filepath.Rel(dir, path) // it lies there
		if err != nil || !d.Type().IsRegular() || !copied.MatchString(name) {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if b.Len()+len(content) > copyBytesMax {
			return text.Errorf(text.Invalid, "%s 太大，不能备份", "%s is too large for a backup", dir)
		}
		if strings.Contains(name, CheckpointsName+"/") {
			checkpoints++
		}
		err = to.WriteHeader(&tar.Header{Name: name, Size: int64(len(content)), Mode: 0o600, ModTime: copyTime,
			Typeflag: tar.TypeReg, Format: tar.FormatUSTAR})
		if err == nil {
			_, err = to.Write(content)
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) && b.Len() == 0 {
		return nil, 0, nil
	}
	if err = errors.Join(err, to.Close()); err != nil {
		return nil, 0, err
	}
	return b.Bytes(), checkpoints, nil
}

// Unpack writes the files of an archive that Pack made to a new directory, durably, and returns the number of
// checkpoints. If the archive is not exactly as Pack makes it, the error is text.Invalid. After an error the directory
// holds a part of the files.
func Unpack(archive []byte, dir string) (checkpoints int, err error) {
	damaged := func(what any) error {
		return text.Errorf(text.Invalid, "不是封存文件的备份，或已损坏：%v",
			"this is no backup of seals, or is damaged: %v", what)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return 0, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return 0, err
	}
	defer root.Close()
	from := tar.NewReader(bytes.NewReader(archive))
	for {
		h, err := from.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, damaged(err)
		}
		if h.Typeflag != tar.TypeReg || !copied.MatchString(h.Name) {
			return 0, damaged(fmt.Sprintf("%q", text.Printable(text.Clip(h.Name, 100))))
		}
		content, err := io.ReadAll(from)
		if err != nil {
			return 0, damaged(err)
		}
		if err := root.MkdirAll(filepath.Dir(h.Name), 0o700); err != nil {
			return 0, err
		}
		if err := files.Replace(filepath.Join(dir, h.Name), content); err != nil {
			return 0, err
		}
	}
	again, checkpoints, err := pack(dir)
	if err == nil && !bytes.Equal(again, archive) {
		err = damaged(fmt.Sprintf("%d ≠ %d", len(archive), len(again)))
	}
	return checkpoints, errors.Join(err, syncTree(dir))
}

// syncTree makes the names in a directory and below durable.
func syncTree(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		return files.SyncDir(path)
	})
}
