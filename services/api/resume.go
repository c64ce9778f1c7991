package api

import (
	"errors"
	"maps"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/desk"
)

// resumeAfter returns the position after which the stream begins. resumed reports whether the client resumes a
// stream.
func (q *request) resumeAfter() (after uint64, resumed bool, err error) {
	header, param := q.Header.Get("Last-Event-ID"), q.param("lastEventId")
	name, given := "Last-Event-ID", header
	if header == "" { // a browser that reconnects keeps the address, so the header is newer
		name, given = "lastEventId", param
	}
	if given == "" {
		return 0, false, nil
	}
	after, err = strconv.ParseUint(given, 10, 64)
	if err != nil {
		return 0, false, fail(badRequest, "%q 不是台账位置", "%q is no position of the ledger", shown(given)).of(name)
	}
	return after, true, nil
}

// catchUp writes everything after a position whose moves are no longer kept, because no stream was open or the
// server has restarted. It computes the moves again.
func (x *stream) catchUp(known gathered) error {
	moves, err := x.missed(known)
	if err != nil {
		return err
	}
	if moves == nil {
		return x.reset()
	}
	return x.send(moves, known.position)
}

// missed finds the alerts that changed since the position of the stream. It returns nil if too many centers have
// to be evaluated: those with new records or, if a policy was adopted, all.
func (x *stream) missed(known gathered) ([]alertsMoved, error) {
	ctx := x.q.Context()
	end, err := x.q.s.Answers.Turn(ctx, desk.When{}, "", true)
	if err != nil {
		return nil, err
	}
	defer end()
	centers := map[events.CenterID]bool{}
	add := func(ids ...events.CenterID) {
		for _, id := range ids {
			if x.sees(id) {
				centers[id] = true
			}
		}
	}
	err = x.q.s.Desk.Events(ctx, x.at, int(streamBehindMax), "", func(s *events.Stored) error {
		if s.Position > known.position {
			return errFull
		}
		id, ok := s.Stream.Center()
		if !ok {
			add(x.q.s.Desk.Ledger.Register().IDs()...)
			return errFull
		}
		add(id)
		return nil
	})
	if err != nil && !errors.Is(err, errFull) {
		return nil, err
	}
	if len(centers) > missedCentersMax {
		return nil, nil
	}
	moves := []alertsMoved{}
	for _, id := range slices.Sorted(maps.Keys(centers)) {
		found, moved, err := x.q.s.Desk.AlertsBetween(ctx, id, x.at, known.position, known.day)
		if err != nil {
			return nil, err
		}
		if !moved {
			continue
		}
		data, err := json.Marshal(&found)
		if err != nil {
			return nil, err
		}
		moves = append(moves, alertsMoved{id, known.position, data})
	}
	return moves, nil
}

// canResume reports whether a stream can continue after a position. The position must not be in the future, of an
// earlier day, or too far back.
func (x *stream) canResume(after uint64, known gathered) (bool, error) {
	switch {
	case after > known.position: // the gatherer may be slightly behind what the client has read elsewhere
		return after <= x.q.desk.Position(), nil
	case after == known.position && after == 0:
		return true, nil
	}
	ctx := x.q.Context()
	if after > 0 {
		at, err := x.q.s.Desk.Ledger.At(ctx, after)
		if err != nil { // no record has this position: it is of another ledger
			return false, ctx.Err()
		}
		if events.DateAt(at.RecordedAt) != known.day {
			return false, nil
		}
	}
	if known.position-after <= streamBehindMax {
		return true, nil
	}
	behind := uint64(0) // positions may have gaps
	err := x.q.s.Desk.Events(ctx, after, int(streamBehindMax)+1, "", func(*events.Stored) error {
		behind++
		return nil
	})
	return behind <= streamBehindMax, err
}
