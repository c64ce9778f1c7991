// Notices writes the licences of the modules that the programs are made of.
//
//	go run ./release/notices          the texts of the licences, to be shipped with the program
//	go run ./release/notices -list    module, version and licence, a line each: release/modules.tsv
//
// It fails if a module has no licence, or a licence that is not in the list of allowed licences.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// allowed are the licences under which a part of the program may be, by their SPDX ids. They let the program be given
// away under Apache-2.0, with their texts. MPL-2.0 asks in addition that changes of its files are published: there are
// none.
var allowed = []string{"Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MPL-2.0", "0BSD"}

// part is a module, or the standard library, in the program.
type part struct {
	Path, Version, Dir string

	licences []string // SPDX ids
	texts    []notice
}

type notice struct {
	file string
	text []byte
}

func main() {
	list := flag.Bool("list", false, "write module, version and licence, a line each")
	flag.Parse()
	parts, err := read("..")
	if err == nil && *list {
		err = writeList(os.Stdout, parts)
	} else if err == nil {
		err = writeTexts(os.Stdout, parts)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "notices:", err)
		os.Exit(1)
	}
}

// read returns the parts of the programs of the module in a directory, for every system and architecture for which they
// are shipped, with their licences. The error names every part whose licence is missing or not allowed.
func read(dir string) ([]*part, error) {
	byPath := map[string]*part{}
	for _, target := range []string{"linux/amd64", "linux/arm64", "linux/loong64", "windows/amd64"} {
		system, arch, _ := strings.Cut(target, "/")
		programs := []string{"./cmd/taizhang", "./cmd/taizhang-verify"}
		if system == "windows" {
			programs = programs[1:]
		}
		cmd := exec.Command("go", append([]string{"list", "-deps", "-json=Module,Standard"}, programs...)...)
		cmd.Dir, cmd.Stderr = dir, os.Stderr
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+arch)
		out, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("list the packages: %w", err)
		}
		packages := json.NewDecoder(bytes.NewReader(out))
		for packages.More() {
			var p struct {
				Module *struct {
					Path, Version, Dir string
					Main               bool
					Replace            *struct{}
				}
			}
			if err := packages.Decode(&p); err != nil {
				return nil, err
			}
			switch m := p.Module; {
			case m == nil || m.Main:
			case m.Replace != nil:
				return nil, fmt.Errorf("%s is replaced: its licence is that of another module", m.Path)
			default:
				byPath[m.Path] = &part{Path: m.Path, Version: m.Version, Dir: m.Dir}
			}
		}
	}
	standard, err := standardLibrary()
	if err != nil {
		return nil, err
	}
	parts := []*part{standard}
	for _, p := range byPath {
		parts = append(parts, p)
	}
	slices.SortFunc(parts, func(a, b *part) int { return strings.Compare(a.Path, b.Path) })
	var wrong []error
	for _, p := range parts {
		wrong = append(wrong, p.readLicences())
	}
	return parts, errors.Join(wrong...)
}

// standardLibrary returns the standard library, which is in the program too.
func standardLibrary() (*part, error) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	return &part{Path: "std", Version: "-", Dir: strings.TrimSpace(string(out))}, err
}

// licenceFile matches the names of files that hold a licence or a notice that must go with it.
var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]es?|copying|notice|unlicense|patents)([.-].*)?$`)

// besideLicence matches the names of the files that go with a licence and hold none, such as NOTICE.
var besideLicence = regexp.MustCompile(`(?i)^(notice|patents)`)

// readLicences reads the licences in the top directory of a part.
func (p *part) readLicences() error {
	entries, err := os.ReadDir(p.Dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() || !licenceFile.MatchString(e.Name()) || strings.HasSuffix(e.Name(), ".go") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(p.Dir, e.Name()))
		if err != nil {
			return err
		}
		p.texts = append(p.texts, notice{e.Name(), text})
		found := licensecheck.Scan(text).Match
		if len(found) == 0 && !besideLicence.MatchString(e.Name()) {
			return fmt.Errorf("%s %s: no licence was recognised in %s", p.Path, p.Version, e.Name())
		}
		for _, m := range found {
			if !m.IsURL && !slices.Contains(p.licences, m.ID) {
				p.licences = append(p.licences, m.ID)
			}
		}
	}
	slices.Sort(p.licences)
	// the additional grant of patents of Go and its modules takes nothing back
	p.licences = slices.DeleteFunc(p.licences, func(id string) bool { return id == "GooglePatentsFile" })
	if len(p.licences) == 0 {
		return fmt.Errorf("%s %s: no licence was recognised in %s", p.Path, p.Version, p.Dir)
	}
	for _, id := range p.licences {
		if !slices.Contains(allowed, id) {
			return fmt.Errorf("%s %s: the licence %s is not in the list of those that are allowed", p.Path, p.Version,
				id)
		}
	}
	return nil
}

func writeList(to io.Writer, parts []*part) error {
	for _, p := range parts {
		if _, err := fmt.Fprintf(to, "%s\t%s\t%s\n", p.Path, p.Version, strings.Join(p.licences, " ")); err != nil {
			return err
		}
	}
	return nil
}

func writeTexts(to io.Writer, parts []*part) error {
	out := &bytes.Buffer{}
	out.WriteString("taizhang is made of the parts below, each under its licence.\n")
	for _, p := range parts {
		for _, n := range p.texts {
			fmt.Fprintf(out, "\n%s\n%s %s (%s)\n%[1]s\n\n%[5]s\n", strings.Repeat("=", 80), p.Path, p.Version, n.file,
				bytes.TrimSpace(n.text))
		}
	}
	_, err := to.Write(out.Bytes())
	return err
}
