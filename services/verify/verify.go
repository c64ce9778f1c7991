package verify

import (
	"cmp"
	"context"
	"crypto/x509"
	"io"
	"slices"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/bundle"
	"github.com/taizhang/taizhang/services/reports"
	"github.com/taizhang/taizhang/services/seal"
)

// Config holds what is verified, and what the auditor brings himself.
type Config struct {
	Program string // its name and version, for the verdict
	Name    string // of the bundle
	Content io.ReaderAt
	Bytes   int64

	Trust    []byte         // the trust file; nil for none
	Known    []byte         // a checkpoint that the auditor kept, or its three lines alone; nil for none
	TSARoots *x509.CertPool // nil for none
	Figures  []File         // reports that the auditor has from elsewhere
	Thorough bool           // make all naive evaluations, however long it takes
	TempDir  string         // for packed records; "" for that of the system
}

// File is a file of the auditor.
type File struct {
	Name    string
	Content io.ReaderAt
	Bytes   int64
}

// Verify judges a bundle. Whatever the bundle is, even no zip at all, gives a verdict. Verify returns an error only if
// a file of the auditor himself cannot be used (a *text.Error with the name of the member of Config as its Param), if
// ctx ends, or if the machine fails.
func Verify(ctx context.Context, cfg Config) (*Verdict, error) { return verify(ctx, cfg, true) }

// verify does the same as Verify. Without answers it neither rebuilds the records nor computes the reports.
func verify(ctx context.Context, cfg Config, answers bool) (*Verdict, error) {
	var policy *seal.Policy
	var known *seal.Signed
	var err error
	if cfg.Trust != nil {
		if policy, err = seal.ParsePolicy(cfg.Trust); err != nil {
			return nil, ofParam(err, "trust")
		}
	}
	if cfg.Known != nil {
		if known, err = seal.ParseKept(cfg.Known); err != nil {
			return nil, ofParam(err, "known")
		}
	}
	for _, f := range cfg.Figures {
		if err := reports.Readable(ctx, f.file()); err != nil {
			return nil, ofFigure(f.Name, err)
		}
	}
	v := newVerdict(cfg.Program, cfg.Name)
	v.Unprovable = unprovable
	b, err := bundle.Open(cfg.Content, cfg.Bytes)
	if err != nil {
		v.fails(Security, "", notABundle(text.Of(err)))
		v.close(conclusion{})
		return v, nil
	}
	if b.Center() != "" {
		v.Unprovable = slices.Concat(unprovableOfCenter, unprovable)
	}
	ctx, cancel := context.WithCancel(ctx)
	summed := sum(ctx, b)
	defer func() { cancel(); <-summed.done }()
	c, err := v.judge(ctx, cfg, answers, b, summed, policy, known)
	if err != nil {
		return nil, err
	}
	v.close(c)
	return v, nil
}

// ofParam returns an error about a file of the auditor.
func ofParam(err error, param string) error {
	return (&text.Error{Code: text.Invalid, What: text.Of(err)}).Of(param)
}

// ofFigure returns an error about a report of the auditor, or the error itself if it is not about the file.
func ofFigure(name string, err error) error {
	if text.CodeOf(err) != text.Invalid {
		return err
	}
	return (&text.Error{Code: text.Invalid, What: figureUnusable(name, text.Of(err))}).Of("figures")
}

func (f File) file() reports.File {
	return reports.File{Name: f.Name, Content: f.Content, Bytes: f.Bytes}
}

