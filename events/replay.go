package events

import "reflect"

// Replayer decodes stored events to rebuild aggregates from them. It is for one goroutine.
type Replayer struct {
	plain
	vouchers []replayedVoucher
	used     int // vouchers[:used] belong to events since the last Reset
	stream   StreamID
	center   CenterID      // of stream
	entry    *CatalogEntry // the catalog entry of the event before
}

// replayedVoucher is the memory of one payload.
type replayedVoucher struct {
	FundsSpent
	line     [1]SpendingLine // nearly all vouchers have one
	transfer OutTransfer
}

// NewReplayer returns a Replayer that reuses memory for the given number of vouchers between two calls of Reset.
// Vouchers beyond that number are decoded into new memory, which is slower.
func NewReplayer(vouchers int) *Replayer {
	return &Replayer{vouchers: make([]replayedVoucher, vouchers)}
}

// Reset invalidates the payloads that Decode returned, and reuses their memory.
func (r *Replayer) Reset() {
	clear(r.vouchers[:r.used])
	r.used = 0
}

// Decode decodes as DecodeEvent does, and fails if DecodeEvent fails. The record has only the members that aggregates
// read: mode, document number, evidence, note, entry, actor and the summary of a voucher are checked and left out. The
// payloads of vouchers, nine tenths of a ledger, are valid only until Reset.
func (r *Replayer) Decode(s *Stored, rec *Recorded) (err error) {
	if s.Fault == nil && r.event(s, rec) {
		return nil
	}
	*rec, err = DecodeEvent(*s)
	return err
}

// event decodes an event of a center if its body is valid, simple (see plain), of the current version and as
// EncodeEvent writes it. It returns false for any other event, and DecodeEvent decodes that.
func (r *Replayer) event(s *Stored, rec *Recorded) bool {
	if s.Stream != r.stream {
		center, ok := s.Stream.Center()
		if !ok || center == "" {
			return false
		}
		r.stream, r.center = s.Stream, center
	}
	if r.entry == nil || s.Kind != r.entry.Kind {
		if r.entry = Lookup(s.Kind); r.entry == nil {
			return false
		}
	}
	if r.entry.Stream != "" {
		return false
	}
	r.rest = s.Body
	on, role, ok := r.frame(r.entry.Version)
	if !ok {
		return false
	}
	var data Payload
	if s.Kind == KindFundsSpent && r.used < len(r.vouchers) {
		v := &r.vouchers[r.used]
		r.used++
		data, ok = &v.FundsSpent, r.voucher(v)
	} else {
		data = r.entry.blank()
		ok = r.object(r.entry.shape, reflect.ValueOf(data).Elem())
	}
	if !ok {
		return false
	}
	check := checker{on: on}
	if data.check(&check); !r.next('}') || len(r.rest) > 0 || len(check.problems) > 0 {
		return false
	}
	*rec = Recorded{Record: Record{ID: s.ID, Kind: r.entry.Kind, Center: r.center, On: on, By: By{Role: role},
		Data: data},
		Revision: s.Revision, Position: s.Position, RecordedAt: s.RecordedAt}
	return true
}

// frame reads a body up to its data.
func (r *Replayer) frame(version int) (on Date, role Role, ok bool) {
	c := &r.cursor
	if !c.token(versionOpening) {
		return 0, "", false
	}
	if n, ok := c.integer(); !ok || n != int64(version) || !c.token(onOpening) || len(c.rest) < dateBytes {
		return 0, "", false
	}
	on, err := parseDate(c.rest[:dateBytes])
	c.rest = c.rest[dateBytes:]
	if err != nil || !c.token(`","by":{"role":`) {
		return 0, "", false
	}
	by, ok := c.quoted()
	if !ok || !c.skipText(`,"actor":`) || !c.skipText(`},"mode":`) ||
		c.starts(`,"doc":`) && !c.skipText(`,"doc":`) ||
		c.token(`,"evidence":[`) && !c.skipEvidence() ||
		c.starts(`,"note":`) && !c.skipText(`,"note":`) ||
		!c.skipText(`,"enteredBy":`) ||
		c.starts(`,"policy":{"id":`) && !(c.skipText(`,"policy":{"id":`) && c.skipText(`,"version":`) &&
			c.skipText(`,"digest":`) && c.next('}')) {
		return 0, "", false
	}
	return on, Role(r.text(by)), c.token(`,"data":`)
}

// voucher reads the data of a voucher, without its summary.
func (r *Replayer) voucher(v *replayedVoucher) bool {
	c := &r.cursor
	if !c.token(`{"voucher":`) {
		return false
	}
	name, ok := c.quoted()
	if !ok || !r.textAfter(`,"payee":`, &v.Payee) || !c.token(`,"use":`) {
		return false
	}
	use, ok := c.quoted()
	if !ok || !c.token(`,"lines":[`) {
		return false
	}
	v.Voucher, v.Use, v.Lines = string(name), Use(r.word(use)), v.line[:0]
	for more := true; more; more = c.next(',') {
		var l SpendingLine
		if !r.textAfter(`{"grant":`, &l.Grant) || !c.amountAfter(`,"amountFen":`, &l.AmountFen) || !c.next('}') {
			return false
		}
		v.Lines = append(v.Lines, l)
	}
	if !c.next(']') ||
		c.starts(`,"ownFen":`) && !c.amountAfter(`,"ownFen":`, &v.OwnFen) ||
		c.starts(`,"econCode":`) && !r.textAfter(`,"econCode":`, &v.EconCode) ||
		!c.skipText(`,"summary":`) {
		return false
	}
	if c.token(`,"outTransfer":{`) {
		v.OutTransfer = &v.transfer
		if c.starts(`"taskBook":`) && !r.textAfter(`"taskBook":`, &v.transfer.TaskBook) || !c.next('}') {
			return false
		}
	}
	return c.next('}')
}

// textAfter reads an opening and the text after it.
func (r *Replayer) textAfter(opening string, into *string) bool {
	if !r.token(opening) {
		return false
	}
	b, ok := r.quoted()
	if ok {
		*into = r.text(b)
	}
	return ok
}

// amountAfter reads an opening and the whole number after it.
func (c *cursor) amountAfter(opening string, into *Fen) bool {
	if !c.token(opening) {
		return false
	}
	n, ok := c.integer()
	*into = Fen(n)
	return ok
}

// starts reports whether want comes next.
func (c *cursor) starts(want string) bool {
	return len(c.rest) >= len(want) && string(c.rest[:len(want)]) == want
}

// skipText consumes an opening and the simple text after it, and reports whether both came next.
func (c *cursor) skipText(opening string) bool {
	if !c.token(opening) {
		return false
	}
	_, ok := c.quoted()
	return ok
}

// skipEvidence consumes the list of evidence of a record after its bracket.
func (c *cursor) skipEvidence() bool {
	for {
		if !c.skipText(`{"name":`) || !c.skipText(`,"sha256":`) || !c.next('}') {
			return false
		}
		if !c.next(',') {
			return c.next(']')
		}
	}
}
