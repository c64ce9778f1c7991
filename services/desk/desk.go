package desk

import (
	"context"
	"io"
	"time"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// Reader answers questions. Each answer is consistent as of one position of the ledger, also while others write;
// Try has one position for each record. A center that the ledger does not know is text.NotFound. An invalid value
// is text.Invalid with the name of its parameter.
type Reader interface {
	// List answers a list. The question gets its date from when.
	List(ctx context.Context, when When, q lists.Question) (*table.Table, error)
	// Center returns the facts, execution and open alerts of a center as of a date.
	Center(ctx context.Context, when When, id string) (*Center, error)
	// Story calls each with every event in the history of a center, in the order of the ledger, and returns the
	// end of the history. It stops at an error of each.
	Story(ctx context.Context, when When, id string, each func(*Chapter) error) (end *Chapter, err error)
	// Explain returns the alerts with a name and the rules, figures and events that they follow from. There is at
	// least one.
	Explain(ctx context.Context, when When, alert AlertName) ([]Explanation, error)
	// Try judges each record of JSON Lines separately, as if it were recorded now. It writes nothing to the
	// ledger.
	Try(ctx context.Context, when When, lines io.Reader, each func(*Tried) error) error
	// Export writes every record as JSON Lines and returns the number of records.
	Export(ctx context.Context, to io.Writer, progress Progress) (count int, err error)
	// Position returns the position of the ledger that answers include now.
	Position() uint64
	// Reaches waits until answers include a position. If the deadline of ctx comes first, the error is
	// text.Unavailable.
	Reaches(ctx context.Context, position uint64) error
	// Events calls each with at most limit stored events after a position, in order: of one center or, for "", of
	// the whole ledger. It holds no lock while each runs, so each may be slow. An event is valid until each
	// returns. An error of each ends Events and is returned unchanged.
	Events(ctx context.Context, after uint64, limit int, of string, each func(*events.Stored) error) error
	// Follow calls each with the events of the whole ledger after a position. At the end it waits for new ones
	// until ctx ends, and returns the error of ctx.
	Follow(ctx context.Context, after uint64, each func(*events.Stored) error) error
	// Entry returns a record of a center by its id, or text.NotFound.
	Entry(ctx context.Context, center, id string) (*HistoryEntry, error)
	// Policies returns the adopted policies and the one in force on the date, if there is one.
	Policies(ctx context.Context, when When) (*Policies, error)
	// Report writes the answer to a list as a file that can be reproduced.
	Report(ctx context.Context, when When, r ReportRequest, to io.Writer) (*ReportMade, error)
	// Yearly writes the yearly report of a center or of the province as HTML.
	Yearly(ctx context.Context, when When, r YearlyRequest, to io.Writer) error
	// Reproduce computes a report again at its position of the ledger and compares every cell.
	Reproduce(ctx context.Context, file Upload) (*Reproduced, error)
	// Checkpoint returns the newest checkpoint. A ledger that was never sealed is text.NotFound.
	Checkpoint(ctx context.Context) (*Checkpoint, error)
	// Receipt returns the proof that a record lies in a checkpoint. A record that is not sealed yet is
	// text.NotFound.
	Receipt(ctx context.Context, r ReceiptRequest) (*Receipt, error)
}

// Writer writes records. A record is durable before its answer. After an error with the code text.Stopped nothing
// is written until the ledger is opened again. After any other error of Record and Batch nothing was written.
type Writer interface {
	// Record judges a record and writes it. A record whose id and content the ledger has already gets the first
	// answer again. If it is refused, the error is a *Refusal.
	Record(ctx context.Context, d Draft) (*RecordAnswer, error)
	// Batch judges several records of one center, or of the policies, each after the ones before it, and writes
	// all of them or none. Errors: a *BatchRefusal if one is refused; a *RevisionError if the stream has another
	// revision than required; text.Invalid if the records do not form a batch of one stream. A dry run writes
	// nothing and returns the changes; refused records are no error of it, except for reused ids.
	Batch(ctx context.Context, b Batch) (*BatchAnswer, error)
	// Import checks all files before it writes any record. Refused records are counted and are no error. With an
	// error it also returns counts if the marked copies could not be written, or if a part of the records was
	// written: Accepted then counts the records known to be written. Importing the files again skips them.
	Import(ctx context.Context, r ImportRequest) (*Imported, error)
	// Seal signs a checkpoint of the ledger as it is now, unless nothing was written since the last one. Where the
	// private key does not lie, it is text.Unavailable.
	Seal(ctx context.Context) (*Sealed, error)
}

// Desk is a Reader and a Writer.
type Desk interface {
	Reader
	Writer
}

// Refusal is the error for a refused record, with every reason.
type Refusal = aggregates.Refusal

// Reason is one reason against a record, with the article and words of the policy that judged it.
type Reason = aggregates.Breach

// Progress is called from time to time during long work. It may be nil.
type Progress func(done, total int64)

// Upload is a file that a user sends. Bytes must be the real size of Content, never a number that the sender
// claims: reading relies on it, for example to find the end of a workbook.
type Upload struct {
	Name    string
	Content io.ReaderAt
	Bytes   int64
}

// When is the date and the state of knowledge that a question refers to, as the user wrote them.
type When struct {
	AsOf    string // the date YYYY-MM-DD that answers are of; "" for today in Shanghai
	KnownAt string // a position, a time of RFC 3339, or a date for the end of that day; "" for all that is known now
}

// Read returns a When with dates in the form YYYY-MM-DD, or what is wrong with it, whatever the ledger holds.
func (w When) Read(now time.Time) (When, error) {
	on, _, err := w.resolve(now)
	if err != nil {
		return w, err
	}
	if w.AsOf != "" {
		w.AsOf = on.String()
	}
	w.KnownAt, err = lists.ReadPoint(w.KnownAt)
	return w, err
}

func (w When) resolve(now time.Time) (on events.Date, point ledger.Point, err error) {
	on = events.DateAt(now)
	if w.AsOf != "" {
		if on, err = ParseDay("as-of", w.AsOf); err != nil {
			return on, point, err
		}
	}
	if y := on.Year(); y < events.YearMin || y > events.YearMax {
		return on, point, text.Errorf(text.Invalid, "年份应在 %d 至 %d 之间", "the year must be from %d to %d",
			events.YearMin, events.YearMax).Of("as-of")
	}
	if w.KnownAt == "" {
		return on, point, nil
	}
	typed, err := lists.ReadPoint(w.KnownAt)
	if err == nil {
		point, err = ledger.ParsePoint(typed)
	}
	if err != nil {
		return on, point, (&text.Error{Code: text.Invalid, What: text.Of(err)}).Of("known-at")
	}
	return on, point, notToCome("known-at", w.KnownAt, point, now)
}

// notToCome returns an error for a point in the future: what will be known then is not known, and after a typing
// error the answer would be that of now.
func notToCome(param, typed string, p ledger.Point, now time.Time) error {
	if !p.At.After(now) {
		return nil
	}
	if _, err := events.ReadDate(typed); err == nil {
		return text.Errorf(text.Invalid, "%s 这一天尚未结束；查询现在已知的内容，请不填此项",
			"the day %s is not over; leave this out for what is known now", typed).Of(param)
	}
	return text.Errorf(text.Invalid, "%s 尚未到来", "%s is yet to come", typed).Of(param)
}

// ParseDay reads a date of a parameter, as events.ReadDate does.
func ParseDay(param, typed string) (events.Date, error) {
	on, err := events.ReadDate(typed)
	if err != nil {
		return 0, (&text.Error{Code: text.Invalid, What: text.Of(err)}).Of(param)
	}
	return on, nil
}

// AlertName selects alerts of a center by code and, if they are given, by key and raising date. An alert of the
// policies has no center.
type AlertName struct {
	Center   string
	Code     string // in any case, or the title of the alert
	Key      string
	RaisedOn string
}
