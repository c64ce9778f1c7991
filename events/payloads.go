package events

import "strings"

// Payload is the content of a record. It is always one of the types of this package that are in the catalog.
type Payload interface {
	// check reports values that are impossible whatever the history (section 4, "always refused").
	check(c *checker)
}

// PolicyAdopted is the adoption of a policy. It has the whole text, so that an answer can be reproduced for ever.
type PolicyAdopted struct {
	ID            string `json:"id"`
	Version       string `json:"version"`
	EffectiveFrom Date   `json:"effectiveFrom"`
	Source        string `json:"source"`
	Digest        string `json:"digest"` // SHA-256 of Text, lower-case hexadecimal
	Text          string `json:"text"`
}

func (p *PolicyAdopted) check(c *checker) {
	c.id("id", p.ID)
	c.id("version", p.Version)
	c.id("digest", p.Digest)
}

func (p *PolicyAdopted) facets() Facets { return Facets{Subject: p.ID + "@" + p.Version} }

// AlertClosed is the closing out of an alert (销号).
type AlertClosed struct {
	Code   string `json:"code"`
	Key    string `json:"key"`
	Reason string `json:"reason"`
}

func (p *AlertClosed) check(c *checker) { c.id("code", p.Code) }
func (p *AlertClosed) facets() Facets {
	return Facets{Subject: strings.TrimSpace(p.Code + " " + p.Key)}
}

// EntryVoided is the voiding of an earlier entry. Every answer as known from then on ignores that entry.
type EntryVoided struct {
	Event  string `json:"event"`
	Reason string `json:"reason"`
}

func (p *EntryVoided) check(c *checker) { c.id("event", p.Event) }
func (p *EntryVoided) facets() Facets   { return Facets{Subject: p.Event} }
