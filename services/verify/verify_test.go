package verify_test

import (
	"os"
	"testing"

	"github.com/taizhang/taizhang/services/verify"
)

func TestAWholeBundleHolds(t *testing.T) {
	w := newWorld(t)
	v := w.judge(t, w.bundle(t))
	expect(t, v, verify.Holds)
	if os.Getenv("SHOW") != "" {
		t.Log(page(t, v))
	}
}
