package alertfeed

import (
	"encoding/base32"
	"fmt"
	"slices"
	"strings"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
)

// These are the names of the feed in NATS.
const (
	StreamName  = "TAIZHANG_ALERTS"
	AllSubjects = "taizhang.v1.>"
	HeadSubject = "taizhang.v1.head"
	alertPrefix = "taizhang.v1.alert."
)

// AlertName identifies an alert with its severity. A change of severity withdraws one name and raises another.
type AlertName struct {
	Center   events.CenterID // "" for an alert of the policies
	Severity aggregates.Severity
	Code     aggregates.Code
	Key      string
	RaisedOn events.Date
}

// Subject returns the subject of an alert:
//
//	taizhang.v1.alert.<center>.<severity>.<family>.<number>.<key>.<raisedOn>
//
// Two names never have the same subject, and no token of a subject is empty or a wildcard. The code must be one of the
// catalog. The key of an alert has at most events.IDBytesMax bytes, so that a subject has fewer than SubjectBytesMax.
func (n AlertName) Subject() string {
	family, number := codeParts(n.Code)
	return alertPrefix + strings.Join([]string{centerToken(n.Center), string(n.Severity), family, number,
		keyToken(n.Key), strings.ReplaceAll(n.RaisedOn.String(), "-", "")}, ".")
}

// SubjectBytesMax is above the length of every subject. The server closes the connection if a subject has more
// than 4 096 bytes.
const SubjectBytesMax = 512

// ParseSubject returns the name of the alert that a subject stands for. ok is false for every other subject.
func ParseSubject(subject string) (n AlertName, ok bool) {
	rest, found := strings.CutPrefix(subject, alertPrefix)
	tokens := strings.Split(rest, ".")
	if !found || len(tokens) != 6 || len(subject) >= SubjectBytesMax || !madeOf(tokens[1], isSmall) ||
		!madeOf(tokens[2], isCapital) || !madeOf(tokens[3], isDigit) {
		return n, false
	}
	day := tokens[5]
	if len(day) != len("20251231") {
		return n, false
	}
	raisedOn, err := events.ParseDate(day[:4] + "-" + day[4:6] + "-" + day[6:])
	center, isCenter := parseCenterToken(tokens[0])
	key, isKey := parseKeyToken(tokens[4])
	if err != nil || !isCenter || !isKey {
		return n, false
	}
	n = AlertName{center, aggregates.Severity(tokens[1]), aggregates.Code("AL-" + tokens[2] + "-" + tokens[3]),
		key, raisedOn}
	return n, n.Subject() == subject // each name has only one subject
}

// noToken is the token for a missing center or key.
const noToken = "-"

func centerToken(id events.CenterID) string {
	switch {
	case id == "":
		return noToken
	case events.ValidCenter(id):
		return string(id)
	}
	return escape(string(id))
}

func parseCenterToken(token string) (id events.CenterID, ok bool) {
	if token == noToken {
		return "", true
	}
	if id = events.CenterID(token); events.ValidCenter(id) {
		return id, true
	}
	plain, ok := unescape(token)
	return events.CenterID(plain), ok
}

// codeParts returns the family and the number of a code: EXE and 02 of AL-EXE-02.
func codeParts(code aggregates.Code) (family, number string) {
	family, number, _ = strings.Cut(strings.TrimPrefix(string(code), "AL-"), "-")
	return family, number
}

// A plain key is written as it is. Any other is written as x and its base32 in small letters, so that it contains
// no character with a meaning in subjects.
const (
	plainKeyMax   = 64
	escapedPrefix = "x"
)

var escaping = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

func keyToken(key string) string {
	switch {
	case key == "":
		return noToken
	case isPlainKey(key):
		return key
	}
	return escape(key)
}

func parseKeyToken(token string) (key string, ok bool) {
	switch {
	case token == noToken:
		return "", true
	case isPlainKey(token):
		return token, true
	}
	return unescape(token)
}

func escape(plain string) string { return escapedPrefix + escaping.EncodeToString([]byte(plain)) }

func unescape(token string) (plain string, ok bool) {
	escaped, found := strings.CutPrefix(token, escapedPrefix)
	b, err := escaping.DecodeString(escaped)
	return string(b), found && err == nil
}

// isPlainKey reports whether a key needs no escaping. It begins with a capital or a digit, so that it differs from
// an escaped one.
func isPlainKey(key string) bool {
	if key == "" || len(key) > plainKeyMax || !isCapital(key[0]) && !isDigit(key[0]) {
		return false
	}
	return madeOf(key, func(c byte) bool { return isCapital(c) || isSmall(c) || isDigit(c) || c == '_' || c == '-' })
}

// madeOf reports whether a text is not empty and ok returns true for each of its bytes.
func madeOf(s string, ok func(byte) bool) bool {
	for i := range len(s) {
		if !ok(s[i]) {
			return false
		}
	}
	return s != ""
}

func isSmall(c byte) bool   { return 'a' <= c && c <= 'z' }
func isCapital(c byte) bool { return 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool   { return '0' <= c && c <= '9' }

// Filter selects the alerts that a consumer gets. An empty list selects all.
type Filter struct {
	Centers    []string `json:"centers"`
	Severities []string `json:"severities"` // red, yellow, blue
	Families   []string `json:"families"`   // such as EXE

	Checkpoints bool `json:"checkpoints,omitzero"` // also the checkpoints of the ledger
}

// Subjects returns the subjects that a filter selects, and that of the head. No two overlap. Only a filter that asks
// for them has the checkpoints, because programs made before there were any take such a message for a fault.
func (f Filter) Subjects() []string {
	any := func(list []string) []string {
		if len(list) == 0 {
			return []string{"*"}
		}
		list = slices.Clone(list)
		slices.Sort(list)
		return slices.Compact(list)
	}
	subjects := []string{HeadSubject}
	if f.Checkpoints {
		subjects = append(subjects, CheckpointSubject)
	}
	centers := slices.Clone(f.Centers)
	for i, id := range centers {
		centers[i] = centerToken(events.CenterID(id))
	}
	for _, center := range any(centers) {
		for _, severity := range any(f.Severities) {
			for _, family := range any(f.Families) {
				subjects = append(subjects, fmt.Sprintf("%s%s.%s.%s.>", alertPrefix, center, severity, family))
			}
		}
	}
	return subjects
}
