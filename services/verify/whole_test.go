package verify_test

import (
	"testing"

	"github.com/taizhang/taizhang/services/verify"
)

func TestAWholeBundleHolds(t *testing.T) {
	w := newWorld(t)
	expect(t, w.judge(t, w.bundle(t)), verify.Holds)
}
