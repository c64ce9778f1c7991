// Package answerstest is for tests of what is built on package answers.
package answerstest

import "github.com/taizhang/taizhang/services/answers/internal/pace"

// SpendShare leaves no time for making answers again while the ledger changes, so that kept ones are given out that
// are slightly old. restore gives it back.
func SpendShare() (restore func()) {
	before := pace.ShareMax
	pace.ShareMax = 0
	return func() { pace.ShareMax = before }
}