// judge examines everything in a bundle.
func (v *Verdict) judge(ctx context.Context, cfg Config, answers bool, b *bundle.Bundle, summed *sums,
	policy *seal.Policy, known *seal.Signed) (c conclusion, err error) {
	v.checkInformative(b, policy)
	v.unexamined(evidenceUnexamined)
	h := v.readHeads(b)
	var sizes []uint64
	for _, head := range h.list {
		sizes = append(sizes, head.Size)
	}
	if known != nil {
		sizes = append(sizes, known.Size)
	}
	content, done, err := unpacked(b, cfg.TempDir)
	if err != nil && text.CodeOf(err) != text.Invalid { // every error about the bundle is text.Invalid
		return c, err
	}
	if err != nil {
		v.fails(Integrity, formKind, unreadableFile(bundle.RecordsName, text.Of(err)))
		v.checkManifests(b, summed)
		return c, ctx.Err()
	}
	defer done()
	s := newScan(v, b.Center(), content, sizes...)
	if err := v.scanRecords(ctx, b, s); err != nil {
		return c, err
	}
	readable := v.property(Integrity).counts[formKind] == 0
	c, err = v.checkSealed(ctx, cfg, b, &h, s, policy, known)
	if err != nil {
		return c, err
	}
	figures := v.figures(cfg, b)
	switch {
	case !readable:
		v.unexamined(unrebuilt)
	case answers:
		if err := v.checkAnswers(ctx, s, figures, cfg.Thorough); err != nil {
			return c, err
		}
	}
	for _, f := range figures {
		v.Figures = append(v.Figures, f.Figure)
		if policy != nil && f.Equal && f.Position > c.size {
			v.lacks(figureBeyond(f.Name, f.Position, c.size))
		}
		if f.Equal {
			c.figures++
		}
	}
	if policy == nil {
		v.lacks(noTrust)
	}
	v.checkManifests(b, summed)
	return c, ctx.Err()
}

// scanRecords reads the records once.
func (v *Verdict) scanRecords(ctx context.Context, b *bundle.Bundle, s *scan) error {
	failed := v.property(Integrity).failures()
	lines, err := b.File(bundle.RecordsName)
	if err == nil {
		err = s.read(ctx, lines, b.Size(bundle.RecordsName))
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil && text.CodeOf(err) != text.Invalid {
		return err
	}
	if err != nil {
		v.fails(Integrity, formKind, unreadableFile(bundle.RecordsName, text.Of(err)))
	}
	if v.property(Integrity).failures() == failed && b.Center() == "" {
		v.holds(Integrity, recordsHold(s.tree.Leaves()))
	}
	return nil
}

// checkSealed examines the checkpoints, their signatures, the tokens and the times. It returns what is trusted.
func (v *Verdict) checkSealed(ctx context.Context, cfg Config, b *bundle.Bundle, h *heads, s *scan,
	policy *seal.Policy, known *seal.Signed) (c conclusion, err error) {
	c.center = b.Center()
	c.k = s.streamRevision(c.center.Stream())
	newest := h.newest()
	if newest == nil { // readHeads reported why
		v.lacks(noQuorum)
		return c, nil
	}
	if policy != nil && policy.Log.Name == newest.Origin {
		v.checkSignatures(h, policy)
	} else {
		v.checkOwnKey(h, s.seals)
	}
	if c.center == "" {
		v.checkRoots(h, s)
		v.checkKnown(known, h, s, policy)
	} else {
		if err := v.checkCenter(b, h, s); err != nil {
			return c, err
		}
		v.checkKnownOfCenter(known, h, s, policy)
	}
	if err := v.checkSeals(ctx, h, s, policy); err != nil {
		return c, err
	}
	v.checkTimes(h, v.checkTokens(b, h, cfg.TSARoots), s)
	v.listAdoptions(s)
	var trusted *head
	if policy != nil {
		trusted = v.trusted(h, policy)
	}
	if trusted != nil {
		c.size, c.after = trusted.Size, s.after(trusted.Size)
	}
	v.tellFacts(b, cmp.Or(trusted, newest), s, policy)
	return c, nil
}

// tellFacts adds what the bundle is.
func (v *Verdict) tellFacts(b *bundle.Bundle, h *head, s *scan, p *seal.Policy) {
	if b.Center() != "" {
		v.fact(centerFact, text.Same(string(b.Center())))
	}
	if n := len(s.places); n > 0 {
		v.fact(ledgerFact, ledgerIs(h.Origin, uint64(n), s.lastPosition(), s.places[0].time(), s.places[n-1].time()))
	}
	switch {
	case p == nil:
		v.fact(checkpointFact, checkpointUnexamined(h.Size, noTrust))
	case p.Log.Name != h.Origin:
		v.fact(checkpointFact, checkpointUnexamined(h.Size, otherLog(p.Log.Name, h.Origin)))
	case h.met:
		v.fact(checkpointFact, checkpointIs(h.Size, h.who()))
	default:
		v.fact(checkpointFact, checkpointIs(h.Size, nil))
	}
}
