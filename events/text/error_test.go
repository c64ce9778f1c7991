package text_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

func TestEveryErrorHasACode(t *testing.T) {
	for want, list := range map[text.ErrorCode][]error{
		text.Invalid: {text.Errorf(text.Invalid, "不对", "wrong"),
			fmt.Errorf("lists: %w", text.Errorf(text.Invalid, "不对", "wrong").Of("year")), events.Problems{{}}},
		text.Conflict: {&events.ConflictError{}},
		// whatever the cause says
		text.Stopped: {&events.UnknownError{Cause: context.Canceled},
			&events.UnknownError{Cause: &events.ConflictError{}}},
		text.Internal: {errors.New("something else"), context.Canceled},
	} {
		for _, err := range list {
			if got := text.CodeOf(err); got != want {
				t.Errorf("%v: expected %s, got %s", err, want, got)
			}
		}
	}
}

func TestAnErrorAboutAParameterNamesIt(t *testing.T) {
	whole := text.Errorf(text.Invalid, "小于 %d", "is less than %d", 5)
	about := whole.Of("max")
	if whole.Param != "" || about.Param != "max" || about.Code != text.Invalid {
		t.Errorf("got %+v of %+v", about, whole)
	}
	if got, want := about.Text(), text.Say("max：小于 5", "max: is less than 5"); got != want {
		t.Errorf("expected %+v, got %+v", want, got)
	}
	if about.What != whole.Text() {
		t.Errorf("what is wrong became %+v", about.What)
	}
}

func TestClip(t *testing.T) {
	for _, c := range []struct {
		s    string
		max  int
		want string
	}{{"", 3, ""}, {"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"省转化中心", 5, "省转化中心"},
		{"省转化中心", 4, "省转化…"}, {"ab", 1, "…"}} {
		if got := text.Clip(c.s, c.max); got != c.want {
			t.Errorf("%q to %d: expected %q, got %q", c.s, c.max, c.want, got)
		}
	}
}

func TestPrintable(t *testing.T) {
	if got, want := text.Printable("省\x1b[31m中\n心\u009b\u202e甲\u2066\u200b乙"),
		"省\uFFFD[31m中\uFFFD心\uFFFD甲乙"; got != want {
		t.Errorf("expected %q, got %q", want, got)
	}
}

func TestSeenJSON(t *testing.T) {
	for raw, want := range map[string]string{
		`{"a":"甲"}`: `{"a":"甲"}`, "[\"甲\u202e\U000e0041\"]": `["甲\u202e\udb40\udc41"]`} {
		if got := string(text.SeenJSON([]byte(raw))); got != want {
			t.Errorf("%q: expected %q, got %q", raw, want, got)
		}
	}
}

func TestSayPutsTheHalfOfATextIntoEachFormat(t *testing.T) {
	got := text.Say("%d 张凭证用于“%s”（%s）", "%d vouchers for %s (%s)", 2, text.Say("罚款", "fine"), text.Same("V1"))
	if want := text.Say("2 张凭证用于“罚款”（V1）", "2 vouchers for fine (V1)"); got != want {
		t.Errorf("expected %+v, got %+v", want, got)
	}
}
