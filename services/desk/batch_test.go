package desk_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
)

func drafts(t testing.TB, tails ...string) (list []desk.Draft) {
	t.Helper()
	for _, tail := range tails {
		list = append(list, draft(t, tail))
	}
	return list
}

func TestABatchIsAnsweredAsItsRecordsAre(t *testing.T) {
	one := over(t, newStore())
	all := over(t, newStore())
	answer, err := all.Batch(t.Context(), desk.Batch{Drafts: drafts(t, life...)})
	if err != nil || answer.Answer != desk.Accepted || answer.DryRun || answer.Center != "ZJ-0001" ||
		answer.Revision != 5 || answer.Position != 6 || answer.Moves != nil {
		t.Fatalf("got %+v, %v", answer, err)
	}
	form(t, answer)
	for i, tail := range life {
		want := record(t, one, tail)
		got := answer.Results[i]
		want.RecordedAt = got.RecordedAt
		if form(t, got) != form(t, want) {
			t.Errorf("record %d is answered\n%s\nand alone\n%s", i, form(t, got), form(t, want))
		}
	}
	again, err := all.Batch(t.Context(), desk.Batch{Drafts: drafts(t, life...)})
	if err != nil || again.Answer != desk.Repeated || again.Position != 6 || again.Results[0].Answer != desk.Repeated {
		t.Errorf("again: %+v, %v", again, err)
	}
	first, err := desk.BuiltinPolicy().Adoption()
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := all.Batch(t.Context(), desk.Batch{Drafts: []desk.Draft{first}}); err != nil ||
		answer.Center != "" || answer.Position != 1 || answer.Revision != 1 {
		t.Errorf("the first policy: %+v, %v", answer, err)
	}
}

// unreadable are drafts that no ledger can read, with the field that is wrong.
func unreadable(t *testing.T) map[string]desk.Draft {
	list := map[string]desk.Draft{}
	for field, edit := range map[string]func(*desk.Draft){
		"id":   func(d *desk.Draft) { d.ID = "1" },
		"data": func(d *desk.Draft) { d.Data = []byte("{") },
		"on":   func(d *desk.Draft) { d.On = "2025-02-30" },
	} {
		d := draft(t, reversed)
		edit(&d)
		list[field] = d
	}
	return list
}

func TestABatchThatIsRefusedListsEveryReason(t *testing.T) {
	for field, bad := range unreadable(t) {
		d := small(t)
		b := desk.Batch{Drafts: append([]desk.Draft{bad}, drafts(t, reversed, overspent)...)}
		answer, err := d.Batch(t.Context(), b)
		var no *desk.BatchRefusal
		if !errors.As(err, &no) || answer != nil || text.CodeOf(err) != text.Refused || len(no.Refused) != 2 ||
			no.Refused[0].Reasons[0].Field != field ||
			no.Refused[0].ID != bad.ID || no.Refused[1].Index != 2 || no.Refused[1].Reasons[0].Rule != "overdrawn" {
			t.Fatalf("%s: got %+v, %v", field, no, err)
		}
		if told := text.Of(err); !strings.Contains(told.Zh, "第 3 条") || !strings.Contains(told.En, "record 1 ") {
			t.Errorf("%s: told %+v", field, told)
		}
		form(t, no)
		b.DryRun = true
		tried, err := d.Batch(t.Context(), b)
		if err != nil || tried.Answer != desk.Refused || !reflect.DeepEqual(tried.Refused, no.Refused) ||
			tried.Results[0].Answer != desk.Refused || tried.Results[1].Answer != desk.Accepted ||
			len(tried.Moves.Cleared) != 1 {
			t.Errorf("%s: tried %+v, %v", field, tried, err)
		}
		form(t, tried)
		b.Drafts = b.Drafts[:1]
		if _, err := d.Batch(t.Context(), desk.Batch{Drafts: b.Drafts}); !errors.As(err, &no) || len(no.Refused) != 1 {
			t.Errorf("%s alone: %v", field, err)
		}
		if p := d.Ledger.Register().Position(); p != 6 {
			t.Errorf("%s: the ledger is at position %d", field, p)
		}
	}
	d := small(t)
	other := draft(t, spent)
	other.Note = "another"
	_, err := d.Batch(t.Context(), desk.Batch{Drafts: []desk.Draft{draft(t, overspent), unreadable(t)["on"], other}})
	var no *desk.BatchRefusal
	if !errors.As(err, &no) || text.CodeOf(err) != text.Conflict || len(no.Refused) != 1 || no.Refused[0].Index != 2 {
		t.Errorf("an id used again: %+v, %v", no, err)
	}
}

