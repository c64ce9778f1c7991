package policy

import "strings"

// Change is one difference between two policies. Path names the value, such as "parameters.lowRatePercent.value" or
// "rules[R06-2b].words". A row is named by its key. Before or After is empty if that policy does not have the value.
type Change struct {
	Path   string `json:"path"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// Diff lists every difference in values, rows and words: first the values of a, in its order, then the values that
// only b has, in its order. The order of rows and of members makes no difference. Diff(p, p) is empty.
func Diff(a, b *Policy) []Change {
	before, after := a.leaves(), b.leaves()
	in := map[string]string{}
	for _, l := range after {
		in[l.path] = l.value
	}
	var changes []Change
	had := map[string]bool{}
	for _, l := range before {
		had[l.path] = true
		if in[l.path] != l.value {
			changes = append(changes, Change{l.path, l.value, in[l.path]})
		}
	}
	for _, l := range after {
		if !had[l.path] {
			changes = append(changes, Change{l.path, "", l.value})
		}
	}
	return changes
}

// leaf is one value of a policy with its path. False and an empty list have no leaf, and no other value is empty.
type leaf struct{ path, value string }

func (p *Policy) leaves() []leaf {
	root, _ := tree(p.text) // the text was parsed before
	return root.leaves("", nil)
}

func (n *node) leaves(path string, found []leaf) []leaf {
	switch n.kind {
	case '{':
		for _, name := range n.names {
			found = n.members[name].leaves(member(path, name), found)
		}
		return found
	case '[':
		var words []string
		for _, item := range n.items {
			if item.kind == '{' {
				found = item.leaves(path+"["+item.rowKey()+"]", found)
			} else {
				words = append(words, item.scalar)
			}
		}
		if len(words) > 0 {
			found = append(found, leaf{path, strings.Join(words, ", ")})
		}
		return found
	case 't':
		return append(found, leaf{path, "true"})
	case 'f':
		return found // false and an empty list count as missing
	}
	return append(found, leaf{path, n.scalar})
}

// rowKey returns the value that identifies a row in its table.
func (n *node) rowKey() string {
	for _, name := range []string{"id", "name", "prefix", "use"} {
		if key := n.members[name]; key != nil {
			return key.scalar
		}
	}
	key := n.members["rule"].scalar
	for _, name := range []string{"field", "condition"} {
		if m := n.members[name]; m != nil {
			key += " " + m.scalar
		}
	}
	return key
}
