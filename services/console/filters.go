package console

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/lists"
)

// filter is a condition of a list in its form.
type filter struct {
	Param   string // its name at the desk
	ID      string
	Name    string // in the address
	Label   string
	Kind    string // choose, date, check or text
	Value   string
	Shown   string // the value in words; "" for none
	Options []option
	Must    bool
	Mode    string // inputmode
	Hint    string // the value that it has if none is given
	Wrong   string
}

// option is one of the values of a filter.
type option struct {
	Code, Word string
	Chosen     bool
}

// filters returns the conditions of a list as the fields of a form. The unit and the order are chosen by links.
func (v *visit) filters(l *lists.List) (fields []filter) {
	for i := range l.Params {
		p := &l.Params[i]
		if p.Name == "unit" || p.Name == "sort" {
			continue
		}
		f := filter{Param: p.Name, ID: "f-" + p.Name, Name: p.QueryName(), Label: v.in(l.Label(p.Name)),
			Kind: "text", Value: strings.TrimSpace(v.query.Get(p.QueryName())),
			Must: p.Must || p.Name == l.Argument}
		f.Shown = f.Value
		switch p.Sort {
		case lists.Choice:
			v.choose(&f, p)
		case lists.Region:
			f = v.regionFilter()
		case lists.Flag:
			f.Kind = "check"
			if f.Value != "" {
				f.Shown = v.say("是", "yes")
			}
		case lists.Day:
			f.Kind = "date"
		case lists.Year, lists.Count:
			f.Mode = "numeric"
		case lists.Yuan:
			f.Mode = "decimal"
		}
		if f.Value == "" {
			f.Hint = p.Default
		}
		fields = append(fields, f)
	}
	return fields
}

// choose fills in the values of a filter that is a choice.
func (v *visit) choose(f *filter, p *lists.Param) {
	f.Kind = "choose"
	chosen := f.Value
	if code, ok := p.Values.Read(chosen); ok && chosen != "" {
		chosen = code
	}
	if chosen == "" {
		chosen = p.Default
	}
	switch {
	case p.Default != "":
	case f.Must:
		f.Options = append(f.Options, option{"", v.say("请选择", "choose"), chosen == ""})
	default:
		f.Options = append(f.Options, option{"", v.say("全部", "all"), chosen == ""})
	}
	for _, term := range p.Values {
		o := option{term.Code, v.in(term.Word), term.Code == chosen}
		if o.Chosen {
			f.Shown = o.Word
		}
		f.Options = append(f.Options, o)
	}
}

// regionFilter returns the condition that restricts a page to a division, as one of those in which the user sees
// centers. A typed value that is none of them stays.
func (v *visit) regionFilter() filter {
	f := filter{Param: "region", ID: "f-region", Name: "region", Label: v.in(lists.RegionLabel), Kind: "choose",
		Value: strings.TrimSpace(v.query.Get("region"))}
	chosen := f.Value
	if prefix, ok := projections.ReadRegion(text.FoldCode(chosen)); ok {
		chosen = prefix
	}
	f.Shown = regionWord(chosen)
	f.Options = []option{{"", v.say("全部", "all"), chosen == ""}}
	isOffered := chosen == ""
	for _, prefix := range v.regions() {
		isOffered = isOffered || prefix == chosen
		f.Options = append(f.Options, option{prefix, regionWord(prefix), prefix == chosen})
	}
	if !isOffered {
		f.Options = append(f.Options, option{chosen, f.Shown, true})
	}
	return f
}

// regionWord returns the name of a division by the first digits of its code, or the text itself if it is no division.
func regionWord(prefix string) string {
	if len(prefix) > 6 {
		return prefix
	}
	return cmp.Or(projections.RegionName((prefix + "000000")[:6]), prefix)
}

// regions returns the first digits of the codes of the divisions in which the user sees centers today, and of their
// cities, in order.
func (v *visit) regions() []string {
	register, today := v.p.Answers.Desk.Ledger.Register(), events.DateAt(v.p.Answers.Now())
	if sees := v.p.Access.Sees(v.who); sees != nil {
		return regionsOf(register.Within(sees), today)
	}
	return v.p.regions.of(register, today)
}

// keptRegions keeps the divisions of all centers until the ledger changes, because every list offers them. Its method
// may be called from several goroutines.
type keptRegions struct {
	mu       sync.Mutex
	position uint64 // of the ledger
	on       events.Date
	prefixes []string
}

func (k *keptRegions) of(register *projections.Register, on events.Date) []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if position := register.Position(); position != k.position || on != k.on {
		k.position, k.on, k.prefixes = position, on, regionsOf(register, on)
	}
	return k.prefixes
}

// regionsOf returns the first digits of the codes of the divisions of centers on a day, and of their cities, in order.
func regionsOf(register *projections.Register, on events.Date) []string {
	codes := map[string]bool{}
	for _, id := range register.IDs() {
		codes[register.Facts(id, on).Region] = true
	}
	prefixes := map[string]bool{}
	for code := range codes {
		city, name := projections.CityOf(code)
		if name != "" {
			prefixes[projections.RegionPrefix(city)], prefixes[projections.RegionPrefix(code)] = true, true
		}
	}
	return slices.Sorted(maps.Keys(prefixes))
}

func sortedNames(query url.Values) []string { return slices.Sorted(maps.Keys(query)) }
