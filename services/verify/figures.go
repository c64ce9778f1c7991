package verify

import (
	"bytes"
	"context"
	"io"
	"path"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/bundle"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/reports"
)

// Figure is a report, and whether its cells follow from the records.
type Figure struct {
	Name     string            `json:"name"`
	Given    bool              `json:"given"` // the auditor has it from elsewhere
	Equal    bool              `json:"equal"`
	Cells    int               `json:"cells"` // compared and equal
	Position uint64            `json:"position,omitzero"`
	Revision uint64            `json:"revision,omitzero"` // in a bundle of one center: of its last record by then
	Differs  *reports.Mismatch `json:"differs,omitzero"`  // the first cell that differs
}

// figure is a report with its content.
type figure struct {
	Figure
	content io.ReaderAt
	bytes   int64
}

// figureKind is the kind of contradictions of reports.
const figureKind kind = "figure"

// figures returns the reports of the bundle and those that the auditor gave.
func (v *Verdict) figures(cfg Config, b *bundle.Bundle) (list []*figure) {
	for _, name := range b.Figures() {
		all, err := b.Read(name) // also if it lies there unpacked: its checksum shows damage
		if err != nil {
			v.fails(Authenticity, figureKind, unreadableFile(name, text.Of(err)))
			continue
		}
		list = append(list, &figure{Figure{Name: name}, bytes.NewReader(all), int64(len(all))})
	}
	for _, f := range cfg.Figures {
		list = append(list, &figure{Figure{Name: path.Base(f.Name), Given: true}, f.Content, f.Bytes})
	}
	return list
}

// checkFigures computes every report again.
func (v *Verdict) checkFigures(ctx context.Context, d *lists.Books, s *scan, list []*figure) error {
	if len(list) == 0 {
		v.unexamined(noFigures)
		return nil
	}
	equal, cells := 0, 0
	for _, f := range list {
		if err := v.checkFigure(ctx, d, s, f); err != nil {
			return err
		}
		if f.Equal {
			equal++
		}
		cells += f.Cells
	}
	if equal == len(list) {
		v.holds(Authenticity, figuresCompared(equal, cells))
	}
	return nil
}

// checkFigure computes a report again and compares every cell.
func (v *Verdict) checkFigure(ctx context.Context, d *lists.Books, s *scan, f *figure) error {
	r, err := reports.Reproduce(ctx, d, f.Name, f.content, f.bytes)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case r != nil && s.only != "" && r.Question.Center() != s.only:
		v.unexamined(figureOfCenter(f.Name))
		v.lacks(figureOfCenter(f.Name))
		return nil
	case err != nil:
		v.fails(Authenticity, figureKind, figureBad(f.Name, text.Of(err)))
		return nil
	}
	f.Position, f.Differs, f.Cells = r.Position, r.Differs, r.Cells
	switch f.Equal = r.Differs == nil; {
	case !f.Equal:
		v.fails(Authenticity, figureKind, figureDiffers(&f.Figure))
	case !f.Given && !r.Exact:
		v.fails(Authenticity, figureKind, figureBytes(f.Name))
	case s.only != "":
		f.Revision = s.revisionAt(s.only.Stream(), f.Position)
		v.holds(Authenticity, figureOfRevision(&f.Figure, s.only))
	default:
		v.holds(Authenticity, figureEqual(&f.Figure))
	}
	return nil
}
