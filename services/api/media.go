package api

import (
	"slices"
	"strconv"
	"strings"

	"github.com/taizhang/taizhang/services/table"
)

// formats holds the media type of each value of the parameter format.
var formats = map[string]string{"json": jsonType, "jsonl": linesType, "csv": csvType, "xlsx": xlsxType,
	"table": table.WholeType}

// chooseMedia finds the media type of the answer: from the parameter format, or else from the header Accept.
func (q *request) chooseMedia() error {
	offers := q.plan.offers
	if len(offers) == 0 {
		return nil
	}
	if name := q.given["format"]; name != "" {
		if media := formats[name]; media != "" && slices.Contains(offers, media) {
			q.media = media
			return nil
		}
		return fail(notAcceptable, "没有 %q 这种格式", "there is no format %q", name).of("format")
	}
	q.media = accepted(q.Header.Values("Accept"), offers)
	if q.media == "" {
		list := strings.Join(offers, ", ")
		return fail(notAcceptable, "此地址只给出 %s", "this address gives %s only", list)
	}
	return nil
}

// accepted returns the offered media type that the client prefers, or "". If it prefers several alike, the first
// of them.
func accepted(headers, offers []string) (best string) {
	whole := strings.Join(headers, ",")
	if strings.TrimSpace(whole) == "" || len(whole) > acceptBytesMax {
		return offers[0]
	}
	most := 0.0
	for _, offer := range offers {
		quality, exactest := 0.0, 0
		for part := range strings.SplitSeq(whole, ",") {
			media, q := mediaRange(part)
			if exact := covers(media, offer); exact > exactest {
				quality, exactest = q, exact
			}
		}
		if quality > most {
			best, most = offer, quality
		}
	}
	return best
}

// mediaRange reads one element of the header Accept.
func mediaRange(element string) (media string, quality float64) {
	media, params, _ := strings.Cut(element, ";")
	quality = 1
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(param, "=")
		if strings.EqualFold(strings.TrimSpace(name), "q") {
			q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil || !(q >= 0 && q <= 1) {
				q = 0
			}
			quality = q
		}
	}
	return strings.ToLower(strings.TrimSpace(media)), quality
}

// covers returns how specifically a media range matches a media type: 3 exactly, 2 its main type, 1 any type, 0
// not at all.
func covers(of, media string) int {
	sort, _, _ := strings.Cut(media, "/")
	switch {
	case of == media, of == otherNames[media]:
		return 3
	case of == sort+"/*":
		return 2
	case of == "*/*":
		return 1
	}
	return 0
}

// otherNames holds other names of media types.
var otherNames = map[string]string{linesType: "application/x-ndjson"}
