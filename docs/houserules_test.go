package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/taizhang/taizhang/"

// rooms in the order of the one direction: a room imports itself and those before it.
// docs is beside them: cmd embeds the document of the API from there.
var rooms = []string{"events", "aggregates", "projections", "services", "docs", "cmd"}

// pureRooms hold what must give the same answer for ever: a function of values that come in.
var pureRooms = []string{"events", "aggregates", "projections"}

// allowedInPure is all that a pure room may import beside the rooms before it. hash/maphash is to a table what its own
// random seed is to a map: nothing shows it.
var allowedInPure = []string{
	"bytes", "cmp", "context", "crypto/sha256", "embed", "encoding/base64", "encoding/binary", "encoding/hex", "errors", "fmt",
	"hash/maphash", "io", "iter", "maps", "math", "math/big",
	"math/bits", "reflect", "regexp", "slices", "sort", "strconv", "strings", "sync", "sync/atomic", "time", "unicode",
	"unicode/utf16", "unicode/utf8", "unique",
	"github.com/google/uuid", "github.com/go-json-experiment/json", "github.com/go-json-experiment/json/jsontext",
}

// impure is what the packages allowed in pure rooms offer and pure rooms must not use.
var impure = map[string][]string{
	"context": {"AfterFunc", "WithDeadline", "WithDeadlineCause", "WithTimeout", "WithTimeoutCause"},
	"iter":    {"Pull", "Pull2"},
	"time":    {"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer"},
	"uuid":    {"New", "NewString", "NewRandom", "NewUUID", "NewV6", "NewV7", "NewDCESecurity"},
}

// source is one file of the product; tests may import what they like.
type source struct {
	path string
	room string
	file *ast.File
}

func sources(t *testing.T) (list []source) {
	t.Helper()
	for _, room := range rooms {
		err := filepath.WalkDir(filepath.Join("..", room), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			list = append(list, source{strings.TrimPrefix(filepath.ToSlash(path), "../"), room, file})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return list
}

func (s source) imports(t *testing.T) (paths []string) {
	t.Helper()
	for _, spec := range s.file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatalf("%s: %v", s.path, err)
		}
		paths = append(paths, path)
	}
	return paths
}

// isTestKit says whether the file is of the store's contract as tests, which lives beside the contract.
func (s source) isTestKit() bool { return strings.HasPrefix(s.path, "events/storetest/") }

func TestNoArrowPointsBack(t *testing.T) {
	for _, s := range sources(t) {
		for _, path := range s.imports(t) {
			inside, ok := strings.CutPrefix(path, module)
			if !ok {
				continue
			}
			room, _, _ := strings.Cut(inside, "/")
			if slices.Index(rooms, room) > slices.Index(rooms, s.room) || !slices.Contains(rooms, room) {
				t.Errorf("%s imports %s: the direction is %s, so that what decides never depends on what serves it",
					s.path, path, strings.Join(rooms, " ← "))
			}
		}
	}
}

func TestPureRoomsImportOnlyWhatIsPure(t *testing.T) {
	for _, s := range sources(t) {
		if !slices.Contains(pureRooms, s.room) || s.isTestKit() {
			continue
		}
		for _, path := range s.imports(t) {
			if !strings.HasPrefix(path, module) && !slices.Contains(allowedInPure, path) {
				t.Errorf("%s imports %s: %s must give the same answer for ever, so clock, randomness, files, "+
					"network and logger stay outside; "+
					"if it is pure, add it to the list here", s.path, path, s.room)
			}
		}
	}
}

func TestPureRoomsStartNothingAndAskNoClock(t *testing.T) {
	for _, s := range sources(t) {
		if !slices.Contains(pureRooms, s.room) || s.isTestKit() {
			continue
		}
		for _, what := range notPure(s.file) {
			t.Errorf("%s %s", s.path, what)
		}
	}
}

// notPure lists where a file starts a goroutine, by a go statement or by a method Go, as those of sync.WaitGroup and
// of an errgroup are, and where it uses what pure rooms must not.
func notPure(file *ast.File) (found []string) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found = append(found, "starts a goroutine: a pure room leaves that to its caller")
		case *ast.SelectorExpr:
			x, ok := n.X.(*ast.Ident)
			switch {
			case n.Sel.Name == "Go" || n.Sel.Name == "TryGo":
				found = append(found, "starts a goroutine by a method Go: a pure room leaves that to its caller")
			case ok && slices.Contains(impure[x.Name], n.Sel.Name):
				found = append(found, "uses "+x.Name+"."+n.Sel.Name+
					": dates, instants and ids come into a pure room as values, and goroutines from its caller")
			}
		}
		return true
	})
	return found
}

