package policy

import (
	"fmt"
	"slices"

	"github.com/taizhang/taizhang/events/text"
)

// Names holds the names that people use for a use or a grade. Zh and En are shown. A sheet accepts them, the words in
// Also, and the code. A row without Zh and En gets its names from nameAll.
type Names struct {
	Zh   string   `json:"zh,omitzero"`
	En   string   `json:"en,omitzero"`
	Also []string `json:"also,omitzero"`
}

// names reads the names of a row: both languages, or none.
func (o *object) names() (n Names) {
	if !o.has("zh") && !o.has("en") && !o.has("also") {
		return n
	}
	n.Zh, n.En = o.required("zh").id(), o.required("en").id()
	if o.has("also") {
		n.Also = listOf(o.optional("also"), value.id)
	}
	return n
}

// called holds the code, the quotation and the names of a row of the uses or grades.
type called struct {
	code, quoted string
	Names
}

func (row UseRow) called() called { return called{string(row.Use), row.Words, row.Names} }
func (row Grade) called() called  { return called{row.Name, row.Words, row.Names} }

// checkNames reports a name that is also the code or a name of another row, because such a name in a sheet would be
// ambiguous.
func checkNames[T any](items []value, rows []T, look func(T) called) {
	owner := map[string]string{}
	for _, row := range rows {
		owner[look(row).code] = look(row).code
	}
	for i, row := range rows {
		c, o := look(row), &object{items[i], map[string]bool{}}
		check := func(v value, name string) {
			if other, there := owner[name]; there && other != c.code && name != "" {
				v.wrong("%q 已用于 %q", "%q stands for %q already", shorten(name), shorten(other))
				return
			}
			owner[name] = c.code
		}
		check(o.optional("zh"), c.Zh)
		check(o.optional("en"), c.En)
		for j, name := range c.Also {
			check(value{o.reader, o.node.members["also"].items[j], fmt.Sprintf("%s.also[%d]", o.path, j)}, name)
		}
	}
}

// Vocabulary holds the names of all uses, or of all grades, of a policy.
type Vocabulary struct {
	list  []string             // the codes, in the order of the policy
	shown map[string]text.Text // by code
	codes map[string]string    // by word
}

// Name returns the name of a code in both languages. If the policy does not have the code or has no name for it, Name
// returns the code itself and false.
func (v *Vocabulary) Name(code string) (name text.Text, ok bool) {
	if name, ok = v.shown[code]; ok {
		return name, true
	}
	return text.Text{Zh: code, En: code}, false
}

// Code returns the code of a word. The word is a name in either language, a further name, or the code itself.
func (v *Vocabulary) Code(word string) (code string, ok bool) {
	code, ok = v.codes[word]
	return code, ok
}

// Read is Code of a typed word, in any case and width and with blanks anywhere.
func (v *Vocabulary) Read(typed string) (code string, ok bool) {
	if code, ok = v.Code(typed); ok {
		return code, true
	}
	return v.Terms().Read(typed)
}

// Terms returns the names as a list of codes with their words, in the order of the policy.
func (v *Vocabulary) Terms() text.Vocabulary[string] {
	all := make(text.Vocabulary[string], len(v.list))
	for i, code := range v.list {
		all[i].Code = code
		all[i].Word, _ = v.Name(code)
		for word, of := range v.codes {
			if of == code {
				all[i].Also = append(all[i].Also, word)
			}
		}
		slices.Sort(all[i].Also)
	}
	return all
}

// Codes lists the codes, in the order of the policy.
func (v *Vocabulary) Codes() []string { return v.list }

// UseNames returns the names of the uses.
func (p *Policy) UseNames() *Vocabulary { return p.useNames }

// GradeNames returns the names of the grades.
func (p *Policy) GradeNames() *Vocabulary { return p.gradeNames }

func (p *Policy) usesCalled() (rows []called) {
	for _, row := range p.Uses {
		rows = append(rows, row.called())
	}
	return rows
}

func (p *Policy) gradesCalled() (rows []called) {
	for _, row := range p.Grades {
		rows = append(rows, row.called())
	}
	return rows
}

// nameAll gives every use and grade its names. A policy that was adopted before policies had names has none in its
// text. Such a use gets the name in the policy like, or else its quotation. Such a grade gets its quotation, because
// the quotation was its name then.
func (p *Policy) nameAll(like *Policy) {
	if like == nil {
		like = &Policy{}
	}
	lent := func(rows []called, code string) Names {
		if i := slices.IndexFunc(rows, func(c called) bool { return c.code == code }); i >= 0 {
			return rows[i].Names
		}
		return Names{}
	}
	p.useNames = newVocabulary(p.usesCalled(), func(c called) []Names {
		return []Names{lent(like.usesCalled(), c.code), {Zh: c.quoted}}
	})
	p.gradeNames = newVocabulary(p.gradesCalled(), func(c called) []Names {
		other := lent(like.gradesCalled(), c.code)
		return []Names{{Zh: c.quoted, En: other.En}, other}
	})
}

// newVocabulary gives each row its own names, or the first of the borrowed names that is free. A name is free if no
// other row has it as a name or code, and only one row has it as its quotation.
func newVocabulary(rows []called, borrowed func(called) []Names) *Vocabulary {
	v := &Vocabulary{shown: map[string]text.Text{}, codes: map[string]string{}}
	quoted := map[string]int{}
	for _, c := range rows {
		v.list = append(v.list, c.code)
		v.codes[c.code] = c.code
		quoted[c.quoted]++
	}
	for _, c := range rows {
		v.name(c.code, c.Names)
	}
	for _, c := range rows {
		if c.Zh != "" {
			continue
		}
		for _, n := range borrowed(c) {
			if quoted[n.Zh] <= 1 {
				v.name(c.code, n)
			}
		}
	}
	return v
}

// name adds names for a code, except names that belong to another code. The first names of a code are shown.
func (v *Vocabulary) name(code string, n Names) {
	isFree := func(word string) bool {
		other, taken := v.codes[word]
		return word != "" && (!taken || other == code)
	}
	if !isFree(n.Zh) {
		return
	}
	if !isFree(n.En) {
		n.En = code
	}
	if _, there := v.shown[code]; !there {
		v.shown[code] = text.Text{Zh: n.Zh, En: n.En}
	}
	for _, word := range append([]string{n.Zh, n.En}, n.Also...) {
		if isFree(word) {
			v.codes[word] = code
		}
	}
}
