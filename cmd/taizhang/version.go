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
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/services/lists"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Args: exactly(0), Annotations: onFiles,
		Short: a.say("显示版本", "show the version"),
		RunE: func(*cobra.Command, []string) error {
			if _, err := fmt.Fprintf(a.out, "taizhang %s %s %s/%s\n", programVersion(), runtime.Version(), runtime.GOOS,
				runtime.GOARCH); err != nil {
				return err
			}
			build, _ := debug.ReadBuildInfo()
			if build == nil {
				return nil
			}
			settings := map[string]string{}
			for _, s := range build.Settings {
				settings[s.Key] = s.Value
			}
			if commit := settings["vcs.revision"]; commit != "" {
				a.print("源代码版本 %s，%s", "commit %s of %s", commit, settings["vcs.time"])
			}
			if settings["vcs.modified"] == "true" {
				a.print("所用源代码有未登记的改动", "built from sources with changes that are in no commit")
			}
			a.print("清单格式第 %d 版，预警判断第 %d 版",
				"form of the lists %d, judgement of the alerts %d", lists.Form, aggregates.Engine)
			for _, m := range build.Deps {
				if slices.Contains(shownModules, m.Path) {
					a.print("%s %s", "%s %s", m.Path, m.Version)
				}
			}
			return nil
		},
	}
}

// shownModules are the modules whose versions matter to who runs other servers beside the program.
var shownModules = []string{"github.com/nats-io/nats-server/v2", "github.com/EventStore/EventStore-Client-Go/v4"}

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

// release is the version of a release. The linker sets it (deploy/release/binary.sh); it is "" in any other build.
var release string

// programVersion returns the version of the program.
func programVersion() string {
	if release != "" {
		return release
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return develVersion
}