func TestEveryWayToStartAGoroutineIsSeen(t *testing.T) {
	for _, statement := range []string{
		"go f()",
		"var wg sync.WaitGroup; wg.Go(f)",
		"group.Go(f)",
		"x.workers.TryGo(f)",
		"start := wg.Go; start(f)",
		"context.AfterFunc(ctx, f)",
		"time.AfterFunc(d, f)",
		"next, stop := iter.Pull(f)",
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "", "package p\nfunc _() { "+statement+" }",
			parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if len(notPure(file)) != 1 {
			t.Errorf("%q passes as pure", statement)
		}
	}
}

func TestNoFileRunsCodeBeforeMain(t *testing.T) {
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s has an init: what runs must be seen where it is called", s.path)
			}
		}
	}
}

// leansOn says which services another is built on. Whatever else there is meets in cmd.
var leansOn = map[string][]string{
	// answers from it, in tables
	"lists": {"ledger", "table"},
	// writes proofs in their form
	"bundle": {"seal"},
	// writes down what the lists answer, reads it back
	"reports": {"lists", "ledger", "spreadsheet", "table"},
	// reads records for it, writes them back
	"sheets": {"ledger", "spreadsheet", "workbook"},
	// writes reports as workbooks, which links a network; who only reads them goes without
	"workbook": {"reports", "spreadsheet"},
	// answers with them
	"desk": {"lists", "ledger", "reports", "seal", "sealing", "sheets", "table", "workbook"},
	// signs checkpoints of a ledger and keeps them as files
	"sealing": {"files", "ledger", "seal"},
	// puts a guard before the counter, shows the ledger's writes in its log
	"access": {"desk", "ledger", "lists", "table"},
	// keeps what a guarded counter answers
	"answers": {"access", "desk", "lists"},
	// publishes what the counter knows, in the words of the lists, to the users of the accounts; listen knows whose a
	// key is; its consumer writes rows
	"alertfeed": {"access", "desk", "files", "listen", "lists", "natsserver", "seal", "table"},
	// signs people in to the accounts over HTTP, by a provider too
	"signin": {"access", "oidc"},
	// serves a guarded counter over HTTP, and the accounts; its client dials the socket
	"api": {"access", "alertfeed", "answers", "desk", "imports", "listen", "lists", "signin", "spool",
		"table"},
	// runs imports of a guarded counter
	"imports": {"access", "desk", "sheets", "spool"},
	// pages of a browser over them
	// pages of the answers of the desk, kept for whoever sees the same, of the history of a center in the ledger, and
	// forms of sheets
	"console": {"access", "answers", "desk", "imports", "ledger", "lists", "sheets", "signin", "table"},
	// a ledger writes what the simulator makes, a store keeps it, the accounts and a sheet go with it
	"demo": {"access", "ledger", "logstore", "sheets", "simulator"},
	// judges a bundle, and asks the ledger in it what the reports asked
	"verify": {"bundle", "ledger", "lists", "reports", "seal"},
	// cosigns what is sealed, knows whose a key is, and answers in tables
	"witness": {"files", "listen", "seal", "table"},
	// seals a ledger that is served, and asks witnesses
	"sealer": {"ledger", "seal", "sealing", "witness"},
	// reads the end of a log, probes a disk, knows the socket, whose a key is, and where seals lie
	"doctor":  {"listen", "logstore", "seal", "sealing", "table"},
	"replica": {"logstore"}, // keeps its copy there
	// each locks its directory
	"logstore":   {"files"},
	"natsserver": {"files"},
	// where the command of kurrenttest keeps a ledger
	"kurrentstore": {"logstore"},
}

func TestServicesLeanOnEachOtherOnlyWhereItIsSaid(t *testing.T) {
	for _, s := range sources(t) {
		if s.room != "services" {
			continue
		}
		own := strings.Split(s.path, "/")[1]
		for _, path := range s.imports(t) {
			inside, ok := strings.CutPrefix(path, module+"services/")
			if !ok {
				continue
			}
			other, _, _ := strings.Cut(inside, "/")
			if other != own && !slices.Contains(leansOn[own], other) {
				t.Errorf("%s imports %s: each service is one thing that can fail, wait or know the time; they meet "+
					"in cmd, or it is said in leansOn", s.path, path)
			}
		}
	}
}

// offline are the packages that a verifier links, and noNetwork what they must not link: an auditor runs the verifier
// on a machine that he trusts, and can see that it asks nobody. crypto/x509 and uuid link net, which dials nothing.
var (
	offline   = []string{"reports", "lists", "ledger", "seal", "bundle", "verify"}
	noNetwork = regexp.MustCompile(`^(net/http|crypto/tls|os/exec|go\.uber\.org/zap|github\.com/xuri/excelize/v2)$`)
)

