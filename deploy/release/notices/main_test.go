package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the list of modules anew")

const modules = "../modules.tsv"

// TestTheModulesAndTheirLicencesAreListed compares the list with the modules that the program is made of. With -update
// it writes the list: look at each new licence.
func TestTheModulesAndTheirLicencesAreListed(t *testing.T) {
	parts, err := read("../../..")
	if err != nil {
		t.Fatal(err)
	}
	var list, texts bytes.Buffer
	if err := writeList(&list, parts); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(modules, list.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	listed, err := os.ReadFile(modules)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(listed, list.Bytes()) {
		t.Errorf("%s differs from the modules of the program: run go test ./release/notices -update in deploy and "+
			"read the difference\n%s", modules, &list)
	}
	if err := writeTexts(&texts, parts); err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		if !strings.Contains(texts.String(), "\n"+p.Path+" "+p.Version+" (") {
			t.Errorf("the texts have none of %s", p.Path)
		}
	}
}

// gpl are the words by which a program says that it is under the GNU General Public License.
const gpl = `This program is free software; you can redistribute it and/or modify it under the terms of the GNU General
Public License as published by the Free Software Foundation; either version 2 of the License, or (at your option) any
later version.

This program is distributed in the hope that it will be useful, but WITHOUT ANY WARRANTY; without even the implied
warranty of MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE. See the GNU General Public License for more details.

You should have received a copy of the GNU General Public License along with this program; if not, write to the Free
Software Foundation, Inc., 51 Franklin Street, Fifth Floor, Boston, MA 02110-1301 USA.`

func TestALicenceThatIsNotAllowedIsRefused(t *testing.T) {
	mit, err := os.ReadFile("testdata/mit.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		files map[string]string
		says  string
	}{
		{map[string]string{"LICENSE": string(mit)}, ""},
		{map[string]string{"license.md": string(mit)}, ""},
		{nil, "no licence was recognised"},
		{map[string]string{"LICENSE": "Ask us."}, "no licence was recognised"},
		{map[string]string{"licenses.go": string(mit)}, "no licence was recognised"},
		{map[string]string{"LICENSE": gpl}, "GPL-2.0-or-later is not in the list"},
		{map[string]string{"LICENSE": string(mit), "COPYING": gpl}, "GPL-2.0-or-later is not in the list"},
		{map[string]string{"LICENSE": string(mit), "LICENSE-2": "Ask us."}, "no licence was recognised in LICENSE-2"},
		{map[string]string{"LICENSE": string(mit), "NOTICE": "Made by us."}, ""},
	} {
		p := &part{Path: "example.org/m", Version: "v1.0.0", Dir: t.TempDir()}
		for name, text := range c.files {
			if err := os.WriteFile(filepath.Join(p.Dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.readLicences(); (err == nil) != (c.says == "") ||
			err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v: got %v, expected %q", c.files, err, c.says)
		}
	}
}
