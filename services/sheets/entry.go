package sheets

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/spreadsheet"
)

// findEntries finds the records of the ledger that the cells of a row name. It returns an error only if the ledger
// cannot be read.
func (s *Sheet) findEntries(r *reading, cfg ReadConfig) error {
	for i := range s.Kind.Columns {
		c := &s.Kind.Columns[i]
		v := r.cells[c.Field]
		center := events.CenterID(r.cells["center"].text)
		if c.Form != Entry || v.text == "" || !events.ValidCenter(center) {
			continue
		}
		var records []*events.Record
		if cfg.Records != nil {
			var err error
			if records, err = cfg.Records(center); err != nil {
				return err
			}
		}
		found, why := entryOf(records, v.text, func(voiding *events.Record) bool {
			return isVoidingOf(voiding, r.cells)
		})
		v.name = v.text
		if why != (text.Text{}) {
			r.bad = append(r.bad, RowBreach{r.row.Number, aggregates.Breach{Field: c.Heading, Reason: why}})
			v.text = ""
		}
		if found != nil {
			v = value{text: found.ID.String(), entry: found, name: cmp.Or(nameOf(found), v.name)}
		}
		r.cells[c.Field] = v
	}
	return nil
}

// nameOf returns the name of a record in lists: its kind and number, or "" if only its id is known.
func nameOf(r *events.Record) string {
	if r.Data == nil {
		return ""
	}
	f := events.FacetsOf(r.Data)
	return strings.TrimSpace(r.Kind.Title().Zh + " " + cmp.Or(f.Creates.ID, numberInNote(r), f.Subject))
}

// isVoidingOf reports whether a record is the voiding that a row describes.
func isVoidingOf(voiding *events.Record, row cells) bool {
	p, ok := voiding.Data.(*events.EntryVoided)
	return ok && voiding.On == row["on"].on && p.Reason == row["data.reason"].text
}

// entryOf returns the record of a center that a cell names, by its id or by its kind and number. If several
// records have the number, it returns the one whose voiding isAgain recognizes, so that a sheet can be read twice;
// otherwise the one that is not voided. It returns a reason if the cell names no record or several. For an unknown
// id it returns a record with this id alone, which the ledger refuses.
func entryOf(records []*events.Record, typed string, isAgain func(voiding *events.Record) bool) (found *events.Record,
	why text.Text) {
	if id := strings.ToLower(typed); len(id) == len(uuid.Nil.String()) {
		if parsed, err := uuid.Parse(id); err == nil {
			i := slices.IndexFunc(records, func(r *events.Record) bool { return r.ID == parsed })
			if i < 0 {
				return &events.Record{ID: parsed}, why
			}
			return records[i], why
		}
	}
	words, number := splitEntry(typed)
	if number == "" {
		return nil,
			text.Say("“%s”应为记录编号，或种类和编号，如 凭证 2026-00249、到账 SK-2026-015、经费下达 G-0018-03",
				"“%s” must be the id of a record, or its kind and number, such as 凭证 2026-00249, 到账 SK-2026-015 "+
					"or "+
					"经费下达 G-0018-03", spreadsheet.Clip(typed))
	}
	voidings := map[string]*events.Record{}
	for _, r := range records {
		if p, ok := r.Data.(*events.EntryVoided); ok {
			voidings[p.Event] = r
		}
	}
	exact := numbered(records, words, func(code string) bool { return code == number })
	if len(exact) == 0 { // v-10 may mean V-10
		exact = numbered(records, words, func(code string) bool { return strings.EqualFold(code, number) })
	}
	standing := slices.DeleteFunc(slices.Clone(exact), func(r *events.Record) bool {
		return voidings[r.ID.String()] != nil
	})
	again := slices.IndexFunc(exact, func(r *events.Record) bool {
		v := voidings[r.ID.String()]
		return v != nil && isAgain(v)
	})
	switch {
	case again >= 0:
		return exact[again], why
	case len(standing) == 1:
		return standing[0], why
	case len(standing) > 1:
		return nil, several(typed, standing)
	case len(exact) > 0:
		last := exact[len(exact)-1]
		v := voidings[last.ID.String()]
		return nil, text.Text{
			Zh: fmt.Sprintf("%s 已于%s作废，作废记录 %s", spreadsheet.Clip(typed), v.On.Chinese(), v.ID),
			En: fmt.Sprintf("%s was voided on %s already, by record %s", spreadsheet.Clip(typed), v.On, v.ID),
		}
	}
	return nil, text.Say("台账中此中心没有“%s”", "the ledger has no “%s” of this center", spreadsheet.Clip(typed))
}

