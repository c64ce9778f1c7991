package consumer

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/files"
)

// stateLine is a line of the file of a state. The file is a log: what a later line says of a subject counts, and so
// does the place of a later line.
//
//	{"format":"taizhang.watch.v1","durable":"ops"}
//	{"filters":["taizhang.v1.alert.*.red.*.>","taizhang.v1.head"]}
//	{"source":"urn:uuid:1cc5efbe-4631-5491-a813-741dd0e17f6a"}
//	{"head":{…}}
//	{"subject":"taizhang.v1.alert.ZJ-0007.red.EXE.02.2025.20251231","acting":true}
//	{"subject":"taizhang.v1.alert.ZJ-0007.red.EXE.02.2025.20251231","at":{…},"state":"raised"}
//	{"place":{"sequence":4711,"time":"2026-11-29T05:00:07.123456789Z"}}
//	{"subject":"…","at":{…},"state":"cleared","clearedOn":"2026-11-29","place":{"sequence":4712,"time":"…"}}
//
// The line with filters says that the whole stream is read from its beginning; it has been read when a place follows.
// If no other line of a subject follows the one that is acting, the process ended within the act: it is not known
// whether it acted, and whatever is said of the subject next is acted on.
type stateLine struct {
	Format  string   `json:"format,omitzero"`
	Durable string   `json:"durable,omitzero"`
	Filters []string `json:"filters,omitempty"` // the filters of the durable consumer, sorted
	Covered []string `json:"covered,omitempty"` // the filters of the part that was read before
	Source  string   `json:"source,omitzero"`   // the source of the messages: the ledger
	// the At of the head that began the last generation that was read
	Head      *alertfeed.At       `json:"head,omitempty"`
	Subject   string              `json:"subject,omitzero"`
	At        *alertfeed.At       `json:"at,omitempty"`
	State     alertfeed.StateKind `json:"state,omitzero"`
	ClearedOn desk.Day            `json:"clearedOn,omitzero"`
	Acting    bool                `json:"acting,omitzero"`
	Place     *place              `json:"place,omitempty"`
}

// stateFormat is the format of the file.
const stateFormat = "taizhang.watch.v1"

// place identifies the last message of an alert that was read: no other message has its sequence and its time.
type place struct {
	Sequence uint64    `json:"sequence"`
	Time     time.Time `json:"time"`
}

// state holds what a Follower has acted on, in memory and in a file.
type state struct {
	path    string
	durable string
	file    *os.File // open for appending; nil before the first save

	filters []string
	covered []string // while the stream is read from its beginning: the filters of the part that was read before
	source  string   // the source of the messages: the ledger; "" before the first message
	kept    map[string]alertfeed.Kept
	head    alertfeed.At // the At of the head that began the last generation that was read
	place   *place       // nil while the stream is read from its beginning

	appended int // lines appended since the file was rewritten
}

// appendedMost is the number of appended lines, beyond twice the number of subjects, after which the file is
// rewritten.
const appendedMost = 20_000

// openState reads the state in a file. The state is empty if there is no file, or if forget is set. cut is the
// number of bytes at the end that were not read because a crash left them unfinished.
func openState(path, durable string, forget bool) (s *state, cut int, err error) {
	s = &state{path: path, durable: durable, kept: map[string]alertfeed.Kept{}}
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	cut, err = s.read(content, forget)
	return s, cut, err
}

func (s *state) readHead(line []byte) error {
	var l stateLine
	if json.Unmarshal(line, &l) != nil || l.Format != stateFormat {
		return text.Errorf(text.Invalid, "%s 不是 taizhang alerts watch 的状态文件；请另指定一个",
			"%s is not a state of alerts watch; name another file", s.path).Of(paramState)
	}
	if l.Durable != s.durable {
		return text.Errorf(text.Conflict, "%s 属于用户 %s，不是 %s；请另指定一个",
			"%s is of the user %s, not of %s; name another file", s.path, text.Printable(l.Durable),
			s.durable).Of(paramState)
	}
	return nil
}

