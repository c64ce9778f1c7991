package main

import (
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/spf13/cobra"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Args: exactly(0), Annotations: onFiles,
		Short: a.say("显示版本", "show the version"),
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(a.out, "taizhang %s %s %s/%s\n", programVersion(), runtime.Version(), runtime.GOOS,
				runtime.GOARCH)
			return err
		},
	}
}

// programBuild returns the identity of the program: its version, and for a development build also a hash of the
// executable, because many such builds share a version.
var programBuild = sync.OnceValue(func() string {
	version := programVersion()
	if version != develVersion && !strings.HasSuffix(version, "+dirty") {
		return version
	}
	path, err := os.Executable()
	if err != nil {
		return version
	}
	id, err := executableID(path)
	if err != nil {
		return version
	}
	return version + " " + id
})

// executableID returns a short hash of an executable: of its linker id, or of the whole file if it has none.
func executableID(path string) (string, error) {
	h := sha256.New()
	id := linkerID(path)
	if h.Write(id); len(id) == 0 {
		f, err := os.Open(path)
		if err != nil {
			return "", err
		}
		defer f.Close()
		if _, err := io.Copy(h, f); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:6]), nil
}

// linkerID returns the build id in an ELF file, or nil.
func linkerID(path string) []byte {
	f, err := elf.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	note := f.Section(".note.go.buildid")
	if note == nil {
		return nil
	}
	id, err := note.Data()
	if err != nil {
		return nil
	}
	return id
}

// develVersion is the version of a program that was built outside of version control.
const develVersion = "(devel)"

// programVersion returns the version of the program.
func programVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return develVersion
}
