package text_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/events/text"
)

var lights = text.Vocabulary[string]{
	{Code: "red", Word: text.Say("红", "red"), Also: []string{"红灯"}},
	{Code: "proof-of-concept", Word: text.Say("概念验证", "proof of concept")},
}

func TestAVocabularyReadsEveryWordInAnyCaseAndWidth(t *testing.T) {
	for typed, want := range map[string]string{
		"red": "red", "RED": "red", " ｒｅｄ ": "red", "红": "red", "红灯": "red",
		"概念验证": "proof-of-concept", "概念 验证": "proof-of-concept", "Proof of Concept": "proof-of-concept",
		"PROOF–OF–CONCEPT": "proof-of-concept", "proof-of-concept": "proof-of-concept",
		"": "", " ": "", "红色预警": "", "rex": "",
	} {
		if got, ok := lights.Read(typed); got != want || ok != (want != "") {
			t.Errorf("%q: expected %q, got %q, %v", typed, want, got, ok)
		}
	}
}

func TestAVocabularyHasItsWordsInOrder(t *testing.T) {
	if got := lights.Word("red"); got != text.Say("红", "red") {
		t.Errorf("got %+v", got)
	}
	if got := lights.Word("green"); got != text.Same("green") {
		t.Errorf("a code without a word is %+v", got)
	}
	if got := lights.Words(); got != text.Say("红、概念验证", "red, proof of concept") {
		t.Errorf("got %+v", got)
	}
	if got := lights.Codes(); !slices.Equal(got, []string{"red", "proof-of-concept"}) || !lights.Has("red") ||
		lights.Has("红") {
		t.Errorf("got %q", got)
	}
	if got := lights.Of("green", "red").Words(); got != text.Say("green、红", "green, red") {
		t.Errorf("got %+v", got)
	}
}

func TestNearest(t *testing.T) {
	words := []string{"funds.spent", "spending.reversed", "经费支出", "支出冲销", "province", "red"}
	for typed, want := range map[string]string{
		"funds.spnet": "funds.spent", "Funds.Spent": "funds.spent", "支出": "经费支出 支出冲销",
		"经费支山": "经费支出", "费": "", "经费": "经费支出", "provinse": "province", "rde": "red", "blue": "", "": "",
		strings.Repeat("x", 1<<16): "",
	} {
		if got := strings.Join(text.Nearest(typed, words), " "); got != want {
			t.Errorf("%.20q: expected %q, got %q", typed, want, got)
		}
	}
	if got := strings.Join(lights.Nearest("proof-of-concpet"), ";"); got != "proof-of-concept;proof of concept" {
		t.Errorf("got %q", got)
	}
}
