package policy

import (
	_ "embed" // the draft is part of the program
	"sync"
)

//go:embed zj-2024-draft.json
var draft []byte

// Builtin returns the draft of Zhejiang, which is the first event of a new ledger. Every call returns the same Policy.
var Builtin = sync.OnceValue(func() *Policy {
	p, problems := parse(draft, nil)
	if len(problems) > 0 {
		panic(problems.Error()) // the file is the program's own and a test parses it
	}
	return p
})
