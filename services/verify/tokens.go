package verify

import (
	"crypto/x509"
	"time"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/bundle"
	"github.com/taizhang/taizhang/services/seal"
)

// tokenKind is the kind of contradictions of tokens.
const tokenKind kind = "token"

// checkTokens checks that each stamped note is a checkpoint of the bundle and, with the roots of the authority, that
// the token holds. It returns the times of those that do.
func (v *Verdict) checkTokens(b *bundle.Bundle, h *heads, roots *x509.CertPool) (proven []moment) {
	names := b.Timestamps()
	if len(names) == 0 {
		return nil
	}
	failed := v.property(Authenticity).failures()
	for _, name := range names {
		note, err := b.Read(name + ".note")
		var signed *seal.Signed
		if err == nil {
			signed, err = seal.ParseSigned(note)
		}
		if err != nil || !h.has(signed) {
			v.fails(Authenticity, tokenKind, tokenNote(name+".note"))
			continue
		}
		content, err := b.Read(name + ".tsr")
		var token *seal.Token
		if err == nil {
			token, err = seal.ParseToken(content)
		}
		if err != nil {
			v.fails(Authenticity, tokenKind, tokenBad(name+".tsr", text.Of(err)))
			continue
		}
		verify := token.Stamps
		if roots != nil {
			verify = func(stamped []byte) (time.Time, error) { return token.Verify(stamped, roots) }
		}
		at, err := verify(note)
		if err != nil {
			v.fails(Authenticity, tokenKind, tokenBad(name+".tsr", text.Of(err)))
			continue
		}
		if roots != nil {
			proven = append(proven, moment{signed.Size, at, name + ".tsr"})
		}
	}
	switch {
	case roots == nil:
		v.unexamined(tokensUnexamined(len(names)))
	case v.property(Authenticity).failures() == failed:
		v.holds(Authenticity, tokensHold(len(names)))
	}
	return proven
}

// has reports whether a signed note is one of the checkpoints, with no signature line that this one lacks.
func (h *heads) has(signed *seal.Signed) bool {
	head := h.of(signed.Size)
	if head == nil || head.Checkpoint != signed.Checkpoint {
		return false
	}
	for _, l := range signed.Lines {
		if !containsLine(head.Lines, l) {
			return false
		}
	}
	return true
}

func containsLine(list []seal.Line, of seal.Line) bool {
	for _, l := range list {
		if l.String() == of.String() {
			return true
		}
	}
	return false
}
