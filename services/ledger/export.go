package ledger

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math"

	"github.com/taizhang/taizhang/events"
)

// Export writes every record as JSON Lines in the order of positions, including the adopted policies, and returns
// their number. It writes only the streams for which sees returns true; nil means all. Imported into a new ledger,
// the records give the same answers with new instants. An event that cannot be read ends the export, because a part
// of the history would give other answers. Export calls progress, unless nil, from time to time with positions.
func (l *Ledger) Export(ctx context.Context, to io.Writer, sees func(events.StreamID) bool,
	progress func(done, total int64)) (count int, err error) {
	w := bufio.NewWriterSize(to, 1<<16)
	total := int64(l.register.Position())
	all := l.read(ctx, Span{UpTo: math.MaxUint64, Sees: sees})
	err = inOrder(ctx, inBatches(func(show func(events.Stored) error) error { return feedFrom(all, show) }), encodeAll,
		func(batch []exported) error {
			for _, e := range batch {
				if e.err != nil {
					return e.err
				}
				if _, err := w.Write(append(e.line, '\n')); err != nil {
					return err
				}
				count++
			}
			if progress != nil {
				progress(int64(batch[len(batch)-1].position), total)
			}
			return nil
		})
	if err == nil {
		err = w.Flush()
	}
	if err != nil {
		return count, fmt.Errorf("ledger: export: %w", err)
	}
	return count, nil
}

// exported is one record in the form in which it is written.
type exported struct {
	position uint64
	line     []byte
	err      error
}

func encodeAll(batch *decodedBatch) []exported {
	list := make([]exported, len(batch.events))
	for i, d := range batch.decode().events {
		e := &list[i]
		e.position, e.err = d.stored.Position, d.err
		if e.err == nil {
			e.line, e.err = events.EncodeRecord(&d.recorded.Record)
		}
	}
	batch.done()
	return list
}