// read reads the content of a file. Unreadable lines at the end were left by a crash: they were not durable yet,
// and the stream still has what they say. Before the first place, unreadable lines are damage.
func (s *state) read(content []byte, forget bool) (cut int, err error) {
	head, rest, _ := bytes.Cut(content, []byte{'\n'})
	// checked even with forget, so that a wrong file is not overwritten
	if err := s.readHead(head); err != nil || forget {
		return 0, err
	}
	for n := 2; len(rest) > 0; n++ {
		line, after, whole := bytes.Cut(rest, []byte{'\n'})
		if !whole || !s.readLine(line) {
			if s.place == nil && len(after) > 0 {
				return 0, text.Errorf(text.Internal,
					"状态文件 %s 第 %d 行已损坏；请把该文件移走后重新运行，届时从头读起",
					"the state %s is damaged in line %d; move the file away and run this again, which then reads "+
						"the feed from its beginning", s.path, n)
			}
			return len(rest), nil
		}
		rest = after
	}
	return 0, nil
}

// readLine reads a line after the first and reports whether it could.
func (s *state) readLine(line []byte) bool {
	var l stateLine
	if json.Unmarshal(line, &l, json.RejectUnknownMembers(true)) != nil || l.Format != "" {
		return false
	}
	if l.Filters != nil {
		s.filters, s.covered, s.place = l.Filters, l.Covered, nil
		return true
	}
	if l.Source != "" {
		s.source = l.Source
		return true
	}
	if l.Head != nil {
		s.head = *l.Head
		return true
	}
	if l.Subject != "" {
		_, ok := alertfeed.ParseSubject(l.Subject)
		if !ok || l.Acting != (l.State == "") || !l.Acting && l.At == nil {
			return false
		}
		if (l.State == alertfeed.Cleared) == l.ClearedOn.IsNone() || !l.Acting && l.State != alertfeed.Raised &&
			l.State != alertfeed.Cleared && l.State != alertfeed.Withdrawn {
			return false
		}
		k := alertfeed.Kept{State: alertfeed.AlertState{Kind: l.State, ClearedOn: l.ClearedOn.Date}}
		if l.At != nil {
			k.At = *l.At
		}
		s.kept[l.Subject] = k
	}
	if l.Place != nil {
		s.place = l.Place
	}
	return l.Subject != "" || l.Place != nil
}

// restart notes that the stream is read from its beginning with the given filters. Subjects that no filter selects
// are removed. The file has this after rewrite.
func (s *state) restart(filters []string) {
	if s.place != nil {
		s.covered = s.filters
	}
	s.filters, s.place = filters, nil
	maps.DeleteFunc(s.kept, func(subject string, _ alertfeed.Kept) bool { return !selects(filters, subject) })
}

