package desk

import (
	"bytes"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// AppendJSON appends the JSON of the answer, equal to that of json.Marshal. It is much faster for results without
// reasons and warnings, which most are.
func (a *BatchAnswer) AppendJSON(b []byte) ([]byte, error) {
	around := *a
	around.Results = nil
	frame, err := json.Marshal(&around)
	if err != nil {
		return b, err
	}
	const none = `"results":[]`
	// unambiguous: in JSON, a quote within a text has a backslash before it
	before, after, _ := bytes.Cut(frame, []byte(none))
	b = append(append(b, before...), none[:len(none)-1]...)
	for i := range a.Results {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = a.Results[i].appendJSON(b); err != nil {
			return b, err
		}
	}
	return append(append(b, ']'), after...), nil
}

func (r *RecordAnswer) appendJSON(b []byte) (_ []byte, err error) {
	if len(r.Breaks) > 0 || len(r.Warnings) > 0 || r.Opens != nil || r.Clears != nil || r.Withdraws != nil ||
		r.AsOf != (Day{}) {
		one, err := json.Marshal(r)
		return append(b, one...), err
	}
	put := func(before, value string) {
		if err == nil {
			b, err = jsontext.AppendQuote(append(b, before...), value)
		}
	}
	put(`{"id":`, r.ID.String())
	put(`,"answer":`, r.Answer)
	b = strconv.AppendUint(append(b, `,"position":`...), r.Position, 10)
	b = strconv.AppendUint(append(b, `,"revision":`...), r.Revision, 10)
	put(`,"recordedAt":`, r.RecordedAt)
	put(`,"policy":`, r.Policy)
	b = append(b, `,"breaks":[],"warnings":[]`...)
	put(`,"center":`, string(r.Center))
	put(`,"kind":`, string(r.Kind))
	return append(b, '}'), err
}
