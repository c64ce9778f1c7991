package desk

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// Reader answers questions. The answer of a call is of one position of the ledger, also while others write. Try gives one answer
// for each record. A center that the ledger does not know is text.NotFound. An invalid value is text.Invalid with the name of its
// parameter.
type Reader interface {
	// List answers a list. The date of the question is that of when.
	List(ctx context.Context, when When, q lists.Question) (*table.Table, error)
	// Center returns all there is to know of a center as of a date.
	Center(ctx context.Context, when When, id string) (*Center, error)
	// Story hands over the history of a center, event by event, in the order of the ledger, and returns its end. An error of
	// each ends it.
	Story(ctx context.Context, when When, id string, each func(*Chapter) error) (end *Chapter, err error)
	// Explain returns the alerts of a name with the rules, figures and events that they follow from, at least one.
	Explain(ctx context.Context, when When, alert AlertName) ([]Explanation, error)
	// Try judges each record of JSON Lines alone, as if it were recorded now, and writes nothing.
	Try(ctx context.Context, when When, lines io.Reader, each func(*Tried) error) error
	// Export writes every record as JSON Lines and returns how many.
	Export(ctx context.Context, to io.Writer, progress Progress) (count int, err error)
	// Position returns the position up to which the answers are.
	Position() uint64
	// Reaches waits until a position is reached. It is text.Unavailable if that is not so before the deadline of ctx.
	Reaches(ctx context.Context, position uint64) error
	// Events hands over the stored events after a position, in order and at most so many, of one center or (for "") of the whole
	// ledger. Nothing is held open while each runs, so it may be slow. An event is valid until each returns. An error of each
	// ends it and is returned as it is.
	Events(ctx context.Context, after uint64, limit int, of string, each func(*events.Stored) error) error
	// Follow is Events of the whole ledger, without a limit, that waits at the end for more until ctx ends, whose error it
	// returns.
	Follow(ctx context.Context, after uint64, each func(*events.Stored) error) error
	// Entry returns one record of a center by its id. A record that the center does not have is text.NotFound.
	Entry(ctx context.Context, center, id string) (*HistoryEntry, error)
	// Policies returns the policies adopted and, if one is, the one in force on the date.
	Policies(ctx context.Context, when When) (*Policies, error)
	// Report writes the answer to a list as a file that can be reproduced.
	Report(ctx context.Context, when When, r ReportRequest, to io.Writer) (*ReportMade, error)
	// Yearly writes the yearly report of a center or of the province as HTML.
	Yearly(ctx context.Context, when When, r YearlyRequest, to io.Writer) error
	// Reproduce computes a report again at its position and compares every cell.
	Reproduce(ctx context.Context, file Upload) (*Reproduced, error)
}

// Writer takes records. What it answers is durable. After an error with the code text.Stopped nothing more is written until
// the ledger is opened again; any other error of Record and Batch wrote nothing.
type Writer interface {
	// Record judges a record and writes it. A record with the id and content of one that is there is answered with the first
	// result; the answer "no" is a *Refusal.
	Record(ctx context.Context, d Draft) (*RecordAnswer, error)
	// Batch judges several records of one center, or of the policies, each after those before it, and writes all of them or none.
	// The answer "no" is a *BatchRefusal, a revision that is not the required one a *RevisionError, and what is no batch of one
	// stream is text.Invalid. A dry run writes nothing and answers what would move; its answer "no" is no error, but for an id
	// that is used again.
	Batch(ctx context.Context, b Batch) (*BatchAnswer, error)
	// Import takes whole files: all of them are checked before anything is written. Counting refused records is no error. It
	// returns the counts with an error if only the marked copies could not be written, or if a part of the records was: Accepted
	// counts those that are known to be. Importing the files again passes over what is written.
	Import(ctx context.Context, r ImportRequest) (*Imported, error)
}

// Desk is a whole counter.
type Desk interface {
	Reader
	Writer
}

// Refusal is the answer "no", with every reason.
type Refusal = aggregates.Refusal

// Reason is one reason against a record, with the article and words of the policy that judged it.
type Reason = aggregates.Breach

// Progress is called now and then by long work; it may be nil.
type Progress func(done, total int64)

// Upload is a file that somebody brings. Bytes is trusted: it decides how much of Content is read, and a workbook is found by its
// end. So the caller sets it to the size that Content really has, never to a number that the sender claims.
type Upload struct {
	Name    string
	Content io.ReaderAt
	Bytes   int64
}

// When is what a question is asked as of, as a user writes it.
type When struct {
	AsOf    string // the date YYYY-MM-DD that answers are of; "" for today in Shanghai
	KnownAt string // a position, a time of RFC 3339, or a date for the end of that day; "" for all that is known now
}

// Check returns what is wrong with a When, whatever the ledger holds.
func (w When) Check(now time.Time) error {
	_, _, err := w.resolve(now)
	return err
}

func (w When) resolve(now time.Time) (on events.Date, point ledger.Point, err error) {
	on = events.DateAt(now)
	if w.AsOf != "" {
		if on, err = ParseDay("as-of", w.AsOf); err != nil {
			return on, point, err
		}
	}
	if y := on.Year(); y < events.YearMin || y > events.YearMax {
		return on, point, text.Errorf(text.Invalid, "年份应在 %d 至 %d 之间", "the year must be from %d to %d", events.YearMin, events.YearMax).Of("as-of")
	}
	if w.KnownAt == "" {
		return on, point, nil
	}
	if point, err = ledger.ParsePoint(w.KnownAt); err != nil {
		return on, point, text.Errorf(text.Invalid, "%q 既不是日期（例如 2026-10-31）或 RFC 3339 时间（例如 2026-10-31T12:00:00+08:00），也不是台账位置",
			"%q is neither a date, such as 2026-10-31, nor a time of RFC 3339, such as 2026-10-31T12:00:00+08:00, nor a position", w.KnownAt).Of("known-at")
	}
	return on, point, notToCome("known-at", w.KnownAt, point, now)
}

// notToCome refuses a point of the ledger that is to come: nobody knows what will be known then, and a slip of the pen would
// read as now.
func notToCome(param, typed string, p ledger.Point, now time.Time) error {
	if !p.At.After(now) {
		return nil
	}
	if _, err := events.ParseDate(typed); err == nil {
		return text.Errorf(text.Invalid, "%s 这一天尚未结束", "the day %s is not over", typed).Of(param)
	}
	return text.Errorf(text.Invalid, "%s 尚未到来", "%s is yet to come", typed).Of(param)
}

// ParseDay reads a date of a parameter.
func ParseDay(param, typed string) (events.Date, error) {
	on, err := events.ParseDate(typed)
	if err != nil {
		return 0, text.Errorf(text.Invalid, "%q 不是 YYYY-MM-DD 形式的日期，或没有这一天", "%q is not a date of the form YYYY-MM-DD, or there is no such day", typed).Of(param)
	}
	return on, nil
}

// AlertName names alerts of a center: those of a code and, if they are given, of a key and a raising date. An alert of the
// policies has no center.
type AlertName struct {
	Center   string
	Code     string // in capitals or not
	Key      string
	RaisedOn string
}

func (n AlertName) code() aggregates.Code { return aggregates.Code(strings.ToUpper(n.Code)) }
