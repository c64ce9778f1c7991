package bundle

import (
	"path"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/taizhang/taizhang/events/text"
)

// The names of the files that a bundle has once.
const (
	ReadmeName     = "README.txt"
	CenterName     = "center.txt" // only in a bundle of one center
	CheckpointName = "checkpoint"
	SHA256Name     = "manifest-sha256.txt"
	SM3Name        = "manifest-sm3.txt"
	PolicyName     = "policy.txt"
	RecordsName    = "records.jsonl"
	VerifyName     = "verify.py"
)

// required lists the files that every bundle has.
var required = []string{ReadmeName, CheckpointName, SHA256Name, SM3Name, PolicyName, RecordsName, VerifyName}

// The folders of a bundle.
const (
	checkpointsDir = "checkpoints/"
	timestampsDir  = "timestamps/"
	figuresDir     = "figures/"
	proofsDir      = "proofs/"
)

// The ends of names.
const (
	consistencyEnd = ".consistency"
	tokenEnd       = ".tsr"
	noteEnd        = ".note"
	proofEnd       = ".tlog-proof"
)

// Limits of a bundle.
const (
	BytesMax       = 4 << 30   // the zip, and also all its files together
	FigureBytesMax = 512 << 20 // one report
	entriesMax     = 1 << 21
	smallBytesMax  = 1 << 20 // one file that is neither of the records, a figure nor a manifest
	nameBytesMax   = 255     // a name, as file systems limit it
)

// part is what a file of a bundle is, by its name.
type part int

const (
	foreign part = iota // no file of a bundle
	single              // one of the files that a bundle has once
	folder              // a folder, which holds nothing itself
	earlier             // checkpoints/SIZE
	consistency
	token
	note
	figure
	proof
)

// partOf returns what a file is, and the size of the checkpoint or the position in its name.
func partOf(name string) (p part, number uint64) {
	switch name {
	case ReadmeName, CenterName, CheckpointName, SHA256Name, SM3Name, PolicyName, RecordsName, VerifyName:
		return single, 0
	case checkpointsDir, timestampsDir, figuresDir, proofsDir:
		return folder, 0
	}
	dir, base := path.Split(name)
	var ok bool
	switch {
	case dir == figuresDir && validFigure(base) == nil:
		return figure, 0
	case dir == proofsDir && strings.HasSuffix(base, proofEnd):
		p = proof
		number, ok = numberOf(strings.TrimSuffix(base, proofEnd))
	case dir == checkpointsDir && strings.HasSuffix(base, consistencyEnd):
		p = consistency
		number, ok = numberOf(strings.TrimSuffix(base, consistencyEnd))
	case dir == checkpointsDir:
		p = earlier
		number, ok = numberOf(base)
	case dir == timestampsDir:
		p = token
		stem, isToken := strings.CutSuffix(base, tokenEnd)
		if !isToken {
			p = note
			if stem, ok = strings.CutSuffix(base, noteEnd); !ok {
				return foreign, 0
			}
		}
		size, n, _ := strings.Cut(stem, "-")
		if number, ok = numberOf(size); ok {
			_, ok = numberOf(n)
		}
	}
	if !ok {
		return foreign, 0
	}
	return p, number
}

// numberOf reads a number from 1 in its only form.
func numberOf(s string) (uint64, bool) {
	n, err := strconv.ParseUint(s, 10, 64)
	return n, err == nil && n > 0 && strconv.FormatUint(n, 10) == s
}

func numberName(dir string, number uint64, end string) string {
	return dir + strconv.FormatUint(number, 10) + end
}

// validFigure returns an error for a name that cannot be a file in the folder of figures on every system on which an
// auditor may unpack the bundle.
func validFigure(name string) error {
	end := strings.ToLower(path.Ext(name))
	stem := name[:len(name)-len(end)]
	switch {
	case end != ".csv" && end != ".html" && end != ".htm" && end != ".xlsx":
		return bad("%s：报表文件名应以 .xlsx、.csv 或 .html 结尾",
			"%s: the name of a report ends in .xlsx, .csv or .html", name)
	case len(name) > nameBytesMax-len(figuresDir):
		return bad("%s：文件名过长", "%s: the name of the file is too long", name)
	case !utf8.ValidString(name) || text.Printable(name) != name || strings.ContainsAny(name, `/\<>:"|?*`) ||
		strings.TrimSpace(stem) != stem || strings.Trim(stem, ".") != stem || stem == "" || reserved(stem):
		return bad("%s：这个文件名在有的系统上不能用，请改名",
			"%s: not every system can have a file of this name; rename it", text.Printable(name))
	}
	return nil
}

// reserved reports whether Windows keeps a name for a device, whatever its extension is.
func reserved(stem string) bool {
	stem, _, _ = strings.Cut(strings.ToUpper(stem), ".")
	switch stem {
	case "CON", "PRN", "AUX", "NUL":
		return true
	}
	return len(stem) == 4 && (stem[:3] == "COM" || stem[:3] == "LPT") && '1' <= stem[3] && stem[3] <= '9'
}

// limitOf returns the maximum size of a file of a bundle.
func limitOf(name string) int64 {
	p, _ := partOf(name)
	switch {
	case name == RecordsName:
		return BytesMax
	case name == SHA256Name || name == SM3Name:
		return entriesMax * (nameBytesMax + 80) // a line for every file
	case p == figure:
		return FigureBytesMax
	case p == folder:
		return 0
	}
	return smallBytesMax
}

// bad returns an error for something that is no bundle, or cannot be in one.
func bad(zh, en string, args ...any) error { return text.Errorf(text.Invalid, zh, en, args...) }