// numbered returns the records of the kinds that have a number; if there are none, the records about the thing
// with this number.
func numbered(records []*events.Record, kinds map[events.Kind]bool,
	is func(code string) bool) (exact []*events.Record) {
	var about []*events.Record
	for _, r := range records {
		if !kinds[r.Kind] {
			continue
		}
		switch f := events.FacetsOf(r.Data); {
		case is(text.FoldCode(f.Creates.ID)), is(numberInNote(r)):
			exact = append(exact, r)
		case is(text.FoldCode(f.Subject)):
			about = append(about, r)
		}
	}
	if len(exact) == 0 {
		return about
	}
	return exact
}

// severalMax is the number of records that the reason against an ambiguous name lists.
const severalMax = 3

func several(typed string, records []*events.Record) text.Text {
	var zh, en []string
	for _, r := range records[:min(severalMax, len(records))] {
		zh = append(zh, fmt.Sprintf("%s（%s）", r.ID, r.On.Chinese()))
		en = append(en, fmt.Sprintf("%s (%s)", r.ID, r.On))
	}
	return text.Text{
		Zh: fmt.Sprintf("“%s”有 %d 条记录，请填记录编号：%s", spreadsheet.Clip(typed), len(records),
			strings.Join(zh, "、")),
		En: fmt.Sprintf("there are %d records of “%s”; fill in the id of one: %s", len(records),
			spreadsheet.Clip(typed), strings.Join(en, ", ")),
	}
}

// numberInNote returns the number that a record of a sheet keeps in its note, or "".
func numberInNote(r *events.Record) string {
	if r.Note == "" {
		return ""
	}
	for _, k := range Kinds {
		if i := k.column("note"); i >= 0 {
			if number, ok := strings.CutPrefix(r.Note, k.Columns[i].Heading+"："); ok {
				return text.FoldCode(number)
			}
		}
	}
	return ""
}

// splitEntry splits a text into its first words, which name kinds of record, and the number after them. The
// longest words that match count. Without both parts the number is "".
func splitEntry(typed string) (kinds map[events.Kind]bool, number string) {
	longest := 0
	for _, k := range events.Catalog {
		for _, word := range entryWords(k.Kind) {
			if rest, ok := cutWord(typed, word); ok && len(word) >= longest && rest != "" {
				if len(word) > longest {
					kinds = map[events.Kind]bool{}
				}
				longest, number = len(word), rest
				kinds[k.Kind] = true
			}
		}
	}
	return kinds, number
}

// cutWord removes a word and the separators after it from the beginning of a text.
func cutWord(typed, word string) (rest string, ok bool) {
	if len(typed) < len(word) || !strings.EqualFold(typed[:len(word)], word) {
		return "", false
	}
	rest = typed[len(word):]
	for _, between := range []string{"单号", "编号", "号"} {
		rest = strings.TrimPrefix(rest, between)
	}
	return strings.TrimLeft(rest, "：: \u00a0\u3000\t\n"), true
}

// entryWords returns the words for a kind of record: those of lists and those of the sheets that record it.
func entryWords(of events.Kind) []string {
	title := of.Title()
	words := []string{title.Zh, title.En, string(of)}
	for _, k := range Kinds {
		if slices.Contains(k.Records, of) {
			words = append(append(words, k.Title.Zh), k.words...)
		}
	}
	return words
}
