package verify

import (
	"bytes"
	"context"
	"io"

	"github.com/taizhang/taizhang/events"
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
	Within   []events.CenterID `json:"within,omitzero"`   // the only centers that the account of the report saw
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
		list = append(list, &figure{Figure{Name: f.Name, Given: true}, f.Content, f.Bytes})
	}
	return list
}

// checkFigures computes every report again, in the order of their positions, while the ledger passes once.
func (v *Verdict) checkFigures(ctx context.Context, d *lists.Books, s *scan, list []*figure) error {
	if len(list) == 0 {
		v.unexamined(noFigures)
		return nil
	}
	var files []reports.File
	for _, f := range list {
		files = append(files, reports.File{Name: f.Name, Content: f.content, Bytes: f.bytes})
	}
	err := reports.ReproduceEach(ctx, d, files, func(i int, r *reports.Reproduction, err error) error {
		if err != nil && list[i].Given && text.CodeOf(err) == text.Invalid {
			return ofFigure(list[i].Name, err)
		}
		v.checkFigure(s, list[i], r, err)
		return nil
	})
	if err != nil {
		return err
	}
	equal, cells := 0, 0
	for _, f := range list {
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

// checkFigure judges a report that was computed again and compared, or the error of that.
func (v *Verdict) checkFigure(s *scan, f *figure, r *reports.Reproduction, err error) {
	if r != nil {
		f.Position, f.Differs, f.Cells, f.Within = r.Position, r.Differs, r.Cells, r.Within
	}
	f.Equal = err == nil && r.Differs == nil && (f.Given || r.Exact)
	switch {
	case r != nil && s.only != "" && reports.CenterOf(r.Question) != s.only:
		f.Equal = false
		v.unexamined(figureOfCenter(f.Name))
		v.lacks(figureOfCenter(f.Name))
	case r != nil && f.Given && f.Position > s.lastPosition():
		f.Equal, f.Differs = false, nil
		v.unexamined(figureLater(f.Name, f.Position, s.lastPosition()))
		v.lacks(figureLater(f.Name, f.Position, s.lastPosition()))
	case err != nil:
		v.fails(Authenticity, figureKind, figureBad(f.Name, text.Of(err)))
	case r.Differs != nil:
		v.fails(Authenticity, figureKind, figureDiffers(&f.Figure))
	case !f.Equal:
		v.fails(Authenticity, figureKind, figureBytes(f.Name))
	case s.only != "":
		f.Revision = s.revisionAt(s.only.Stream(), f.Position)
		v.holds(Authenticity, figureOfRevision(&f.Figure, s.only))
	default:
		v.holds(Authenticity, figureEqual(&f.Figure))
	}
	if f.Equal && f.Within != nil {
		v.notes(Authenticity, "", figureWithin(f.Name, len(f.Within)))
	}
}
