package lists

import (
	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/table"
)

// WordingForm is the first form in which a table speaks the words of today.
const WordingForm = 3

// formerWords holds, by the word of today, the word of the forms before WordingForm. It has the titles of columns and
// alerts, the words of cells and the notes without figures; a text with figures asks asked.since.
var formerWords = map[text.Text]text.Text{
	ineligibleWord: text.Say("不合规", "ineligible"),
	executedWord:   text.Say("执行", "executed"),
	entitledWord:   text.Say("应拨未下达", "entitled, not granted"),

	executedBefore:    text.Say("上年执行", "executed"),
	ofItForbiddenUse:  text.Say("其中禁止", "of it forbidden"),
	cityWord:          text.Say("城市", "city"),
	isForbiddenUse:    text.Say("禁止", "forbidden"),
	oddRateNote:       formerOddRateNote,
	oddIneligibleNote: formerOddIneligibleNote,

	AlertTitle("AL-GOV-01"): text.Say("治理事项逾期（党组织为蓝色）",
		"an organ or a set of rules overdue (party organisation is blue)"),
	AlertTitle("AL-REV-03"): text.Say("不合格之间隔一年未评，需人工认定",
		"failures with an ungraded year between: a human must rule"),
}

// The words that changed with WordingForm and have no other place.
var (
	ineligibleWord   = text.Say("禁止用途支出", "ineligible")
	executedWord     = text.Say("执行数", "executed")
	entitledWord     = text.Say("应下达未下达", "entitled, not granted")
	executedBefore   = text.Say("上年执行数", "executed")
	ofItForbiddenUse = text.Say("其中禁止用途", "of which forbidden")
	cityWord         = text.Say("设区市", "city")
	isForbiddenUse   = text.Say("禁止用途", "forbidden")
)

// inFormerWords puts the former words into a table of a form before WordingForm. Its rows may be shared, so their
// cells are copied.
func inFormerWords(t *table.Table) {
	former := func(list []text.Text) (changed []text.Text) {
		for _, now := range list {
			changed = append(changed, FormerWord(now))
		}
		return changed
	}
	for i := range t.Columns {
		t.Columns[i].Title = FormerWord(t.Columns[i].Title)
	}
	for _, rows := range [][][]table.Cell{t.Rows, t.Totals} {
		for i, row := range rows {
			cells := make([]table.Cell, len(row))
			for k, c := range row {
				c.Shown = FormerWord(c.Shown)
				cells[k] = c
			}
			rows[i] = cells
		}
	}
	t.Notes, t.Missing = former(t.Notes), former(t.Missing)
}

// FormerWord returns the former word for a word of today, or the word itself if it did not change.
func FormerWord(now text.Text) text.Text {
	if former, ok := formerWords[now]; ok {
		return former
	}
	return now
}

// say returns a text of today, or the former one in a form before WordingForm.
func (q *asked) say(now, former text.Text) text.Text {
	if q.since(WordingForm) {
		return now
	}
	return former
}

// figureWord returns the word of a figure in the form of the answer.
func (q *asked) figureWord(f *MoneyFigure) text.Text { return q.say(f.Word, FormerWord(f.Word)) }

// keyWords returns the words for the keys of an alert code: the steps of the recognition, the governance items or the
// relaxation. It is nil for a code whose keys are numbers and names from records.
func keyWords(code aggregates.Code) text.Vocabulary[string] {
	switch code {
	case "AL-PRC-01", "AL-PRC-02":
		return events.Kinds.Strings()
	case "AL-GOV-01":
		return events.ValuesOf(events.KindGovernanceRecorded, "item")
	case "AL-ADM-03":
		return text.Vocabulary[string]{{Code: "relaxation", Word: text.Say("放宽", "relaxation")}}
	}
	return nil
}

// KeyWord returns what people call the key of an alert: its word if the code has words for its keys, else the key
// itself.
func KeyWord(code aggregates.Code, key string) text.Text { return keyWords(code).Word(key) }

// ReadKey returns the key of an alert that was typed as itself or as its word.
func ReadKey(code aggregates.Code, typed string) string {
	if key, ok := keyWords(code).Read(typed); ok {
		return key
	}
	return typed
}

// keyCell returns the cell of an alert's key. The forms before WordingForm show the key itself.
func (q *asked) keyCell(a *aggregates.Alert) table.Cell {
	if !q.since(WordingForm) {
		return table.Text(a.Key)
	}
	return table.Named(a.Key, KeyWord(a.Code, a.Key))
}
