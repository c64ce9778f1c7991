package peers

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/taizhang/taizhang/services/seal"
)

// The manifests of a bundle are lists that sha256sum and cksum check.
func TestCoreutilsCheckManifests(t *testing.T) {
	dir := t.TempDir()
	var sha, sm []byte
	files := map[string][]byte{"empty": nil, "checkpoint": newLog(t, newSigner(t, origin, seal.LogKey), 3, 0).
		sealed(t, 3).Bytes(), "long": bytes.Repeat([]byte("支出"), 10_000)}
	for name, content := range files {
		write(t, dir, name, content)
		sum, err := seal.SM3(bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		sha = fmt.Appendf(sha, "%x  %s\n", sha256.Sum256(content), name)
		sm = fmt.Appendf(sm, "SM3 (%s) = %x\n", name, sum)
	}
	write(t, dir, "manifest-sha256.txt", sha)
	write(t, dir, "manifest-sm3.txt", sm)
	check := func() (ofSHA256, ofSM3 error) {
		_, ofSHA256 = tryRun(t, dir, "sha256sum", "--check", "--strict", "manifest-sha256.txt")
		_, ofSM3 = tryRun(t, dir, "cksum", "-a", "sm3", "--check", "--strict", "manifest-sm3.txt")
		return ofSHA256, ofSM3
	}
	if ofSHA256, ofSM3 := check(); ofSHA256 != nil || ofSM3 != nil {
		t.Errorf("the manifests are refused: %v, %v\n%s%s", ofSHA256, ofSM3, sha, sm)
	}
	for i, b := range few(files["long"]) {
		write(t, dir, "long", b)
		if ofSHA256, ofSM3 := check(); ofSHA256 == nil || ofSM3 == nil {
			t.Errorf("byte %d may be another: %v, %v", i, ofSHA256, ofSM3)
		}
	}
}
