package text

import (
	"cmp"
	"slices"
	"strings"
)

// Vocabulary is an ordered list of codes with the words that people use for them. No word stands for two codes.
type Vocabulary[T ~string] []Term[T]

// Term is one code with its words. Word is shown; people may type the code, either half of Word, or a word of Also.
type Term[T ~string] struct {
	Code T
	Word Text
	Also []string
}

// Word returns the word for a code, or the code itself if the vocabulary does not have it.
func (v Vocabulary[T]) Word(code T) Text {
	for i := range v {
		if v[i].Code == code {
			return v[i].Word
		}
	}
	return Same(string(code))
}

// Read returns the code that a typed text stands for, and whether there is one. Case, width and blanks do not matter.
func (v Vocabulary[T]) Read(typed string) (code T, ok bool) {
	typed = foldWord(typed)
	if typed == "" {
		return code, false
	}
	for i := range v {
		for _, word := range v[i].words() {
			if foldWord(word) == typed {
				return v[i].Code, true
			}
		}
	}
	return code, false
}

// Has reports whether the vocabulary has a code.
func (v Vocabulary[T]) Has(code T) bool {
	return slices.ContainsFunc(v, func(t Term[T]) bool { return t.Code == code })
}

// Codes lists the codes in order.
func (v Vocabulary[T]) Codes() []T {
	codes := make([]T, len(v))
	for i := range v {
		codes[i] = v[i].Code
	}
	return codes
}

// Reject returns the error that a typed text is none of the vocabulary: with the words that it may have been meant
// for, or else with all of them. It names the words in Chinese and the codes in English.
func (v Vocabulary[T]) Reject(typed string) *Error {
	shown := Clip(typed, rejectedCharsMax)
	if near := v.Nearest(typed); len(near) > 0 && len(v) > listedMax {
		return Errorf(Invalid, "没有“%[1]s”；是否指 %[2]s？", "there is no %[1]q; did you mean %[3]s?", shown,
			strings.Join(near, "、"), strings.Join(near, ", "))
	}
	codes := make([]string, len(v))
	for i, t := range v {
		codes[i] = string(t.Code)
	}
	return Errorf(Invalid, "“%[1]s”应为：%[2]s", "%[1]q must be one of: %[3]s", shown, v.Words().Zh,
		strings.Join(codes, ", "))
}

const (
	rejectedCharsMax = 100 // of a typed text that is repeated
	listedMax        = 12  // terms of a vocabulary that are all listed, also if one is near
)

// Words lists the shown words in order, in both languages, such as “红、黄、蓝” and “red, yellow, blue”.
func (v Vocabulary[T]) Words() Text {
	var zh, en []string
	for _, t := range v {
		zh, en = append(zh, t.Word.Zh), append(en, t.Word.En)
	}
	return Text{Zh: strings.Join(zh, "、"), En: strings.Join(en, ", ")}
}

// Of returns the part of the vocabulary with these codes, in their order. A code without words is its own word.
func (v Vocabulary[T]) Of(codes ...T) Vocabulary[T] {
	part := make(Vocabulary[T], 0, len(codes))
	for _, code := range codes {
		term := Term[T]{Code: code, Word: Same(string(code))}
		if i := slices.IndexFunc(v, func(t Term[T]) bool { return t.Code == code }); i >= 0 {
			term = v[i]
		}
		part = append(part, term)
	}
	return part
}

// Nearest returns the shown words and codes that are most like a typed text, the most like first. It returns none if
// none is close; see the function Nearest.
func (v Vocabulary[T]) Nearest(typed string) []string {
	var all []string
	for i := range v {
		for _, word := range v[i].words()[:3] {
			if !slices.Contains(all, word) {
				all = append(all, word)
			}
		}
	}
	return Nearest(typed, all)
}

// Strings returns the vocabulary with codes of the type string.
func (v Vocabulary[T]) Strings() Vocabulary[string] {
	all := make(Vocabulary[string], len(v))
	for i, t := range v {
		all[i] = Term[string]{string(t.Code), t.Word, t.Also}
	}
	return all
}

// words lists the code and all words; the code and the two shown words stand first.
func (t *Term[T]) words() []string {
	return append([]string{string(t.Code), t.Word.Zh, t.Word.En}, t.Also...)
}

// foldWord returns a word in the form in which words are compared.
func foldWord(s string) string {
	return strings.ToLower(FoldName(FoldCode(s)))
}

// nearestMax is the number of words that Nearest returns.
const nearestMax = 3

// Nearest returns at most three candidates that a typed text may have been meant for, the most like first. A candidate
// is close if the typed text is a part of it or it is a part of the typed text (at least two characters), or if at
// most a third of its characters must be changed, left out, added or swapped with their neighbours.
func Nearest(typed string, candidates []string) []string {
	type close struct {
		word  string
		steps int
	}
	from := runesOf(typed)
	var found []close
	for _, word := range candidates {
		to := runesOf(word)
		steps := distance(from, to)
		isPart := min(len(from), len(to)) >= 2 && (strings.Contains(string(to), string(from)) ||
			strings.Contains(string(from), string(to)))
		if isPart || steps <= max(len(from), len(to))/3 {
			found = append(found, close{word, steps})
		}
	}
	slices.SortStableFunc(found, func(a, b close) int { return cmp.Compare(a.steps, b.steps) })
	var words []string
	for _, f := range found[:min(len(found), nearestMax)] {
		words = append(words, f.word)
	}
	return words
}

// runesMax is the number of characters of a text that Nearest compares. Few words are longer.
const runesMax = 64

func runesOf(s string) []rune {
	runes := []rune(foldWord(s))
	return runes[:min(len(runes), runesMax)]
}

// distance returns the number of single characters to change, leave out, add or swap with a neighbour to make one text
// of the other.
func distance(a, b []rune) int {
	before, last, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		next[0] = i + 1
		for j := range b {
			next[j+1] = min(next[j], last[j+1]) + 1
			changed := last[j]
			if a[i] != b[j] {
				changed++
			}
			next[j+1] = min(next[j+1], changed)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, last, next = last, next, before
	}
	return last[len(b)]
}