// content returns the content of the file without outdated lines.
func (s *state) content() ([]byte, error) {
	lines := []stateLine{{Format: stateFormat, Durable: s.durable}, {Filters: s.filters}}
	if s.place == nil {
		lines[1].Covered = s.covered
	}
	if s.source != "" {
		lines = append(lines, stateLine{Source: s.source})
	}
	if s.head != (alertfeed.At{}) {
		lines = append(lines, stateLine{Head: &s.head})
	}
	for _, subject := range slices.Sorted(maps.Keys(s.kept)) {
		lines = append(lines, keptLine(subject, s.kept[subject]))
	}
	if s.place != nil {
		lines = append(lines, stateLine{Place: s.place})
	}
	var b bytes.Buffer
	for i := range lines {
		if err := appendLine(&b, &lines[i]); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// rewrite replaces the file. It is durable on return.
func (s *state) rewrite() error {
	content, err := s.content()
	if err != nil {
		return err
	}
	if err := s.close(); err != nil {
		return err
	}
	if err := files.Replace(s.path, content); err != nil {
		return err
	}
	s.file, err = os.OpenFile(s.path, os.O_WRONLY|os.O_APPEND, 0)
	s.appended = 0
	return err
}

func keptLine(subject string, k alertfeed.Kept) stateLine {
	l := stateLine{Subject: subject, State: k.State.Kind, ClearedOn: desk.Day{Date: k.State.ClearedOn},
		Acting: k.State.Kind == ""}
	if k.At != (alertfeed.At{}) {
		l.At = &k.At
	}
	return l
}

func appendLine(b *bytes.Buffer, l *stateLine) error {
	line, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("consumer: write the state: %w", err)
	}
	b.Write(line)
	b.WriteByte('\n')
	return nil
}

// acting notes that an act on a subject is about to begin. It is stored as keep stores.
func (s *state) acting(subject string) error {
	// without a state: reading this line alone means that the act may not have been done
	l := keptLine(subject, alertfeed.Kept{At: s.kept[subject].At})
	return s.append(&l, nil)
}

// keep notes the new state of a subject and, unless to is nil, the place up to which the stream was read. It
// survives a crash of this process; it survives a power cut only if sync has returned.
func (s *state) keep(subject string, k alertfeed.Kept, to *place) error {
	s.kept[subject] = k
	l := keptLine(subject, k)
	l.Place = to
	return s.append(&l, to)
}

// accept returns an error if the source of a message is another ledger than that of the state. A ledger without
// records may have got its first record.
func (s *state) accept(source string) error {
	if s.source == source || s.source == "" || s.source == alertfeed.NoLedger {
		return nil
	}
	return text.Errorf(text.Conflict,
		"%s 是另一台账（%s）的，而这里的预警属于台账 %s，均未处理；请另指定一个，或删除该文件，"+
			"或从头开始（from-start）",
		"%s is of the ledger %s, and the alerts here are of the ledger %s; none of them was acted on. Name another "+
			"file, remove this one, or use from-start",
		s.path, text.Printable(s.source), text.Printable(source)).Of(paramState)
}

// from notes a new source of messages, which accept has accepted. It is stored as keep stores.
func (s *state) from(source string) error {
	if source == s.source {
		return nil
	}
	s.source = source
	return s.append(&stateLine{Source: source}, nil)
}

// begun notes the At of a head that begins a new generation. It is stored as keep stores.
func (s *state) begun(head alertfeed.At) error {
	if head == s.head {
		return nil
	}
	s.head = head
	return s.append(&stateLine{Head: &head}, nil)
}

// reading returns a Reading that continues from the state.
func (s *state) reading() *alertfeed.Reading { return alertfeed.NewReading(s.kept, s.head) }

// reach notes the place up to which the stream was read. It is stored as keep stores.
func (s *state) reach(to *place) error { return s.append(&stateLine{Place: to}, to) }

func (s *state) append(l *stateLine, to *place) error {
	var b bytes.Buffer
	if err := appendLine(&b, l); err != nil {
		return err
	}
	if to != nil {
		s.place = to
	}
	s.appended++
	_, err := s.file.Write(b.Bytes())
	return err
}

// sync makes everything durable that was noted.
func (s *state) sync() error {
	if s.appended > appendedMost+2*len(s.kept) {
		return s.rewrite()
	}
	return fdatasync(s.file)
}

func (s *state) close() error {
	if s.file == nil {
		return nil
	}
	f := s.file
	s.file = nil
	return f.Close()
}

// selects reports whether a filter of a durable consumer selects a subject.
func selects(filters []string, subject string) bool {
	return slices.ContainsFunc(filters, func(f string) bool { return matches(f, subject) })
}

// matches reports whether a filter with the wildcards * and > matches a subject.
func matches(filter, subject string) bool {
	for filter != "" && subject != "" {
		var f, token string
		f, filter = cutToken(filter)
		token, subject = cutToken(subject)
		switch {
		case f == ">":
			return true
		case f != "*" && f != token:
			return false
		}
	}
	return filter == subject
}

func cutToken(s string) (token, rest string) {
	for i := range len(s) {
		if s[i] == '.' {
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}
