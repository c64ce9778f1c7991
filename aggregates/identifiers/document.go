package identifiers

import (
	"regexp"
	"strings"
)

var (
	documentPattern = regexp.MustCompile(`^\p{Han}{2,20}〔(19|20)\d{2}〕[1-9]\d*号$`)
	brackets        = strings.NewReplacer("[", "〔", "]", "〕", "(", "〔", ")", "〕", "（", "〔", "）", "〕")
)

// ParseDocumentNumber returns a document number (发文字号) with the brackets around its year as 〔 〕, such as
// 浙财科教〔2025〕12号, and whether it has the usual form of issuer, year and number.
func ParseDocumentNumber(s string) (string, bool) {
	number := brackets.Replace(s)
	return number, documentPattern.MatchString(number)
}
