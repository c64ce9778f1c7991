package main

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"path/filepath"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/files"
)

// evidenceFile names a file that proves a record, as the interchange form has it.
type evidenceFile struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"` // lower-case hexadecimal
}

// evidenceOf returns the names and the SHA-256 of files in the form of a record, or nil for no file. It does not copy
// the files. An empty file proves nothing, and two files with the same name could not be distinguished: both are
// errors with text.Invalid.
func evidenceOf(paths []string) (jsontext.Value, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	var list []evidenceFile
	seen := map[string]bool{}
	for _, path := range paths {
		name := filepath.Base(path)
		if seen[name] {
			return nil, text.Errorf(text.Invalid, "有两个文件都叫 %s，无法区分；请改名后再试",
				"two files are called %s and could not be told apart; rename one of them", name).Of("evidence")
		}
		seen[name] = true
		sum, err := sumOf(path)
		if err != nil {
			return nil, err
		}
		list = append(list, evidenceFile{name, sum})
	}
	return json.Marshal(list)
}

// evidenceIn returns the files of evidence of a list in the form of a record.
func evidenceIn(list jsontext.Value) (files []evidenceFile) {
	if list != nil {
		_ = json.Unmarshal(list, &files) // the ledger has accepted the list
	}
	return files
}

// evidenceOn returns the files of evidence of a record in the interchange form, or nil for no record.
func evidenceOn(record jsontext.Value) []evidenceFile {
	var r struct {
		Evidence jsontext.Value `json:"evidence"`
	}
	if record != nil {
		_ = json.Unmarshal(record, &r) // the ledger wrote the record
	}
	return evidenceIn(r.Evidence)
}

// sumOf returns the SHA-256 of a file. An empty file is an error.
func sumOf(path string) (string, error) {
	f, size, err := files.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if size == 0 {
		return "", text.Errorf(text.Invalid, "%s 是空的", "%s is empty", path).Of("evidence")
	}
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