func TestABatchAtAnotherRevisionIsToldWhatItMissed(t *testing.T) {
	d := small(t)
	three := uint64(3)
	_, err := d.Batch(t.Context(), desk.Batch{Drafts: drafts(t, reversed), IfRevision: &three})
	var moved *desk.RevisionError
	if !errors.As(err, &moved) || text.CodeOf(err) != text.Conflict || text.Of(err).Zh == text.Of(err).En ||
		moved.Center != "ZJ-0001" || moved.Expected != 3 || moved.Actual != 5 || len(moved.Missed) != 2 {
		t.Fatalf("got %+v, %v", moved, err)
	}
	form(t, moved)
	var missed desk.Draft
	if err := json.Unmarshal(moved.Missed[0].Record, &missed); err != nil || missed.ID != draft(t, spent).ID ||
		moved.Missed[0].EnteredBy != "clerk" {
		t.Errorf("missed %+v, %v", moved.Missed[0], err)
	}
}

func TestADryRunOfWhatCannotBeReadIsOfTheLedgerAsItStands(t *testing.T) {
	d := small(t)
	bad := draft(t, spent)
	bad.On = "yesterday"
	tried, err := d.Batch(t.Context(), desk.Batch{Drafts: []desk.Draft{bad}, DryRun: true})
	if err != nil || tried.Answer != desk.Refused || len(tried.Refused) != 1 || tried.Position != 6 ||
		tried.AsOf.String() != "2026-11-01" {
		t.Fatalf("got %+v, %v", tried, err)
	}
	if r := tried.Results[0]; r.ID.String() != bad.ID || string(r.Kind) != bad.Kind || r.Answer != desk.Refused {
		t.Errorf("got %+v", r)
	}
}

func TestADryRunAnswersWhatMovesAndWritesNothing(t *testing.T) {
	d := small(t)
	tried, err := d.Batch(t.Context(), desk.Batch{Drafts: drafts(t, reversed, spent), DryRun: true})
	if err != nil || tried.Answer != desk.Accepted || !tried.DryRun || tried.Revision != 5 || tried.Position != 6 ||
		tried.AsOf.String() != "2026-11-01" {
		t.Fatalf("got %+v, %v", tried, err)
	}
	form(t, tried)
	if r := tried.Results; r[0].Answer != desk.Accepted || r[0].Position != 0 || r[0].RecordedAt != "" ||
		r[1].Answer != desk.Repeated || r[1].Position != 5 {
		t.Errorf("got %+v", r)
	}
	if want := []desk.Balance{{Grant: "G1", BeforeFen: 59000, AfterFen: 60000}}; !slices.Equal(tried.Balances, want) {
		t.Errorf("expected %v, got %v", want, tried.Balances)
	}
	if d.Ledger.Register().Position() != 6 {
		t.Error("it was written")
	}
	end := func() *desk.Chapter {
		end, err := d.Story(t.Context(), desk.When{}, "ZJ-0001", func(*desk.Chapter) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		return end
	}
	before := end()
	record(t, d, reversed)
	after := end()
	for _, a := range tried.Moves.Cleared {
		open := func(c *desk.Chapter) bool {
			return slices.ContainsFunc(c.State.Alerts,
				func(x desk.Alert) bool { return x.Code == a.Code && x.Key == a.Key })
		}
		if !open(before) || open(after) {
			t.Errorf("%s %s does not clear", a.Code, a.Key)
		}
	}
	if len(tried.Moves.Cleared) == 0 || len(tried.Moves.Money) == 0 || tried.Moves.Status != after.Status {
		t.Errorf("got %+v", tried.Moves)
	}
}

func TestWhatIsNoBatchOfOneCenterIsInvalid(t *testing.T) {
	d := small(t)
	elsewhere := draft(t, registered)
	elsewhere.Center = "ZJ-0002"
	for name, list := range map[string][]desk.Draft{"empty": nil, "too long": make([]desk.Draft, desk.BatchMax+1),
		"of two centers": append(drafts(t, spent), elsewhere)} {
		_, err := d.Batch(t.Context(), desk.Batch{Drafts: list})
		if fails(t, err, text.Invalid, ""); text.Of(err).Zh == text.Of(err).En {
			t.Errorf("%s: %v", name, err)
		}
	}
}
