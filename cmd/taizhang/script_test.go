package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"taizhang": scriptMain})
}

// TestScripts types what users type. Each script finds small.jsonl, a history of two centers, and bad.jsonl.
func TestScripts(t *testing.T) {
	leaveUnderRace(t)
	t.Parallel()
	runScripts(t, "", nil)
}

// leaveUnderRace skips a test of verbs that ask in one goroutine when the race detector runs, under which it takes ten
// times as long. go test ./... runs it.
func leaveUnderRace(t *testing.T) {
	t.Helper()
	if underRace {
		t.Skip("its verbs ask in one goroutine")
	}
}

// runScripts runs the scripts except some, with the program on files or beside a server.
func runScripts(t *testing.T, beside string, but map[string]string) {
	all, err := filepath.Glob("testdata/script/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Files: slices.DeleteFunc(all, func(file string) bool { return but[filepath.Base(file)] != "" }),
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "root": // for whom no directory is read-only
				return os.Geteuid() == 0, nil
			case "memory": // the scripts run on a file system in memory, which is wrong for a ledger
				var disk unix.Statfs_t
				err := unix.Statfs(os.TempDir(), &disk)
				return disk.Type == unix.TMPFS_MAGIC, err
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Setup: func(env *testscript.Env) error {
			env.Setenv("LANG", "en_US.UTF-8")
			env.Setenv("GOGC", "400") // a thousand short runs, which otherwise collect what their start leaves
			env.Setenv(besideVariable, beside)
			for _, name := range []string{"small.jsonl", "bad.jsonl"} {
				text, err := os.ReadFile(filepath.Join("testdata", name))
				if err != nil {
					return err
				}
				if err := os.WriteFile(filepath.Join(env.WorkDir, name), text, 0o644); err != nil {
					return err
				}
			}
			return nil
		},
	})
}