func TestWhatAVerifierLinksHasNoNetwork(t *testing.T) {
	args := []string{"list", "-deps"}
	for _, name := range offline {
		args = append(args, "../services/"+name)
	}
	list, err := exec.Command("go", args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(list))
	if !slices.Contains(deps, module+"services/reports") {
		t.Fatalf("go list answers %q", list)
	}
	for _, dep := range deps {
		if noNetwork.MatchString(dep) {
			t.Errorf("one of %v links %s: what writes workbooks or logs lives elsewhere", offline, dep)
		}
	}
}

// TestNoServiceWritesAFlag holds the services to naming a parameter without dashes: they answer every front, and only
// the command line has flags. The README.txt of a bundle and the printed sheet of a checkpoint are for people who type
// commands.
func TestNoServiceWritesAFlag(t *testing.T) {
	flag := regexp.MustCompile(`--[a-z]`)
	for _, s := range sources(t) {
		if s.room != "services" || s.path == "services/bundle/readme.go" || s.path == "services/desk/sealsheet.go" ||
			strings.HasPrefix(s.path, "services/kurrentstore/kurrenttest/server/") {
			// that is a command of its own
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && flag.MatchString(lit.Value) {
				t.Errorf("%s names a flag: %s", s.path, lit.Value)
			}
			return true
		})
	}
}

// belowVerbs is what a verb may import of the project: the counter, what it answers with, and what puts an answer into
// words and files. Whatever else a verb needed would be an answer that other fronts do not give.
var belowVerbs = []string{"events/text", "services/access", "services/alertfeed", "services/alertfeed/consumer",
	"services/desk", "services/files", "services/lists", "services/table"}

// notVerbs are the files of the command that are no verb of the ledger, each with what else it may import.
var notVerbs = map[string][]string{
	// copies the files of seals
	"cmd/taizhang/backup_seal.go": {"services/logstore", "services/sealing"},
	// reads all of the ledger and its checkpoints into one file
	"cmd/taizhang/bundle.go": {"events", "services/bundle", "services/seal"},
	// judges a bundle and asks no ledger
	"cmd/taizhang-verify/main.go": {"services/verify"},
	// asks a server, in which alone a feed runs
	"cmd/taizhang/feed.go": {"services/api", "services/api/client"},
	// asks the server and the machine, and needs no ledger
	"cmd/taizhang/doctor.go": {"services/api", "services/api/client", "services/doctor", "services/listen",
		"services/replica"},
	// opens the accounts
	"cmd/taizhang/office.go": nil,
	// puts the rooms together: whatever there is meets here
	"cmd/taizhang/open.go": nil,
	// reads a file that is its owner's alone
	"cmd/taizhang/password.go": {"services/listen"},
	// runs what answers
	"cmd/taizhang/serve.go": {"docs", "services/access", "services/answers", "services/api", "services/console",
		"services/imports", "services/listen", "services/signin", "services/spool", "services/supervisor"},
	// asks the server itself
	"cmd/taizhang/serve_alive.go": {"services/listen"},
	// makes the ledger that is served
	"cmd/taizhang/serve_demo.go": {"events", "services/demo", "services/logstore"},
	// opens the feed
	"cmd/taizhang/serve_feed.go": {"services/listen"},
	// starts sealing, and tells the server of it
	"cmd/taizhang/serve_seal.go": {"services/api", "services/sealer"},
	// knows the issuer
	"cmd/taizhang/serve_sso.go": {"services/oidc"},
	// puts together what is served
	"cmd/taizhang/serve_open.go": nil,
	// works on the directory of seals
	"cmd/taizhang/seal_files.go": nil,
	// chooses between files, socket and server
	"cmd/taizhang/served.go": {"services/api/client", "services/listen"},
	// makes a history and asks no ledger
	"cmd/taizhang/simulate.go": {"events", "services/simulator"},
	// has no ledger, and cosigns those of others
	"cmd/taizhang/witness.go": {"services/listen", "services/seal", "services/witness"},
	// says which judgement of alerts the program has
	"cmd/taizhang/version.go": {"aggregates"},
}

func TestVerbsAskTheCounterAndNothingBelow(t *testing.T) {
	for _, s := range sources(t) {
		more, isNoVerb := notVerbs[s.path]
		if s.room != "cmd" || isNoVerb && more == nil {
			continue
		}
		for _, path := range s.imports(t) {
			if inside, ok := strings.CutPrefix(path, module); ok && !slices.Contains(belowVerbs, inside) &&
				!slices.Contains(more, inside) {
				t.Errorf("%s imports %s: a verb puts answers of services/desk into words, so that the API and the "+
					"console give the same ones", s.path, path)
			}
		}
	}
}
