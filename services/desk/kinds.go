package desk

import (
	"strings"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// RecordKind is a kind of record: its code, its title, and the roles that may bring it.
type RecordKind struct {
	Name      string
	Title, By text.Text
	ByProgram bool // the ledger itself writes it, and it is taken from nobody
}

// Kinds lists the kinds of records, in the order of the catalog.
func Kinds() (list []RecordKind) {
	for i := range events.Catalog {
		k := &events.Catalog[i]
		var zh, en []string
		for _, r := range k.Roles {
			zh, en = append(zh, r.Title().Zh), append(en, r.Title().En)
		}
		list = append(list, RecordKind{
			string(k.Kind), k.Title, text.Text{Zh: strings.Join(zh, "、"), En: strings.Join(en, ", ")},
			k.ByProgram()})
	}
	return list
}

// KindWords returns the kinds of records with their words.
func KindWords() text.Vocabulary[string] { return events.Kinds.Strings() }

// DraftKindWords returns the kinds of records that somebody may bring, with their words.
func DraftKindWords() (words text.Vocabulary[string]) {
	for _, k := range Kinds() {
		if !k.ByProgram {
			words = append(words, text.Term[string]{Code: k.Name, Word: k.Title})
		}
	}
	return words
}

// RoleWords returns the roles that bring records with their words.
func RoleWords() text.Vocabulary[string] { return events.Roles.Strings() }

// ModeWords returns the modes of a draft with their words.
func ModeWords() text.Vocabulary[string] { return events.Modes.Strings() }

// AlertWords returns the codes of all alerts with their titles.
func AlertWords() (words text.Vocabulary[string]) {
	for i := range aggregates.AlertCatalog {
		row := &aggregates.AlertCatalog[i]
		words = append(words, text.Term[string]{Code: string(row.Code), Word: row.Title})
	}
	return words
}
