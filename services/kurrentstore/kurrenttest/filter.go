package kurrenttest

import (
	"fmt"
	"regexp"
	"strings"

	api "github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
)

// filter selects events of $all by the name of their stream or by their type. A nil filter selects all.
type filter struct {
	ofType          bool
	prefixes        []string
	regex           *regexp.Regexp
	checkpointEvery int // events examined between two checkpoints
}

// windowDefault is the number of events that the server examines at once unless the client sets it.
const windowDefault = 32

func newFilter(o *api.ReadReq_Options_FilterOptions) (*filter, error) {
	if o == nil {
		return nil, nil
	}
	f, expression := &filter{}, o.GetStreamIdentifier()
	if o.GetEventType() != nil {
		f.ofType, expression = true, o.GetEventType()
	}
	f.prefixes = expression.GetPrefix()
	if len(f.prefixes) == 0 {
		var err error
		if f.regex, err = regexp.Compile(expression.GetRegex()); err != nil {
			return nil, fmt.Errorf("filter: %w", err)
		}
	}
	window := o.GetMax()
	if window == 0 {
		window = windowDefault
	}
	f.checkpointEvery = int(window) * int(max(o.GetCheckpointIntervalMultiplier(), 1))
	return f, nil
}

// given returns the prefixes or the expression from the client.
func (f *filter) given() string {
	switch {
	case f == nil:
		return ""
	case f.regex != nil:
		return f.regex.String()
	}
	return strings.Join(f.prefixes, " ")
}

func (f *filter) takes(e *record) bool {
	if f == nil {
		return true
	}
	name := e.stream
	if f.ofType {
		name = e.kind
	}
	if f.regex != nil {
		return f.regex.MatchString(name)
	}
	for _, p := range f.prefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}
