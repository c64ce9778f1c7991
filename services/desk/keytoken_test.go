package desk

import "testing"

func TestAKeyHasOneToken(t *testing.T) {
	for key, want := range map[string]string{"": "-", "2025": "2025", "G-1_a": "G-1_a", "abc": "xmfrgg", "-": "xfu",
		"中": "x4s4k2", "a/b": "xmexwe", "X1": "X1"} {
		token := KeyToken(key)
		if back, ok := ParseKeyToken(token); token != want || back != key || !ok {
			t.Errorf("%q: expected the token %q, got %q, and back %q, %v", key, want, token, back, ok)
		}
	}
	for _, token := range []string{"", "abc", "x4s4k9", "XMFRGG/", "xMFRGG", "x2025", "xgiydenbv", "中"} {
		// the last but one is the code of 2025, which has a token without coding
		if key, ok := ParseKeyToken(token); ok {
			t.Errorf("the token %q is read as %q", token, key)
		}
	}
}
