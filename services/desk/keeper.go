package desk

import (
	"context"

	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/reports"
)

// Keeper is a desk for a front that keeps answers. From a kept answer to the same question (nil for none) it makes
// the next answer faster; see lists.Books.
type Keeper interface {
	Desk
	// Answer answers a list like List, with the rows in an encoding.
	Answer(ctx context.Context, when When, q lists.Question, in lists.Encoding,
		before *lists.Answer) (*lists.Answer, error)
	// ReportCSV makes a report like Report, as plain CSV in pieces.
	ReportCSV(ctx context.Context, when When, q lists.Question, lang string,
		before *lists.Answer) (*ReportPieces, error)
}

// ReportPieces is a report as plain CSV in pieces.
type ReportPieces = reports.Pieces

var _ Keeper = (*Local)(nil)

// Answer implements Keeper.
func (l *Local) Answer(ctx context.Context, when When, q lists.Question, in lists.Encoding,
	before *lists.Answer) (*lists.Answer, error) {
	var answer *lists.Answer
	err := l.askingList(ctx, when, &q, func(a asked) (err error) {
		answer, _, err = a.AnswerSeeing(ctx, q, in, before)
		return err
	})
	return answer, err
}

// ReportCSV implements Keeper.
func (l *Local) ReportCSV(ctx context.Context, when When, q lists.Question, lang string,
	before *lists.Answer) (*ReportPieces, error) {
	if err := checkLang(lang); err != nil {
		return nil, err
	}
	var made *ReportPieces
	err := l.askingList(ctx, when, &q, func(a asked) (err error) {
		made, err = reports.MakePieces(ctx, a.Books,
			reports.Request{Question: q, Lang: lang, Version: l.Version}, before)
		return err
	})
	return made, err
}
